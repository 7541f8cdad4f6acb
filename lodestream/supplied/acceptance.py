"""Whether a supplier's credential is taken: what its verification found, who issued it, and whether he may speak for it.

What is refused is refused by a code and a sentence for the supplier; nothing is opened by it.
"""

from typing import Any

from msgspec.structs import replace

from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jose import issuer_of
from lodestream.credentials.jsontext import parse_object
from lodestream.credentials.proof import Embedded, presented
from lodestream.credentials.report import Report
from lodestream.credentials.untp import DCC, DPP, DTE, time_us
from lodestream.supplied.passports import attestation_of, passport_of
from lodestream.supplied.products import text
from lodestream.supplied.reading import events_of, kind_of, replaced_by
from lodestream.supplied.suppliers import Suppliers
from lodestream.supplied.values import Accepted

STATUS = "status"


def accepted(report: Report, digest: str, file: str, suppliers: Suppliers, now_us: int) -> Accepted:
    """What a verified credential says, where it is taken. `digest` is over the signed bytes, `file` over the file (SHA-256, hex).

    Raises CredentialError: the code of the check that failed; STATUS_NOT_CHECKED; ISSUER and FACILITY where the list of
    suppliers does not have them; KIND, UNTP_VERSION, STRUCTURE, PRODUCT, QUANTITY, NOT_MAPPED, PROVENANCE for what it says.
    """
    credential = _verified(report)
    issuer = issuer_of(credential) or ""
    kind = kind_of(credential)
    known = Accepted(
        digest=digest,
        file=file,
        id=text(credential, "id", ""),
        issuer=issuer,
        valid_from=text(credential, "validFrom", ""),
        valid_until_us=time_us(credential["validUntil"]) if credential.get("validUntil") is not None else 0,
        accepted_us=now_us,
        since_us=now_us,
        replaces=replaced_by(credential),
        told=[],
    )
    if kind == DCC:
        return _attestation(credential, known, suppliers)
    if issuer not in suppliers.suppliers:
        raise CredentialError("ISSUER", f"{issuer} is not in the list of accepted suppliers")
    if kind == DPP:
        passport = passport_of(credential)
        _may_speak(suppliers, issuer, passport.facility)
        return replace(known, passport=passport)
    told = events_of(credential)
    for one in told:
        _may_speak(suppliers, issuer, one.at)
    return replace(known, told=told)


def order(data: bytes) -> int:
    """What to take first of several files: attestations, then passports, then events, so that nothing has to be corrected.

    Nothing of the file is believed; what is none of these comes last.
    """
    try:
        given = presented(data)
        credential = given.credential if isinstance(given, Embedded) else parse_object(given.jws.payload, "the credential")
        return (DCC, DPP, DTE).index(kind_of(credential))
    except CredentialError:
        return 3


def _verified(report: Report) -> dict[str, Any]:
    """The credential, where all that was checked holds and its status was looked up. Raises CredentialError."""
    wrong = next((check for check in report.checks if check.result == "failed"), None)
    if wrong is not None:
        raise CredentialError(wrong.code, f"{wrong.name}: {wrong.sentence}")
    credential = report.credential
    if credential is None:
        raise CredentialError("SIGNATURE", "its proof was not checked")
    looked_up = any(check.name == STATUS and check.result == "passed" for check in report.checks)
    if credential.get("credentialStatus") and not looked_up:
        raise CredentialError("STATUS_NOT_CHECKED", "it names a status list, which could not be asked whether it was revoked")
    return credential


def _attestation(credential: dict[str, Any], known: Accepted, suppliers: Suppliers) -> Accepted:
    assessor = suppliers.assessors.get(known.issuer)
    if assessor is None:
        raise CredentialError("ISSUER", f"{known.issuer} is not in the list of accepted assessment bodies")
    attestation = attestation_of(credential)
    if attestation.scheme not in assessor.schemes:
        raise CredentialError("SCHEME", f"{known.issuer} is not accepted as an assessor under {attestation.scheme[:200]}")
    return replace(known, attestation=attestation)


def _may_speak(suppliers: Suppliers, issuer: str, facility: str) -> None:
    if not suppliers.speaks_for(issuer, facility):
        message = f"{issuer} may not speak for {facility[:200]}: the list of suppliers does not have it among its facilities"
        raise CredentialError("FACILITY", message)
