"""F9 IMPOSSIBLE_TRAVEL: a consignment that came faster than its kind of transport can go.

A receipt is held against the earliest shipment of its (consignment, lot), as the crow flies: distance / time > vmax. Where the
two events name no mode, what flies is assumed. The accounts TRANSIT and CUSTODY say which consignment it is, so a lot without an
assay, which posts nothing, is not seen here; nor are carriers' own events, whose lots the transactions do not name.
"""

from collections.abc import Iterator
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

Point = tuple[int, int]  # latitude and longitude in millionths of a degree


class Sight(Struct, frozen=True, gc=False):
    """A consignment was seen at a place: by which site's event, at what time (us), and how it travels."""

    time_us: int
    place: str
    site: str
    event: str
    mode: str | None


class Journey(Struct):
    """The shipments and receipts of one lot of a consignment."""

    shipped: list[Sight] = []
    received: list[Sight] = []


class Travels:
    """Joins shipments and receipts across sites, whichever comes first."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._journeys: Recent[tuple[str, str], Journey] = Recent(SEEN_US, Journey)

    def advance(self, now_us: int) -> None:
        """See Recent."""
        self._journeys.advance(now_us)

    def see(self, outcome: Outcome) -> Iterator[Finding]:
        """Note a shipment or a receipt, and judge the receipts that it belongs to."""
        side = {"ship": "TRANSIT", "receive": "CUSTODY"}.get(outcome.kind)
        if side is None:
            return
        refs = dict.fromkeys((kind, *ref) for kind, ref in (parts_of(p.account) for p in outcome.postings) if len(ref) == 2)
        place = outcome.read_point or outcome.location or outcome.site
        sight = Sight(outcome.valid_time_us, place, outcome.site, identity(outcome), outcome.transport_mode)
        for kind, consignment, lot in refs:
            if kind != side:
                continue
            journey = self._journeys.at((consignment, lot))
            (journey.shipped if outcome.kind == "ship" else journey.received).append(sight)
            for receipt in journey.received if outcome.kind == "ship" else [sight]:
                yield from self._judge(consignment, lot, journey.shipped, receipt)

    def _judge(self, consignment: str, lot: str, shipped: list[Sight], receipt: Sight) -> Iterator[Finding]:
        sent = min(shipped, key=lambda one: one.time_us, default=None)
        there = self._point(receipt)
        here = self._point(sent) if sent is not None else None
        if sent is None or here is None or there is None:
            return
        way_m, took_us = distance_m(here, there), receipt.time_us - sent.time_us
        mode = sent.mode or receipt.mode
        top = KM_PER_HOUR.get(mode or "air", KM_PER_HOUR["air"])
        if way_m * HOUR_US > top * 1000 * max(took_us, 0):
            speed = f" = {decimal((way_m * HOUR_US, 1000 * took_us), 1)} km/h" if took_us > 0 else ""
            said = (
                f"{consignment} {lot}: {sent.place} to {receipt.place}, {decimal((way_m, 1000), 1)} km "
                f"in {decimal((took_us, HOUR_US), 2)} h{speed}; {mode or 'any transport'} goes {top} km/h at most"
            )
            yield finding("IMPOSSIBLE_TRAVEL", (receipt.site, consignment, lot, receipt.event), said, [lot])

    def _point(self, sight: Sight) -> Point | None:
        known, sites = self._register.coordinates, self._register.locations
        return known.get(sight.place) or known.get(sites.get(sight.place, sight.site))


def distance_m(here: Point, there: Point) -> int:
    """The great-circle distance in metres (haversine, mean radius of the earth).

    The one place of the rules that uses floats: it is no quantity of metal, and is rounded to the metre, where their error of
    nanometres is gone.
    """
    (lat1, lon1), (lat2, lon2) = ((radians(lat / 1e6), radians(lon / 1e6)) for lat, lon in (here, there))
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return round(2 * EARTH_M * asin(sqrt(min(half, 1.0))))
