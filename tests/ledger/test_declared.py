"""What a declaration takes back, leg by leg, and what it leaves alone (rulebook R44)."""

from itertools import permutations
from typing import Any

import pytest
from msgspec.structs import replace

from lodestream.epcis.event import TypedRef
from lodestream.ledger.held import Arranged
from lodestream.ledger.moving import Outbound, Received
from lodestream.ledger.records import Answer, Entry, Outcome, SettledParcel
from lodestream.ledger.running import Run
from lodestream.ledger.state import Journal, Lot
from tests.ledger.making import (
    HOUR,
    START,
    Books,
    add,
    assay,
    codes,
    declared,
    entry,
    event,
    hashed,
    item,
    receive,
    ship,
    transform,
)

A, B, C = "urn:site:a", "urn:site:b", "urn:site:c"
MG: dict[str, Any] = {"uom": "MGM"}


def posted(outcomes: list[Outcome]) -> list[tuple[str, str, int]]:
    return [(p.account, p.element, p.amount_mg) for o in outcomes for p in o.postings]


def stocked() -> Books:
    """10,000 mg at 10 % Cu and 5 % Ni."""
    books = Books()
    books(add("x", "10000", A, uom="MGM", cu="10", ni="5", event_time_us=START))
    return books


def out(mg: int, to: str | None = B, **more: Any) -> Any:
    return ship("x", str(mg), A, to, uom="MGM", consignment_id="c", **more)


def test_a_declaration_of_what_is_not_here_waits_for_it() -> None:
    original = add("y", "100", A, uom="MGM", cu="10")
    books, early = stocked(), entry(declared(original))
    (parked,) = books.fold.submit(early)
    assert (parked.outcome, parked.reason) == ("PARKED", "DECLARATION_MISMATCH")
    (found,) = parked.findings
    assert (found.code, found.severity, found.inputs, found.lots) == ("DECLARATION_MISMATCH", "info", [early.entry_id], [])
    made = books(original)
    assert [o.kind for o in made] == ["create", "correct"]
    assert (codes(made, "resolved"), books.balance(A, "STOCK(y)")) == (["DECLARATION_MISMATCH"], 0)


def test_one_without_an_id_is_found_by_its_hash() -> None:
    original = add("y", "100", A, uom="MGM", cu="10", event_id=None)
    for order in ([original, declared(original)], [declared(original), original]):
        books = stocked()
        books(*order)
        assert books.balance(A, "STOCK(y)") == 0


def test_what_is_void_is_void_once() -> None:
    original = add("y", "100", A, uom="MGM", cu="10")
    books = stocked()
    books(original, declared(original))
    (again,) = books(declared(original, hours=2))
    assert (again.kind, again.reason, again.postings) == ("link", "the event is void already", [])


def test_a_declaration_with_another_content_is_refused() -> None:
    original = add("y", "100", A, uom="MGM", cu="10")
    books, other = stocked(), replace(declared(original), content_digest="other")
    books(original)
    (refused,) = books(other)
    assert [(f.code, f.inputs, f.lots) for f in refused.findings] == [
        ("DECLARATION_MISMATCH", [original.identity, "other"], ["y"])
    ]
    assert books.balance(A, "STOCK(y)") == 10


def test_every_leg_is_posted_with_the_other_sign() -> None:
    made = transform(A, [("x", "1000", MG)], [("y", "500", {"uom": "MGM", "cu": "18", "ni": "10"})])
    books = stocked()
    before = posted(books(made))
    after = books(declared(made))
    assert after[0].kind == "correct"
    assert sorted(posted(after)) == sorted((account, element, -mg) for account, element, mg in before)
    assert books.lot(A, "x").dry_mg == 10_000
    assert books.fold.every(Run) == []


def test_a_shipment_that_was_settled_comes_back_from_custody() -> None:
    """400 of 1,000 mg were settled: 40 mg Cu go from CUSTODY to TRANSIT, and 100 from there to the lot."""
    books, sent = stocked(), out(1000)
    books.fold.apply(entry(sent))
    parcel = SettledParcel("x", 1, 400, {"Cu": 40, "Ni": 20}, final=True)
    books.fold.submit(Entry("a", A, "ANSWER", START + HOUR, answer=Answer("c", B, [parcel])))
    made, entries = books.fold.apply(entry(declared(sent)))
    assert posted(made) == [
        ("CUSTODY(c x)", "Cu", -40),
        ("TRANSIT(c x)", "Cu", 40),
        ("CUSTODY(c x)", "Ni", -20),
        ("TRANSIT(c x)", "Ni", 20),
        ("STOCK(x)", "Cu", 100),
        ("TRANSIT(c x)", "Cu", -100),
        ("STOCK(x)", "Ni", 50),
        ("TRANSIT(c x)", "Ni", -50),
    ]
    (offered,) = [one.offer for one in entries if one.offer is not None]
    assert [(p.version, p.dry_mg, p.contained_mg) for p in offered.parcels] == [(2, 0, {})]
    ((_, _, pair),) = books.fold.every(Outbound)
    bound = pair.bound[B]
    assert (bound.version, bound.settled_mg, bound.settled_dry_mg, bound.final, bound.resolved) == (2, {}, 0, False, False)
    assert pair.shipments == []


def test_what_was_asked_back_waits_for_the_answer_of_its_site_whatever_is_taken_back() -> None:
    """Two shipments to B, asked back: one is declared void before B has answered, and the other is still on its way."""
    books, first = stocked(), out(1000)
    question = event("ObjectEvent", [], action="OBSERVE", biz_step="void_shipping", read_point=A, consignment_id="c")
    for one in (first, out(300), question, declared(first)):
        books.fold.apply(entry(one))
    assert (books.balance(A, "STOCK(x)"), books.balance(A, "TRANSIT(c x)")) == (970, 30)


def test_what_is_open_anew_has_the_grace_once_more() -> None:
    """Both shipments were settled. One is declared void, what is settled is told anew: for two weeks the other is not late."""
    books, first = stocked(), out(1000, event_time_us=START)
    for one in (first, out(300, event_time_us=START)):
        books.fold.apply(entry(one))
    parcel = SettledParcel("x", 2, 1300, {"Cu": 130, "Ni": 65}, final=True)
    books.fold.submit(Entry("a", A, "ANSWER", START + HOUR, answer=Answer("c", B, [parcel])))
    books.tick(A, START + 20 * 24 * HOUR)
    assert books.open(A) == set()
    books.fold.apply(entry(declared(first), record_time_us=START + 21 * 24 * HOUR))
    books.tick(A, START + 34 * 24 * HOUR)
    assert books.open(A) == set()
    books.tick(A, START + 35 * 24 * HOUR + HOUR)
    assert books.open(A) == {"TRANSIT_OPEN", "ONE_SIDED"}


def test_what_came_from_an_external_party_goes_back_there() -> None:
    """10,000 mg at 10 % Cu from a supplier without a book."""
    books, got = Books(), receive("x", "10000", A, uom="MGM", cu="10", sources=[TypedRef("urn:party", "possessing_party")])
    for one in (got, declared(got)):
        books.fold.submit(entry(one, external=["urn:party"]))
    assert (books.balance(A, "STOCK(x)"), books.balance(A, "SOURCE(external:urn:party)"), books.lot(A, "x").dry_mg) == (0, 0, 0)


def test_nothing_is_kept_of_what_is_void() -> None:
    """A creation, a receipt in a bag, a sale out of it: no journal, no movement, no packing of them stays."""
    bag = "https://id.gs1.org/00/000000000000000001"
    got = replace(receive("y", "1000", A, uom="MGM", cu="10", consignment_id="d"), epcs=[bag])
    made = [add("x", "1000", A, uom="MGM", cu="10"), hashed(got), ship("y", "1000", A, B, uom="MGM", consignment_id="e")]
    books = Books()
    books(*made)
    assert [len(books.fold.every(kind)) for kind in (Journal, Received, Arranged)] == [3, 1, 2]
    books(*(declared(one) for one in reversed(made)))
    assert [books.fold.every(kind) for kind in (Journal, Received, Arranged)] == [[], [], []]


def test_one_of_two_shipments_is_taken_back() -> None:
    books, first = stocked(), out(1000)
    books.fold.apply(entry(first))
    books.fold.apply(entry(out(300)))
    _, entries = books.fold.apply(entry(declared(first)))
    (offered,) = [one.offer for one in entries if one.offer is not None]
    assert [(p.version, p.dry_mg, p.contained_mg) for p in offered.parcels] == [(3, 300, {"Cu": 30, "Ni": 15})]


def test_a_campaign_without_one_of_its_events() -> None:
    fields: dict[str, Any] = {"transformation_id": "urn:t"}
    first = transform(A, [("x", "1000", MG)], [], **fields, process_emissions_g_co2e=5)
    last = transform(A, [], [("y", "500", {"uom": "MGM", "cu": "18"})], **fields, campaign_close=True, process_emissions_g_co2e=7)
    books = stocked()
    books(first, last, declared(last))
    ((_, _, run),) = books.fold.every(Run)
    assert ([p.role for p in run.parts], run.closed_by, run.emissions) == (["input"], [], {first.identity: 5})
    assert (books.balance(A, "WIP(urn:t)"), books.balance(A, "UNACCOUNTED"), books.balance(A, "STOCK(y)")) == (100, 0, 0)


def test_a_parcel_of_a_void_event_waits_for_no_assay() -> None:
    books = stocked()
    first, second = add("u", "100", A, **MG), add("u", "200", A, **MG)
    books(first, second, declared(first))
    (lot,) = [lot for _, name, lot in books.fold.every(Lot) if name == "u"]
    assert ([p.line.quantity for p in lot.unassayed], lot.dry_mg) == ([200], 200)
    books(assay("u", A, cu="10"))
    assert books.balance(A, "STOCK(u)") == 20


def test_a_void_assay_is_taken_back_where_the_parcel_stands() -> None:
    """The first assay: the parcel waits again. The later one: what the first said stands again."""
    first, later = assay("u", A, cu="10"), assay("u", A, cu="12")
    books = stocked()
    books(add("u", "1000", A, **MG), first)
    assert books.balance(A, "STOCK(u)") == 100
    books(declared(first))
    assert (books.balance(A, "STOCK(u)"), books.open(A)) == (0, {"UNASSAYED"})
    for void, left in ((later, 100), (first, 120)):
        books = stocked()
        books(add("u", "1000", A, **MG), first, later)
        assert books.balance(A, "STOCK(u)") == 120
        books(declared(void))
        assert (books.balance(A, "STOCK(u)"), books.open(A)) == (left, set())


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("kind", ["made", "received"])
def test_assays_that_are_all_void_leave_the_parcel_as_it_came(kind: str, order: tuple[int, ...]) -> None:
    """Of 10 %, 12 % and 11 %, in whatever order they are declared void: what stands last is the latest that is left."""
    grades = ["10", "12", "11"]
    assays = [assay("u", A, cu=cu) for cu in grades]
    books = stocked()
    books(add("u", "1000", A, **MG) if kind == "made" else receive("u", "1000", A, consignment_id="c", **MG), *assays)
    pending = books.open(A) - {"UNASSAYED"}
    left = [0, 1, 2]
    for number in order:
        books(declared(assays[number]))
        left.remove(number)
        content = int(grades[left[-1]]) * 10 if left else 0
        assert (books.balance(A, "STOCK(u)"), books.open(A)) == (content, pending if left else {*pending, "UNASSAYED"})
    books(assay("u", A, cu="20"))
    assert (books.balance(A, "STOCK(u)"), books.open(A)) == (200, pending)


@pytest.mark.parametrize("named", [True, False])
def test_an_assay_that_is_declared_by_its_hash_is_taken_back(named: bool) -> None:
    """One of the two has no eventID: the first assay, and the later one, go like any other."""
    for grades, left in ((["10"], 0), (["10", "12"], 100)):
        assays = [assay("u", A, cu=cu) for cu in grades]
        void = hashed(replace(declared(assays[-1]), event_id=None if named else "urn:test:named"))
        assays[-1] = assays[-1] if named else hashed(replace(assays[-1], event_id=None))
        books = stocked()
        books(add("u", "1000", A, **MG), *assays, void)
        assert (books.balance(A, "STOCK(u)"), books.open(A)) == (left, set() if left else {"UNASSAYED"})


def test_an_assay_of_what_is_void_takes_nothing_back() -> None:
    made, first = add("u", "1000", A, **MG), assay("u", A, cu="10")
    books = stocked()
    books(made, first, declared(made))
    (after,) = books(declared(first))
    assert (after.kind, after.postings, books.balance(A, "STOCK(u)"), books.open(A)) == ("correct", [], 0, set())


@pytest.mark.parametrize("names", [("u", "v", "w"), ("v", "u", "w"), ("v", "w", "u")])
def test_a_void_assay_leaves_what_a_later_one_says_of_several_lots(names: tuple[str, ...]) -> None:
    """u was assayed at 10 % before u, v and w were at 12 %. The 10 % are void; then the 12 %: all of them wait again."""
    first = assay("u", A, cu="10")
    later = event("ObjectEvent", [item("object", name, None, cu="12") for name in names], action="OBSERVE",
                  biz_step="inspecting", biz_location=A)  # fmt: skip
    books = stocked()
    books(*(add(name, "1000", A, **MG) for name in "uvw"), first, later, declared(first))
    assert [books.balance(A, f"STOCK({name})") for name in "uvw"] == [120, 120, 120]
    books(declared(later))
    assert [books.balance(A, f"STOCK({name})") for name in "uvw"] == [0, 0, 0]
    assert [f.code for s, f in books.fold.open_findings() if s == A and f.code != "NO_BOOK"] == ["UNASSAYED"] * 3


def test_an_assay_that_names_a_lot_twice_is_taken_back_once() -> None:
    """A serial lot as a class and as an instance: its item assays it, and assays it again. Void, it waits."""
    bag = "https://id.gs1.org/00/000000000000000001"
    twice = hashed(replace(assay(bag, A, cu="10"), epcs=[bag]))
    books = stocked()
    books(add(bag, "1000", A, **MG), twice)
    assert books.balance(A, f"STOCK({bag})") == 100
    books(declared(twice))
    assert (books.balance(A, f"STOCK({bag})"), books.open(A)) == (0, {"UNASSAYED"})
