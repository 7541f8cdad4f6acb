"""`digestMultibase` of a link: whether what stands there is what was linked (VC Data Integrity 1.0, section 2.6)."""

from base64 import b64decode
from hashlib import sha256, sha512

from lodestream.credentials.encoding import from_base58btc, from_base64url
from lodestream.credentials.errors import CredentialError

_HASHES = {b"\x12\x20": sha256, b"\x13\x40": sha512}
"""The multihash codes and lengths of SHA-256 and SHA-512."""


def digest_fault(data: bytes, stated: str) -> str:
    """Why the bytes are not those of the stated digest; empty where they are, or none is stated.

    Known are the multibases z (base58btc), u (base64url) and m (base64) over SHA-256 and SHA-512.
    """
    if not stated:
        return ""
    try:
        multihash = _multibase(stated)
    except (CredentialError, ValueError):
        return f"its digest {stated[:100]!r} cannot be read"
    hashed = _HASHES.get(multihash[:2])
    if hashed is None or len(multihash) != 2 + hashed().digest_size:
        return f"its digest {stated[:100]!r} is neither SHA-256 nor SHA-512"
    return "" if hashed(data).digest() == multihash[2:] else f"its digest is not {stated[:100]}"


def _multibase(text: str) -> bytes:
    if text[0] == "z":
        return from_base58btc(text[1:])
    if text[0] == "u":
        return from_base64url(text[1:])
    if text[0] == "m":
        return b64decode(text[1:] + "=" * (-(len(text) - 1) % 4), validate=True)
    raise ValueError("an unknown multibase")
