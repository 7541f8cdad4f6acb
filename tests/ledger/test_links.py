"""Transactions, associations and owners: linked to the lots that they name, and no metal moves (rulebook R59, R68)."""

from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from msgspec.structs import replace

from lodestream.epcis.event import Event, Quantity, TypedRef
from lodestream.ledger.book import SiteBook
from lodestream.ledger.held import Owners
from tests.ledger.making import START, Books, T, add, declared, entry, event, hashed, item, receive, ship, transform
from tests.ledger.test_containment import P, Q, aggregation

A, B, HUB = "urn:site:a", "urn:site:b", "urn:place:hub"
TRADER, SMELTER, BANK = "urn:party:trader", "urn:party:smelter", "urn:party:bank"


def owning(party: str) -> list[TypedRef]:
    return [TypedRef(party, "owning_party")]


def sale(lot: str, to: str | None, hours: int = 0, at: str = A, **more: Any) -> Event:
    """A TransactionEvent: an order or invoice that gives a lot another owner."""
    fields = {"action": "ADD", "event_time_us": START + hours * 3_600_000_000} | more
    made = event(
        "TransactionEvent", [item("object", lot, None)], biz_location=at, destinations=owning(to) if to else [], **fields
    )
    return hashed(replace(made, biz_transactions=[TypedRef("urn:order:1", "po")]))


def owner(books: Books, site: str = A, lot: str = "x") -> str | None:
    return next(one.owner for one in books.fold.lots() if (one.site, one.lot) == (site, lot))


def stocked(*lots: str) -> Books:
    books = Books(**{A: SiteBook()})
    books(*(add(lot, "100", A, cu="10") for lot in lots or ("x",)))
    return books


# -- links ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("type_", ["TransactionEvent", "AssociationEvent"])
def test_what_is_named_is_linked(type_: str) -> None:
    """The lots get a version of their own in the log, with a line that moves nothing; one that is not here gets none."""
    books = stocked("x", "y", "z")
    named = [item("object", "x", None), item("object", "y", "5"), item("object", "w", None)]
    outcome = books(event(type_, named, action="ADD", biz_location=A, parent_id="urn:sensor:1"))[0]
    assert (outcome.kind, outcome.postings) == ("link", [])
    assert [(lot.lot, lot.seq, lot.dry_mg) for lot in outcome.lots] == [("x", 2, 100 * T), ("y", 2, 100 * T)]
    assert [(line.lot, line.dry_mg, str(line.quantity)) for line in outcome.lines] == [("x", 0, "None"), ("y", 0, "5")]


def test_children_of_an_association_and_what_is_in_a_named_container() -> None:
    books = stocked("x", "y")
    books(aggregation("ADD", P, ("y", "5")))
    made = event("AssociationEvent", [], action="ADD", biz_location=A, parent_id=P)
    outcome = books(hashed(replace(made, child_quantities=[item("object", "x", None)[0]])))[0]
    assert sorted(line.lot for line in outcome.lines) == ["x", "y"]


def test_a_lot_named_beside_its_container_is_linked_once() -> None:
    """The container first, then what is named, each with a line as an object that has no mass."""
    books = stocked("x", "y")
    books(aggregation("ADD", P, ("x", "5"), ("y", "5")))
    (made,) = books(event("TransactionEvent", [item("object", "x", "3")], action="ADD", biz_location=A, epcs=[P]))
    assert [(line.role, line.lot, line.wet_mg, line.dry_mg) for line in made.lines] == [
        ("object", "x", 0, 0),
        ("object", "y", 0, 0),
    ]
    assert [lot.lot for lot in made.lots] == ["x", "y"]


def test_a_serial_that_is_weighed_is_a_lot_and_no_container() -> None:
    """Q is a lot of 2 t, and 5 t of x are said to be in it. Named with its mass it is Q that is meant, not x."""
    books = stocked("x", Q)
    books(aggregation("ADD", Q, ("x", "5")))
    bare = event("TransactionEvent", [], action="ADD", biz_location=A, epcs=[Q])
    weighed = hashed(replace(bare, event_id="urn:weighed", materials=[item("object", Q, "2")[1]]))
    assert [[lot.lot for lot in books(made)[0].lots] for made in (bare, weighed)] == [[Q, "x"], [Q]]


# -- owners ---------------------------------------------------------------------------------------------------------


def test_a_transaction_gives_an_owner_and_moves_no_metal() -> None:
    books = stocked()
    before = books.fold.accounts()
    outcome = books(sale("x", TRADER))[0]
    assert (outcome.lots[0].owner, outcome.postings, books.fold.accounts()) == (TRADER, [], before)
    assert [lot.owner for o in books.outcomes for lot in o.lots] == [None, TRADER], "each version has its owner"


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_last_by_event_time_owns_it(order: tuple[int, ...]) -> None:
    books = stocked()
    sales = [sale("x", party, hours) for hours, party in enumerate((TRADER, BANK, SMELTER))]
    books(*[sales[n] for n in order])
    assert owner(books) == SMELTER
    books(declared(sales[2]))
    assert owner(books) == BANK
    books(declared(sales[0]), declared(sales[1]))
    assert owner(books) is None


def test_a_transaction_without_a_new_owner_or_taken_off_gives_none() -> None:
    books = stocked()
    books(sale("x", TRADER), sale("x", None, 1), sale("x", BANK, 2, action="DELETE"))
    assert owner(books) == TRADER


def test_the_former_owner_is_noted_where_nobody_was_known() -> None:
    books = stocked()
    books(sale("x", None, sources=owning(BANK)))
    assert owner(books) == BANK
    books(sale("x", None, sources=owning(TRADER)))
    assert owner(books) == BANK


def test_what_is_shipped_takes_its_new_owner_along() -> None:
    """10 t are sold and shipped: they are the smelter's at B, the 90 t at A stay the trader's."""
    books = stocked()
    books(sale("x", TRADER))
    sold = ship("x", "10", A, B, consignment_id="c")
    books(hashed(replace(sold, destinations=[*sold.destinations, *owning(SMELTER)])))
    books(receive("x", "10", B, consignment_id="c"))
    assert (owner(books), owner(books, B)) == (TRADER, SMELTER)


def test_a_receipt_and_a_transformation_name_the_owner() -> None:
    books = stocked()
    books(ship("x", "10", A, B, consignment_id="c"))
    books(hashed(replace(receive("x", "10", B, consignment_id="c"), destinations=owning(SMELTER))))
    books(transform(A, [("x", "10", {})], [("y", "10", {"cu": "10"})], destinations=owning(BANK)))
    assert (owner(books, B), owner(books, A, "y"), owner(books)) == (SMELTER, BANK, None)


def named_owner(step: str) -> Event:
    """10 t of x for B, with the smelter as owner."""
    to = [TypedRef(B, "location"), *owning(SMELTER)]
    fields = {"action": "OBSERVE", "read_point": A, "consignment_id": "c", "destinations": to}
    return event("ObjectEvent", [item("object", "x", "10")], biz_step=step, **fields)


@pytest.mark.parametrize("step", ["shipping", "departing", "consigning"])
def test_what_leaves_changes_no_owner_of_what_stays(step: str) -> None:
    """The 90 t at A stay the trader's."""
    books = stocked()
    books(sale("x", TRADER), named_owner(step))
    assert (owner(books), books.lot(A, "x").dry_mg) == (TRADER, 90 * T)


@pytest.mark.parametrize("before", [TRADER, None])
def test_to_ask_a_shipment_back_touches_no_lot(before: str | None) -> None:
    books = stocked()
    books(*([sale("x", before)] if before else []), named_owner("shipping"))
    (asked, *_) = books(named_owner("void_shipping"))
    assert (asked.kind, asked.lots, owner(books)) == ("void", [], before)


def test_only_what_is_put_into_a_container_is_sold_by_that() -> None:
    """x was in P before; 5 t of y are packed there for the trader."""
    books = stocked("x", "y")
    books(aggregation("ADD", P, ("x", "5")), aggregation("ADD", P, ("y", "5"), destinations=owning(TRADER)))
    assert (owner(books), owner(books, lot="y")) == (None, TRADER)


def test_who_owned_it_before_is_a_party_and_no_place() -> None:
    books = stocked("x", "y")
    books(sale("x", None, sources=[TypedRef(A, "location"), *owning(BANK)]), sale("y", None, sources=[TypedRef(A, "location")]))
    assert (owner(books), owner(books, lot="y")) == (BANK, None)


def test_a_lot_in_two_units_is_sold_once() -> None:
    books, sold = stocked(), sale("x", TRADER)
    twice = [Quantity("x", Decimal(5), "TNE"), Quantity("x", Decimal(5000), "KGM")]
    books(hashed(replace(sold, quantities=twice, materials=[])))
    assert [[one.owner for one in owners.changes] for _, _, owners in books.fold.every(Owners)] == [[TRADER]]


def test_nothing_is_left_of_a_sale_that_is_void() -> None:
    """Not even for a sale that was before it: the bank owns what it bought an hour earlier."""
    books, void = stocked(), sale("x", TRADER, 2)
    books(void, declared(void))
    assert (owner(books), books.fold.every(Owners)) == (None, [])
    books(sale("x", BANK, 1))
    assert owner(books) == BANK


# -- carriers -------------------------------------------------------------------------------------------------------

STEPS = ["arriving", "transporting", "loading", "unloading", "staging_outbound", "storing", "holding"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("place", [A, HUB])
def test_carriers_move_nothing(step: str, place: str) -> None:
    """At the booked place that holds the stock and at one without a book; with a mass, and by the container."""
    books = stocked()
    books(aggregation("ADD", P, ("x", "25")))
    before = books.fold.accounts()
    for items, epcs in (([item("object", "x", "10")], []), ([], [P])):
        made = event("ObjectEvent", items, action="OBSERVE", biz_step=step, read_point=place, biz_location=place, epcs=epcs)
        outcome = books(made)[0]
        assert (outcome.outcome, outcome.kind, outcome.postings) == ("TRANSACTION", "link", [])
    assert (books.fold.accounts(), books.open()) == (before, set())


def test_departing_ships_where_the_stock_is_and_nowhere_else() -> None:
    """At the hub, which never posted, it waits as an info and opens no book."""
    books = stocked()

    def departing(place: str) -> Event:
        to = [TypedRef(B, "location")]
        return event(
            "ObjectEvent",
            [item("object", "x", "10")],
            action="OBSERVE",
            biz_step="departing",
            read_point=place,
            destinations=to,
            consignment_id="c",
        )

    hub = books(departing(HUB))[0]
    assert (hub.outcome, hub.reason, [f.severity for f in hub.findings]) == ("PARKED", "NO_BOOK", ["info"])
    assert books(departing(A))[0].kind == "ship"
    assert (books.balance(A, "TRANSIT(c x)"), books.balance(HUB, "TRANSIT(c x)")) == (T, 0)


def test_at_an_external_place_nothing_happens() -> None:
    books = stocked()
    made = event("ObjectEvent", [item("object", "x", "10")], action="OBSERVE", biz_step="arriving", biz_location=HUB)
    (outcome,) = books.fold.submit(entry(made, external=[HUB]))
    assert (outcome.kind, outcome.postings) == ("link", [])
