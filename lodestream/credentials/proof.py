"""What was presented as a credential, in any form that is known, and whether its issuer signed it.

Forms: an envelope (JSON), a bare compact JWS, a download of the UNTP playground, and JSON with a Data Integrity proof.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from lodestream.credentials import envelope, integrity, jose
from lodestream.credentials.did import DidDocument, Method
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jcs import canonical
from lodestream.credentials.jsontext import LARGEST_BYTES, parse_object
from lodestream.credentials.report import Check, failed, passed
from lodestream.credentials.untp import time_us


class Enveloped(NamedTuple):
    """A compact JWS, with its envelope's contexts (`contexts` None where it came bare). `issuer_hint`: whose key it names."""

    issuer_hint: str
    jws: jose.Jws
    contexts: Any


class Embedded(NamedTuple):
    """A credential (without its proof) and its Data Integrity proofs. `issuer_hint`: whose key the first of them names."""

    issuer_hint: str
    credential: dict[str, Any]
    proofs: integrity.Proofs


Presented = Enveloped | Embedded
"""What a file holds, nothing of it believed. `issuer_hint` is the DID whose document is to be looked at; empty: none is named."""


class Proven(NamedTuple):
    """A credential whose issuer signed it.

    `payload` are the bytes that were signed: the JWS payload, or the canonical JSON. `kid` names the key, `securing` is
    `vc+jwt` or the cryptosuite. `expires_us` (µs since 1970) is when the proof itself ends to hold, where it says so: the
    caller compares.
    `ignored` names the suites of further proofs, which were not looked at.
    """

    credential: dict[str, Any]
    payload: bytes
    kid: str
    securing: str
    expires_us: int | None = None
    ignored: tuple[str, ...] = ()


def presented(data: bytes) -> Presented:
    """What the bytes hold. Raises CredentialError: TOO_LARGE, FORM, ENVELOPE, JWS, PROOF, SUITE, NOT_JSON, ..."""
    if len(data) > LARGEST_BYTES:
        raise CredentialError("TOO_LARGE", f"the file has {len(data)} bytes; at most {LARGEST_BYTES} are read")
    opened = envelope.open_any(data)
    if isinstance(opened, dict):
        credential, proofs = integrity.take_apart(opened)
        issuer = jose.issuer_of(credential)
        owners = [did_of(proof.method) for proof in proofs.known]
        return Embedded(issuer if issuer in owners else owners[0], credential, proofs)
    jws = jose.take_apart(opened.compact)
    return Enveloped(_hint(jws), jws, opened.contexts)


def prove(it: Presented, document: DidDocument) -> Proven:
    """The credential, where a key that the document publishes for assertions signed it and it names the owner as its issuer.

    Raises CredentialError: HEADER, KEY, SIGNATURE, CLAIMS, ENVELOPE, PROOF, KEY_RETIRED, JCS_NUMBER, ...
    """
    return prove_by_steps(it, document, [])


def prove_by_steps(it: Presented, document: DidDocument, checks: list[Check]) -> Proven:
    """As `prove`, and each step is noted in `checks`, the one that failed too."""
    return _enveloped(it, document, checks) if isinstance(it, Enveloped) else _embedded(it, document, checks)


def _enveloped(it: Enveloped, document: DidDocument, checks: list[Check]) -> Proven:
    with step(checks, "header", "The header names an accepted algorithm, the media type of a credential and a key."):
        alg, kid = jose.check_header(it.jws.header)
    with step(checks, "signature", f"It is signed ({alg}) by a key that {document.id} publishes for assertions."):
        method = jose.check_proof(it.jws, alg, kid, document)
    with step(checks, "issuer", "The credential names the owner of that key as its issuer."):
        credential = parse_object(it.jws.payload, "the credential")
        _check_issuer(credential, document)
        jose.check_claims(credential)
        _check_in_force(method, _valid_from(credential))
    bare = it.contexts is None
    with step(checks, "envelope", "There is none: a bare JWS." if bare else "The envelope says nothing that is not signed."):
        if not bare:
            envelope.check_contexts(it.contexts, credential)
    return Proven(credential, it.jws.payload, kid, jose.MEDIA_TYPE)


def _embedded(it: Embedded, document: DidDocument, checks: list[Check]) -> Proven:
    ours = [proof for proof in it.proofs.known if did_of(proof.method) == document.id]
    strangers = [proof.suite for proof in it.proofs.known if did_of(proof.method) != document.id]
    ignored = tuple(it.proofs.others + strangers)
    said = f" Not looked at: proofs of {', '.join(ignored)}." if ignored else ""
    with step(checks, "proof", f"It has a proof ({', '.join(proof.suite for proof in ours)}) for assertions.{said}"):
        if not ours:
            named = it.proofs.known[0].method
            raise CredentialError("KEY", f"the proof names the key {named[:200]!r}, which is not one of {document.id}")
    with step(checks, "signature", f"It is signed by a key that {document.id} publishes for assertions."):
        payload = canonical(it.credential)
        methods = [integrity.check(it.credential, payload, proof, document) for proof in ours]
    with step(checks, "issuer", "The credential names the owner of that key as its issuer."):
        _check_issuer(it.credential, document)
        for proof, method in zip(ours, methods, strict=True):
            _check_in_force(method, _valid_from(it.credential), integrity.created_us(proof))
    ends = [end for proof in ours if (end := integrity.expires_us(proof)) is not None]
    return Proven(it.credential, payload, ours[0].method, ours[0].suite, min(ends, default=None), ignored)


@contextmanager
def step(checks: list[Check], name: str, done: str) -> Iterator[None]:
    """Notes a step as passed, or as failed where it raises CredentialError, which goes on."""
    try:
        yield
    except CredentialError as error:
        sentence = str(error)
        checks.append(failed(name, f"{sentence[:1].upper()}{sentence[1:]}.", error.code))
        raise
    checks.append(passed(name, done))


def did_of(name: str) -> str:
    """The DID in a DID URL of a key: what stands before the fragment."""
    return name.partition("#")[0]


def _hint(jws: jose.Jws) -> str:
    """The DID in `kid`; where that is only a key's own name, the issuer that the payload names."""
    kid = jws.header.get("kid")
    if isinstance(kid, str) and ":" in kid:
        return did_of(kid)
    try:
        return jose.issuer_of(parse_object(jws.payload, "the credential")) or ""
    except CredentialError:
        return ""


def _check_issuer(credential: dict[str, Any], document: DidDocument) -> None:
    issuer = jose.issuer_of(credential)
    if issuer != document.id:
        raise CredentialError("KEY", f"the credential names {issuer} as its issuer, the key is of {document.id}")


def _valid_from(credential: dict[str, Any]) -> int | None:
    try:
        return time_us(credential["validFrom"])
    except (KeyError, TypeError, ValueError):
        return None


def _check_in_force(method: Method, *times_us: int | None) -> None:
    """Nothing where the key has no end, or every time that is stated lies before it; at least one must be stated."""
    if method.until_us is None:
        return
    stated = [moment for moment in times_us if moment is not None]
    if not stated or max(stated) >= method.until_us:
        raise CredentialError(
            "KEY_RETIRED",
            f"the key {method.id} was retired; it counts only for credentials that are of an earlier time, and this one is not"
            if stated
            else f"the key {method.id} was retired, and the credential states no time at which it was still in force (validFrom)",
        )
