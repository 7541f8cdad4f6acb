"""Closing of accounting periods, by an event (`crm:periodClose`) or by a tick at the end of the month and the grace after it.

Before a month closes, what was shipped to external parties in it leaves the book, TRANSIT -> SINK(external:party)
(ledger-rules section 2). Months close in order and without a gap.

Rulebook R77, R78.
"""

from msgspec.structs import replace

from lodestream.claims.months import month_named
from lodestream.ledger import claiming, delivered, due, months, period
from lodestream.ledger.draft import Draft
from lodestream.ledger.moving import Outbound, Proof
from lodestream.ledger.state import Head, Journal
from lodestream.ledger.timed import Slip

KIND = "close"
COST = 4  # of an entry's work, for each month


def by_event(draft: Draft, month: str) -> None:
    """The event closes a month that is over; a month that is closed, or not over yet, stays as it is."""
    head = draft.view.get(Head) or draft.head
    if not months.is_month(month):
        draft.reason = f"{month} names no calendar month (2026-03): nothing is closed"
    elif month <= head.closed:
        draft.reason = f"{month} is closed already: what comes late restates it"
    elif months.bounds(draft.book.time_zone, month)[1] > draft.record_time_us:
        draft.reason = f"{month} is not over yet in {draft.book.time_zone}: nothing is closed"
    elif draft.kind not in {"link", period.STOCK_TAKE} or draft.dirty:  # it is told as what it is: that of the close comes next
        _next(draft, month)
        draft.reason = draft.reason or f"{month} closes when this is posted"
    else:
        period.post(draft)  # what the event itself posts, a stock-take
        draft.kind = KIND
        if any(lane.startswith(due.EXTERNAL) for lane in head.lanes):  # its legs are the shipments', not this event's
            _next(draft, month)
            draft.reason = f"{month} closes when what went to external parties has left"
        else:
            _ask(draft, month)
            work(draft, draft.record_time_us, due.BUDGET)


def _ask(draft: Draft, month: str) -> None:
    """Months are to be closed up to this one, or to a later one that an event asked for before."""
    head = draft.view.get(Head) or draft.head
    evidence = draft.event.overdraft_evidence or head.evidence
    draft.view.put(replace(head, closing=max(month, head.closing), evidence=evidence))


def _next(draft: Draft, month: str) -> None:
    """The month closes in a CONTINUE entry."""
    _ask(draft, month)
    due.reckon(draft.view)
    draft.more_us = draft.record_time_us


def work(draft: Draft, until_us: int, budget: int) -> None:
    """Close what is to be closed by now, as far as the budget goes; `more_us` of the draft says that there is more."""
    head = draft.view.get(Head) or draft.head
    by_time = [month for month in head.periods if due.closes_us(month, head) <= until_us]
    last = max([*by_time, head.closing])
    if not last:
        return
    month = months.shifted(head.closed, 1) if head.closed else min([*head.periods, last])
    while month <= last and budget > 0:
        sunk = due.take(draft.view, due.EXTERNAL + month, None, budget)
        budget -= len(sunk)
        draft.period = month
        for slip in sunk:
            _arrived(draft, slip, month)
        period.post(draft)
        if budget <= 0:
            break
        period.close(draft, month)
        _close_claims(draft, month)
        budget -= COST
        if draft.entry.event is None:
            draft.valid_us = months.bounds(draft.book.time_zone, month)[1] - 1
        month = months.shifted(month, 1)
    if draft.periods:
        draft.kind = KIND
        counts = ", ".join(f"{p.period} version {p.version}: {'' if p.counted else 'book, not '}counted" for p in draft.periods)
        draft.reason = counts
    head = draft.view.get(Head) or draft.head
    done = month > last
    draft.view.put(replace(head, closing="", evidence="") if done else replace(head, closing=last))
    due.reckon(draft.view)
    if not done:
        draft.more_us = until_us


def _close_claims(draft: Draft, month: str) -> None:
    """The periods of credits that end with this month close with it, against the stock by book."""
    if not draft.book.profiles:
        return
    lines = draft.periods[-1].lines
    for element in sorted({line.element for line in lines}):
        stock = sum(line.closing_mg for line in lines if (line.element, line.account_class) == (element, "STOCK"))
        claiming.close(draft, element, month_named(month), stock)


def _arrived(draft: Draft, slip: Slip, month: str) -> None:
    """What was shipped to an external party in the month has arrived, unless it is void or was asked back."""
    end = months.bounds(draft.book.time_zone, month)[1] - 1
    journal = draft.view.get(Journal, slip.ref)
    for ref in dict.fromkeys(journal.pairs if journal is not None else []):
        pair = draft.view.get(Outbound, ref)
        if pair is not None:
            shipped = [s.shipped_us for s in pair.shipments if s.identity == slip.ref]
            delivered.prove(draft, pair, Proof(max([end, *shipped]), delivered.CLOSED))
