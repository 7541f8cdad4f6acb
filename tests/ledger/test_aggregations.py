"""Aggregation events at their edges: tolerances, refusals, what an unpacking names, what came too late (rulebook R64, R65)."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from lodestream.epcis.event import Quantity
from lodestream.ledger.book import SiteBook
from lodestream.ledger.held import Arranged, Container
from lodestream.ledger.records import Outcome
from tests.ledger.making import Books, T, add, assay, codes, declared, event, hashed, item
from tests.ledger.test_containment import A, P, Q, R, aggregation, held, out, packed, stocked

MG: dict[str, Any] = {"uom": "MGM"}


def only(outcomes: list[Outcome]) -> Outcome:
    assert len(outcomes) == 1
    return outcomes[0]


def told(outcome: Outcome) -> list[tuple[str, str, int, int]]:
    return [(line.role, line.lot, line.wet_mg, line.dry_mg) for line in outcome.lines]


def children(books: Books, name: str) -> list[str]:
    return {ref: one.children for site, ref, one in books.fold.every(Container) if site == A}.get(name, [])


def serial(lot: str, tonnes: str, **more: Any) -> tuple[Quantity, Any]:
    """An instance with its mass, as an event's item."""
    return item("object", lot, tonnes, **more)


# -- packing --------------------------------------------------------------------------------------------------------


def test_what_is_packed_and_unpacked_is_told_and_moves_nothing() -> None:
    """The bag and the lot that an event names, each with a line of no mass; the lot gets a version of its own."""
    books = stocked("x", "y")
    packing = only(books(aggregation("ADD", P, ("x", "5"), ("y", "7"), Q)))
    assert told(packing) == [("object", "x", 0, 0), ("object", "y", 0, 0), ("object", Q, 0, 0)]
    assert [one.lot for one in packing.lots] == ["x", "y"]
    unpacking = only(books(aggregation("DELETE", P, ("x", "2"), Q)))
    assert told(unpacking) == [("object", "x", 0, 0), ("object", Q, 0, 0)]
    assert (held(books, A, P), held(books, A, P, "y"), children(books, P)) == (3 * T, 7 * T, [])


def test_an_observation_that_tells_nothing_new_arranges_nothing() -> None:
    books = stocked()
    seen = aggregation("OBSERVE", P, ("x", "20"))
    books(aggregation("ADD", P, ("x", "20")), seen)
    assert [ref for _, ref, _ in books.fold.every(Arranged) if ref == seen.identity] == []


def by_count(books: Books, **more: Any) -> Outcome:
    """5 kg of the class x into P, without an item of ours."""
    made = event("AggregationEvent", [], action="ADD", biz_location=A, parent_id=P, **more)
    return only(books(hashed(replace(made, child_quantities=[Quantity("x", Decimal(5), "KGM")]))))


def test_a_lot_without_an_item_is_packed_by_its_quantity() -> None:
    """It is a class, no bag: 5 kg on the book's basis; where the book has none, the event is refused."""
    books = Books(**{A: SiteBook(mass_basis="dry")})
    books(add("x", "100", A, cu="10"))
    by_count(books)
    assert (held(books, A, P), children(books, P)) == (5_000_000, [])
    books = stocked()
    refused = by_count(books)
    assert (refused.kind, codes([refused]), packed(books)) == ("refuse", ["BASIS_MISSING"], 0)


def test_an_instance_with_a_mass_is_packed_by_it() -> None:
    """Q is a lot of 2 t; 1.5 t of it are said to be in P, so it is not in P as a bag is."""
    books = Books()
    books(add(Q, "2", A, cu="50"))
    made = aggregation("ADD", P, Q)
    material = replace(serial(Q, "1.5")[1], mass=Decimal("1.5"), uom="TNE")
    books(hashed(replace(made, materials=[material])))
    assert (held(books, A, P, Q), children(books, P)) == (1_500_000_000, [])


@pytest.mark.parametrize("masses", [(), ("1.5",)])
def test_an_instance_is_taken_out_whether_or_not_its_mass_is_stated(masses: tuple[str, ...]) -> None:
    """Q, a lot of 2 t, is in P whole; the event that takes it out may state what it weighs."""
    books = Books()
    books(add(Q, "2", A, cu="50"), aggregation("ADD", P, Q))
    assert children(books, P) == [Q]
    made = aggregation("DELETE", P, Q)
    materials = [replace(serial(Q, mass)[1], mass=Decimal(mass), uom="TNE") for mass in masses]
    books(hashed(replace(made, materials=materials)))
    assert (children(books, P), packed(books, lot=Q)) == ([], 0)


def test_of_what_is_on_a_pallet_only_what_is_named_is_taken_off() -> None:
    books = stocked("x")
    books(aggregation("ADD", R, P, Q, ("x", "5")), aggregation("DELETE", R, P))
    assert (children(books, R), held(books, A, R)) == ([Q], 5 * T)
    books(aggregation("DELETE", R, ("x", "5")))
    assert (children(books, R), held(books, A, R)) == ([Q], 0)
    books(aggregation("DELETE", R))
    assert children(books, R) == []


def test_what_is_not_in_is_not_weighed() -> None:
    """y was never packed: that its mass has no basis does not matter when P is emptied of x and y."""
    books = stocked("x", "y")
    books(aggregation("ADD", P, ("x", "5")))
    done = only(books(aggregation("DELETE", P, ("x", "5"), ("y", "5", {"mass_basis": None}))))
    assert (done.kind, held(books, A, P), [line.lot for line in done.lines]) == ("contain", 0, ["x", "y"])


def test_a_mixture_in_part_without_an_assay_has_no_moisture_yet() -> None:
    """100 t at 8 % and 50 t weighed wet: how much water is in 10 t of it is not known."""
    books = Books()
    books(add("x", "100", A, moisture="8", cu="10"), add("x", "50", A, mass_basis="wet"))
    packing = aggregation("ADD", P, ("x", "10", {"mass_basis": "wet"}))
    parked = only(books(packing))
    assert (parked.outcome, parked.reason, parked.findings[0].inputs) == ("PARKED", "UNASSAYED", ["x", packing.identity])
    books(assay("x", A, cu="10", moisture="8"))
    assert held(books, A, P) == 9_200_000_000


# -- tolerance --------------------------------------------------------------------------------------------------------


def weighed(percent: str = "1") -> Books:
    """1,000 mg of x, half of them in P. Two standard uncertainties are twice so many per cent."""
    books = Books()
    books(add("x", "1000", A, cu="10", mass_uncertainty_percent=Decimal(percent), **MG))
    books(aggregation("ADD", P, ("x", "500", MG)))
    return books


@pytest.mark.parametrize(
    ("mg", "percent", "found", "inside"),
    [
        ("500", "1", [], 500),
        ("501", "1", ["BOOK_EXCEEDED"], 500),
        ("520", "1", ["BOOK_EXCEEDED"], 500),
        ("521", "1", ["DOUBLE_SPEND"], 0),
        ("505", "0.1", ["BOOK_EXCEEDED"], 500),
        ("506", "0.1", ["DOUBLE_SPEND"], 0),
    ],
)
def test_how_much_more_than_the_book_may_be_said_to_be_packed(mg: str, percent: str, found: list[str], inside: int) -> None:
    """The larger of 0.5 % of what entered (5 mg) and 2u (20 mg of 1 %, 2 mg of 0.1 %), to the milligram."""
    books, packing = weighed(percent), aggregation("ADD", Q, ("x", mg, MG))
    made = books(packing)
    assert (codes(made), held(books, A, P), held(books, A, Q)) == (found, 500, inside)
    assert [f.inputs for o in made for f in o.findings] == [["x", packing.identity]] * len(found)


def test_of_what_is_packed_to_the_last_milligram_nothing_more_goes_in() -> None:
    books = weighed()
    books(aggregation("ADD", Q, ("x", "500", MG)))
    made = books(aggregation("ADD", R, ("x", "1", MG)))
    assert (codes(made), [held(books, A, one) for one in (P, Q, R)]) == (["BOOK_EXCEEDED"], [500, 500, 0])


# -- what comes too early or too late -----------------------------------------------------------------------------------


def test_a_lot_that_is_not_here_is_a_phantom_where_anything_was_posted() -> None:
    books = stocked()
    packing = aggregation("ADD", P, ("w", "5"))
    parked = only(books(packing))
    assert [(f.code, f.inputs, f.lots) for f in parked.findings] == [("PHANTOM_STOCK", ["w", packing.identity], ["w"])]


@pytest.mark.parametrize(("minutes", "waits"), [(-1, True), (0, False), (1, False)])
def test_what_was_packed_when_the_container_left_is_packed_after_that(minutes: int, waits: bool) -> None:
    """P left with x; that y and the bag Q were put into it is told later. Until the minute it left, they have left too."""
    books, gone = stocked("x", "y"), out(P, consignment_id="c")
    books(aggregation("ADD", P, ("x", "5")), gone)
    late = aggregation("ADD", P, ("y", "5"), Q, event_time_us=gone.event_time_us + minutes * 60_000_000)
    made = only(books(late))
    found = [(f.code, f.inputs, f.lots) for f in made.findings]
    assert found == ([("UNKNOWN_CONTENT", [P, late.identity], ["y"])] if waits else [])
    assert held(books, A, P, "y") == (0 if waits else 5 * T)


def test_a_void_unpacking_leaves_the_pallet_as_it_was() -> None:
    books, emptied = stocked(), aggregation("DELETE", R)
    books(aggregation("ADD", R, P, Q), emptied, declared(emptied))
    assert children(books, R) == [P, Q]


def test_what_nobody_told_of_a_container_is_said_with_its_name() -> None:
    books, gone = stocked(), out(P, Q, consignment_id="c")
    parked = only(books(gone))
    assert [(f.code, f.inputs) for f in parked.findings] == [("UNKNOWN_CONTENT", [P, gone.identity])]
