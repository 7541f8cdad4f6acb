"""The first assay of a lot: what waited for it is posted, to the account that the parcel came from (ledger-rules section 3).

A parcel is measured anew from its own statement with the grades that came, so that the contained mass has one rounding.
A later assay of a lot that has one (reassay.py) posts the difference.

Rulebook R10.
"""

from msgspec.structs import replace

from lodestream.epcis.event import Material
from lodestream.ledger import attribution, reassay, receipt_assays
from lodestream.ledger.draft import Draft, Refused, Unready
from lodestream.ledger.lots import note_grades, refuse_without_content, settled_by, told, tracked, unassayed_finding, wet_and_dry
from lodestream.ledger.moves import change_of
from lodestream.ledger.moving import Inbound
from lodestream.ledger.parcels import put_change, with_assay
from lodestream.ledger.state import Assayed, Journal, LotChange, Move, Unassayed
from lodestream.ledger.values import Said
from lodestream.ledger.variance import squared
from lodestream.measures import Line, Measured, Refusal, lines, measure


def observe(draft: Draft) -> None:
    """OBSERVE with assays (`inspecting`, `sampling`, or the event's own item): assay the parcels that wait."""
    for line in lines(draft.event):
        if line.material is None or not line.material.assays:
            continue
        lot = draft.lot(line.id)
        if lot is None:
            if not draft.head.posted and not draft.book.booked:
                continue
            said = f"an assay of {line.id}, which is not at {draft.site} yet"
            raise Unready([f"lot:{line.id}"], Said("UNASSAYED", (line.id, draft.event.identity), said))
        draft.lines.append(told(line, 0, 0, {}))  # what was stated; it moves no mass
        if not lot.unassayed:
            reassay.assay_again(draft, lot, line.material)
            continue
        draft.kind = "assay"
        for _ in lot.unassayed:
            parcel = _next(draft, lot.id, line.material)
            if parcel is not None:
                _assay(draft, lot.id, parcel, line.material)


def _next(draft: Draft, name: str, item: Material) -> Unassayed | None:
    """A parcel that this assay tells something new of; settling one receipt may move another to another pair."""
    lot = draft.lot(name)
    assert lot is not None
    return next((p for p in lot.unassayed if with_assay(p.line, item) != p.line), None)


def _assay(draft: Draft, lot: str, parcel: Unassayed, item: Material) -> None:
    completed = with_assay(parcel.line, item)
    measured = measure(completed, draft.book.mass_basis)
    if isinstance(measured, Refusal):
        raise Refused(Said(measured.code, (draft.event.identity, lot), measured.arithmetic))
    refuse_without_content(draft, lot, measured)
    note_grades(draft, completed, measured)
    if parcel.origin == "receipt":
        pair = draft.view.get(Inbound, parcel.ref)
        assert pair is not None, "who waits as a receipt has a pair"
        receipt = next(r for r in pair.receipts if r.line == parcel.line)
        receipt_assays.put_on(draft, pair, receipt, parcel, item)
        return
    _post(draft, lot, parcel, item, draft.event.identity, measured)


def inherit(draft: Draft) -> None:
    """What assayed the parcel of an event that is void assays that of its corrective (ledger-rules section 5)."""
    for lot, identity, corrective in draft.inherits:
        journal, held = draft.view.get(Journal, identity), draft.lot(lot)
        assert held is not None, "what takes a place is in its lot"
        parcel = next((p for p in held.unassayed if p.ref == corrective), None)
        if journal is None or parcel is None:
            continue
        item = next(a.item for a in journal.assayed if a.lot == lot)
        assert item is not None, "an assay keeps what it stated"
        measured = measure(with_assay(parcel.line, item), draft.book.mass_basis)
        if isinstance(measured, Measured) and measured.assayed:
            _post(draft, lot, parcel, item, identity, measured)
            draft.view.put(replace(journal, assayed=[*journal.assayed, draft.assayed.pop()]), identity)


def _post(draft: Draft, lot: str, parcel: Unassayed, item: Material, identity: str, measured: Measured) -> None:
    """The content of a parcel that waited, by the assay of an event."""
    completed = with_assay(parcel.line, item)
    _forget(draft, lot, parcel)
    before = change_of(draft, lot, Move(0, parcel.ref, parcel.index))
    put_change(draft, parcel.ref, parcel.index, _assayed(draft, before, parcel, completed, measured, identity), assayed=True)
    draft.assayed.append(Assayed(lot, "", parcel, before, item))


def _forget(draft: Draft, name: str, parcel: Unassayed) -> None:
    """The parcel waits no longer."""
    lot = draft.lot(name)
    assert lot is not None
    draft.put_lot(replace(lot, unassayed=[p for p in lot.unassayed if p != parcel]))
    draft.close_finding(draft.finding_id(Said(*unassayed_finding(name, parcel))))


def _assayed(draft: Draft, before: LotChange, parcel: Unassayed, completed: Line, measured: Measured, identity: str) -> LotChange:
    """The parcel's change with its contained mass, and the masses not known before."""
    waiting = measure(parcel.line, draft.book.mass_basis)
    known = (waiting.dry_mg if isinstance(waiting, Measured) else None) or 0
    contained = tracked(draft, measured.contained_mg)
    dry = wet_and_dry(measured)[1]
    return replace(
        before,
        dry_mg=before.dry_mg + dry - known,
        entered_dry_mg=before.entered_dry_mg + dry - known,
        entered_mg=contained,
        entered_u2=squared({e: mg for e, mg in measured.u_mg.items() if e in contained}),
        entered_u2_dry=str(measured.u_dry_mg**2),
        contained_mg={e: mg for e, mg in contained.items() if mg},
        shares=attribution.of_item(completed.material, contained, dry, draft.site),
        status=settled_by(measured),
        assay=identity,
    )
