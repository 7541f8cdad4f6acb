"""Error declarations: what the declared event posted is reversed, and it is void (EPCIS 2.0 errorDeclaration; rulebook R44, R45).

Nothing is updated: the reversal is a transaction of its own with the exact negatives of the original's legs. Metal that
moved on meanwhile shows as RETRO_OVERDRAFT. A corrective event stands where the original stood: it takes its slots in the lots,
and what was drawn since is told anew (restate.py).
"""

from msgspec.structs import replace

from lodestream.ledger import (
    aging,
    backing,
    claiming,
    containers,
    correctives,
    delivered,
    links,
    lots,
    matching,
    place,
    receipt_assays,
    ship,
    sunk,
    void,
)
from lodestream.ledger.accounts import custody, transit
from lodestream.ledger.draft import Draft, Refused, Unready
from lodestream.ledger.held import Arranged
from lodestream.ledger.identity import named_by, replay_suspect
from lodestream.ledger.moves import change_of, receipt_key
from lodestream.ledger.moving import Outbound, Receipt, Received
from lodestream.ledger.parcels import put_change
from lodestream.ledger.parking import unpark
from lodestream.ledger.running import Run
from lodestream.ledger.state import Assayed, Journal, Leg, Move, Parked, Place, Seen
from lodestream.ledger.values import Account, Said


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
        assert parked.entry.event is not None, "what was seen is an event"
        campaign = parked.entry.event.transformation_id
        if campaign is not None:
            draft.runs[campaign] = None
    take_back(draft, identity)
    assert draft.event.error_declaration is not None, "who voids has declared"
    announced = draft.event.error_declaration.corrective_event_ids
    correctives.announce(draft, identity, announced)
    claiming.withdraw(draft, identity)
    for corrective in announced:
        claiming.follow(draft, corrective)
    draft.view.put(replace(seen, status="void", findings=[]), identity)
    if replay_suspect(draft.view, draft.event, posting=False) is None:
        draft.close_finding(draft.finding_id(Said("REPLAY_SUSPECT", (seen.hash,), "")), superseded=True)


def take_back(draft: Draft, identity: str) -> None:
    """All that an event did is reversed: its postings, its containment and owners, and its findings are superseded."""
    journal = draft.view.get(Journal, identity)
    if journal is not None:
        _reverse(draft, identity, journal)
        draft.view.drop(Journal, identity)
    arranged = draft.view.get(Arranged, identity)
    if arranged is not None:
        containers.undo(draft, arranged)
        links.disown(draft, identity, arranged)
        draft.view.drop(Arranged, identity)
    backing.withdraw(draft, identity)
    seen = draft.view.get(Seen, identity)
    if seen is not None:
        for finding in seen.findings:
            draft.close_finding(finding, superseded=True)
        draft.view.put(replace(seen, findings=[]), identity)


def _reverse(draft: Draft, identity: str, journal: Journal) -> None:
    if journal.kind == "receive" and journal.pairs:
        for ref in journal.pairs:
            _unreceive(draft, ref, identity)
        return
    if journal.kind == void.KIND:
        void.withdraw(draft, journal.pairs)
        return
    if journal.kind == delivered.KIND:
        delivered.withdraw(draft, journal.pairs, identity)
        return
    for assayed in journal.assayed:
        _unassay(draft, assayed, identity)
    sent = [withdrawn for ref in journal.pairs if (withdrawn := _unship(draft, ref, identity)) is not None]
    _negate(draft, journal.legs)
    for change in journal.changes:
        draft.change_lot(change, undo=True)
        place.leave(draft, identity, change)
    for lot in {change.lot for change in journal.changes}:
        _forget_parcels(draft, lot, identity)
    if journal.run:
        _leave_run(draft, journal.run, identity)
    if sent:
        ship.offer(draft, [pair for pair, _ in sent], sent[0][1])


def _negate(draft: Draft, legs: list[Leg]) -> None:
    for leg in legs:
        draft.post(leg.element, Account(leg.kind, leg.ref, leg.lot), -leg.mg)


def _leave_run(draft: Draft, name: str, identity: str) -> None:
    """A run without the parts of the void event."""
    run = draft.view.get(Run, name)
    if run is None:
        return
    first = next((n for n, p in enumerate(run.parts) if p.identity == identity), len(run.parts))
    place.keep(draft, f"{identity} {name}", Place(first))
    run = replace(
        run,
        parts=[p for p in run.parts if p.identity != identity],
        closed_by=[i for i in run.closed_by if i != identity],
        emissions={i: g for i, g in run.emissions.items() if i != identity},
    )
    draft.view.put(run, name)
    draft.runs[name] = None


def _forget_parcels(draft: Draft, name: str, identity: str) -> None:
    """Parcels of the void event wait for no assay."""
    lot = draft.lot(name)
    assert lot is not None
    left = [p for p in lot.unassayed if p.ref != identity]
    if left != lot.unassayed:
        draft.put_lot(replace(lot, unassayed=left))
    if left:
        draft.waiting[name] = None  # a draw that is void: the book's grade may have stood in for an assay that it needed


def _unreceive(draft: Draft, ref: str, identity: str) -> None:
    """Without this receipt its pair is settled anew; a later one that was refused may count now.

    A receipt that named no consignment may stand in the pair of an offer by now.
    """
    lot = ref.rsplit(" ", 1)[1]
    while pairs := matching.pairs_with(draft, lot, identity, ref):  # settling one may move a line of the event to another
        pair = pairs[0]
        for receipt in pair.receipts:
            if receipt.identity == identity:
                _take_back(draft, lot, receipt)
        matching.update(draft, replace(pair, receipts=[r for r in pair.receipts if r.identity != identity]))


def _take_back(draft: Draft, lot: str, receipt: Receipt) -> None:
    ref = receipt_key(receipt.identity, lot, receipt.number)
    received = draft.view.get(Received, ref)
    if received is not None:
        draft.change_lot(received.change, undo=True)
        place.leave(draft, receipt.identity, received.change, receipt.arrival)
        draft.view.drop(Received, ref)


def _unship(draft: Draft, ref: str, identity: str) -> tuple[Outbound, str] | None:
    """The shipment is withdrawn: what its receiver settled comes back from CUSTODY at once, and a new version of the offer
    goes there.
    """
    pair = draft.view.get(Outbound, ref)
    assert pair is not None, "a pair stays for good"
    to_site = next((s.to_site for s in pair.shipments if s.identity == identity), None)
    if to_site is None:  # the same lot twice in one event
        return None
    sunk.release(draft, pair, identity)
    bound = pair.bound[to_site]
    for element, mg in bound.settled_mg.items():
        draft.move(element, custody(pair.consignment, pair.lot), transit(pair.consignment, pair.lot), mg)
    at_once = bound.void and not to_site
    bound = replace(bound, version=bound.version + 1, settled_mg={}, settled_dry_mg=0, final=False, resolved=at_once)
    shipments = [s for s in pair.shipments if s.identity != identity]
    pair = replace(pair, shipments=shipments, bound={**pair.bound, to_site: bound})
    void.give_back(draft, pair, to_site)
    pair = aging.clear(draft, pair)
    aging.look_again(draft, pair, to_site)
    draft.view.put(pair, ref)
    return pair, to_site


def _unassay(draft: Draft, assayed: Assayed, identity: str) -> None:
    """An assay is void: what it posted is taken back where the parcel still stands, and the parcel waits again."""
    parcel = assayed.parcel
    if parcel.origin == "receipt":
        receipt_assays.take_off(draft, assayed, identity)
        return
    if draft.view.get(Journal, parcel.ref) is None:
        return
    assert assayed.before is not None, "what an event's parcel was before its assay is kept"
    now = change_of(draft, assayed.lot, Move(0, parcel.ref, parcel.index))
    if not now.assay:  # the event named the lot twice
        return
    if now.assay != identity:
        _pass_on(draft, now.assay, assayed, identity)
        return
    before = replace(assayed.before, slot=now.slot)
    put_change(draft, parcel.ref, parcel.index, before, assayed=parcel.again)
    if not parcel.again:
        lots.wait(draft, parcel.line, parcel)


def _pass_on(draft: Draft, later: str, void: Assayed, identity: str) -> None:
    """A later assay stands in the place of a void one: the one that came next after it takes back to what was before both."""
    journal = draft.view.get(Journal, later)
    assert journal is not None, "what a parcel was assayed by stands"
    at = (void.parcel.ref, void.parcel.index)
    place = next(n for n, a in enumerate(journal.assayed) if (a.parcel.ref, a.parcel.index) == at)
    one = journal.assayed[place]
    assert one.before is not None
    if one.before.assay != identity:
        _pass_on(draft, one.before.assay, void, identity)
        return
    passed = replace(one, parcel=void.parcel, before=void.before)
    draft.view.put(replace(journal, assayed=[*journal.assayed[:place], passed, *journal.assayed[place + 1 :]]), later)
