"""From bytes to JSON values: exact numbers, bounded depth, no key twice. Nothing here knows EPCIS."""

import json
import re
from collections import Counter
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

import msgspec

from lodestream.epcis.faults import Fault, shown
from lodestream.epcis.limits import Limits

# A number within these bounds can be written plain in less than 150 characters, and no sum of them explodes.
_DIGITS = 60
_EXPONENT = 60
_BEYOND = 10**_DIGITS

_ESCAPED = re.compile(rb"\\.", re.DOTALL)
_STRING = re.compile(rb'"[^"]*"?')
_MARKS = b'"[]{}'
_NOT_MARKS = bytes(set(range(256)) - set(_MARKS))
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class Repeated(dict[str, Any]):
    """An object that holds `key` twice. It is no plain dict, so whatever reads it refuses it, and only there."""

    key: str = ""

    def fault(self) -> Fault:
        """What is wrong with it."""
        return Fault("DUPLICATE_KEY", f"The key {shown(self.key)} stands twice in this object. Keep one.")


class Unrepresentable:
    """A number that is JSON but has more digits or a larger exponent than is kept exactly; a whole one may be an int as well."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text


def is_number(value: Any) -> bool:
    """Whether a parsed value is a number, and one that is kept exactly."""
    return type(value) is Decimal or (type(value) is int and -_BEYOND < value < _BEYOND)


def parse(payload: bytes, limits: Limits) -> Any:
    """The JSON value in `payload`: whole numbers are ints, others Decimals. Raises Fault for what is not JSON or too large."""
    if len(payload) > limits.inbox_record_bytes:
        message = f"The document has {len(payload)} bytes; the limit is {limits.inbox_record_bytes}. Split it."
        raise Fault("TOO_LARGE", message)
    try:
        text = payload.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"Byte {error.start} is not UTF-8. JSON must be sent as UTF-8."
        raise Fault("NOT_UTF8", message) from None
    if not text.strip():
        raise Fault("EMPTY", "There is nothing in this record. Send an event or an EPCIS document.")
    if too_deep(payload, limits.nesting):
        message = f"Objects and lists are nested deeper than {limits.nesting} levels. Flatten the document."
        raise Fault("TOO_DEEP", message)
    value = _quick(text)
    if value is not None:
        return value
    value = _loads(text)
    if "\\u" in text and _LONE_SURROGATE.search(json.dumps(value, ensure_ascii=False, default=repr)):
        raise Fault("NOT_UTF8", "A string holds half of a surrogate pair (\\ud800 to \\udfff). Send the whole character.")
    return value


def too_deep(payload: bytes, limit: int) -> bool:
    """Whether lists and objects are nested deeper than `limit`, found without recursion and before parsing."""
    if payload.count(b"[") + payload.count(b"{") <= limit:
        return False
    if b"\\" in payload:
        payload = _ESCAPED.sub(b"", payload)
    depth = 0
    for mark in _STRING.sub(b"", payload.translate(None, _NOT_MARKS)):
        depth += 1 if mark in b"[{" else -1
        if depth > limit:
            return True
    return False


def _quick(text: str) -> Any:
    """The value by the fast reader, which does not see that a key stands twice; None where it cannot tell, or refuses.

    Without escapes, each colon of the text, of a member or in a string, is one of what is read, unless a member was lost.
    CPU time for an event of 1,100 bytes: 5.5 us, where the exact reader takes 9.9.
    """
    if "\\" in text:
        return None
    try:
        value = _read(text)
    except msgspec.DecodeError:  # the exact reader says what and where, or takes it
        return None
    return value if _write(value).count(b":") == text.count(":") else None


def _loads(text: str) -> Any:
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        message = f"This is not JSON: {error.msg}, at line {error.lineno}, column {error.colno}."
        raise Fault("NOT_JSON", message) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    repeated = Repeated(made)
    repeated.key = Counter(key for key, _ in pairs).most_common(1)[0][0]
    return repeated


def _integer(text: str) -> int | Unrepresentable:
    return int(text) if len(text) <= _DIGITS + 1 else Unrepresentable(text)


def _number(text: str) -> Decimal | Unrepresentable:
    if len(text) < _DIGITS and "e" not in text and "E" not in text:
        return Decimal(text)
    try:
        value = Decimal(text)
    except InvalidOperation:  # an exponent beyond what a Decimal holds
        return Unrepresentable(text)
    if len(value.as_tuple().digits) > _DIGITS or abs(value.adjusted()) > _EXPONENT:
        return Unrepresentable(text)
    return value


def _constant(name: str) -> NoReturn:
    message = f"{shown(name)} is not a JSON number. Leave the field out where there is no value."
    raise Fault("NOT_JSON", message)


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_number, parse_int=_integer, parse_constant=_constant)
_read = msgspec.json.Decoder(float_hook=_number).decode
_write = msgspec.json.Encoder(enc_hook=str).encode
