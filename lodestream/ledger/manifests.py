"""What is in the containers that come to a site: by their offers, or by a packing list (ledger-rules section 2; rulebook R65).

A receipt may name a container alone: what was offered in it is what came. The containment comes with the move.
"""

from msgspec.structs import replace

from lodestream.ledger import containers
from lodestream.ledger.containers import inside
from lodestream.ledger.containment import is_bare, weighed
from lodestream.ledger.draft import Draft
from lodestream.ledger.held import Arranged, Came, Manifest
from lodestream.ledger.parking import waiting
from lodestream.ledger.records import Parcel
from lodestream.ledger.state import Parked, Seen
from lodestream.measures import Line, Refusal, lines, measure


def expect(draft: Draft, consignment: str, before: Parcel | None, parcel: Parcel) -> None:
    """An offer says in which containers a lot comes: so a receipt may name these alone."""
    for name in before.packed if before else {}:
        known = draft.view.get(Manifest, f"in {name}")
        assert known is not None, "what was expected is kept"
        if known.consignment == consignment:
            lots = {lot: mg for lot, mg in known.lots.items() if lot != parcel.lot}
            draft.view.put(replace(known, lots=lots), f"in {name}")
    for name, mg in sorted(parcel.packed.items()):
        known = _manifest(draft, consignment, name)
        draft.view.put(replace(known, lots=dict(sorted({**known.lots, parcel.lot: mg}.items()))), f"in {name}")
    for child, outer in sorted(parcel.within.items()):
        known = _manifest(draft, consignment, outer)
        draft.view.put(replace(known, children=sorted({*known.children, child})), f"in {outer}")
    draft.contents.extend(sorted({*parcel.packed, *parcel.within.values()}))


def _manifest(draft: Draft, consignment: str, name: str) -> Manifest:
    known = draft.view.get(Manifest, f"in {name}")
    return known if known is not None and known.consignment == consignment else Manifest(consignment)


def manifest(draft: Draft, name: str) -> Manifest | None:
    """What a container that comes to the site holds, by its offer; else by an aggregation that waits for its goods."""
    known = draft.view.get(Manifest, f"in {name}")
    if known is not None and (known.lots or known.children):
        return known
    for entry_id in waiting(draft.view, f"content:{name}"):
        parked = draft.view.get(Parked, entry_id)
        assert parked is not None, "what waits is parked"
        told = _packing_list(draft, parked)
        if told is not None:
            return told
    return None


def _packing_list(draft: Draft, parked: Parked) -> Manifest | None:
    """What an aggregation that waits for its goods says of them; None where it states no mass of one.

    A move waits for what is in its container alone, and so does an aggregation of what has left.
    """
    event = parked.entry.event
    assert event is not None, "only events wait for what is in a container"
    if not any(key.startswith("lot:") for key in parked.waits):
        return None
    lots: dict[str, int] = {}
    children: list[str] = []
    for line in lines(event):
        if is_bare(line):
            children.append(line.id)
            continue
        measured = measure(line, draft.book.mass_basis)
        if isinstance(measured, Refusal) or measured.dry_mg is None:
            return None
        lots[line.id] = lots.get(line.id, 0) + measured.dry_mg
    return Manifest("", lots, children)


def expected(draft: Draft, names: list[str], counted: set[str]) -> tuple[list[Line], list[str]]:
    """As `contents`, of containers that come to the site."""
    amounts: dict[str, int] = {}
    unknown: list[str] = []
    for name in arriving(draft, names):
        held = manifest(draft, name)
        if held is None and draft.lot(name) is None:
            unknown.append(name)
        for lot, mg in held.lots.items() if held is not None else ():
            if lot not in counted:
                amounts[lot] = amounts.get(lot, 0) + mg
    return weighed(amounts), unknown


def arriving(draft: Draft, names: list[str]) -> list[str]:
    """Containers that come to the site and all that are in them, at every level, each once."""
    found: list[str] = []
    todo = list(names)
    while todo:
        name = todo.pop(0)
        if name not in found:
            found.append(name)
            held = manifest(draft, name)
            todo.extend(held.children if held is not None else [])
    return found


def consignments(draft: Draft, names: list[str]) -> dict[str, str]:
    """By lot, the consignment under which it was offered in one of these containers."""
    found: dict[str, str] = {}
    for name in arriving(draft, names):
        held = manifest(draft, name)
        if held is not None and held.consignment:
            for lot in held.lots:
                found.setdefault(lot, held.consignment)
    return found


def arrive(draft: Draft, names: list[str], posted: dict[str, int]) -> None:
    """The containment comes with the move (`posted`: dry mass in mg by lot that was received).

    One container that no offer told of holds what the receipt names beside it.
    """
    come = arriving(draft, names)
    told_of = {name: held for name in come if (held := manifest(draft, name)) is not None and held.consignment}
    for name, held in told_of.items():
        for lot, mg in held.lots.items():
            _put(draft, name, lot, min(mg, posted.get(lot, 0)))
        for child in held.children:
            containers.nest(draft, name, child, into=True)
        containers.know(draft, name)
    if len(come) == 1 and manifest(draft, come[0]) is None:
        for lot, mg in posted.items():
            _put(draft, come[0], lot, mg)
        containers.know(draft, come[0])


def remember(draft: Draft, names: list[str], lots: list[str]) -> None:
    """A receipt that came before the offers of its containers: these will tell what is in which."""
    if all(manifest(draft, name) is not None for name in names):
        return
    for name in names:
        draft.view.put(Came(draft.event.identity, names, lots), name)


def arrange(draft: Draft, parcels: list[Parcel]) -> None:
    """An offer tells what is in containers whose receipt came before it: as if it had come first.

    Where something was taken out of them since, or the receipt is void, it is left as it is.
    """
    for name in sorted({n for p in parcels for n in [*p.packed, *p.within.values()]}):
        came = draft.view.get(Came, name)
        if came is None:
            continue
        for other in came.parents:
            draft.view.drop(Came, other)
        seen, done = draft.view.get(Seen, came.identity), draft.view.get(Arranged, came.identity) or Arranged()
        changed = any(inside(draft, p.parent, p.lot) != p.dry_mg for p in done.packings)
        if seen is None or seen.status == "void" or changed:
            continue
        containers.undo(draft, done)
        packings, nestings = len(draft.packings), len(draft.nestings)
        rooms = {lot: containers.loose(held) for lot in came.lots if (held := draft.lot(lot)) is not None}
        arrive(draft, came.parents, rooms)
        draft.view.put(Arranged(draft.packings[packings:], draft.nestings[nestings:], done.owned), came.identity)


def _put(draft: Draft, parent: str, name: str, dry_mg: int) -> None:
    lot = draft.lot(name)
    if lot is not None:
        containers.move(draft, parent, name, max(0, min(dry_mg, containers.loose(lot))))
