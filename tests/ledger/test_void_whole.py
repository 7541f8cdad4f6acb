"""Void of a whole consignment, by its id or by a container; what comes back is in its containers and keeps its owner."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lodestream.epcis.event import Event, TypedRef
from lodestream.ledger.records import Outcome
from tests.ledger.making import Books, T, declared, entry, event, item, receive, ship, transform
from tests.ledger.test_containment import A, B, P, Q, R, aggregation, come, held, out, packed, state, stocked

C = "urn:site:c"


def asked(*epcs: str, consignment: str | None = "c", lots: tuple[str, ...] = ()) -> Event:
    fields: dict[str, Any] = {"biz_step": "void_shipping", "read_point": A, "action": "OBSERVE", "consignment_id": consignment}
    return event("ObjectEvent", [item("object", lot, None) for lot in lots], epcs=list(epcs), **fields)


def on_pallets() -> Books:
    """100 t of x and y; bags P (20 t x) and Q (15 t x, 5 t y) on pallet R, which leaves for B."""
    books = stocked("x", "y")
    books(aggregation("ADD", P, ("x", "20")), aggregation("ADD", Q, ("x", "15"), ("y", "5")), aggregation("ADD", R, P, Q))
    return books


def stood(books: Books) -> list[int]:
    return [books.balance(A, f"{kind}({ref})") for ref in ("x", "y") for kind, ref in (("STOCK", ref), ("TRANSIT", f"c {ref}"))]


def kinds(outcomes: list[Outcome]) -> list[tuple[str, str]]:
    return [(o.site, o.kind) for o in outcomes]


def test_the_consignment_alone_asks_back_all_of_it() -> None:
    """Two lots to two sites in one consignment, 10 and 20 t at 10 % Cu: one offer to each site, all is back."""
    books = stocked("x", "y")
    books(ship("x", "10", A, B, consignment_id="c"), ship("y", "20", A, C, consignment_id="c"))
    books(ship("x", "7", A, B, consignment_id="other"))
    assert stood(books) == [8_300_000_000, 1 * T, 8 * T, 2 * T]
    made = books(asked())
    assert kinds(made) == [(A, "void"), (B, "offer"), (C, "offer"), (A, "answer"), (A, "answer")]
    assert stood(books) == [9_300_000_000, 0, 10 * T, 0]
    assert books.balance(A, "TRANSIT(other x)") == 700_000_000


def test_of_a_whole_consignment_only_what_is_out() -> None:
    """x is final, y was asked back before: only z comes."""
    books = stocked("x", "y", "z")
    for lot in "xyz":
        books(ship(lot, "10", A, B, consignment_id="c"))
    books(receive("x", "10", B, consignment_id="c"), asked(lots=("y",)))
    made = books(asked())
    assert [(p.account, p.amount_mg) for o in made for p in o.postings] == [("TRANSIT(c z)", -1 * T), ("STOCK(z)", 1 * T)]
    assert kinds(books(asked())) == [(A, "link")]


def test_one_offer_asks_for_all_lots_of_a_site() -> None:
    books = stocked("x", "y")
    books(ship("x", "10", A, B, consignment_id="c"), ship("y", "20", A, B, consignment_id="c"))
    assert kinds(books(asked())) == [(A, "void"), (B, "offer"), (A, "answer"), (A, "answer")]


@pytest.mark.parametrize("named", ["pallet", "consignment"])
def test_it_is_in_its_containers_again(named: str) -> None:
    """R left with P and Q in it: 35 t of x and 5 t of y are back, in the same bags on the same pallet."""
    books = on_pallets()
    before = state(books)
    books(out(R, consignment_id="c"))
    assert (stood(books), packed(books)) == ([6_500_000_000, 3_500_000_000, 9_500_000_000, 500_000_000], 0)
    books(asked(R, consignment=None) if named == "pallet" else asked())
    assert state(books) == before
    assert (held(books, A, P), held(books, A, Q), held(books, A, Q, "y")) == (20 * T, 15 * T, 5 * T)
    assert kinds(books(out(R, consignment_id="d")))[0] == (A, "ship"), "it can leave again, by its name alone"
    assert books.balance(A, "TRANSIT(d x)") == 3_500_000_000


def test_a_container_that_is_named_comes_back_alone() -> None:
    """P with 20 t of x and Q with 5 t of y left together: P is asked for, and Q is still on its way."""
    books = stocked("x", "y")
    books(aggregation("ADD", P, ("x", "20")), aggregation("ADD", Q, ("y", "5")), out(P, Q, consignment_id="c"))
    books(asked(P))
    assert stood(books) == [10 * T, 0, 9_500_000_000, 500_000_000]


def test_what_went_to_two_sites_is_back_in_its_containers_site_by_site() -> None:
    """P with 20 t of x to B, Q with 15 t of x and 5 t of y to C, under one consignment."""
    books = stocked("x", "y")
    books(aggregation("ADD", P, ("x", "20")), aggregation("ADD", Q, ("x", "15"), ("y", "5")))
    before = state(books)
    books(out(P, consignment_id="c"), out(Q, consignment_id="c", to=C))
    made = books(asked())
    assert kinds(made) == [(A, "void"), (B, "offer"), (C, "offer"), *[(A, "answer")] * 3], "x of each, and y"
    assert state(books) == before


def test_the_void_was_an_error() -> None:
    books = on_pallets()
    books(out(R, consignment_id="c"))
    gone = state(books)
    question = asked()
    books(question)
    books(declared(question))
    assert state(books) == gone
    books(come(R))
    assert (held(books, B, P), books.balance(B, "STOCK(x)"), books.balance(A, "TRANSIT(c x)")) == (20 * T, 3_500_000_000, 0)


def test_of_what_came_in_part_the_rest_is_loose() -> None:
    """20 of 35 t came: 15 t are back, and nobody told in which bag."""
    books = on_pallets()
    books(out(R, consignment_id="c"), receive("x", "20", B, consignment_id="c"))
    books(asked())
    assert (stood(books), packed(books), packed(books, lot="y")) == ([8 * T, 0, 10 * T, 0], 0, 5 * T)


def test_a_receipt_that_turns_out_to_be_an_error_brings_the_containers_back() -> None:
    books = on_pallets()
    before = state(books)
    wrong = receive("x", "20", B, consignment_id="c")
    books(out(R, consignment_id="c"), wrong, asked())
    books(declared(wrong))
    after = state(books)
    assert [row for row in after[0] if row[0] == A] == [row for row in before[0] if row[0] == A]
    assert after[2] == before[2]


@pytest.mark.parametrize("external", [[], [B]])
def test_where_no_book_answers_its_containers_are_back_at_once(external: list[str]) -> None:
    """Shipped without a destination, or to an external party."""
    books = on_pallets()
    before = state(books)
    books.fold.submit(entry(out(R, consignment_id="c", **({} if external else {"to": None})), external=external))
    gone, question = state(books), asked()
    (done,) = books(question)
    assert (done.kind, state(books)) == ("void", before)
    books(declared(question))
    assert state(books) == gone


def test_it_keeps_the_owner_that_it_had() -> None:
    """Sold with the shipment to Q, asked back: the lot is still P's; a sale while it was on its way counts."""
    books = stocked("x")
    sold = [TypedRef("urn:party:p", "owning_party")]
    books(event("ObjectEvent", [item("object", "x", None)], action="OBSERVE", biz_location=A, destinations=sold))
    leaving = [TypedRef(B, "location"), TypedRef("urn:party:q", "owning_party")]
    fields: dict[str, Any] = {"action": "OBSERVE", "biz_step": "shipping", "read_point": A, "consignment_id": "c"}
    books(event("ObjectEvent", [item("object", "x", "100")], destinations=leaving, **fields))
    books(asked())
    assert [(lot.owner, lot.dry_mg) for lot in books.fold.lots() if lot.site == A] == [("urn:party:p", 100 * T)]


def test_what_was_drawn_since_is_told_anew() -> None:
    """10 t come back into a lot of which 50 t were used since: nothing of the draws changes."""
    books = stocked("x")
    books(ship("x", "10", A, B, consignment_id="c"), transform(A, [("x", "50", {})], [("y", "50", {"cu": "10"})]))
    books(asked())
    assert (books.balance(A, "STOCK(x)"), books.balance(A, "STOCK(y)"), books.open()) == (5 * T, 5 * T, set())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("xy"), st.integers(1, 16), st.sampled_from([P, Q, None])), min_size=1, max_size=6))
def test_asked_back_before_anything_came_all_is_as_it_was(packings: list[tuple[str, int, str | None]]) -> None:
    """Any packing of two lots in two bags on a pallet, and some of them loose: six of 16 t are within the 100 t there."""
    books = stocked("x", "y")
    for lot, mass, parent in packings:
        if parent:
            books(aggregation("ADD", parent, (lot, str(mass))))
    for bag in {parent for _, _, parent in packings if parent}:
        books(aggregation("ADD", R, bag))
    before = state(books)
    inside = [out(R, consignment_id="c")] if any(parent for _, _, parent in packings) else []
    loose = [ship(lot, str(mass), A, B, consignment_id="c") for lot, mass, parent in packings if not parent]
    books(*inside, *loose)
    books(asked())
    assert state(books) == before


def test_more_packed_than_there_is_leaves_not_and_is_not_asked_back() -> None:
    """100 t of x: 81 t in P, and 20 t more into Q are held. A pallet with both waits, so there is nothing to ask back."""
    books = stocked("x")
    held_back = [*books(aggregation("ADD", P, ("x", "81"))), *books(aggregation("ADD", Q, ("x", "20")))]
    books(aggregation("ADD", R, P, Q))
    before = state(books)
    (gone,) = books(out(R, consignment_id="c"))
    (done,) = books(asked())
    assert [o.reason for o in [*held_back, gone]] == ["", "DOUBLE_SPEND", "UNKNOWN_CONTENT"]
    assert (done.kind, books.open()) == ("link", {"DOUBLE_SPEND", "UNKNOWN_CONTENT"})
    after = state(books)
    assert (after[0], after[2:]) == (before[0], before[2:])


def test_a_name_that_never_left() -> None:
    books = on_pallets()
    (done,) = books(asked(R, consignment=None))
    assert (done.kind, done.reason.startswith("nothing of consignment")) == ("link", True)
