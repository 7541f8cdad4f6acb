"""TICK and CONTINUE: all that is due at a site by a time, a bounded amount an entry (runtime-rules section 2; rulebook R70, R74).

The outcome is a transaction where that brings something to say, NOTHING where it does not; what the book no longer needs
to know is forgotten silently.
"""

from msgspec.structs import replace

from lodestream.ledger import aging, close, due
from lodestream.ledger.draft import Draft
from lodestream.ledger.state import Head, SameHash, Seen
from lodestream.ledger.timed import Slip

_HANDLERS = {
    due.PARKED: aging.parked,
    due.TRANSIT: aging.shipped,
    due.VOYAGE: aging.at_sea,
    due.UNMATCHED: aging.unmatched,
    due.CORRECTIVE: aging.corrective,
}


def take(draft: Draft) -> None:
    """What is due by the tick's time: first what waits in lanes, then the close of periods."""
    head = draft.view.get(Head)
    draft.kind = "tick"
    if head is None or not 0 < head.due_us <= draft.entry.tick_us:
        return
    budget = due.BUDGET
    for lane, handler in _HANDLERS.items():
        for slip in _ripe(draft, lane, budget):
            handler(draft, slip)
            budget -= 1
    for slip in _ripe(draft, due.SEEN, budget):
        _forget(draft, slip)
        budget -= 1
    if budget > 0 and not brought(draft):  # a transaction has one kind: that of a close comes next
        close.work(draft, draft.entry.tick_us, budget)
    head = draft.view.get(Head)
    if head is not None and 0 < head.due_us <= draft.entry.tick_us:
        draft.more_us = draft.entry.tick_us


def brought(draft: Draft) -> bool:
    """Whether the draft has something to say."""
    return bool(draft.findings or draft.legs or draft.periods or draft.touched)


def _ripe(draft: Draft, lane: str, budget: int) -> list[Slip]:
    head = draft.view.get(Head)
    if head is None or lane not in head.lanes:
        return []
    return due.take(draft.view, lane, draft.entry.tick_us - due.wait_us(lane, head), budget)


def _forget(draft: Draft, slip: Slip) -> None:
    """Drop that the book has seen an event beyond the horizon; an equal one is refused as TOO_OLD from then on.

    What it posted stays: later corrections are told through it. What is parked or younger than its record stays known.
    """
    seen = draft.view.get(Seen, slip.ref)
    if seen is None:
        return
    if slip.valid_us + due.wait_us(due.SEEN, draft.head) > draft.entry.tick_us or seen.status == "parked":
        due.add(draft.view, due.SEEN, replace(slip, since_us=max(draft.record_time_us, draft.entry.tick_us)))
        return
    draft.view.drop(Seen, slip.ref)
    same = draft.view.get(SameHash, seen.hash)
    left = [identity for identity in same.identities if identity != slip.ref] if same is not None else []
    if left:
        draft.view.put(SameHash(left), seen.hash)
    else:
        draft.view.drop(SameHash, seen.hash)
