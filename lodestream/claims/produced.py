"""What the runs of a plant made, read off its books: as corrections, later assays and the close of campaigns told it last.

A lot counts in the calendar year of the event that made it, by the event's own offset from UTC, with what it held and the
shares that it had at its making, whatever is left of it. What runs of the plant used up again of their active materials is
taken off, so what is bagged, or goes round, counts once.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone

from lodestream.claims.recycled import Output
from lodestream.epcis.event import Event
from lodestream.ledger.fold import Fold
from lodestream.ledger.running import Part, Run
from lodestream.ledger.state import Journal, Lot, Shares

ACTIVE_MATERIALS = frozenset({"precursor"})
"""Product classes that are active material of a battery (docs/vocabulary.md); of lead every product counts (article8.py)."""

Identity = tuple[str, str]
"""A site and the identity of an event in its book."""


def produced(fold: Fold, events: Mapping[Identity, Event]) -> Iterator[Output]:
    """The outputs of all runs of all sites in the books. `events` are those that the books were folded from.

    An output without an assay has no shares; one that a run used up again has them below zero.
    """
    classes = {(site, lot.id): lot.product_class or "" for site, _, lot in fold.every(Lot)}
    journals = {(site, identity): journal for site, identity, journal in fold.every(Journal)}
    for site, _, run in fold.every(Run):
        for part in run.parts:
            event = events[site, part.identity]
            active = classes.get((site, part.lot), "") in ACTIVE_MATERIALS
            if part.role == "output" and not part.loss:
                shares = journals[site, part.identity].changes[part.index].shares
                yield Output(site, local_year(event), part.lot, active, _vectors(part, shares))
            elif part.role == "input" and active:
                yield Output(site, local_year(event), part.lot, active, _vectors(part, part.shares, -1))


def _vectors(part: Part, shares: Shares, sign: int = 1) -> dict[str, dict[str, int]]:
    if not part.assayed:
        return {}
    return {element: {key: sign * mg for key, mg in vector.items()} for element, vector in shares.vectors.items()}


def local_year(event: Event) -> int:
    """The calendar year of an event where it happened."""
    sign = -1 if event.event_time_zone_offset.startswith("-") else 1
    hours, _, minutes = event.event_time_zone_offset.lstrip("+-").partition(":")
    offset = timezone(sign * timedelta(hours=int(hours), minutes=int(minutes or 0)))
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=event.event_time_us)).astimezone(offset).year
