"""RUN_AROUND (F18, info): what a site made itself comes back as if it were recycled (rulebook R57).

Recycled is what comes from the end of life or from another process's waste (mass-balance sections 1.2 and 3): a lot
that a run of this site made of something else cannot become recycled by its label. The label is not taken: what is there
keeps the shares that it has, and a parcel that enters under it is of the class run_around.
"""

from msgspec.structs import replace

from lodestream.epcis.event import Material
from lodestream.ledger.draft import Draft
from lodestream.ledger.state import Lot
from lodestream.ledger.values import Said
from lodestream.measures import Line

KEPT = "run_around"
RECYCLED = frozenset({"end_of_life", "manufacturing_waste", "scrap"})


def relabelled(lot: Lot | None, stated: str | None) -> bool:
    """Whether a recycled class is stated for a lot that a run here made, and that is not of that class throughout."""
    if stated not in RECYCLED or lot is None or not lot.parents:
        return False
    classes = {key.split(" ")[2] for vector in lot.shares.vectors.values() for key in vector}
    return classes != {stated}


def kept(draft: Draft, line: Line) -> Line:
    """The line of a parcel that enters, without labels that do not count: its own, and those of its origins."""
    item, lot = line.material, draft.lot(line.id)
    if item is None or not any(relabelled(lot, stated) for stated in _stated(item)):  # nearly always: nothing is copied
        return line
    origins = [replace(o, source_class=_class(lot, o.source_class)) for o in item.origins]
    return replace(line, material=replace(item, source_class=_class(lot, item.source_class), origins=origins))


def _class(lot: Lot | None, stated: str | None) -> str | None:
    return KEPT if relabelled(lot, stated) else stated


def _stated(item: Material) -> list[str | None]:
    return [item.source_class, *(origin.source_class for origin in item.origins)]


def said(draft: Draft, receiving: bool) -> list[Said]:
    """F18 for each item that calls recycled what a run of this site made: drawn by a run, received or created.

    Asked before the event is handled, when the lot still is what it was.
    """
    event = draft.event
    entering = event.type == "ObjectEvent" and (event.action == "ADD" or receiving)
    found = []
    for item in event.materials:
        if item.role != "input" and not entering:
            continue
        lot = draft.lot(item.id)
        stated = next((s for s in _stated(item) if relabelled(lot, s)), None)
        if stated is None:
            continue
        assert lot is not None, "what was relabelled is there"
        arithmetic = (
            f"{item.id} is declared {stated}, but a run at {draft.site} made it of {', '.join(lot.parents[:5])}: "
            f"the label is not taken, it stays {KEPT}"
        )
        found.append(Said("RUN_AROUND", (event.identity, item.role, item.id), arithmetic, [item.id]))
    return found
