"""The place of a corrective: slots of its original, whichever came first, and however many there are (rulebook R45)."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from lodestream.epcis.event import Event, Quantity
from lodestream.ledger.book import SiteBook
from lodestream.ledger.state import Move, Vacant
from tests.ledger.making import START, Books, T, add, assay, codes, declared, hashed, receive, ship, transform
from tests.ledger.test_arrivals import offer

A, B = "urn:site:a", "urn:site:b"


def slots(books: Books, lot: str = "x") -> list[str]:
    """The events that moved a lot at A, slot by slot; empty where it is vacant."""
    found = {int(ref.split(" ")[1]): one.identity for site, ref, one in books.fold.every(Move) if ref.startswith(f"{lot} ")}
    return [found[n] for n in range(len(found))]


def parcel(name: str, cu: str) -> Event:
    return add("x", "10", A, cu=cu, event_id=f"urn:{name}")


@pytest.mark.parametrize("order", ["original", "corrective"])
def test_a_draw_between_original_and_corrective_is_of_the_corrective(order: str) -> None:
    """10 t at 30 % were 10 t at 20 %: 4 t were drawn between. Whichever of the two was told first, the draw is of 20 %.

    So is one that came before the original where the corrective was there by then.
    """
    wrong, right, drawn = parcel("wrong", "30"), parcel("right", "20"), ship("x", "4", A, B, consignment_id="c", event_id="urn:4")
    books = Books()
    books(*([wrong, drawn, right] if order == "original" else [right, drawn, wrong]), declared(wrong, 1, ("urn:right",)))
    stands = ["urn:right", "urn:4", ""] if order == "original" else ["", "urn:4", "urn:right"]
    assert slots(books) == stands
    assert books.balance(A, "TRANSIT(c x)") == 800_000_000
    assert (books.balance(A, "STOCK(x)"), books.lot(A, "x").dry_mg, books.open()) == (1_200_000_000, 6 * T, set())


def sent(name: str, consignment: str, mass: str = "4") -> Event:
    return ship("x", mass, A, B, consignment_id=consignment, event_id=f"urn:{name}")


def test_a_draw_that_takes_the_place_of_another_is_of_what_was_there_then() -> None:
    """Of 10 t at 30 % 4 t left as c, and 10 t at 10 % came. That it was as d is told, then that c was an error: d is of 30 %."""
    books = Books()
    wrong = sent("wrong", "c")
    books(parcel("first", "30"), wrong, parcel("second", "10"), sent("right", "d"))
    assert books.balance(A, "TRANSIT(d x)") == 700_000_000  # 4 of 16 t with 2.8 t
    books(declared(wrong, 1, ("urn:right",)))
    assert slots(books) == ["urn:first", "urn:right", "urn:second", ""]
    assert (books.balance(A, "TRANSIT(d x)"), books.balance(A, "STOCK(x)")) == (1_200_000_000, 2_800_000_000)


def test_what_was_drawn_after_a_corrective_that_moves_back_is_of_what_it_leaves() -> None:
    """Of 10 t at 30 % 4 t left as d, then of 10 t more at 10 % 5 t as e and 4 t as c. c was d: so e left before it.

    e is of 20 t at 20 %, and d of the 15 t that were left of them.
    """
    books = Books()
    wrong = sent("wrong", "c")
    books(parcel("first", "30"), sent("right", "d"), parcel("second", "10"), sent("between", "e", "5"), wrong)
    assert books.balance(A, "TRANSIT(e x)") == 875_000_000  # 5 of 16 t with 2.8 t
    books(declared(wrong, 1, ("urn:right",)))
    assert slots(books) == ["urn:first", "", "urn:second", "urn:between", "urn:right"]
    rows = [books.balance(A, account) for account in ("TRANSIT(e x)", "TRANSIT(d x)", "STOCK(x)")]
    assert rows == [T, 800_000_000, 2_200_000_000]


def test_a_corrective_in_two_units_takes_both_places() -> None:
    """10 t and 5,000 kg of x in one event, with a draw behind them; the corrective states 8 t and 4,000 kg."""
    books = Books(**{A: SiteBook(mass_basis="dry")})
    made = []
    for name, tonnes, kilos in (("wrong", 10, 5000), ("right", 8, 4000)):
        one = add("x", str(tonnes), A, event_id=f"urn:{name}")
        made.append(hashed(replace(one, quantities=[*one.quantities, Quantity("x", Decimal(kilos), "KGM")])))
    books(made[0], assay("x", A, cu="10"), ship("x", "3", A, B, consignment_id="c", event_id="urn:draw"))
    books(declared(made[0], 1, ("urn:right",)), made[1])
    assert (slots(books), books.lot(A, "x").dry_mg) == (["urn:right", "urn:right", "urn:draw"], 9 * T)
    assert books.fold.every(Vacant) == []


def test_without_a_corrective_no_place_is_kept() -> None:
    made = parcel("wrong", "30")
    books = Books()
    books(made, declared(made))
    assert (slots(books), books.fold.every(Vacant)) == ([""], [])
    books(parcel("next", "20"))
    assert slots(books) == ["", "urn:next"]


def test_a_receipt_in_the_place_of_what_was_none_comes_last() -> None:
    """10 t were added at B in error; they are 9.99 t of c, of which 10 t were received before the correction: too late."""
    books = Books(**{B: SiteBook()})
    wrong = add("x", "10", B, cu="10")
    books(wrong, add("y", "1", B, cu="10"))
    books.fold.submit(offer("c"))
    books(receive("x", "10", B, consignment_id="c", receipt="final"), declared(wrong, 1, ("urn:right",)))
    made = books(receive("x", "9.99", B, consignment_id="c", event_id="urn:right"))
    assert (codes(made), books.lot(B, "x").dry_mg) == (["ALREADY_RESOLVED"], 10 * T)


def test_a_corrective_that_came_before_its_original_leaves_its_own_place() -> None:
    """Its slot was the first. Where it stands now a draw of all came before it, of nothing: so the draw keeps what it took."""
    right, wrong = parcel("right", "20"), parcel("wrong", "30")
    books = Books()
    books(right, transform(A, [("x", "10", {})], [("y", "10", {"cu": "20"})], event_id="urn:run"), wrong)
    books(declared(wrong, 1, ("urn:right",)))
    assert slots(books) == ["", "urn:run", "urn:right"]
    assert (books.balance(A, "STOCK(x)"), books.lot(A, "x").dry_mg) == (0, 0)


def test_a_parcel_without_an_item_is_assayed_by_one() -> None:
    """10 t by their quantity alone, on the book's basis; the assay states its item, and no moisture."""
    books = Books(**{A: SiteBook(mass_basis="dry")})
    bare = add("x", "10", A, event_time_us=START)
    books(hashed(replace(bare, materials=[])), assay("x", A, cu="10"))
    assert (books.balance(A, "STOCK(x)"), books.open()) == (T, set())
