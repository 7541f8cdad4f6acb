"""JSON as strangers send it, read within bounds; and JSON as we sign it, written without floats."""

import json
import re
from collections import Counter
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

import msgspec

from lodestream.credentials.errors import CredentialError

LARGEST_BYTES = 8 * 1024 * 1024
"""The largest credential file that is read. The largest of the UNTP samples has 400 kB, most of it pictures."""
DEEPEST = 64
LONGEST_NUMBER = 64
LARGEST_EXPONENT = 400

_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def parse(data: bytes, what: str) -> Any:
    """The value of a JSON text, numbers as int or Decimal. `what` names it in errors.

    Refused: more than LARGEST_BYTES, deeper than DEEPEST, not UTF-8, half a character (RFC 7493 section 2.1), a byte order
    mark, a repeated key, NaN and Infinity, numbers that no quantity needs. Raises CredentialError (TOO_LARGE, TOO_DEEP,
    NOT_UTF8, NOT_JSON, NUMBER).
    """
    if len(data) > LARGEST_BYTES:
        raise CredentialError("TOO_LARGE", f"{what} has {len(data)} bytes; at most {LARGEST_BYTES} are read")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CredentialError("NOT_UTF8", f"{what} is not UTF-8 at byte {error.start}") from None
    if _depth(text) > DEEPEST:
        raise CredentialError("TOO_DEEP", f"{what} is nested more than {DEEPEST} deep")
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_float=_decimal, parse_int=_integer, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise CredentialError("NOT_JSON", f"{what} is not JSON: {error.msg} at character {error.pos}") from None
    except CredentialError as error:
        raise CredentialError(error.code, f"{what} {error}") from None
    if _SURROGATE.search(text):
        _check_whole(value, what)
    return value


def _check_whole(value: Any, what: str) -> None:
    """Nothing where every text in the value can be written again: half of a surrogate pair, escaped as \\ud800, cannot."""
    try:
        json.dumps(value, ensure_ascii=False, default=str).encode("utf-8")
    except UnicodeEncodeError:
        raise CredentialError("NOT_UTF8", f"{what} holds half a character (a lone surrogate), which no text can have") from None


def parse_object(data: bytes, what: str) -> dict[str, Any]:
    """As `parse`, for what must be a JSON object. Raises CredentialError (NOT_JSON too where it is none)."""
    value = parse(data, what)
    if not isinstance(value, dict):
        raise CredentialError("NOT_JSON", f"{what} is not a JSON object")
    return value


_ENCODER = msgspec.json.Encoder(decimal_format="number")


def write(value: Any) -> bytes:
    """Compact JSON in the order of the value's keys. A Decimal is written as the number that it is, digit by digit."""
    return _ENCODER.encode(value)


def plain(number: Decimal) -> Decimal:
    """The same number in its one shortest text: no trailing zeros, and no exponent on a large one (1E+4 is 10000)."""
    text = format(number, "f")
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)


def _depth(text: str) -> int:
    """The deepest nesting of brackets outside strings; counted before parsing, so that no parser's stack is at stake.

    Where there are no more brackets than may be nested, they are not looked at one by one.
    """
    if (many := text.count("[") + text.count("{")) <= DEEPEST:
        return many
    deepest = depth = 0
    for bracket in _BRACKET.findall(_STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise CredentialError("NOT_JSON", f"names {twice[:100]!r} twice in one object")
    return value


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(text) if len(text) <= LONGEST_NUMBER else None
    except InvalidOperation:
        number = None
    if number is None or abs(number.adjusted()) > LARGEST_EXPONENT:
        raise CredentialError("NUMBER", f"holds the number {text[:LONGEST_NUMBER]}, which is out of bounds")
    return number


def _integer(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise CredentialError("NUMBER", f"holds an integer of {len(text)} digits; at most {LONGEST_NUMBER} are read")
    return int(text)


def _no_constant(text: str) -> NoReturn:
    raise CredentialError("NUMBER", f"holds {text}, which is no JSON number")
