"""F24 MUTATED_EVENT across sites: one eventID in two books. Each book sees its own copy only.

Where an event belongs follows from its locations, so whoever edits one of them sends the copy to another partition (runtime-rules
section 5). It is hard, and stands on the lots of the event at each of the sites; where the hash is equal, the register has
changed and not the event: a warning. What was refused, and declarations, which repeat an eventID by right, do not count.
"""

from collections.abc import Iterator

from msgspec import Struct

from lodestream.ledger.records import Finding, Outcome
from lodestream.watch.reading import SEEN_US, finding
from lodestream.watch.recent import Recent

SITES = 20
"""So many sites of one eventID are remembered; each further one would only be named beside them."""


class Copy(Struct, frozen=True, gc=False):
    """An event as one site has it."""

    site: str
    hash: str
    lots: list[str]


class Copies:
    """Remembers the sites of every eventID."""

    def __init__(self) -> None:
        self._known: Recent[str, list[Copy]] = Recent(SEEN_US, list)

    def advance(self, now_us: int) -> None:
        """See Recent."""
        self._known.advance(now_us)

    def see(self, outcome: Outcome) -> Iterator[Finding]:
        """One finding for each site, once there are two."""
        if outcome.event_id is None or not _counts(outcome):
            return
        known = self._known.at(outcome.event_id)
        if len(known) >= SITES or any(copy.site == outcome.site for copy in known):
            return
        known.append(Copy(outcome.site, outcome.event_hash or "", [lot.lot for lot in outcome.lots]))
        if len(known) == 1:
            return
        edited = len({copy.hash for copy in known}) > 1
        listed = ", ".join(f"{copy.site} (hash {copy.hash})" for copy in known)
        said = f"eventID {outcome.event_id} stands in the books of {listed}; no errorDeclaration"
        for copy in known:
            inputs = (copy.site, outcome.event_id)
            yield finding("MUTATED_EVENT", inputs, said, copy.lots, None if edited else "warn")


def _counts(outcome: Outcome) -> bool:
    if outcome.outcome == "PARKED":
        return outcome.reason != "DECLARATION_MISMATCH"
    return outcome.outcome == "TRANSACTION" and outcome.kind not in {"refuse", "correct"}
