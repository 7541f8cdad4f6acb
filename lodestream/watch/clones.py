"""F16 ASSAY_CLONED: three lots, each with certificates of its own, and one full assay vector.

Laboratories do not hit the same digits three times. Lots that share a certificate (a batch in many bags) are one assay. Only
vectors count in which three substances or more are stated with four significant digits or more (ledger-rules section 9).
"""

from collections.abc import Iterator

from msgspec import Struct

from lodestream.ids import derive
from lodestream.ledger.records import Finding, Line, Outcome
from lodestream.watch.reading import DIGITS, SEEN_US, finding, made, significant_digits, vector
from lodestream.watch.recent import Recent

LOTS = 3
SUBSTANCES = 3
KEPT = 100
"""So many lots of one vector are remembered: each further one would only be named beside them."""


class Assayed(Struct, frozen=True, gc=False):
    """One lot whose certificates are its own."""

    site: str
    lot: str
    certificates: tuple[str, ...]


class Clones:
    """Remembers who stated which full vector, across all sites."""

    def __init__(self) -> None:
        self._known: Recent[tuple[str, ...], list[Assayed]] = Recent(SEEN_US, list)

    def advance(self, now_us: int) -> None:
        """See Recent."""
        self._known.advance(now_us)

    def see(self, outcome: Outcome) -> Iterator[Finding]:
        """Judge each full assay of an outcome; one finding for each site that stated such a vector."""
        if outcome.outcome != "TRANSACTION":
            return
        for line in made(outcome):
            if not _full(line):
                continue
            key = vector(line)
            known = self._known.at(key)
            own = tuple(sorted({assay.certificate or "" for assay in line.assays}))
            if len(known) >= KEPT or any(one.lot == line.lot or {*one.certificates} & {*own} for one in known):
                continue
            known.append(Assayed(outcome.site, line.lot, own))
            if len(known) >= LOTS:
                yield from _said(key, known)


def _full(line: Line) -> bool:
    precise = {assay.substance for assay in line.assays if significant_digits(assay.value) >= DIGITS}
    return len(precise) >= SUBSTANCES and all(assay.certificate for assay in line.assays)


def _said(key: tuple[str, ...], known: list[Assayed]) -> Iterator[Finding]:
    listed = "; ".join(f"{one.lot} by {', '.join(one.certificates)}" for one in known[:LOTS])
    arithmetic = f"{len(known)} lots with certificates of their own state the same {', '.join(key)}: {listed}"
    for site in sorted({one.site for one in known}):
        lots = [one.lot for one in known if one.site == site]
        yield finding("ASSAY_CLONED", (site, derive("assay", *key)), arithmetic, lots)
