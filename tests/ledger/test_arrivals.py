"""What comes to a site in containers: as its offers, a packing list or the receipt itself tell (rulebook R65)."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from lodestream.epcis.event import Event, Quantity, TypedRef
from lodestream.ledger.book import SiteBook
from lodestream.ledger.held import Container, Manifest
from lodestream.ledger.records import Entry, Offer, Parcel
from tests.ledger.making import START, Books, T, add, assay, codes, declared, entry, event, hashed, item, receive, ship
from tests.ledger.test_containment import B, P, Q, R, aggregation, come, held, moving, out, packed, stocked

A = "urn:site:a"
PARTY = "urn:party:mine"
S = f"https://id.gs1.org/00/{4:018d}"


def offer(consignment: str, version: int = 1, lots: str = "x", **more: Any) -> Entry:
    """An offer to B of lots at 10 % Cu, all of what `packed` says, else 10 t of each; `within` as well."""
    parcels = []
    for lot in lots:
        inside = {name: tonnes * T for name, tonnes in more.get("packed", {}).get(lot, {}).items()}
        dry = more.get("dry", sum(inside.values()) or 10 * T)
        shipped = {"packed": inside, "within": more.get("within", {})}
        parcels.append(Parcel(lot, version, dry, dry, True, {"Cu": dry // 10}, {"Cu": 0}, START, **shipped))
    return Entry(f"{consignment}.{version}", B, "OFFER", START, offer=Offer(consignment, A, A, B, ["Cu"], parcels))


def after(*offers: Entry, book: SiteBook | None = None) -> Books:
    books = Books(**{B: book or SiteBook()})
    for one in offers:
        books.fold.submit(one)
    return books


def manifests(books: Books) -> dict[str, tuple[str, dict[str, int], list[str]]]:
    """What is expected at B by container: consignment, t by lot, children."""
    found = ((ref, one) for site, ref, one in books.fold.every(Manifest) if site == B and ref.startswith("in "))
    return {ref[3:]: (m.consignment, {lot: mg // T for lot, mg in m.lots.items()}, m.children) for ref, m in found}


def children(books: Books, name: str) -> list[str]:
    return {ref: one.children for site, ref, one in books.fold.every(Container) if site == B}.get(name, [])


def has(books: Books, *rows: tuple[str, str]) -> list[int]:
    return [held(books, B, parent, lot) // T for parent, lot in rows]


# -- what an offer tells ------------------------------------------------------------------------------------------------


def test_a_later_version_of_an_offer_moves_a_lot_from_bag_to_bag() -> None:
    """x and y were said to be in P; x is in Q."""
    books = after(offer("c", lots="xy", packed={"x": {P: 10}, "y": {P: 5}}))
    assert manifests(books) == {P: ("c", {"x": 10, "y": 5}, [])}
    books.fold.submit(offer("c", 2, packed={"x": {Q: 10}}))
    assert manifests(books) == {P: ("c", {"y": 5}, []), Q: ("c", {"x": 10}, [])}


def test_a_bag_that_travels_again_is_told_by_its_last_consignment() -> None:
    """P came with c, and comes with d: what is told of c later says nothing of what is in it now."""
    books = after(offer("c", packed={"x": {P: 10}}, within={P: R}), offer("d", packed={"x": {P: 7}}))
    assert manifests(books) == {P: ("d", {"x": 7}, []), R: ("c", {}, [P])}
    books.fold.submit(offer("c", 2, packed={"x": {Q: 10}}))
    assert manifests(books)[P] == ("d", {"x": 7}, [])


def test_what_is_in_a_bag_and_on_a_pallet_is_kept_in_order() -> None:
    bags = [f"https://id.gs1.org/00/{n:018d}" for n in range(10, 20)]
    lots = "jihgfedcba"
    inside = {lot: {bag: 1, P: 1} for lot, bag in zip(lots, reversed(bags), strict=True)}
    books = after(offer("c", lots=lots, packed=inside, within=dict.fromkeys(reversed(bags), R)))
    found = manifests(books)
    assert (list(found[P][1]), found[R][2]) == (sorted(lots), bags)


def test_what_was_offered_and_withdrawn_is_in_no_bag() -> None:
    """Not empty: nobody tells what is in it. So the receipt waits."""
    books = after(offer("c", packed={"x": {P: 10}}), offer("c", 2, dry=0))
    (made,) = books(come(P))
    assert (made.outcome, made.reason) == ("PARKED", "UNKNOWN_CONTENT")


def test_a_lot_in_two_bags_comes_to_the_milligram() -> None:
    books = after(offer("c", packed={"x": {P: 10, Q: 5}}, within={P: R, Q: R}))
    (came, _) = books(come(R))
    assert [(line.lot, line.dry_mg) for line in came.lines] == [("x", 15 * T)]
    assert (books.lot(B, "x").dry_mg, has(books, (P, "x"), (Q, "x")), children(books, R)) == (15 * T, [10, 5], [P, Q])
    assert codes(books(receive("x", "1", B, consignment_id="c", uom="MGM"))) == ["ALREADY_RESOLVED"]


# -- packing lists ------------------------------------------------------------------------------------------------------


def from_party(made: Event) -> Entry:
    return entry(replace(made, sources=[TypedRef(PARTY, "possessing_party")]), external=[PARTY])


@pytest.mark.parametrize("action", ["ADD", "OBSERVE"])
@pytest.mark.parametrize("named", [False, True])
def test_what_a_packing_list_told_is_packed_once(action: str, named: bool) -> None:
    """25 t are in P by an aggregation that waits for them; they come by P alone, or named beside it."""
    books = after()
    books(aggregation(action, P, ("x", "25"), at=B))
    receipt = come(P, lots=[("x", "25", {"cu": "10"})] if named else None)
    books.fold.submit(from_party(receipt))
    books(*([] if named else [assay("x", B, cu="10")]))
    assert (held(books, B, P), packed(books, B)) == (25 * T, 25 * T)
    assert (books.balance(B, f"SOURCE(external:{PARTY})"), books.open()) == (-2_500_000_000, set())


def test_a_packing_list_of_a_pallet_tells_its_bags() -> None:
    """R holds P and Q, and 5 t of z; P holds 5 t and 1,000 kg of x, told in two units."""
    books = after(book=SiteBook(mass_basis="dry"))
    list_of_p = aggregation("ADD", P, ("x", "5"), at=B)
    more = [*list_of_p.child_quantities, Quantity("x", Decimal(1000), "KGM")]
    books(hashed(replace(list_of_p, child_quantities=more)), aggregation("OBSERVE", R, P, Q, ("z", "5"), at=B))
    books(aggregation("OBSERVE", Q, ("y", "2"), at=B))
    books.fold.submit(from_party(come(R)))
    assert {lot.lot: lot.dry_mg for lot in books.fold.lots()} == {"x": 6 * T, "y": 2 * T, "z": 5 * T}
    assert (has(books, (P, "x"), (Q, "y"), (R, "z")), children(books, R)) == ([6, 2, 5], [P, Q])


@pytest.mark.parametrize("more", [{"mass_basis": None}, {"mass_basis": "wet"}, None])
def test_a_packing_list_that_states_no_dry_mass_tells_nothing(more: dict[str, Any] | None) -> None:
    """No basis, no moisture, no mass at all: the receipt of P waits, and is not taken for one of nothing."""
    books = after()
    unweighed = ("y", None) if more is None else ("y", "5", more)
    books(aggregation("OBSERVE", P, ("x", "25"), unweighed, at=B))
    (made,) = books.fold.submit(from_party(come(P)))
    assert (made.outcome, made.reason) == ("PARKED", "UNKNOWN_CONTENT")


def test_what_is_told_too_late_is_no_packing_list() -> None:
    """P left B with x; that y was in it was told later, and waits for the correction. P comes again: nobody says with what."""
    books = Books()
    books(add("x", "9", B, cu="10"), add("y", "9", B, cu="10"), aggregation("ADD", P, ("x", "5"), at=B))
    late = aggregation("ADD", P, ("y", "5"), at=B)
    books(moving("shipping", B, P, to=A, consignment_id="c"), late)
    (made,) = books(come(P))
    assert (made.outcome, made.reason) == ("PARKED", "UNKNOWN_CONTENT")


def test_another_receipt_that_waits_for_the_same_container_is_no_packing_list() -> None:
    books = after()
    made = [*books(come(P)), *books(come(P, biz_transactions=[TypedRef("urn:a", "inv")]))]
    assert [(o.outcome, o.reason) for o in made] == [("PARKED", "UNKNOWN_CONTENT")] * 2


def test_what_came_by_its_packing_list_takes_the_offer_that_comes_later() -> None:
    """It names no consignment but the container's, under which it was shipped."""
    books = after()
    books(aggregation("OBSERVE", P, ("x", "10"), at=B), come(P))
    assert books.open() == {"UNMATCHED", "UNASSAYED"}
    books.fold.submit(offer(P))
    assert (books.balance(B, f"CUSTODY({P} x)"), books.open(), has(books, (P, "x"))) == (-T, set(), [10])


# -- receipts -----------------------------------------------------------------------------------------------------------


def test_no_more_is_in_the_bag_than_came() -> None:
    """B has 50 t of x. 10 t were offered in P, 8 t are weighed in: 8 t are in P."""
    books = after()
    books(add("x", "50", B, cu="10"))
    books.fold.submit(offer("c", packed={"x": {P: 10}}))
    books(come(P, lots=[("x", "8", {})]))
    assert (has(books, (P, "x")), packed(books, B)) == ([8], 8 * T)


def test_a_lot_that_was_short_fills_the_first_bags() -> None:
    """B was 5 t short of x: of 10 t that come in P and Q 5 are there, all of them in P."""
    books = Books()
    wrong = add("x", "5", B, cu="10")
    books(wrong, ship("x", "5", B, A, consignment_id="d"), declared(wrong))
    books.fold.submit(offer("c", packed={"x": {P: 6, Q: 4}}))
    books(come(P, Q))
    assert (books.lot(B, "x").dry_mg, has(books, (P, "x"), (Q, "x"))) == (5 * T, [5, 0])


def test_what_only_confirms_is_not_put_into_the_bag_again() -> None:
    """The carrier received x loose. The MES receives P, in which x and y were offered: y is in it, of x nobody knows."""
    books = after(offer("c", lots="xy", packed={"x": {P: 10}, "y": {P: 5}}))
    books(receive("x", "10", B, consignment_id="c"), source="carrier")
    books(come(P), source="mes")
    assert (held(books, B, P), held(books, B, P, "y"), books.lot(B, "x").dry_mg) == (0, 5 * T, 10 * T)


def test_of_two_untold_containers_neither_is_said_to_hold_what_came() -> None:
    books = after()
    books(come(P, Q, lots=[("x", "10", {"cu": "10"})]))
    assert (has(books, (P, "x"), (Q, "x")), books.lot(B, "x").dry_mg) == ([0, 0], 10 * T)


def test_a_serial_lot_is_received_by_a_mass_not_as_a_container() -> None:
    """Q is a lot at B, so nobody is waited for to tell what is in it: its receipt without a mass is refused."""
    books = Books()
    books(add(Q, "2", B, cu="50"))
    (made,) = books(come(Q, consignment_id="c"))
    assert (made.outcome, codes([made])) == ("TRANSACTION", ["NO_QUANTITY"])


def test_a_corrective_receipt_packs_no_more_than_is_loose() -> None:
    """Of 10 t offered, 10 t were received, and 10 t more in vain. The first was an error: the second counts, and is in P.

    Its corrective says 9.96 t, in Q, and stands before the second, which is refused again: 9.96 t are left, all of them in P.
    """
    books = after(offer("c"))
    wrong = receive("x", "10", B, consignment_id="c")
    books(wrong, receive("x", "10", B, consignment_id="c"), declared(wrong, 1, ("urn:right",)))
    books(aggregation("ADD", P, ("x", "10"), at=B))
    books(come(Q, lots=[("x", "9.96", {})], consignment_id="c", event_id="urn:right"))
    assert (books.lot(B, "x").dry_mg, held(books, B, P), held(books, B, Q)) == (9_960_000_000, 9_960_000_000, 0)


# -- receipts before their offers ---------------------------------------------------------------------------------------


def test_a_container_whose_offer_is_still_to_come_is_remembered() -> None:
    """x in P is offered, y in Q later; one receipt named both with 10 t of x and 5 t of y."""
    books = after(offer("c", packed={"x": {P: 10}}))
    books(come(P, Q, lots=[("x", "10", {}), ("y", "5", {"cu": "10"})], consignment_id="c"))
    assert has(books, (P, "x"), (Q, "y")) == [10, 0]
    books.fold.submit(offer("c", 2, lots="y", packed={"y": {Q: 5}}))
    assert (has(books, (P, "x"), (Q, "y")), books.open()) == ([10, 5], set())


def test_an_offer_arranges_what_came_before_it_once() -> None:
    """A second version that tells of other bags changes nothing of what was received, as if the first had come before."""
    books = after()
    books(come(P, Q, lots=[("x", "10", {"cu": "10"})], consignment_id="c"))
    books.fold.submit(offer("c", packed={"x": {P: 10}}))
    assert has(books, (P, "x"), (Q, "x")) == [10, 0]
    books.fold.submit(offer("c", 2, packed={"x": {P: 6, Q: 4}}))
    assert has(books, (P, "x"), (Q, "x")) == [10, 0]


def test_receipts_that_an_offer_arranges_are_arranged_in_order_of_their_bags() -> None:
    """Eight bags of 1 t, received each by itself and the last first: a draw takes out of the first as it is named."""
    bags = [f"https://id.gs1.org/00/{n:018d}" for n in range(10, 18)]
    books = after()
    books(*(come(bag, lots=[("x", "1", {"cu": "10"})], consignment_id="c") for bag in reversed(bags)))
    books.fold.submit(offer("c", packed={"x": dict.fromkeys(bags, 1)}))
    for n, bag in enumerate(bags):
        assert [held(books, B, one) for one in bags] == [0] * n + [T] * (8 - n), bag
        books(ship("x", "1", B, A, consignment_id=f"d{n}"))


def test_what_did_not_come_is_in_no_bag() -> None:
    """P came with 10 t of x before its offer, which tells of 5 t of y as well: B has y, but not in P."""
    books = after()
    books(add("y", "50", B, cu="10"), come(P, lots=[("x", "10", {"cu": "10"})], consignment_id="c"))
    books.fold.submit(offer("c", lots="xy", packed={"x": {P: 10}, "y": {P: 5}}))
    assert (held(books, B, P), held(books, B, P, "y"), packed(books, B, "y")) == (10 * T, 0, 0)


def test_a_receipt_that_is_void_when_its_offer_comes_packs_nothing() -> None:
    """B has 50 t of x besides."""
    books, got = after(), come(P, Q, lots=[("x", "10", {"cu": "10"})], consignment_id="c")
    books(add("x", "50", B, cu="10"), got, declared(got))
    books.fold.submit(offer("c", packed={"x": {P: 10}}))
    assert (has(books, (P, "x")), packed(books, B)) == ([0], 0)


def test_a_receipt_that_is_forgotten_when_its_offer_comes_is_left_as_it_was() -> None:
    """It is older than the horizon of a day: what is in which of its containers is not looked at any more."""
    books = after(book=SiteBook(horizon_days=1))
    books(come(P, Q, lots=[("x", "10", {"cu": "10"})], consignment_id="c"))
    books.tick(B, books.outcomes[-1].record_time_us + 30 * 86_400_000_000)
    books.fold.submit(offer("c", packed={"x": {P: 10}}))
    assert (has(books, (P, "x")), books.balance(B, "CUSTODY(c x)")) == ([0], -T)


def test_what_was_arranged_by_its_offer_is_taken_back_with_the_receipt() -> None:
    """10 t in P and 20 in Q by the offer. The receipt was an error; of other 3 t that come nothing is in them."""
    books, got = after(), come(P, Q, lots=[("x", "30", {"cu": "10"})], consignment_id="c")
    books(got)
    books.fold.submit(offer("c", packed={"x": {P: 10, Q: 20}}))
    assert has(books, (P, "x"), (Q, "x")) == [10, 20]
    books(declared(got), event("ObjectEvent", [item("object", "x", "3", cu="10")], action="ADD", biz_location=B))
    assert (has(books, (P, "x"), (Q, "x")), packed(books, B)) == ([0, 0], 0)


def test_a_pallet_of_a_shed_is_what_it_was_when_it_comes() -> None:
    """From A, by its name alone, two levels deep."""
    books = stocked("x", "y")
    books(aggregation("ADD", P, ("x", "25")), aggregation("ADD", S, ("y", "5")), aggregation("ADD", Q, S))
    books(aggregation("ADD", R, P, Q), out(R, consignment_id="c"), come(R))
    assert (has(books, (P, "x"), (S, "y")), children(books, R), children(books, Q)) == ([25, 5], [P, Q], [S])
