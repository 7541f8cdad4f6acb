"""The book's provisional grade: what a lot is taken to hold that is drawn before its assay (ledger-rules section 3).

A parcel without an assay has mass alone. From the first draw on it counts by the grades that the book has for its product class,
as by an assay of status `provisional` and method `book`: from the account that it came from, and with what the run that made it
shares out. It still waits (F40) for its assay, which posts the difference along its edges; no run that it is in is judged before.

Which parcels count so follows from the slots of the lot: those before the last draw that stands. So a void draw leaves no trace.
A received parcel has no grade of the book: its offer says what it holds.

Rulebook R97.
"""

from msgspec.structs import replace

from lodestream.epcis.event import Assay, Material
from lodestream.ledger import attribution
from lodestream.ledger.draft import Draft
from lodestream.ledger.lots import BY_BOOK, tracked, unassayed_finding
from lodestream.ledger.moves import change_of, is_own, move_at
from lodestream.ledger.parcels import put_change, with_assay
from lodestream.ledger.state import Lot, LotChange, Move, Unassayed
from lodestream.ledger.values import Said
from lodestream.ledger.variance import squared
from lodestream.measures import Measured, measure


def fill(draft: Draft, name: str) -> Lot:
    """Before a draw: the parcels that wait for an assay count by the book's grades, where it has one for them. Gives the lot."""
    lot = draft.lot(name)
    assert lot is not None, "a parcel waits in a lot"
    for parcel in lot.unassayed:
        if parcel.origin == "event" and not parcel.graded:
            _grade(draft, name, parcel)
    filled = draft.lot(name)
    assert filled is not None
    return filled


def follow(draft: Draft) -> None:
    """Parcels that have come, or wait again, before a draw that stands count by the book; those behind the last one do not."""
    while draft.waiting:
        name = draft.waiting.popitem()[0]
        lot = draft.lot(name)
        assert lot is not None, "a parcel waits in a lot"
        if not (draft.book.provisional_grades or any(p.graded for p in lot.unassayed)):
            continue
        last = _last_draw(draft, lot)
        for parcel in lot.unassayed:
            if parcel.origin != "event":
                continue
            drawn = _change(draft, name, parcel).slot < last
            if drawn and not parcel.graded:
                _grade(draft, name, parcel)
            elif parcel.graded and not drawn:
                _put(draft, name, parcel, replace(parcel, graded=[]), _emptied(_change(draft, name, parcel)))


def _last_draw(draft: Draft, lot: Lot) -> int:
    """The slot of the last draw that stands; -1 where there is none."""
    for slot in range(lot.moved - 1, -1, -1):
        move = move_at(draft, lot.id, slot)
        if move is not None and change_of(draft, lot.id, move).dry_mg < 0:
            return slot
    return -1


def _change(draft: Draft, lot: str, parcel: Unassayed) -> LotChange:
    return change_of(draft, lot, Move(0, parcel.ref, parcel.index))


def _grade(draft: Draft, name: str, parcel: Unassayed) -> None:
    """Put the book's grades where the assay of a parcel is to come; nothing where they do not tell its content."""
    item = parcel.line.material or Material(role="object", id=name)
    grades = [
        Assay(g.element, g.percent, "P1", method=BY_BOOK, status=BY_BOOK, uncertainty=g.uncertainty_points)
        for g in draft.book.provisional_grades
        if g.product_class == (item.product_class or "")
    ]
    completed = with_assay(parcel.line, replace(item, assays=grades))
    measured = measure(completed, draft.book.mass_basis) if grades else None
    if not isinstance(measured, Measured) or not measured.assayed:
        return
    contained = tracked(draft, measured.contained_mg)
    before = _change(draft, name, parcel)
    new = replace(
        before,
        entered_mg=contained,
        entered_u2=squared({e: mg for e, mg in measured.u_mg.items() if e in contained}),
        contained_mg={e: mg for e, mg in contained.items() if mg},
        shares=attribution.of_item(completed.material, contained, before.dry_mg, draft.site),
        status=BY_BOOK,
    )
    _put(draft, name, parcel, replace(parcel, graded=grades), new)


def _emptied(change: LotChange) -> LotChange:
    """A parcel's change with its mass alone."""
    return replace(change, entered_mg={}, entered_u2={}, contained_mg={}, shares=replace(change.shares, vectors={}), status="")


def _put(draft: Draft, name: str, old: Unassayed, new: Unassayed, change: LotChange) -> None:
    """The parcel as it counts now; its F40 says so, and is still its own event's."""
    lot = draft.lot(name)
    assert lot is not None
    draft.put_lot(replace(lot, unassayed=[new if p == old else p for p in lot.unassayed]))
    put_change(draft, old.ref, old.index, change, assayed=False)
    finding = draft.restate_finding(Said(*unassayed_finding(name, new)))
    if not is_own(draft, old.ref):
        draft.managed.add(finding)
