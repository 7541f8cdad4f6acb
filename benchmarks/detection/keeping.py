"""Books and watch over the documents of an economy, day by day, as they would be kept.

What a document says is recorded when its day ends, in the order of the documents; then whatever is due at a site by that time is
brought by a tick. The watch reads every outcome, and its findings go back into the books of their sites. All of it pure.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path

from cli.judged import judge
from lodestream.epcis.limits import Limits
from lodestream.epcis.rejection import Rejection
from lodestream.epcis.routing import Router
from lodestream.ledger.book import BookFile
from lodestream.ledger.bookfile import book_entries
from lodestream.ledger.fold import Fold
from lodestream.ledger.records import Entry, Outcome
from lodestream.watch.clock import Clock
from lodestream.watch.watch import Watch

SOURCE = "simulated"
MINUTE_US = 60_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Keeping:
    """The books of all sites, their watch and their clock."""

    def __init__(self, book: BookFile) -> None:
        """Start with empty books."""
        self._book = book
        self._router = Router(book.register)
        self._fold = Fold()
        self._watch = Watch(book)
        self._clock = Clock(MINUTE_US)

    def run(self, documents: Path) -> Iterator[Outcome]:
        """The outcomes of all documents under a folder. Raises AssertionError where the gate refuses an event."""
        for entry in book_entries(self._book, 0):
            yield from self._submit(entry)
        for day, items in groupby(judge([documents], Limits()), key=lambda named: Path(named[0]).parent.name):
            recorded_us = end_us(day)
            self._watch.advance(recorded_us)
            for name, item in items:
                assert not isinstance(item, Rejection), f"the gate refuses {name}: {item.message}"
                admitted = self._router.admit(item, SOURCE, recorded_us, None)
                assert not isinstance(admitted, Rejection), f"no site for {name}: {admitted.message}"
                yield from self._submit(admitted)
            for tick in self._clock.ticks(recorded_us):
                yield from self._submit(tick)

    def _submit(self, entry: Entry) -> Iterator[Outcome]:
        for outcome in self._fold.submit(entry):
            self._clock.see(outcome)
            yield outcome
            for found in self._watch.see(outcome):
                yield from self._submit(found)


def end_us(day: str) -> int:
    """The end of a day (as the folders are named), in microseconds since 1970-01-01 UTC."""
    end = datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(days=1)
    return (end - _EPOCH) // timedelta(microseconds=1)
