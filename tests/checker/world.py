"""What the books hold: accounts, lots, work in process, and what is under way between two sites."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from lodestream.epcis.event import Event, Material
from tests.checker.shares import Vector, apportion, plus, portion
from tests.checker.stated import Stated

Contents = dict[str, int]
Vectors = dict[str, Vector]
Key = Callable[["Made"], Fraction | None]  # what a product bears of its run's carbon


class WaitsError(Exception):
    """The event cannot be posted yet: it is parked (ledger-rules 6)."""


@dataclass
class Step:
    """An event that stands, with what was decided when it was first posted and what no correction changes."""

    site: str
    event: Event
    drawn: dict[str, tuple[Fraction, Fraction]] = field(default_factory=dict)  # wet and dry: draws keep their mass
    moist: dict[str, tuple[Fraction, Fraction]] = field(default_factory=dict)  # wet and dry mass of what was split
    over: dict[str, int] = field(default_factory=dict)  # dry mass drawn above the book, within tolerance
    taken: dict[str, Contents] = field(default_factory=dict)  # contents of its draws, as they were last
    loss_class: dict[str, str | None] = field(default_factory=dict)  # of the lots that it draws from
    excess: dict[str, Contents] = field(default_factory=dict)  # what of them came from STOCK_ADJ
    posted: bool = False


@dataclass
class Parcel:
    """What leaves a lot: masses and contents in mg, vectors by element, carbon in g; `given` is what the lot itself gave."""

    wet: int
    dry: int
    contained: Contents
    vectors: Vectors
    carbon: int = 0
    touched: set[str] = field(default_factory=set)
    given: Vectors = field(default_factory=dict)

    def add(self, other: "Parcel") -> None:
        """Another parcel mixed into this one."""
        self.wet += other.wet
        self.dry += other.dry
        self.carbon += other.carbon
        self.touched |= other.touched
        for e, mg in other.contained.items():
            self.contained[e] = self.contained.get(e, 0) + mg
            self.vectors[e] = plus(self.vectors.get(e, {}), other.vectors.get(e, {}))


@dataclass
class Waiting:
    """A parcel of a lot without an assay, and where its metal comes from when the assay comes."""

    wet: Fraction
    dry: Fraction
    account: str
    item: Material | None
    vectors_from: "Pool | None" = None
    event: str = ""  # that it came with


@dataclass
class Lot:
    wet: int = 0
    dry: int = 0
    contained: Contents = field(default_factory=dict)
    vectors: Vectors = field(default_factory=dict)
    entered: Vectors = field(default_factory=dict)
    entered_dry: int = 0
    entered_contained: Contents = field(default_factory=dict)
    tolerated_dry: int = 0
    carbon: int = 0
    touched: set[str] = field(default_factory=set)
    waiting: list[Waiting] = field(default_factory=list)
    assumed: list[Waiting] = field(default_factory=list)  # parcels that count by an assay still to come, or by the book
    loss_class: str | None = None

    def put(self, parcel: Parcel) -> None:
        """Mix a parcel in."""
        self.wet += parcel.wet
        self.dry += parcel.dry
        self.entered_dry += parcel.dry
        self.carbon += parcel.carbon
        self.touched |= parcel.touched
        self.fill(parcel.contained, parcel.vectors)

    def fill(self, contained: Contents, vectors: Vectors) -> None:
        """Contents that come in, with the mass or by an assay."""
        for e, mg in contained.items():
            self.contained[e] = self.contained.get(e, 0) + mg
            self.entered_contained[e] = self.entered_contained.get(e, 0) + mg
            self.vectors[e] = plus(self.vectors.get(e, {}), vectors.get(e, {}))
            self.entered[e] = plus(self.entered.get(e, {}), vectors.get(e, {}))
            self.touched |= set(vectors.get(e, {}))


@dataclass
class Pool:
    """Work in process of one campaign or event: what entered, what is still there, what came out of it."""

    contained: Contents = field(default_factory=dict)
    entered: Vectors = field(default_factory=dict)
    remaining: Vectors = field(default_factory=dict)
    carbon: int = 0
    carbon_left: int = 0
    emissions: int = 0
    touched: set[str] = field(default_factory=set)
    made: list["Made"] = field(default_factory=list)
    stated: set[str] = field(default_factory=set)  # elements that inputs state
    came_out: set[str] = field(default_factory=set)  # elements that outputs state
    out: Contents = field(default_factory=dict)
    closing: Contents = field(default_factory=dict)
    closing_vectors: Vectors = field(default_factory=dict)
    closing_carbon: int = 0
    closed: bool = False

    def pour(self, parcel: Parcel) -> None:
        """An input, or opening work in process."""
        for e, mg in parcel.contained.items():
            self.contained[e] = self.contained.get(e, 0) + mg
            for into in (self.entered, self.remaining):
                into[e] = plus(into.get(e, {}), parcel.vectors.get(e, {}))
        self.carbon += parcel.carbon
        self.carbon_left += parcel.carbon
        self.touched |= parcel.touched | {key for vector in parcel.vectors.values() for key in vector}
        self.stated |= set(parcel.contained)

    def share(self, remaining: Vectors, contained: Contents) -> Vectors:
        """The vectors of an output, taken from `remaining`."""
        taken = {}
        for e, mg in contained.items():
            taken[e] = portion(mg, remaining.get(e, {}), self.entered.get(e, {}))
            remaining[e] = plus(remaining.get(e, {}), taken[e], -1)
        return taken


@dataclass
class Made:
    """An output of a run: which, and what it contains. `ref` names it within the run."""

    ref: tuple[str, str]
    contained: Contents
    loss: bool
    dry: int = 0


@dataclass
class Allocation:
    """What the whole run says of each of its outputs and of its closing work in process."""

    vectors: dict[tuple[str, str], Vectors] = field(default_factory=dict)
    carbon: dict[tuple[str, str], int] = field(default_factory=dict)
    closing: Vectors = field(default_factory=dict)
    closing_carbon: int = 0


CLOSING = ("", "")


def by_mass(made: "Made") -> Fraction:
    """The key `mass` (R98)."""
    return Fraction(made.dry)


def by_value(prices: dict[str, Fraction]) -> "Key":
    """The key `economic`, with prices of elements; None of what has none."""

    def worth(made: "Made") -> Fraction | None:
        priced = [Fraction(mg) * prices[e] for e, mg in made.contained.items() if e in prices]
        return sum(priced, Fraction(0)) if priced else None

    return worth


def shared_carbon(grams: int, weights: Mapping[tuple[str, str], int | Fraction]) -> dict[tuple[str, str], int]:
    """Whole grams by contained mass: largest remainder, ties in the order of the outputs, closing WIP last."""
    refs = [ref for ref, weight in weights.items() if weight > 0]
    if not refs:
        return {}
    parts = apportion(grams, {f"{n:06}": weights[ref] for n, ref in enumerate(refs)})
    return {ref: parts.get(f"{n:06}", 0) for n, ref in enumerate(refs)}


def allocate(pool: Pool, main: str | None, key: Key | None = None) -> Allocation:
    """Outputs as listed, then losses, then closing WIP; carbon to products and closing WIP by the main element.

    `key` is another by which products share what closing WIP does not keep, where the book has one that answers.
    """
    remaining = dict(pool.entered)
    found = Allocation()
    for made in [*(m for m in pool.made if not m.loss), *(m for m in pool.made if m.loss)]:
        found.vectors[made.ref] = pool.share(remaining, made.contained)
    found.closing = pool.share(remaining, pool.closing)
    weights = {m.ref: m.contained.get(main or "", 0) for m in pool.made if not m.loss}
    closing = pool.closing.get(main or "", 0)
    if not any(weights.values()) and not closing:  # nothing of it came out: by dry mass, so that no carbon is lost
        weights = {m.ref: m.dry for m in pool.made if not m.loss}
    upstream = shared_carbon(pool.carbon, {**weights, CLOSING: closing})
    declared = {m.ref: key(m) for m in pool.made if not m.loss} if key is not None else {}
    if any(declared.values()) and None not in declared.values():
        weights = {ref: weight for ref, weight in declared.items() if weight is not None}
        upstream = {**shared_carbon(pool.carbon - upstream.get(CLOSING, 0), weights), CLOSING: upstream.get(CLOSING, 0)}
    own = shared_carbon(pool.emissions, weights)
    found.carbon = {ref: upstream.get(ref, 0) + own.get(ref, 0) for ref in weights}
    found.closing_carbon = upstream.get(CLOSING, 0)
    return found


@dataclass
class Offered(Parcel):
    """All that stands of one site's shipments of a lot in a consignment to another site."""

    origin: str = ""


@dataclass
class Settled:
    """What of an offer its receipts have settled so far."""

    dry: int = 0
    contained: Contents = field(default_factory=dict)
    vectors: Vectors = field(default_factory=dict)
    carbon: int = 0
    final: bool = False


PairKey = tuple[str, str, str]  # receiver's site, consignment, lot
AssayKey = tuple[str, str, str]  # site, event that brought the parcel, lot


@dataclass
class World:
    """Everything after some steps. `offers`, `runs` and `assays` are known from the pass before (checker.py).

    `grades` are those of the books: by site and product class, percent of dry mass by element; `keys` by site, how
    carbon goes to products.
    """

    elements: dict[str, list[str]]
    offers: dict[PairKey, Offered]
    runs: dict[tuple[str, str], Allocation]
    assays: dict[AssayKey, Stated] = field(default_factory=dict)
    grades: dict[str, dict[str, dict[str, Fraction]]] = field(default_factory=dict)
    keys: dict[str, Key] = field(default_factory=dict)
    assayed: dict[AssayKey, Stated] = field(default_factory=dict)
    accounts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    lots: dict[tuple[str, str], Lot] = field(default_factory=dict)
    pools: dict[tuple[str, str], Pool] = field(default_factory=dict)
    shipped: dict[PairKey, Offered] = field(default_factory=dict)
    settled: dict[PairKey, Settled] = field(default_factory=dict)
    allocated: dict[tuple[str, str], Allocation] = field(default_factory=dict)

    def post(self, site: str, element: str, account: str, mg: int) -> None:
        """One leg."""
        self.accounts[site, element, account] += mg

    def lot(self, site: str, name: str) -> Lot:
        """The lot, made when it is not there."""
        return self.lots.setdefault((site, name), Lot())

    def tracked(self, site: str, contained: Contents) -> Contents:
        """What the site's book keeps of a content: all of it where the book lists nothing."""
        listed = self.elements.get(site)
        return contained if not listed else {e: contained.get(e, 0) for e in listed if e in contained}

    def receive_into(self, site: str, name: str, parcel: Parcel, loss_class: str | None = None) -> None:
        """A parcel into a lot's stock, with its postings."""
        lot = self.lot(site, name)
        lot.loss_class = loss_class or lot.loss_class
        for e, mg in parcel.contained.items():
            self.post(site, e, stock(name, lot), mg)
        lot.put(parcel)


def stock(name: str, lot: Lot) -> str:
    """The account that holds a lot."""
    return f"LOSS({lot.loss_class} {name})" if lot.loss_class else f"STOCK({name})"


def masses(parcel: Stated) -> tuple[Fraction, Fraction]:
    """Wet and dry mass of what is new in the book: without a moisture a dry mass counts as both."""
    dry = parcel.dry if parcel.dry is not None else Fraction(0)
    return (parcel.wet if parcel.wet is not None else dry), dry
