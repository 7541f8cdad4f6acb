"""What the book remembers of an event: that it was posted, parked or refused, its journal, and when it is to be forgotten.

Rulebook R74.
"""

from msgspec.structs import replace

from lodestream.epcis.event import Event
from lodestream.ledger import aging, due, identity, months, period
from lodestream.ledger.draft import Draft
from lodestream.ledger.held import Arranged
from lodestream.ledger.moving import Outbound
from lodestream.ledger.records import Entry
from lodestream.ledger.state import Head, Journal, SameHash, Seen
from lodestream.ledger.timed import Slip
from lodestream.ledger.view import View


def remember(draft: Draft) -> None:
    """Note an event as posted or refused, with its journal. A changed copy and a declaration leave the original's note."""
    event, entry = draft.event, draft.entry
    seen = draft.view.get(Seen, event.identity)
    if event.error_declaration is not None:
        if draft.kind == "refuse" and seen is not None and seen.status == "posted":  # until one comes that fits
            opened = [f.id for f in draft.findings if f.state == "open"]
            draft.view.put(replace(seen, findings=[*seen.findings, *opened]), event.identity)
        return
    if draft.kind == "refuse" and seen is not None and seen.status != "refused" and seen.entry_id != entry.entry_id:
        opened = [f.id for f in draft.findings if f.state == "open"]  # what a changed copy says ends with the original
        draft.view.put(replace(seen, findings=[*seen.findings, *opened]), event.identity)
        return
    opened = [f.id for f in draft.findings if f.state == "open" and f.id not in draft.managed]
    if draft.kind == "refuse":
        see(draft.view, entry, "refused", [], opened or (seen.findings if seen else []))
        return
    for finding in seen.findings if seen is not None and seen.status == "refused" else []:
        draft.close_finding(finding, superseded=True)
    see(draft.view, entry, "posted", draft.touched, opened)
    aging.came(draft, event.identity)
    if draft.packings or draft.nestings or draft.owned:
        draft.view.put(Arranged(draft.packings, draft.nestings, draft.owned), event.identity)
    if draft.legs or draft.changes or draft.pairs or draft.assayed:
        journal = Journal(draft.did or draft.kind, draft.leg_records(), draft.changes, draft.pairs, draft.assayed, draft.run)
        draft.view.put(journal, event.identity)


def see(view: View, entry: Entry, status: str, lots: list[str], findings: list[str]) -> None:
    """Note what became of an event. What is new to the book is forgotten after the horizon."""
    event: Event | None = entry.event
    assert event is not None
    own = identity.tickets(event)
    seen = Seen(event.event_hash, event.content_digest, entry.entry_id, status, event.event_id is not None, own, lots, findings)
    if view.get(Seen, event.identity) is None:
        head = view.get(Head)
        since = max(head.record_time_us if head else 0, entry.record_time_us)
        ahead = event.event_time_us if event.event_time_us > since else 0
        due.add(view, due.SEEN, Slip(since, event.identity, valid_us=ahead))
    view.put(seen, event.identity)
    same = view.get(SameHash, event.event_hash) or SameHash([])
    if event.identity not in same.identities:
        view.put(SameHash([*same.identities, event.identity]), event.event_hash)


def schedule(draft: Draft) -> None:
    """What this transaction leaves to be looked at after the grace, or at the close of its month."""
    event = draft.entry.event
    for finding in draft.findings:
        if finding.code == "UNMATCHED" and finding.state == "open":
            due.add(draft.view, due.UNMATCHED, Slip(draft.record_time_us, finding.id))
    if event is None:
        return
    if (draft.did or draft.kind) == "ship" and draft.pairs:
        _look_after(draft, event)
    elif draft.kind == "correct" and event.error_declaration is not None:
        for corrective in event.error_declaration.corrective_event_ids:
            if draft.view.get(Seen, corrective) is None:
                due.add(draft.view, due.CORRECTIVE, Slip(draft.record_time_us, corrective, event.identity))


def _look_after(draft: Draft, event: Event) -> None:
    """A shipment to a book is to be settled within the grace; one to an external party leaves at the close of its month."""
    pair = draft.view.get(Outbound, draft.pairs[0])
    assert pair is not None, "it was written by this draft"
    if pair.shipments[-1].to_site:
        due.add(draft.view, due.lane_of(event.transport_mode), Slip(draft.record_time_us, event.identity))
        return
    party = next((ref.id for ref in event.destinations if ref.id in draft.entry.external), None)
    if party is not None:
        closed = (draft.view.get(Head) or draft.head).closed
        month = period.own_month(draft)
        if closed and month <= closed:
            month = months.shifted(closed, 1)
        due.add(draft.view, due.EXTERNAL + month, Slip(draft.record_time_us, event.identity, party))


def event_keys(event: Event) -> list[str]:
    """What a declaration of this event waits for, by eventID or by hash."""
    return list(dict.fromkeys([f"event:{event.identity}", f"event:{event.event_hash}"]))
