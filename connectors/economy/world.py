"""The state of the economy: what each site has, what is under way, and where the metal is in truth.

Truth is kept in whole milligrams and balances exactly (`Tally`).
"""

from dataclasses import dataclass, field

from connectors.economy import events as e
from connectors.economy.chance import Chance
from connectors.economy.facts import Event, Fact
from connectors.economy.measuring import Truth
from connectors.economy.parcels import Parcel
from connectors.economy.sites import Site, buyers, settle


@dataclass(slots=True)
class Tally:
    """Where the true mg of each element are: `came` = what is at sites and under way + `gone`, always."""

    came: dict[str, int] = field(default_factory=dict)
    gone: dict[str, int] = field(default_factory=dict)

    def add(self, to: dict[str, int], content: dict[str, int]) -> None:
        """Count content that came or went."""
        for element, mg in content.items():
            to[element] = to.get(element, 0) + mg


@dataclass(slots=True, eq=False)
class Arrival:
    """A consignment under way: a parcel, who gets it, and the papers that its events share."""

    parcel: Parcel
    sender: Site
    receiver: Site
    consignment: str
    papers: Event
    final: bool = True
    before: Parcel | None = None  # the first convoy of two


@dataclass(slots=True, eq=False)
class Works:
    """What a site has: feed and reagents by material name, goods to be shipped, work in process of a campaign."""

    stock: dict[str, list[Parcel]] = field(default_factory=dict)
    goods: list[Parcel] = field(default_factory=list)
    finals: list[tuple[int, Parcel]] = field(default_factory=list)
    wip: Truth = field(default_factory=lambda: Truth(0, 0, {}))
    campaign: str = ""
    campaign_before: str = ""
    shift: int = 0
    minute: int = 0


class World:
    """All sites, and what is between them."""

    def __init__(self, seed: int, sites: int, quality: int | None = None) -> None:
        """`quality` in thousandths of the documented u for all instruments; None: each site's own."""
        self.seed = seed
        self.sites = settle(seed, sites, quality)
        self.buyers = buyers(self.sites)
        self.works = {site.name: Works() for site in self.sites}
        self.under_way: dict[int, list[Arrival]] = {}
        self.seen: dict[int, list[Fact]] = {}
        self.waiting: list[Parcel] = []  # first convoys, until the second is there
        self.tally = Tally()
        self.chance = Chance(seed, "flow")

    def tick(self, site: Site) -> int:
        """The next minute at a site."""
        works = self.works[site.name]
        works.minute += self.chance.between(3, 11)
        return works.minute

    def identity(self, site: Site) -> str:
        """The next eventID of a site."""
        return e.event_id(self.seed, site, site.number("event"))

    def stock(self, site: Site, parcel: Parcel) -> None:
        """Put a parcel where the processes find it."""
        self.works[site.name].stock.setdefault(parcel.material.name, []).append(parcel)

    def held(self) -> dict[str, int]:
        """The true mg of each element at sites and under way."""
        total: dict[str, int] = {}
        parcels = [*self.waiting, *(a.parcel for due in self.under_way.values() for a in due)]
        for works in self.works.values():
            parcels += [p for lots in works.stock.values() for p in lots] + works.goods
            self.tally.add(total, works.wip.content)
        for parcel in parcels:
            self.tally.add(total, parcel.truth.content)
        return total
