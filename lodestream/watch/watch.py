"""All rules of the watch together: outcomes in, in the order of each site's log, and entries with findings out.

Rulebook R63, R89.
"""

from collections.abc import Callable, Iterator

from lodestream.ledger.book import BookFile
from lodestream.ledger.records import Entry, Finding, Outcome
from lodestream.watch.clones import Clones
from lodestream.watch.copies import Copies
from lodestream.watch.corrections import Corrections
from lodestream.watch.drift import Drift
from lodestream.watch.licence import Licences
from lodestream.watch.replay import Replays
from lodestream.watch.throughput import Throughput
from lodestream.watch.travel import Travels

Rule = Callable[[Outcome], Iterator[Finding]]


class Watch:
    """The state of the surveillance. Licences, nameplates, losses and coordinates are those of the book file as it is now."""

    def __init__(self, book: BookFile) -> None:
        travels, replays, clones, copies = Travels(book.register), Replays(), Clones(), Copies()
        drift, corrections = Drift(book.sites), Corrections()
        self._forgetful = (travels, replays, clones, drift, corrections, copies)
        self._rules: tuple[Rule, ...] = (
            Licences(book.sites).see,
            travels.see,
            replays.see,
            clones.see,
            drift.see,
            corrections.see,
            copies.see,
            Throughput(book.sites).see,
        )
        self._seq: dict[str, int] = {}
        self._made: set[str] = set()
        self.recorded: set[str] = set()
        """The ids of the findings of the watch that stand in the transactions log."""

    def see(self, outcome: Outcome) -> list[Entry]:
        """The findings that an outcome brings, each once, as entries of their sites' books.

        What was seen before is passed over, and so is what a finding has caused: it would watch itself.
        """
        if outcome.kind == "finding":
            self.recorded.add(outcome.entry_id)
        if outcome.kind == "finding" or outcome.outcome not in {"TRANSACTION", "PARKED"}:
            return []
        if outcome.outcome == "TRANSACTION":
            if outcome.seq <= self._seq.get(outcome.site, 0):
                return []
            self._seq[outcome.site] = outcome.seq
        found = [one for rule in self._rules for one in rule(outcome)]
        return [_entry(one, outcome) for one in found if self._is_new(one)]

    def advance(self, now_us: int) -> None:
        """What still comes was recorded at `now_us` or later, as far as is known: what is too old by then may be forgotten."""
        for rule in self._forgetful:
            rule.advance(now_us)

    def _is_new(self, found: Finding) -> bool:
        if found.id in self._made:
            return False
        self._made.add(found.id)
        return True


def _entry(found: Finding, cause: Outcome) -> Entry:
    return Entry(
        entry_id=found.id,
        site=found.inputs[0],
        kind="FINDING",
        record_time_us=cause.record_time_us,
        cause=cause.txn_id,
        finding=found,
    )
