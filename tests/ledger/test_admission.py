"""What an event is held against before its kind is asked: its source, its age, whether it is known, its size (R41, R61, R74)."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from lodestream.epcis.event import CreditItem, Event, Material
from lodestream.ledger import apply as rules
from lodestream.ledger.accounts import STOCK_ADJ
from lodestream.ledger.apply import LARGE
from lodestream.ledger.book import SiteBook
from lodestream.ledger.draft import Draft
from lodestream.ledger.records import Entry, Handover, Offer, Outcome, Parcel
from lodestream.ledger.view import View
from tests.ledger.making import HOUR, START, Books, T, add, entry, transform

A, B = "urn:site:a", "urn:site:b"
DAY = 24 * HOUR


def lot(name: str, **more: Any) -> Event:
    return add(name, "1", A, **{"cu": "10", "event_time_us": START} | more)


def late(made: Event, days: int, more_us: int = 0) -> Entry:
    """The entry of an event that is recorded so much later."""
    return entry(made, record_time_us=made.event_time_us + days * DAY + more_us)


def only(outcomes: list[Outcome]) -> tuple[str, list[str], str]:
    """Code, inputs and arithmetic of the one finding that opens, NO_BOOK apart."""
    opened = [f for o in outcomes for f in o.findings if f.state == "open" and f.code != "NO_BOOK"]
    ((code, inputs, said),) = [(f.code, f.inputs, f.arithmetic) for f in opened]
    return code, inputs, said


def test_a_source_that_the_book_does_not_name() -> None:
    books = Books(**{A: SiteBook(sources=["mes", "lims"])})
    one = entry(lot("x"), "carrier")
    said = f"source 'carrier' does not write for {A}; its book names mes, lims"
    assert only(books.fold.submit(one)) == ("NOT_AUTHORISED", [one.entry_id, "carrier"], said)
    assert only(books.fold.submit(replace(one, source="other")))[1] == [one.entry_id, "other"], "another writer, another finding"
    assert books.balance(A, "STOCK(x)") == 0
    (posted,) = books.fold.submit(replace(one, source="lims"))
    assert (posted.kind, books.balance(A, "STOCK(x)")) == ("create", T // 10)


def test_exactly_as_old_as_the_horizon() -> None:
    """400 days to the microsecond are not too old; one microsecond more is."""
    books = Books()
    (posted,) = books.fold.submit(late(lot("x"), 400))
    one = late(lot("y"), 400, 1)
    said = "eventTime is 400 days 0 h before its record, the book knows what it has seen for 400 days"
    assert (posted.kind, only(books.fold.submit(one))) == ("create", ("TOO_OLD", [one.entry_id], said))
    assert books.balance(A, "STOCK(y)") == 0


def test_what_waited_longer_than_the_horizon_still_posts() -> None:
    """It was young enough when it came, and is no repeat of itself."""
    books = Books()
    waits = transform(A, [("x", "1", {})], [("y", "1", {"cu": "10"})], event_time_us=START)
    books(waits)
    made = books(lot("x", event_time_us=START + 500 * DAY))
    assert [(o.outcome, o.kind) for o in made] == [("TRANSACTION", "create"), ("TRANSACTION", "transform")]


def test_the_same_again_while_something_else_waits() -> None:
    """What waits is not judged again when it is retried; everything else is."""
    books = Books()
    books(lot("x"), transform(A, [("y", "1", {})], [("z", "1", {"cu": "10"})], event_time_us=START))
    again = books.fold.submit(replace(entry(lot("x", event_id=books.outcomes[0].event_id)), entry_id="again"))
    assert [o.outcome for o in again] == ["DUPLICATE"]
    old = late(lot("w"), 401)
    assert only(books.fold.submit(old))[0] == "TOO_OLD"
    assert books.balance(A, "STOCK(x)") == T // 10


# -- large ----------------------------------------------------------------------------------------------------------


def large(made: Event | None = None, legs: tuple[int, ...] = (), **fields: Any) -> bool:
    """Whether what an entry writes is looked at, that it fits into 64 bits."""
    draft = Draft(View(A, {}), Entry("e", A, "EVENT", START, event=made, **fields))
    draft.legs = [("Cu", STOCK_ADJ, mg) for mg in legs]
    return rules._is_large(draft)


def offer(*carbon: int | None) -> Offer:
    return Offer("c", B, B, A, [], [Parcel("x", 1, 1, 1, True, {}, {}, 0, embodied_g_co2e=g) for g in carbon])


def items(*fields: dict[str, Any]) -> Event:
    return replace(lot("x"), materials=[Material("object", str(n), **one) for n, one in enumerate(fields)])


@pytest.mark.parametrize(
    ("found", "what"),
    [
        (False, {}),
        (False, {"legs": (LARGE, -LARGE)}),
        (True, {"legs": (1, LARGE + 1, 1)}),
        (True, {"legs": (1, -LARGE - 1, 1)}),
        (False, {"offer": offer()}),
        (False, {"offer": offer(None, LARGE)}),
        (True, {"offer": offer(None, LARGE + 1, 1)}),
        (True, {"handover": Handover("h 0", 1, "offered", B, A, "p", "Cu", "country:ZM", 1, START)}),
        (False, {"made": lot("x")}),
        (True, {"made": replace(lot("x"), credits=[CreditItem("p", "Cu", "country:ZM", Decimal(1), "KGM")])}),
        (False, {"made": replace(lot("x"), process_emissions_g_co2e=LARGE)}),
        (True, {"made": replace(lot("x"), process_emissions_g_co2e=LARGE + 1)}),
        (False, {"made": items({}, {"embodied_g_co2e": LARGE})}),
        (True, {"made": items({}, {"embodied_g_co2e": LARGE + 1}, {})}),
        (True, {"made": items({}, {"credential_mass": Decimal(1)}, {})}),
    ],
)
def test_what_may_take_a_sum_beyond_64_bits(found: bool, what: dict[str, Any]) -> None:
    """A leg or carbon beyond 2^44, credits of any size, and a credential's mass, which is anybody's word."""
    assert large(**what) == found
