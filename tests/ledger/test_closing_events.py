"""Events that move metal and close a month in one (R77): what they moved is aged, corrected and taken back like any other."""

import pytest
from msgspec.structs import replace

from lodestream.epcis.event import Event
from lodestream.ledger.moving import Received
from tests.ledger.making import HOUR, START, Books, T, add, declared, event, hashed, receive, ship
from tests.ledger.test_containment import A, B
from tests.ledger.test_void_whole import asked

DAY = 24 * HOUR
APRIL = START + 31 * DAY


def closes(made: Event, at_us: int = APRIL + DAY) -> Event:
    """The same event on 2 April, which closes March as well."""
    return hashed(replace(made, event_time_us=at_us, period_close="2026-03"))


def stocked() -> Books:
    """100 t of x at A with 10 % Cu, of 1 March."""
    books = Books()
    books(add("x", "100", A, cu="10", event_time_us=START))
    return books


def sent(mass: str = "10") -> Event:
    return ship("x", mass, A, B, consignment_id="c", event_time_us=START + DAY)


def stood(books: Books) -> tuple[int, int, int]:
    """Copper in kg: in stock at A, on its way, in stock at B."""
    rows = ((A, "STOCK(x)"), (A, "TRANSIT(c x)"), (B, "STOCK(x)"))
    return tuple(books.balance(site, account) // 10**6 for site, account in rows)  # type: ignore[return-value]


def test_a_receipt_that_closes_a_month_is_taken_back() -> None:
    books, got = stocked(), closes(receive("x", "10", B, consignment_id="c"))
    books(sent())
    there = [(o.kind, [p.period for p in o.periods]) for o in books(got) if o.site == B]
    assert (there, stood(books)) == ([("receive", []), ("close", ["2026-03"])], (9_000, 0, 1_000))
    books(declared(got))
    assert (stood(books), books.open()) == ((9_000, 1_000, 0), set())


@pytest.mark.parametrize("first", ["declaration", "corrective"])
def test_a_corrective_that_closes_a_month_takes_the_place_of_its_original(first: str) -> None:
    """10 t were 9 t, received between two others: which came first does not matter, and it stands where the original stood."""
    books = stocked()
    wrong = receive("x", "10", B, consignment_id="c", event_time_us=START + 2 * DAY)
    right = closes(receive("x", "9", B, consignment_id="c", event_id="urn:right"))
    last = receive("x", "11", B, consignment_id="c", receipt="final", event_time_us=START + 3 * DAY)
    books(sent("20"), wrong, last)
    both = [declared(wrong, 1, ("urn:right",)), right]
    books(*(both if first == "declaration" else reversed(both)))
    assert (stood(books), books.open()) == ((8_000, 0, 2_000), set())
    slots = {ref: one.change.slot for site, ref, one in books.fold.every(Received) if site == B}
    assert slots["urn:right x 0"] == 0


def test_a_shipment_that_closes_a_month_is_found_open_after_the_grace() -> None:
    books = stocked()
    books(closes(sent()))
    books.tick(A, APRIL + DAY + 13 * DAY)
    assert books.open(A) == set()
    made = books.tick(A, APRIL + DAY + 14 * DAY + HOUR)
    assert {f.code for o in made for f in o.findings} == {"TRANSIT_OPEN", "ONE_SIDED"}


def test_a_void_that_closes_a_month_is_taken_back() -> None:
    books, question = stocked(), closes(asked())
    books(sent(), question)
    assert stood(books) == (10_000, 0, 0)
    books(declared(question))
    assert stood(books) == (9_000, 1_000, 0)


def test_the_close_itself_is_not_taken_back() -> None:
    books = stocked()
    closing = event("ObjectEvent", [], action="OBSERVE", biz_location=A, period_close="2026-03", event_time_us=APRIL + DAY)
    books(closing)
    (after,) = books(declared(closing))
    assert (after.kind, after.periods, books.balance(A, "STOCK(x)")) == ("correct", [], 10 * T)
