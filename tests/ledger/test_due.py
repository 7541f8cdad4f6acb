"""What waits for time, piece by piece: pages of sixteen, what is ripe, how long each lane waits, and when the next is due."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from lodestream.ledger import due
from lodestream.ledger.book import SiteBook
from lodestream.ledger.due import DAY_US, HOUR_US
from lodestream.ledger.state import Head, SameHash, Seen
from lodestream.ledger.timed import Lane, Page, Slip
from lodestream.ledger.view import View
from tests.ledger.making import START, Books, add, entry, hashed, ship, transform

A, LANE = "urn:site:a", due.TRANSIT


def book(**head: object) -> View:
    view = View(A, {})
    view.put(Head(book=SiteBook(grace_hours=2, horizon_days=3), **head), "")  # type: ignore[arg-type]
    return view


def filled(slips: int, start_us: int = 100) -> View:
    """A lane of slips a microsecond apart."""
    view = book()
    for n in range(slips):
        due.add(view, LANE, Slip(start_us + n, f"r{n}"))
    return view


def head(view: View) -> Head:
    found = view.get(Head)
    assert found is not None
    return found


def refs(view: View, since_us: int | None, limit: int) -> list[str]:
    return [slip.ref for slip in due.take(view, LANE, since_us, limit)]


def pages(view: View) -> dict[int, int]:
    """The pages of the lane that are there, and how many slips each holds."""
    found = {n: view.get(Page, f"{LANE} {n}") for n in range(5)}
    return {n: len(page.slips) for n, page in found.items() if page is not None}


def test_a_page_holds_sixteen() -> None:
    assert (pages(filled(16)), head(filled(16)).lanes) == ({0: 16}, {LANE: Lane(0, 0, 100)})
    assert (pages(filled(17)), head(filled(17)).lanes) == ({0: 16, 1: 1}, {LANE: Lane(0, 1, 100)})
    assert (pages(filled(33)), head(filled(33)).lanes) == ({0: 16, 1: 16, 2: 1}, {LANE: Lane(0, 2, 100)})
    assert due.BUDGET == 64


def test_the_first_slip_of_a_new_book() -> None:
    view = View(A, {})
    due.add(view, LANE, Slip(7, "r"))
    assert (head(view).parked, head(view).lanes, pages(view)) == (0, {LANE: Lane(0, 0, 7)}, {0: 1})
    assert due.take(View(A, {}), LANE, None, 9) == []


def test_what_is_ripe_is_taken_from_the_front() -> None:
    """Slips from 100 on: since 102 are three; the rest of the page waits since 103."""
    view = filled(20)
    assert refs(view, 99, 64) == []
    assert refs(view, 102, 64) == ["r0", "r1", "r2"]
    assert (pages(view), head(view).lanes[LANE]) == ({0: 13, 1: 4}, Lane(0, 1, 103))
    assert refs(view, None, 2) == ["r3", "r4"]
    assert refs(view, 116, 64) == [f"r{n}" for n in range(5, 17)], "over the end of a page"
    assert (pages(view), head(view).lanes[LANE]) == ({1: 3}, Lane(1, 1, 117))
    assert refs(view, None, 64) == ["r17", "r18", "r19"]
    assert (pages(view), head(view).lanes, head(view).due_us) == ({}, {}, 0)
    assert refs(view, None, 64) == []


def test_a_limit_that_ends_with_a_page() -> None:
    view = filled(33)
    assert len(refs(view, None, 16)) == 16
    assert (pages(view), head(view).lanes[LANE]) == ({1: 16, 2: 1}, Lane(1, 2, 116))
    assert refs(view, None, 0) == []
    assert refs(view, None, 17) == [f"r{n}" for n in range(16, 33)]


def test_a_lane_leaves_the_others_alone() -> None:
    view = filled(1)
    due.add(view, due.PARKED, Slip(50, "p"))
    assert refs(view, None, 9) == ["r0"]
    assert head(view).lanes == {due.PARKED: Lane(0, 0, 50)}


def test_when_the_next_is_due() -> None:
    """Lanes wait for the grace (2 h), what was seen for the horizon (3 days); external ones for the close of their month."""
    view = book()
    due.add(view, LANE, Slip(500, "a"))
    assert head(view).due_us == 500 + 2 * HOUR_US == 7_200_000_500
    due.add(view, due.PARKED, Slip(400, "b"))
    assert head(view).due_us == 7_200_000_400
    seen = book()
    due.add(seen, due.SEEN, Slip(300, "c"))
    assert head(seen).due_us == 300 + 3 * DAY_US == 259_200_000_300
    outside = book()
    due.add(outside, f"{due.EXTERNAL}2026-03", Slip(1, "d"))
    assert head(outside).due_us == 0


def test_what_the_head_itself_waits_for() -> None:
    """The first open month at its end and the grace; the next book at its time; a month that closes, at once; never below 1."""
    april = int(datetime(2026, 4, 1, tzinfo=UTC).timestamp()) * 1_000_000
    found = []
    for view in (
        book(periods=["2026-03", "2026-04"]),
        book(next_book_us=70),
        book(closing="2026-03", record_time_us=60),
        book(closing="2026-03", record_time_us=0),
        book(periods=["2026-03"], next_book_us=70, closing="2026-03", record_time_us=60),
    ):
        due.reckon(view)
        found.append(head(view).due_us)
    assert found == [april + 2 * HOUR_US, 70, 60, 1, 60]
    assert due.closes_us("2026-03", head(book())) == april + 2 * HOUR_US
    empty = View(A, {})
    due.reckon(empty)
    assert empty.get(Head) is None


def test_ages_read_in_days_and_full_hours() -> None:
    assert due.told(0) == "0 days 0 h"
    assert due.told(3 * DAY_US + 5 * HOUR_US + HOUR_US - 1) == "3 days 5 h"
    assert (HOUR_US, DAY_US) == (3_600 * 10**6, 86_400 * 10**6)


def test_the_names_of_the_lanes_are_in_the_state() -> None:
    names = [due.PARKED, due.TRANSIT, due.VOYAGE, due.UNMATCHED, due.CORRECTIVE, due.SEEN, due.EXTERNAL]
    assert names == ["parked", "transit", "voyage", "unmatched", "corrective", "seen", "external "]


def test_one_entry_does_so_much_of_all_that_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two parked events and three shipments are due at once, three things are done an entry."""
    monkeypatch.setattr(due, "BUDGET", 3)
    books = Books()
    books(add("x", "100", A, cu="10", event_time_us=START))
    books(*(transform(A, [(f"y{n}", "5", {})], [("z", "5", {"cu": "10"})], event_time_us=START) for n in range(2)))
    books(*(ship("x", "1", A, "urn:site:b", consignment_id=f"c{n}", event_time_us=START) for n in range(3)))
    told = [[f.code for f in o.findings if f.state == "open"] for o in books.tick(A, START + 336 * HOUR_US) if o.site == A]
    assert told == [["PHANTOM_STOCK", "PHANTOM_STOCK", "TRANSIT_OPEN", "ONE_SIDED"], ["TRANSIT_OPEN", "ONE_SIDED"] * 2]


@pytest.mark.parametrize(("budget", "outcomes"), [(3, ["NOTHING", "TRANSACTION"]), (4, ["TRANSACTION"])])
def test_what_is_forgotten_is_of_the_same_budget(monkeypatch: pytest.MonkeyPatch, budget: int, outcomes: list[str]) -> None:
    """Three events are forgotten as their month closes: with a budget of three the close comes next."""
    monkeypatch.setattr(due, "BUDGET", budget)
    books = Books(**{A: SiteBook(horizon_days=45)})
    books(*(add(f"x{n}", "1", A, cu="10", event_time_us=START) for n in range(3)))
    made = books.tick(A, START + 45 * DAY_US)
    assert [o.outcome for o in made] == outcomes
    assert [p.period for o in made for p in o.periods] == ["2026-03"]
    assert books.fold.every(Seen) == []


def test_of_two_events_with_one_hash_each_is_forgotten_by_itself() -> None:
    books = Books(**{A: SiteBook(horizon_days=45)})
    first = add("x", "1", A, cu="10", event_time_us=START, event_id="urn:first")
    second = hashed(replace(first, event_id="urn:second"))
    books.fold.submit(entry(first))
    books.fold.submit(entry(second, record_time_us=START + DAY_US))
    known = []
    for days in (44, 45, 46):
        books.tick(A, START + days * DAY_US)
        known.append([same.identities for _, _, same in books.fold.every(SameHash)])
    assert known == [[["urn:first", "urn:second"]], [["urn:second"]], []]


def test_what_is_younger_than_its_record_waits_from_the_last_record_on() -> None:
    """Of 10 March, recorded on the 1st. The tick of 45 days later comes when the book has a record of 50 days later."""
    books = Books(**{A: SiteBook(horizon_days=45)})
    early, late = START + 45 * DAY_US, START + 50 * DAY_US
    books.fold.submit(entry(add("x", "1", A, cu="10", event_time_us=START + 10 * DAY_US), record_time_us=START))
    books.fold.submit(entry(add("y", "1", A, cu="10", event_time_us=late), record_time_us=late))
    books.tick(A, early)
    (page,) = [page for _, ref, page in books.fold.every(Page) if ref.startswith(due.SEEN)]
    assert [(slip.since_us, slip.valid_us) for slip in page.slips] == [(late, 0), (late, START + 10 * DAY_US)]


def test_what_is_younger_than_its_record_is_forgotten_when_it_is_as_old_as_the_horizon() -> None:
    """Of 10 March, recorded on the 1st: 45 days after it happened, to the microsecond."""
    for less, known in ((1, 1), (0, 0)):
        books = Books(**{A: SiteBook(horizon_days=45)})
        one = add("x", "1", A, cu="10", event_time_us=START + 10 * DAY_US)
        books.fold.submit(entry(one, record_time_us=START))
        books.tick(A, START + 55 * DAY_US - less)
        assert len(books.fold.every(Seen)) == known
