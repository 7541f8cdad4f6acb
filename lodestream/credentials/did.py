"""DID documents (DID Core 1.0): ours as we write it, and anyone's as far as a signature needs it."""

import re
from typing import Any, NamedTuple

from lodestream.credentials.encoding import from_base58btc, percent_decoded, to_base64url
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import parse_object, write
from lodestream.credentials.signer import Signer

DID_CONTEXT = "https://www.w3.org/ns/did/v1"
JWK_CONTEXT = "https://w3id.org/security/jwk/v1"
MANY_METHODS = 1_000
"""More verification methods than this are not looked at."""

_DID_WEB = re.compile(r"did:web:(?P<host>[A-Za-z0-9.-]+(?:%3[Aa]\d{1,5})?)(?P<path>(?::[A-Za-z0-9._~%-]+)*)")
_ED25519_MULTICODEC = b"\xed\x01"


def web_url(did: str) -> str:
    """Where a did:web document is served: `did:web:example.com:a:b` is at `https://example.com/a/b/did.json`.

    Raises CredentialError (DID): no did:web, or a path that leaves its place (did:web method, sections 3.1 and 3.2).
    """
    match = _DID_WEB.fullmatch(did)
    steps = match["path"].split(":")[1:] if match else []
    if match is None or any(percent_decoded(step) in ("", ".", "..") or "/" in percent_decoded(step) for step in steps):
        raise CredentialError("DID", f"{did[:200]!r} is no did:web identifier, such as did:web:example.com")
    path = "/".join(steps) or ".well-known"
    return f"https://{percent_decoded(match['host'])}/{path}/did.json"


class Method(NamedTuple):
    """One verification method: its DID URL, who controls it, its public key as a JWK."""

    id: str
    controller: str
    jwk: dict[str, Any]


class DidDocument(NamedTuple):
    """What a signature needs of a DID document: the methods of `assertionMethod`, and the names of all others."""

    id: str
    assertion: tuple[Method, ...]
    others: frozenset[str]

    def key(self, kid: str) -> Method:
        """The assertion method that a JWS header's `kid` names: by DID URL, else by the key's own `kid`.

        Raises CredentialError (KEY): unknown, ambiguous, or there but not for assertions.
        """
        found = [each for each in self.assertion if each.id == kid] or [
            each for each in self.assertion if each.jwk.get("kid") == kid
        ]
        if len(found) == 1:
            return found[0]
        if found:
            raise CredentialError("KEY", f"{kid!r} names more than one key of {self.id}")
        if kid in self.others:
            raise CredentialError(
                "KEY", f"{kid!r} is a key of {self.id} but not among its assertionMethod: it may not sign claims"
            )
        raise CredentialError("KEY", f"{kid!r} is not in the DID document of {self.id}")


def document(*signers: Signer) -> dict[str, Any]:
    """The DID document that publishes the keys of the signers, which are of one DID."""
    dids = {signer.did for signer in signers}
    if len(dids) != 1:
        raise CredentialError("DID", "a DID document is of one DID and has at least one key")
    did = dids.pop()
    return {
        "@context": [DID_CONTEXT, JWK_CONTEXT],
        "id": did,
        "verificationMethod": [
            {"id": signer.kid, "type": "JsonWebKey", "controller": did, "publicKeyJwk": signer.public_jwk()} for signer in signers
        ],
        "assertionMethod": [signer.kid for signer in signers],
    }


def document_bytes(*signers: Signer) -> bytes:
    """The bytes of `did.json`."""
    return write(document(*signers)) + b"\n"


def parse_document(data: bytes) -> DidDocument:
    """A DID document, or a controlled identifier document, as JSON text. Raises CredentialError (DID_DOCUMENT, ...)."""
    raw = parse_object(data, "the DID document")
    did = raw.get("id")
    if not isinstance(did, str) or not did:
        raise CredentialError("DID_DOCUMENT", "the DID document has no id")
    methods = {method.id: method for entry in _entries(raw, "verificationMethod") if (method := _method(did, entry))}
    assertion = [_named(did, entry, methods) for entry in _entries(raw, "assertionMethod")]
    usable = tuple(method for method in assertion if method is not None)
    return DidDocument(did, usable, frozenset(methods) - {method.id for method in usable})


def _entries(raw: dict[str, Any], name: str) -> list[Any]:
    entries = raw.get(name, [])
    if not isinstance(entries, list) or len(entries) > MANY_METHODS:
        raise CredentialError("DID_DOCUMENT", f"{name} of the DID document must be a list of at most {MANY_METHODS}")
    return entries


def _named(did: str, entry: Any, methods: dict[str, Method]) -> Method | None:
    """An entry of assertionMethod: the name of a method, or the method itself."""
    return methods.get(_absolute(did, entry)) if isinstance(entry, str) else _method(did, entry)


def _method(did: str, entry: Any) -> Method | None:
    """A method whose key we can use; others are passed over, since a document may hold keys for other purposes."""
    if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
        return None
    jwk = entry.get("publicKeyJwk")
    if not isinstance(jwk, dict):
        jwk = _multikey(entry.get("publicKeyMultibase"))
    if jwk is None:
        return None
    controller = entry.get("controller", did)
    return Method(_absolute(did, entry["id"]), controller if isinstance(controller, str) else "", jwk)


def _absolute(did: str, name: str) -> str:
    return did + name if name.startswith("#") else name


def _multikey(text: Any) -> dict[str, Any] | None:
    """The JWK of an Ed25519 key in multibase (Multikey, Ed25519VerificationKey2020)."""
    if not isinstance(text, str) or not text.startswith("z"):
        return None
    try:
        data = from_base58btc(text[1:])
    except CredentialError:
        return None
    if not data.startswith(_ED25519_MULTICODEC) or len(data) != 34:
        return None
    return {"kty": "OKP", "crv": "Ed25519", "x": to_base64url(data[2:])}
