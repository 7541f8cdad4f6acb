"""Facts to files: a document for each source and day, in folders by day, written as the days end.

`DIR/documents/<date>/<source>.json` sorts into an order in which each site's events stand as they were recorded: an event
that was recorded late stands in a later day's document.
"""

from pathlib import Path
from typing import Any

import msgspec

from connectors.economy.events import CONTEXT, clock
from connectors.economy.facts import MINUTES_A_DAY, Event, Fact

_ENCODER = msgspec.json.Encoder(decimal_format="number")


class Writer:
    """Keeps the documents of days that have not ended, and counts what it wrote."""

    def __init__(self, folder: Path) -> None:
        """`folder` is made where it does not exist. Raises FileExistsError where it holds documents already."""
        self._folder = folder / "documents"
        self._folder.mkdir(parents=True)
        self._days: dict[int, dict[str, list[Event]]] = {}
        self.counts = {"documents": 0, "events": 0, "bytes": 0}
        self.kinds: dict[str, int] = {}

    def take(self, fact: Fact) -> None:
        """Keep an event for its document."""
        self._days.setdefault(fact.written, {}).setdefault(fact.source, []).append(fact.event)
        self.kinds[fact.kind] = self.kinds.get(fact.kind, 0) + 1

    def end(self, day: int) -> None:
        """Write the documents of a day."""
        day_name = clock(day * MINUTES_A_DAY, 0)[:10]
        for source, listed in sorted(self._days.pop(day, {}).items()):
            path = self._folder / day_name / f"{source}.json"
            path.parent.mkdir(exist_ok=True)
            data = document(listed, day)
            path.write_bytes(data)
            self.counts["documents"] += 1
            self.counts["events"] += len(listed)
            self.counts["bytes"] += len(data)

    def finish(self) -> None:
        """Write what is still kept: what was recorded after the last day."""
        for day in sorted(self._days):
            self.end(day)


def document(listed: list[Event], day: int) -> bytes:
    """An EPCISDocument of one source and day."""
    whole: dict[str, Any] = {"@context": CONTEXT, "type": "EPCISDocument", "schemaVersion": "2.0"}
    whole |= {"creationDate": clock((day + 1) * MINUTES_A_DAY, 0), "epcisBody": {"eventList": listed}}
    return _ENCODER.encode(whole)


def json_file(path: Path, content: object) -> None:
    """A small side file, readable and with a stable order of keys."""
    path.write_bytes(msgspec.json.format(_ENCODER.encode(content), indent=2) + b"\n")
