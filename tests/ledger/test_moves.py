"""Moves that branch: one lot of one consignment to two places, corrected destinations, elements of which nothing was sent."""

from decimal import Decimal
from itertools import permutations

import pytest
from msgspec.structs import replace

from lodestream.epcis.event import Assay, Event
from lodestream.ledger.book import SiteBook
from tests.ledger.making import HOUR, START, Books, T, add, assay, codes, declared, entry, hashed, receive, ship, transform

A, B, C = "urn:site:a", "urn:site:b", "urn:site:c"


def stocked() -> Books:
    books = Books()
    books(add("x", "100", A, cu="10", event_time_us=START))
    return books


def test_one_consignment_to_two_places() -> None:
    """Each receiver is offered what goes to it, and each answers for its own."""
    books = stocked()
    books(ship("x", "10", A, B, consignment_id="c"), ship("x", "20", A, C, consignment_id="c"))
    last = receive("x", "20", C, consignment_id="c", receipt="final", cu="10")
    assert codes(books(receive("x", "10", B, consignment_id="c", receipt="final", cu="10"), last)) == []
    assert books.balance(A, "TRANSIT(c x)") == 0
    assert [books.balance(site, "CUSTODY(c x)") for site in (A, B, C)] == [3 * T, -T, -2 * T]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_destination_corrected(order: tuple[int, ...]) -> None:
    """Shipped to C by mistake, declared void, shipped to B instead, in any order; B receives."""
    wrong = ship("x", "10", A, C, consignment_id="c", event_time_us=START + HOUR)
    right = ship("x", "10", A, B, consignment_id="c", event_time_us=START + HOUR)
    books = stocked()
    books(*[[wrong, declared(wrong), right][n] for n in order])
    books(receive("x", "10", B, consignment_id="c", cu="10"))
    assert codes(books(receive("x", "10", C, consignment_id="c", cu="10"))) == ["UNMATCHED"], "C was offered nothing"
    assert (books.balance(A, "TRANSIT(c x)"), books.balance(A, "STOCK(x)")) == (0, 9 * T)
    assert (books.balance(A, "CUSTODY(c x)"), books.balance(B, "CUSTODY(c x)")) == (T, -T)


def test_an_element_that_the_sender_tracks_and_did_not_send_is_a_gain() -> None:
    books = Books(**{A: SiteBook(elements=["Cu", "Ni"])})
    books(add("x", "10", A, cu="10"), ship("x", "10", A, B, consignment_id="c"))
    came = books(receive("x", "10", B, consignment_id="c", receipt="final", cu="10", ni="5"))
    assert codes(came) == ["TRANSIT_GAIN"]
    assert (books.balance(B, "TRANSIT_VAR", "Ni"), books.balance(B, "SOURCE(untracked)", "Ni")) == (-T // 2, 0)


def test_a_receipt_of_a_consignment_whose_name_has_a_space_can_be_taken_back() -> None:
    books = stocked()
    books(ship("x", "10", A, B, consignment_id="bill of lading 7"))
    wrong = receive("x", "10", B, consignment_id="bill of lading 7", cu="9")
    books(wrong, declared(wrong))
    assert books.balance(B, "STOCK(x)") == 0
    assert books.balance(A, "TRANSIT(bill of lading 7 x)") == T


# -- F8 -----------------------------------------------------------------------------------------------------------


def received(minutes_before: int) -> list[str]:
    books = stocked()
    books(ship("x", "10", A, B, consignment_id="c", event_time_us=START + HOUR))
    at = START + HOUR - minutes_before * 60_000_000
    return codes(books(receive("x", "10", B, consignment_id="c", cu="10", event_time_us=at)))


def test_the_clocks_of_two_parties_differ() -> None:
    assert (received(15), received(16)) == ([], ["TIME_ORDER"])


def test_a_transformation_starts_before_its_last_input_is_weighed() -> None:
    for minutes, code in ((15, []), (16, ["TIME_ORDER"])):
        books = stocked()
        made = transform(A, [("x", "10", {})], [("y", "10", {"cu": "10"})], event_time_us=START - minutes * 60_000_000)
        assert codes(books(made)) == code


def test_an_event_is_later_than_its_own_record() -> None:
    """The entry's own record time counts: that of an entry before it may be later."""
    books = stocked()
    books.fold.submit(entry(add("y", "1", A, cu="1"), record_time_us=START + 99 * HOUR))
    late = add("z", "1", A, cu="1", event_time_us=START + HOUR)
    assert codes(books.fold.submit(entry(late, record_time_us=START))) == ["TIME_ORDER"]


# -- receipts that name no consignment ----------------------------------------------------------------------------


def loose(mass: str, **more: str) -> Event:
    return receive("x", mass, B, moisture="8", **more)


def test_one_assay_for_two_receipts_that_one_offer_takes() -> None:
    books = Books()
    books(add("x", "100", A, cu="10"), loose("5"), loose("5"))
    books(assay("x", B, cu="10"))
    assert books.balance(B, "STOCK(x)") == 920_000_000
    books(ship("x", "9.2", A, B))
    assert (books.balance(B, "STOCK(x)"), books.open(B) & {"UNMATCHED"}) == (920_000_000, set())


def test_a_second_source_confirms_a_receipt_without_a_consignment() -> None:
    books = stocked()
    books(ship("x", "10", A, B))
    books(receive("x", "10", B, cu="10", event_id="urn:one"))
    first = books.outcomes[-1]
    assert first is not None
    again = replace(receive("x", "10", B, cu="10", event_id="urn:two"), event_hash=books_hash(books))
    outcome = books(again, source="carrier")[0]
    assert (outcome.kind, outcome.postings) == ("link", [])


def books_hash(books: Books) -> str:
    """The hash of the last event that was received."""
    return next(o.event_hash for o in reversed(books.outcomes) if o.kind == "receive" and o.event_hash)


def test_an_offer_that_no_record_holds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A short transaction can make a long offer: it carries the open findings of all that the lot was made of."""
    books = Books()
    last = "y"
    books(add(last, "1", A, cu="10"))
    for n in range(100):
        made = f"y{n}"
        books(add(f"x{n}", "1", A, cu="10", opening=True))
        books(transform(A, [(last, "1", {}), (f"x{n}", "1", {})], [(made, "1", {"cu": "20"})]))
        last = made
    monkeypatch.setattr("lodestream.ledger.apply.MAX_OUTCOME_BYTES", 5000)
    assert codes(books(ship(last, "1", A, B, consignment_id="c"))) == ["TOO_LARGE"]
    assert books.balance(A, "TRANSIT(c y99)") == 0


def test_a_receipt_that_the_offers_moisture_makes_impossible_waits() -> None:
    """30 % as received, and an offer that is all water but a tenth: the receipt cannot be dry mass x 300 %."""
    got = receive("x", "10", B, consignment_id="c", mass_basis="wet")
    item = replace(got.materials[0], assays=[Assay("Cu", Decimal(30), "P1", "as_received")])
    for offered_first in (True, False):
        books = Books()
        books(add("x", "100", A, moisture="90", cu="10"))
        both = [ship("x", "10", A, B, consignment_id="c", moisture="90"), hashed(replace(got, materials=[item]))]
        books(*(both if offered_first else reversed(both)))
        assert (books.balance(B, "STOCK(x)"), books.balance(A, "TRANSIT(c x)")) == (0, T // 10)
        assert "UNASSAYED" in books.open(B)
