"""F9 IMPOSSIBLE_TRAVEL: goods that came, or were seen, faster than their kind of transport can go.

A receipt is held against the earliest shipment of its (consignment, lot), as the crow flies: distance / time > vmax. So is what
a carrier saw of it on the way. A container, or another single thing, is in one place: each of its sights is held against those
before and after it. A mode is that of the whole way, of which a leg may go by rail. Where none is named, what flies is assumed.

The accounts TRANSIT and CUSTODY say which consignment was moved: a lot without an assay, which posts nothing, is not seen here.
What a carrier saw of lots counts where it names the consignment. Two carriers may have seen parts of one lot in two places: those
are not held against each other. Rulebook R89.
"""

import re
from bisect import insort
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from math import asin, cos, radians, sin, sqrt

from msgspec import Struct

from lodestream.ledger.book import Register
from lodestream.ledger.records import Finding, Outcome
from lodestream.measures import decimal
from lodestream.watch.reading import HOUR_US, SEEN_US, finding, identity, parts_of
from lodestream.watch.recent import Recent

KM_PER_HOUR = {"truck": 90, "rail": 120, "ship": 46, "air": 900}
"""How fast each mode is at most (mass-balance section 3)."""
EARTH_M = 6_371_009
KEPT = 200
"""So many sights of one lot or thing are remembered, the latest."""
LEG = "rail"
MOVES = {"ship": "TRANSIT", "receive": "CUSTODY"}
_GEO = re.compile(r"geo:(-?\d{1,3}(?:\.\d{1,12})?),(-?\d{1,3}(?:\.\d{1,12})?)(?:[,;]|$)")

Point = tuple[int, int]  # latitude and longitude in millionths of a degree


class Sight(Struct, frozen=True, gc=False, order=True):
    """Goods were seen at a place: at what time (us), by which site's event, how they travel, and whether that moved them."""

    time_us: int
    place: str
    site: str
    event: str
    mode: str
    moves: bool


class Journey(Struct):
    """The shipments and receipts of one lot of a consignment, and where carriers saw it."""

    shipped: list[Sight] = []
    received: list[Sight] = []
    seen: list[Sight] = []


class Travels:
    """Joins shipments, receipts and what carriers saw across sites, whichever comes first."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._journeys: Recent[tuple[str, str], Journey] = Recent(SEEN_US, Journey)
        self._things: Recent[str, list[Sight]] = Recent(SEEN_US, list)

    def advance(self, now_us: int) -> None:
        """See Recent."""
        self._journeys.advance(now_us)
        self._things.advance(now_us)

    def see(self, outcome: Outcome) -> Iterator[Finding]:
        """Note a shipment, a receipt or an observation, and judge what belongs to it."""
        side = MOVES.get(outcome.kind)
        if side is None and not _is_observation(outcome):
            return
        place = outcome.read_point or outcome.location or outcome.site
        mode = outcome.transport_mode or ""
        sight = Sight(outcome.valid_time_us, place, outcome.site, identity(outcome), mode, side is not None)
        for consignment, lot in _moved(outcome, side):
            journey = self._journeys.at((consignment, lot))
            if side == "TRANSIT":
                journey.shipped.append(sight)
                yield from self._judge(consignment, lot, journey, [*journey.received, *journey.seen])
            else:
                (journey.received if sight.moves else journey.seen).append(sight)
                del journey.seen[:-KEPT]
                yield from self._judge(consignment, lot, journey, [sight])
        for thing in outcome.carried:
            yield from self._beside(thing, sight)

    def _judge(self, consignment: str, lot: str, journey: Journey, later: list[Sight]) -> Iterator[Finding]:
        if not journey.shipped:
            return
        sent = min(journey.shipped, key=lambda one: one.time_us)
        for sight in later:
            said = self._too_fast(sent, sight, sent.mode or sight.mode if sight.moves else _leg(sent, sight))
            if said:
                site = sight.site if sight.moves else sent.site
                yield finding("IMPOSSIBLE_TRAVEL", (site, consignment, lot, sight.event), f"{consignment} {lot}: {said}", [lot])

    def _beside(self, thing: str, sight: Sight) -> Iterator[Finding]:
        """A single thing: with where it was before and after."""
        sights = self._things.at(thing)
        if sight in sights or self._point(sight) is None:  # a place that nobody knows must not stand between two that are known
            return
        insort(sights, sight)
        at = sights.index(sight)
        for before, after in pairwise(sights[max(0, at - 1) : at + 2]):
            said = self._too_fast(before, after, _leg(before, after))
            if said:
                site = before.site if before.moves and not after.moves else after.site
                yield finding("IMPOSSIBLE_TRAVEL", (site, thing, before.event, after.event), f"{thing}: {said}")
        del sights[:-KEPT]

    def _too_fast(self, before: Sight, after: Sight, mode: str) -> str:
        """The arithmetic, where the way between two places took less time than it can; empty where it did not."""
        here, there = self._point(before), self._point(after)
        if here is None or there is None:
            return ""
        way_m, took_us = distance_m(here, there), after.time_us - before.time_us
        top = KM_PER_HOUR.get(mode or "air", KM_PER_HOUR["air"])
        if way_m * HOUR_US <= top * 1000 * max(took_us, 0):
            return ""
        speed = f" = {decimal((way_m * HOUR_US, 1000 * took_us), 1)} km/h" if took_us > 0 else ""
        return (
            f"{before.place} to {after.place}, {decimal((way_m, 1000), 1)} km "
            f"in {decimal((took_us, HOUR_US), 2)} h{speed}; {mode or 'any transport'} goes {top} km/h at most"
        )

    def _point(self, sight: Sight) -> Point | None:
        known, sites = self._register.coordinates, self._register.locations
        return known.get(sight.place) or geo(sight.place) or known.get(sites.get(sight.place, sight.site))


def _is_observation(outcome: Outcome) -> bool:
    """Whether it tells where something was seen. A carrier that says no quantity is refused as a mover, and has seen it."""
    return bool(outcome.seen or outcome.carried) and (outcome.kind != "refuse" or outcome.reason == "NO_QUANTITY")


def _moved(outcome: Outcome, side: str | None) -> list[tuple[str, str]]:
    """The (consignment, lot) that an outcome moved, or that a carrier saw."""
    if side is None:
        return [(outcome.consignment, lot) for lot in outcome.seen] if outcome.consignment else []
    refs = dict.fromkeys((kind, *ref) for kind, ref in (parts_of(p.account) for p in outcome.postings) if len(ref) == 2)
    return [(consignment, lot) for kind, consignment, lot in refs if kind == side]


def _leg(one: Sight, other: Sight) -> str:
    """The fastest mode that a leg between two sights may have had: rail, where nothing faster is named for the whole way."""
    modes = {one.mode, other.mode} - {""}
    return max([*modes, LEG], key=lambda mode: KM_PER_HOUR.get(mode, 0)) if modes else ""


def geo(place: str) -> Point | None:
    """The point of a `geo:` URI (RFC 5870); None where it is none, or not on the earth."""
    found = _GEO.match(place)
    lat, lon = (int(Decimal(part).scaleb(6).to_integral_value()) for part in found.groups()) if found else (0, 0)
    return (lat, lon) if found and abs(lat) <= 90_000_000 and abs(lon) <= 180_000_000 else None


def distance_m(here: Point, there: Point) -> int:
    """The great-circle distance in metres (haversine, mean radius of the earth).

    The one place of the rules that uses floats: it is no quantity of metal, and is rounded to the metre, where their error of
    nanometres is gone.
    """
    (lat1, lon1), (lat2, lon2) = ((radians(lat / 1e6), radians(lon / 1e6)) for lat, lon in (here, there))
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return round(2 * EARTH_M * asin(sqrt(min(half, 1.0))))
