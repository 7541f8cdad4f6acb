"""From a transaction of the ledger to a UNTP 0.7.0 Digital Traceability Event, by the official EPCIS mapping (16/03/2026).

Pure and without a clock: dates are the transaction's own, so the same transaction gives the same credential. What the
mapping loses (eventTimeZoneOffset, transformationID, the event's identity) is kept in eventDate and relatedDocument.
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

from pydantic import ValidationError

from lodestream.credentials.encoding import digest_multibase, percent_decoded, to_uri
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import plain
from lodestream.credentials.policy import faults
from lodestream.credentials.profile import IssuerProfile
from lodestream.credentials.untp import CONTEXTS, DTE, VC, DigitalTraceabilityEvent
from lodestream.ledger.records import Line, Outcome

MAKES = ("transform", "split")
"""The kinds of transaction that are told as a MakeEvent."""
FRACTION_DIGITS = 9
BIZ_STEP_SCHEME = "https://ref.gs1.org/cbv/BizStep"
DEFAULT_BIZ_STEP = "commissioning"
"""What the mapping calls a TransformationEvent that names no business step."""
EPCIS_LINK_TYPE = "https://ref.gs1.org/voc/epcis"
TRANSFORMATION_LINK_TYPE = "https://ref.gs1.org/epcis/transformationID"

_KEY = re.compile(r"/(?P<ai>10|21)/(?P<value>[^/?#]+)")
_NI = re.compile(r"ni:///sha-256;(?P<hex>[0-9a-f]{64})(?:\?.*)?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def traceability_event(outcome: Outcome, profile: IssuerProfile) -> dict[str, Any]:
    """The unsigned credential for a transaction of kind transform or split, as a JSON object with exact numbers.

    Every product has its mass; grades are stated where the ledger knows them. Raises CredentialError (OUTCOME): the outcome
    is of another kind or cannot be told as a valid credential.
    """
    if outcome.kind not in MAKES or not outcome.lines:
        raise CredentialError("OUTCOME", f"a transaction of kind {outcome.kind or outcome.outcome!r} is no transformation")
    event = _make_event(outcome, profile)
    credential = {
        "@context": CONTEXTS,
        "type": [DTE, VC],
        "id": profile.credential_id("dte", outcome.txn_id),
        "issuer": {"type": ["CredentialIssuer"], "id": profile.did, "name": profile.name},
        "validFrom": _time(outcome.record_time_us),
        "name": f"{event['name']} at {event['madeAtFacility']['name']}",
        "credentialSubject": [event],
    }
    try:
        DigitalTraceabilityEvent.model_validate(credential)
    except ValidationError as error:
        raise CredentialError("OUTCOME", f"transaction {outcome.txn_id}: {faults(error)}") from None
    return credential


def _make_event(outcome: Outcome, profile: IssuerProfile) -> dict[str, Any]:
    place = outcome.location or outcome.site
    named = profile.facility(place, outcome.site).name or place
    classes = {lot.lot: lot.product_class for lot in outcome.lots}
    step = _step(outcome.biz_step or DEFAULT_BIZ_STEP)
    return {
        "type": ["MakeEvent", "LifecycleEvent"],
        "id": to_uri(outcome.event_id or outcome.event_hash or ""),
        "name": step["name"],
        "eventDate": _time(outcome.valid_time_us, outcome.event_time_zone_offset),
        "activityType": step,
        "inputProduct": [_product(line, "consumed", classes) for line in outcome.lines if line.role == "input"],
        "outputProduct": [
            _product(line, "disposed" if line.loss_class else "new", classes) for line in outcome.lines if line.role != "input"
        ],
        "madeAtFacility": {
            "type": ["Facility"],
            "id": to_uri(place),
            "name": named,
        },
        "relatedDocument": _documents(outcome),
    }


def _product(line: Line, disposition: str, classes: dict[str, str | None]) -> dict[str, Any]:
    """A lot's part. What kind of product it is may have been said when the lot was made, not here."""
    characteristics = _characteristics(line)
    return {
        "product": {
            "type": ["Product"],
            "id": to_uri(line.lot),
            "name": _words(line.loss_class or line.product_class or classes.get(line.lot) or line.lot),
            **_granularity(line.lot),
            **({"characteristics": characteristics} if characteristics else {}),
        },
        "quantity": _kg(line.wet_mg or line.dry_mg),
        "disposition": disposition,
    }


def _granularity(lot: str) -> dict[str, str]:
    """A lot is a batch unless its identifier has a serial number. The batch number is the GS1 lot, else the id's last part."""
    found = {match["ai"]: percent_decoded(match["value"]) for match in _KEY.finditer(lot)}
    if "21" in found:
        return {"idGranularity": "item", "itemNumber": found["21"]}
    return {
        "idGranularity": "batch",
        "batchNumber": found.get("10") or percent_decoded(re.split(r"[/:#=]", lot.rstrip("/:#="))[-1]),
    }


def _characteristics(line: Line) -> dict[str, Any]:
    """The stated quantity where it is not the mass in kg, and the grades: of dry mass, with the contained mass behind each."""
    found: dict[str, Any] = {}
    if line.quantity is not None and line.uom != "KGM":
        found["statedQuantity"] = {"value": plain(line.quantity), "unit": line.uom or "C62"}
    if line.contained_mg and line.dry_mg > 0:
        found["dryMass"] = _kg(line.dry_mg)
        found["massFractionBasis"] = "dry"
        for element, mg in sorted(line.contained_mg.items()):
            found[f"{element.lower()}MassFraction"] = mass_fraction(mg, line.dry_mg)
            found[f"{element.lower()}ContainedMass"] = _kg(mg)
    return found


def mass_fraction(contained_mg: int, dry_mg: int) -> Decimal:
    """Contained over dry mass, rounded half to even to nine digits."""
    return plain(Decimal(round(Fraction(contained_mg, dry_mg) * 10**FRACTION_DIGITS)).scaleb(-FRACTION_DIGITS))


def _documents(outcome: Outcome) -> list[dict[str, str]]:
    """The EPCIS event that this is the signed statement of, with the digest that is its CBV 2.0 event hash; its campaign."""
    name = outcome.event_id or outcome.event_hash
    documents = []
    if name:
        link = {"linkURL": to_uri(name), "linkName": "EPCIS event (digest: CBV 2.0 event hash)", "linkType": EPCIS_LINK_TYPE}
        match = _NI.fullmatch(outcome.event_hash or "")
        digest = {"digestMultibase": digest_multibase(bytes.fromhex(match["hex"]))} if match else {}
        documents.append(link | digest)
    if outcome.transformation_id:
        url = to_uri(outcome.transformation_id)
        documents.append({"linkURL": url, "linkName": "EPCIS transformationID", "linkType": TRANSFORMATION_LINK_TYPE})
    return documents


def _step(step: str) -> dict[str, str]:
    """The business step as a classification: a CBV word, or a URI of somebody's own."""
    if ":" not in step:
        return {"code": step, "name": _words(step), "schemeId": BIZ_STEP_SCHEME, "schemeName": "GS1 CBV Business Step"}
    cut = max(step.rfind(char) for char in "/:#") + 1
    name = _words(percent_decoded(step[cut:])) or step
    return {"code": step, "name": name, "schemeId": to_uri(step[:cut]), "schemeName": "Business step"}


def _words(code: str) -> str:
    """A code as words: `creating_class_instance` is "Creating class instance"; an identifier stays as it is."""
    return code if ":" in code else code.replace("_", " ").capitalize()


def _kg(mg: int) -> dict[str, Any]:
    return {"value": plain(Decimal(mg).scaleb(-6)), "unit": "KGM"}


def _time(us: int, offset: str | None = None) -> str:
    """A time as date-time, in its own zone where the offset is known. Raises CredentialError (OUTCOME)."""
    match = re.fullmatch(r"([+-])(\d\d):(\d\d)", offset or "")
    try:
        moment = _EPOCH + timedelta(microseconds=us)
        if match:
            minutes = int(match[2]) * 60 + int(match[3])
            moment = moment.astimezone(timezone(timedelta(minutes=-minutes if match[1] == "-" else minutes)))
    except OverflowError:
        raise CredentialError("OUTCOME", f"{us} µs since 1970 is in no year that a date-time can have") from None
    text = re.sub(r"(\.\d*?)0+(?=[+-])", r"\1", moment.isoformat())
    return text.replace("+00:00", "Z")
