"""The CBV 2.0 event hash (CBV 2.0 section 8.9), algorithm as ratified upstream ("variant B"), from the canonical event.

A pre-hash string is put together from the fields in a fixed order and hashed with SHA-256. recordTime, eventID,
errorDeclaration and certificationInfo take no part, so an error declaration has the hash of its original.
"""

import re
from collections.abc import Callable, Container, Iterable
from decimal import Decimal
from hashlib import sha256
from typing import Any

from lodestream.epcis.context import Context
from lodestream.epcis.remember import remembered
from lodestream.epcis.structure import STANDARD_FIELDS
from lodestream.epcis.values import instant, plain
from lodestream.epcis.vocabulary import canonical_word

_NUMERIC = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_COMMENTS = frozenset({"comment", "http://www.w3.org/2000/01/rdf-schema#comment"})
_METADATA = (
    "time", "startTime", "endTime", "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules",
)  # fmt: skip
_REPORT = (
    "type", "exception", "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "time", "microorganism",
    "chemicalSubstance", "value", "component", "stringValue", "booleanValue", "hexBinaryValue", "uriValue", "minValue",
    "maxValue", "meanValue", "sDev", "percRank", "percValue", "uom", "coordinateReferenceSystem",
)  # fmt: skip
_METADATA_FIELDS = frozenset(_METADATA)
_REPORT_FIELDS = frozenset(_REPORT) | {"bizRules"}
_TIMES = frozenset({"time", "startTime", "endTime"})
_FREE_TEXT = frozenset({"stringValue", "hexBinaryValue", "uom"})


def event_hash(event: dict[str, Any], context: Context) -> str:
    """The CBV 2.0 event hash id of a canonical event: `ni:///sha-256;<hex>?ver=CBV2.0`."""
    return f"ni:///sha-256;{sha256(pre_hash(event, context).encode()).hexdigest()}?ver=CBV2.0"


def pre_hash(event: dict[str, Any], context: Context) -> str:
    """The string that is hashed."""
    parts = [
        f"eventType={event['type']}eventTime={_millis(event['eventTime'])}eventTimeZoneOffset={event['eventTimeZoneOffset']}",
        *[write(event[key]) for key, write in _ORDER if key in event],
    ]
    sensors = event.get("sensorElementList")
    if sensors:
        parts.extend(sorted(_sensor(each, context) for each in sensors))
    if "ilmd" in event:
        parts.append("ilmd" + "".join(_extensions(event["ilmd"], (), context)) if event["ilmd"] else "")
    parts.extend(_in_field(event, context))
    parts.extend(_extensions(event, STANDARD_FIELDS, context))
    return "".join(parts)


def _value(name: str) -> Callable[[str], str]:
    return lambda value: f"{name}={value}"


def _ids(name: str) -> Callable[[list[str]], str]:
    return lambda ids: name + "".join([f"epc={each}" for each in sorted(ids)]) if ids else ""


def _quantities(name: str) -> Callable[[list[dict[str, str]]], str]:
    return lambda elements: name + "".join(sorted(map(_quantity, elements))) if elements else ""


def _quantity(element: dict[str, str]) -> str:
    quantity = f"quantity={element['quantity']}" if "quantity" in element else ""
    uom = f"uom={_known_text(element['uom'])[1]}" if "uom" in element else ""
    return f"quantityElementepcClass={element['epcClass']}{quantity}{uom}"


def _persistent(value: dict[str, list[str]]) -> str:
    pairs = [f"{key}={each}" for key in ("set", "unset") for each in sorted(value.get(key, ()))]
    return "persistentDisposition" + "".join(pairs)


def _place(name: str) -> Callable[[dict[str, Any]], str]:
    return lambda place: f"{name}id={place['id']}"


def _typed(name: str, member: str) -> Callable[[list[dict[str, str]]], str]:
    def write(entries: list[dict[str, str]]) -> str:
        pairs = [
            f"type={each['type']}{member}={each[member]}" if "type" in each else f"{member}={each[member]}" for each in entries
        ]
        return name + "".join(sorted(pairs)) if pairs else ""

    return write


_ORDER: tuple[tuple[str, Callable[[Any], str]], ...] = (
    ("epcList", _ids("epcList")),
    ("parentID", _value("parentID")),
    ("inputEPCList", _ids("inputEPCList")),
    ("childEPCs", _ids("childEPCs")),
    ("quantityList", _quantities("quantityList")),
    ("childQuantityList", _quantities("childQuantityList")),
    ("inputQuantityList", _quantities("inputQuantityList")),
    ("outputEPCList", _ids("outputEPCList")),
    ("outputQuantityList", _quantities("outputQuantityList")),
    ("action", _value("action")),
    ("transformationID", _value("transformationID")),
    ("bizStep", _value("bizStep")),
    ("disposition", _value("disposition")),
    ("persistentDisposition", _persistent),
    ("readPoint", _place("readPoint")),
    ("bizLocation", _place("bizLocation")),
    ("bizTransactionList", _typed("bizTransactionList", "bizTransaction")),
    ("sourceList", _typed("sourceList", "source")),
    ("destinationList", _typed("destinationList", "destination")),
)
"""The standard fields in the order of the hash, behind type and time. Most events have five of them."""


def _sensor(element: dict[str, Any], context: Context) -> str:
    metadata = element.get("sensorMetadata")
    head = "sensorMetadata" + "".join(_fields(metadata, _METADATA, context)) if metadata else ""
    reports = ["sensorReport" + "".join(_fields(each, _REPORT, context)) for each in element["sensorReport"]]
    return f"sensorElement{head}{''.join(sorted(reports))}"


def _fields(values: dict[str, Any], order: tuple[str, ...], context: Context) -> Iterable[str]:
    for key in order:
        if key in values:
            value = values[key]
            if key in _TIMES:
                value = _millis(value)
            elif value is True or value is False:
                value = "true" if value else "false"
            elif key in _FREE_TEXT:
                value = _text(value, context)
            yield f"{key}={value}"


def _in_field(event: dict[str, Any], context: Context) -> Iterable[str]:
    """The extensions inside readPoint, bizLocation and sensor elements, which variant B puts behind the ilmd."""
    for name in ("readPoint", "bizLocation"):
        if name in event and len(event[name]) > 1:
            found = _extensions(event[name], ("id",), context)
            if found:
                yield name + "".join(found)
    if "sensorElementList" in event:
        yield from sorted(filter(None, (_in_sensor(each, context) for each in event["sensorElementList"])))


def _in_sensor(element: dict[str, Any], context: Context) -> str:
    metadata = _extensions(element.get("sensorMetadata", {}), _METADATA_FIELDS, context)
    reports = [_extensions(each, _REPORT_FIELDS, context) for each in element["sensorReport"]]
    own = _extensions(element, ("sensorMetadata", "sensorReport"), context)
    if not (metadata or any(reports) or own):
        return ""
    head = "sensorMetadata" + "".join(metadata) if metadata else ""
    middle = sorted("sensorReport" + "".join(each) for each in reports if each)
    return f"sensorElement{head}{''.join(middle)}{''.join(own)}"


def _extensions(values: dict[str, Any], known: Container[str], context: Context) -> list[str]:
    """The extensions among `values`, all keys that are not `known`, as sorted strings."""
    if len(values) == 1 and "id" in values:
        return []
    found: list[str] = []
    hash_name, prefixes = context.hash_name, context.prefixes
    for key, value in values.items():
        if key in known or key in _COMMENTS:
            continue
        if type(value) is str and (read := _known_text(value))[0] not in prefixes:  # as _extension does, in half the time
            found.append(f"{hash_name(key)}={read[1]}" if read[1] else hash_name(key))
        else:
            _extension(hash_name(key), value, context, found)
    if len(found) > 1:
        found.sort()
    return found


def _text(value: str, context: Context) -> str:
    scheme, text = _known_text(value)
    return text_value(context.expand(value.strip())) if scheme in context.prefixes else text


@remembered(32_768)
def _known_text(value: str) -> tuple[str, str]:
    """The scheme of a text that may be an identifier, and how it stands in the pre-hash where that is no declared prefix."""
    text = value.strip()
    return text.partition(":")[0], text_value(text)


def _extension(name: str, value: Any, context: Context, found: list[str]) -> None:
    kind = type(value)
    if kind is str:
        text = _text(value, context)
        found.append(f"{name}={text}" if text else name)
    elif kind is dict:
        found.append(name + "".join(_extensions(value, (), context)))
    elif kind is list:
        for each in value:
            _extension(name, each, context, found)
    elif value is not None:
        found.append(f"{name}={'true' if value else 'false'}")


def _millis(canonical: str) -> str:
    """A canonical time in milliseconds, rounded half up."""
    head, _, fraction = canonical[:-1].partition(".")
    if len(fraction) <= 3:
        return f"{head}.{fraction:0<3}Z"
    found = instant(canonical)
    return found.millis if found else canonical


def text_value(text: str) -> str:
    """A text as it stands in the pre-hash: what looks like a number as one, an identifier or CBV word canonical."""
    if _NUMERIC.fullmatch(text):
        return plain(Decimal(text)) if len(text) < 100 else text
    return canonical_word(text)
