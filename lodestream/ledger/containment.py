"""Aggregation events, and what moves with a container (ledger-rules section 2; rulebook R64, R65, R67).

AggregationEvent ADD puts its children into the parent, DELETE takes them out (without a list of children: all, as EPCIS says;
`unpacking` is the usual step), OBSERVE tells that at least so much is in it. Children are lots with a mass, instances
with a mass in our item, or bare instances: containers of their own, or lots that are in it whole. Nothing is posted. What
is said to be in containers beyond what the lot has outside of them is the same metal twice: parked like a draw (F3), except
within the lot's tolerance, where the book's mass counts (F47).
"""

from decimal import Decimal

from lodestream.epcis.event import Material
from lodestream.ledger import containers
from lodestream.ledger.containers import carriers, container, inside
from lodestream.ledger.draft import Draft, Unready
from lodestream.ledger.held import Container, Manifest
from lodestream.ledger.lots import moisture, refuse_unusable, told
from lodestream.ledger.moving import Outbound
from lodestream.ledger.state import Lot
from lodestream.ledger.values import Said
from lodestream.ledger.variance import entered_u_dry_mg
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
    _still_here(draft, parent, [x.id for x in found if not is_bare(x)])
    unweighed = []
    for line in found:
        if is_bare(line):
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
    for child in [x.id for x in found] if found else held.children:
        containers.nest(draft, parent, child, into=False)
    for name in held.lots if not found else ():
        containers.move(draft, parent, name, -inside(draft, parent, name))
    for line in found:
        there = inside(draft, parent, line.id)
        draft.lines.append(told(line, 0, 0, {}))
        if there:
            lot = draft.lot(line.id)
            assert lot is not None, "what is packed is a lot here"
            dry = _dry(draft, line, lot)
            containers.move(draft, parent, line.id, -(there if dry is None else min(there, dry)))


def is_bare(line: Line) -> bool:
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
    room = containers.loose(lot)
    excess = wanted - room
    if excess <= 0:
        return wanted
    allowed = max(percent_of(draft.book.lot_tolerance_percent, lot.entered_dry_mg), 2 * entered_u_dry_mg(lot))
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
    return [*weighed(amounts), *sorted(whole, key=lambda x: x.id)], unknown


def weighed(amounts: dict[str, int]) -> list[Line]:
    """Lines of dry masses in mg, by lot: the event states no quantity of them."""
    return [
        Line("object", name, material=Material(role="object", id=name, mass=Decimal(mg), uom="MGM", mass_basis="dry"))
        for name, mg in sorted(amounts.items())
    ]


def departed(draft: Draft, consignment: str, names: list[str], counted: set[str]) -> tuple[list[Line], list[str]]:
    """As `contents`, of containers that another source's standing shipment of this consignment took along already."""
    amounts: dict[str, int] = {}
    unknown: list[str] = []
    told: dict[str, Manifest] = {}
    for name in names:
        left = left_with(draft, consignment, name)
        lots = [lot for one in left.values() for lot in one.lots]
        if lots and all(_sent_by_another(draft, f"{consignment} {lot}") for lot in lots):
            told |= left
        else:
            unknown.append(name)
    for one in told.values():
        for lot, mg in one.lots.items():
            if lot not in counted:
                amounts[lot] = amounts.get(lot, 0) + mg
    return weighed(amounts), unknown


def _sent_by_another(draft: Draft, ref: str) -> bool:
    pair = draft.view.get(Outbound, ref)
    assert pair is not None, "what left in a container has its pair"
    return any(s.source != draft.entry.source for s in pair.shipments)


def left_with(draft: Draft, consignment: str, name: str) -> dict[str, Manifest]:
    """What a container that left under this consignment left with, and what those in it did, at every level, by container."""
    found: dict[str, Manifest] = {}
    todo = [name]
    while todo:
        one = todo.pop()
        left = draft.view.get(Manifest, f"out {one}")
        if left is not None and left.consignment == consignment and one not in found:
            found[one] = left
            todo += left.children
    return found


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
    if outer in moved:
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
        draft.view.put(Manifest(consignment, lots, held.children, draft.event.event_time_us), f"out {name}")
    for name in moved:
        held = container(draft, name)
        if held.within:
            containers.nest(draft, held.within, name, into=False)
        for lot in held.lots:  # another source's shipment of it stands
            containers.move(draft, name, lot, -inside(draft, name, lot))
    for name in moved:
        if draft.view.get(Container, name) is not None:
            draft.view.drop(Container, name)
