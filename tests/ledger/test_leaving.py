"""What leaves with a container, and what its receiver is told of it (rulebook R65)."""

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from lodestream.epcis.event import Event, Quantity
from lodestream.ledger.book import SiteBook
from lodestream.ledger.held import Container, Manifest
from lodestream.ledger.records import Entry, Outcome, Parcel
from tests.ledger.making import Books, T, declared, entry, event, hashed, item, ship, transform
from tests.ledger.test_containment import A, B, P, Q, R, aggregation, come, held, out, packed, stocked
from tests.ledger.test_void_whole import asked

S, U = (f"https://id.gs1.org/00/{n:018d}" for n in (4, 5))


def leave(books: Books, made: Event) -> tuple[Outcome, dict[str, Parcel]]:
    """The shipment's outcome, and what it offers of each lot."""
    (outcome,), entries = books.fold.apply(entry(made))
    return outcome, {parcel.lot: parcel for one in entries if one.offer is not None for parcel in one.offer.parcels}


def told(outcome: Outcome) -> list[tuple[str, str, int]]:
    return [(line.role, line.lot, line.dry_mg) for line in outcome.lines]


def bag(name: str, tonnes: str = "2", **more: Any) -> Event:
    """An SSCC that is a lot of its own."""
    return event("ObjectEvent", [item("object", name, tonnes, cu="50", **more)], action="ADD", biz_location=A)


def manifest(books: Books, name: str) -> Manifest | None:
    return next((one for site, ref, one in books.fold.every(Manifest) if (site, ref) == (A, f"out {name}")), None)


# -- what is in them ----------------------------------------------------------------------------------------------------


def test_lots_of_a_pallet_leave_in_order_of_their_names() -> None:
    """R holds z and the bag P, which holds a and b; R also holds the serial U, and P the serial S: lots, then serials."""
    books = stocked("z", "b", "a")
    books(bag(U), bag(S, "3"))
    books(aggregation("ADD", P, ("b", "1"), ("a", "2"), S), aggregation("ADD", R, ("z", "5"), P, U))
    outcome, offered = leave(books, out(R, consignment_id="c"))
    rows = [("a", 2 * T), ("b", T), ("z", 5 * T), (S, 3 * T), (U, 2 * T)]
    assert told(outcome) == [("object", lot, mg) for lot, mg in rows]
    assert {lot: (one.packed, one.within) for lot, one in offered.items()} == {
        "a": ({P: 2 * T}, {P: R}),
        "b": ({P: T}, {P: R}),
        "z": ({R: 5 * T}, {}),
        S: ({P: 3 * T}, {P: R}),
        U: ({R: 2 * T}, {}),
    }
    assert manifest(books, R) == Manifest("c", {"z": 5 * T, U: 2 * T}, sorted([P, U]), outcome.valid_time_us)
    assert manifest(books, P) == Manifest("c", {"a": 2 * T, "b": T, S: 3 * T}, [S], outcome.valid_time_us)


def test_a_serial_that_was_used_up_leaves_no_line() -> None:
    """S and U are in P, and S went into a run: U leaves, of 1 mg."""
    books = Books()
    books(bag(S), bag(U, "1", uom="MGM"), aggregation("ADD", P, S, U))
    books(transform(A, [(S, "2", {})], [("y", "2", {"cu": "50"})]))
    outcome, _ = leave(books, out(P, consignment_id="c"))
    assert told(outcome) == [("object", U, 1)]


def test_a_serial_alone_is_in_no_container() -> None:
    books = Books()
    books(bag(S))
    _, offered = leave(books, out(S, consignment_id="c"))
    assert (offered[S].packed, offered[S].within) == ({}, {})


# -- what of a lot is in which ------------------------------------------------------------------------------------------


def test_what_is_weighed_out_is_in_the_first_bags() -> None:
    """P, Q and R hold 10 t each, 15 t are weighed: 10 in P, 5 in Q, and none in R, which is empty too."""
    books = stocked()
    books(*(aggregation("ADD", name, ("x", "10")) for name in (P, Q, R)))
    _, offered = leave(books, out(P, Q, R, lots=[("x", "15", {})], consignment_id="c"))
    assert (offered["x"].packed, packed(books)) == ({P: 10 * T, Q: 5 * T}, 0)


def test_two_weighings_of_a_lot_share_what_is_in_its_bag() -> None:
    """P holds 12 t; 10 t and 5,000 kg leave beside it: 10 t of them are in P, the rest is not, and P is empty.

    Asked back by its name, P brings the lot.
    """
    books = stocked()
    books(aggregation("ADD", P, ("x", "12")))
    made = out(P, lots=[("x", "10", {})], consignment_id="c")
    both = [*made.quantities, Quantity("x", Decimal(5000), "KGM")]
    items = [replace(made.materials[0], mass_basis="dry")]
    books.fold.submit(Entry("book", A, "BOOK", 0, book=SiteBook(mass_basis="dry")))
    _, offered = leave(books, hashed(replace(made, quantities=both, materials=items)))
    assert (offered["x"].dry_mg, offered["x"].packed, held(books, A, P), packed(books)) == (15 * T, {P: 10 * T}, 0, 0)
    found = manifest(books, P)
    assert found is not None
    assert found.lots == {"x": 10 * T}
    books(asked(P))
    assert (books.balance(A, "TRANSIT(c x)"), books.balance(A, "STOCK(x)")) == (0, 10 * T)


def test_what_a_container_left_with_is_what_it_held_the_last_time() -> None:
    """P left with 10 t of x, and again with 3 t, under the same consignment."""
    books = stocked()
    for mass, inside in (("10", 10), ("3", 3)):
        books(aggregation("ADD", P, ("x", mass)), out(P, consignment_id="c"))
        found = manifest(books, P)
        assert found is not None
        assert found.lots == {"x": inside * T}


def test_where_what_is_named_beside_containers_is() -> None:
    """x is named beside what holds it not. Only one container alone, of which nobody told anything, is taken to hold it."""
    for names, inside, expected in (
        ([P], [], {P: 20 * T}),
        ([P, Q], [], {}),
        ([P], [aggregation("ADD", P, ("y", "5"))], {}),
        ([P], [aggregation("ADD", P, ("x", "8"), ("y", None))], {P: 8 * T}),
    ):
        books = stocked("x", "y")
        books(*inside)
        _, offered = leave(books, out(*names, lots=[("x", "20", {})], consignment_id="c"))
        assert offered["x"].packed == expected


# -- another source, another time ---------------------------------------------------------------------------------------


def test_what_another_source_sent_loose_is_in_no_bag_any_more() -> None:
    """The carrier sent 5 t of y; the MES sends P, which holds 25 t of x and 5 t of y: x leaves, and y is in P no more."""
    books = stocked("x", "y")
    books(aggregation("ADD", P, ("x", "25"), ("y", "5")))
    books(ship("y", "5", A, B, consignment_id="c"), source="carrier")
    books(out(P, consignment_id="c"), source="mes")
    assert [books.balance(A, f"TRANSIT(c {lot})") for lot in ("x", "y")] == [2_500_000_000, 500_000_000]
    assert (held(books, A, P), held(books, A, P, "y"), packed(books), packed(books, lot="y")) == (0, 0, 0, 0)
    assert [one for _, _, one in books.fold.every(Container)] == []


def test_a_container_that_left_with_another_consignment_confirms_nothing() -> None:
    """The carrier sent P with 25 t under c, and 5 t under d. That the MES sends P under d, nobody knows what is in it."""
    books = stocked()
    books(aggregation("ADD", P, ("x", "25")), out(P, consignment_id="c"), source="carrier")
    books(ship("x", "5", A, B, consignment_id="d"), source="carrier")
    (made,) = books(out(P, consignment_id="d"), source="mes")
    assert (made.outcome, made.reason) == ("PARKED", "UNKNOWN_CONTENT")
    (confirmed,) = books(out(P, consignment_id="c"), source="mes")
    assert (confirmed.kind, confirmed.reason) == ("link", "another source sent this shipment before: confirmed, nothing posted")


def test_what_another_source_took_back_is_in_no_container_that_left() -> None:
    """The carrier sent P with x and y, and x loose; that P left, and what was in it, were errors. The MES sends P."""
    books = stocked("x", "y")
    packing, wrong = aggregation("ADD", P, ("x", "25"), ("y", "5")), out(P, consignment_id="c")
    books(packing, wrong, ship("x", "5", A, B, consignment_id="c"), source="carrier")
    books(declared(wrong), declared(packing), source="carrier")
    (made,) = books(out(P, consignment_id="c"), source="mes")
    assert (made.outcome, made.reason, books.balance(A, "STOCK(y)")) == ("PARKED", "UNKNOWN_CONTENT", 10 * T)


def test_what_has_left_does_not_leave_again_beside_something_else() -> None:
    """P left with 25 t of x; it is named again, with 5 t of y beside it: y leaves."""
    books = stocked("x", "y")
    books(aggregation("ADD", P, ("x", "25")), out(P, consignment_id="c"))
    books(out(P, lots=[("y", "5", {})], consignment_id="c"))
    assert [books.balance(A, f"TRANSIT(c {lot})") for lot in ("x", "y")] == [2_500_000_000, 500_000_000]


def test_a_pallet_that_another_source_sent_is_confirmed_bag_by_bag() -> None:
    books = stocked("x", "y")
    books(aggregation("ADD", P, ("x", "25")), aggregation("ADD", Q, ("y", "5")), aggregation("ADD", R, P, Q))
    sent = out(R, consignment_id="c")
    books(sent, source="carrier")
    before = books.fold.accounts()
    made = [*books(out(P, consignment_id="c"), source="mes"), *books(out(Q, R, consignment_id="c"), source="mes")]
    assert ([o.kind for o in made], books.fold.accounts()) == (["link"] * len(made), before)
    books(declared(sent), source="carrier")
    assert (held(books, A, P), held(books, A, Q, "y"), books.balance(A, "STOCK(x)")) == (25 * T, 5 * T, 10 * T)


def test_a_pallet_comes_as_it_left() -> None:
    """Down to the serial in the bag on it."""
    books = stocked()
    books(bag(S), aggregation("ADD", P, ("x", "25"), S), aggregation("ADD", R, P), out(R, consignment_id="c"), come(R))
    assert (held(books, B, P), held(books, B, P, S), books.open()) == (25 * T, 2 * T, set())
    rows = {ref: one.children for site, ref, one in books.fold.every(Container) if site == B}
    assert rows[R] == [P]
