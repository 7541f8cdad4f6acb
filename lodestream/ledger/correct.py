"""Error declarations: what the declared event posted is reversed, and it is void (EPCIS 2.0 errorDeclaration).

Nothing is updated: the reversal is a transaction of its own with the exact negatives of the original's legs. Metal that
moved on meanwhile shows as RETRO_OVERDRAFT.
"""

from typing import TypeVar

from msgspec.structs import replace

from lodestream.ledger import lots, matching, ship
from lodestream.ledger.accounts import Account, custody, transit
from lodestream.ledger.draft import Draft, Refused, Unready, plus
from lodestream.ledger.identity import named_by, replay_suspect
from lodestream.ledger.parking import unpark
from lodestream.ledger.records import Finding
from lodestream.ledger.state import Assayed, Journal, Leg, Outbound, Parked, Run, Seen, plus_squares
from lodestream.ledger.values import Said

T = TypeVar("T")


def declare(draft: Draft) -> None:
    """Take back the event that the declaration names, by eventID, else by hash. Before its original it is parked."""
    event = draft.event
    identity = named_by(draft.view, event)
    seen = draft.view.get(Seen, identity) if identity else None
    if identity is None or seen is None:
        said = f"an error declaration of {event.identity}, which is not in the book yet"
        waits = {f"event:{event.identity}", f"event:{event.event_hash}"}
        raise Unready(waits, Said("DECLARATION_MISMATCH", (draft.entry.entry_id,), said, (), "info"))
    if seen.status == "void":
        draft.reason = "the event is void already"
        return
    if identity == event.identity and seen.digest != event.content_digest:  # the digest covers the eventID
        said = f"event {identity}: content digest {seen.digest}, its declaration {event.content_digest}; the event stands"
        raise Refused(Said("DECLARATION_MISMATCH", (identity, event.content_digest), said, seen.lots))
    draft.kind = "correct"
    _void(draft, identity, seen)


def _void(draft: Draft, identity: str, seen: Seen) -> None:
    parked = draft.view.get(Parked, seen.entry_id)
    if parked is not None:
        unpark(draft.view, parked)
    journal = draft.view.get(Journal, identity)
    if journal is not None:
        _reverse(draft, identity, journal)
        draft.view.drop(Journal, identity)
    current = draft.view.get(Seen, identity) or seen
    for finding in current.findings:
        draft.close_finding(finding, superseded=True)
    draft.view.put(replace(current, status="void", findings=[]), identity)
    if replay_suspect(draft.view, draft.event, posting=False) is None:
        draft.close_finding(draft.finding_id(Said("REPLAY_SUSPECT", (current.hash,), "")), superseded=True)


def _reverse(draft: Draft, identity: str, journal: Journal) -> None:
    if journal.kind == "receive" and journal.pairs:
        for ref in journal.pairs:
            _unreceive(draft, ref, identity)
        return
    for assayed in journal.assayed:
        _unassay(draft, assayed)
    sent = [withdrawn for ref in journal.pairs if (withdrawn := _unship(draft, ref, identity)) is not None]
    _negate(draft, journal.legs)
    for change in journal.changes:
        draft.change_lot(change, undo=True)
    for lot in {change.lot for change in journal.changes}:
        _forget_parcels(draft, lot, identity)
    draft.view.drop(Run, identity)
    if sent:
        ship.offer(draft, [pair for pair, _ in sent], sent[0][1])


def _negate(draft: Draft, legs: list[Leg]) -> None:
    for leg in legs:
        draft.post(leg.element, Account(leg.kind, leg.ref, leg.lot), -leg.mg)


def _forget_parcels(draft: Draft, name: str, identity: str) -> None:
    """Parcels of the void event wait for no assay."""
    lot = draft.lot(name)
    assert lot is not None
    left = [p for p in lot.unassayed if p.ref != identity]
    if left != lot.unassayed:
        draft.put_lot(replace(lot, unassayed=left))


def _unreceive(draft: Draft, ref: str, identity: str) -> None:
    """Without this receipt its pair is settled anew; a later one that was refused may count now.

    A receipt that named no consignment may stand in the pair of an offer by now.
    """
    lot = ref.rsplit(" ", 1)[1]
    for pair in matching.pairs_with(draft, lot, identity, ref):
        matching.update(draft, replace(pair, receipts=[r for r in pair.receipts if r.identity != identity]))


def _unship(draft: Draft, ref: str, identity: str) -> tuple[Outbound, str] | None:
    """The shipment is withdrawn: what its receiver settled comes back from CUSTODY at once, and a new version of the offer
    goes there.
    """
    pair = draft.view.get(Outbound, ref)
    to_site = next((s.to_site for s in pair.shipments if s.identity == identity), None) if pair is not None else None
    if pair is None or to_site is None:  # the same lot twice in one event
        return None
    bound = pair.bound[to_site]
    for element, mg in bound.settled_mg.items():
        draft.move(element, custody(pair.consignment, pair.lot), transit(pair.consignment, pair.lot), mg)
    bound = replace(bound, version=bound.version + 1, settled_mg={})
    shipments = [s for s in pair.shipments if s.identity != identity]
    pair = replace(pair, shipments=shipments, bound={**pair.bound, to_site: bound})
    draft.view.put(pair, ref)
    return pair, to_site


def _unassay(draft: Draft, assayed: Assayed) -> None:
    """An assay is void: what it posted is taken back where the parcel still stands, and the parcel waits again."""
    parcel = assayed.parcel
    if parcel.origin == "receipt":
        for pair in matching.pairs_with(draft, assayed.lot, assayed.identity, parcel.ref):
            receipts = [replace(r, line=parcel.line) if r.identity == assayed.identity else r for r in pair.receipts]
            matching.update(draft, replace(pair, receipts=receipts))
        return
    journal = draft.view.get(Journal, parcel.ref)
    lot = draft.lot(assayed.lot)
    if journal is None or lot is None:
        return
    draft.view.put(
        replace(journal, legs=_less(journal.legs, assayed.legs), changes=_less(journal.changes, assayed.changes)), parcel.ref
    )
    _negate(draft, assayed.legs)
    for change in assayed.changes:
        draft.change_lot(change, undo=True)
    lots.wait_for_assay(draft, parcel.line, parcel)
    if parcel.origin == "run":
        _reopen_run(draft, parcel.ref, assayed)


def _less(items: list[T], taken: list[T]) -> list[T]:
    left = list(items)
    for item in taken:
        left.remove(item)
    return left


def _reopen_run(draft: Draft, identity: str, assayed: Assayed) -> None:
    """The run waits for this output again, and what was judged of it is superseded."""
    run = draft.view.get(Run, identity)
    seen = draft.view.get(Seen, identity)
    if run is None or seen is None:
        return
    outputs, u2, untracked = dict(run.outputs_mg), run.u2_outputs, {*run.untracked}
    for leg in assayed.legs:
        if leg.lot == assayed.lot:
            outputs = plus(outputs, leg.element, -leg.mg)
        elif (leg.kind, leg.ref) == ("SINK", "untracked"):  # this assay was the last one: that goes back with it
            untracked ^= {leg.element}
    for change in assayed.changes:
        u2 = plus_squares(u2, change.entered_u2, -1)
    waits = [*run.waits, assayed.lot]
    draft.view.put(replace(run, outputs_mg=outputs, u2_outputs=u2, untracked=sorted(untracked), waits=waits), identity)
    for finding in seen.findings:
        held = draft.view.get(Finding, finding)
        if held is not None and held.code in {"IMPOSSIBLE", "LOSS_UNEXPLAINED"}:
            draft.close_finding(finding, superseded=True)
