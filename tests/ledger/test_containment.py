"""Containers: bags, big bags, pallets. Nothing of it posts; a move of a container moves what is in it (rulebook R64 to R67)."""

from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from lodestream.epcis.event import Event, Quantity, TypedRef
from lodestream.ledger.book import SiteBook
from lodestream.ledger.held import Pack
from lodestream.ledger.state import Lot
from tests.ledger.making import Books, T, add, assay, codes, declared, entry, event, hashed, item, ship, transform

A, B = "urn:site:a", "urn:site:b"
P, Q, R = (f"https://id.gs1.org/00/{n:018d}" for n in (1, 2, 3))


def aggregation(action: str, parent: str, *children: Any, at: str = A, **more: Any) -> Event:
    """An AggregationEvent: children are (lot, tonnes), an id of a container, or a lot without a mass as (lot, None)."""
    masses = [c for c in children if not isinstance(c, str)]
    items = [item("object", lot, mass, **(extra[0] if extra else {})) for lot, mass, *extra in masses]
    made = event("AggregationEvent", [], action=action, biz_location=at, parent_id=parent, **more)
    return _hashed(made, [q for q, _ in items], [c for c in children if isinstance(c, str)], [m for _, m in items if m])


def _hashed(made: Event, quantities: list[Quantity], epcs: list[str], materials: list[Any]) -> Event:
    return hashed(replace(made, child_quantities=quantities, child_epcs=epcs, materials=materials))


def moving(step: str, at: str, *epcs: str, lots: list[Any] | None = None, to: str | None = None, **more: Any) -> Event:
    """A shipping or receiving event that names containers, and lots where it does."""
    place = {"read_point": at} if step in {"shipping", "departing"} else {"biz_location": at}
    destinations = [TypedRef(to, "location")] if to else []
    items = [item("object", lot, mass, **extra) for lot, mass, extra in lots or []]
    return event(
        "ObjectEvent", items, action="OBSERVE", biz_step=step, epcs=list(epcs), destinations=destinations, **place, **more
    )


def out(*epcs: str, **more: Any) -> Event:
    return moving("shipping", A, *epcs, **{"to": B} | more)


def come(*epcs: str, **more: Any) -> Event:
    return moving("receiving", B, *epcs, **more)


def stocked(*lots: str) -> Books:
    """100 t of each lot at A, with 10 % Cu."""
    books = Books()
    books(*(add(lot, "100", A, cu="10") for lot in lots or ("x",)))
    return books


def held(books: Books, site: str, parent: str, lot: str = "x") -> int:
    """The dry mass of a lot in a container, in mg."""
    return {ref: pack.dry_mg for s, ref, pack in books.fold.every(Pack) if s == site}.get(f"{parent} {lot}", 0)


def packed(books: Books, site: str = A, lot: str = "x") -> int:
    return next(found.packed.dry_mg for s, ref, found in books.fold.every(Lot) if (s, ref) == (site, lot))


def state(books: Books) -> Any:
    """All that counts: balances, open findings, containment by content. Without order of packing and sequence."""
    packs = sorted((s, ref, pack.dry_mg) for s, ref, pack in books.fold.every(Pack))
    lots = [(lot.site, lot.lot, lot.wet_mg, lot.dry_mg, lot.contained_mg, lot.owner) for lot in books.fold.lots()]
    return books.fold.accounts(), sorted(books.open()), packs, lots


# -- aggregation ----------------------------------------------------------------------------------------------------


def test_add_and_delete_post_nothing() -> None:
    books = stocked()
    outcome = books(aggregation("ADD", P, ("x", "25")))[0]
    assert (outcome.kind, outcome.postings, [s.lot for s in outcome.lots], [line.lot for line in outcome.lines]) == (
        "contain",
        [],
        ["x"],
        ["x"],
    )
    assert (held(books, A, P), packed(books)) == (25 * T, 25 * T)
    books(aggregation("DELETE", P, ("x", "10")))
    assert (held(books, A, P), packed(books)) == (15 * T, 15 * T)
    books(aggregation("DELETE", P, biz_step="unpacking"))
    assert (held(books, A, P), packed(books), books.balance(A, "STOCK(x)")) == (0, 0, 10 * T)


def test_delete_of_a_lot_without_a_mass_takes_all_of_it() -> None:
    books = stocked("x", "y")
    books(aggregation("ADD", P, ("x", "25"), ("y", "5")), aggregation("DELETE", P, ("x", None)))
    assert (held(books, A, P), held(books, A, P, "y")) == (0, 5 * T)


def test_more_is_taken_out_than_is_in() -> None:
    books = stocked()
    books(aggregation("ADD", P, ("x", "25")), aggregation("DELETE", P, ("x", "30")), aggregation("DELETE", Q, ("x", "5")))
    assert (packed(books), books.open()) == (0, set())


def test_an_observation_tells_that_at_least_so_much_is_in() -> None:
    books = stocked()
    for tonnes, inside in (("20", 20), ("5", 20), ("30", 30)):
        books(aggregation("OBSERVE", P, ("x", tonnes)))
        assert held(books, A, P) == inside * T
    books(aggregation("ADD", P, ("x", "1")))
    assert held(books, A, P) == 31 * T


def test_a_wet_weight_counts_with_the_lots_moisture() -> None:
    """10 t wet of a lot with 8 % water are 9.2 t dry."""
    books = Books()
    books(add("x", "100", A, moisture="8", cu="10"), aggregation("ADD", P, ("x", "10", {"mass_basis": "wet"})))
    assert held(books, A, P) == 9_200_000_000


def test_a_lot_that_is_weighed_wet_waits_for_its_moisture() -> None:
    books = Books()
    books(add("x", "100", A, mass_basis="wet"))
    assert books(aggregation("ADD", P, ("x", "10", {"mass_basis": "wet"})))[0].outcome == "PARKED"
    books(assay("x", A, cu="10", moisture="8"))
    assert (held(books, A, P), books.open()) == (9_200_000_000, set())


def test_a_child_without_a_mass_leaves_the_content_unknown() -> None:
    books = stocked()
    outcome = books(aggregation("ADD", P, ("x", None)))[0]
    assert (outcome.outcome, outcome.reason) == ("TRANSACTION", f"no mass of x is stated: what {P} holds is not known")
    assert books(out(P))[0].reason == "UNKNOWN_CONTENT"


def test_the_same_metal_in_two_containers() -> None:
    """60 t and 60 t of 100 t: the second waits, until the first container is opened."""
    books = stocked()
    books(aggregation("ADD", P, ("x", "60")))
    second = books(aggregation("ADD", Q, ("x", "60")))[0]
    assert (second.outcome, second.reason) == ("PARKED", "DOUBLE_SPEND")
    assert second.findings[0].arithmetic == (
        f"x: 60,000 kg dry into {Q}, of 100,000 kg in stock 60,000 kg is in containers, excess 20,000 kg > tolerance 500 kg"
    )
    books(aggregation("DELETE", P))
    assert (held(books, A, P), held(books, A, Q), books.open()) == (0, 60 * T, set())


def test_within_the_tolerance_of_the_lot_the_book_counts() -> None:
    """40 t and 60.4 t of 100 t, tolerance 500 kg: the second holds 60 t by the book."""
    books = stocked()
    outcomes = books(aggregation("ADD", P, ("x", "40")), aggregation("ADD", Q, ("x", "60.4")))
    assert (codes(outcomes), held(books, A, Q), packed(books)) == (["BOOK_EXCEEDED"], 60 * T, 100 * T)


def test_an_aggregation_before_its_lot_waits_for_it() -> None:
    books = Books(**{A: SiteBook()})
    early = books(aggregation("ADD", P, ("x", "25")))[0]
    assert (early.outcome, early.reason) == ("PARKED", "PHANTOM_STOCK")
    books(add("x", "100", A, cu="10"))
    assert (held(books, A, P), books.open()) == (25 * T, set())


def test_at_a_place_that_never_posted_nothing_is_in_anything_yet() -> None:
    books = Books()
    outcome = books(aggregation("ADD", P, ("x", "25")))[0]
    assert (outcome.outcome, [(f.code, f.severity) for f in outcome.findings]) == ("PARKED", [("NO_BOOK", "info")])


def test_a_container_cannot_be_in_what_it_holds() -> None:
    books = stocked()
    books(aggregation("ADD", P, Q), aggregation("ADD", Q, ("x", "5")))
    assert books(aggregation("ADD", Q, P))[0].reason == f"{P} holds {Q} and cannot be in it"
    books(out(P))
    assert books.balance(A, f"TRANSIT({P} x)") == T // 2


# -- moves ----------------------------------------------------------------------------------------------------------


def test_a_container_is_shipped_and_received_by_its_sscc_alone() -> None:
    """25 t of 10 % Cu in a bag: 2.5 t Cu go from A to B, and the bag is there with 25 t in it."""
    books = stocked()
    books(aggregation("ADD", P, ("x", "25")))
    shipped = books(out(P))[0]
    assert [(line.lot, line.dry_mg, line.contained_mg, line.quantity) for line in shipped.lines] == [
        ("x", 25 * T, {"Cu": 2_500_000_000}, None)
    ]
    assert (held(books, A, P), packed(books)) == (0, 0)
    assert (books.balance(A, "STOCK(x)"), books.balance(A, f"TRANSIT({P} x)")) == (7_500_000_000, 2_500_000_000)
    assert codes(books(come(P))) == []
    assert (books.balance(B, "STOCK(x)"), books.balance(A, f"TRANSIT({P} x)")) == (2_500_000_000, 0)
    assert books.balance(A, f"CUSTODY({P} x)") + books.balance(B, f"CUSTODY({P} x)") == 0
    assert (held(books, B, P), packed(books, B), books.open()) == (25 * T, 25 * T, set())


def test_a_pallet_of_bags_moves_at_every_level() -> None:
    """R holds P and Q; P holds 25 t of x, Q 10 t of x and 5 t of y. B may receive the pallet, or bag by bag."""
    for receipt in ([R], [P, Q], [Q, P], [P, R]):
        books = stocked("x", "y")
        books(aggregation("ADD", P, ("x", "25")), aggregation("ADD", Q, ("x", "10"), ("y", "5")), aggregation("ADD", R, P, Q))
        books(out(R, consignment_id="c"))
        assert (books.balance(A, "TRANSIT(c x)"), books.balance(A, "TRANSIT(c y)")) == (3_500_000_000, 500_000_000)
        if receipt == [P, R]:  # all in one event: each counted once
            books(come(*receipt))
        else:
            books(*(come(one) for one in receipt))
        assert (books.balance(B, "STOCK(x)"), books.balance(B, "STOCK(y)"), books.open()) == (3_500_000_000, 500_000_000, set())
        assert [held(books, B, one) for one in (P, Q)] == [25 * T, 10 * T]
        assert (books.balance(A, "TRANSIT(c x)"), books.balance(A, "TRANSIT(c y)")) == (0, 0)


def test_what_is_named_beside_its_container_counts_once() -> None:
    """P holds 25 t by the book, 24.9 t are weighed out: 24.9 t leave, and nothing is left in P."""
    books = stocked("x", "y")
    books(aggregation("ADD", P, ("x", "25"), ("y", "5")))
    books(out(P, lots=[("x", "24.9", {})], consignment_id="c"))
    assert (books.balance(A, "TRANSIT(c x)"), books.balance(A, "TRANSIT(c y)")) == (2_490_000_000, 500_000_000)
    assert (packed(books), held(books, A, P, "y")) == (0, 0)
    books(come(P))
    assert (books.balance(B, "STOCK(x)"), held(books, B, P), held(books, B, P, "y")) == (2_490_000_000, 24_900_000_000, 5 * T)


def test_one_container_of_which_nothing_was_said_holds_what_is_shipped_with_it() -> None:
    books = stocked()
    books(out(P, lots=[("x", "10", {})], consignment_id="c"), come(P))
    assert (books.balance(B, "STOCK(x)"), held(books, B, P), books.open()) == (T, 10 * T, set())


def test_a_receipt_that_names_container_and_contents_before_the_offer() -> None:
    books = stocked()
    shipped = out(P, lots=[("x", "10", {})], consignment_id="c")
    books(come(P, lots=[("x", "10", {"cu": "10"})], consignment_id="c"))
    assert (held(books, B, P), books.open(B)) == (10 * T, {"UNMATCHED"})
    books(shipped)
    assert (held(books, B, P), books.balance(B, "STOCK(x)"), books.open()) == (10 * T, T, set())


@pytest.mark.parametrize("order", list(permutations(range(2))))
def test_a_receipt_of_many_containers_and_their_contents_before_the_offer(order: tuple[int, ...]) -> None:
    """The receipt names the pallet and 30 t of x; what is in which bag on it the offer tells, whenever it comes."""
    for names in ([P, Q], [R], [R, P, Q]):
        books = stocked()
        books(aggregation("ADD", P, ("x", "10")), aggregation("ADD", Q, ("x", "20")), aggregation("ADD", R, P, Q))
        both = [out(R, consignment_id="c"), come(*names, lots=[("x", "30", {"cu": "10"})], consignment_id="c")]
        books(*[both[n] for n in order])
        assert (held(books, B, P), held(books, B, Q), packed(books, B), books.open()) == (10 * T, 20 * T, 30 * T, set())
        books(declared(both[1]))
        assert (packed(books, B), books.balance(B, "STOCK(x)")) == (0, 0)


def test_what_was_unpacked_before_the_offer_came_stays_out() -> None:
    books = stocked()
    sent = out(P, lots=[("x", "10", {})], consignment_id="c")
    books(come(P, lots=[("x", "10", {"cu": "10"})], consignment_id="c"), aggregation("DELETE", P, at=B), sent)
    assert (held(books, B, P), books.balance(B, "STOCK(x)")) == (0, T)


def test_what_is_told_of_a_container_after_it_has_left() -> None:
    """P left with 25 t of x; that 5 t of y were in it too comes late: a hold on y, until the shipment is corrected."""
    books = stocked("x", "y")
    first, late, wrong = aggregation("ADD", P, ("x", "25")), aggregation("ADD", P, ("y", "5")), out(P, consignment_id="c")
    books(first, wrong)
    outcome = books(late)[0]
    assert (outcome.outcome, outcome.reason, outcome.findings[0].lots) == ("PARKED", "UNKNOWN_CONTENT", ["y"])
    books(declared(wrong))
    assert (held(books, A, P, "y"), books.open()) == (5 * T, set())
    books(out(P, consignment_id="c"), come(P))
    assert (books.balance(B, "STOCK(x)"), books.balance(B, "STOCK(y)"), books.open()) == (2_500_000_000, 500_000_000, set())


def test_a_container_that_came_back_is_packed_again() -> None:
    books = stocked()
    books(aggregation("ADD", P, ("x", "25")), out(P, consignment_id="c"), aggregation("ADD", P, ("x", "5")))
    assert (held(books, A, P), books.open()) == (5 * T, set())


def test_a_serial_with_a_mass_of_its_own_moves_whole() -> None:
    """An SSCC that carries its mass by our item is a lot; on a pallet it moves with it."""
    books = Books()
    bag = event("ObjectEvent", [item("object", Q, None, cu="50")], action="ADD", biz_location=A, epcs=[Q])
    material = replace(bag.materials[0], mass=Decimal(2), uom="TNE")
    books(hashed(replace(bag, quantities=[], materials=[material])))
    assert books.balance(A, f"STOCK({Q})") == T
    books(aggregation("ADD", P, Q), out(P, consignment_id="c"))
    assert books.balance(A, f"TRANSIT(c {Q})") == T
    books(come(P))
    assert (books.balance(B, f"STOCK({Q})"), held(books, B, P, Q), books.open()) == (T, 2 * T, set())


def test_an_emptied_container_moves_nothing() -> None:
    books = stocked()
    books(aggregation("ADD", P, ("x", "25")), aggregation("DELETE", P))
    outcome = books(out(P))[0]
    assert (outcome.kind, outcome.postings) == ("link", [])


def test_a_container_that_has_left_is_not_known_any_more() -> None:
    books = stocked()
    books(aggregation("ADD", P, ("x", "25")), out(P, consignment_id="c"))
    assert books(out(P, consignment_id="c"))[0].reason == "UNKNOWN_CONTENT"


def test_to_the_next_site_and_back() -> None:
    books = stocked()
    books(aggregation("ADD", P, ("x", "25")), out(P, consignment_id="c"), come(P))
    books(moving("shipping", B, P, to=A, consignment_id="d"), moving("receiving", A, P))
    assert (held(books, A, P), held(books, B, P), books.balance(A, "STOCK(x)")) == (25 * T, 0, 10 * T)
    assert (books.balance(B, "STOCK(x)"), books.open()) == (0, set())


def test_from_an_external_party_the_packing_list_tells() -> None:
    """The packing list is an aggregation at B, of goods that are not there yet: before or after the receipt."""
    party = "urn:party:mine"
    for first in (0, 1):
        books = Books(**{B: SiteBook()})
        receipt = entry(replace(come(P), sources=[TypedRef(party, "possessing_party")]), external=[party])
        both = [entry(aggregation("OBSERVE", P, ("x", "25"), at=B)), receipt]
        for one in (both[first], both[1 - first]):
            books.fold.submit(one)
        books(assay("x", B, cu="10"))
        assert (books.balance(B, f"SOURCE(external:{party})"), held(books, B, P)) == (-2_500_000_000, 25 * T)
        assert books.open() == set()


# -- draws that name no container -----------------------------------------------------------------------------------


def test_a_draw_takes_what_is_loose_then_the_oldest_container() -> None:
    """Of 100 t are 30 t in P, 30 t in Q, 40 t loose. 60 t drawn: 40 t loose and 20 t out of P."""
    books = stocked()
    books(aggregation("ADD", P, ("x", "30")), aggregation("ADD", Q, ("x", "30")))
    books(ship("x", "40", A, B, consignment_id="c"))
    assert (held(books, A, P), held(books, A, Q)) == (30 * T, 30 * T)
    drawn = transform(A, [("x", "20", {})], [("m", "20", {"cu": "10"})])
    books(drawn)
    assert (held(books, A, P), held(books, A, Q)) == (10 * T, 30 * T)
    books(ship("x", "15", A, B, consignment_id="c"))
    assert (held(books, A, P), held(books, A, Q)) == (0, 25 * T)
    books(declared(drawn))
    assert (held(books, A, P), packed(books)) == (20 * T, 45 * T), "what the draw took out of P is back in it"


# -- corrections ----------------------------------------------------------------------------------------------------


def test_the_declaration_of_an_aggregation_restores_what_was() -> None:
    books = stocked()
    books(aggregation("ADD", P, ("x", "25")))
    before = state(books)
    more = aggregation("ADD", P, ("x", "5"), Q)
    emptied = aggregation("DELETE", P)
    books(more, declared(more))
    assert state(books) == before
    books(emptied, declared(emptied))
    assert state(books) == before


def test_a_void_aggregation_is_not_known() -> None:
    books = stocked()
    wrong = aggregation("ADD", P, ("x", "25"))
    books(wrong, declared(wrong))
    assert books(out(P))[0].reason == "UNKNOWN_CONTENT"


def test_a_void_shipment_puts_the_container_back_as_it_was() -> None:
    books = stocked("x", "y")
    books(aggregation("ADD", P, ("x", "25")), aggregation("ADD", Q, ("y", "5")), aggregation("ADD", R, P, Q))
    before = state(books)
    wrong = out(R, consignment_id="c")
    books(wrong, declared(wrong))
    assert state(books) == before
    books(out(R, consignment_id="d"), come(R))
    assert (held(books, B, P), held(books, B, Q, "y"), books.balance(B, "STOCK(x)")) == (25 * T, 5 * T, 2_500_000_000)


def test_a_void_receipt_takes_the_container_away() -> None:
    books = stocked()
    books(aggregation("ADD", P, ("x", "25")), out(P, consignment_id="c"))
    wrong = come(P)
    books(wrong, declared(wrong))
    assert (held(books, B, P), books.balance(B, "STOCK(x)"), books.balance(A, "TRANSIT(c x)")) == (0, 0, 2_500_000_000)
    books(come(P))
    assert (held(books, B, P), books.balance(A, "TRANSIT(c x)"), books.open()) == (25 * T, 0, set())


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_a_lot_corrected_under_its_containers(order: tuple[int, ...]) -> None:
    """Created with 100 t by mistake, packed, declared, created with 90 t: in every order 40 t are in P."""
    wrong, right = add("x", "100", A, cu="10"), add("x", "90", A, cu="10")
    books = Books(**{A: SiteBook()})
    books(*[[wrong, aggregation("ADD", P, ("x", "40")), declared(wrong), right][n] for n in order])
    assert (held(books, A, P), books.balance(A, "STOCK(x)"), books.open()) == (40 * T, 9 * T, set())


# -- properties -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_any_order_of_aggregations_and_move_ends_alike(order: tuple[int, ...]) -> None:
    """Bag, pallet, shipment and receipt, in every order: the metal is at B, in the bag on the pallet."""
    books = stocked()
    steps = [
        aggregation("ADD", P, ("x", "25")),
        aggregation("ADD", R, P),
        out(R, consignment_id="c"),
        come(R),
    ]
    books(*[steps[n] for n in order])
    assert (books.balance(B, "STOCK(x)"), books.balance(A, "TRANSIT(c x)")) == (2_500_000_000, 0)
    assert (held(books, B, P), packed(books), books.open()) == (25 * T, 0, set())


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_metal_of_two_aggregations_goes_along_or_a_hold_says_so(order: tuple[int, ...]) -> None:
    """x and y packed in two events, shipped and received by the container: both are at B, or a hold stands on the other."""
    books = stocked("x", "y")
    steps = [aggregation("ADD", P, ("x", "25")), aggregation("ADD", P, ("y", "5")), out(P, consignment_id="c"), come(P)]
    books(*[steps[n] for n in order])
    there = [lot for lot, mg in (("x", 2_500_000_000), ("y", 500_000_000)) if books.balance(B, f"STOCK({lot})") == mg]
    held_back = [lot for _, f in books.fold.open_findings() if f.code == "UNKNOWN_CONTENT" for lot in f.lots]
    assert sorted(there + held_back) == ["x", "y"]
    assert there


ACTIONS = st.tuples(
    st.sampled_from(["ADD", "DELETE", "OBSERVE", "empty", "ship", "draw", "create", "count"]),
    st.sampled_from([P, Q, R]),
    st.sampled_from(["x", "y"]),
    st.integers(0, 70),
)


def performed(action: str, parent: str, lot: str, tonnes: int) -> Event:
    if action == "empty":
        return aggregation("DELETE", parent)
    if action == "ship":
        return out(parent, consignment_id=f"c{tonnes}")
    if action == "draw":
        return transform(A, [(lot, str(tonnes), {})], [("m", str(tonnes), {"cu": "10"})])
    if action == "create":
        return add(lot, str(tonnes), A, cu="10")
    if action == "count":
        return event("ObjectEvent", [item("object", lot, str(tonnes))], action="OBSERVE", biz_step="stock_taking", biz_location=A)
    return aggregation(action, parent, (lot, str(tonnes)))


@settings(max_examples=60, deadline=None)
@given(st.lists(ACTIONS, max_size=14), st.data())
def test_containment_is_never_above_the_stock(steps: list[tuple[str, str, str, int]], data: st.DataObject) -> None:
    """After every event, corrections among them, and the sums by lot are those of its chain."""
    books = stocked("x", "y")
    done: list[Event] = []
    for step in steps:
        done.append(performed(*step))
        books(done[-1])
        if data.draw(st.booleans()):
            books(declared(data.draw(st.sampled_from(done))))
        sums: dict[tuple[str, str], int] = {}
        for site, ref, pack in books.fold.every(Pack):
            assert pack.dry_mg > 0
            lot = ref.split(" ", 1)[1]
            sums[site, lot] = sums.get((site, lot), 0) + pack.dry_mg
        for site, name, lot_ in books.fold.every(Lot):
            assert lot_.packed.dry_mg == sums.get((site, name), 0) <= max(0, lot_.dry_mg)
            assert bool(lot_.packed.dry_mg) == bool(lot_.packed.oldest) == bool(lot_.packed.newest)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([P, Q, R]), st.sampled_from(["x", "y"]), st.integers(1, 30)), max_size=8), st.data())
def test_add_then_delete_is_identity(steps: list[tuple[str, str, int]], data: st.DataObject) -> None:
    books = stocked("x", "y")
    books(*(aggregation("ADD", parent, (lot, str(tonnes))) for parent, lot, tonnes in steps))
    before = state(books)
    parent, lot, tonnes = data.draw(st.tuples(st.sampled_from([P, Q]), st.sampled_from(["x", "y"]), st.integers(1, 20)))
    if books(aggregation("ADD", parent, (lot, str(tonnes))))[0].outcome == "TRANSACTION" and not books.open():
        books(aggregation("DELETE", parent, (lot, str(tonnes))))
        assert state(books) == before


def test_a_lot_in_many_bags_costs_no_more_an_event() -> None:
    """What is read and written for a bag does not grow with the bags before it: bytes of state written, not seconds."""
    books = stocked()
    written = []
    for n in range(400):
        books.fold.accounts()
        books(aggregation("ADD", f"https://id.gs1.org/00/{n:018d}", ("x", "0.2")))
        written.append(sum(len(v or b"") for v in books.fold._books.take().values()))
    assert max(written[300:]) <= max(written[10:100]) + 40
