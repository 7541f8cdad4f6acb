"""Verification of a credential, offline: what was presented, the issuer's DID document, a time and policies in; a report out."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from lodestream.credentials import envelope, jose
from lodestream.credentials.did import DidDocument
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import LARGEST_BYTES, parse_object
from lodestream.credentials.policy import DEFAULT_POLICIES, Policy, Signed
from lodestream.credentials.report import Check, Report, failed, not_checked, passed

LEFT_OUT = {
    "JSON Schema": "No bundle of official files is installed; `lodestream bundle install FOLDER` does it.",
    "JSON-LD": "No bundle of official files is installed; `lodestream bundle install FOLDER` does it.",
    "status": "Whether the issuer has revoked it was not looked up.",
    "trust": "Who stands behind the issuer's DID, and who vouches for them, was not followed up.",
    "upstream": "Neither the credentials of the inputs nor the mass balance were checked.",
}
"""What a reader might take for granted, and why it was not done where no policy did it."""


def verify(data: bytes, did_document: DidDocument, now_us: int, policies: Sequence[Policy] = DEFAULT_POLICIES) -> Report:
    """Check a credential, given as envelope JSON or compact JWS, against its issuer's DID document at `now_us` (µs since 1970).

    The proof comes first and nothing else is looked at where it fails. Raises nothing for any `data`: what is wrong with it is
    in the report.
    """
    checks: list[Check] = []
    try:
        credential, payload = _prove(data, did_document, checks)
    except CredentialError:
        why = "The proof does not hold, so nothing in it was looked at."
        return Report(checks + [not_checked(policy.name, why) for policy in policies])
    signed = Signed(credential, payload, now_us)
    checks += [policy.check(signed) for policy in policies]
    made = {check.name for check in checks}
    return Report(checks + [not_checked(name, why) for name, why in LEFT_OUT.items() if name not in made], credential)


def _prove(data: bytes, document: DidDocument, checks: list[Check]) -> tuple[dict[str, Any], bytes]:
    """The signed credential and its exact bytes. Notes each step; raises CredentialError at the first that fails."""
    with _step(checks, "form", "The file holds a compact JWS."):
        if len(data) > LARGEST_BYTES:
            raise CredentialError("TOO_LARGE", f"the file has {len(data)} bytes; at most {LARGEST_BYTES} are read")
        presented = envelope.open_envelope(data)
        jws = jose.take_apart(presented.compact)
    with _step(checks, "header", "The header names an accepted algorithm, the media type of a credential and a key."):
        alg, kid = jose.check_header(jws.header)
    with _step(checks, "signature", f"It is signed ({alg}) by a key that {document.id} publishes for assertions."):
        jose.check_proof(jws, alg, kid, document)
    with _step(checks, "issuer", "The credential names the owner of that key as its issuer."):
        credential = parse_object(jws.payload, "the credential")
        issuer = jose.issuer_of(credential)
        if issuer != document.id:
            raise CredentialError("KEY", f"the credential names {issuer} as its issuer, the key is of {document.id}")
        jose.check_claims(credential)
    bare = presented.contexts is None
    with _step(checks, "envelope", "There is none: a bare JWS." if bare else "The envelope says nothing that is not signed."):
        if not bare:
            envelope.check_contexts(presented.contexts, credential)
    return credential, jws.payload


@contextmanager
def _step(checks: list[Check], name: str, done: str) -> Iterator[None]:
    try:
        yield
    except CredentialError as error:
        sentence = str(error)
        checks.append(failed(name, f"{sentence[:1].upper()}{sentence[1:]}.", error.code))
        raise
    checks.append(passed(name, done))
