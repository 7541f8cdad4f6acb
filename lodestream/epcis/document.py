"""The envelope: which events a document holds, where, and with which prefixes. Its own faults reject it as a whole."""

import re
from typing import Any

from msgspec import Struct

from lodestream.epcis.context import Context, check_context, standard
from lodestream.epcis.faults import Fault, shown
from lodestream.epcis.limits import Limits
from lodestream.epcis.parse import is_number
from lodestream.epcis.reading import Reader, Reading, a_list, a_text, a_time, a_uri, an_object
from lodestream.epcis.values import is_uri

_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+)*")


class Document(Struct, frozen=True):
    """The events of a document as parsed JSON, the steps to their list (none for a bare event), and the prefixes."""

    events: list[Any]
    path: tuple[str, ...]
    context: Context

    @property
    def pointer(self) -> str:
        """The JSON pointer of the list of events, "" for a bare event."""
        return "".join(f"/{step}" for step in self.path)


def open_document(value: Any, limits: Limits) -> Document:
    """The events of an EPCISDocument, an EPCISQueryDocument or a bare event. Raises Fault for a bad envelope."""
    if not isinstance(value, dict):
        message = f"{shown(value)} is not an EPCIS event. Send an event, an EPCISDocument or an EPCISQueryDocument."
        raise Fault("NOT_AN_EVENT", message)
    kind = value.get("type")
    if type(kind) is not str:
        message = "There is no type here. Send an event, an EPCISDocument or an EPCISQueryDocument, with its type."
        raise Fault("NOT_AN_EVENT", message, "type")
    if kind not in _ENVELOPES:
        if "@context" not in value:
            raise Fault("MISSING_FIELD", "A bare event needs an @context: at least the address of the EPCIS context.", "@context")
        return Document([value], (), standard())
    reading = Reading(standard(), limits)
    fields, required, path = _ENVELOPES[kind]
    _object(fields, required, extensible=True)(value, reading)
    events = value
    for step in path:
        events = events[step]
    if len(events) > limits.events_per_document:
        message = f"The document holds {len(events)} events; the limit is {limits.events_per_document}. Split it."
        raise Fault("TOO_MANY_EVENTS", message, *path)
    return Document(events, path, standard().with_definitions(value["@context"]))  # type: ignore[arg-type]


def _object(fields: dict[str, Reader], required: tuple[str, ...], *, extensible: bool) -> Reader:
    """Check an object of the envelope. `extensible`: other keys must be URIs; if not, they may be anything."""

    def check(value: Any, reading: Reading) -> None:
        for key, each in an_object(value).items():
            reader = fields.get(key)
            try:
                if reader is not None:
                    reader(each, reading)
                elif extensible and not is_uri(key):
                    message = f"There is no field {shown(key)} here. An extension needs a prefix that the @context declares."
                    raise Fault("UNKNOWN_FIELD", message)
            except Fault as fault:
                raise fault.under(key) from None
        for key in required:
            if key not in value:
                raise Fault("MISSING_FIELD", f"{key} is missing here.")

    return check


def _each(reader: Reader) -> Reader:
    def check(value: Any, reading: Reading) -> None:
        for index, each in enumerate(a_list(value)):
            try:
                reader(each, reading)
            except Fault as fault:
                raise fault.under(index) from None

    return check


def _context(value: Any, _: Reading) -> None:
    check_context(value)


def _version(value: Any, _: Reading) -> None:
    if type(value) is not str or not _VERSION.fullmatch(value):
        raise Fault("BAD_VERSION", f'{shown(value)} is not a schemaVersion. Write it as text: "2.0".')


def _attribute(value: Any, _: Reading) -> None:
    if not (isinstance(value, str | dict) or is_number(value)):
        raise Fault("WRONG_TYPE", f"{shown(value)} is not a text, a number or an object.")


def _events(value: Any, _: Reading) -> None:
    a_list(value)


_VOCABULARY_ELEMENT = _object(
    {
        "id": a_uri,
        "attributes": _each(_object({"id": a_uri, "attribute": _attribute}, ("id",), extensible=False)),
        "children": _each(a_uri),
    },
    ("id",),
    extensible=False,
)
_VOCABULARIES = _each(_object({"type": a_uri, "vocabularyElementList": _each(_VOCABULARY_ELEMENT)}, ("type",), extensible=False))
_HEADER = _object({"epcisMasterData": _object({"vocabularyList": _VOCABULARIES}, (), extensible=False)}, (), extensible=True)
_RESULTS = _object({"eventList": _events, "vocabularyList": _VOCABULARIES}, ("eventList",), extensible=True)
_QUERY_RESULTS = _object(
    {"queryName": a_text, "subscriptionID": a_text, "resultsBody": _RESULTS}, ("queryName", "resultsBody"), extensible=True
)
_COMMON: dict[str, Reader] = {
    "@context": _context,
    "type": a_text,
    "id": a_uri,
    "schemaVersion": _version,
    "creationDate": a_time,
}
_ENVELOPES: dict[str, tuple[dict[str, Reader], tuple[str, ...], tuple[str, ...]]] = {
    "EPCISDocument": (
        {
            **_COMMON,
            "instanceIdentifier": a_text,
            "sender": a_text,
            "receiver": a_text,
            "epcisHeader": _HEADER,
            "epcisBody": _object({"eventList": _events}, ("eventList",), extensible=False),
        },
        ("@context", "type", "schemaVersion", "creationDate", "epcisBody"),
        ("epcisBody", "eventList"),
    ),
    "EPCISQueryDocument": (
        {**_COMMON, "epcisBody": _object({"queryResults": _QUERY_RESULTS}, ("queryResults",), extensible=True)},
        ("@context", "type", "epcisBody"),
        ("epcisBody", "queryResults", "resultsBody", "eventList"),
    ),
}
