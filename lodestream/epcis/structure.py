"""The EPCIS 2.0 event, field by field: what the standard's JSON Schema asks for, read into the canonical form.

The verdicts agree with that schema, formats asserted (tests/epcis/test_schema.py lists the exceptions). The
canonical event that comes out has full URIs for identifiers, vocabulary and extension keys, UTC times, and
numbers as plain decimal text.
"""

import re
from typing import Any

from lodestream.epcis.context import STANDARD_PREFIXES, Context, check_context
from lodestream.epcis.faults import Fault, shown
from lodestream.epcis.limits import Limits
from lodestream.epcis.reading import (
    Reader,
    Reading,
    a_flag,
    a_number,
    a_text,
    a_time,
    a_uri,
    an_id,
    an_object,
    event_extension,
    free,
    listed,
    record,
)
from lodestream.epcis.values import is_uri
from lodestream.epcis.vocabulary import (
    BIZ_STEPS,
    BIZ_TRANSACTION_TYPES,
    COMPONENTS,
    DISPOSITIONS,
    ERROR_REASONS,
    MEASUREMENT_TYPES,
    PARTY_TYPES,
    SENSOR_ALERTS,
)

_OFFSET = re.compile(r"[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00)")
_UOM = re.compile(r"[A-Z0-9]{2,3}")
_HEX = re.compile(r"[A-Fa-f0-9]+")


def _matching(pattern: re.Pattern[str], code: str, message: str) -> Reader:
    def read(value: Any, _: Reading) -> str:
        if type(value) is str and pattern.fullmatch(value):
            return value
        raise Fault(code, f"{shown(value)} {message}")

    return read


def _context(value: Any, _: Reading) -> None:
    check_context(value)


def _action(value: Any, _: Reading) -> str:
    if type(value) is str and value in {"ADD", "OBSERVE", "DELETE"}:
        return value
    raise Fault("UNKNOWN_WORD", f"{shown(value)} is not an action. It is ADD, OBSERVE or DELETE.")


def _certification(value: Any, reading: Reading) -> Any:
    """One URI or a list of them (an object is invalid); canonical is the list."""
    return _IDS(value, reading) if type(value) is list else [an_id(value, reading)]


def _persistent_disposition(value: Any, reading: Reading) -> Any:
    found = _DISPOSITION_SETS(value, reading)
    if not found:
        raise Fault("MISSING_FIELD", "persistentDisposition needs set or unset.")
    return found


_IDS = listed(an_id)
_UNIQUE_IDS = listed(an_id, unique=True)
_DISPOSITION_SETS = record({name: listed(DISPOSITIONS.read, least=1, unique=True) for name in ("set", "unset")}, extensible=False)
_QUANTITIES = listed(
    record(
        {
            "epcClass": an_id,
            "quantity": a_number,
            "uom": _matching(_UOM, "BAD_UOM", "is not a Rec 20 unit code like KGM or TNE."),
        },
        required=["epcClass"],
        extensible=False,
    )
)
_PLACE = record({"id": an_id}, required=["id"], extensible=True, bare_keys=True)
_BIZ_TRANSACTION = record(
    {"type": BIZ_TRANSACTION_TYPES.read, "bizTransaction": an_id}, required=["bizTransaction"], extensible=False
)
_PARTIES = {
    name: listed(record({"type": PARTY_TYPES.read, name: an_id}, required=["type", name], extensible=False))
    for name in ("source", "destination")
}
_DEVICE: dict[str, Reader] = {
    "time": a_time,
    "deviceID": an_id,
    "deviceMetadata": an_id,
    "rawData": an_id,
    "dataProcessingMethod": an_id,
    "bizRules": an_id,
}
_SENSOR_METADATA = record({**_DEVICE, "startTime": a_time, "endTime": a_time}, extensible=True)
_SENSOR_REPORT = record(
    {
        **_DEVICE,
        "type": MEASUREMENT_TYPES.read,
        "exception": SENSOR_ALERTS.read,
        "microorganism": an_id,
        "chemicalSubstance": an_id,
        "coordinateReferenceSystem": an_id,
        "component": COMPONENTS.read,
        "stringValue": a_text,
        "booleanValue": a_flag,
        "hexBinaryValue": _matching(_HEX, "BAD_HEX", "holds something else than hexadecimal digits."),
        "uriValue": an_id,
        "uom": a_text,
        **dict.fromkeys(("value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"), a_number),
    },
    required=["type"],
    extensible=True,
)
_SENSOR_ELEMENT = record(
    {"sensorMetadata": _SENSOR_METADATA, "sensorReport": listed(_SENSOR_REPORT, least=1)},
    required=["sensorReport"],
    extensible=True,
)
_ERROR_DECLARATION = record(
    {"declarationTime": a_time, "reason": ERROR_REASONS.read, "correctiveEventIDs": listed(a_uri)},
    required=["declarationTime"],
    extensible=True,
)

COMMON_FIELDS: dict[str, Reader] = {
    "@context": _context,
    "type": a_text,
    "eventTime": a_time,
    "recordTime": a_time,
    "eventTimeZoneOffset": _matching(_OFFSET, "BAD_OFFSET", "is not an offset like +02:00 (Z is not one either)."),
    "eventID": a_uri,
    "certificationInfo": _certification,
    "errorDeclaration": _ERROR_DECLARATION,
}
_WHERE_AND_WHY: dict[str, Reader] = {
    "bizStep": BIZ_STEPS.read,
    "disposition": DISPOSITIONS.read,
    "persistentDisposition": _persistent_disposition,
    "readPoint": _PLACE,
    "bizLocation": _PLACE,
    "bizTransactionList": listed(_BIZ_TRANSACTION),
    "sourceList": _PARTIES["source"],
    "destinationList": _PARTIES["destination"],
    "sensorElementList": listed(_SENSOR_ELEMENT),
}
_CHILDREN: dict[str, Reader] = {"parentID": an_id, "childEPCs": _IDS, "childQuantityList": _QUANTITIES, "action": _action}
_ILMD = record({}, extensible=True)

FIELDS: dict[str, dict[str, Reader]] = {
    "ObjectEvent": {
        **COMMON_FIELDS,
        **_WHERE_AND_WHY,
        "epcList": _UNIQUE_IDS,
        "quantityList": _QUANTITIES,
        "action": _action,
        "ilmd": _ILMD,
    },
    "AggregationEvent": {**COMMON_FIELDS, **_WHERE_AND_WHY, **_CHILDREN},
    "AssociationEvent": {**COMMON_FIELDS, **_WHERE_AND_WHY, **_CHILDREN},
    "TransactionEvent": {
        **COMMON_FIELDS,
        **_WHERE_AND_WHY,
        "bizTransactionList": listed(_BIZ_TRANSACTION, least=1),
        "parentID": an_id,
        "epcList": _IDS,
        "quantityList": _QUANTITIES,
        "action": _action,
    },
    "TransformationEvent": {
        **COMMON_FIELDS,
        **_WHERE_AND_WHY,
        "inputEPCList": _UNIQUE_IDS,
        "inputQuantityList": _QUANTITIES,
        "outputEPCList": _UNIQUE_IDS,
        "outputQuantityList": _QUANTITIES,
        "transformationID": an_id,
        "ilmd": _ILMD,
    },
}
_REQUIRED = {
    "ObjectEvent": ("eventTime", "eventTimeZoneOffset", "action"),
    "AggregationEvent": ("eventTime", "eventTimeZoneOffset", "action"),
    "AssociationEvent": ("eventTime", "eventTimeZoneOffset", "action", "parentID"),
    "TransactionEvent": ("eventTime", "eventTimeZoneOffset", "action", "bizTransactionList"),
    "TransformationEvent": ("eventTime", "eventTimeZoneOffset"),
}
_ANY_FIELD = {key: reader for fields in FIELDS.values() for key, reader in fields.items()}
STANDARD_FIELDS = frozenset(_ANY_FIELD)


def read_event(raw: Any, context: Context, limits: Limits) -> tuple[dict[str, Any], Reading]:
    """The canonical form of one event, and what was noted while reading it. Raises Fault for what the schema refuses."""
    event = an_object(raw)
    kind = event.get("type")
    if type(kind) is not str:
        raise Fault("MISSING_FIELD" if kind is None else "WRONG_TYPE", "An event needs its type, as a text.", "type")
    if "@context" in event:
        try:
            check_context(event["@context"])
        except Fault as fault:
            raise fault.under("@context") from None
        context = context.with_definitions(event["@context"])
    reading = Reading(context, limits)
    fields = FIELDS.get(kind)
    if fields is None:
        return _own_event(event, kind, reading), reading
    found: dict[str, Any] = {}
    for key, value in event.items():
        reader = fields.get(key)
        try:
            if reader is not None:
                found[key] = reader(value, reading)
            else:
                event_extension(found, key, value, reading)
        except Fault as fault:
            raise fault.under(key) from None
    _require(found, _REQUIRED[kind])
    _CONTENT[kind](found)
    found.pop("@context", None)
    return found, reading


def _own_event(event: dict[str, Any], kind: str, reading: Reading) -> dict[str, Any]:
    """An event of an own type: the common fields are EPCIS, the rest is free and read as EPCIS where it can be."""
    if not is_uri(kind):
        message = f"{shown(kind)} is not an event type. Own types are URIs, or a prefix and a name."
        raise Fault("NOT_AN_EVENT", message, "type")
    found: dict[str, Any] = {}
    for key, value in event.items():
        try:
            if key in COMMON_FIELDS:
                found[key] = COMMON_FIELDS[key](value, reading)
            elif key in _ANY_FIELD:
                _tolerant(found, key, value, reading)
            else:
                event_extension(found, key, value, reading, bare_keys=True)
        except Fault as fault:
            raise fault.under(key) from None
    _require(found, ("eventTime", "eventTimeZoneOffset"))
    found["type"] = a_uri(kind, reading)
    found.pop("@context", None)
    return found


def _tolerant(found: dict[str, Any], key: str, value: Any, reading: Reading) -> None:
    """A standard field on an event of an own type; where it has not the standard's shape it is kept as an extension."""
    try:
        found[key] = _ANY_FIELD[key](value, reading)
    except Fault as fault:
        if fault.code == "TOO_MANY_ELEMENTS":
            raise
        reading.warn("OWN_TYPE_FIELD", f"{key} is kept but not read as EPCIS: {fault.message}")
        found[STANDARD_PREFIXES["epcis"] + key] = free(value, reading)


def _require(found: dict[str, Any], keys: tuple[str, ...]) -> None:
    for key in keys:
        if key not in found:
            raise Fault("MISSING_FIELD", f"The event has no {key}, which its type needs.")


def _object_content(event: dict[str, Any]) -> None:
    sensed = event.get("sensorElementList") and "readPoint" in event
    if not ("epcList" in event or event.get("quantityList") or sensed):
        message = "An ObjectEvent names its objects in epcList or quantityList, or has sensor data and a readPoint."
        raise Fault("NO_CONTENT", message)
    if "ilmd" in event and event["action"] != "ADD":
        message = "ilmd describes what comes into being, so it needs action ADD. Leave it out, or send an event of its own."
        raise Fault("ILMD_NOT_ALLOWED", message, "ilmd")


def _children_content(event: dict[str, Any]) -> None:
    if not (event.get("childEPCs") or event.get("childQuantityList") or event["action"] == "DELETE"):
        raise Fault("NO_CONTENT", "The event names no children, in childEPCs or childQuantityList.")


def _transaction_content(event: dict[str, Any]) -> None:
    if not ("epcList" in event or event.get("quantityList") or event["action"] == "DELETE"):
        raise Fault("NO_CONTENT", "The event names no objects, in epcList or quantityList.")


def _transformation_content(event: dict[str, Any]) -> None:
    inputs = event.get("inputEPCList") or event.get("inputQuantityList")
    outputs = event.get("outputEPCList") or event.get("outputQuantityList")
    if not (inputs and outputs) and not ("transformationID" in event and (inputs or outputs)):
        message = "A TransformationEvent names inputs and outputs, or a transformationID and at least one of them."
        raise Fault("NO_CONTENT", message)


_CONTENT = {
    "ObjectEvent": _object_content,
    "AggregationEvent": _children_content,
    "AssociationEvent": _children_content,
    "TransactionEvent": _transaction_content,
    "TransformationEvent": _transformation_content,
}
