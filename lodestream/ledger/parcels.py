"""Parcels in their lots: the change that one made, put in place of what it was, with the run that made it."""

from collections.abc import Callable

from msgspec.structs import replace

from lodestream.epcis.event import Material
from lodestream.ledger.draft import Draft
from lodestream.ledger.moves import amend, move_at
from lodestream.ledger.running import Part, Run
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
    if journal is None or not journal.run:
        return
    u = {element: root(int(square)) for element, square in change.entered_u2.items()}
    put_part(
        draft,
        journal.run,
        (identity, index, "output"),
        lambda p: replace(p, dry_mg=change.dry_mg, contained_mg=change.entered_mg, u_mg=u, assayed=assayed),
    )


def put_part(draft: Draft, name: str, at: tuple[str, int, str], now: Callable[[Part], Part]) -> None:
    """Put what a part of a run is now in place of what it was; the run is settled anew. `at` is its event, index and role."""
    run = draft.view.get(Run, name)
    if run is None:
        return
    parts = [now(p) if (p.identity, p.index, p.role) == at else p for p in run.parts]
    draft.view.put(replace(run, parts=parts), name)
    draft.runs[name] = None
