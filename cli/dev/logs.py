"""The logs of all workers as one, each line by whom it is: read from the files that they write.

Files and not pipes: they stay when everything has ended, and a worker never waits for the one who reads.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.text import Text

from runtime.harmless import harmless

BYTES_AT_ONCE = 256 * 1024
LINE_CHARACTERS = 4_000
LIST_SHOWN = 4
NAME_WIDTH = 12
LEVEL_STYLE = {"warning": "yellow", "error": "red", "critical": "bold red"}
LEFT_OUT = frozenset({"timestamp", "level", "event", "logger", "processor", "instance", "alert", "exception"})
"""What every line has, or what has a place of its own."""


class LogFile:
    """One worker's log, from where it ends now."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self._path = path
        self._read = path.stat().st_size if path.exists() else 0
        self._rest = b""

    def lines(self) -> Iterator[str]:
        """What has been written since the last look, line by line; a line that is not finished yet comes when it is."""
        if not self._path.exists():
            return
        with self._path.open("rb") as log:
            log.seek(self._read)
            data = log.read(BYTES_AT_ONCE)
        self._read += len(data)
        *whole, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > BYTES_AT_ONCE:
            self._rest = b""  # no line of ours is so long
        for line in whole:
            yield line.decode("utf-8", "replace")[:LINE_CHARACTERS]


def readable(name: str, line: str) -> Text:
    """A line of a worker's log for a person: who, when, what, and the rest as name=value."""
    try:
        fields = json.loads(line)
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        return Text.assemble(_who(name), harmless(line))
    style = LEVEL_STYLE.get(str(fields.get("level")), "")
    time = str(fields.get("timestamp", ""))[11:19]  # UTC, as in the file
    said = Text.assemble(_who(name), (f"{harmless(time)} ", "dim"), (harmless(str(fields.get("event", ""))), style))
    pairs = (f"{key}={_value(value)}" for key, value in fields.items() if key not in LEFT_OUT)
    said.append("".join(f"  {harmless(pair)}" for pair in pairs), style if style else "dim")
    for each in fields.get("exception") or ():
        said.append("\n").append(_who(name)[0], "dim").append(f"  {harmless(str(each))}", style)
    return said


def _who(name: str) -> tuple[str, str]:
    return f"{name:<{NAME_WIDTH}}", "cyan"


def _value(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False) if " " in value or not value else value
    if isinstance(value, list):
        more = f",... ({len(value)})" if len(value) > LIST_SHOWN else ""
        return ",".join(map(str, value[:LIST_SHOWN])) + more
    return str(value)
