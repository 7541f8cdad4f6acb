"""What a book remembers of an event, and what it leaves to be looked at later (rulebook R41, R42, R44, R70, R74)."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from lodestream.epcis.event import ContainedMass, Event, Quantity, TypedRef
from lodestream.ledger import due, months, remember
from lodestream.ledger.held import Container
from lodestream.ledger.records import Outcome
from lodestream.ledger.running import Run
from lodestream.ledger.state import Head, Seen
from lodestream.ledger.timed import Page
from lodestream.ledger.view import View
from tests.ledger.making import HOUR, START, Books, T, add, assay, codes, declared, entry, event, hashed, receive, ship, transform
from tests.ledger.test_containment import Q, R, aggregation, held
from tests.ledger.test_receipts import offer

A, B, PARTY = "urn:site:a", "urn:site:b", "urn:party:x"
DAY = 24 * HOUR


def slips(books: Books, lane: str) -> int:
    """How many slips of a lane wait."""
    return sum(len(page.slips) for _, ref, page in books.fold.every(Page) if ref.rsplit(" ", 1)[0] == lane)


def status(books: Books, one: Event) -> str:
    return next((seen.status for _, ref, seen in books.fold.every(Seen) if ref == one.identity), "")


def other(one: Event, mass: str) -> Event:
    """A changed copy: the same eventID with another mass."""
    return hashed(replace(one, quantities=[replace(q, quantity=Decimal(mass)) for q in one.quantities if q.quantity]))


def kinds(outcomes: list[Outcome]) -> list[tuple[str, str]]:
    return [(o.kind or o.outcome, o.reason) for o in outcomes]


def solution(name: str) -> Event:
    """What a bottle holds, without a mass."""
    bottle = add(name, "0", A, co="1")
    item = replace(bottle.materials[0], assays=[], contained=[ContainedMass("Co", Decimal(5), "KGM")])
    return hashed(replace(bottle, quantities=[Quantity(name)], materials=[item]))


# -- of the event ---------------------------------------------------------------------------------------------------


def test_a_declaration_that_is_too_old_leaves_no_note() -> None:
    books = Books()
    one = declared(add("x", "1", A, cu="10", event_time_us=START))
    made = books.fold.submit(entry(one, record_time_us=START + 401 * DAY))
    assert (codes(made), books.fold.every(Seen)) == (["TOO_OLD"], [])


def test_what_is_refused_twice_and_forgotten_between_is_refused() -> None:
    """Its finding is open still: nothing more is said of it."""
    books = Books()
    one = entry(add("x", "1", A, cu="10", event_time_us=START), record_time_us=START + 401 * DAY)
    assert codes(books.fold.submit(one)) == ["TOO_OLD"]
    books.tick(A, START + 802 * DAY)
    assert books.fold.every(Seen) == []
    again = books.fold.submit(one)
    assert (kinds(again), codes(again)) == ([("refuse", "TOO_OLD")], [])


def test_a_refused_copy_is_the_one_that_counts() -> None:
    """128 % and then 129 %, both refused: a declaration of the second fits what is known of the event now."""
    books = Books()
    first, second = (add("x", "1", A, cu=cu, event_id="urn:e", event_time_us=START) for cu in ("128", "129"))
    assert [codes(books(one)) for one in (first, second)] == [["GRADE_IMPOSSIBLE"], []]
    assert kinds(books(declared(second))) == [("correct", "")]
    assert books.open() == set()


def test_a_refused_event_that_posts_ends_what_was_said_of_it() -> None:
    books = Books()
    first, second = (add("x", "1", A, cu=cu, event_id="urn:e", event_time_us=START) for cu in ("128", "28"))
    books(first)
    assert (books.open(), codes(books(second), "superseded"), books.open()) == (
        {"GRADE_IMPOSSIBLE"},
        ["GRADE_IMPOSSIBLE"],
        set(),
    )


def test_what_was_parked_and_then_refused_may_come_again() -> None:
    """A draw of x, which turns out to be a solution that nobody can weigh out: a changed copy, of y, is judged anew."""
    books = Books()
    bottle = solution("x")
    first = ship("x", "1", A, B, event_id="urn:e")
    second = ship("y", "1", A, B, event_id="urn:e")
    books(add("y", "10", A, cu="10"))
    assert kinds(books(first)) == [("PARKED", "PHANTOM_STOCK")]
    assert kinds(books(bottle)) == [("create", ""), ("refuse", "NO_QUANTITY")]
    assert status(books, first) == "refused"
    assert [o.kind for o in books(second) if o.site == A] == ["ship"]


def test_what_was_said_of_an_event_that_waits_ends_with_it_too() -> None:
    """A changed copy and a declaration of another content, of what is parked, posts or is refused, and then is void."""
    for came in (add("x", "10", A, cu="10"), solution("x"), None):
        books = Books()
        one = ship("x", "1", A, B, event_id="urn:e")
        books(one)
        assert codes(books(other(one, "2"), declared(other(one, "3")))) == ["MUTATED_EVENT", "DECLARATION_MISMATCH"]
        assert status(books, one) == "parked"
        if came is not None:
            books(came)
            assert status(books, one) == ("posted" if came.materials[0].assays else "refused")
        assert books.open() >= {"MUTATED_EVENT", "DECLARATION_MISMATCH"}
        books(declared(one, 2))
        assert books.open() == set()


def test_what_a_declaration_said_of_a_refused_event_ends_when_it_posts() -> None:
    books = Books()
    one = add("x", "1", A, cu="128", event_id="urn:e")
    books(one, declared(other(one, "3")))
    assert "DECLARATION_MISMATCH" in books.open()
    books(add("x", "1", A, cu="28", event_id="urn:e"))
    assert books.open() == set()


def test_of_two_reasons_the_one_that_stays_ends_when_the_event_posts() -> None:
    """Cu of 128 % in x, and then in y too: both are said once, and both end with a copy that says 28 %."""

    def two(*grades: str) -> Event:
        parts = [add(name, "1", A, cu=cu) for name, cu in zip("xy", grades, strict=True)]
        lots, items = [p.quantities[0] for p in parts], [p.materials[0] for p in parts]
        return hashed(replace(parts[0], event_id="urn:e", event_time_us=START, quantities=lots, materials=items))

    books = Books()
    assert [codes(books(two(*grades))) for grades in (("128", "28"), ("128", "128"))] == [["GRADE_IMPOSSIBLE"]] * 2
    assert codes(books(two("28", "28")), "superseded") == ["GRADE_IMPOSSIBLE"] * 2


def test_what_a_copy_or_a_declaration_said_of_an_event_ends_with_it() -> None:
    """A changed copy, and a declaration of another content: both were said of the event, which is void now."""
    books = Books()
    one = add("x", "1", A, cu="10", event_id="urn:e")
    books(one, add("x", "1", A, cu="128"), other(one, "2"), declared(other(one, "3")))
    assert books.open() == {"MUTATED_EVENT", "DECLARATION_MISMATCH", "GRADE_IMPOSSIBLE"}
    gone = books(declared(one, 2))
    assert sorted(codes(gone, "superseded")) == ["DECLARATION_MISMATCH", "MUTATED_EVENT"]
    assert books.open() == {"GRADE_IMPOSSIBLE"}


def test_that_a_place_has_no_book_outlasts_its_first_event() -> None:
    books = Books()
    one = add("x", "1", A, cu="10")
    books(one, declared(one))
    assert [f.code for _, f in books.fold.open_findings()] == ["NO_BOOK"]


# -- its journal ----------------------------------------------------------------------------------------------------


def half(**more: Any) -> Event:
    return transform(A, [], [], transformation_id="urn:t", **more)


@pytest.mark.parametrize("out", ["100", "90"])
def test_the_close_of_a_campaign_can_be_taken_back(out: str) -> None:
    """By an event that does nothing else: with 10 mg missing, and where nothing is."""
    books = Books()
    books(add("x", "1000", A, uom="MGM", cu="100"))
    books(transform(A, [("x", "100", {"uom": "MGM"})], [], transformation_id="urn:t"))
    books(transform(A, [], [("y", out, {"uom": "MGM", "cu": "100"})], transformation_id="urn:t"))
    close = half(campaign_close=True)
    books(close)
    assert books.balance(A, "UNACCOUNTED") == 100 - int(out)
    books(declared(close))
    ((_, _, run),) = books.fold.every(Run)
    assert (run.closed_by, books.balance(A, "UNACCOUNTED")) == ([], 0)
    assert books.balance(A, "WIP(urn:t)") == 100 - int(out)


def test_an_assay_that_found_nothing_can_be_taken_back() -> None:
    books = Books()
    found = assay("x", A, cu="0")
    books(add("x", "1", A), found)
    assert books.open() == set()
    books(declared(found))
    assert books.open() == {"UNASSAYED"}


def test_what_was_packed_is_taken_out_again() -> None:
    books = Books()
    put = aggregation("ADD", Q, ("x", "1"))
    books(add("x", "10", A, cu="10"), put)
    assert held(books, A, Q) == T
    books(declared(put))
    assert held(books, A, Q) == 0


def test_a_container_that_was_put_into_another_is_taken_out_again() -> None:
    books = Books()
    books(add("x", "10", A, cu="10"), aggregation("ADD", Q, ("x", "1")))
    put = aggregation("ADD", R, Q)
    books(put)
    outer = {ref: box.children for _, ref, box in books.fold.every(Container)}
    assert outer[R] == [Q]
    books(declared(put))
    assert held(books, A, Q) == T
    assert {ref: box.children for _, ref, box in books.fold.every(Container)}.get(R, []) == []


# -- what is looked at later ----------------------------------------------------------------------------------------


def test_an_event_is_forgotten_by_the_record_time_of_its_book() -> None:
    """Which never runs backwards; in a new book it is the entry's own, and what is ahead of that is kept for longer."""
    made = entry(add("x", "1", A, event_time_us=5), record_time_us=0)
    for head, record, slip in (
        (None, 0, (0, 5)),
        (None, 7, (7, 0)),
        (Head(record_time_us=9), 7, (9, 0)),
        (Head(record_time_us=9), 11, (11, 0)),
    ):
        view = View(A, {})
        if head is not None:
            view.put(head, "")
        remember.see(view, replace(made, record_time_us=record), "posted", [], [])
        page = view.get(Page, f"{due.SEEN} 0")
        assert page is not None
        assert [(one.since_us, one.valid_us) for one in page.slips] == [slip]


def test_what_is_matched_is_not_looked_for_again() -> None:
    books = Books()
    books(receive("x", "1", B, uom="MGM", consignment_id="c"))
    assert slips(books, due.UNMATCHED) == 1
    books.fold.submit(offer("c", 1, {"Cu": 1}))
    assert (books.open(B), slips(books, due.UNMATCHED)) == (set(), 1)


def test_only_a_declaration_that_counts_announces_a_corrective() -> None:
    """Not one of another content, nor one of what is void already."""
    books = Books()
    one = add("x", "1", A, cu="10", event_id="urn:e")
    books(one)
    assert kinds(books(declared(other(one, "2"), 1, ("urn:r",)))) == [("refuse", "DECLARATION_MISMATCH")]
    assert slips(books, due.CORRECTIVE) == 0
    books(declared(one, 2), declared(one, 3, ("urn:r",)))
    assert slips(books, due.CORRECTIVE) == 0


def test_a_corrective_that_was_missed_and_comes_is_missed_no_more() -> None:
    books = Books()
    one = add("x", "1", A, cu="10", event_time_us=START)
    books(one, declared(one, 1, ("urn:r",)))
    books.tick(A, START + 15 * DAY)
    assert books.open() == {"CORRECTIVE_MISSING"}
    books(add("x", "2", A, cu="10", event_id="urn:r", event_time_us=START))
    assert books.open() == set()


@pytest.mark.parametrize(
    ("closed", "month", "lane"),
    [
        ("", "2026-03", "2026-03"),
        ("2026-02", "2026-04", "2026-04"),
        ("2026-02", "2026-03", "2026-03"),
        ("2026-02", "2026-02", "2026-03"),
        ("2026-03", "2026-02", "2026-04"),
    ],
)
def test_what_went_outside_leaves_at_the_close_of_its_month_or_of_the_first_that_is_open(
    closed: str, month: str, lane: str
) -> None:
    january, april = (months.bounds("UTC", name)[0] for name in ("2026-01", "2026-04"))
    books = Books()
    books.fold.submit(entry(add("x", "10", A, cu="10", event_time_us=january)))
    if closed:
        done = event("ObjectEvent", [], action="OBSERVE", biz_location=A, period_close=closed, event_time_us=january)
        books.fold.submit(entry(done, record_time_us=april))
    sent = ship("x", "1", A, PARTY, event_time_us=months.bounds("UTC", month)[0] + DAY)
    books.fold.submit(entry(sent, external=[PARTY], record_time_us=april + DAY))
    assert external(books) == [due.EXTERNAL + lane]


def external(books: Books) -> list[str]:
    (head,) = [head for site, _, head in books.fold.every(Head) if site == A]
    return [name for name in head.lanes if name.startswith(due.EXTERNAL)]


def test_what_went_nowhere_is_of_no_month() -> None:
    books = Books()
    sent = hashed(replace(ship("x", "1", A, None), destinations=[TypedRef("urn:somebody", "owning_party")]))
    books(add("x", "10", A, cu="10"))
    books.fold.submit(entry(sent, external=[PARTY]))
    assert external(books) == []


# -- what a declaration waits for -----------------------------------------------------------------------------------


def test_a_declaration_is_woken_by_its_event_whatever_that_says() -> None:
    """By its eventID where it says something else, and by its hash where it has no eventID itself."""
    one = add("x", "1", A, cu="10", event_id="urn:e")
    books = Books()
    books(declared(other(one, "2")))
    assert kinds(books(one)) == [("create", ""), ("refuse", "DECLARATION_MISMATCH")]
    books = Books()
    books(declared(replace(one, event_id=None)))
    assert kinds(books(one)) == [("create", ""), ("correct", "")]
