"""What is in which container: (parent, lot, dry mass), its sum never above the stock (ledger-rules section 2; rulebook R64, R66).

Nothing here posts: a container says where a lot's mass stands, not whose or how much it is. Every change is noted in the
draft, so that a declaration takes it back (`undo`). What one lot has in containers is a chain in order of packing, so that
a lot in many bags costs no more an event than one in a few.
"""

from msgspec.structs import replace

from lodestream.ledger.draft import Draft
from lodestream.ledger.held import Arranged, Container, Nesting, Owed, Pack, Packing
from lodestream.ledger.state import Lot


def inside(draft: Draft, parent: str, lot: str) -> int:
    """How much of a lot a container holds, dry mass in mg."""
    pack = draft.view.get(Pack, _ref(parent, lot))
    return pack.dry_mg if pack else 0


def loose(lot: Lot) -> int:
    """How much of a lot is in no container, dry mass in mg."""
    return max(0, lot.dry_mg) - lot.packed.dry_mg


def container(draft: Draft, name: str) -> Container:
    """A container, as far as it is known."""
    return draft.view.get(Container, name) or Container()


def know(draft: Draft, parent: str) -> None:
    """An aggregation said what is in a container: what waits for that is woken."""
    draft.contents.append(parent)
    held = container(draft, parent)
    if not held.known:
        draft.view.put(replace(held, known=True), parent)


def move(draft: Draft, parent: str, name: str, dry_mg: int) -> None:
    """Put so much of a lot into a container, or (below zero) take it out; the caller has seen that it is there."""
    if dry_mg == 0:
        return
    lot = draft.lot(name)
    assert lot is not None, "what is packed is a lot here"
    draft.packings.append(Packing(parent, name, dry_mg))
    pack = draft.view.get(Pack, _ref(parent, name))
    now = dry_mg + (pack.dry_mg if pack else 0)
    assert now >= 0, "nothing is taken out of a container that is not in it"
    if pack is None:
        pack = Pack(0, older=lot.packed.newest)
        _chain(draft, name, parent, pack, linked=True)
    if now:
        draft.view.put(replace(pack, dry_mg=now), _ref(parent, name))
    else:
        _chain(draft, name, parent, pack, linked=False)
    lot = draft.lot(name)
    assert lot is not None
    draft.put_lot(replace(lot, packed=replace(lot.packed, dry_mg=lot.packed.dry_mg + dry_mg)))


def _ref(parent: str, lot: str) -> str:
    return f"{parent} {lot}"


def _chain(draft: Draft, name: str, parent: str, pack: Pack, *, linked: bool) -> None:
    """Add a container at the end of a lot's chain, or take one out of it."""
    lot, held = draft.lot(name), container(draft, parent)
    assert lot is not None
    older = draft.view.get(Pack, _ref(pack.older, name)) if pack.older else None
    newer = draft.view.get(Pack, _ref(pack.newer, name)) if pack.newer else None
    if older is not None:
        draft.view.put(replace(older, newer=parent if linked else pack.newer), _ref(pack.older, name))
    if newer is not None:
        draft.view.put(replace(newer, older=pack.older), _ref(pack.newer, name))
    packed = lot.packed
    if linked:
        packed = replace(packed, oldest=packed.oldest or parent, newest=parent)
        lots = sorted({*held.lots, name})
    else:
        oldest = pack.newer if packed.oldest == parent else packed.oldest
        packed = replace(packed, oldest=oldest, newest=pack.older if packed.newest == parent else packed.newest)
        lots = [x for x in held.lots if x != name]
        draft.view.drop(Pack, _ref(parent, name))
    draft.put_lot(replace(lot, packed=packed))
    draft.view.put(replace(held, lots=lots), parent)


def nest(draft: Draft, parent: str, child: str, *, into: bool) -> None:
    """Put a container or a whole instance into another, out of the one that it was in; or take it out.

    Nothing goes into what it holds itself: offers, voids and declarations may tell that of different times.
    """
    held = container(draft, child)
    if (held.within == parent) == into or (into and parent in carriers(draft, [child])):
        return
    if into and held.within:
        nest(draft, held.within, child, into=False)
        held = container(draft, child)
    outer = container(draft, parent)
    children = {*outer.children, child} if into else {*outer.children} - {child}
    draft.view.put(replace(outer, children=sorted(children)), parent)
    draft.view.put(replace(held, within=parent if into else ""), child)
    draft.nestings.append(Nesting(parent, child, into))


def carriers(draft: Draft, names: list[str]) -> list[str]:
    """Containers and all that are in them, at every level, each once."""
    found: list[str] = []
    todo = list(names)
    while todo:
        name = todo.pop(0)
        if name not in found:
            found.append(name)
            todo.extend(container(draft, name).children)
    return found


# -- when the stock changes -----------------------------------------------------------------------------------------


def fit(draft: Draft) -> None:
    """Keep what is in containers within the stock of each lot that the transaction touched.

    An event that draws a lot and names no container takes what is loose first, then out of the containers, oldest first
    (the stock rotates). What a correction takes out of the stock goes back into them with the next stock of the lot: its
    corrective stands where the original stood.
    """
    correcting = draft.entry.event is not None and draft.entry.event.error_declaration is not None
    for name in list(draft.touched):
        lot = draft.lot(name)
        assert lot is not None, "what was touched is there"
        if loose(lot) < 0:
            taken = _shrink(draft, lot)
            if correcting:
                _owe(draft, name, taken, 1)
        elif lot.packed.owed_mg and not correcting:
            _give_back(draft, lot)


def _shrink(draft: Draft, lot: Lot) -> list[Packing]:
    taken = []
    while (short := -loose(lot)) > 0:
        parent = lot.packed.oldest
        packing = Packing(parent, lot.id, min(short, inside(draft, parent, lot.id)))
        move(draft, parent, lot.id, -packing.dry_mg)
        taken.append(packing)
        after = draft.lot(lot.id)
        assert after is not None
        lot = after
    return taken


def _owe(draft: Draft, name: str, packings: list[Packing], sign: int) -> None:
    """Note, or forget, what is to go back into the containers of a lot."""
    owed = draft.view.get(Owed, name)
    lot = draft.lot(name)
    assert lot is not None
    left: dict[str, int] = {}
    for p in [*(owed.packings if owed else []), *(replace(p, dry_mg=sign * p.dry_mg) for p in packings)]:
        left[p.parent] = max(0, left.get(p.parent, 0) + p.dry_mg)
    packings = [Packing(parent, name, mg) for parent, mg in left.items() if mg]
    draft.put_lot(replace(lot, packed=replace(lot.packed, owed_mg=sum(p.dry_mg for p in packings))))
    if packings:
        draft.view.put(Owed(packings), name)
    else:
        draft.view.drop(Owed, name)


def _give_back(draft: Draft, lot: Lot) -> None:
    owed = draft.view.get(Owed, lot.id)
    assert owed is not None, "the lot knows what is owed to its containers"
    room = loose(lot)
    given = []
    for packing in owed.packings:
        back = min(room, packing.dry_mg)
        if back:
            move(draft, packing.parent, lot.id, back)
            know(draft, packing.parent)
            given.append(replace(packing, dry_mg=back))
            room -= back
    if given:
        _owe(draft, lot.id, given, -1)


def undo(draft: Draft, done: Arranged) -> None:
    """The event is void: what it put into a container comes out as far as it still is in there, what it took out goes back
    as far as it is at the site. The last change is taken back first.
    """
    for nesting in reversed(done.nestings):
        if nesting.inside or not container(draft, nesting.child).within:
            nest(draft, nesting.parent, nesting.child, into=not nesting.inside)
            if not nesting.inside:
                know(draft, nesting.parent)
    for packing in reversed(done.packings):
        lot = draft.lot(packing.lot)
        assert lot is not None, "a lot stays for good"
        if packing.dry_mg < 0:
            move(draft, packing.parent, packing.lot, min(-packing.dry_mg, max(0, loose(lot))))
            know(draft, packing.parent)
            continue
        back = min(packing.dry_mg, inside(draft, packing.parent, packing.lot))
        move(draft, packing.parent, packing.lot, -back)
        if back < packing.dry_mg and lot.packed.owed_mg:
            _owe(draft, packing.lot, [replace(packing, dry_mg=packing.dry_mg - back)], -1)
    for parent in {p.parent for p in done.packings} | {n.parent for n in done.nestings}:
        held = container(draft, parent)
        if held.known and not held.lots and not held.children:  # who said what is in it said nothing
            draft.view.put(replace(held, known=False), parent)
