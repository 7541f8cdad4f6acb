"""Encodings of the credential standards: base64url (RFC 7515) and multibase, both strict, and percent-encoding (RFC 3986)."""

import re
from base64 import b64decode

from gmpy2 import mpz
from pybase64 import b64encode

from lodestream.credentials.errors import CredentialError

BASE58_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_GMP_ALPHABET = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuv"
_FROM_GMP = bytes.maketrans(_GMP_ALPHABET, BASE58_ALPHABET.encode())
_TO_GMP = bytes.maketrans(BASE58_ALPHABET.encode(), _GMP_ALPHABET)
SHA2_256 = b"\x12\x20"
"""Multihash code of SHA-256 and its length in bytes."""


def base64url(data: bytes) -> bytes:
    """Base64url without padding (RFC 7515 section 2)."""
    return b64encode(data, b"-_").rstrip(b"=")


def to_base64url(data: bytes) -> str:
    """As `base64url`, as a text."""
    return base64url(data).decode("ascii")


def from_base64url(text: str) -> bytes:
    """The bytes of canonical base64url without padding.

    A text has exactly one encoding: other alphabets, padding, white space and non-zero trailing bits are refused, so that no
    two texts mean one signature. Raises CredentialError (BASE64URL).
    """
    try:
        data = b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        data = b""
    if not text or to_base64url(data) != text:
        raise CredentialError("BASE64URL", "is not canonical base64url without padding")
    return data


def to_base58btc(data: bytes) -> str:
    """Base58 in the Bitcoin alphabet (multibase `z`, without the prefix)."""
    number = int.from_bytes(data, "big")
    zeros = len(data) - len(data.lstrip(b"\0"))
    return BASE58_ALPHABET[0] * zeros + (_base58(mpz(number)) if number else "")


def _base58(number: mpz) -> str:
    digits: str = number.digits(58)
    return digits.encode("ascii").translate(_FROM_GMP).decode("ascii")


def from_base58btc(text: str, longest: int = 128) -> bytes:
    """The bytes of a base58btc text of at most `longest` characters. Raises CredentialError (BASE58)."""
    if not text or len(text) > longest or any(char not in BASE58_ALPHABET for char in text):
        raise CredentialError("BASE58", f"is not base58btc of 1 to {longest} characters")
    number = int(mpz(text.encode("ascii").translate(_TO_GMP), 58))
    zeros = len(text) - len(text.lstrip(BASE58_ALPHABET[0]))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")


def digest_multibase(sha256: str) -> str:
    """`digestMultibase` of a SHA-256 digest in hexadecimal: base58btc of its multihash (VC Data Integrity 1.0, section 2.6)."""
    return "z" + _base58(mpz(f"{SHA2_256.hex()}{sha256}", 16))


_OF_URIS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/?#@!$&'()*+,;=%")


def to_uri(identifier: str) -> str:
    """An identifier as a URI: what only an IRI may have, and a lone percent sign, is percent-encoded (RFC 3987 section 3.1)."""
    head, hash_sign, fragment = re.sub("%(?![0-9A-Fa-f]{2})", "%25", identifier).partition("#")
    text = head + hash_sign + fragment.replace("#", "%23")
    parts = (char if char in _OF_URIS else "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "replace")) for char in text)
    return "".join(parts)


def percent_decoded(text: str) -> str:
    """The text that a part of a URI stands for."""
    if "%" not in text:
        return text
    return re.sub(rb"%([0-9A-Fa-f]{2})", lambda match: bytes([int(match[1], 16)]), text.encode()).decode("utf-8", "replace")
