"""A signing key in an HSM, through PKCS#11: EdDSA (Ed25519) or ES256 (P-256). The key never leaves the device.

The library python-pkcs11 is the extra `hsm` of the package. One session stays open; a device that lost it is asked once more.
"""

from hashlib import sha256
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

from lodestream.credentials.encoding import to_base64url
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.signer import key_id, public_key

P256_OID = bytes.fromhex("06082a8648ce3d030107")
"""EC_PARAMS of a P-256 key: the DER of its named curve (RFC 5480)."""
OCTET_STRING = 0x04


class Device(NamedTuple):
    """Where the keys are: the maker's PKCS#11 library, the token's label, the PIN (which no text of this shows)."""

    module: Path
    token: str
    pin: str

    def __repr__(self) -> str:
        return f"Device({self.module}, {self.token})"


class HsmSigner:
    """A signer over one key of a device, found by its label."""

    def __init__(self, did: str, device: Device, label: str) -> None:
        """Opens the device and reads the public key. Raises CredentialError (HSM), which says what is missing."""
        self.did = did
        self._device, self._label = device, label
        self._lock = Lock()  # a session does one thing at a time
        self._pkcs11 = _library()
        self._key = self._open()
        self._jwk = self._public()
        self.kid = key_id(did, self._jwk)
        self.alg = "EdDSA" if self._jwk["kty"] == "OKP" else "ES256"

    def sign(self, data: bytes) -> bytes:
        """The raw signature. ES256 is random each time: journal.py gives each text one. Raises CredentialError (HSM)."""
        with self._lock:
            try:
                return self._signature(data)
            except self._pkcs11.PKCS11Error:  # the session may be lost, as after a restart of the device: once more in a new one
                self._key = self._open()
            try:
                return self._signature(data)
            except self._pkcs11.PKCS11Error as error:
                raise self._failed(error) from error

    def public_jwk(self) -> dict[str, str]:
        """The public key, as the device gives it."""
        return dict(self._jwk)

    def at(self, time_us: int) -> "HsmSigner":  # noqa: ARG002  # the port's
        """Itself: one key, at all times."""
        return self

    def _signature(self, data: bytes) -> bytes:
        mechanism = self._pkcs11.Mechanism
        if self.alg == "EdDSA":
            return bytes(self._key.sign(data, mechanism=mechanism.EDDSA))
        return bytes(self._key.sign(sha256(data).digest(), mechanism=mechanism.ECDSA))

    def _open(self) -> Any:
        """The private key's handle in a new session."""
        try:
            token = self._pkcs11.lib(str(self._device.module)).get_token(token_label=self._device.token)
            try:
                self._session = token.open(user_pin=self._device.pin)
            except self._pkcs11.UserAlreadyLoggedIn:  # for another key of this token; a login is the program's, not the session's
                self._session = token.open()
            return self._session.get_key(object_class=self._pkcs11.ObjectClass.PRIVATE_KEY, label=self._label)
        except (self._pkcs11.PKCS11Error, RuntimeError) as error:
            raise self._failed(error) from error

    def _public(self) -> dict[str, str]:
        attribute = self._pkcs11.Attribute
        try:
            public = self._session.get_key(object_class=self._pkcs11.ObjectClass.PUBLIC_KEY, label=self._label)
            params, point = bytes(public[attribute.EC_PARAMS]), _unwrapped(bytes(public[attribute.EC_POINT]))
        except self._pkcs11.PKCS11Error as error:
            raise self._failed(error) from error
        jwk = {"kty": "OKP", "crv": "Ed25519", "x": to_base64url(point)}
        if params == P256_OID and len(point) == 65:
            jwk = {"kty": "EC", "crv": "P-256", "x": to_base64url(point[1:33]), "y": to_base64url(point[33:])}
        try:
            public_key(jwk)
        except CredentialError:
            raise CredentialError(
                "HSM", f"the key {self._label!r} is neither an Ed25519 key nor one on the curve P-256"
            ) from None
        return jwk

    def _failed(self, error: Exception) -> CredentialError:
        hints = {
            "NoSuchToken": f"there is no token {self._device.token!r}",
            "NoSuchKey": f"the token has no key {self._label!r} (its private and its public part carry this label)",
            "MultipleObjectsReturned": f"the token has more than one key {self._label!r}",
            "PinIncorrect": "the PIN is wrong",
            "PinLocked": "the PIN is locked",
        }
        kind = type(error).__name__
        said = hints.get(kind) or f"{kind} {error}".strip()
        return CredentialError("HSM", f"the HSM behind {self._device.module} cannot be used: {said}")


def _library() -> Any:
    try:
        return import_module("pkcs11")
    except ImportError:
        raise CredentialError("HSM", "python-pkcs11 is not installed; `pip install lodestream[hsm]` brings it") from None


def _unwrapped(point: bytes) -> bytes:
    """The point inside the OCTET STRING that PKCS#11 puts around it; some devices leave that out."""
    return point[2:] if len(point) > 2 and point[0] == OCTET_STRING and point[1] == len(point) - 2 else point
