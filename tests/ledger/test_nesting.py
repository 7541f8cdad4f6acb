"""Containers in containers: whatever is told of different times, none is in itself, so that a walk through them ends (R65)."""

import pytest

from lodestream.epcis.event import Event
from lodestream.ledger.held import Container
from tests.ledger.making import Books, add, declared, event
from tests.ledger.test_containment import A, B, P, Q, R, aggregation, come, held, moving, out

T = 10**9


def stocked() -> Books:
    """100 t of x and of y at A."""
    books = Books()
    books(add("x", "100", A, cu="10"), add("y", "100", A, cu="10"))
    return books


def nested(books: Books, site: str) -> dict[str, str]:
    """What is in what; it is told from both ends, and no way up comes back."""
    found = {ref: one for s, ref, one in books.fold.every(Container) if s == site}
    within = {ref: one.within for ref, one in found.items() if one.within}
    assert sorted(within.items()) == sorted((child, ref) for ref, one in found.items() for child in one.children)
    assert all(ref and one.children == sorted(one.children) for ref, one in found.items())
    for ref in found:
        above = [ref]
        while above[-1] in within:
            above.append(within[above[-1]])
            assert len(set(above)) == len(above), f"{ref} is in itself"
    return within


def void(consignment: str) -> Event:
    return event("ObjectEvent", [], action="OBSERVE", biz_step="void_shipping", read_point=A, consignment_id=consignment)


def turned(books: Books, lot: str) -> None:
    """P leaves with 25 t of x on Q; then Q is used again, with 5 t of a lot, and leaves in P, under the same consignment."""
    books(aggregation("ADD", P, ("x", "25")), aggregation("ADD", Q, P), out(Q, consignment_id="c"))
    books(aggregation("ADD", Q, (lot, "5")), aggregation("ADD", P, Q), out(P, consignment_id="c"))


@pytest.mark.parametrize("lot", ["x", "y"])
def test_two_shipments_of_one_consignment_that_are_nested_the_other_way_round(lot: str) -> None:
    """What the receipt put into what stands at the receiver, which ships on whichever it names."""
    for name in (P, Q):
        books = stocked()
        turned(books, lot)
        assert books(come(name))[0].kind == "receive"
        assert (held(books, B, P), held(books, B, Q, lot)) == (25 * T, 5 * T)
        assert nested(books, B) in ({P: Q}, {Q: P})
        for again in (P, Q):
            books(moving("shipping", B, again, to="urn:site:c", consignment_id="on"))
        assert (books.balance(B, "STOCK(x)"), books.balance(B, "STOCK(y)")) == (0, 0)


@pytest.mark.parametrize("which", [0, 1])
def test_what_comes_back_is_not_put_into_what_it_holds_by_now(which: int) -> None:
    """P was on Q when it left, and holds Q when that is void or asked back."""
    books = stocked()
    sent = out(Q, consignment_id="c")
    books(aggregation("ADD", P, ("x", "25")), aggregation("ADD", Q, P), sent)
    books(aggregation("ADD", Q, ("y", "5")), aggregation("ADD", P, Q))
    books([declared(sent), void("c")][which])
    assert (nested(books, A), held(books, A, P), books.balance(A, "STOCK(x)")) == ({Q: P}, 25 * T, 10 * T)
    assert books(out(P, consignment_id="d"))[0].kind == "ship"
    assert (books.balance(A, "TRANSIT(d x)"), books.balance(A, "TRANSIT(d y)")) == (2_500_000_000, 500_000_000)


def test_an_aggregation_in_a_circle_says_why_nothing_moves() -> None:
    books = stocked()
    books(aggregation("ADD", P, ("x", "25")), aggregation("ADD", Q, P), aggregation("ADD", R, Q))
    assert books(aggregation("ADD", P, R))[0].reason == f"{R} holds {P} and cannot be in it"
    assert nested(books, A) == {P: Q, Q: R}
    assert books(aggregation("ADD", R, P))[0].reason == "", "from Q into that which holds both"
    assert nested(books, A) == {P: R, Q: R}
    assert books(aggregation("DELETE", R, P))[0].reason == ""
    books(aggregation("DELETE", P, Q))
    assert nested(books, A) == {Q: R}, "what is not in P is not taken out of R"


def test_what_was_in_it_already_stays_where_the_repeat_is_void() -> None:
    """Said twice by two events that are not the same; and of many it is told in order."""
    books = stocked()
    names = [f"https://id.gs1.org/00/{n:018d}" for n in (9, 4, 7, 5, 8, 6)]
    first, again = aggregation("ADD", Q, *names), aggregation("ADD", Q, *reversed(names))
    books(first, again, declared(again))
    assert nested(books, A) == dict.fromkeys(names, Q)
    books(declared(first))
    assert nested(books, A) == {}
