"""Draws: taking from a lot, by dry mass (ledger-rules sections 5 and 6; rulebook R5, R15, R16, R17).

`contained = round(lot contained x drawn dry mass / lot dry mass)`; a draw of all dry mass takes the rest. Within the
lot's tolerance a draw above the book posts the excess from STOCK_ADJ; beyond it the event is parked.
"""

from lodestream.ledger import attribution, exclusion, provisional
from lodestream.ledger.accounts import STOCK_ADJ, STOCK_ADJ_ASSAY, stock
from lodestream.ledger.draft import Draft, Refused, Unready
from lodestream.ledger.lots import BY_BOOK, moisture, refuse_unusable, tracked, wet_and_dry
from lodestream.ledger.moves import entered, named
from lodestream.ledger.place import take
from lodestream.ledger.state import Lot, LotChange
from lodestream.ledger.values import Account, Drawn, Said
from lodestream.ledger.variance import entered_u_dry_mg, entered_u_mg
from lodestream.measures import Line, Measured, kg, measure, percent_of, share


def post_drawn(draft: Draft, drawn: Drawn, element: str, target: Account) -> None:
    """The legs of one element of a draw into `target`."""
    draft.move(element, drawn.account, target, drawn.taken_mg.get(element, 0))
    draft.move(element, STOCK_ADJ, target, drawn.excess_mg.get(element, 0))
    draft.move(element, STOCK_ADJ_ASSAY, target, drawn.reassayed_mg.get(element, 0))


def draw(draft: Draft, line: Line, target: Account) -> Drawn:
    """Take a line from its lot for an account: masses and shares change, legs are the caller's. `Unready`: not yet."""
    lot = _known(draft, line)
    measured = _measured(draft, line, lot)
    if draft.book.exclusions:
        exclusion.look(draft, lot)
    there = max(0, lot.dry_mg)
    wanted = there if measured is None else wet_and_dry(measured)[1] or measured.wet_mg or 0
    excess = max(0, wanted - there)
    if excess:
        _tolerate(draft, line, lot, wanted, excess)
    dry = wanted - excess
    wet = max(0, lot.wet_mg) if dry == there else _wet(measured, dry, lot)
    weighed = wet if not excess else _wet_above(measured, wanted, lot)
    # What a correction left below zero, or without a mass, cannot be drawn.
    taken = {e: share(max(0, mg), dry, there) if there else 0 for e, mg in lot.contained_mg.items()}
    above = {e: share(mg, excess, lot.entered_dry_mg) for e, mg in lot.entered_mg.items()} if excess else {}
    u = {e: share(mg, wanted, lot.entered_dry_mg) for e, mg in entered_u_mg(lot).items()}
    reassayed: dict[str, int] = {}
    if measured is not None and measured.assayed:
        stated = tracked(draft, measured.contained_mg)
        reassayed = {e: mg - taken.get(e, 0) - above.get(e, 0) for e, mg in stated.items()}
        u |= {e: mg for e, mg in measured.u_mg.items() if e in stated}
    else:
        stated = {}
    part = attribution.drawn(lot.shares, taken, dry, there, lambda: entered(draft, lot.id, lot.moved))
    index = len(draft.changes)
    stands = take(draft, line.id)
    draft.move_lot(
        LotChange(
            line.id,
            wet_mg=-wet,
            dry_mg=-dry,
            excess_dry_mg=excess,
            contained_mg={e: -mg for e, mg in taken.items() if mg},
            shares=attribution.outgoing(part, lot.shares, whole=dry == there),
            account=named(target),
            above_mg={e: mg for e, mg in above.items() if mg},
            stated_mg=stated,
            touched=sorted(part.contacts),
            weighed_mg=weighed if excess else 0,
            status=BY_BOOK if lot.unassayed and not stated else "",
        ),
        stands.slot if stands is not None else -1,
    )
    contained = {e: taken.get(e, 0) + above.get(e, 0) + reassayed.get(e, 0) for e in sorted({*taken, *above, *reassayed})}
    brought = attribution.parcel(part, contained)
    account = stock(lot.id, lot.loss_class)
    return Drawn(line, account, weighed, wanted, taken, above, reassayed, contained, u, lot.created_us, brought, index)


def _known(draft: Draft, line: Line) -> Lot:
    """The lot of a line, if what it contains is known by mass, be it by the book's provisional grade."""
    lot = draft.lot(line.id)
    if lot is not None and lot.unassayed:
        lot = provisional.fill(draft, line.id)
    if lot is not None and not all(parcel.graded for parcel in lot.unassayed):
        said = f"{line.id} has no assay yet: what this draw contains is not known"
        raise Unready([f"lot:{line.id}"], Said("UNASSAYED", (line.id, draft.event.identity), said, [line.id]))
    if lot is None or (lot.entered_dry_mg == 0 and not lot.contained_mg):
        raise Unready([f"lot:{line.id}"], _unknown(draft, line))
    if lot.entered_dry_mg == 0:
        parts = ", ".join(f"{kg(mg)} {e}" for e, mg in lot.contained_mg.items())
        said = f"{line.id} holds {parts} and no mass (a solution, or contained mass alone): it cannot be drawn by mass"
        raise Refused(Said("NO_QUANTITY", (draft.event.identity, line.role, line.id), said))
    return lot


def _measured(draft: Draft, line: Line, lot: Lot) -> Measured | None:
    """The line measured with the lot's moisture; None for a bare instance, which is drawn whole."""
    if line.instance and line.material is None:
        return None
    measured = refuse_unusable(draft, [line], [measure(line, draft.book.mass_basis, moisture(lot.wet_mg, lot.dry_mg))])[0]
    if measured.dry_mg is None and measured.wet_mg is None:
        said = f"{line.id} is drawn without a mass: a contained mass or a volume does not say how much of the lot it is"
        raise Refused(Said("NO_QUANTITY", (draft.event.identity, line.role, line.id), said))
    return measured


def _wet(measured: Measured | None, dry_mg: int, lot: Lot) -> int:
    if measured is not None and measured.wet_mg is not None and measured.moisture_ratio is not None:
        return min(measured.wet_mg, max(0, lot.wet_mg))
    return share(max(0, lot.wet_mg), dry_mg, lot.dry_mg)


def _wet_above(measured: Measured | None, dry_mg: int, lot: Lot) -> int:
    """The wet mass of a draw above the book: as it was weighed, else with the lot's moisture."""
    if measured is not None and measured.wet_mg is not None and measured.moisture_ratio is not None:
        return measured.wet_mg
    return share(max(0, lot.wet_mg), dry_mg, lot.dry_mg) if lot.dry_mg > 0 else dry_mg


def _unknown(draft: Draft, line: Line) -> Said:
    """NO_BOOK for a ship where the site never posted anything (a carrier's hub opens no book), else PHANTOM_STOCK."""
    inputs = (line.id, draft.event.identity)
    if draft.event.action == "OBSERVE" and not draft.head.posted and not draft.book.booked:
        return Said("NO_BOOK", inputs, f"{draft.site} never posted anything: {line.id} cannot leave it yet")
    return Said("PHANTOM_STOCK", inputs, f"{line.id} was never at {draft.site}: available 0 kg", [line.id])


def _tolerate(draft: Draft, line: Line, lot: Lot, wanted: int, excess: int) -> None:
    """BOOK_EXCEEDED within the tolerance over the lot's life, else `Unready` with DOUBLE_SPEND.

    Tolerance: the larger of the book's percentage of all dry mass that entered and 2u of it; never for an overdraft
    that a correction made.
    """
    allowed = max(percent_of(draft.book.lot_tolerance_percent, lot.entered_dry_mg), 2 * entered_u_dry_mg(lot))
    used = lot.excess_dry_mg + excess
    inputs = (line.id, draft.event.identity)
    sums = f"{line.id}: {kg(wanted)} dry drawn, {kg(lot.dry_mg)} available, excess {kg(excess)}"
    if lot.dry_mg >= 0 and used <= allowed:
        draft.find("BOOK_EXCEEDED", inputs, f"{sums}; {kg(used)} over the lot's life <= tolerance {kg(allowed)}", [line.id])
        return
    short = {e: share(mg, excess, lot.entered_dry_mg) for e, mg in lot.entered_mg.items()} if lot.entered_dry_mg > 0 else {}
    parts = ", ".join(f"{kg(mg)} {e}" for e, mg in short.items() if mg)
    said = f"{sums} > tolerance {kg(allowed)}" + (f"; short of {parts}" if parts else "")
    raise Unready([f"lot:{line.id}"], Said("DOUBLE_SPEND", inputs, said, [line.id]))
