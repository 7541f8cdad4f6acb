"""Keys: the port through which a credential is signed, its Ed25519 adapter, and public keys as JSON Web Keys."""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from lodestream.credentials.encoding import from_base64url, to_base64url
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import write

ALGORITHMS = ("EdDSA", "ES256")
"""What is accepted on verification (RFC 8037 with Ed25519, RFC 7518 section 3.4). We sign with EdDSA."""
SIGNATURE_BYTES = 64


class Signer(Protocol):
    """Something that holds a key and signs with it: a file's key here, a KMS or HSM elsewhere."""

    @property
    def did(self) -> str:
        """The DID that the key belongs to."""
        ...

    @property
    def kid(self) -> str:
        """The DID URL of the verification method, as in the DID document."""
        ...

    @property
    def alg(self) -> str:
        """The JWS algorithm name."""
        ...

    def sign(self, data: bytes) -> bytes:
        """The raw signature of the bytes. The same bytes must give the same signature."""
        ...

    def public_jwk(self) -> dict[str, str]:
        """The public key as a JSON Web Key (RFC 7517), for the DID document."""
        ...


@dataclass(frozen=True, slots=True)
class Ed25519Signer:
    """A signer over an Ed25519 key in memory. Its text never shows the key."""

    did: str
    key: Ed25519PrivateKey = field(repr=False)
    kid: str = field(init=False)
    alg: str = field(init=False, default="EdDSA")

    def __post_init__(self) -> None:
        object.__setattr__(self, "kid", f"{self.did}#{thumbprint(self.public_jwk())}")

    @classmethod
    def from_pem(cls, did: str, pem: bytes) -> "Ed25519Signer":
        """The signer over an unencrypted PKCS#8 PEM. Raises CredentialError (KEY)."""
        try:
            key = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError):
            raise CredentialError("KEY", "the key is no unencrypted PEM private key (PKCS#8)") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise CredentialError("KEY", "the key is not an Ed25519 key")
        return cls(did, key)

    def sign(self, data: bytes) -> bytes:
        """Ed25519 (RFC 8032); deterministic."""
        return self.key.sign(data)

    def public_jwk(self) -> dict[str, str]:
        """RFC 8037 section 2."""
        raw = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return {"kty": "OKP", "crv": "Ed25519", "x": to_base64url(raw)}


def thumbprint(jwk: dict[str, str]) -> str:
    """The key's own name: SHA-256 over its required members in order (RFC 7638, RFC 8037 appendix A.3)."""
    members = ("crv", "kty", "x", "y") if jwk["kty"] == "EC" else ("crv", "kty", "x")
    return to_base64url(sha256(write({name: jwk[name] for name in members})).digest())


PublicKey = Ed25519PublicKey | ec.EllipticCurvePublicKey


def public_key(jwk: dict[str, Any]) -> PublicKey:
    """The public key of a JWK: Ed25519, or EC on P-256. Raises CredentialError (KEY)."""
    try:
        if (jwk.get("kty"), jwk.get("crv")) == ("OKP", "Ed25519"):
            return Ed25519PublicKey.from_public_bytes(from_base64url(_text(jwk, "x")))
        if (jwk.get("kty"), jwk.get("crv")) == ("EC", "P-256"):
            x, y = (int.from_bytes(from_base64url(_text(jwk, name)), "big") for name in ("x", "y"))
            return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    except (ValueError, CredentialError):
        raise CredentialError("KEY", "the key's coordinates are no point of its curve") from None
    raise CredentialError("KEY", f"keys of kty {jwk.get('kty')!r} and crv {jwk.get('crv')!r} are not accepted")


def check_signature(alg: str, key: PublicKey, data: bytes, signature: bytes) -> None:
    """Nothing where the signature is the key's over the data. Raises CredentialError (SIGNATURE, KEY)."""
    if len(signature) != SIGNATURE_BYTES:
        raise CredentialError("SIGNATURE", f"the signature has {len(signature)} bytes, {alg} has {SIGNATURE_BYTES}")
    try:
        if alg == "EdDSA" and isinstance(key, Ed25519PublicKey):
            key.verify(signature, data)
        elif alg == "ES256" and isinstance(key, ec.EllipticCurvePublicKey):
            r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
            key.verify(encode_dss_signature(r, s), data, ec.ECDSA(SHA256()))
        else:
            raise CredentialError("KEY", f"the key that the DID document gives is not one for {alg}")
    except InvalidSignature:
        raise CredentialError("SIGNATURE", "the signature is not the key's over these bytes") from None


def _text(jwk: dict[str, Any], name: str) -> str:
    value = jwk.get(name)
    if not isinstance(value, str):
        raise CredentialError("KEY", f"the key has no {name}")
    return value
