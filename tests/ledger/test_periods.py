"""Accounting periods: sums kept with every posting, closed by an event or by time, restated and never overwritten."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lodestream.epcis.event import Event
from lodestream.ledger import months
from lodestream.ledger.book import SiteBook
from lodestream.ledger.records import Outcome, PeriodState
from tests.ledger.making import HOUR, START, Books, T, add, codes, declared, due_us, entry, event, item, receive, ship, transform

A, B, PARTY = "urn:site:a", "urn:site:b", "urn:party:x"
DAY = 24 * HOUR
MARCH, APRIL, MAY, JUNE = (months.bounds("UTC", month)[0] for month in ("2026-03", "2026-04", "2026-05", "2026-06"))
GRACE = 336 * HOUR


def closing(month: str, at: int, **more: Any) -> Event:
    return event("ObjectEvent", [], action="OBSERVE", biz_location=A, period_close=month, event_time_us=at, **more)


def at(books: Books, record: int, *events: Event, **more: Any) -> list[Outcome]:
    made = [o for one in events for o in books.fold.submit(entry(one, record_time_us=record, **more))]
    books.outcomes += made
    return made


def lines(state: PeriodState) -> dict[str, tuple[int, int, int, int, int]]:
    """Opening, late, in, out and closing by account class, of copper in kg."""
    return {
        one.account_class: tuple(mg // 10**6 for mg in (one.opening_mg, one.late_mg, one.in_mg, one.out_mg, one.closing_mg))  # type: ignore[misc]
        for one in state.lines
    }


def march() -> Books:
    """100 t at 10 % Cu mined; 50 t smelted to 16 t at 30 % and 34 t slag at 0.5 %; 10 t shipped to B."""
    books = Books()
    books(add("ore", "100", A, cu="10", event_time_us=MARCH + DAY))
    made = [("matte", "16", {"cu": "30"}), ("slag", "34", {"cu": "0.5", "loss_class": "slag"})]
    books(transform(A, [("ore", "50", {})], made, event_time_us=MARCH + 2 * DAY))
    books(ship("matte", "10", A, B, consignment_id="c", event_time_us=MARCH + 3 * DAY))
    return books


def test_a_month_without_postings_was_closed_with_the_next() -> None:
    """Two shipments of March wait for their lot until May, when April was closed: neither is late. A third is recorded in May."""
    books = Books()
    for n in (1, 2):
        at(books, MARCH + n * DAY, ship("x", "10", A, B, consignment_id=f"c{n}", event_time_us=MARCH + n * DAY))
    at(books, APRIL + DAY, add("y", "1", A, cu="10", event_time_us=APRIL + DAY))
    assert [p.period for o in books.tick(A, MAY + GRACE) for p in o.periods] == ["2026-04"]
    posted = at(books, MAY + 20 * DAY, add("x", "30", A, cu="10", event_time_us=MAY + 20 * DAY))
    assert ([o.kind for o in posted if o.site == A][:3], "BACKDATED" in codes(posted)) == (["create", "ship", "ship"], False)
    assert [(p.period, p.version) for o in posted for p in o.periods] == [("2026-03", 1), ("2026-03", 2)]
    late = at(books, MAY + 21 * DAY, ship("x", "10", A, B, consignment_id="c3", event_time_us=MARCH + 25 * DAY))
    assert "BACKDATED" in codes(late)


# -- close ----------------------------------------------------------------------------------------------------------


def test_a_month_closed_by_an_event() -> None:
    """10,000 kg in; 5,000 into WIP, 4,800 + 170 out of it, 30 unaccounted; 3,000 kg on their way at the end."""
    books = march()
    (done,) = at(books, APRIL, closing("2026-03", APRIL))
    assert (done.outcome, done.kind, done.postings) == ("TRANSACTION", "close", [])
    assert done.reason == "2026-03 version 1: book, not counted"
    (state,) = done.periods
    assert (state.period, state.version, state.from_us, state.until_us, state.counted) == ("2026-03", 1, MARCH, APRIL, False)
    assert lines(state) == {
        "SOURCE": (0, 0, 0, 10_000, -10_000),
        "STOCK": (0, 0, 14_800, 8_000, 6_800),
        "WIP": (0, 0, 5_000, 5_000, 0),
        "LOSS": (0, 0, 170, 0, 170),
        "UNACCOUNTED": (0, 0, 30, 0, 30),
        "TRANSIT": (0, 0, 3_000, 0, 3_000),
    }
    assert sum(one.closing_mg for one in state.lines) == 0


def test_the_next_month_opens_with_what_it_closed_with() -> None:
    books = march()
    at(books, APRIL, closing("2026-03", APRIL))
    books(receive("matte", "10", B, consignment_id="c", cu="30", event_time_us=APRIL + DAY))
    (done,) = at(books, MAY, closing("2026-04", MAY))
    (state,) = done.periods
    assert lines(state) == {
        "SOURCE": (-10_000, 0, 0, 0, -10_000),
        "STOCK": (6_800, 0, 0, 0, 6_800),
        "LOSS": (170, 0, 0, 0, 170),
        "UNACCOUNTED": (30, 0, 0, 0, 30),
        "TRANSIT": (3_000, 0, 0, 3_000, 0),
        "CUSTODY": (0, 0, 3_000, 0, 3_000),
    }


def test_a_month_closes_by_time_after_the_grace() -> None:
    books = march()
    assert due_us(books.fold, A) == MARCH + 3 * DAY + GRACE, "the shipment comes first"
    books(receive("matte", "10", B, consignment_id="c", cu="30", event_time_us=MARCH + 4 * DAY))
    assert [o.outcome for o in books.tick(A, APRIL + GRACE - 1)] == ["NOTHING"]
    assert due_us(books.fold, A) == APRIL + GRACE
    (done,) = books.tick(A, APRIL + GRACE)
    assert (done.kind, [p.period for p in done.periods], done.valid_time_us) == ("close", ["2026-03"], APRIL - 1)
    assert done.due_us == MARCH + DAY + 400 * DAY, "the horizon of the first event is next"


def test_a_tick_that_brings_findings_and_a_close_makes_two_transactions() -> None:
    books = march()
    made = books.tick(A, APRIL + GRACE)
    assert [(o.outcome, o.kind) for o in made if o.site == A] == [("TRANSACTION", "tick"), ("TRANSACTION", "close")]
    assert [o.kind for o in made if o.site == B] == ["offer"], "the hold on what is open follows it there"


def test_months_close_in_order_without_a_gap() -> None:
    """Nothing in April: it is closed all the same, and opens and closes with what March closed with."""
    books = march()
    books(add("late", "1", A, cu="10", event_time_us=MAY + DAY))
    (done,) = at(books, JUNE, closing("2026-05", JUNE))
    assert [(p.period, p.version) for p in done.periods] == [("2026-03", 1), ("2026-04", 1), ("2026-05", 1)]
    assert lines(done.periods[1])["STOCK"] == (6_800, 0, 0, 0, 6_800)
    assert lines(done.periods[2])["STOCK"] == (6_800, 0, 100, 0, 6_900)


@pytest.mark.parametrize(
    ("month", "record", "reason"),
    [
        ("2026-04", MAY - 1, "2026-04 is not over yet in UTC"),
        ("2026-02", MAY, "2026-02 is closed already"),
        ("2026-03", MAY, "2026-03 is closed already"),
        ("Q1", MAY, "Q1 names no calendar month"),
        ("2026-13", MAY, "2026-13 names no calendar month"),
        ("0000-01", MAY, "0000-01 names no calendar month"),
    ],
)
def test_what_closes_nothing(month: str, record: int, reason: str) -> None:
    books = march()
    at(books, APRIL, closing("2026-03", APRIL))
    (done,) = at(books, record, closing(month, record))
    assert (done.kind, done.periods, done.reason.startswith(reason)) == ("link", [], True)


def test_a_month_is_one_of_the_sites_zone() -> None:
    """23:30 UTC on 31 March is April in Lusaka (UTC+2)."""
    books = Books(**{A: SiteBook(time_zone="Africa/Lusaka")})
    books(add("ore", "1", A, cu="10", event_time_us=APRIL - HOUR // 2))
    (done,) = at(books, MAY, closing("2026-04", MAY))
    assert [(p.period, p.from_us, p.until_us) for p in done.periods] == [("2026-04", APRIL - 2 * HOUR, MAY - 2 * HOUR)]


@pytest.mark.parametrize(("step", "counted"), [("stock_taking", True), ("cycle_counting", False)])
def test_a_stock_take_in_the_month_counts_it(step: str, counted: bool) -> None:
    """Also where it finds what the book says; a cycle count is of a part."""
    books = Books()
    books(add("ore", "100", A, cu="10", event_time_us=MARCH + DAY))
    fields: dict[str, Any] = {"action": "OBSERVE", "biz_step": step, "biz_location": A, "event_time_us": MAY - DAY}
    found = event("ObjectEvent", [item("object", "ore", "100")], **fields)
    at(books, MAY - DAY, found)
    (done,) = at(books, MAY, closing("2026-04", MAY))
    assert [p.counted for p in done.periods] == [False, counted]
    assert done.reason == f"2026-03 version 1: book, not counted, 2026-04 version 1: {'' if counted else 'book, not '}counted"


def test_an_event_from_the_future_counts_in_the_month_of_its_record() -> None:
    books = Books()
    at(books, MARCH + DAY, add("ore", "1", A, cu="10", event_time_us=JUNE))
    (done,) = at(books, APRIL, closing("2026-03", APRIL))
    assert lines(done.periods[0])["STOCK"] == (0, 0, 100, 0, 100)


# -- late -----------------------------------------------------------------------------------------------------------


def test_a_late_event_restates_its_month_and_posts_in_the_open_one() -> None:
    """5 t at 10 % Cu of 20 March, recorded on 10 April when March is closed."""
    books = march()
    (first,) = at(books, APRIL, closing("2026-03", APRIL))
    late = add("found", "5", A, cu="10", event_time_us=MARCH + 20 * DAY)
    (done,) = at(books, APRIL + 10 * DAY, late)
    assert [(f.code, f.severity) for f in done.findings] == [("BACKDATED", "warn")]
    assert "2026-03 is restated as version 2" in done.findings[0].arithmetic
    (state,) = done.periods
    assert (state.period, state.version) == ("2026-03", 2)
    assert (lines(state)["STOCK"], lines(first.periods[0])["STOCK"]) == (
        (0, 0, 15_300, 8_000, 7_300),
        (0, 0, 14_800, 8_000, 6_800),
    )
    (april,) = at(books, MAY, closing("2026-04", MAY))
    assert lines(april.periods[0])["STOCK"] == (6_800, 500, 0, 0, 7_300)
    assert lines(april.periods[0])["SOURCE"] == (-10_000, -500, 0, 0, -10_500)
    assert books.balance(A, "SOURCE(undeclared)") == -10_500 * 10**6


def test_a_declaration_restates_without_being_late() -> None:
    books = march()
    more = add("more", "5", A, cu="10", event_time_us=MARCH + 20 * DAY)
    books(more)
    at(books, APRIL, closing("2026-03", APRIL))
    (done,) = at(books, APRIL + DAY, declared(more))
    assert (codes([done]), [(p.period, p.version) for p in done.periods]) == ([], [("2026-03", 2)])
    assert lines(done.periods[0])["STOCK"] == (0, 0, 15_300, 8_500, 6_800)


def test_each_late_event_is_a_version_of_its_own() -> None:
    books = march()
    at(books, APRIL, closing("2026-03", APRIL))
    made = [at(books, APRIL + n, add(f"l{n}", "1", A, cu="10", event_time_us=MARCH + n))[0] for n in range(1, 4)]
    assert [[p.version for p in one.periods] for one in made] == [[2], [3], [4]]


def test_a_parked_event_that_was_recorded_in_time_is_not_backdated() -> None:
    books = march()
    at(books, MARCH + 5 * DAY, transform(A, [("y", "5", {})], [("z", "5", {"cu": "10"})], event_time_us=MARCH + 4 * DAY))
    at(books, APRIL, closing("2026-03", APRIL))
    came = at(books, APRIL + DAY, add("y", "5", A, cu="10", event_time_us=APRIL + DAY))
    assert [p.period for o in came for p in o.periods] == ["2026-03"]
    assert "BACKDATED" not in codes(came)


def test_recorded_too_long_after_it_happened() -> None:
    books = Books()
    for days, expected in ((60, []), (61, ["LATE"])):
        done = at(books, START + days * DAY, add(f"lot{days}", "1", A, cu="10", event_time_us=START))
        assert codes(done) == expected
    assert done[0].findings[-1].arithmetic == "recorded 61 days 0 h after its eventTime, the book allows 60 days"


def test_late_and_backdated_to_the_microsecond_by_event_and_reason() -> None:
    """60 days are not late; what is recorded when the month closes is for a closed month, and what was before is not."""
    for more, expected in ((0, []), (1, ["LATE"])):
        one = add("x", "1", A, cu="10", event_time_us=START)
        (done,) = at(Books(**{A: SiteBook()}), START + 60 * DAY + more, one)
        assert [(f.code, f.inputs, f.lots) for f in done.findings] == [(c, [one.identity, "recorded"], ["x"]) for c in expected]
    for more, expected in ((-1, []), (0, ["BACKDATED"])):
        books = Books(**{A: SiteBook()})
        at(books, APRIL, add("y", "1", A, cu="10", event_time_us=MARCH))
        at(books, APRIL, closing("2026-03", APRIL))
        one = add("x", "1", A, cu="10", event_time_us=MARCH)
        (done,) = at(books, APRIL + more, one)
        assert [(f.code, f.inputs, f.lots) for f in done.findings] == [(c, [one.identity, "closed"], ["x"]) for c in expected]
        assert [(p.period, p.version, sum(line.late_mg for line in p.lines)) for p in done.periods] == [("2026-03", 2, 0)]


def test_a_late_event_ends_with_its_declaration() -> None:
    books = march()
    at(books, APRIL, closing("2026-03", APRIL))
    late = add("found", "5", A, cu="10", event_time_us=MARCH + 20 * DAY)
    at(books, APRIL + DAY, late, declared(late))
    assert books.open(A) == set()


# -- external parties -----------------------------------------------------------------------------------------------


def sold(n: int) -> Books:
    books = Books()
    books(add("x", "1000", A, cu="10", event_time_us=MARCH))
    for k in range(n):
        sent = ship("x", "1", A, PARTY, consignment_id=f"c{k}", event_time_us=MARCH + DAY + k)
        books.fold.submit(entry(sent, external=[PARTY]))
    return books


def test_what_went_to_an_external_party_leaves_the_book_at_the_close() -> None:
    books = sold(1)
    assert (books.balance(A, "TRANSIT(c0 x)"), books.balance(A, f"SINK(external:{PARTY})")) == (T // 10, 0)
    (asked, done) = at(books, APRIL, closing("2026-03", APRIL))
    assert (asked.kind, asked.postings, done.kind, done.cause) == ("close", [], "close", asked.txn_id)
    legs = [(p.account, p.amount_mg) for p in done.postings]
    assert legs == [("TRANSIT(c0 x)", -T // 10), (f"SINK(external:{PARTY})", T // 10)]
    assert lines(done.periods[0])["TRANSIT"] == (0, 0, 100, 100, 0)
    assert lines(done.periods[0])["SINK"] == (0, 0, 100, 0, 100)


def test_many_shipments_leave_in_bounded_entries_and_then_the_month_closes() -> None:
    books = sold(150)
    done = at(books, APRIL, closing("2026-03", APRIL))
    told = [(o.kind, len(o.postings) // 2, len(o.periods)) for o in done]
    assert told == [("close", 0, 0), ("tick", 64, 0), ("tick", 64, 0), ("close", 22, 1)]
    assert lines(done[3].periods[0])["SINK"] == (0, 0, 15_000, 0, 15_000)
    assert books.balance(A, f"SINK(external:{PARTY})") == 15 * T


def test_a_sale_declared_void_comes_back_before_and_after_the_close() -> None:
    for when in (MARCH + 5 * DAY, APRIL + 5 * DAY):
        books = Books()
        books(add("x", "1000", A, cu="10", event_time_us=MARCH))
        sent = ship("x", "1", A, PARTY, consignment_id="c0", event_time_us=MARCH + DAY)
        at(books, MARCH + DAY, sent, external=[PARTY])
        if when < APRIL:
            at(books, when, declared(sent))
        at(books, APRIL, closing("2026-03", APRIL))
        if when > APRIL:
            at(books, when, declared(sent))
        assert [row[1:] for row in books.fold.accounts()] == [("Cu", "SOURCE(undeclared)", -100 * T), ("Cu", "STOCK(x)", 100 * T)]


def test_a_void_close_takes_nothing_back() -> None:
    """A closed period is immutable, and what it sank is the shipment's, not the closing event's."""
    books = sold(1)
    close = closing("2026-03", APRIL)
    at(books, APRIL, close)
    (done,) = at(books, APRIL + DAY, declared(close))
    assert (done.postings, done.periods, books.balance(A, f"SINK(external:{PARTY})")) == ([], [], T // 10)


def test_a_sale_that_was_asked_back_does_not_leave() -> None:
    books = sold(1)
    asked = event("ObjectEvent", [], action="OBSERVE", biz_step="void_shipping", read_point=A, consignment_id="c0", epcs=["x"])
    at(books, MARCH + 9 * DAY, asked)
    done = at(books, APRIL, closing("2026-03", APRIL))
    assert ([o.postings for o in done], books.balance(A, "STOCK(x)")) == ([[], []], 100 * T)


# -- properties -----------------------------------------------------------------------------------------------------


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.integers(0, 100), st.sampled_from(["add", "make", "ship", "close", "tick"])),
        min_size=1,
        max_size=20,
    )
)
def test_the_books_of_all_periods_add_up(steps: list[tuple[int, int, str]]) -> None:
    """Whatever comes late: versions count up, lines add up, months open as those before closed; the last is the balance."""
    books = Books()
    now = MARCH
    for n, (gap, back, kind) in enumerate(steps):
        now += gap * DAY
        _step(books, n, kind, now, max(MARCH, now - back * DAY))
    books.tick(A, now + 60 * DAY)
    _step(books, 0, "close", now + 61 * DAY, 0)

    latest: dict[str, int] = {}
    before: dict[tuple[str, str], int] = {}
    last = ""
    for state in (state for outcome in books.outcomes for state in outcome.periods):
        assert state.version == latest.get(state.period, 0) + 1
        latest[state.period] = state.version
        for one in state.lines:
            assert one.closing_mg == one.opening_mg + one.late_mg + one.in_mg - one.out_mg
        for column in ("opening_mg", "late_mg", "closing_mg"):
            assert sum(getattr(one, column) for one in state.lines) == 0
        if state.period > last:
            assert last == "" or state.period == months.shifted(last, 1)
            assert _column(state, "opening_mg") == before
            before, last = _column(state, "closing_mg"), state.period
    sums: dict[tuple[str, str], int] = {}
    for _, element, account, mg in books.fold.accounts():
        name = (element, account.split("(")[0])
        sums[name] = sums.get(name, 0) + mg
    assert before == {name: mg for name, mg in sums.items() if mg}


def _column(state: PeriodState, column: str) -> dict[tuple[str, str], int]:
    return {(one.element, one.account_class): getattr(one, column) for one in state.lines if getattr(one, column)}


def _step(books: Books, n: int, kind: str, now: int, when: int) -> None:
    if kind == "add":
        at(books, now, add("x", f"{n + 1}", A, cu="10", event_time_us=when))
    elif kind == "make":
        at(books, now, transform(A, [("x", "1", {})], [(f"y{n}", "1", {"cu": "9"})], event_time_us=when))
    elif kind == "ship":
        at(books, now, ship("x", "1", A, PARTY, consignment_id=f"c{n}", event_time_us=when), external=[PARTY])
    elif kind == "close":
        at(books, now, closing(months.shifted(months.month_of("UTC", now), -1), now))
    else:
        books.tick(A, now)


ZONES = ["UTC", "Africa/Lusaka", "Asia/Kolkata", "Australia/Lord_Howe", "America/Santiago", "Pacific/Apia", "America/New_York"]


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(ZONES), st.integers(-2_000_000_000, 4_000_000_000))
def test_months_of_a_zone(zone: str, second: int) -> None:
    """Against the clock of that zone; the month's bounds hold the time, and months follow each other."""
    local = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=second)).astimezone(ZoneInfo(zone))
    month = months.month_of(zone, second * 10**6)
    assert month == f"{local.year:04d}-{local.month:02d}"
    start, end = months.bounds(zone, month)
    assert start <= second * 10**6 < end == months.bounds(zone, months.shifted(month, 1))[0]


def test_a_month_at_the_ends_of_time() -> None:
    assert [months.shifted("0001-01", -1), months.shifted("9999-12", 1)] == ["0001-01", "9999-12"]
    for month in ("0001-01", "9999-12"):
        start, end = months.bounds("Asia/Tokyo", month)
        assert start < end
        assert months.month_of("Asia/Tokyo", start) == month
