"""The answer of a query, typed: what ClickHouse's JSONCompact says, without a float where there was none.

The same text comes from a server, from chDB in this process and through the socket of the process that holds chDB's folder, so
there is one reader for all. Integers of 64 bits and more, and decimals, come as strings (READ_SETTINGS).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec

READ_SETTINGS = {
    "output_format_json_quote_64bit_integers": "1",
    "output_format_json_quote_decimals": "1",
    "output_format_json_quote_denormals": "1",
    "output_format_json_named_tuples_as_objects": "1",
    "output_format_json_escape_forward_slashes": "0",
}

Converter = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Result:
    """Columns with their ClickHouse types, and rows: int, Decimal, str, bool, float, aware datetime, date, list, dict, None."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def dicts(self) -> list[dict[str, Any]]:
        """The rows by column name."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def value(self) -> Any:
        """The one value of a query for one value."""
        return self.rows[0][0]


class _Column(msgspec.Struct):
    name: str
    type: str


class _Answer(msgspec.Struct):
    meta: list[_Column]
    data: list[list[Any]]


_DECODER = msgspec.json.Decoder(_Answer)


def parse(text: bytes) -> Result:
    """The result in JSONCompact. Raises ValueError for what is none: a statement without a result says nothing."""
    try:
        answer = _DECODER.decode(text)
    except msgspec.DecodeError as error:
        raise ValueError(f"no result in JSONCompact: {error}") from error
    convert = [converter(column.type) for column in answer.meta]
    rows = [tuple(to(item) for to, item in zip(convert, row, strict=True)) for row in answer.data]
    return Result(tuple(c.name for c in answer.meta), tuple(c.type for c in answer.meta), rows)


@cache
def converter(kind: str) -> Converter:
    """What makes a Python value of the JSON value of a type; a type that we do not know stays as it is."""
    name, _, inner = kind.partition("(")
    inner = inner[:-1]
    if name in _WRAPPERS:
        return _WRAPPERS[name](inner)
    if name.startswith(("Int", "UInt")):
        return int
    return _SIMPLE.get(name, _same)


def _nullable(inner: str) -> Converter:
    to = converter(inner)
    return lambda item: None if item is None else to(item)


def _array(inner: str) -> Converter:
    to = converter(inner)
    return lambda items: [to(item) for item in items]


def _map(inner: str) -> Converter:
    key, value = map(converter, _parts(inner))
    return lambda items: {key(k): value(v) for k, v in items.items()}


def _tuple(inner: str) -> Converter:
    named: Mapping[str, Converter] = {}
    parts = _parts(inner)
    fields = [re.fullmatch(r"`([^`]+)` (.+)|(\w+) (.+)", part, re.DOTALL) for part in parts]
    if all(fields):
        named = {field[1] or field[3]: converter(field[2] or field[4]) for field in fields if field}
        return lambda item: {name: to(item[name]) for name, to in named.items()}
    unnamed = [converter(part) for part in parts]
    return lambda items: tuple(to(item) for to, item in zip(unnamed, items, strict=True))


def _parts(inner: str) -> list[str]:
    """Split the arguments of a type at its top-level commas."""
    parts, depth, begin = [], 0, 0
    for place, letter in enumerate(inner):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append(inner[begin:place].strip())
            begin = place + 1
    return [*parts, inner[begin:].strip()]


def _time(item: str) -> datetime:
    """In UTC, as all our columns are. ClickHouse's calendar begins in year 0 and Python's in year 1, which then stands for it."""
    try:
        return datetime.fromisoformat(item).replace(tzinfo=UTC)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)


def _same(item: Any) -> Any:
    return item


_WRAPPERS: dict[str, Callable[[str], Converter]] = {
    "Nullable": _nullable,
    "LowCardinality": converter,
    "Array": _array,
    "Map": _map,
    "Tuple": _tuple,
}
_SIMPLE: dict[str, Converter] = {
    "Decimal": Decimal,
    "DateTime64": _time,
    "DateTime": _time,
    "Date": date.fromisoformat,
    "Date32": date.fromisoformat,
}
