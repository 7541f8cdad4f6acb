"""The sums of accounting periods, kept with every posting, and what a closed period says (ledger-rules section 8).

Postings count in the month of their valid time, in the book's zone; of an event later than its own record in the month
of the record. A month that is closed is never opened again: what comes for it counts in the first open month, as late,
and the closed one is told anew as its next version.

Rulebook R76, R79.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from lodestream.epcis.event import Event
from lodestream.ledger import came_round, due, haulage, months, site_balance
from lodestream.ledger.doubt import Doubt
from lodestream.ledger.draft import Draft
from lodestream.ledger.records import PeriodLine, PeriodState
from lodestream.ledger.state import Head
from lodestream.ledger.timed import Carried, Haul, Period
from lodestream.ledger.values import Account

STOCK_TAKE = "count"
Posted = tuple[str, Account, int]


def post(draft: Draft) -> None:
    """Count the legs that are not counted yet, in the month that they belong to; F12 where that is late."""
    legs = draft.legs[draft.summed :] if draft.summed else draft.legs
    if draft.kind == STOCK_TAKE:
        _count(draft)
    doubt = draft.doubt
    if not legs and not doubt:
        return
    draft.doubt = Doubt()
    draft.summed = len(draft.legs)
    head = draft.view.get(Head) or draft.head
    month = draft.period or own_month(draft)
    closed = head.closed != "" and month <= head.closed
    if draft.entry.event is not None:
        _judge(draft, draft.entry.event, month, closed=closed)
    if closed:
        _restate(draft, month, legs, doubt)
        month = months.shifted(head.closed, 1)
        period = draft.view.get(Period, month) or Period()
        draft.view.put(replace(period, late_mg=_net(period.late_mg, legs)), month)
    else:
        draft.view.put(_doubted(_summed(draft.view.get(Period, month) or Period(), legs), doubt), month)
    if month not in head.periods:
        draft.view.put(replace(head, periods=sorted([*head.periods, month])))
        due.reckon(draft.view)


def _count(draft: Draft) -> None:
    """A stock-take stands in its month, also where it found what the book says; not a cycle count, which is of a part."""
    month = own_month(draft)
    if draft.event.biz_step == "stock_taking" and month > (draft.view.get(Head) or draft.head).closed:
        draft.view.put(replace(draft.view.get(Period, month) or Period(), counted=True), month)


def own_month(draft: Draft) -> str:
    """The month of the valid time, or of the record where that is earlier."""
    event = draft.entry.event
    at = draft.record_time_us if event is None else min(event.event_time_us, draft.record_time_us)
    return months.month_of(draft.book.time_zone, at)


def _judge(draft: Draft, event: Event, month: str, *, closed: bool) -> None:
    """F12: recorded later than the book allows, or for a month that was closed by then. A declaration is never late."""
    age, allowed = draft.entry.record_time_us - event.event_time_us, draft.book.lateness_days
    if (age <= allowed * due.DAY_US and not closed) or event.error_declaration is not None:
        return
    if age > allowed * due.DAY_US:
        said = f"recorded {due.told(age)} after its eventTime, the book allows {allowed} days"
        draft.find("LATE", (event.identity, "recorded"), said, draft.touched)
    if closed and draft.entry.record_time_us >= (period := _closed(draft, month)).closed_us:
        said = f"eventTime is in {month}, closed before this was recorded: {month} is restated as version {period.version + 1}"
        draft.find("BACKDATED", (event.identity, "closed"), said, draft.touched)


def close(draft: Draft, month: str) -> None:
    """Close a month, later than all that are closed: its balances become the opening of the next."""
    carried = draft.view.get(Carried) or Carried({})
    period = draft.view.get(Period, month) or Period()
    period = replace(period, version=1, opening_mg=carried.balances_mg, closed_us=draft.record_time_us)
    draft.view.put(period, month)
    draft.view.put(Carried({line: mg for line, mg in _closing(period).items() if mg}))
    head = draft.view.get(Head) or draft.head
    draft.view.put(replace(head, closed=month, periods=[m for m in head.periods if m != month]))
    _tell(draft, month, period)


def _restate(draft: Draft, month: str, legs: list[Posted], doubt: Doubt) -> None:
    """The next version of a closed month, with these legs in it."""
    period = _closed(draft, month)
    period = _doubted(_summed(replace(period, version=period.version + 1), legs), doubt)
    draft.view.put(period, month)
    _tell(draft, month, period)


def _closed(draft: Draft, month: str) -> Period:
    """A closed month. One in which nothing had been posted was closed with the first after it that has a record."""
    period, later = draft.view.get(Period, month) or Period(), month
    while not period.closed_us:
        later = months.shifted(later, 1)
        period = replace(period, closed_us=(draft.view.get(Period, later) or Period()).closed_us)
    return period


def _tell(draft: Draft, month: str, period: Period) -> None:
    """A version of a closed month, and what its balance comes to."""
    state = _state(draft, month, period)
    draft.periods.append(state)
    site_balance.judge(draft, period, state)
    haulage.judge(draft, month, period)
    came_round.judge(draft, month, period)


def _doubted(period: Period, doubt: Doubt) -> Period:
    if not doubt:
        return period
    u2 = {e: str(int(period.u2.get(e, "0")) + more) for e, more in doubt.u2.items()}
    return replace(
        period,
        gap_mg=_plus(period.gap_mg, doubt.gap_mg.items()),
        u2={**period.u2, **u2},
        over_mg=_plus(period.over_mg, doubt.over_mg.items()),
        assayed_u_mg=_plus(period.assayed_u_mg, doubt.assayed_u_mg.items()),
        by_class_mg=_plus(period.by_class_mg, doubt.by_class_mg.items()) if doubt.by_class_mg else period.by_class_mg,
        hauls=_hauled(period.hauls, doubt.hauls) if doubt.hauls else period.hauls,
    )


def _hauled(known: dict[str, Haul], more: dict[str, Haul]) -> dict[str, Haul]:
    return {**known, **{lane: known.get(lane, Haul()).plus(haul) for lane, haul in more.items()}}


def _summed(period: Period, legs: list[Posted]) -> Period:
    going_in, going_out = dict(period.in_mg), dict(period.out_mg)
    for element, account, mg in legs:
        line = f"{element} {account.kind}"
        if mg > 0:
            going_in[line] = going_in.get(line, 0) + mg
        else:
            going_out[line] = going_out.get(line, 0) - mg
    return replace(period, in_mg=going_in, out_mg=going_out)


def _net(known: dict[str, int], legs: list[Posted]) -> dict[str, int]:
    return _plus(known, [(f"{element} {account.kind}", mg) for element, account, mg in legs])


def _plus(known: dict[str, int], more: Iterable[tuple[str, int]]) -> dict[str, int]:
    sums = dict(known)
    for line, mg in more:
        sums[line] = sums.get(line, 0) + mg
    return sums


def _closing(period: Period) -> dict[str, int]:
    sums = _plus(_plus(period.opening_mg, period.late_mg.items()), period.in_mg.items())
    return _plus(sums, [(line, -mg) for line, mg in period.out_mg.items()])


def _state(draft: Draft, month: str, period: Period) -> PeriodState:
    closing = _closing(period)
    start, end = months.bounds(draft.book.time_zone, month)
    lines = []
    for name in sorted(closing):
        element, account_class = name.split(" ")
        opening, late = period.opening_mg.get(name, 0), period.late_mg.get(name, 0)
        going_in, going_out = period.in_mg.get(name, 0), period.out_mg.get(name, 0)
        if opening or late or going_in or going_out:
            lines.append(PeriodLine(element, account_class, opening, going_in, going_out, closing[name], late))
    return PeriodState(month, period.version, start, end, lines, period.counted)
