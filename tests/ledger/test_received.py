"""Receipts as they come: to which pair and in which place, what of them is told, and what comes along (rulebook R5, R30, R65)."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from lodestream.epcis.event import Assay, Event, Quantity, TypedRef
from lodestream.ledger.book import SiteBook
from lodestream.ledger.held import Container
from lodestream.ledger.moving import Inbound, Receipt
from lodestream.ledger.records import Entry, Outcome
from tests.ledger.making import START, Books, add, codes, declared, entry, hashed, receive, ship
from tests.ledger.test_containment import P, Q, held
from tests.ledger.test_receipts import after, got, offer

A, B, C = "urn:site:a", "urn:site:b", "urn:site:c"
CRATE = "https://id.gs1.org/8003/01234567890128.1"


def pairs(books: Books) -> dict[str, list[Receipt]]:
    """The receipts of each pair that has some."""
    return {ref: pair.receipts for _, ref, pair in books.fold.every(Inbound) if pair.receipts}


def twice(one: Event, more: str) -> Event:
    """A receipt with a second line of its lot, in another unit: grams of dry weight."""
    return hashed(replace(one, quantities=[*one.quantities, Quantity("x", Decimal(more), "GDW")]))


# -- its place ------------------------------------------------------------------------------------------------------


def test_the_first_event_of_a_book_keeps_its_place_in_its_corrective() -> None:
    books = Books()
    wrong, right = got(500, event_id="urn:w"), got(600, event_id="urn:r")
    books(wrong, got(300), declared(wrong, correctives=("urn:r",)), right)
    first, second = pairs(books)["c x"]
    assert (first.identity, first.arrival, second.arrival) == ("urn:r", 0, 1)


def test_what_corrects_a_receipt_from_outside_comes_when_it_comes() -> None:
    """What an external party sent is of no pair, and had no place among the receipts."""
    books = Books()
    wrong, right = got(500, event_id="urn:w", sources=[TypedRef("urn:party", "owning_party")]), got(600, event_id="urn:r")
    books.fold.submit(entry(wrong, external=["urn:party"]))
    books(got(300), declared(wrong, correctives=("urn:r",)), right)
    assert [(r.identity == "urn:r", r.arrival) for r in pairs(books)["c x"]] == [(False, 1), (True, 3)]


def test_the_lines_of_a_lot_are_counted_and_those_of_another_are_not() -> None:
    """y, and x twice."""
    books = Books()
    one = twice(got(1000), "1")
    books(hashed(replace(one, quantities=[Quantity("y", Decimal(5), "GDW"), *one.quantities])))
    assert {ref: [r.number for r in found] for ref, found in pairs(books).items()} == {"c x": [0, 1], "c y": [0]}


def test_a_place_that_the_register_does_not_know_is_no_site() -> None:
    """The receipt says where it is from; that is nobody's, so it goes to the oldest offer."""
    books = after(offer("c", 1000, {"Cu": 100}))
    books.fold.submit(
        replace(entry(got(1000, consignment_id=None, sources=[TypedRef("urn:dock", "location")])), locations={B: B})
    )
    assert [r.from_site for r in pairs(books)["c x"]] == [""]


# -- what is told ---------------------------------------------------------------------------------------------------


def told(outcomes: list[Outcome]) -> list[tuple[int, int, dict[str, int]]]:
    return [(x.wet_mg, x.dry_mg, x.contained_mg) for x in outcomes[0].lines]


def test_a_receipt_tells_what_its_pair_takes_it_for() -> None:
    """Of an offer that is half water and a tenth copper; as received and without a moisture it counts as it was weighed."""
    scrap = got(1000, mass_basis="wet")
    scrap = hashed(
        replace(scrap, materials=[replace(scrap.materials[0], assays=[Assay("Cu", Decimal(30), "P1", "as_received")])])
    )
    for offers, made, line in (
        ([offer("c", 1000, {"Cu": 100}, wet_mg=2000)], got(500, mass_basis="wet"), (500, 250, {"Cu": 25})),
        ([offer("c", 1000, {"Cu": 100}, wet_mg=2000)], got(500), (1000, 500, {"Cu": 50})),
        ([], got(500, mass_basis="wet"), (500, 0, {})),
        ([], scrap, (1000, 1000, {})),
    ):
        (first, *_) = made_of = after(*offers)(made)
        assert (told(made_of), first.reason) == ([line], "")


def test_one_that_is_refused_tells_its_mass_and_why() -> None:
    books = after(offer("c", 1000, {"Cu": 100}))
    books(got(1000))
    made = books(got(500, cu="10"))
    assert (told(made), made[0].reason, codes(made)) == ([(500, 500, {})], "ALREADY_RESOLVED", ["ALREADY_RESOLVED"])


# -- its basis ------------------------------------------------------------------------------------------------------


def basis(mass_basis: str, at: int) -> Entry:
    return Entry(f"book {mass_basis}", B, "BOOK", at, book=SiteBook(mass_basis=mass_basis))


def bare(**more: Any) -> Event:
    """A receipt of 1,000 mg whose item says no basis, or that has no item."""
    one = got(1000)
    item = replace(one.materials[0], mass_basis=None, **more)
    return hashed(replace(one, materials=[item] if more else []))


@pytest.mark.parametrize("made", [bare(), bare(product_class="ore")])
def test_a_mass_keeps_the_basis_that_the_book_had_when_it_came(made: Event) -> None:
    """Weighed wet by the book of then, of an offer that is half water, whatever the book says when that comes."""
    books = Books()
    books.fold.submit(basis("wet", START))
    books(made)
    books.fold.submit(basis("dry", START + 1))
    books.fold.submit(offer("c", 1000, {"Cu": 100}, wet_mg=2000))
    lot = books.lot(B, "x")
    assert (lot.wet_mg, lot.dry_mg, lot.contained_mg) == (1000, 500, {"Cu": 50})
    ((receipt,),) = pairs(books).values()
    assert receipt.line.material is not None
    assert (receipt.line.material.role, receipt.line.material.id) == ("object", "x")
    assert receipt.line.material.product_class == (made.materials[0].product_class if made.materials else None)


def test_a_mass_that_says_its_basis_keeps_it() -> None:
    """By its item, or by its unit, which the book's cannot be said of."""
    books = Books()
    books.fold.submit(basis("wet", START))
    books(got(1000), hashed(replace(got(0), quantities=[Quantity("x", Decimal(2), "GDW")], materials=[])))
    assert books.lot(B, "x").dry_mg == 3000
    by_item, by_unit = pairs(books)["c x"]
    assert (by_item.line.material is not None and by_item.line.material.mass_basis, by_unit.line.material) == ("dry", None)


def test_without_a_basis_of_the_book_nothing_is_added() -> None:
    books = Books()
    books(hashed(replace(got(0), quantities=[Quantity("x", Decimal(2), "GDW")], materials=[])))
    assert pairs(books)["c x"][0].line.material is None


# -- containers -----------------------------------------------------------------------------------------------------


def named(*epcs: str, consignment: str | None = None, lots: tuple[str, ...] = (), mg: int = 1000) -> Event:
    one = got(mg, consignment_id=consignment)
    found = [replace(one.quantities[0], epc_class=lot) for lot in lots]
    items = [replace(one.materials[0], id=lot) for lot in lots]
    return hashed(replace(one, epcs=list(epcs), quantities=found, materials=items))


@pytest.mark.parametrize(
    ("container", "consignment", "lots", "pair"),
    [
        (P, None, (), "c x"),  # by its SSCC, which is no consignment
        (P, None, ("x",), "c x"),
        (CRATE, None, (), "c x"),  # by a crate, which names none at all
        (CRATE, None, ("x",), "c x"),
        (CRATE, "d", (), "c x"),  # what is in it is not what the event names the consignment of
        (CRATE, "d", ("x",), "d x"),  # what it names beside it is
        (CRATE, "d", ("y", "x"), "d x"),
    ],
)
def test_what_came_in_a_container_is_of_the_consignment_that_it_was_offered_in(
    container: str, consignment: str | None, lots: tuple[str, ...], pair: str
) -> None:
    books = after(offer("c", 1000, {"Cu": 100}, packed={container: 1000}))
    books(named(container, consignment=consignment, lots=lots))
    assert set(pairs(books)) == {pair, *(["d y"] if "y" in lots else [])}


def test_what_was_offered_in_no_container_keeps_its_consignment() -> None:
    """It came beside the one of another."""
    books = after(offer("c", 1000, {"Cu": 100}, packed={P: 1000}))
    books(named(P, consignment="d", lots=("y",)))
    assert set(pairs(books)) == {"c x", "d y"}


def test_a_container_holds_what_came_with_it() -> None:
    """500 mg and 200 more on another line, of a lot of which there is more here."""
    books = Books()
    books(add("x", "5000", B, uom="MGM", cu="10"))
    books(twice(named(P, consignment="c", lots=("x",), mg=500), "0.2"))
    assert held(books, B, P) == 700


def test_what_did_not_come_brings_no_container() -> None:
    """It was settled, or another source told of it before; with a lot that did come it is there."""
    for others in ((), ("y",)):
        books = after(offer("c", 1000, {"Cu": 100}))
        books(got(1000))
        made = books(named(Q, consignment="c", lots=("x", *others), mg=50))
        assert made[0].reason == "ALREADY_RESOLVED"
        assert bool([ref for _, ref, _ in books.fold.every(Container) if ref == Q]) is bool(others)
    books = Books()
    books(got(1000))
    books(named(Q, consignment="c", lots=("x",)), source="another")
    assert [ref for _, ref, _ in books.fold.every(Container) if ref == Q] == []


def test_a_serial_that_was_here_before_does_not_come_without_a_mass() -> None:
    """A drum that is a lot of its own: what it weighs this time nobody says."""
    drum = "https://id.gs1.org/01/09501101530003/21/7"
    books = Books()
    first = receive(drum, "10", B, consignment_id="c", cu="10")
    books(first, ship(drum, "10", B, C))
    made = books(hashed(replace(first, event_id="urn:again", quantities=[], materials=[], epcs=[drum])))
    assert [(o.kind, o.reason) for o in made] == [("refuse", "NO_QUANTITY")]


def test_without_an_offer_its_sscc_is_the_consignment() -> None:
    books = Books()
    books(named(P, lots=("x",)))
    assert set(pairs(books)) == {f"{P} x"}


def test_an_offer_that_comes_later_tells_what_is_in_which() -> None:
    """300 of 1,000 mg are in P and 700 in Q: both were named by the receipt, with all of it."""
    books = Books()
    books(named(P, Q, consignment="c", lots=("x",)))
    books.fold.submit(offer("c", 1000, {"Cu": 100}, packed={P: 300, Q: 700}))
    assert [held(books, B, name) for name in (P, Q)] == [300, 700]


# -- what is no receipt -----------------------------------------------------------------------------------------------


def test_what_is_destined_for_another_site_moves_nothing_here() -> None:
    for to, kind in ((C, "link"), (B, "receive"), ("urn:dock", "receive")):
        books = Books()
        made = entry(hashed(replace(got(1000, cu="10"), destinations=[TypedRef(to, "location")])))
        (first,) = books.fold.submit(replace(made, locations={B: B, C: C}))
        assert (first.kind, books.balance(B, "STOCK(x)")) == (kind, 100 if kind == "receive" else 0)


def test_what_comes_from_outside_is_received_and_what_was_told_before_confirmed() -> None:
    books = Books()
    (outside,) = books.fold.submit(entry(got(1000, sources=[TypedRef("urn:party", "owning_party")]), external=["urn:party"]))
    assert (outside.kind, outside.reason) == ("receive", "")
    books(got(1000, cu="10"))
    (confirmed,) = books(got(1000, cu="10"), source="another")
    assert (confirmed.kind, confirmed.reason) == ("link", "another source received this before: confirmed, nothing posted")
    assert confirmed.postings == []
