"""Stock-takes and cycle counts: STOCK <-> STOCK_ADJ within tolerance, a finding beyond (ledger-rules section 5; F19).

A count tells the mass of a lot; its content follows by the grade of the book. What counts correct of a lot, and what draws took
above the book, stay together within one tolerance over the lot's life, so that a leak cannot be counted away bit by bit: the
larger of the book's `stock_tolerance_percent` of all dry mass that entered the lot, and twice the combined standard
uncertainty of what entered and of the count. A count beyond it posts nothing: somebody has to find out which event is wrong
or missing. STOCK_DIFFERS (hold) stands on the lot until a later count agrees, or until this one is declared void. A count is
compared with the book as it is when it comes.

Rulebook R23.
"""

from lodestream.ledger.accounts import STOCK_ADJ, stock
from lodestream.ledger.draft import Draft
from lodestream.ledger.lots import moisture, refuse_unusable, told, wet_and_dry
from lodestream.ledger.moves import named
from lodestream.ledger.place import take
from lodestream.ledger.records import Finding
from lodestream.ledger.restate import Stand, redrawn
from lodestream.ledger.state import Lot, LotChange
from lodestream.ledger.variance import entered_u_dry_mg
from lodestream.measures import Line, Measured, Refusal, kg, lines, measure, percent_of, quadrature, share

STEPS = frozenset({"stock_taking", "cycle_counting"})


def count(draft: Draft) -> None:
    """OBSERVE with the step `stock_taking` or `cycle_counting`: each lot that it names with a mass is compared with the book."""
    for line in lines(draft.event):
        lot = draft.lot(line.id)
        measured = measure(line, draft.book.mass_basis, moisture(lot.wet_mg, lot.dry_mg) if lot else None)
        if isinstance(measured, Refusal) and measured.code == "NO_QUANTITY":
            draft.reason = f"{measured.arithmetic}: nothing to compare with the book"
            continue
        _compare(draft, line, lot, refuse_unusable(draft, [line], [measured])[0])


def _compare(draft: Draft, line: Line, lot: Lot | None, measured: Measured) -> None:
    wet, dry = wet_and_dry(measured)
    if lot is None or lot.dry_mg <= 0:
        dry = dry or wet  # by the book nothing is there that has a moisture
    if lot is not None and lot.unassayed:
        draft.reason = f"{line.id} has no assay yet, its book is not complete: kept, count it again"
        return
    if wet and not dry:
        draft.reason = f"{line.id} was weighed wet and has no moisture here: kept, nothing to compare"
        return
    draft.kind = "count"
    if lot is None:
        if dry:
            _differs(draft, line.id, f"counted {kg(dry)} dry, {line.id} was never at {draft.site}: book 0 kg")
        return
    more = dry - lot.dry_mg
    allowed, says = _tolerance(draft, lot, measured)
    used = lot.excess_dry_mg + more
    sums = f"{line.id}: counted {kg(dry)} dry, book {kg(lot.dry_mg)}, difference {kg(more)}; {kg(used)} over the lot's life"
    if more and (lot.dry_mg < 0 or abs(used) > allowed):
        _differs(draft, line.id, f"{sums}, beyond the {kg(allowed)} of {says}")
        return
    for finding in _standing(draft, line.id):
        draft.close_finding(finding)
    if more:
        contained = _adjust(draft, lot, wet, dry, more)
        draft.reason = f"{sums}, within the {kg(allowed)} of {says}"
    else:
        contained = {}
    draft.lines.append(told(line, wet, more, contained))


def _tolerance(draft: Draft, lot: Lot, measured: Measured) -> tuple[int, str]:
    """What may differ, in mg, and which of the two limits that is."""
    percent = draft.book.stock_tolerance_percent
    by_book = percent_of(percent, lot.entered_dry_mg)
    by_u = 2 * quadrature(entered_u_dry_mg(lot), measured.u_dry_mg)
    if by_u > by_book:
        return by_u, f"2u, which is larger than {percent} % of what entered ({kg(by_book)})"
    return by_book, f"{percent} % of what entered, which is not less than 2u ({kg(by_u)})"


def _adjust(draft: Draft, lot: Lot, wet: int, dry: int, more: int) -> dict[str, int]:
    """Post the difference, a draw for STOCK_ADJ or out of it: content and shares are the lot's. Zero takes all (a clean-out)."""
    empty = {e: share(mg, more, lot.entered_dry_mg) for e, mg in lot.entered_mg.items()} if lot.dry_mg <= 0 else {}
    change = LotChange(
        lot.id,
        wet_mg=(wet if dry else 0) - lot.wet_mg,
        dry_mg=more,
        excess_dry_mg=more,
        contained_mg={e: mg for e, mg in empty.items() if mg},
        account=named(STOCK_ADJ),
    )
    change, _ = redrawn(draft, change, Stand(lot), lot.moved)
    place = take(draft, lot.id)
    draft.move_lot(change, place.slot if place is not None else -1)
    for element, mg in change.contained_mg.items():
        draft.move(element, STOCK_ADJ, stock(lot.id, lot.loss_class), mg)
    return change.contained_mg


def _differs(draft: Draft, lot: str, arithmetic: str) -> None:
    for finding in _standing(draft, lot):
        draft.close_finding(finding, superseded=True)
    draft.find("STOCK_DIFFERS", (lot, draft.event.identity), arithmetic, [lot])


def _standing(draft: Draft, lot: str) -> list[str]:
    """The findings of earlier counts of this lot."""
    known = [(name, draft.view.get(Finding, name)) for name in draft.held(lot)]
    return [name for name, finding in known if finding is not None and finding.code == "STOCK_DIFFERS"]
