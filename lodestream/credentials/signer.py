"""Keys: the port through which a credential is signed, its adapters in memory, and public keys as JSON Web Keys."""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Protocol, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from lodestream.credentials.encoding import from_base64url, to_base64url
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import write

ALGORITHMS = ("EdDSA", "ES256")
"""What is signed with and accepted (RFC 8037 with Ed25519; RFC 7518 section 3.4)."""
SIGNATURE_BYTES = 64
COORDINATE_BYTES = 32


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

    def at(self, time_us: int) -> "Signer":
        """The signer for what is of that time (µs since 1970): itself, or another where keys are rotated (keyring.py)."""
        ...


@dataclass(frozen=True, slots=True)
class Ed25519Signer:
    """A signer over an Ed25519 key in memory. Its text never shows the key."""

    did: str
    key: Ed25519PrivateKey = field(repr=False)
    kid: str = field(init=False)
    alg: str = field(init=False, default="EdDSA")

    def __post_init__(self) -> None:
        object.__setattr__(self, "kid", key_id(self.did, self.public_jwk()))

    def sign(self, data: bytes) -> bytes:
        """Ed25519 (RFC 8032); deterministic."""
        return self.key.sign(data)

    def public_jwk(self) -> dict[str, str]:
        """RFC 8037 section 2."""
        return jwk_of(self.key.public_key())

    def at(self, time_us: int) -> Self:  # noqa: ARG002  # the port's
        """Itself: one key, at all times."""
        return self


@dataclass(frozen=True, slots=True)
class P256Signer:
    """A signer over a key on P-256 in memory (ES256). Its text never shows the key."""

    did: str
    key: ec.EllipticCurvePrivateKey = field(repr=False)
    kid: str = field(init=False)
    alg: str = field(init=False, default="ES256")

    def __post_init__(self) -> None:
        object.__setattr__(self, "kid", key_id(self.did, self.public_jwk()))

    def sign(self, data: bytes) -> bytes:
        """ECDSA with SHA-256, the nonce from key and message (RFC 6979), so deterministic; r and s side by side."""
        return raw_signature(self.key.sign(data, ec.ECDSA(SHA256(), deterministic_signing=True)))

    def public_jwk(self) -> dict[str, str]:
        """RFC 7518 section 6.2.1."""
        return jwk_of(self.key.public_key())

    def at(self, time_us: int) -> Self:  # noqa: ARG002  # the port's
        """Itself: one key, at all times."""
        return self


def signer_of_pem(did: str, pem: bytes) -> Ed25519Signer | P256Signer:
    """The signer over an unencrypted PKCS#8 PEM: EdDSA for an Ed25519 key, ES256 for one on P-256.

    Raises CredentialError (KEY); its message shows nothing of the PEM.
    """
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):
        raise CredentialError("KEY", "the key is no unencrypted PEM private key (PKCS#8)") from None
    if isinstance(key, Ed25519PrivateKey):
        return Ed25519Signer(did, key)
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return P256Signer(did, key)
    raise CredentialError("KEY", "the key is neither an Ed25519 key nor one on the curve P-256")


def raw_signature(der: bytes) -> bytes:
    """An ECDSA signature of P-256 as JWS wants it: r and s, 32 bytes each (RFC 7518 section 3.4)."""
    return b"".join(part.to_bytes(COORDINATE_BYTES, "big") for part in decode_dss_signature(der))


def thumbprint(jwk: dict[str, str]) -> str:
    """The key's own name: SHA-256 over its required members in order (RFC 7638, RFC 8037 appendix A.3)."""
    members = ("crv", "kty", "x", "y") if jwk["kty"] == "EC" else ("crv", "kty", "x")
    return to_base64url(sha256(write({name: jwk[name] for name in members})).digest())


def key_id(did: str, jwk: dict[str, str]) -> str:
    """The DID URL by which we name a key: its thumbprint as the fragment."""
    return f"{did}#{thumbprint(jwk)}"


PublicKey = Ed25519PublicKey | ec.EllipticCurvePublicKey


def jwk_of(key: PublicKey) -> dict[str, str]:
    """The JWK of a public key, Ed25519 or on P-256."""
    if isinstance(key, Ed25519PublicKey):
        return {"kty": "OKP", "crv": "Ed25519", "x": to_base64url(key.public_bytes(Encoding.Raw, PublicFormat.Raw))}
    point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    x, y = point[1 : 1 + COORDINATE_BYTES], point[1 + COORDINATE_BYTES :]
    return {"kty": "EC", "crv": "P-256", "x": to_base64url(x), "y": to_base64url(y)}


def public_key(jwk: dict[str, Any]) -> PublicKey:
    """The public key of a JWK: Ed25519, or EC on P-256. Raises CredentialError (KEY).

    A P-256 point must be on its curve. An Ed25519 key must be encoded canonically (RFC 8032 section 5.1.3) and not be one of the
    eight points of small order: under such a key, signatures can be made without any secret.
    """
    try:
        if (jwk.get("kty"), jwk.get("crv")) == ("OKP", "Ed25519"):
            return ed25519_key(_coordinate(jwk, "x"))
        if (jwk.get("kty"), jwk.get("crv")) == ("EC", "P-256"):
            x, y = (int.from_bytes(_coordinate(jwk, name), "big") for name in ("x", "y"))
            return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    except ValueError:
        raise CredentialError("KEY", "the key's coordinates are no point of its curve") from None
    raise CredentialError("KEY", f"keys of kty {jwk.get('kty')!r} and crv {jwk.get('crv')!r} are not accepted")


_FIELD = 2**255 - 19
_ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_SMALL_ORDER = frozenset({0, 1, _FIELD - 1, _ORDER_8, _FIELD - _ORDER_8})
"""The y of the eight points whose order divides 8; the test computes them anew."""


def ed25519_key(raw: bytes) -> Ed25519PublicKey:
    """The key of 32 bytes. Raises CredentialError (KEY): of small order, or not in its canonical encoding; ValueError: length."""
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    if y >= _FIELD:
        raise CredentialError("KEY", "the Ed25519 key is not in its canonical encoding (RFC 8032 section 5.1.3)")
    if y in _SMALL_ORDER:
        raise CredentialError("KEY", "the Ed25519 key is a point of small order: anybody can sign for it, so it proves nothing")
    return Ed25519PublicKey.from_public_bytes(raw)


_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def check_signature(alg: str, key: PublicKey, data: bytes, signature: bytes) -> None:
    """Nothing where the signature is the key's over the data. Raises CredentialError (SIGNATURE, KEY)."""
    if len(signature) != SIGNATURE_BYTES:
        raise CredentialError("SIGNATURE", f"the signature has {len(signature)} bytes, {alg} has {SIGNATURE_BYTES}")
    try:
        if alg == "EdDSA" and isinstance(key, Ed25519PublicKey):
            key.verify(signature, data)
        elif alg == "ES256" and isinstance(key, ec.EllipticCurvePublicKey):
            r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
            if not (0 < r < _P256_ORDER and 0 < s < _P256_ORDER):
                raise CredentialError("SIGNATURE", "r or s of the ECDSA signature is out of range (FIPS 186-5 section 6.4.2)")
            key.verify(encode_dss_signature(r, s), data, ec.ECDSA(SHA256()))
        else:
            raise CredentialError("KEY", f"the key that the DID document gives is not one for {alg}")
    except InvalidSignature:
        raise CredentialError("SIGNATURE", "the signature is not the key's over these bytes") from None


def _coordinate(jwk: dict[str, Any], name: str) -> bytes:
    """A coordinate of exactly 32 bytes, as both curves have (RFC 7518 section 6.2.1.2, RFC 8037 section 2)."""
    value = jwk.get(name)
    if not isinstance(value, str):
        raise CredentialError("KEY", f"the key has no {name}")
    try:
        raw = from_base64url(value)
    except CredentialError as error:
        raise CredentialError("KEY", f"{name} of the key {error}") from None
    if len(raw) != COORDINATE_BYTES:
        raise CredentialError("KEY", f"{name} of the key has {len(raw)} bytes, not {COORDINATE_BYTES}")
    return raw
