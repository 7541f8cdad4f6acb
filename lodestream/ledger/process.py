"""Work in process: what a campaign opens and closes with (ledger-rules section 5, campaign WIP; rulebook R25, R26).

Opening work in process comes from the campaign that its item names, as far as that left so much, else from SOURCE(opening);
closing work in process stays in WIP. An item states a mass and a grade, or contained masses per element.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from lodestream.epcis.event import Material
from lodestream.ledger import attribution
from lodestream.ledger.accounts import source, wip
from lodestream.ledger.draft import Draft
from lodestream.ledger.lots import refuse_unusable, tracked
from lodestream.ledger.running import Part, Run
from lodestream.ledger.state import Shares
from lodestream.measures import Line, Measured, measure, share

Weighed = tuple[Material, Measured]


def measured(draft: Draft, items: Sequence[Material]) -> list[Weighed]:
    """The items of work in process as measured. `Refused` where one cannot be."""
    listed = [Line(item.role, item.id, None, item.uom, item) for item in items]
    found = refuse_unusable(draft, listed, [measure(line, draft.book.mass_basis) for line in listed])
    return list(zip(items, found, strict=True))


def opened(draft: Draft, run: Run, weighed: list[Weighed]) -> list[Part]:
    """Opening work in process enters the run."""
    return [_open(draft, run, item, one) for item, one in weighed if item.role == "wip_open"]


def closed(draft: Draft, weighed: list[Weighed]) -> list[Part]:
    """Closing work in process: it stays where it is, and is no longer missing."""
    return [_part(draft, item, one, attribution.NOTHING) for item, one in weighed if item.role == "wip_close"]


def _part(draft: Draft, item: Material, one: Measured, shares: Shares) -> Part:
    contained = tracked(draft, one.contained_mg)
    u = {e: mg for e, mg in one.u_mg.items() if e in contained}
    return Part(draft.event.identity, item.role, item.id, -1, one.dry_mg or 0, contained, u, one.assayed, shares=shares)


def _open(draft: Draft, run: Run, item: Material, one: Measured) -> Part:
    before = draft.view.get(Run, item.id) if item.id != draft.run else None
    contained = tracked(draft, one.contained_mg)
    left = {e: _left(draft, before, e, mg) for e, mg in contained.items()}
    for element, mg in contained.items():
        if before is not None:
            draft.move(element, wip(before.run), wip(run.run), left[element])
        draft.move(element, source("opening"), wip(run.run), mg - left[element])
    if before is not None and any(left.values()):
        draft.view.put(replace(before, next=sorted({*before.next, draft.run})), item.id)
    elif not draft.event.opening_evidence:
        said = f"{item.id}: opening work in process without evidence, from no campaign of this book"
        draft.find("OPENING_UNPROVEN", (draft.event.identity, item.id), said)
    return _part(draft, item, one, shares_of(item, before, contained, left, one.dry_mg or 0, draft.site))


def _left(draft: Draft, before: Run | None, element: str, wanted: int) -> int:
    """What a campaign left in process of an element, at most what is wanted."""
    return max(0, min(wanted, draft.balance(element, wip(before.run)))) if before is not None else 0


def shares_of(
    item: Material, before: Run | None, contained: dict[str, int], left: dict[str, int], dry_mg: int, site: str
) -> Shares:
    """The shares of opening work in process: those that the campaign before left, and of the rest the item's own origins."""
    rest = {e: mg - left[e] for e, mg in contained.items()}
    own = attribution.of_item(item, rest, dry_mg, site)
    if before is None or not any(left.values()):
        return own
    vectors = {e: attribution.scaled(before.left.vectors.get(e, {}), mg) for e, mg in left.items() if mg}
    part, whole = sum(left.values()), sum(sum(v.values()) for v in before.left.vectors.values())
    carbon = item.embodied_g_co2e
    if carbon is None:
        carbon = share(before.left.carbon_g, min(part, whole), whole) if whole else 0
    return replace(attribution.plus(Shares(vectors), replace(own, carbon_g=0, uncovered_mg=0)), carbon_g=carbon)
