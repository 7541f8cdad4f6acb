"""Verification of a credential, offline: what was presented, the issuer's DID document, a time and policies in; a report out."""

from collections.abc import Sequence
from hashlib import sha256

from lodestream.credentials.did import DidDocument
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.policy import DEFAULT_POLICIES, Policy, Signed
from lodestream.credentials.proof import Presented, presented, prove_by_steps, step
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
    """Check a credential, in any form of proof.py, against its issuer's DID document at `now_us` (µs since 1970).

    The proof comes first and nothing else is looked at where it fails. Raises nothing for any `data`: what is wrong with it is
    in the report.
    """
    checks: list[Check] = []
    try:
        with step(checks, "form", "The file holds a credential in a form that is known."):
            given = presented(data)
    except CredentialError:
        return _unproven(checks, policies)
    return verify_presented(given, did_document, now_us, policies)


def verify_presented(
    given: Presented, did_document: DidDocument, now_us: int, policies: Sequence[Policy] = DEFAULT_POLICIES
) -> Report:
    """As `verify`, of what `presented` has read: for who had to look whose DID document is needed."""
    checks = [passed("form", "The file holds a credential in a form that is known.")]
    try:
        proven = prove_by_steps(given, did_document, checks)
    except CredentialError:
        return _unproven(checks, policies)
    signed = Signed(proven.credential, proven.payload, now_us)
    if proven.expires_us is not None:
        checks.append(_proof_lasts(proven.expires_us, now_us))
    checks += [policy.check(signed) for policy in policies]
    made = {check.name for check in checks}
    checks += [not_checked(name, why) for name, why in LEFT_OUT.items() if name not in made]
    return Report(checks, proven.credential, sha256(proven.payload).hexdigest())


def _unproven(checks: list[Check], policies: Sequence[Policy]) -> Report:
    why = "The proof does not hold, so nothing in it was looked at."
    return Report(checks + [not_checked(policy.name, why) for policy in policies])


def _proof_lasts(expires_us: int, now_us: int) -> Check:
    """Whether a proof that states its own end (`expires`, VC Data Integrity 1.0 section 2.1) still holds."""
    if now_us >= expires_us:
        return failed("proof lasts", "The proof itself has expired; ask the issuer for a new one.", "PROOF_EXPIRED")
    return passed("proof lasts", "The proof states an end, which is still to come.")
