"""The first assay of a lot: what waited for it is posted, to the account that the parcel came from (ledger-rules section 3).

A parcel is measured anew from its own statement with the grades that came, so that the contained mass has one rounding.
An assay of a lot that has one is kept and linked; its difference is not posted by this version of the rules.
"""

from msgspec.structs import replace

from lodestream.epcis.event import Material
from lodestream.ledger import matching
from lodestream.ledger.accounts import SINK_UNTRACKED, SOURCE_UNTRACKED, UNACCOUNTED, Account, source, stock
from lodestream.ledger.balance import judge
from lodestream.ledger.draft import Draft, Refused, Unready
from lodestream.ledger.lots import note_grades, refuse_unusable, tracked, unassayed_finding, wet_and_dry
from lodestream.ledger.state import Assayed, Inbound, Journal, LotChange, Run, Seen, Unassayed, plus_squares, squared
from lodestream.ledger.values import Said
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
        if not lot.unassayed:
            draft.reason = f"{line.id} has its assay already: kept, the difference is not posted yet"
            continue
        draft.kind = "assay"
        for _ in lot.unassayed:
            parcel = _next(draft, lot.id, line.material)
            if parcel is not None:
                _assay(draft, lot.id, parcel, line.material)


def _next(draft: Draft, name: str, item: Material) -> Unassayed | None:
    """A parcel that this assay tells something new of; settling one receipt may move another to another pair."""
    lot = draft.lot(name)
    return next((p for p in (lot.unassayed if lot else []) if with_assay(p.line, item) != p.line), None)


def _assay(draft: Draft, lot: str, parcel: Unassayed, item: Material) -> None:
    completed = with_assay(parcel.line, item)
    measured = measure(completed, draft.book.mass_basis)
    if isinstance(measured, Refusal):
        raise Refused(Said(measured.code, (draft.event.identity, lot), measured.arithmetic))
    refuse_unusable(draft, [completed], [measured])
    if not measured.assayed:
        missing = "; ".join(measured.remarks) or "it states no element"
        raise Refused(Said("BASIS_MISSING", (draft.event.identity, lot), f"{lot}: {missing}"))
    note_grades(draft, completed, measured)
    if parcel.origin == "receipt":
        draft.assayed.append(Assayed(lot, _assay_receipt(draft, parcel, completed), parcel, [], []))
        return
    legs, changes = len(draft.legs), len(draft.changes)
    _forget(draft, lot, parcel)
    _post(draft, lot, parcel, measured)
    done = Assayed(lot, "", parcel, draft.leg_records()[legs:], draft.changes[changes:])
    draft.assayed.append(done)
    journal = draft.view.get(Journal, parcel.ref)
    assert journal is not None, "who made a parcel keeps a journal"
    draft.view.put(replace(journal, legs=[*journal.legs, *done.legs], changes=[*journal.changes, *done.changes]), parcel.ref)


def with_assay(line: Line, item: Material) -> Line:
    """A line with the grades of an assay item, and its moisture where it states one."""
    base = line.material or Material(role=line.role, id=line.id)
    moisture = item.moisture_percent if item.moisture_percent is not None else base.moisture_percent
    return replace(line, material=replace(base, assays=item.assays, moisture_percent=moisture))


def _forget(draft: Draft, name: str, parcel: Unassayed) -> None:
    """The parcel waits no longer."""
    lot = draft.lot(name)
    assert lot is not None
    draft.put_lot(replace(lot, unassayed=[p for p in lot.unassayed if p != parcel]))
    draft.close_finding(draft.finding_id(Said(*unassayed_finding(name, parcel))))


def _post(draft: Draft, name: str, parcel: Unassayed, measured: Measured) -> None:
    """The contained mass of the parcel, from SOURCE or out of UNACCOUNTED of its run, and the masses not yet known."""
    before = measure(parcel.line, draft.book.mass_basis)
    known = before.dry_mg if isinstance(before, Measured) and before.dry_mg is not None else 0
    contained = tracked(draft, measured.contained_mg)
    u = {e: mg for e, mg in measured.u_mg.items() if e in contained}
    dry = wet_and_dry(measured)[1] - known
    draft.change_lot(LotChange(name, 0, dry, dry, contained, squared(u), str(measured.u_dry_mg**2 if dry else 0)))
    lot = draft.lot(name)
    assert lot is not None
    account = stock(lot.id, lot.loss_class)
    run = draft.view.get(Run, parcel.ref) if parcel.origin == "run" else None
    for element, mg in contained.items():
        draft.move(element, _origin(draft, parcel, run, element), account, mg)
    if run is not None:
        _advance(draft, parcel.ref, run, name, contained, u)


def _origin(draft: Draft, parcel: Unassayed, run: Run | None, element: str) -> Account:
    if run is None:
        return source(parcel.account)
    return UNACCOUNTED if element in run.inputs_mg or element in draft.book.elements else SOURCE_UNTRACKED


def _advance(draft: Draft, identity: str, run: Run, lot: str, contained: dict[str, int], u: dict[str, int]) -> None:
    """Add an output to its run's balance; with the last one it is judged."""
    waits = list(run.waits)
    waits.remove(lot)
    outputs = {e: run.outputs_mg.get(e, 0) + contained.get(e, 0) for e in sorted({*run.outputs_mg, *contained})}
    run = replace(run, outputs_mg=outputs, u2_outputs=plus_squares(run.u2_outputs, squared(u)), waits=waits)
    draft.fit(run.run, *run.outputs_mg.values(), *run.u_outputs_mg.values())
    draft.view.put(run, identity)
    if waits:
        return
    balanced = sorted(set(draft.book.elements) or (set(run.inputs_mg) & set(outputs)))
    untracked = sorted(set(run.inputs_mg) - set(balanced))
    for element in sorted({*untracked} ^ {*run.untracked}):
        sign = 1 if element in untracked else -1
        draft.move(element, UNACCOUNTED, SINK_UNTRACKED, sign * run.inputs_mg[element])
    draft.view.put(replace(run, untracked=untracked), identity)
    opened = judge(draft, identity, run, balanced)
    draft.managed.update(opened)
    seen = draft.view.get(Seen, identity)
    if seen is not None:
        draft.view.put(replace(seen, findings=[*seen.findings, *opened]), identity)


def _assay_receipt(draft: Draft, parcel: Unassayed, completed: Line) -> str:
    """A received parcel: its receipt gets the assay, and its pair is settled anew. Gives the receipt's identity."""
    pair = draft.view.get(Inbound, parcel.ref)
    assert pair is not None, "who waits as a receipt has a pair"
    receipt = next(r for r in pair.receipts if r.line == parcel.line)
    receipts = [replace(r, line=completed) if r is receipt else r for r in pair.receipts]
    matching.update(draft, replace(pair, receipts=receipts))
    return receipt.identity
