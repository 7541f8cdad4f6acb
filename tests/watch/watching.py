"""Events through the real ledger into the watch, and outcomes by hand where the ledger's own arithmetic is not the point."""

from typing import Any

from lodestream.epcis.event import Event
from lodestream.ledger.book import BookFile, Register, SiteBook
from lodestream.ledger.fold import Fold
from lodestream.ledger.records import Closure, Entry, Finding, Outcome
from lodestream.watch.watch import Watch
from tests.ledger.making import START, entry

DAY = 86_400_000_000
HOUR = 3_600_000_000


class Watched:
    """A fold of the ledger with the watch behind it: submits events and gives the findings of the watch."""

    def __init__(self, register: Register | None = None, **sites: SiteBook) -> None:
        book = BookFile(register=register or Register(), sites=sites)
        self.fold = Fold(book)
        self.watch = Watch(book)
        self.outcomes: list[Outcome] = []
        self.entries: list[Entry] = []

    def __call__(self, *events: Event) -> list[Finding]:
        """The findings that these events bring."""
        made = [self._look(outcome) for one in events for outcome in self.fold.submit(entry(one))]
        return [found for some in made for found in some]

    def _look(self, outcome: Outcome) -> list[Finding]:
        self.outcomes.append(outcome)
        entries = self.watch.see(outcome)
        self.entries += entries
        return [entry.finding for entry in entries if entry.finding is not None]


def said(found: list[Finding]) -> list[tuple[str, str, str]]:
    """Code, severity and site of findings."""
    return [(one.code, one.severity, one.inputs[0]) for one in found]


def outcome(site: str, seq: int, kind: str = "create", **fields: Any) -> Outcome:
    """An outcome by hand."""
    fields.setdefault("event_id", f"urn:test:{site}:{seq}")
    fields.setdefault("event_hash", f"ni:{fields['event_id']}")
    fields.setdefault("valid_time_us", START + seq * HOUR)
    fields.setdefault("outcome", "TRANSACTION")
    fields.setdefault("entry_id", f"e-{site}-{seq}")
    return Outcome(
        txn_id=f"t-{site}-{seq}",
        attempt=1,
        site=site,
        rule_version=1,
        record_time_us=fields["valid_time_us"],
        kind=kind,
        seq=seq,
        **fields,
    )


def run(site: str, seq: int, inputs_mg: int, outputs_mg: int, u_mg: int, element: str = "Cu") -> Outcome:
    """A transformation whose balance was judged."""
    return outcome(site, seq, "transform", closures=[Closure(f"run-{seq}", element, inputs_mg, outputs_mg, u_mg)])


def found_by(watch: Watch, *outcomes: Outcome) -> list[Finding]:
    """The findings of outcomes by hand."""
    return [made.finding for one in outcomes for made in watch.see(one) if made.finding is not None]
