"""Lots: what enters them, and the lines of an event that may (rulebook R13, R20)."""

import re
from collections.abc import Sequence

from msgspec.structs import replace

from lodestream.epcis.values import plain
from lodestream.ledger import records
from lodestream.ledger.attribution import NOTHING
from lodestream.ledger.draft import Draft, Refused
from lodestream.ledger.place import take
from lodestream.ledger.state import Lot, LotChange, Shares, Unassayed
from lodestream.ledger.values import Said
from lodestream.ledger.variance import squared
from lodestream.measures import Line, Measured, Refusal, measure
from lodestream.measures.exact import Ratio

# Classes of trade items, assets and documents of which no lot or serial is named: nothing can be in them.
_WITHOUT_LOT = re.compile(
    r"https://id\.gs1\.org/(01/\d{14}|8003/\d{14}|253/\d{13}|255/\d{13}|8006/\d{18}|8010/[^/]+)$|urn:epc:idpat:"
)


def without_lot(identifier: str) -> bool:
    """Whether a canonical id names a class without a lot (ledger-rules section 2: NO_LOT)."""
    return _WITHOUT_LOT.match(identifier) is not None


def refuse_without_content(draft: Draft, lot: str, measured: Measured) -> None:
    """`Refused` (BASIS_MISSING) where an assay of a lot does not tell its content."""
    if not measured.assayed:
        raise Refused(Said("BASIS_MISSING", (draft.event.identity, lot), f"{lot}: {'; '.join(measured.remarks)}"))


def refuse_unusable(draft: Draft, lines: Sequence[Line], measured: Sequence[Measured | Refusal]) -> list[Measured]:
    """The measured lines, or `Refused` with every reason why some cannot be (NO_LOT, units, basis, grades, quantities)."""
    said = [
        Said(
            "NO_LOT",
            (draft.event.identity, line.role, line.id),
            f"{line.id} is a class without a lot: name the lot (LGTIN, /10/)",
        )
        for line in lines
        if without_lot(line.id)
    ]
    usable = []
    for line, one in zip(lines, measured, strict=True):
        if isinstance(one, Measured):
            usable.append(one)
        elif not without_lot(line.id):
            said.append(Said(one.code, (draft.event.identity, line.role, line.id), one.arithmetic))
    if said:
        raise Refused(*said)
    return usable


def tracked(draft: Draft, contained_mg: dict[str, int]) -> dict[str, int]:
    """Of the stated elements those that the book tracks; the default book tracks all that are stated."""
    elements = draft.book.elements
    return {e: mg for e, mg in contained_mg.items() if not elements or e in elements}


def ensure(draft: Draft, line: Line, at_us: int) -> Lot:
    """The lot of a line, made if it is not there; what the item says of it is noted."""
    item = line.material
    loss_class = item.loss_class if item else None
    lot = draft.lot(line.id) or Lot(line.id, loss_class=loss_class, created_us=at_us, findings=draft.held(line.id))
    lot = replace(
        lot,
        created_us=min(lot.created_us, at_us),
        product_class=(item.product_class if item else None) or lot.product_class,
        owner=(item.owner if item else None) or lot.owner,
        country_of_origin=(item.country_of_origin if item else None) or lot.country_of_origin,
    )
    draft.put_lot(lot)
    return lot


def wet_and_dry(measured: Measured) -> tuple[int, int]:
    """Wet and dry mass in mg: a dry mass without a moisture stands for both, a wet one alone has no dry mass yet.

    What was sold as received, with a grade on that basis and no moisture (scrap), counts as it was weighed.
    """
    dry = measured.dry_mg
    if dry is None:
        dry = measured.wet_mg or 0 if measured.assayed else 0
    return (measured.wet_mg if measured.wet_mg is not None else dry), dry


def enter(
    draft: Draft,
    line: Line,
    measured: Measured,
    contained_mg: dict[str, int],
    u_mg: dict[str, int],
    account: str,
    shares: Shares = NOTHING,
) -> None:
    """Put a parcel's masses into its lot; a second parcel mixes with the first. The legs are the caller's.

    `account` is where it comes from; the shares of what a run makes follow when the run is settled.
    """
    wet, dry = wet_and_dry(measured)
    u = {e: mg for e, mg in u_mg.items() if e in contained_mg}
    change = LotChange(
        line.id,
        wet,
        dry,
        dry,
        contained_mg,
        squared(u),
        str(measured.u_dry_mg**2),
        contained_mg={e: mg for e, mg in contained_mg.items() if mg},
        shares=shares,
        account=account,
        status=settled_by(measured),
        method=method_of(line),
        product_class=(line.material.product_class if line.material is not None else None) or "",
    )
    place = take(draft, line.id)
    if place is not None and place.assay:
        draft.inherits.append((line.id, place.assay, draft.event.identity))
    draft.move_lot(change, place.slot if place is not None else -1)
    note_grades(draft, line, measured)


def method_of(line: Line) -> str:
    """How the mass of a line was measured; empty where its item does not say."""
    return (line.material.mass_method if line.material is not None else None) or ""


BY_BOOK = "book"  # the status of a grade that is the book's: as settled as a provisional one
RANK = {"provisional": 0, "exchanged": 1, "final": 2, "umpire": 3}


def settled_by(measured: Measured) -> str:
    """The status of the assay that a content rests on: the least settled of its elements'; empty where none was assayed."""
    return min(measured.statuses.values(), key=lambda s: RANK.get(s, 0), default="")


def moisture(wet_mg: int, dry_mg: int) -> Ratio | None:
    """Water over wet mass of a lot or parcel; None where its masses say none."""
    return (wet_mg - dry_mg, wet_mg) if 0 < dry_mg <= wet_mg else None


def note_grades(draft: Draft, line: Line, measured: Measured) -> None:
    """F13 where a grade is above what the declared chemical form can hold: posted, and held."""
    for note in measured.notes:
        draft.find(note.code, (draft.event.identity, line.role, line.id), note.arithmetic, [line.id])


def wait_for_assay(draft: Draft, line: Line, origin: str, ref: str, index: int = 0) -> None:
    """As `wait`, for a parcel that has come just now."""
    wait(draft, line, Unassayed(origin, ref, line, index))


def wait(draft: Draft, line: Line, parcel: Unassayed) -> None:
    """Keep a parcel without an assay: it has mass, no element posting, and no credential (F40)."""
    lot = draft.lot(line.id)
    assert lot is not None
    draft.put_lot(replace(lot, unassayed=[*lot.unassayed, parcel]))
    draft.find(*unassayed_finding(line.id, parcel))
    draft.waiting[line.id] = None


def unassayed_finding(lot: str, parcel: Unassayed) -> tuple[str, tuple[str, str], str, list[str]]:
    """The F40 of a parcel: code, inputs, arithmetic, lots."""
    measured = measure(parcel.line)
    missing = "; ".join(measured.remarks) if isinstance(measured, Measured) else ""
    by = ", ".join(f"{a.substance} {plain(a.value)} %" for a in parcel.graded)
    until = f"until that comes it counts by the book's provisional grade, {by}" if by else "it posts when that comes"
    said = f"{lot}: {parcel.line.quantity or ''} {parcel.line.uom or ''}, {missing or 'no assay'}: {until}"
    return "UNASSAYED", (lot, parcel.ref), said, [lot]


def told(line: Line, wet_mg: int, dry_mg: int, contained_mg: dict[str, int]) -> records.Line:
    """A line as the transaction tells it."""
    item = line.material
    return records.Line(
        role=line.role,
        lot=line.id,
        wet_mg=wet_mg,
        dry_mg=dry_mg,
        contained_mg=dict(sorted(contained_mg.items())),
        quantity=line.quantity,
        uom=line.uom,
        product_class=item.product_class if item else None,
        loss_class=item.loss_class if item else None,
        tickets=item.tickets if item else [],
        assays=[records.StatedAssay(a.substance, a.value, a.unit, a.basis, a.status, a.certificate) for a in item.assays]
        if item
        else [],
        process=item.process if item else None,
    )
