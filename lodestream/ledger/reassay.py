"""A later assay of a lot that has one: the difference is posted, never edited (ledger-rules section 5, new assay of a lot).

A lot that is one parcel gets the new content where the parcel stands: the difference goes to the account that it came from
(SOURCE, UNACCOUNTED through its run, TRANSIT_VAR through its receipt), and what was drawn since follows as a restatement. Of a
lot in which parcels were mixed the assay tells what is there now: the difference goes to STOCK_ADJ(assay).

An assay that is less settled than the one that stands (provisional, exchanged, final, umpire) is kept and changes nothing.

Rulebook R48.
"""

from decimal import Decimal

from msgspec.structs import replace

from lodestream.epcis.event import Material
from lodestream.ledger import attribution, matching, receipt_assays
from lodestream.ledger.accounts import STOCK_ADJ_ASSAY, stock
from lodestream.ledger.draft import Draft
from lodestream.ledger.lots import RANK, moisture, refuse_unusable, refuse_without_content, settled_by, tracked, wet_and_dry
from lodestream.ledger.moves import change_of, move_at, named
from lodestream.ledger.parcels import put_change, with_assay
from lodestream.ledger.state import Assayed, Journal, Lot, LotChange, Move, Shares, Unassayed
from lodestream.ledger.variance import squared
from lodestream.measures import Line, Measured, measure

MAX_PARCELS = 1_000  # slots of a lot that are looked at for its parcels; one with more is a mixture


def assay_again(draft: Draft, lot: Lot, item: Material) -> None:
    """Post what a later assay changes."""
    parcels = _parcels(draft, lot)
    mixed = len(parcels) > 1 or lot.moved > MAX_PARCELS
    if lot.dry_mg <= 0 if mixed else not parcels:  # a mixture that has left: nothing here to be measured
        draft.reason = f"{lot.id} holds nothing that this assay could tell of: kept"
    elif mixed:
        _assay_mixture(draft, lot, item)
    else:
        move, change = parcels[0]
        if move.index < 0:
            _assay_receipt(draft, lot, item, move)
        else:
            _assay_parcel(draft, lot, item, move, change)


def _parcels(draft: Draft, lot: Lot) -> list[tuple[Move, LotChange]]:
    """What entered the lot and stands."""
    found = []
    for slot in range(min(lot.moved, MAX_PARCELS)):
        move = move_at(draft, lot.id, slot)
        if move is not None:
            change = change_of(draft, lot.id, move)
            if change.entered_dry_mg > 0 or change.entered_mg:
                found.append((move, change))
    return found


def _is_less_settled(draft: Draft, measured: Measured, standing: str) -> bool:
    status = settled_by(measured)
    if RANK.get(status, 0) >= RANK.get(standing, 0):
        return False
    draft.reason = f"a {status} assay after the {standing} one: kept, changes nothing"
    return True


def _measured(draft: Draft, lot: Lot, item: Material, wet_mg: int, dry_mg: int) -> Measured:
    """These masses with the grades of the item, and its moisture where it states one. `Refused` where it says no content."""
    base = Material("object", lot.id, mass_basis="wet", product_class=lot.product_class, loss_class=lot.loss_class)
    line = with_assay(Line("object", lot.id, Decimal(wet_mg), "MGM", base), item)
    measured = refuse_unusable(draft, [line], [measure(line, None, moisture(wet_mg, dry_mg))])[0]
    refuse_without_content(draft, lot.id, measured)
    return measured


def _assay_parcel(draft: Draft, lot: Lot, item: Material, move: Move, change: LotChange) -> None:
    measured = _measured(draft, lot, item, change.wet_mg, change.entered_dry_mg)
    if _is_less_settled(draft, measured, change.status):
        return
    contained = tracked(draft, measured.contained_mg)
    dry = wet_and_dry(measured)[1]
    new = replace(
        change,
        dry_mg=dry,
        entered_dry_mg=dry,
        entered_mg=contained,
        entered_u2=squared({e: mg for e, mg in measured.u_mg.items() if e in contained}),
        contained_mg={e: mg for e, mg in contained.items() if mg},
        shares=_rescaled(change, contained),
        status=settled_by(measured),
        assay=draft.event.identity,
    )
    draft.kind = "assay"
    put_change(draft, move.identity, move.index, new, assayed=True)
    waited = Unassayed("event", move.identity, Line("object", lot.id), move.index, again=True)
    draft.assayed.append(Assayed(lot.id, "", waited, change, item))


def _rescaled(change: LotChange, contained: dict[str, int]) -> Shares:
    """The shares of a parcel brought to its new content; of an element that it did not state before the origin of the others."""
    known = change.shares.vectors
    other = next(iter(known.values()), {})
    vectors = {e: attribution.scaled(known.get(e, other), mg) for e, mg in contained.items() if mg}
    return replace(change.shares, vectors=vectors)


def _assay_receipt(draft: Draft, lot: Lot, item: Material, move: Move) -> None:
    """A received parcel: its receipt gets the assay, and its pair is settled anew."""
    journal = draft.view.get(Journal, move.identity)
    assert journal is not None, "a receipt that stands has its journal"
    known = next(ref for ref in journal.pairs if ref.rsplit(" ", 1)[1] == lot.id)
    for pair in matching.pairs_with(draft, lot.id, move.identity, known):
        receipt = next(r for r in pair.receipts if r.identity == move.identity and r.number == -1 - move.index)
        completed = with_assay(receipt.line, item)
        before = measure(receipt.line, draft.book.mass_basis)
        standing = settled_by(before) if isinstance(before, Measured) else ""
        after = refuse_unusable(draft, [completed], [measure(completed, draft.book.mass_basis)])[0]
        if completed == receipt.line or _is_less_settled(draft, after, standing):
            continue
        draft.kind = "assay"
        ref = f"{pair.consignment} {pair.lot}"
        receipt_assays.put_on(draft, pair, receipt, Unassayed("receipt", ref, receipt.line, again=True), item)
        return


def _assay_mixture(draft: Draft, lot: Lot, item: Material) -> None:
    """What is there now is what the assay says: the difference is an adjustment, which a declaration reverses."""
    measured = _measured(draft, lot, item, max(0, lot.wet_mg), lot.dry_mg)
    contained = tracked(draft, measured.contained_mg)
    more = {e: mg - lot.contained_mg.get(e, 0) for e, mg in contained.items()}
    more = {e: mg for e, mg in more.items() if mg}
    if not more:
        draft.reason = f"{lot.id} holds what this assay says"
        return
    vectors = {}
    for element in more:
        now = lot.shares.vectors.get(element, {})
        vectors[element] = attribution.added(attribution.scaled(now, contained[element]), now, -1)
    change = LotChange(lot.id, contained_mg=more, shares=Shares(vectors), account=named(STOCK_ADJ_ASSAY))
    draft.kind = "assay"
    draft.move_lot(change)
    for element, mg in more.items():
        draft.move(element, STOCK_ADJ_ASSAY, stock(lot.id, lot.loss_class), mg)
