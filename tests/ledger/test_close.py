"""The close of months: how many an entry closes, from which month on, at what time, and what is gone by then (R77, R78)."""

from collections.abc import Iterable
from decimal import Decimal

import pytest
from msgspec.structs import replace

from lodestream.claims.values import Credits, Layer
from lodestream.epcis.event import Assay, Claim, ContainedMass, Event
from lodestream.ledger import close
from lodestream.ledger.book import SiteBook
from lodestream.ledger.records import Entry, Outcome
from lodestream.ledger.state import Head
from tests.ledger.making import HOUR, Books, T, add, declared, due_us, entry, event, hashed, item, receive, ship, transform
from tests.ledger.test_periods import APRIL, DAY, GRACE, MARCH, MAY, PARTY, A, at, closing, lines, sold

SINK = f"SINK(external:{PARTY})"


def told(outcomes: Iterable[Outcome]) -> list[tuple[str, list[str], int]]:
    """Kind, months and shipments that left."""
    return [(o.kind, [p.period for p in o.periods], len(o.postings) // 2) for o in outcomes]


def mined(at_us: int = MARCH) -> Books:
    books = Books()
    books(add("x", "1000", A, cu="10", event_time_us=at_us))
    return books


def sale(consignment: str, at_us: int, mass: str = "1") -> Event:
    return ship("x", mass, A, PARTY, consignment_id=consignment, event_time_us=at_us)


def head(books: Books) -> Head:
    return next(one for _, _, one in books.fold.every(Head))


YEARS = [f"2026-{n:02}" for n in range(3, 13)] + [f"2027-{n:02}" for n in range(1, 13)]


def test_an_entry_closes_sixteen_months() -> None:
    """Each counts as four of the 64 things that an entry may do. The rest goes on, and is said to be due until it is done."""
    assert (close.COST, close.KIND) == (4, "close")
    books, now = mined(), MARCH + 700 * DAY
    first, (rest,) = books.fold.apply(entry(closing("2027-12", now)))
    assert (told(first), rest.kind, rest.tick_us, head(books).closing) == ([("close", YEARS[:16], 0)], "CONTINUE", now, "2027-12")
    assert first[0].due_us == MARCH, "at once: it is not later than the last record"
    second, none = books.fold.apply(rest)
    assert (told(second), none, head(books).closing, head(books).closed) == ([("close", YEARS[16:], 0)], [], "", "2027-12")
    assert [o.due_us for o in second] == [now + 400 * DAY], "only the horizon of the event that closed them is left"


@pytest.mark.parametrize(
    ("count", "entries"),
    [
        (59, [(["2026-03", "2026-04"], 59)]),
        (60, [(["2026-03"], 60), (["2026-04"], 0)]),
        (63, [(["2026-03"], 63), (["2026-04"], 0)]),
        (64, [([], 64), (["2026-03", "2026-04"], 0)]),
        (65, [([], 64), (["2026-03", "2026-04"], 1)]),
    ],
)
def test_what_leaves_is_of_the_same_measure(count: int, entries: list[tuple[list[str], int]]) -> None:
    """After 63 shipments one thing is left to do, a month; after 64 none is."""
    books = sold(count)
    asked, *done = at(books, MAY, closing("2026-04", MAY))
    assert (asked.kind, asked.reason, asked.postings) == (
        "close", "2026-04 closes when what went to external parties has left", [],
    )  # fmt: skip
    assert [(months, left) for _, months, left in told(done)] == entries
    assert books.balance(A, SINK) == count * T // 10
    assert next(lines(p)["SINK"] for o in done for p in o.periods) == (0, 0, count * 100, 0, count * 100)


def test_the_first_close_begins_with_what_was_posted_first() -> None:
    """Of March, where May is closed; of the month that is closed, where nothing is older."""
    books = mined()
    books(add("y", "1", A, cu="10", event_time_us=MAY))
    assert told(at(books, MAY + 40 * DAY, closing("2026-05", MAY + 40 * DAY))) == [
        ("close", ["2026-03", "2026-04", "2026-05"], 0)
    ]
    books = mined(MAY)
    assert told(at(books, MAY + DAY, closing("2026-03", MAY + DAY))) == [("close", ["2026-03"], 0)]
    assert told(at(books, MAY + DAY, closing("2026-04", MAY + DAY, event_id="urn:again"))) == [("close", ["2026-04"], 0)]
    assert (head(books).closed, head(books).periods) == ("2026-04", ["2026-05"])


def test_what_is_due_by_now_closes_and_what_an_event_asked_for_beyond_it() -> None:
    """A tick long after: March and April are over and have had their grace, May has not."""
    books = mined()
    for month_us in (APRIL, MAY):
        books(add(f"of {month_us}", "1", A, cu="10", event_time_us=month_us))
    done = books.tick(A, MAY + GRACE)
    assert told(done) == [("close", ["2026-03", "2026-04"], 0)]
    assert (done[0].valid_time_us, done[0].reason) == (
        MAY - 1, "2026-03 version 1: book, not counted, 2026-04 version 1: book, not counted",
    )  # fmt: skip
    assert due_us(books.fold, A) == MAY + 31 * DAY + GRACE


def test_the_event_that_closes_has_its_own_time_and_a_tick_that_of_the_month() -> None:
    for by_event, valid in ((True, MAY), (False, APRIL - 1)):
        books = mined()
        made = at(books, MAY, closing("2026-03", MAY)) if by_event else books.tick(A, MAY)
        assert [o.valid_time_us for o in made] == [valid]


def test_a_stock_take_that_closes_its_month_counts_in_it() -> None:
    """It finds 999 of 1,000 t at the end of March, and closes March: 1 t is adjusted in March, which is counted."""
    books = mined()
    fields = {"action": "OBSERVE", "biz_step": "stock_taking", "biz_location": A, "period_close": "2026-03"}
    count = event("ObjectEvent", [item("object", "x", "999")], event_time_us=APRIL - 1, **fields)
    (done,) = at(books, APRIL, count)
    assert (done.kind, done.reason, [p.counted for p in done.periods]) == ("close", "2026-03 version 1: counted", [True])
    assert lines(done.periods[0])["STOCK"] == (0, 0, 100_000, 100, 99_900)
    assert lines(done.periods[0])["STOCK_ADJ"] == (0, 0, 100, 0, 100)


def test_months_between_two_closes_close_with_the_second() -> None:
    """March is closed and nothing came in April: it closes with May."""
    books = mined()
    at(books, APRIL, closing("2026-03", APRIL))
    books(add("y", "1", A, cu="10", event_time_us=MAY))
    now = MAY + 40 * DAY
    assert told(at(books, now, closing("2026-05", now))) == [("close", ["2026-04", "2026-05"], 0)]


def test_a_stock_take_of_the_next_month_may_close_the_one_before() -> None:
    """1 t is adjusted in April, which nothing else was posted in: April stays open and closes in its time."""
    books = mined()
    fields = {"action": "OBSERVE", "biz_step": "stock_taking", "biz_location": A, "period_close": "2026-03"}
    count = event("ObjectEvent", [item("object", "x", "999")], event_time_us=APRIL + DAY, **fields)
    (done,) = at(books, APRIL + DAY, count)
    assert ([p.period for p in done.periods], [p.counted for p in done.periods]) == (["2026-03"], [False])
    assert lines(done.periods[0])["STOCK"] == (0, 0, 100_000, 0, 100_000)
    assert head(books).periods == ["2026-04"]
    (april,) = [p for o in books.tick(A, MAY + GRACE) for p in o.periods]
    assert (lines(april)["STOCK"], april.counted) == ((100_000, 0, 0, 100, 99_900), True)


def test_an_event_that_does_something_itself_is_told_as_that_and_then_the_month_closes() -> None:
    """A run at the last instant of March: what it leaves unaccounted, 1 t, is in March, and it is not late."""
    books = mined()
    run = transform(A, [("x", "100", {})], [("m", "30", {"cu": "30"})], event_time_us=APRIL - 1, period_close="2026-03")
    made = at(books, APRIL, run)
    assert [(o.kind, o.reason) for o in made] == [
        ("transform", "2026-03 closes when this is posted"),
        ("close", "2026-03 version 1: book, not counted"),
    ]
    assert (made[0].due_us, made[1].cause, made[1].valid_time_us) == (MARCH, made[0].txn_id, APRIL - 1)
    assert [lines(p)["UNACCOUNTED"] for o in made for p in o.periods] == [(0, 0, 1_000, 0, 1_000)]
    assert "BACKDATED" not in books.open(A)


def test_a_receipt_that_closes_a_month_is_a_receipt() -> None:
    """Its declaration takes it back like any other; so it is with a shipment, which has its grace too."""
    books = Books()
    got = receive("x", "10", A, cu="10", consignment_id="c", event_time_us=MARCH + DAY)
    got = hashed(replace(got, period_close="2026-03"))
    assert [o.kind for o in at(books, APRIL, got)] == ["receive", "close"]
    at(books, APRIL + DAY, declared(got))
    assert (books.fold.accounts(), books.open()) == ([], set())
    books = mined()
    sent = hashed(replace(ship("x", "10", A, "urn:b", consignment_id="c", event_time_us=MARCH + DAY), period_close="2026-03"))
    assert [o.kind for o in at(books, APRIL, sent) if o.site == A] == ["ship", "close"]
    assert [f.code for o in books.tick(A, APRIL + GRACE) for f in o.findings] == ["TRANSIT_OPEN", "ONE_SIDED"]


def test_a_sale_that_closes_its_month_has_left_in_it() -> None:
    books = mined()
    sold_ = hashed(replace(sale("c", MARCH + DAY), period_close="2026-03"))
    assert told(at(books, APRIL, sold_, external=[PARTY])) == [("ship", [], 1), ("close", ["2026-03"], 1)]
    assert books.balance(A, SINK) == T // 10


def test_two_events_ask_for_a_close_before_the_first_is_done() -> None:
    """April with its evidence, then March, while what was sold has still to leave: April closes, and with it March."""
    books = sold(1)
    april, march = closing("2026-04", MAY), closing("2026-03", MAY)
    (asked,), (rest,) = books.fold.apply(entry(hashed(replace(april, overdraft_evidence="urn:doc"))))
    (again,), (more,) = books.fold.apply(entry(march))
    assert (asked.kind, again.kind, head(books).closing, head(books).evidence) == ("close", "close", "2026-04", "urn:doc")
    assert told(books.fold.submit(rest)) == [("close", ["2026-03", "2026-04"], 1)]
    assert [o.outcome for o in books.fold.submit(more)] == ["NOTHING"]
    assert (head(books).closing, head(books).evidence, head(books).closed) == ("", "", "2026-04")


def test_a_stock_take_that_corrects_another_restates_first() -> None:
    """It stands where the void one stood, before a draw of March: what that took is told anew in March, then March closes."""
    books = mined()
    fields = {"action": "OBSERVE", "biz_step": "stock_taking", "biz_location": A}
    wrong = event("ObjectEvent", [item("object", "x", "1002")], event_time_us=MARCH + DAY, event_id="urn:wrong", **fields)
    right = event(
        "ObjectEvent",
        [item("object", "x", "899")],
        event_time_us=MARCH + DAY,
        event_id="urn:right",
        period_close="2026-03",
        **fields,
    )
    drawn = transform(A, [("x", "100", {})], [("m", "33", {"cu": "30"})], event_time_us=MARCH + 2 * DAY)
    at(books, MARCH + 3 * DAY, wrong, drawn, declared(wrong, 1, ("urn:right",)))
    made = at(books, APRIL, right)
    assert [o.kind for o in made] == ["count", "close"]
    assert made[0].reason.startswith("x: counted 899,000 kg dry, book 900,000 kg, difference -1,000 kg"), "its own reason stands"
    assert [(p.period, p.version) for o in made for p in o.periods] == [("2026-03", 1)]


# -- what has left --------------------------------------------------------------------------------------------------


def test_what_is_sold_later_under_one_consignment_waits_for_its_own_month() -> None:
    """1 t of March and 2 t of April, told before March closes."""
    books = mined()
    at(books, APRIL + DAY, sale("c", MARCH + DAY), sale("c", APRIL + DAY, "2"), external=[PARTY])
    at(books, APRIL + 2 * DAY, closing("2026-03", APRIL + 2 * DAY))
    assert (books.balance(A, SINK), books.balance(A, "TRANSIT(c x)")) == (T // 10, T // 5)
    at(books, MAY, closing("2026-04", MAY))
    assert (books.balance(A, SINK), books.balance(A, "TRANSIT(c x)")) == (3 * T // 10, 0)


def test_a_sale_that_is_later_than_its_record_leaves_with_the_month_of_that() -> None:
    """Its event time is in May, it was recorded in March."""
    books = mined()
    at(books, MARCH + DAY, sale("c", MAY + DAY), external=[PARTY])
    assert told(at(books, APRIL, closing("2026-03", APRIL)))[1:] == [("close", ["2026-03"], 1)]
    assert books.balance(A, SINK) == T // 10


def test_a_sale_at_the_last_instant_and_one_at_the_first_of_the_next() -> None:
    books = mined()
    at(books, APRIL, sale("c", APRIL - 1), sale("d", APRIL), external=[PARTY])
    at(books, APRIL + HOUR, closing("2026-03", APRIL + HOUR))
    assert [books.balance(A, f"TRANSIT({c} x)") for c in "cd"] == [0, T // 10]


@pytest.mark.parametrize(("at_us", "gone"), [(APRIL - 1, True), (APRIL, False)])
def test_a_sale_that_is_told_after_the_close_of_its_month_has_left(at_us: int, gone: bool) -> None:
    """Of the last microsecond of March, under the consignment of one that left: it has arrived too. Of the first of April not."""
    books = mined()
    at(books, MARCH + DAY, sale("c", MARCH + DAY), external=[PARTY])
    at(books, APRIL, closing("2026-03", APRIL))
    at(books, APRIL + DAY, sale("c", at_us, "2"), external=[PARTY])
    assert books.balance(A, SINK) == (3 * T // 10 if gone else T // 10)


def test_a_sale_that_was_void_leaves_nothing_to_do() -> None:
    books = mined()
    wrong = sale("c", MARCH + DAY)
    at(books, MARCH + DAY, wrong, declared(wrong), external=[PARTY])
    assert told(at(books, APRIL, closing("2026-03", APRIL)))[1:] == [("close", ["2026-03"], 0)]
    assert books.balance(A, SINK) == 0


def test_a_tick_for_a_book_with_nothing_to_close() -> None:
    """The horizon of the first event is due, then that of the second; no month is."""
    books = mined()
    at(books, APRIL, closing("2026-03", APRIL))
    (done,) = books.fold.submit(Entry("t", A, "TICK", MARCH + 401 * DAY, tick_us=MARCH + 401 * DAY))
    assert (done.outcome, done.due_us) == ("NOTHING", APRIL + 400 * DAY)


# -- credits --------------------------------------------------------------------------------------------------------


def claimed(lot: str, mass: str, element: str, profile: str, at_us: int = MARCH + DAY) -> Event:
    """So much of a lot leaves, claimed as certified."""
    asked = [Claim(profile, element, f"scheme:{profile}", Decimal(100))]
    return ship(lot, mass, A, None, consignment_id=f"c-{lot}-{mass}", event_time_us=at_us, claims=asked)


def test_credits_are_carried_as_far_as_there_is_stock_of_the_element() -> None:
    """48,000 kg Cu of credits are left, and 10,000 kg Cu in stock at the end of March, beside Ni: so much is carried."""
    books = Books(**{A: SiteBook(profiles=["iscc-eu"])})
    books(add("x", "60", A, cu="100", product_class="cathode", schemes=["iscc-eu"], event_time_us=MARCH))
    books(add("y", "60", A, ni="100", product_class="cathode", event_time_us=MARCH))
    at(books, MARCH + DAY, claimed("x", "12", "Cu", "iscc-eu"))
    at(books, MARCH + 2 * DAY, ship("x", "38", A, None, consignment_id="c", event_time_us=MARCH + 2 * DAY))
    at(books, APRIL, closing("2026-03", APRIL))
    ((_, _, account),) = books.fold.every(Credits)
    assert (head(books).closed, account.layers) == ("2026-03", [Layer(0, 10 * T)])


@pytest.mark.parametrize("waits", [False, True])
def test_evidence_for_an_overdraft_counts_until_the_close_is_done(waits: bool) -> None:
    """S6, a hundredth of it: 4 of 10 t certified, 3.5 t claimed beyond the 3 that they make. The ten months close in one entry,
    or in the next, since what was sold has to leave first.
    """
    books = Books(**{A: SiteBook(profiles=["asi-coc"], elements=["Al"])})
    for lot, tonnes, schemes in (("a", "4", ["asi-coc"]), ("b", "6", [])):
        contained = [ContainedMass("Al", Decimal(tonnes), "TNE")]
        at(books, MARCH, add(lot, tonnes, A, product_class="alloy", schemes=schemes, contained=contained, event_time_us=MARCH))
    asked = {"claims": [Claim("asi-coc", "Al", "scheme:asi-coc", Decimal(100))]}
    for lot, mass, more in (("b", "6", {}), ("a", "3.5", asked)):
        to = PARTY if waits else None
        one = ship(lot, mass, A, to, consignment_id=f"c-{lot}", event_time_us=MARCH + DAY, **more)
        at(books, MARCH + DAY, one, external=[PARTY])
    for year, now in ((2026, MARCH + 320 * DAY), (2027, MARCH + 700 * DAY)):
        asking = hashed(replace(closing(f"{year}-12", now), overdraft_evidence="urn:doc:flood" if year == 2026 else None))
        at(books, now, asking)
        assert (head(books).closed, head(books).closing, head(books).evidence) == (f"{year}-12", "", "")
        assert ("NEGATIVE_AT_CLOSE" in books.open(A)) == (year == 2027), "what is owed has no evidence in the next year"


def test_credits_of_each_element_close_in_order() -> None:
    """What was certified is void: five balances are below zero at the close, and are told by element."""
    elements = ["Co", "Cu", "Li", "Mn", "Ni"]
    books = Books(**{A: SiteBook(profiles=["iscc-plus"])})
    wrong = []
    for element in reversed(elements):
        assays = [Assay(element, Decimal(100), "P1")]
        one = add(f"of-{element}", "60", A, product_class="cathode", schemes=["iscc-plus"], event_time_us=MARCH)
        made = hashed(replace(one, materials=[replace(one.materials[0], assays=assays)]))
        wrong.append(made)
        at(books, MARCH + DAY, made, claimed(f"of-{element}", "12", element, "iscc-plus"))
    at(books, MARCH + 2 * DAY, *(declared(one) for one in wrong))
    (done,) = at(books, APRIL, closing("2026-03", APRIL))
    assert [f.inputs[0].split(" ")[1] for f in done.findings if f.code == "NEGATIVE_AT_CLOSE"] == elements
