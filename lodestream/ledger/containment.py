"""Aggregation events, and what moves with a container (ledger-rules section 2).

AggregationEvent ADD puts its children into the parent, DELETE takes them out (without a list of children: all, as EPCIS says;
`unpacking` is the usual step), OBSERVE tells that at least so much is in it. Children are lots with a mass, instances
with a mass in our item, or bare instances: containers of their own, or lots that are in it whole. Nothing is posted. What
is said to be in containers beyond what the lot has outside of them is the same metal twice: parked like a draw (F3), except
within the lot's tolerance, where the book's mass counts (F47).
"""

from decimal import Decimal

from msgspec.structs import replace

from lodestream.epcis.event import Material
from lodestream.ledger import containers
from lodestream.ledger.containers import carriers, container, inside
from lodestream.ledger.draft import Draft, Unready
from lodestream.ledger.lots import moisture, refuse_unusable, told
from lodestream.ledger.parking import waiting
from lodestream.ledger.records import Parcel
from lodestream.ledger.state import Arranged, Came, Container, Lot, Manifest, Outbound, Parked, Seen
from lodestream.ledger.values import Said
from lodestream.measures import Line, Refusal, kg, lines, measure, percent_of


def aggregate(draft: Draft) -> None:
    """An AggregationEvent at a site: containment changes, no balance does."""
    event = draft.event
    parent = event.parent_id
    if parent is None:
        draft.reason = "it names no parent: kept, nothing is in anything"
        return
    draft.kind = "contain"
    found = lines(event)
    if event.action == "DELETE":
        _unpack(draft, parent, found)
    elif found:
        _pack(draft, parent, found)


def _pack(draft: Draft, parent: str, found: list[Line]) -> None:
    _still_here(draft, parent, [x.id for x in found if not _bare(x)])
    unweighed = []
    for line in found:
        if _bare(line):
            if parent in carriers(draft, [line.id]):
                draft.reason = f"{line.id} holds {parent} and cannot be in it"
                continue
            containers.nest(draft, parent, line.id, into=True)
            draft.lines.append(told(line, 0, 0, {}))
            continue
        lot = _known(draft, parent, line)
        dry = _dry(draft, line, lot)
        if dry is None:
            unweighed.append(line.id)
            continue
        more = dry - inside(draft, parent, line.id) if draft.event.action == "OBSERVE" else dry
        containers.move(draft, parent, line.id, _fitting(draft, line, lot, max(0, more)))
        draft.lines.append(told(line, 0, 0, {}))
    if unweighed:
        draft.reason = f"no mass of {', '.join(unweighed)} is stated: what {parent} holds is not known"
    else:
        containers.know(draft, parent)


def _still_here(draft: Draft, parent: str, lots: list[str]) -> None:
    """What was packed before its container left, and is told afterwards, has left too: the shipment is to be corrected.

    The aggregation waits for that: it counts once the shipment is declared void, and before its corrective.
    """
    left = draft.view.get(Manifest, f"out {parent}")
    if left is None or container(draft, parent).known or left.left_us <= draft.event.event_time_us:
        return
    said = (
        f"{parent} left with consignment {left.consignment} at {left.left_us} us (microseconds since 1970, UTC), and this was "
        f"packed in it at {draft.event.event_time_us} us: the shipment is to be corrected"
    )
    raise Unready([f"content:{parent}"], Said("UNKNOWN_CONTENT", (parent, draft.event.identity), said, lots))


def _unpack(draft: Draft, parent: str, found: list[Line]) -> None:
    held = container(draft, parent)
    if not held.known:
        draft.reason = f"what {parent} holds is not known: nothing to take out"
        return
    for child in [x.id for x in found if _bare(x)] if found else held.children:
        containers.nest(draft, parent, child, into=False)
    for name in held.lots if not found else ():
        containers.move(draft, parent, name, -inside(draft, parent, name))
    for line in found:
        there, lot = inside(draft, parent, line.id), draft.lot(line.id)
        draft.lines.append(told(line, 0, 0, {}))
        if there and lot is not None:
            dry = _dry(draft, line, lot)
            containers.move(draft, parent, line.id, -(there if dry is None else min(there, dry)))


def _bare(line: Line) -> bool:
    """An instance (serial, SSCC) of which no mass is stated: a container, or a lot of its own that is in it whole."""
    return line.instance and line.material is None


def _known(draft: Draft, parent: str, line: Line) -> Lot:
    lot = draft.lot(line.id)
    if lot is not None:
        return lot
    waits, inputs = [f"lot:{line.id}", f"content:{parent}"], (line.id, draft.event.identity)
    if not draft.head.posted and not draft.book.booked:
        said = f"{draft.site} never posted anything: {line.id} is in no container there yet"
        raise Unready(waits, Said("NO_BOOK", inputs, said))
    said = f"{line.id} was never at {draft.site}, and is said to be in {parent}"
    raise Unready(waits, Said("PHANTOM_STOCK", inputs, said, [line.id]))


def _dry(draft: Draft, line: Line, lot: Lot) -> int | None:
    """The dry mass of a child, with the lot's moisture where it states none; None where it states no mass."""
    measured = measure(line, draft.book.mass_basis, moisture(lot.wet_mg, lot.dry_mg) if not lot.unassayed else None)
    if isinstance(measured, Refusal) and measured.code == "NO_QUANTITY":
        return None
    usable = refuse_unusable(draft, [line], [measured])[0]
    if usable.dry_mg is None:
        said = f"{line.id} is weighed wet and its moisture is not known: so is how much of it is in {draft.event.parent_id}"
        raise Unready([f"lot:{line.id}"], Said("UNASSAYED", (line.id, draft.event.identity), said, [line.id]))
    return usable.dry_mg


def _fitting(draft: Draft, line: Line, lot: Lot, wanted: int) -> int:
    """What of it can be in a container, by the book."""
    room = max(0, containers.loose(lot))
    excess = wanted - room
    if excess <= 0:
        return wanted
    allowed = max(percent_of(draft.book.lot_tolerance_percent, lot.entered_dry_mg), 2 * lot.entered_u_dry_mg)
    inputs = (line.id, draft.event.identity)
    said = (
        f"{line.id}: {kg(wanted)} dry into {draft.event.parent_id}, of {kg(max(0, lot.dry_mg))} in stock "
        f"{kg(lot.packed.dry_mg)} is in containers, excess {kg(excess)}"
    )
    if excess > allowed:
        raise Unready([f"lot:{line.id}"], Said("DOUBLE_SPEND", inputs, f"{said} > tolerance {kg(allowed)}", [line.id]))
    draft.find("BOOK_EXCEEDED", inputs, f"{said} <= tolerance {kg(allowed)}: {kg(room)} by the book", [line.id])
    return room


# -- what moves with a container ------------------------------------------------------------------------------------


def contents(draft: Draft, names: list[str], counted: set[str]) -> tuple[list[Line], list[str]]:
    """The lots in these containers at every level, `counted` apart, each as one line; and those whose content is not known."""
    amounts: dict[str, int] = {}
    whole: list[Line] = []
    unknown: list[str] = []
    for name in carriers(draft, names):
        held, lot = container(draft, name), draft.lot(name)
        if lot is not None and name not in counted and lot.dry_mg > 0:
            whole.append(Line("object", name, instance=True))
        if not held.known and lot is None:
            unknown.append(name)
        for inner in held.lots:
            if inner not in counted:
                amounts[inner] = amounts.get(inner, 0) + inside(draft, name, inner)
    return [*_weighed(amounts), *sorted(whole, key=lambda x: x.id)], unknown


def _weighed(amounts: dict[str, int]) -> list[Line]:
    """Lines of dry masses in mg, by lot: the event states no quantity of them."""
    return [
        Line("object", name, material=Material(role="object", id=name, mass=Decimal(mg), uom="MGM", mass_basis="dry"))
        for name, mg in sorted(amounts.items())
    ]


def departed(draft: Draft, consignment: str, names: list[str], counted: set[str]) -> tuple[list[Line], list[str]]:
    """As `contents`, of containers that another source's standing shipment of this consignment took along already."""
    amounts: dict[str, int] = {}
    unknown: list[str] = []
    for name in names:
        left = draft.view.get(Manifest, f"out {name}")
        todo = list(left.lots) if left is not None and left.consignment == consignment else []
        pairs = [draft.view.get(Outbound, f"{consignment} {lot}") for lot in todo]
        if not any(s.source != draft.entry.source for p in pairs if p is not None for s in p.shipments):
            unknown.append(name)
            continue
        for lot in todo:
            if lot not in counted and left is not None:
                amounts[lot] = amounts.get(lot, 0) + left.lots[lot]
    return _weighed(amounts), unknown


def unknown_content(draft: Draft, unknown: list[str]) -> Unready:
    """UNKNOWN_CONTENT: parked until an aggregation, or an offer, says what is in these containers."""
    said = f"{', '.join(unknown)} is moved, and what it holds is not known: no aggregation and no offer says it yet"
    inputs = (unknown[0], draft.event.identity)
    return Unready([f"content:{name}" for name in unknown], Said("UNKNOWN_CONTENT", inputs, said))


def leaving(draft: Draft, lot: str, dry_mg: int, moved: list[str]) -> tuple[dict[str, int], dict[str, str]]:
    """Take a drawn lot out of the containers that leave with it.

    Gives what each of them holds of the drawn dry mass, and the container that each is in: what the receiver is told. One
    container whose content nobody stated holds what the event names beside it.
    """
    there = {name: mg for name in moved if (mg := inside(draft, name, lot))}
    packed: dict[str, int] = {}
    left = dry_mg
    for name, mg in there.items():
        containers.move(draft, name, lot, -mg)
        if left:
            packed[name] = min(mg, left)
            left -= packed[name]
    outer = container(draft, lot).within
    if lot in moved and outer in moved:
        packed = {outer: dry_mg}
    elif not there and lot not in moved and len(moved) == 1 and not container(draft, moved[0]).known:
        packed = {moved[0]: dry_mg}
    within: dict[str, str] = {}
    for name in packed:
        child = name
        while (outer := container(draft, child).within) in moved:
            within[child] = outer
            child = outer
    return packed, within


def gone(draft: Draft, consignment: str, moved: list[str], packed: dict[str, dict[str, int]]) -> None:
    """The containers have left: what is in them is known no more, but what they left with is (`packed`: lot, container, mg)."""
    for name in moved:
        held = container(draft, name)
        lots = {lot: by[name] for lot, by in packed.items() if name in by}
        inner = [c for c in held.children if c in moved]
        draft.view.put(Manifest(consignment, lots, inner, draft.event.event_time_us), f"out {name}")
    for name in moved:
        held = container(draft, name)
        if held.within:
            containers.nest(draft, held.within, name, into=False)
        for lot in held.lots:  # another source's shipment of it stands
            containers.move(draft, name, lot, -inside(draft, name, lot))
    for name in moved:
        if draft.view.get(Container, name) is not None:
            draft.view.drop(Container, name)


# -- at the receiver ------------------------------------------------------------------------------------------------


def expect(draft: Draft, consignment: str, before: Parcel | None, parcel: Parcel) -> None:
    """An offer says in which containers a lot comes: so a receipt may name these alone."""
    for name in before.packed if before else {}:
        known = draft.view.get(Manifest, f"in {name}")
        if known is not None and known.consignment == consignment:
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
        event = parked.entry.event if parked is not None else None
        if event is None or event.type != "AggregationEvent" or event.parent_id != name:
            continue
        if parked is None or not any(w.startswith("lot:") for w in parked.waits):  # it is of what has left
            continue
        found = lines(event)
        measured = [(x, measure(x, draft.book.mass_basis)) for x in found if not _bare(x)]
        lots = {x.id: m.dry_mg for x, m in measured if not isinstance(m, Refusal) and m.dry_mg is not None}
        return Manifest("", lots, [x.id for x in found if _bare(x)])
    return None


def expected(draft: Draft, names: list[str], counted: set[str]) -> tuple[list[Line], list[str]]:
    """As `contents`, of containers that come to the site."""
    amounts: dict[str, int] = {}
    unknown: list[str] = []
    for name in arriving(draft, names):
        held = manifest(draft, name)
        if held is None and name not in counted and draft.lot(name) is None:
            unknown.append(name)
        for lot, mg in held.lots.items() if held is not None else ():
            if lot not in counted:
                amounts[lot] = amounts.get(lot, 0) + mg
    return _weighed(amounts), unknown


def arriving(draft: Draft, names: list[str]) -> list[str]:
    """Containers that come to the site and all that are in them, at every level, each once."""
    found: list[str] = []
    todo = list(names)
    while todo:
        name = todo.pop(0)
        held = manifest(draft, name) if name not in found else None
        if name not in found:
            found.append(name)
        todo.extend(held.children if held is not None else [])
    return found


def consignments(draft: Draft, names: list[str]) -> dict[str, str]:
    """By lot, the consignment under which it was offered in one of these containers."""
    found: dict[str, str] = {}
    for name in arriving(draft, names):
        held = manifest(draft, name)
        for lot in held.lots if held is not None and held.consignment else ():
            found.setdefault(lot, held.consignment if held is not None else "")
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
    if len(come) == 1 and not told_of and manifest(draft, come[0]) is None and draft.lot(come[0]) is None:
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
        rooms = [(lot, containers.loose(held)) for lot in came.lots if (held := draft.lot(lot)) is not None]
        arrive(draft, came.parents, {lot: max(0, mg) for lot, mg in rooms})
        draft.view.put(Arranged(draft.packings[packings:], draft.nestings[nestings:], done.owned), came.identity)


def _put(draft: Draft, parent: str, name: str, dry_mg: int) -> None:
    lot = draft.lot(name)
    if lot is not None:
        containers.move(draft, parent, name, max(0, min(dry_mg, containers.loose(lot))))
