"""DID documents (DID Core 1.0) and controlled identifier documents (CID 1.0): ours as we write it, anyone's as far as needed."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from lodestream.credentials.encoding import percent_decoded
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import parse_object, write
from lodestream.credentials.multikey import from_multikey, to_multikey
from lodestream.credentials.signer import Signer
from lodestream.credentials.untp import time_us

DID_CONTEXT = "https://www.w3.org/ns/did/v1"
JWK_CONTEXT = "https://w3id.org/security/jwk/v1"
MULTIKEY_CONTEXT = "https://w3id.org/security/multikey/v1"
RESOLVER = "untp:idr"
"""Our type of the service that resolves identifiers to credentials: `/.well-known/resolver` is below its endpoint."""
MANY_METHODS = 1_000
"""More verification methods than this are not looked at."""

_DID_WEB = re.compile(r"did:web:(?P<host>[A-Za-z0-9.-]+(?:%3[Aa]\d{1,5})?)(?P<path>(?::[A-Za-z0-9._~%-]+)*)")


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
    """One verification method: its DID URL, who controls it, its public key as a JWK.

    `until_us` is when it stops counting (`revoked` or `expires` of CID 1.0 section 2.2, the earlier; µs since 1970): nothing
    that was signed at or after that time holds. None: it has no end.
    """

    id: str
    controller: str
    jwk: dict[str, Any]
    until_us: int | None = None


class Service(NamedTuple):
    """A service of a DID document: its id, its types, and every address in its serviceEndpoint."""

    id: str
    types: tuple[str, ...]
    endpoints: tuple[str, ...]


class DidDocument(NamedTuple):
    """What is needed of a DID document: the methods of `assertionMethod`, the names of all others, services, other names."""

    id: str
    assertion: tuple[Method, ...]
    others: frozenset[str]
    services: tuple[Service, ...] = ()
    also_known_as: tuple[str, ...] = ()

    def key(self, kid: str) -> Method:
        """The assertion method that a JWS header's `kid` or a proof names: by DID URL, else by the key's own `kid`.

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


class Published(NamedTuple):
    """A public key as our own DID document publishes it. `revoked` is a date-time, empty where the key is in force."""

    kid: str
    jwk: dict[str, str]
    revoked: str = ""


def document(*signers: Signer) -> dict[str, Any]:
    """The DID document that publishes the keys of the signers, which are of one DID; the current one first."""
    dids = {signer.did for signer in signers}
    if len(dids) != 1:
        raise CredentialError("DID", "a DID document is of one DID and has at least one key")
    return document_of(dids.pop(), [Published(signer.kid, signer.public_jwk()) for signer in signers])


def document_of(did: str, keys: Sequence[Published], resolver: str = "") -> dict[str, Any]:
    """The DID document with these keys, and the identity resolver's base URL as a service where there is one.

    An Ed25519 key stands in it twice: as JsonWebKey, which vc-jose-cose section 4.1.2 wants, and as Multikey, which
    eddsa-jcs-2022 wants (VC Data Integrity EdDSA section 2.1.1).
    """
    methods: list[dict[str, Any]] = []
    for key in keys:
        end = {"revoked": key.revoked} if key.revoked else {}
        methods.append({"id": key.kid, "type": "JsonWebKey", "controller": did} | end | {"publicKeyJwk": key.jwk})
        if key.jwk["kty"] == "OKP":
            name = multikey_id(did, key.jwk)
            methods.append(
                {"id": name, "type": "Multikey", "controller": did} | end | {"publicKeyMultibase": to_multikey(key.jwk)}
            )
    services = [{"id": f"{did}#resolver", "type": RESOLVER, "serviceEndpoint": resolver}] if resolver else []
    return {
        "@context": [DID_CONTEXT, JWK_CONTEXT, MULTIKEY_CONTEXT],
        "id": did,
        "verificationMethod": methods,
        "assertionMethod": [method["id"] for method in methods],
    } | ({"service": services} if services else {})


def multikey_id(did: str, jwk: dict[str, Any]) -> str:
    """The DID URL by which we name a key for Data Integrity: its Multikey text as the fragment, as in did:key."""
    return f"{did}#{to_multikey(jwk)}"


def document_bytes(*signers: Signer) -> bytes:
    """The bytes of `did.json`."""
    return write(document(*signers)) + b"\n"


def did_key_document(did: str) -> DidDocument:
    """The document that a did:key identifier is: one key for assertions (did:key method, section 3.1). No network.

    Raises CredentialError (DID): no did:key of an Ed25519 key (z6Mk...) or one on P-256 (zDn...); KEY: a key that is none.
    """
    prefix, name, text = did.partition("did:key:")
    if prefix or not name or "#" in text:
        raise CredentialError("DID", f"{did[:200]!r} is no did:key identifier, such as did:key:z6Mk...")
    try:
        jwk = from_multikey(text)
    except CredentialError as error:
        raise CredentialError("DID" if error.code != "KEY" else "KEY", f"{did[:200]!r} cannot be used: {error}") from None
    return DidDocument(did, (Method(f"{did}#{text}", did, jwk),), frozenset())


def parse_document(data: bytes) -> DidDocument:
    """A DID document, or a controlled identifier document, as JSON text. Raises CredentialError (DID_DOCUMENT, ...)."""
    raw = parse_object(data, "the DID document")
    did = raw.get("id")
    if not isinstance(did, str) or not did:
        raise CredentialError("DID_DOCUMENT", "the DID document has no id")
    methods = {method.id: method for entry in _entries(raw, "verificationMethod") if (method := _method(did, entry))}
    assertion = [_named(did, entry, methods) for entry in _entries(raw, "assertionMethod")]
    usable = tuple(method for method in assertion if method is not None)
    services = tuple(service for entry in _entries(raw, "service") if (service := _service(did, entry)))
    names = tuple(name for name in _entries(raw, "alsoKnownAs") if isinstance(name, str))
    return DidDocument(did, usable, frozenset(methods) - {method.id for method in usable}, services, names)


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
        try:
            jwk = from_multikey(entry.get("publicKeyMultibase"))
        except CredentialError:
            return None
    controller = entry.get("controller", did)
    ends = [_end(entry[name]) for name in ("revoked", "expires") if entry.get(name) is not None]
    until_us = min(ends, default=None)
    return Method(_absolute(did, entry["id"]), controller if isinstance(controller, str) else "", jwk, until_us)


_LONG_AGO_US = -(2**63)


def _end(value: Any) -> int:
    """When a method ends. What cannot be read counts as long ago, so that a key is not in force by a slip of the pen."""
    try:
        return time_us(value)
    except (TypeError, ValueError):
        return _LONG_AGO_US


def _service(did: str, entry: Any) -> Service | None:
    if not isinstance(entry, dict):
        return None
    types = entry.get("type")
    named = [types] if isinstance(types, str) else types if isinstance(types, list) else []
    name = entry.get("id")
    endpoints = tuple(_addresses(entry.get("serviceEndpoint")))[:MANY_METHODS]
    return Service(
        _absolute(did, name) if isinstance(name, str) else "", tuple(one for one in named if isinstance(one, str)), endpoints
    )


def _addresses(value: Any) -> list[str]:
    """Every text in a serviceEndpoint, which may be an address, an object with addresses, or a list of both (DID Core 5.4)."""
    if isinstance(value, str):
        return [value]
    items = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return [address for item in items for address in _addresses(item)]


def _absolute(did: str, name: str) -> str:
    return did + name if name.startswith("#") else name
