"""Who is there: sites with their identifiers and instruments, carriers, lanes, and who buys what."""

from dataclasses import dataclass, field
from decimal import Decimal

from connectors.economy.chance import Chance
from connectors.economy.materials import Material
from connectors.economy.measuring import Instruments
from connectors.economy.processes import KINDS, OFFSETS, Kind

MARKET = "urn:epc:id:pgln:9529999.00000"
"""The party outside: it sells what nobody here makes and buys what nobody here needs."""

_REGION = {"ZM": "africa", "CL": "america", "PE": "america", "BR": "america", "JP": "east", "KR": "east", "ID": "south"} | {
    "PH": "south",
    "AU": "south",
    "FI": "europe",
    "DE": "europe",
    "BE": "europe",
}
_HUB = {"ZM": "-15.42,28.28", "CL": "-23.65,-70.40", "PE": "-12.05,-77.15", "BR": "-23.96,-46.33", "JP": "35.45,139.65"} | {
    "KR": "35.10,129.04",
    "ID": "-2.55,121.95",
    "PH": "9.78,125.49",
    "AU": "-20.31,118.58",
    "FI": "60.15,24.95",
    "DE": "53.54,9.98",
    "BE": "51.26,4.38",
}
_APART = Decimal("0.4")
_NEAR = frozenset({frozenset({"east", "south"})})


@dataclass(slots=True, eq=False)
class Site:
    """One site: `name` is that of its source too, `prefix` its GS1 company prefix."""

    name: str
    kind: Kind
    prefix: str
    country: str
    instruments: Instruments
    campaigns: bool = False
    numbers: dict[str, int] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The site's SGLN, as its events write it."""
        return f"urn:epc:id:sgln:{self.prefix}.00001.0"

    @property
    def coordinates(self) -> tuple[str, str]:
        """Latitude and longitude in degrees: within 300 km of its country's hub, 15 km or more from any other site."""
        n = int(self.prefix)
        latitude, longitude = map(Decimal, _HUB[self.country].split(","))
        return str(latitude + (n % 11 - 5) * _APART), str(longitude + (n % 13 - 6) * _APART)

    @property
    def offset(self) -> int:
        """Hours of its clocks from UTC."""
        return OFFSETS[self.country]

    def number(self, of: str) -> int:
        """The next number of a series of this site: lots, tickets, consignments."""
        self.numbers[of] = self.numbers.get(of, 0) + 1
        return self.numbers[of]

    def lot(self, material: Material) -> str:
        """A new lot."""
        return f"urn:epc:class:lgtin:{self.prefix}.{material.item}.L{self.number('lot'):05d}"


@dataclass(frozen=True, slots=True)
class Lane:
    """A way between two sites: how, how many days at least and at most, and the hubs at which a carrier sees it."""

    mode: str
    days: tuple[int, int]
    hubs: tuple[str, str]


def settle(seed: int, count: int, quality: int | None) -> list[Site]:
    """`count` sites: the kinds in turn, so that the first twelve are one chain of each metal."""
    sites = []
    for n in range(count):
        turn, kind = n // len(KINDS), KINDS[n % len(KINDS)]
        country = kind.countries[turn % len(kind.countries)]
        instruments = Instruments(Chance(seed, f"instruments {n}"), quality)
        name = f"{kind.name}-{turn + 1}"
        sites.append(Site(name, kind, f"{9_520_001 + n}", country, instruments, kind.campaigns and turn % 2 == 1))
    return sites


def buyers(sites: list[Site]) -> dict[str, list[Site]]:
    """By material: who needs it as feed or reagent, unless he wins it himself."""
    found: dict[str, list[Site]] = {}
    for site in sites:
        for process in site.kind.processes:
            made = {p.material.name for other in site.kind.processes for p in other.products}
            for material in (*process.feeds, *(process.reagent.materials if process.reagent else ())):
                if material != site.kind.wins and material.name not in made:
                    found.setdefault(material.name, []).append(site)
    return found


def lane(sender: Site, receiver: Site) -> Lane:
    """By truck within a country, by ship beyond; a day of sailing is short enough for any pair of hubs at 46 km/h."""
    here, there = sender.country, receiver.country
    hubs = (f"geo:{_HUB[here]}", f"geo:{_HUB[there]}")
    if here == there:
        return Lane("truck", (1, 3), hubs)
    regions = frozenset({_REGION[here], _REGION[there]})
    if len(regions) == 1:
        return Lane("ship", (5, 9), hubs)
    return Lane("ship", (12, 16) if regions in _NEAR else (20, 26), hubs)
