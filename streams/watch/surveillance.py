"""What the watch knows, fed with records of the transactions log: by `history` at the start, by Faust's agent afterwards.

Nothing of it is kept: a new process reads the log again and knows the same. So it does not matter what Faust acknowledges, and
when: an entry that was found and not written before a crash is found again, and what the log holds already is not sent again.
"""

import threading
from collections import Counter

import structlog

from lodestream.ledger.book import BookFile
from lodestream.ledger.records import Entry, Outcome
from lodestream.watch.clock import Clock
from lodestream.watch.watch import Watch
from runtime.port import Partition
from runtime.processor import Record
from schemas.codec import UndecodableError, decode

_log = structlog.get_logger(__name__)


class Surveillance:
    """The rules and the clock over the records of all partitions; `taken` holds the next offset of each."""

    def __init__(self, book: BookFile, tick_us: int) -> None:
        self.taken: dict[Partition, int] = {}
        self.found: Counter[tuple[str, str]] = Counter()
        """How many findings there were, by code and severity, since the beginning of the log."""
        self._watch = Watch(book)
        self._clock = Clock(tick_us)
        self._unsent: dict[str, Entry] = {}
        self._latest_us = 0
        self._lock = threading.Lock()  # the history is read by another thread

    def take(self, record: Record) -> int:
        """Look at a record and give its record time (0: it has none). A rule that raises costs its findings."""
        partition = Partition(record.topic, record.partition)
        with self._lock:
            self.taken[partition] = max(self.taken.get(partition, 0), record.offset + 1)
            try:
                outcome = decode(record.value or b"", Outcome)
                self._clock.see(outcome)
                for entry in self._watch.see(outcome):
                    self._unsent[entry.entry_id] = entry
                    if entry.finding is not None:
                        self.found[entry.finding.code, entry.finding.severity] += 1
            except UndecodableError as error:
                _log.error("a transaction cannot be read", alert=True, code=error.code, **_place(record))
                return 0
            except Exception:  # noqa: BLE001  # surveillance that stops at one record would see none of those behind it
                about = "a rule of the watch has a bug: findings of this transaction may be missing"
                _log.exception(about, alert=True, **_place(record))
                return 0
            return outcome.record_time_us

    def advance(self, now_us: int) -> None:
        """Nothing older than this is still to come, as far as is known."""
        with self._lock:
            self._latest_us = max(self._latest_us, now_us)
            self._watch.advance(self._latest_us)

    def unsent(self) -> list[Entry]:
        """The findings that the log does not hold and that nobody has been given yet, in the order in which they were found."""
        with self._lock:
            entries = [entry for entry in self._unsent.values() if entry.entry_id not in self._watch.recorded]
            self._unsent.clear()
            return entries

    def ticks(self, routed_us: int) -> list[Entry]:
        """The ticks that are due; see Clock."""
        with self._lock:
            return self._clock.ticks(routed_us)

    def is_due(self, now_us: int) -> bool:
        """Whether some site waits for a tick."""
        with self._lock:
            return self._clock.is_due(now_us)


def _place(record: Record) -> dict[str, object]:
    return {"topic": record.topic, "partition": record.partition, "offset": record.offset}
