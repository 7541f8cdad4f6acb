"""Confidential copies: a credential encrypted under the key of a lot, and how that key travels.

Every lot has a key of its own, derived from the issuer's secret; whoever is given the lot's key reads what is about the lot and
nothing else (UNTP 0.7, Decentralised Access Control). The encrypted form is that of the UNTP reference implementation: JSON
with cipherText, iv, tag and type, AES-256-GCM, the key as hex in links.
"""

import binascii
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import digest

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from lodestream.credentials.encoding import from_base64url, percent_decoded
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import LARGEST_BYTES, parse, parse_object, write

KEY_BYTES = 32
ENCRYPTION_METHOD = "AES-256-GCM"
ANONYMOUS_ROLE = "untp:accessRole#Anonymous"
"""The role of whoever holds the key: access by a secret key must state it."""
TYPE = "aes-256-gcm"
LARGEST_PLAIN_BYTES = (LARGEST_BYTES - 1024) // 4 * 3
"""What is larger would, encrypted, be a file that no reader of ours takes."""
LONGEST_QR = 8_192
"""No QR code holds more than 7,089 characters (ISO/IEC 18004)."""
_MEMBERS = {"cipherText", "iv", "tag", "type"}
_IV_BYTES, _TAG_BYTES = 12, 16
_LOT_INFO = b"lodestream lot key 1\0"
_IV_INFO = b"lodestream locked copy iv 1\0"
_LINK = re.compile(r"(?P<uri>https?://[^/?#\s]+[^?#\s]*)\?(?P<query>[^#\s]*)(?:#.*)?", re.IGNORECASE)
_HEX_KEY = re.compile(r"[0-9A-Fa-f]{64}")


def lot_key(secret: bytes, lot: str) -> bytes:
    """The 32-byte key of a lot (its canonical identifier), by HKDF-SHA-256 (RFC 5869) from the issuer's secret of 32 bytes.

    From the keys of any lots nobody can tell the secret, or the key of another lot.
    """
    assert len(secret) == KEY_BYTES, "the access secret has 32 bytes"
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=_LOT_INFO + lot.encode()).derive(secret)


def locked_url(credential_id: str, lot: str) -> str:
    """Where the copy of a credential stands that is locked with the key of `lot`."""
    return f"{credential_id}/{sha256(lot.encode()).hexdigest()[:16]}"


def lock(data: bytes, key: bytes) -> bytes:
    """The data encrypted with AES-256-GCM (NIST SP 800-38D), as JSON text. The same data and key give the same bytes.

    The IV is a keyed digest of the data: other data has another one, and the same data may have the same, since it is the same
    message. Raises CredentialError (TOO_LARGE, KEY).
    """
    if len(data) > LARGEST_PLAIN_BYTES:
        raise CredentialError("TOO_LARGE", f"{len(data)} bytes are too many to be locked; at most {LARGEST_PLAIN_BYTES} can be")
    cipher = _cipher(key)
    iv = digest(HKDF(SHA256(), KEY_BYTES, salt=None, info=_IV_INFO).derive(key), data, "sha256")[:_IV_BYTES]
    sealed = cipher.encrypt(iv, data, None)
    parts = {"cipherText": sealed[:-_TAG_BYTES], "iv": iv, "tag": sealed[-_TAG_BYTES:]}
    return write({**{name: b64encode(part).decode() for name, part in parts.items()}, "type": TYPE})


def unlock(data: bytes, key: bytes) -> bytes:
    """The data of a locked copy.

    Raises CredentialError: LOCKED (this is no locked copy, or not all of it), KEY (this is no key), UNLOCK (locked with another
    key, or changed since: GCM cannot tell which).
    """
    if len(data) > LARGEST_BYTES:
        raise CredentialError("TOO_LARGE", f"the locked copy has {len(data)} bytes; at most {LARGEST_BYTES} are read")
    try:
        envelope = parse_object(data, "the locked copy")
    except CredentialError as error:
        raise CredentialError("LOCKED", str(error)) from None
    if envelope.keys() != _MEMBERS or envelope["type"] != TYPE:
        raise CredentialError("LOCKED", f"a locked copy has exactly cipherText, iv, tag and type, and its type is {TYPE}")
    iv, tag = _bytes(envelope, "iv", _IV_BYTES), _bytes(envelope, "tag", _TAG_BYTES)
    try:
        return _cipher(key).decrypt(iv, _bytes(envelope, "cipherText") + tag, None)
    except InvalidTag:
        raise CredentialError("UNLOCK", "the key does not open this copy: it is another lot's, or the copy was changed") from None


def is_locked(data: bytes) -> bool:
    """Whether this is a locked copy, whoever's; nothing is decrypted."""
    if len(data) > LARGEST_BYTES or not data.lstrip().startswith(b"{") or b"cipherText" not in data:
        return False
    try:
        envelope = parse(data, "the file")
    except CredentialError:
        return False
    return isinstance(envelope, dict) and envelope.keys() == _MEMBERS


@dataclass(frozen=True, slots=True)
class Access:
    """What a link or a QR code gives: an address, the key for what stands there, and a digest where one was stated.

    `uri` is a credential's locked copy, or a lot's place at a resolver. `sha256` is hex, of the credential in the clear, or
    empty. Its text never shows the key.
    """

    uri: str
    key: bytes = field(repr=False)
    sha256: str = ""


def qr_text(access: Access) -> str:
    """The link for a QR code: a resolver URL with `decryptionKey` (UNTP 0.7, Decentralised Access Control).

    A digest is not in it: the link is to a place where several credentials may be.
    """
    _cipher(access.key)
    return f"{access.uri}{'&' if '?' in access.uri else '?'}decryptionKey={access.key.hex()}"


def parse_qr(text: str) -> Access:
    """The address and key in a link: a resolver URL with `decryptionKey` (0.7) or `key` (0.6), or a `/verify?q=` link.

    The key is hex or base64url of 32 bytes. Raises CredentialError (QR); the message never repeats the link, which holds a key.
    """
    if len(text) > LONGEST_QR:
        raise CredentialError("QR", f"the link has {len(text)} characters; no QR code holds more than {LONGEST_QR}")
    link = _LINK.fullmatch(text.strip())
    if link is None:
        raise CredentialError("QR", "the text is no http(s) link with a query")
    parameters = [parameter.partition("=") for parameter in link["query"].split("&")]
    given = {name: _decoded(value) for name, _, value in reversed(parameters)}  # of two the first counts
    if "q" in given:
        return _of_payload(given["q"])
    name = next((name for name in ("decryptionKey", "key") if name in given), None)
    if name is None:
        raise CredentialError("QR", "the link has neither decryptionKey, key nor q: there is no key in it")
    kept = "&".join("".join(parameter) for parameter in parameters if parameter[0] != name)
    return Access(link["uri"] + (f"?{kept}" if kept else ""), _key(given[name]))


def _decoded(value: str) -> str:
    try:
        return percent_decoded(value.replace("+", " "))
    except UnicodeEncodeError:
        raise CredentialError("QR", "the link has characters that no link can have") from None


def _of_payload(text: str) -> Access:
    try:
        value = parse_object(text.encode("utf-8", "replace"), "the q of the link")
    except CredentialError:
        raise CredentialError("QR", "the q of the link is no JSON object") from None
    payload = value.get("payload")
    if not isinstance(payload, dict) or not isinstance(payload.get("uri"), str) or not isinstance(payload.get("key"), str):
        raise CredentialError("QR", "the q of the link has no payload with uri and key")
    stated = payload.get("hash", "")
    if not isinstance(stated, str) or (stated and not _HEX_KEY.fullmatch(stated)):
        raise CredentialError("QR", "the hash in the link is no SHA-256 in hex")
    return Access(payload["uri"], _key(payload["key"]), stated.lower())


def _key(text: str) -> bytes:
    if _HEX_KEY.fullmatch(text):
        return bytes.fromhex(text)
    try:
        key = from_base64url(text)
    except CredentialError:
        key = b""
    if len(key) != KEY_BYTES:
        raise CredentialError("QR", f"the key in the link is not {KEY_BYTES} bytes in hex or base64url")
    return key


def _cipher(key: bytes) -> AESGCM:
    if len(key) != KEY_BYTES:
        raise CredentialError("KEY", f"a key for locked copies has {KEY_BYTES} bytes, this one has {len(key)}")
    return AESGCM(key)


def _bytes(envelope: dict[str, object], name: str, length: int | None = None) -> bytes:
    value = envelope[name]
    try:
        data = b64decode(value, validate=True) if isinstance(value, str) else None
    except (binascii.Error, ValueError):
        data = None
    if data is None or (length is not None and len(data) != length):
        raise CredentialError(
            "LOCKED", f"the {name} of the locked copy is not base64" + (f" of {length} bytes" if length else "")
        )
    return data
