"""What is pending of a pair's offers while its receipts are judged in their order (ledger-rules section 5).

Nearly always one sender offers a pair (consignment, lot). Where several do, each offer is its own: it has its version, its
answer and its end. A receipt settles them in the order of shipping, its dry mass and, element by element, its content; an
offer of which all dry mass has come ends, and what a receipt leaves pending is judged over the sum of the others. One that
names its source is that sender's alone as far as it fits within the tolerance of that offer, or where it says that it is
final; what is beyond goes on to the others. Rulebook R31.
"""

from lodestream.ledger import attribution
from lodestream.ledger.moving import Inbound, Offered, Receipt
from lodestream.ledger.records import Parcel
from lodestream.ledger.state import Shares
from lodestream.ledger.values import Judged, Settled
from lodestream.measures import quadrature, share

NOTHING_SHARED = Shares()


class Pending:
    """What is left of one sender's offer: dry mass and content in mg, and shares."""

    def __init__(self, offered: Offered) -> None:
        parcel = offered.parcel
        self.from_site = offered.from_site
        self.parcel = parcel
        self.void_at = offered.void_at
        self.dry_mg = parcel.dry_mg
        self.content = {**dict.fromkeys(offered.elements, 0), **parcel.contained_mg}
        self.shares = Shares(parcel.shares, parcel.embodied_g_co2e or 0, parcel.uncovered_mg)
        self.final = False

    def ended(self, arrival: int) -> bool:
        """Whether a receipt of that place in the book comes after all was settled, or after the sender had asked it back."""
        return self.final or (self.void_at is not None and arrival >= self.void_at)

    def is_open(self, arrival: int) -> bool:
        """Whether a receipt of that place in the book can settle something of it. A withdrawn offer was never made."""
        return self.parcel.dry_mg > 0 and not self.ended(arrival)

    def part(self, came: dict[str, int], dry_mg: int) -> dict[str, int]:
        """What a partial receipt settles: what came, never more than is pending; of an element not weighed here its share."""
        return {
            e: min(mg, came[e] if e in came else share(mg, dry_mg, self.dry_mg) if self.dry_mg else 0)
            for e, mg in self.content.items()
        }

    def take(self, settled: dict[str, int], dry_mg: int, *, final: bool) -> Shares:
        """Settle it, and give the shares that go with that."""
        part = self.dry_mg if final else min(dry_mg, self.dry_mg)
        taken = attribution.drawn(self.shares, settled, part, self.dry_mg, lambda: NOTHING_SHARED)
        self.shares = attribution.plus(self.shares, taken, -1)
        self.content = {e: mg - settled.get(e, 0) for e, mg in self.content.items()}
        self.dry_mg -= dry_mg
        self.final = final
        return taken


def whole(pair: Inbound) -> Parcel | None:
    """The sum of the offers that stand; None where none does."""
    standing = [o.parcel for o in pair.offers if o.parcel.dry_mg > 0]
    if len(standing) < 2:
        return standing[0] if standing else None
    first = standing[0]
    elements = sorted({e for p in standing for e in p.contained_mg})
    return Parcel(
        first.lot,
        first.version,
        sum(p.dry_mg for p in standing),
        sum(p.wet_mg for p in standing),
        all(p.assayed for p in standing),
        {e: sum(p.contained_mg.get(e, 0) for p in standing) for e in elements},
        {e: quadrature(*(p.u_mg.get(e, 0) for p in standing)) for e in elements},
        first.shipped_us,
        next((p.product_class for p in standing if p.product_class), None),
        next((p.country_of_origin for p in standing if p.country_of_origin), None),
        next((p.owner for p in standing if p.owner), None),
        sorted({f for p in standing for f in p.findings}),
    )


def tracked(pair: Inbound) -> dict[str, int]:
    """What the standing offers come to by element; of one that a sender tracks and does not name, nothing."""
    return attribution.total(
        {**dict.fromkeys(one.elements, 0), **one.parcel.contained_mg} for one in pair.offers if one.parcel.dry_mg > 0
    )


def shares_of(parts: list[Shares]) -> Shares:
    """The sum of shares."""
    whole = parts[0]
    for one in parts[1:]:
        whole = attribution.plus(whole, one)
    return whole


def is_final(pair: Inbound, judged: list[Judged]) -> bool:
    """Whether all is settled of every offer that stands."""
    ended = {s.from_site for j in judged for s in j.settles if s.final}
    return bool(ended) and all(o.from_site in ended for o in pair.offers if o.parcel.dry_mg > 0)


def concerned(receipt: Receipt, among: list[Pending]) -> list[Pending]:
    """Whose moisture a receipt takes: of the sender that it names, else of all that have dry mass pending."""
    if len(among) < 2:
        return among
    named = [p for p in among if p.from_site == receipt.from_site]
    return named or [p for p in among if p.dry_mg > 0] or among


def scope(receipt: Receipt, among: list[Pending], dry_mg: int, allowed: dict[str, int]) -> list[Pending]:
    """Which offers a receipt settles, in their order. `allowed` is the tolerance by sender, dry mass in mg."""
    if len(among) < 2:
        return among
    named = [p for p in among if p.from_site == receipt.from_site]
    if named and (receipt.final or dry_mg <= named[0].dry_mg + allowed[named[0].from_site]):
        return named
    return [*named, *(p for p in among if p not in named)]


def shared_out(among: list[Pending], dry_mg: int) -> list[tuple[Pending, int]]:
    """The dry mass of a receipt by offer: each takes what is pending of it, the last all the rest."""
    parts = []
    for one in among[:-1]:
        part = max(0, min(dry_mg, one.dry_mg))
        parts.append((one, part))
        dry_mg -= part
    return [*parts, (among[-1], dry_mg)]


def settle(parts: list[tuple[Pending, int]], came: dict[str, int], *, final: bool) -> tuple[list[Settled], Shares]:
    """What a receipt settles of each offer, and the shares of all of it."""
    settled: list[Settled] = []
    shares = NOTHING_SHARED
    left = came
    for one, dry in parts:
        ends = final or (len(parts) > 1 and dry >= one.dry_mg)
        if settled and dry == 0 and not ends:  # in its order it has not been reached yet
            break
        content = dict(one.content) if ends else one.part(left, dry)
        if len(parts) > 1:
            left = {e: max(0, mg - content.get(e, 0)) for e, mg in left.items()}
        taken = one.take(content, dry, final=ends)
        shares = attribution.plus(shares, taken) if settled else taken
        settled.append(Settled(one.from_site, dry, came, content, ends))
    return (settled if len(settled) < 2 else _apart(settled, came)), shares


def _apart(settled: list[Settled], came: dict[str, int]) -> list[Settled]:
    """What came by sender: by what of it settles, the last takes the rest."""
    parts: list[dict[str, int]] = [{} for _ in settled]
    for element, mg in came.items():
        weights = [s.settled_mg.get(element, 0) for s in settled]
        weights = weights if any(weights) else [s.dry_mg for s in settled]
        done = 0
        for part, weight in zip(parts[:-1], weights, strict=False):
            part[element] = share(mg, weight, sum(weights)) if any(weights) else 0
            done += part[element]
        parts[-1][element] = mg - done
    return [Settled(s.from_site, s.dry_mg, part, s.settled_mg, s.final) for s, part in zip(settled, parts, strict=True)]
