"""What is asked back, container by container (R36, R67): into which it comes back, and what of it is taken out again."""

import pytest

from lodestream.ledger.held import Container
from tests.ledger.making import START, Books, T, add, assay, declared, event, item, ship
from tests.ledger.test_containment import A, B, P, Q, R, aggregation, held, out, packed, stocked
from tests.ledger.test_delivered import DAY, PARTY, proof, put
from tests.ledger.test_void_whole import asked


def children(books: Books, name: str) -> list[str]:
    return next(one.children for site, ref, one in books.fold.every(Container) if (site, ref) == (A, name))


def test_a_lot_of_its_own_is_asked_back_alone() -> None:
    """The bag Q is a lot of 2 t at 50 % Cu, and 10 t of y at 10 % left with it: Q is asked for, y is still on its way."""
    books = stocked("y")
    bag = event("ObjectEvent", [item("object", Q, "2", cu="50")], action="ADD", biz_location=A)
    books(bag, out(Q, consignment_id="c"), ship("y", "10", A, B, consignment_id="c"))
    books(asked(Q))
    assert [books.balance(A, f"TRANSIT(c {lot})") for lot in (Q, "y")] == [0, T]


def test_of_two_sales_the_one_that_has_arrived_stays_there_with_its_bag() -> None:
    """P with 20 t of x has arrived at the buyer's, Q with 15 t left after that: asked back, Q is here with its 15 t."""
    books = stocked("x")
    put(books, aggregation("ADD", P, ("x", "20")), aggregation("ADD", Q, ("x", "15")))
    put(books, out(P, to=PARTY, consignment_id="c", event_time_us=START + DAY), proof())
    put(books, out(Q, to=PARTY, consignment_id="c", event_time_us=START + 4 * DAY), asked())
    assert (held(books, A, P), held(books, A, Q)) == (0, 15 * T)
    accounts = ("STOCK(x)", "TRANSIT(c x)", f"SINK(external:{PARTY})")
    assert [books.balance(A, account) for account in accounts] == [8 * T, 0, 2 * T]


@pytest.mark.parametrize("to", [B, None])
def test_what_was_packed_since_stays_when_the_void_was_an_error(to: str | None) -> None:
    """P left with 20 t and came back; 5 t more went into it. Without the void the 5 t are in it, asked again 25 t."""
    books = stocked("x")
    question = asked()
    books(aggregation("ADD", P, ("x", "20")), out(P, to=to, consignment_id="c"), question)
    books(aggregation("ADD", P, ("x", "5")))
    assert held(books, A, P) == 25 * T
    books(declared(question))
    assert (held(books, A, P), packed(books)) == (5 * T, 5 * T)
    books(asked())
    assert (held(books, A, P), packed(books)) == (25 * T, 25 * T)


def test_an_assay_of_what_came_back_moves_no_bag() -> None:
    """P came back with its 20 t of 100 t. 10 % were 12 %, and then not: 20 t are in P, whatever they hold."""
    books = stocked("x")
    books(aggregation("ADD", P, ("x", "20")), out(P, to=None, consignment_id="c"), asked())
    richer = assay("x", A, cu="12")
    for events, copper in ((richer, 12 * T), (declared(richer), 10 * T)):
        books(events)
        assert (held(books, A, P), packed(books), books.balance(A, "STOCK(x)")) == (20 * T, 20 * T, copper)


def test_no_more_comes_back_into_the_bags_than_there_is() -> None:
    """P with 12 t and Q with 8 t left; of 100 t there were 15 t in truth. Back again: 12 t in P, and 3 t are left for Q."""
    books = Books()
    wrong = add("x", "100", A, cu="10", event_id="urn:wrong")
    books(wrong, aggregation("ADD", P, ("x", "12")), aggregation("ADD", Q, ("x", "8")), out(P, Q, to=None, consignment_id="c"))
    books(declared(wrong, 1, ("urn:right",)), add("x", "15", A, cu="10", event_id="urn:right"))
    assert books.lot(A, "x").dry_mg == -5 * T
    books(asked())
    assert (books.lot(A, "x").dry_mg, held(books, A, P), held(books, A, Q)) == (15 * T, 12 * T, 3 * T)


@pytest.mark.parametrize("to", [B, None])
def test_nothing_comes_back_into_a_bag_while_the_lot_is_short(to: str | None) -> None:
    """20 t in P and 70 t loose left, of 60 t in truth: with P's 20 t back 10 t are missing, so P is empty.

    60 t more are made, 10 t of them packed in P: that the void was an error takes nothing of these.
    """
    books = Books()
    wrong, question = add("x", "100", A, cu="10", event_id="urn:wrong"), asked()
    books(wrong, aggregation("ADD", P, ("x", "20")), out(P, to=to, consignment_id="c"), ship("x", "70", A, B, consignment_id="d"))
    books(declared(wrong, 1, ("urn:right",)), add("x", "60", A, cu="10", event_id="urn:right"), question)
    assert (books.lot(A, "x").dry_mg, held(books, A, P)) == (-10 * T, 0)
    books(add("x", "60", A, cu="10"), aggregation("ADD", P, ("x", "10")), declared(question))
    assert (books.lot(A, "x").dry_mg, held(books, A, P)) == (30 * T, 10 * T)


@pytest.mark.parametrize("to", [B, None])
def test_an_empty_bag_is_on_its_pallet_again_and_off_it(to: str | None) -> None:
    """As above, P on the pallet R: it is on R again although nothing is in it, and not when the void was an error."""
    books = Books()
    wrong, question = add("x", "100", A, cu="10", event_id="urn:wrong"), asked()
    books(wrong, aggregation("ADD", P, ("x", "20")), aggregation("ADD", R, P), out(R, to=to, consignment_id="c"))
    books(ship("x", "70", A, B, consignment_id="d"))
    books(declared(wrong, 1, ("urn:right",)), add("x", "60", A, cu="10", event_id="urn:right"), question)
    assert (held(books, A, P), children(books, R)) == (0, [P])
    books(declared(question))
    assert children(books, R) == []


def test_a_lot_corrected_under_what_came_back() -> None:
    """80 t are in Q, and 20 t came back in P: the 100 t were an error, and are there again as they were."""
    books = Books()
    wrong = add("x", "100", A, cu="10", event_id="urn:wrong")
    books(wrong, aggregation("ADD", P, ("x", "20")), out(P, to=None, consignment_id="c"), aggregation("ADD", Q, ("x", "80")))
    books(asked())
    books(declared(wrong, 1, ("urn:right",)))
    assert (held(books, A, P), held(books, A, Q), packed(books)) == (0, 0, 0)
    books(add("x", "100", A, cu="8", event_id="urn:right"))
    assert (held(books, A, P), held(books, A, Q), books.open()) == (20 * T, 80 * T, set())
