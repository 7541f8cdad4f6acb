"""F23 CORRECTION_ABUSE: error declarations as a way to write the books anew.

Three signs, each a finding of its own: more than 10 of the last 100 events of a site are declarations (a site default: no
standard names a share); a corrective event states more output than the void one, after some of that was shipped; a chain of more
than two corrections. A corrective event is one that the declaration names (correctiveEventIDs), in whichever order they come.
"""

from collections import deque
from collections.abc import Iterator

from msgspec import Struct

from lodestream.ledger.attribution import total
from lodestream.ledger.records import Finding, Outcome
from lodestream.measures import kg
from lodestream.watch.reading import SEEN_US, finding, identity, made
from lodestream.watch.recent import Recent

EVENTS = 100
DECLARED = 10
LINKS = 2
LONGEST = 100
"""No chain is followed further: it is long enough, or a ring."""


class Told(Struct):
    """An event as its site told it: its place in the sequence, what it made in mg by lot and element, and its corrections."""

    seq: int = 0
    made: dict[str, dict[str, int]] = {}
    void: bool = False
    corrects: str = ""
    corrected_by: str = ""


class Corrections:
    """Remembers for each site what its events made, what was shipped, and which of them were corrected."""

    def __init__(self) -> None:
        self._told: Recent[tuple[str, str], Told] = Recent(SEEN_US, Told)
        self._shipped: Recent[tuple[str, str], int] = Recent(SEEN_US, int)
        self._last: dict[str, deque[bool]] = {}

    def advance(self, now_us: int) -> None:
        """See Recent."""
        self._told.advance(now_us)
        self._shipped.advance(now_us)

    def see(self, outcome: Outcome) -> Iterator[Finding]:
        """Note an event that stands, and judge what it says with those before it."""
        event, site = identity(outcome), outcome.site
        if not event or outcome.kind in {"", "refuse"}:
            return
        yield from self._share(outcome)
        if outcome.kind == "ship":
            for line in outcome.lines:
                self._shipped.put((site, line.lot), outcome.seq)
        elif outcome.kind == "correct":
            self._told.at((site, event)).void = True
            for corrective in outcome.correctives:
                yield from self._link(outcome, corrective)
                yield from self._raised(outcome, event, corrective)
        elif outcome.lines:
            told = self._told.at((site, event))
            told.seq, told.made = outcome.seq, {line.lot: line.contained_mg for line in made(outcome)}
            if told.corrects:
                yield from self._raised(outcome, told.corrects, event)

    def _share(self, outcome: Outcome) -> Iterator[Finding]:
        last = self._last.setdefault(outcome.site, deque(maxlen=EVENTS))
        last.append(outcome.kind == "correct")
        if len(last) == EVENTS and sum(last) > DECLARED:
            said = f"{sum(last)} of the last {EVENTS} events of the site are error declarations, > {DECLARED}"
            yield finding("CORRECTION_ABUSE", (outcome.site, "share", identity(outcome)), said)
            last.clear()

    def _link(self, outcome: Outcome, corrective: str) -> Iterator[Finding]:
        site, event = outcome.site, identity(outcome)
        self._told.at((site, event)).corrected_by = corrective
        self._told.at((site, corrective)).corrects = event
        chain = deque([event, corrective])
        while len(chain) < LONGEST and (before := self._at(site, chain[0]).corrects):
            chain.appendleft(before)
        while len(chain) < LONGEST and (after := self._at(site, chain[-1]).corrected_by):
            chain.append(after)
        if len(chain) - 1 > LINKS:
            said = f"{' -> '.join(list(chain)[:10])}: {len(chain) - 1} corrections one of the other, > {LINKS}"
            yield finding("CORRECTION_ABUSE", (site, "chain", chain[0]), said, self._at(site, chain[-1]).made)

    def _at(self, site: str, event: str) -> Told:
        return self._told.get((site, event)) or Told()

    def _raised(self, outcome: Outcome, event: str, corrective: str) -> Iterator[Finding]:
        """The corrective event says more than the void one, and something of that had been shipped."""
        site = outcome.site
        before, after = self._at(site, event), self._at(site, corrective)
        gone = [lot for lot in before.made if (self._shipped.get((site, lot)) or 0) > before.seq]
        if not before.void or not after.made or not gone:
            return
        was, now = _sums(before), _sums(after)
        raised = [f"{element} {kg(was.get(element, 0))} -> {kg(mg)}" for element, mg in now.items() if mg > was.get(element, 0)]
        if raised:
            said = f"{corrective} in place of {event}: {', '.join(raised)}, after {', '.join(sorted(gone))} was shipped"
            yield finding("CORRECTION_ABUSE", (site, "raised", event, corrective), said, after.made)


def _sums(told: Told) -> dict[str, int]:
    return dict(sorted(total(told.made.values()).items()))
