"""Public keys as Multikey (CID 1.0 section 2.2.2): a multicodec and the key in base58btc, for did:key and Data Integrity."""

from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lodestream.credentials.encoding import from_base58btc, to_base58btc
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.signer import ed25519_key, jwk_of, public_key

ED25519 = b"\xed\x01"
"""ed25519-pub, 32 bytes: the text begins with z6Mk."""
P256 = b"\x80\x24"
"""p256-pub, 33 bytes (a compressed point): the text begins with zDn."""


def to_multikey(jwk: dict[str, Any]) -> str:
    """The Multikey text of a public JWK. Raises CredentialError (KEY)."""
    key = public_key(jwk)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return "z" + to_base58btc(P256 + key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint))
    return "z" + to_base58btc(ED25519 + key.public_bytes(Encoding.Raw, PublicFormat.Raw))


def from_multikey(text: Any) -> dict[str, str]:
    """The JWK of a Multikey text. Raises CredentialError: BASE58 where it is none, KEY where its key cannot be used."""
    if not isinstance(text, str) or not text.startswith("z"):
        raise CredentialError("BASE58", "the key is no text in multibase base58btc")
    data = from_base58btc(text[1:])
    codec, raw = data[:2], data[2:]
    try:
        if codec == ED25519:
            return jwk_of(ed25519_key(raw))
        if codec == P256 and len(raw) == 33:
            return jwk_of(ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw))
    except ValueError:
        raise CredentialError("KEY", "the Multikey is no point of its curve") from None
    raise CredentialError("KEY", "the Multikey is neither an Ed25519 key (z6Mk...) nor one on P-256 (zDn...)")
