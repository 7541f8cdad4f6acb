"""The small readers that all fields are made of: each checks one JSON value and returns it in canonical form."""

from collections.abc import Callable, Iterable
from typing import Any

from lodestream.epcis.context import NAMESPACE, Context
from lodestream.epcis.faults import Fault, shown
from lodestream.epcis.identifiers import canonical_id
from lodestream.epcis.limits import Limits
from lodestream.epcis.parse import Repeated, Unrepresentable, is_number
from lodestream.epcis.remember import remembered
from lodestream.epcis.values import instant, is_uri, plain

_WARNINGS = 20


class Reading:
    """What goes along while one event is read: its context, the limits, the elements counted so far, the warnings."""

    __slots__ = ("context", "elements", "keys", "limits", "ours", "several", "warnings")

    def __init__(self, context: Context, limits: Limits) -> None:
        self.context = context
        self.limits = limits
        self.elements = self.keys = 0
        self.several = False  # whether any list of the event has more than one element
        self.warnings: list[str] = []
        self.ours: dict[str, tuple[str, Any]] = {}  # terms of our namespace on the event: full name to key and value

    def warn(self, code: str, message: str) -> None:
        """Note what is odd but no reason to refuse the event: each warning once, and no more than a person would read."""
        warning = f"{code}: {message}"
        if len(self.warnings) < _WARNINGS and warning not in self.warnings:
            self.warnings.append(warning)

    def count(self, elements: int) -> None:
        """Count the elements of one list against the limits of the event and of the document."""
        self.elements += elements
        if elements > 1:
            self.several = True
        if self.elements > self.limits.list_elements:
            message = f"The lists of this event hold more than {self.limits.list_elements} elements in all. Split the event."
            raise Fault("TOO_MANY_ELEMENTS", message)
        self.spend(elements)

    def count_key(self) -> None:
        """Count a key of an extension.

        Thousands in one object are no event but an attack: the encoder of the canonical JSON sorts keys with a quicksort that
        patterned ones make quadratic, and at 160,000 of them its recursion ends the process.
        """
        self.keys += 1
        if self.keys > self.limits.extension_keys:
            message = f"The extensions of this event hold more than {self.limits.extension_keys} keys in all."
            raise Fault("TOO_MANY_ELEMENTS", f"{message} Split the event, or say less.")
        self.spend(1)

    def spend(self, items: int) -> None:
        """Count elements or keys against the limit of the document: each costs microseconds, and 8 MiB hold millions."""
        self.context.spent.items += items
        if self.context.spent.items > self.limits.document_items:
            message = f"This document holds more than {self.limits.document_items} list elements and extension keys in all."
            raise Fault("TOO_MANY_ELEMENTS", f"{message} Split it.")

    def expand(self, value: str) -> str:
        """A CURIE of a declared prefix as its full URI; everything else as it is. Raises Fault where it is too long."""
        full = self.context.expand(value)
        if full is not value:
            self.grow(len(full) - len(value))
            if len(full) > self.limits.identifier_chars:
                raise Fault("TOO_LONG", f"This has {len(full)} characters in full; the limit is {self.limits.identifier_chars}.")
        return full

    def grow(self, chars: int) -> None:
        """Count what writing a prefix in full adds: two letters may stand for a thousand, and a document holds millions."""
        self.context.spent.chars += chars
        if self.context.spent.chars > self.limits.expansion_chars:
            message = (
                f"Written in full, its prefixes make the document more than {self.limits.expansion_chars} characters longer."
            )
            raise Fault("TOO_LARGE", f"{message} Split it.")


Reader = Callable[[Any, Reading], Any]


def an_object(value: Any) -> dict[str, Any]:
    """A JSON object without repeated keys."""
    if type(value) is dict:
        return value
    if isinstance(value, Repeated):
        raise value.fault()
    raise Fault("WRONG_TYPE", f"{shown(value)} is not an object.")


def a_list(value: Any) -> list[Any]:
    """A JSON list."""
    if type(value) is list:
        return value
    raise Fault("WRONG_TYPE", f"{shown(value)} is not a list. Put it into [ ].")


def a_text(value: Any, _: Reading | None = None) -> str:
    """A JSON string, verbatim."""
    if type(value) is str:
        return value
    raise Fault("WRONG_TYPE", f"{shown(value)} is not a text.")


def a_flag(value: Any, _: Reading) -> bool:
    """A JSON boolean."""
    if type(value) is bool:
        return value
    raise Fault("WRONG_TYPE", f"{shown(value)} is not true or false.")


def a_number(value: Any, _: Reading) -> str:
    """A JSON number as plain decimal text."""
    if is_number(value):
        return plain(value)
    if isinstance(value, Unrepresentable) or type(value) is int:
        message = f"{shown(value)} has too many digits or too large an exponent to be kept exactly."
        raise Fault("NUMBER_OUT_OF_RANGE", message)
    raise Fault("WRONG_TYPE", f"{shown(value)} is not a number. Numbers stand without quotes.")


def a_time(value: Any, _: Reading | None = None) -> str:
    """An RFC 3339 date-time with offset, as UTC."""
    known = instant(value) if type(value) is str else None
    if known is None:
        message = f"{shown(value)} is not a time. Write it like 2026-03-01T08:00:00.000+02:00, the offset included."
        raise Fault("BAD_TIME", message)
    return known.text


def a_uri(value: Any, reading: Reading) -> str:
    """A URI, a CURIE of a declared prefix written in full; otherwise verbatim."""
    if type(value) is str and known_id(value, reading) is not None:
        return value
    if type(value) is not str:
        raise Fault("WRONG_TYPE", f"{shown(value)} is not a text. An identifier is a URI in quotes.")
    if len(value) > reading.limits.identifier_chars:
        message = f"This identifier has {len(value)} characters; the limit is {reading.limits.identifier_chars}."
        raise Fault("TOO_LONG", message)
    if not is_uri(value):
        message = f"{shown(value)} is not a URI. Use an EPC URN, a GS1 Digital Link or a URI of your own, like https://…"
        raise Fault("NOT_A_URI", message)
    return reading.expand(value)


def an_id(value: Any, reading: Reading) -> str:
    """An identifier in its canonical form."""
    if type(value) is str:
        scheme, canonical = _known_id(value)
        if canonical is not None and scheme not in reading.context.prefixes and len(value) <= reading.limits.identifier_chars:
            return canonical
    return canonical_id(a_uri(value, reading))


def known_id(text: str, reading: Reading) -> str | None:
    """The canonical form of a text that is a URI, and as short as it has to be; None also where its prefix is declared."""
    scheme, canonical = _known_id(text)
    return None if scheme in reading.context.prefixes or len(text) > reading.limits.identifier_chars else canonical


@remembered(32_768)
def _known_id(text: str) -> tuple[str, str | None]:
    """The scheme of a URI, and its canonical form where that is no declared prefix: one look-up in place of four steps."""
    return text.partition(":")[0], canonical_id(text) if is_uri(text) else None


def listed(reader: Reader, *, least: int = 0, unique: bool = False) -> Reader:
    """A reader for a list whose elements `reader` reads; `unique` compares them as they were written."""

    def read(value: Any, reading: Reading) -> list[Any]:
        items = a_list(value)
        reading.count(len(items))
        if len(items) < least:
            raise Fault("EMPTY_LIST", "This list is empty. Leave the field out where there is nothing to say.")
        found = []
        for index, item in enumerate(items):
            try:
                found.append(reader(item, reading))
            except Fault as fault:
                raise fault.under(index) from None
        if unique and len(set(items)) < len(items):
            index, item = next((index, item) for index, item in enumerate(items) if item in items[:index])
            raise Fault("REPEATED_ITEM", f"{shown(item)} stands twice in this list. Keep one.", index)
        return found

    return read


def record(fields: dict[str, Reader], *, required: Iterable[str] = (), extensible: bool, bare_keys: bool = False) -> Reader:
    """A reader for an object of known fields. `extensible`: with extensions too; `bare_keys`: these need no prefix."""
    needed = tuple(required)

    def read(value: Any, reading: Reading) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, each in an_object(value).items():
            reader = fields.get(key)
            try:
                if reader is not None:
                    found[key] = reader(each, reading)
                elif extensible:
                    extension(found, key, each, reading, bare_keys=bare_keys)
                else:
                    raise Fault("UNKNOWN_FIELD", f"There is no {shown(key)} here, and no extension is allowed in this place.")
            except Fault as fault:
                raise fault.under(key) from None
        for key in needed:
            if key not in found:
                raise Fault("MISSING_FIELD", f"{key} is missing here.")
        return found

    return read


def extension(found: dict[str, Any], key: str, value: Any, reading: Reading, *, bare_keys: bool = False) -> None:
    """Put an extension into `found` under its full name. Its values stay as they are, but for numbers, which become text."""
    if not is_uri(key) and not bare_keys:
        message = f"There is no field {shown(key)} here. An extension needs a prefix that the @context declares."
        raise Fault("UNKNOWN_FIELD", message)
    full = extension_key(key, reading)
    if full in found:
        raise Fault("DUPLICATE_KEY", f"{shown(full)} is given twice, under two spellings. Keep one.")
    found[full] = free(value, reading)


def event_extension(found: dict[str, Any], key: str, value: Any, reading: Reading, *, bare_keys: bool = False) -> None:
    """An extension of the event itself: what is ours is set aside for `materials`, the rest is kept as it is."""
    full = reading.context.key(key)
    if not full.startswith(NAMESPACE):
        extension(found, key, value, reading, bare_keys=bare_keys)
    elif full in reading.ours:
        raise Fault("DUPLICATE_KEY", f"{shown(full)} is given twice, under two spellings. Keep one.")
    else:
        reading.ours[full] = (key, value)


def extension_key(key: str, reading: Reading) -> str:
    """The full name of an extension; an undeclared prefix is worth a warning."""
    reading.count_key()
    if len(key) > reading.limits.identifier_chars:
        raise Fault("TOO_LONG", f"This key has {len(key)} characters; the limit is {reading.limits.identifier_chars}.")
    if ":" in key and not reading.context.declares(key):
        prefix = shown(key.partition(":")[0])
        reading.warn("UNDECLARED_PREFIX", f"no @context declares the prefix {prefix}; what it marks is kept but not understood")
    full = reading.context.key(key)
    reading.grow(len(full) - len(key))
    return full


def free(value: Any, reading: Reading) -> Any:
    """A value inside an extension: anything, kept; keys in full, numbers as plain text."""
    kind = type(value)
    if kind is str:
        if ":" in value:
            reading.grow(reading.context.growth(value))  # the event hash writes it in full
        return value
    if value is None or kind is bool:
        return value
    if kind is list:
        reading.count(len(value))
        return [_step(free, each, reading, index) for index, each in enumerate(value)]
    if isinstance(value, dict):
        found: dict[str, Any] = {}
        for key, each in an_object(value).items():
            full = extension_key(key, reading)
            if full in found:
                raise Fault("DUPLICATE_KEY", f"{shown(full)} is given twice, under two spellings. Keep one.", key)
            found[full] = _step(free, each, reading, key)
        return found
    return a_number(value, reading)


def _step(reader: Reader, value: Any, reading: Reading, step: str | int) -> Any:
    try:
        return reader(value, reading)
    except Fault as fault:
        raise fault.under(step) from None
