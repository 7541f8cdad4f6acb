"""A simulated history through gate, ledger and watch, and what the rules said of it."""

import tempfile
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.detection.keeping import Keeping
from cli.book_files import read_book_file
from connectors.economy.frauds.scene import Label
from connectors.economy.simulate import Plan, simulate
from lodestream.epcis.identifiers import canonical_id
from lodestream.ledger.records import Finding, Outcome

BAD = frozenset({"hard", "hold"})


@dataclass
class History:
    """What came of one plan: every finding ever opened, by id, and those that are open at its end."""

    plan: Plan
    events: int
    labels: list[Label]
    opened: dict[str, Finding] = field(default_factory=dict)
    by_event: dict[str, set[str]] = field(default_factory=dict)  # eventID: the findings that its outcome opened
    sites: dict[str, str] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    repeated: set[str] = field(default_factory=set)

    def take(self, outcome: Outcome) -> None:
        """One outcome of the ledger."""
        event = outcome.event_id or ""
        if outcome.outcome == "DUPLICATE":
            self.repeated.add(event)
        for finding in outcome.findings:
            if finding.state == "open":
                self.opened[finding.id] = finding
                self.closed.discard(finding.id)
                self.sites[finding.id] = outcome.site
                self.by_event.setdefault(event, set()).add(finding.id)
            else:
                self.closed.add(finding.id)

    def standing(self) -> list[Finding]:
        """The findings that are open at the end."""
        return [finding for identity, finding in self.opened.items() if identity not in self.closed]

    def alarms(self) -> Counter[tuple[str, str]]:
        """Rule and code of the hard and hold findings that stand."""
        return Counter((f.rule, f.code) for f in self.standing() if f.severity in BAD)

    def passed(self) -> Counter[tuple[str, str]]:
        """Rule and code of the hard and hold findings that opened and closed: what waited, and what was corrected."""
        return Counter((f.rule, f.code) for i, f in self.opened.items() if i in self.closed and f.severity in BAD)

    def said_of(self, label: Label) -> list[Finding]:
        """Every finding that names an event or a lot of a label, or was opened by its event."""
        lots = {canonical_id(lot) for lot in label.lots}
        named = {*label.event_ids, *lots}
        by_event = {i for event in label.event_ids for i in self.by_event.get(event, ())}
        return [f for i, f in self.opened.items() if i in by_event or named & {*f.inputs, *f.lots}]

    def found(self, label: Label, by_site: bool) -> bool:
        """Whether the finding of a label's rule was opened on it; `by_site`: anywhere at its site."""
        if label.kind == "F10":
            return set(label.event_ids) <= self.repeated
        site = canonical_id(label.site)
        if by_site:
            return any(f.rule == label.kind and self.sites[i] == site for i, f in self.opened.items())
        return any(f.rule == label.kind for f in self.said_of(label))


def run_all(plans: Iterable[Plan]) -> list[History]:
    """The histories of plans, in their order; each runs in a process of its own, as many at once as there are cores."""
    with ProcessPoolExecutor() as pool:
        return list(pool.map(run, plans))


def run(plan: Plan) -> History:
    """Simulate a plan and keep the books over it. Raises AssertionError where the gate refuses one of its events."""
    with tempfile.TemporaryDirectory() as folder:
        made = simulate(plan, Path(folder) / "economy")
        keeping = Keeping(read_book_file(Path(folder) / "economy" / "book.toml"))
        history = History(plan, made.events, made.labels)
        for outcome in keeping.run(Path(folder) / "economy" / "documents"):
            history.take(outcome)
    return history
