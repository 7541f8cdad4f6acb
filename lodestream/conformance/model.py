"""Tier 1: the W3C data model (VCDM 2.0, section 4) and what the VC profile of UNTP adds to it."""

from collections.abc import Callable, Iterator

from pydantic import ValidationError

from lodestream.conformance.documents import Document, Folder, text
from lodestream.conformance.findings import Fault, NotApplicableError, Rule, pointer, quoted
from lodestream.conformance.kinds import CREDENTIALS
from lodestream.credentials.policy import Signed, ValidNow
from lodestream.credentials.untp import VerifiableCredential, time_us

_DID_METHODS = ("did:web:", "did:webvh:")


def _property(*names: str) -> Callable[[Document, Folder], Iterator[Fault]]:
    """Finds the faults that our model of the W3C credential sees in some properties."""

    def find(document: Document, _folder: Folder) -> Iterator[Fault]:
        try:
            VerifiableCredential.model_validate(document.credential)
        except ValidationError as error:
            for fault in error.errors(include_url=False, include_context=False, include_input=False):
                if fault["loc"] and fault["loc"][0] in names:
                    yield Fault(pointer(*fault["loc"]), quoted(fault["msg"].removeprefix("Value error, ")))

    return find


def _order_of_dates(document: Document, _folder: Folder) -> Iterator[Fault]:
    begin, end = text(document.credential.get("validFrom")), text(document.credential.get("validUntil"))
    try:
        backwards = bool(begin and end) and time_us(begin) > time_us(end)
    except ValueError:
        return  # VCDM-VALIDITY says so
    if backwards:
        yield Fault("/validUntil", f"validUntil {end} is before validFrom {begin}")


def _valid_now(document: Document, folder: Folder) -> Iterator[Fault]:
    check = ValidNow().check(Signed(document.credential, document.data, folder.now_us))
    if check.code == "EXPIRED":
        yield Fault("/validUntil", check.sentence)
    elif check.code == "NOT_YET_VALID":
        yield Fault("/validFrom", check.sentence)


def _issuer_did(document: Document, _folder: Folder) -> Iterator[Fault]:
    if not document.version:
        raise NotApplicableError
    if not document.issuer.startswith(_DID_METHODS):
        yield Fault("/issuer", f"the issuer is {quoted(document.issuer) or 'not named'}, which is no did:web or did:webvh")


def _web_id(document: Document, _folder: Folder) -> Iterator[Fault]:
    if not document.version:
        raise NotApplicableError
    if not document.id.startswith(("https://", "http://", "urn:", "did:")):
        yield Fault("/id", f"the id is {quoted(document.id) or 'missing'}: nobody can ask for the credential by it")


RULES = (
    Rule(
        "VCDM-CONTEXT", 1, "failed", CREDENTIALS, "VCDM 2.0 section 4.3",
        "@context is a list that begins with https://www.w3.org/ns/credentials/v2.",
        "Put that URL first, UNTP's context second, contexts of extensions after them.", _property("@context"),
    ),
    Rule(
        "VCDM-ID", 1, "failed", CREDENTIALS, "VCDM 2.0 section 4.4",
        "id, where there is one, is one URL.", "Give the credential one absolute URL as its id.", _property("id"),
    ),
    Rule(
        "VCDM-TYPE", 1, "failed", CREDENTIALS, "VCDM 2.0 section 4.5",
        "type names VerifiableCredential.", "Add VerifiableCredential to type.", _property("type"),
    ),
    Rule(
        "VCDM-ISSUER", 1, "failed", CREDENTIALS, "VCDM 2.0 section 4.7",
        "issuer is a URL, or an object with one as id.", "Name the issuer by its DID.", _property("issuer"),
    ),
    Rule(
        "VCDM-SUBJECT", 1, "failed", CREDENTIALS, "VCDM 2.0 section 4.8",
        "credentialSubject says something.", "Put at least one claim into credentialSubject.", _property("credentialSubject"),
    ),
    Rule(
        "VCDM-VALIDITY", 1, "failed", CREDENTIALS, "VCDM 2.0 section 4.9",
        "validFrom and validUntil are date-times with a zone.", "Write them like 2025-03-05T06:00:00Z.",
        _property("validFrom", "validUntil"),
    ),
    Rule(
        "VCDM-VALIDITY-ORDER", 1, "failed", CREDENTIALS, "VCDM 2.0 section 4.9",
        "validUntil is not before validFrom.", "Swap or correct the two dates.", _order_of_dates,
    ),
    Rule(
        "VCDM-VALID-NOW", 1, "warning", CREDENTIALS, "VCDM 2.0 section 4.9",
        "The time of asking is within validFrom and validUntil.", "Issue it anew, if it should still count.", _valid_now,
    ),
    Rule(
        "UNTP-ISSUER-DID", 1, "failed", CREDENTIALS, "UNTP VC profile: issuer.id MUST be a DID, did:web or did:webvh",
        "The issuer of a UNTP credential is a did:web or did:webvh.",
        "Publish a DID document under the issuer's own domain and use its DID.", _issuer_did,
    ),
    Rule(
        "UNTP-ID", 1, "failed", CREDENTIALS, "UNTP VC profile: id is required and a resolvable URI",
        "A UNTP credential has an id.", "Give it the https URL where it is published.", _web_id,
    ),
)  # fmt: skip
