"""What commands print: JSON lines for programs, tables for people.

Amounts are strings of digits in JSON, so that no reader rounds them, and kilograms in groups of three in tables.
"""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from runtime.harmless import HARMFUL, harmless

NARROW = 30
LONG_URI = re.compile(r"https?://[^\s()/]+(?:/[^\s()/]+){2,}")
HASH = re.compile(r"(urn:uuid:[0-9a-f]{8})-[0-9a-f-]{27}|(ni:///sha-256;[0-9a-f]{8})[0-9a-f]{56}(?:\?ver=CBV2\.0)?")
JSON_ESCAPES = {code: f"\\u{code:04x}" for code in HARMFUL if code >= 0x7F}  # those below are escaped by JSON itself
SEVERITY_STYLE = {"hard": "bold red", "hold": "yellow", "warn": "magenta", "info": "dim"}


class HarmlessConsole(Console):
    """A console on which text that others wrote does nothing but stand there: no escape sequence reaches the terminal."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """As in Console; where lines break is the caller's affair, who puts a stranger's text into one with `harmless`."""
        for segment in super().render(renderable, options):
            if segment.control:
                yield segment
            else:
                yield Segment("\n".join(map(harmless, segment.text.split("\n"))), segment.style)


def console() -> Console:
    """The console for people. Where output goes to a file or a pipe, lines are wide enough for any identifier.

    Neither markup nor emoji codes are interpreted: what is printed comes from documents that others wrote.
    """
    return HarmlessConsole(width=None if sys.stdout.isatty() else 200, highlight=False, markup=False, emoji=False)


def print_json(value: object) -> None:
    """Print one JSON object as a line, which no terminal takes for more than text."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(JSON_ESCAPES) + "\n")


def plain(value: msgspec.Struct) -> dict[str, Any]:
    """A Struct as JSON values: decimals and every amount in mg as strings of digits."""
    fields = msgspec.to_builtins(msgspec.structs.asdict(value))  # all of them, those at their default too
    assert isinstance(fields, dict)  # noqa: S101  # a Struct without array_like always is
    return {name: digits(name, item) for name, item in fields.items()}


def digits(name: str, value: Any) -> Any:
    """`value` with its amounts as strings of digits, where `name` says that it holds milligrams."""
    if isinstance(value, list):
        return [digits(name, item) for item in value]
    if isinstance(value, dict):
        return {key: digits(name if name.endswith("_mg") else key, item) for key, item in value.items()}
    return str(value) if name.endswith("_mg") and isinstance(value, int) else value


def jsonable(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of ClickHouse as JSON values: times in ISO 8601, decimals and amounts in mg as strings."""
    return {name: digits(name, _plain(value)) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def cell(value: Any) -> str:
    """A value of ClickHouse for a person's table."""
    if value is None:
        return "–"
    if isinstance(value, dict):
        return ", ".join(f"{name} {cell(item)}" for name, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(cell, value))
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def kilograms(mg: int) -> str:
    """Exact kilograms of `mg`, in groups of three: 855_855_000_000 is "855,855"; 1_195_882_400 is "1,195.8824"."""
    whole, rest = divmod(abs(mg), 1_000_000)
    fraction = f".{rest:06d}".rstrip("0").rstrip(".")
    return f"{'-' if mg < 0 else ''}{whole:,}{fraction}"


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str | Text]], right: Sequence[str] = ()) -> Table:
    """A table of the house: light lines, the columns named in `right` to the right."""
    made = Table(title=title, title_justify="left", title_style="bold", box=None, header_style="dim", pad_edge=False)
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*(Text(harmless(cell)) if isinstance(cell, str) else cell for cell in row))
    return made


def severity(word: str) -> Text:
    """A finding's severity, coloured."""
    return Text(word, style=SEVERITY_STYLE.get(word, ""))


def short(text: str) -> str:
    """A text for a narrow column, in one line: each long URI in it by its beginning and its end."""
    return HASH.sub(lambda found: f"{found[1] or found[2]}…", LONG_URI.sub(_short_uri, harmless(text)))


def _short_uri(uri: re.Match[str]) -> str:
    """`https://id.gs1.org/01/09521321102026/10/K1` as `…/10/K1`, `https://mine.example.com/loc/mill` as `mine/…/mill`."""
    if len(uri[0]) <= NARROW:
        return uri[0]
    host, *_, before, last = uri[0].removeprefix("https://").removeprefix("http://").split("/")
    last = last if len(last) <= NARROW else f"{last[:12]}…"
    return f"…/{before}/{last}" if host == "id.gs1.org" else f"{host.split('.')[0]}/…/{last}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """ "1 event", "3 events"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
