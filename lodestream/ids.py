"""Derived identities: every id of Lodestream is a hash of what it stands for, none is drawn."""

from hashlib import sha256


def derive(*parts: str) -> str:
    """The id H(parts): lower-case hex SHA-256 over the parts, each preceded by its length in bytes.

    The length prefix makes the parts unambiguous: ("ab", "c") and ("a", "bc") differ.
    """
    encoded = [part.encode() for part in parts]
    return sha256(b"".join([len(data).to_bytes(4, "big") + data for data in encoded])).hexdigest()
