"""What can be wrong with a document or an event: the codes, and the exception that carries one to the door."""

from typing import Self

# Every code that a rejection can carry, with its meaning. docs/integrators.md shows this table; a test holds them equal.
CODES: dict[str, str] = {
    "EMPTY": "The record has no bytes, or only white space.",
    "TOO_LARGE": "The document, or what would come of the event, exceeds the size limit.",
    "NOT_UTF8": "The bytes are not UTF-8, or a string holds half of a surrogate pair.",
    "NOT_JSON": "The text is not JSON (RFC 8259); NaN and Infinity are not JSON either.",
    "TOO_DEEP": "Objects and lists are nested deeper than the limit.",
    "NOT_AN_EVENT": "The JSON value is not an object, or its type is neither a document nor an event type.",
    "TOO_MANY_EVENTS": "The document holds more events than the limit.",
    "TOO_MANY_ELEMENTS": "The event, or its document, holds more list elements or extension keys in all than the limit.",
    "TOO_LONG": "An identifier, a text or the list of prefixes is longer than the limit.",
    "DUPLICATE_KEY": "An object holds the same key twice, or two spellings of the same extension.",
    "WRONG_TYPE": "A value is of another JSON type than the field takes.",
    "MISSING_FIELD": "A field that must be there is not.",
    "UNKNOWN_FIELD": "A field that this event type does not have; an extension needs a prefix.",
    "EMPTY_LIST": "A list that needs at least one element has none.",
    "REPEATED_ITEM": "A list whose elements must differ holds one twice.",
    "NOT_A_URI": "An identifier is not a URI (RFC 3986).",
    "BAD_CONTEXT": "An @context is not a URI, an object or a list of different ones of these.",
    "BAD_TIME": "A time is not RFC 3339 with an offset, or does not exist.",
    "BAD_OFFSET": "eventTimeZoneOffset is not +hh:mm or -hh:mm within 14 hours.",
    "BAD_VERSION": "schemaVersion is not a text of numbers and dots.",
    "BAD_UOM": "A uom does not have the shape of a UN/CEFACT Rec 20 code (2 or 3 capitals or digits).",
    "BAD_HEX": "hexBinaryValue holds something else than hexadecimal digits.",
    "UNKNOWN_WORD": "A bare word is not in the vocabulary of its field; own values are URIs.",
    "NUMBER_OUT_OF_RANGE": "A number has too many digits or too large an exponent to be kept exactly.",
    "NO_CONTENT": "The event names nothing that it is about.",
    "ILMD_NOT_ALLOWED": "ilmd on an ObjectEvent whose action is not ADD.",
    "PARENT_MISSING": "An AggregationEvent ADD or DELETE without parentID.",
    "NEGATIVE_QUANTITY": "A quantity below zero.",
    "UNPREFIXED_KEY": "A key inside one of our extension items has no prefix.",
    "UNKNOWN_TERM": "A term of our namespace that does not exist, or not in this place.",
    "UNKNOWN_VALUE": "A value that a term of our extension does not take.",
    "BAD_DECIMAL": "A number of our extension is not a plain decimal, or out of its range.",
    "MATERIAL_WITHOUT_MATCH": "A material item whose lot the event does not name in that role.",
    "MATERIAL_REPEATED": "Two material items for the same role and lot.",
    "NO_SITE": "The event names no place, so no book it could belong to.",
    "UNKNOWN_SOURCE": "The source is not in the book file's list, or not with this topic.",
}

# Every code of a warning, likewise. A warning refuses nothing.
WARNINGS: dict[str, str] = {
    "NO_SITE": "The event names no place. `validate` says so; the gate refuses it.",
    "UNDECLARED_PREFIX": "No @context declares the prefix of an extension. It is kept, but not understood, ours included.",
    "PERSISTENT_DISPOSITION": "persistentDisposition on an Aggregation-, Association- or TransactionEvent.",
    "UOM_WITHOUT_QUANTITY": "A unit without a quantity.",
    "UNKNOWN_UOM": "A unit that Lodestream cannot turn into a mass, a volume or a count.",
    "UNKNOWN_WORD": "A word in an open list of our extension that no rule knows.",
    "CORRECTIVE_OF_NOTHING": "An error declaration with did_not_occur that names corrective events.",
    "OWN_TYPE_FIELD": "A standard field of an event of an own type that is not shaped as EPCIS shapes it. It is kept.",
    "SENSOR_TIME": "A sensor time after the eventTime, or startTime not before endTime.",
    "SENSOR_PERCENTILE": "percRank without percValue, or the other way round.",
    "SENSOR_DEVIATION": "sDev without meanValue.",
    "SENSOR_COMPONENT": "component without value and uom.",
    "SENSOR_SUBSTANCE": "A report about a microorganism and a chemicalSubstance at once.",
    "SENSOR_BASIS": "A report of a grade that does not say crm:basis. It is not taken as an assay.",
    "SENSOR_VALUE": "A grade below zero. It is not taken as an assay.",
}

_SHOWN = 80


class Fault(Exception):  # noqa: N818  # the word of the domain: what is wrong with the document, not with us
    """One thing that is wrong with a document or an event: a code of `CODES`, where, and what to do about it."""

    def __init__(self, code: str, message: str, *path: str | int) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.path: list[str | int] = list(path)

    def under(self, step: str | int) -> Self:
        """The same fault, seen from one level further up."""
        self.path.insert(0, step)
        return self

    @property
    def pointer(self) -> str:
        """Where, as a JSON pointer (RFC 6901). A step of hostile length is cut."""
        return "".join("/" + _cut(str(step)).replace("~", "~0").replace("/", "~1") for step in self.path)


def shown(value: object) -> str:
    """A value as it may stand in a message: a scalar cut to a readable length, anything larger by its kind."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return _cut(repr(value) if isinstance(value, str) else str(value))


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
