"""Parcels in their lots: the change that one made, put in place of what it was, with the run that made it."""

from msgspec.structs import replace

from lodestream.epcis.event import Material
from lodestream.ledger.draft import Draft
from lodestream.ledger.moves import amend, move_at
from lodestream.ledger.running import Run
from lodestream.ledger.state import Journal, LotChange
from lodestream.measures import Line
from lodestream.measures.exact import root


def with_assay(line: Line, item: Material) -> Line:
    """A line with the grades of an assay item, and its moisture where it states one."""
    base = line.material or Material(role=line.role, id=line.id)
    moisture = item.moisture_percent if item.moisture_percent is not None else base.moisture_percent
    return replace(line, material=replace(base, assays=item.assays, moisture_percent=moisture))


def put_change(draft: Draft, identity: str, index: int, change: LotChange, *, assayed: bool) -> None:
    """Put a parcel's change in place of the one it had; the run that made it is settled anew."""
    move = move_at(draft, change.lot, change.slot)
    assert move is not None, "a parcel has its slot"
    amend(draft, change.lot, move, change)
    journal = draft.view.get(Journal, identity)
    run = draft.view.get(Run, journal.run) if journal is not None and journal.run else None
    if journal is None or run is None:
        return
    u = {element: root(int(square)) for element, square in change.entered_u2.items()}
    parts = [
        replace(p, dry_mg=change.dry_mg, contained_mg=change.entered_mg, u_mg=u, assayed=assayed)
        if (p.identity, p.index, p.role) == (identity, index, "output")
        else p
        for p in run.parts
    ]
    draft.view.put(replace(run, parts=parts), journal.run)
    draft.runs[journal.run] = None
