"""Which months are open, closed, late or counted, at their edges (rulebook R76)."""

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from lodestream.epcis.event import Event
from lodestream.ledger.book import SiteBook
from lodestream.ledger.state import Head
from lodestream.ledger.timed import Period
from tests.ledger.making import Books, T, add, assay, codes, due_us, event, hashed, item, ship
from tests.ledger.test_periods import APRIL, DAY, GRACE, MARCH, MAY, A, at, closing, lines
from tests.ledger.test_site_balance import batch


def count(tonnes: str, at_us: int, step: str = "stock_taking") -> Event:
    fields: dict[str, Any] = {"action": "OBSERVE", "biz_step": step, "biz_location": A, "event_time_us": at_us}
    return event("ObjectEvent", [item("object", "ore", tonnes)], **fields)


def stocked() -> Books:
    """100 t at 10 % Cu of 1 March."""
    books = Books(**{A: SiteBook()})
    at(books, MARCH, add("ore", "100", A, cu="10", event_time_us=MARCH))
    return books


def head(books: Books) -> Head:
    return next(one for site, _, one in books.fold.every(Head) if site == A)


def test_open_months_are_in_order_whatever_came_first() -> None:
    books = Books(**{A: SiteBook()})
    for month in (MAY, APRIL, MARCH):
        at(books, MAY, add(f"x{month}", "1", A, cu="10", event_time_us=month))
    assert (head(books).periods, due_us(books.fold, A)) == (["2026-03", "2026-04", "2026-05"], APRIL + GRACE)


def test_a_count_keeps_what_was_posted_in_its_month() -> None:
    books = stocked()
    at(books, MARCH + DAY, count("99.9", MARCH + DAY))
    (done,) = at(books, APRIL, closing("2026-03", APRIL))
    (state,) = done.periods
    assert (state.counted, lines(state)["STOCK"]) == (True, (0, 0, 10_000, 10, 9_990))


def test_a_count_of_a_month_that_is_closed_does_not_count_it() -> None:
    """It posts 10 kg in April, and says of neither month that it was counted."""
    books = stocked()
    at(books, APRIL, closing("2026-03", APRIL))
    (done,) = at(books, APRIL + DAY, count("99.9", MARCH + DAY))
    assert ([(p.period, p.version, p.counted) for p in done.periods], codes([done])) == ([("2026-03", 2, False)], ["BACKDATED"])
    assert [(ref, one.counted) for _, ref, one in books.fold.every(Period)] == [("2026-03", False), ("2026-04", False)]
    assert books.balance(A, "STOCK(ore)") == 9_990_000_000


def test_what_is_as_late_as_allowed_is_backdated_but_not_late() -> None:
    """60 days to the microsecond after it happened, in a month that is closed."""
    books = stocked()
    at(books, APRIL, closing("2026-03", APRIL))
    for more, found in ((0, ["BACKDATED"]), (1, ["LATE", "BACKDATED"])):
        happened = MARCH + 10 * DAY - more
        (done,) = at(books, MARCH + 70 * DAY, add(f"x{more}", "1", A, cu="10", event_time_us=happened))
        assert codes([done]) == found
    assert books.balance(A, "STOCK(x0)") == T // 10


def test_the_lines_of_a_month_to_the_milligram_and_in_order() -> None:
    """1 mg Cu and 2 mg Ni came; the 1 mg went on."""
    books = Books(**{A: SiteBook()})
    at(books, MARCH, add("x", "10", A, uom="MGM", ni="20", cu="10", event_time_us=MARCH))
    at(books, MARCH, ship("x", "10", A, "urn:site:b", uom="MGM", event_time_us=MARCH + 1, consignment_id="c"))
    (done,) = at(books, APRIL, closing("2026-03", APRIL))
    assert [
        (one.element, one.account_class, one.opening_mg, one.in_mg, one.out_mg, one.closing_mg) for one in done.periods[0].lines
    ] == [
        ("Cu", "SOURCE", 0, 0, 1, -1),
        ("Cu", "STOCK", 0, 1, 1, 0),
        ("Cu", "TRANSIT", 0, 1, 0, 1),
        ("Ni", "SOURCE", 0, 0, 2, -2),
        ("Ni", "STOCK", 0, 2, 2, 0),
        ("Ni", "TRANSIT", 0, 2, 0, 2),
    ]


def test_the_variances_of_the_runs_of_a_month_add_up() -> None:
    books = Books(**{A: SiteBook()})
    squares = 0
    for n in range(3):
        made = at(books, MARCH + n, *batch(n, "33.3"))
        squares += sum(c.u_mg**2 for o in made for c in o.closures)
        ((_, _, period),) = books.fold.every(Period)
        assert period.u2 == {"Cu": str(squares)}
    assert squares == 3 * 106_342_325**2


def test_a_line_of_which_all_came_late_is_told() -> None:
    books = stocked()
    at(books, APRIL, closing("2026-03", APRIL))
    at(books, APRIL + DAY, add("x", "10", A, uom="MGM", ni="20", event_time_us=MARCH + DAY))
    (done,) = at(books, MAY, closing("2026-04", MAY))
    assert [(one.account_class, one.late_mg, one.closing_mg) for one in done.periods[0].lines if one.element == "Ni"] == [
        ("SOURCE", -2, -2),
        ("STOCK", 2, 2),
    ]


def test_what_a_closing_event_posts_itself_is_counted_once() -> None:
    """A count of 1 April that closes March: the 10 kg that are missing are missing in April."""
    books = stocked()
    one = hashed(replace(count("99.9", APRIL), period_close="2026-03"))
    (done,) = at(books, APRIL, one)
    assert (done.kind, lines(done.periods[0])["STOCK"]) == ("close", (0, 0, 10_000, 0, 10_000))
    (done,) = at(books, MAY, closing("2026-04", MAY))
    assert lines(done.periods[0])["STOCK"] == (10_000, 0, 0, 10, 9_990)


def test_an_assay_that_says_the_same_more_surely_is_heard() -> None:
    """30 % again, of which nothing is to be posted, with u 0.01 points: the run is judged with that, and so is the month."""
    books = Books(**{A: SiteBook()})
    at(books, MARCH, *batch(0, "33.3"))
    again = assay("matte0", A, cu="30")
    sure = [replace(again.materials[0].assays[0], uncertainty=Decimal("0.01"))]
    again = hashed(replace(again, event_time_us=MARCH + DAY, materials=[replace(again.materials[0], assays=sure)]))
    (done,) = at(books, MARCH + DAY, again)
    ((_, _, period),) = books.fold.every(Period)
    assert (done.postings, period.u2) == ([], {"Cu": str(done.closures[0].u_mg ** 2)})
    assert done.closures[0].u_mg < 106_342_325
