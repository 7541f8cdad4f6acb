"""What stays open beyond the grace: shipments, parked entries, unmatched receipts, announced correctives. Age moves nothing.

Rulebook R71, R72, R73.
"""

from msgspec.structs import replace

from lodestream.ledger import due, ship
from lodestream.ledger.catalogue import BLOCKING
from lodestream.ledger.draft import Draft
from lodestream.ledger.moving import Outbound, Shipment
from lodestream.ledger.records import Finding
from lodestream.ledger.state import Head, Journal, Parked, Seen
from lodestream.ledger.timed import Slip
from lodestream.ledger.values import Said
from lodestream.measures import kg


def parked(draft: Draft, slip: Slip) -> None:
    """A parked entry's hold turns hard, with the same code; it is still retried (ledger-rules section 6)."""
    known = draft.view.get(Parked, slip.ref)
    if known is None:
        return
    findings = [_hardened(draft, one, slip) for one in known.findings]
    draft.view.put(replace(known, findings=findings), slip.ref)
    event = known.entry.event
    seen = draft.view.get(Seen, event.identity) if event is not None else None
    if event is not None and seen is not None:
        hard = dict(zip(known.findings, findings, strict=True))
        draft.view.put(replace(seen, findings=[hard.get(f, f) for f in seen.findings]), event.identity)


def _hardened(draft: Draft, identity: str, slip: Slip) -> str:
    finding = draft.view.get(Finding, identity)
    if finding is None or finding.severity not in BLOCKING:
        return identity
    draft.close_finding(identity, superseded=True)
    said = f"{finding.arithmetic}; {_waited(draft, slip)}"
    return draft.find(finding.code, (*finding.inputs, "grace"), said, finding.lots, "hard")


def unmatched(draft: Draft, slip: Slip) -> None:
    """A received lot whose offer has not come carries its hold already: the finding says its age now."""
    finding = draft.view.get(Finding, slip.ref)
    if finding is not None:
        aged = replace(finding, arithmetic=f"{finding.arithmetic}; {_waited(draft, slip)}")
        draft.view.put(aged, slip.ref)
        draft.findings.append(aged)


def corrective(draft: Draft, slip: Slip) -> None:
    """An announced corrective never came to this book. Info: it may have gone to another site's, where the place was wrong."""
    if draft.view.get(Seen, slip.ref) is not None or draft.view.get(Finding, _missing_id(draft, slip.ref)) is not None:
        return
    said = f"the declaration of {slip.note} announces {slip.ref}, which is not in this book; {_waited(draft, slip)}"
    draft.find("CORRECTIVE_MISSING", (slip.ref,), said)
    head = draft.view.get(Head) or draft.head
    draft.view.put(replace(head, missing=head.missing + 1))


def came(draft: Draft, identity: str) -> None:
    """An event is there: if it is a corrective that was missing, that ends."""
    head = draft.view.get(Head) or draft.head
    finding = _missing_id(draft, identity) if head.missing else ""
    if finding and draft.view.get(Finding, finding) is not None:
        draft.close_finding(finding)
        draft.view.put(replace(head, missing=head.missing - 1))


def _missing_id(draft: Draft, identity: str) -> str:
    return draft.finding_id(Said("CORRECTIVE_MISSING", (identity,), ""))


# -- shipments ------------------------------------------------------------------------------------------------------


def shipped(draft: Draft, slip: Slip) -> None:
    """What is not settled within the grace."""
    _still_open(draft, slip, _waited(draft, slip))


def at_sea(draft: Draft, slip: Slip) -> None:
    """What went by ship and is not settled within the time of a voyage."""
    _still_open(draft, slip, f"{_age(draft, slip)}, a voyage has {draft.book.voyage_hours} h")


def _still_open(draft: Draft, slip: Slip, waited: str) -> None:
    """TRANSIT_OPEN for each lot of a shipment that is not settled, ONE_SIDED where nothing at all was answered."""
    journal = draft.view.get(Journal, slip.ref)
    for ref in dict.fromkeys(journal.pairs if journal is not None else []):
        pair = draft.view.get(Outbound, ref)
        one = next((s for s in pair.shipments if s.identity == slip.ref), None) if pair is not None else None
        if pair is None or one is None or _settled(pair, slip.ref):
            continue
        parts = ", ".join(f"{kg(mg)} {e}" for e, mg in one.contained_mg.items())
        sent = f"{kg(one.dry_mg)} dry with {parts} of {pair.lot}, consignment {pair.consignment}, to {one.to_site}"
        said = f"{sent}: not settled; {waited}"
        draft.find("TRANSIT_OPEN", _inputs(pair, slip.ref), said, [pair.lot])
        if not pair.bound[one.to_site].settled_dry_mg:
            draft.find("ONE_SIDED", _inputs(pair, slip.ref), f"{sent}: no receipt of it was told; {waited}", [pair.lot])
        draft.view.put(replace(pair, aged=sorted({*pair.aged, slip.ref})), ref)


def clear(draft: Draft, pair: Outbound) -> Outbound:
    """The pair without the findings on shipments that are settled by now, came back, or are void."""
    if not pair.aged:
        return pair
    left = []
    for identity in pair.aged:
        one = next((s for s in pair.shipments if s.identity == identity), None)
        gone = one is None
        settled = gone or _settled(pair, identity)
        if settled:
            draft.close_finding(draft.finding_id(Said("TRANSIT_OPEN", _inputs(pair, identity), "")), superseded=gone)
        else:
            left.append(identity)
        if settled or (one is not None and pair.bound[one.to_site].settled_dry_mg):
            draft.close_finding(draft.finding_id(Said("ONE_SIDED", _inputs(pair, identity), "")), superseded=gone)
    return replace(pair, aged=left)


def look_again(draft: Draft, pair: Outbound, site: str) -> None:
    """Shipments that may be open anew, since a receipt, a void or another shipment was taken back, have the grace once more."""
    there = {s.identity: s.transport_mode for s in pair.shipments if site and s.to_site == site}
    for identity, mode in there.items():
        due.add(draft.view, due.lane_of(mode), Slip(draft.record_time_us, identity))


def without_destination(draft: Draft, consignment: str, identity: str) -> None:
    """TRANSIT_OPEN of a shipment to nowhere stands on the lots of it that are out: void ends it, a void withdrawn opens it."""
    journal = draft.view.get(Journal, identity)
    pairs = [draft.view.get(Outbound, ref) for ref in dict.fromkeys(journal.pairs if journal is not None else [])]
    out = [p.lot for p in pairs if p is not None and not p.bound[""].void]
    said = ship.without_destination(consignment, identity, out)
    draft.say_whether(said, stands=bool(out), superseded=False)


def _inputs(pair: Outbound, identity: str) -> tuple[str, str, str]:
    return pair.consignment, pair.lot, identity


def _settled(pair: Outbound, identity: str) -> bool:
    """Whether a shipping event's part is settled or came back; shipments to one site settle in their order, by dry mass."""
    own = next(s for s in pair.shipments if s.identity == identity)
    bound = pair.bound[own.to_site]
    return bound.final or bound.resolved or _dry_until(pair, own) <= bound.settled_dry_mg


def _dry_until(pair: Outbound, own: Shipment) -> int:
    there = [s for s in pair.shipments if s.to_site == own.to_site]
    last = max(n for n, s in enumerate(there) if s.identity == own.identity)
    return sum(s.dry_mg for s in there[: last + 1])


def _waited(draft: Draft, slip: Slip) -> str:
    return f"{_age(draft, slip)}, the grace is {draft.book.grace_hours} h"


def _age(draft: Draft, slip: Slip) -> str:
    return f"waits for {due.told(max(draft.record_time_us, draft.entry.tick_us) - slip.since_us)}"
