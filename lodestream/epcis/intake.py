"""The door: the bytes of one inbox record in, its events out, each accepted or rejected. Pure, and never raises for input."""

from collections.abc import Callable
from decimal import Decimal
from hashlib import sha256
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from lodestream.epcis.canonical import content_and_digest
from lodestream.epcis.context import Context
from lodestream.epcis.document import open_document
from lodestream.epcis.event import ErrorDeclaration, Event, Quantity, TypedRef
from lodestream.epcis.event_hash import event_hash
from lodestream.epcis.faults import Fault
from lodestream.epcis.limits import Limits
from lodestream.epcis.materials import read_extension
from lodestream.epcis.parse import parse
from lodestream.epcis.rejection import Rejection
from lodestream.epcis.rules import refuse, warn
from lodestream.epcis.sensors import sensor_assays
from lodestream.epcis.slices import event_slices
from lodestream.epcis.structure import read_event
from lodestream.epcis.values import instant
from lodestream.epcis.vocabulary import BIZ_STEPS, BIZ_TRANSACTION_TYPES, DISPOSITIONS, ERROR_REASONS, PARTY_TYPES, Vocabulary


class Accepted(Struct, frozen=True):
    """An event that passed, its place in the document (from 0), and what was odd about it (`CODE: sentence`).

    `pointer` is the JSON pointer of the event in its document, "" for a bare event.
    """

    index: int
    event: Event
    warnings: list[str] = []
    pointer: str = ""


def intake(payload: bytes, limits: Limits = Limits()) -> list[Accepted | Rejection]:  # noqa: B008  # Limits is immutable
    """Every event of a document, in its order, accepted or rejected; one rejection with index None for a bad document.

    A document is an EPCISDocument, an EPCISQueryDocument or a bare event. The list is empty for one without events.
    """
    try:
        document = open_document(parse(payload, limits), limits)
    except Fault as fault:
        return [rejected(fault, payload, limits)]
    results: list[Accepted | Rejection] = []
    slices: list[bytes] | None = None
    head = document.pointer
    for index, raw in enumerate(document.events):
        pointer = f"{head}/{index}" if head else ""
        try:
            event, warnings = read(raw, document.context, limits)
        except Fault as fault:
            if slices is None:
                slices = event_slices(payload, document.path)
            rejection = rejected(fault, slices[index], limits)
            place = {"pointer": pointer + fault.pointer, "index": index, "event_id": _event_id(raw, limits)}
            results.append(replace(rejection, **place))
        else:
            results.append(Accepted(index, event, warnings, pointer))
    return results


def read(raw: Any, context: Context, limits: Limits) -> tuple[Event, list[str]]:
    """One event as parsed, in its canonical form, and the warnings. Raises Fault for what is wrong with it."""
    canonical, reading = read_event(raw, context, limits)
    extension = read_extension(canonical, reading)
    refuse(canonical)
    warn(canonical, reading)
    content, digest = content_and_digest(canonical, several=reading.several)
    fields = {key: make(canonical[name]) for name, key, make in _FIELDS if name in canonical}
    declared = canonical.get("errorDeclaration")
    event = Event(
        type=canonical["type"],
        event_hash=event_hash(canonical, reading.context),
        content_digest=digest,
        event_time_us=_us(raw["eventTime"]),
        event_time_zone_offset=canonical["eventTimeZoneOffset"],
        error_declaration=None if declared is None else _declaration(declared, raw),
        sensor_assays=sensor_assays(canonical, reading),
        content=content,
        **fields,
        **extension,
    )
    return event, reading.warnings


def _us(time: str) -> int:
    found = instant(time)
    if found is None:  # pragma: no cover  # it has been read as a time before
        raise ValueError(time)
    return found.us


def _as_it_is(value: Any) -> Any:
    return value


def _place(place: dict[str, Any]) -> str:
    found: str = place["id"]
    return found


def _quantities(elements: list[dict[str, str]]) -> list[Quantity]:
    return [
        Quantity(each["epcClass"], Decimal(each["quantity"]) if "quantity" in each else None, each.get("uom"))
        for each in elements
    ]


def _refs(member: str, types: Vocabulary) -> Callable[[list[dict[str, str]]], list[TypedRef]]:
    def make(entries: list[dict[str, str]]) -> list[TypedRef]:
        return [TypedRef(each[member], types.bare(each["type"]) if "type" in each else None) for each in entries]

    return make


_FIELDS: tuple[tuple[str, str, Callable[[Any], Any]], ...] = (
    ("eventID", "event_id", _as_it_is),
    ("action", "action", _as_it_is),
    ("bizStep", "biz_step", BIZ_STEPS.bare),
    ("disposition", "disposition", DISPOSITIONS.bare),
    ("readPoint", "read_point", _place),
    ("bizLocation", "biz_location", _place),
    ("epcList", "epcs", _as_it_is),
    ("quantityList", "quantities", _quantities),
    ("parentID", "parent_id", _as_it_is),
    ("childEPCs", "child_epcs", _as_it_is),
    ("childQuantityList", "child_quantities", _quantities),
    ("inputEPCList", "input_epcs", _as_it_is),
    ("inputQuantityList", "input_quantities", _quantities),
    ("outputEPCList", "output_epcs", _as_it_is),
    ("outputQuantityList", "output_quantities", _quantities),
    ("transformationID", "transformation_id", _as_it_is),
    ("bizTransactionList", "biz_transactions", _refs("bizTransaction", BIZ_TRANSACTION_TYPES)),
    ("sourceList", "sources", _refs("source", PARTY_TYPES)),
    ("destinationList", "destinations", _refs("destination", PARTY_TYPES)),
)
"""What the event's own fields are made of. Most events have eight of them, so each is made where it is there."""


def _declaration(declared: dict[str, Any], raw: dict[str, Any]) -> ErrorDeclaration:
    reason = declared.get("reason")
    return ErrorDeclaration(
        declaration_time_us=_us(raw["errorDeclaration"]["declarationTime"]),  # as written: in UTC it may be in the year 10000
        reason=None if reason is None else ERROR_REASONS.bare(reason),
        corrective_event_ids=declared.get("correctiveEventIDs", []),
    )


def rejected(fault: Fault, payload: bytes, limits: Limits) -> Rejection:
    """The rejection of `payload`, the own bytes of an event or of a whole document, for a fault."""
    return Rejection(
        code=fault.code,
        message=fault.message,
        pointer=fault.pointer,
        payload=payload[: limits.rejection_bytes],
        payload_sha256=sha256(payload).hexdigest(),
        payload_truncated=len(payload) > limits.rejection_bytes,
    )


def _event_id(raw: Any, limits: Limits) -> str | None:
    event_id = raw.get("eventID") if isinstance(raw, dict) else None
    return event_id if type(event_id) is str and len(event_id) <= limits.identifier_chars else None
