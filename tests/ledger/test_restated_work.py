"""What a restatement visits: no more of it than it must, in order, and a bounded part in one entry (rulebook R46, R47)."""

from collections import deque
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from lodestream.epcis.event import Event, Quantity
from lodestream.ledger import restate
from lodestream.ledger.moving import Outbound
from lodestream.ledger.records import Outcome
from tests.ledger.making import Books, assay, declared, entry, hashed, receive, transform
from tests.ledger.test_redrawn import came, corrected, sent, stood
from tests.ledger.test_restatement import chilean, zambian
from tests.ledger.test_void_whole import asked

A, B, C = "urn:site:a", "urn:site:b", "urn:site:c"
ZM, CL = "ZM - mine -", "CL - mine -"


def held(original: Event) -> Event:
    """A changed copy: MUTATED_EVENT, which holds the lots of the original."""
    return hashed(replace(original, materials=[replace(original.materials[0], country_of_origin="PE")]))


def offered(books: Books, made: Event) -> list[tuple[str, str, int, int]]:
    """What an event, with all that it sets off, offers: to whom, of which lot, in which version, with how many findings."""
    found = []
    todo = deque([entry(made)])
    while todo:
        outcomes, entries = books.fold.apply(todo.popleft())
        books.outcomes.extend(outcomes)
        todo.extend(entries)
        for one in entries:
            if one.offer is not None:
                found += [(one.site, p.lot, p.version, len(p.findings)) for p in one.offer.parcels]
    return found


def into(name: str, mass: int, to: str, made: int, **more: Any) -> Event:
    return transform(A, [(name, str(mass), {"uom": "MGM"})], [(to, str(made), {"uom": "MGM", **more})])


# -- who is told ----------------------------------------------------------------------------------------------------


def test_each_of_two_shipments_of_a_pair_is_what_it_took() -> None:
    """400 mg of 30 %, and 400 of what 1,000 more of 10 % made of the rest: 40 % it was before, so 160 and then 85 mg."""
    books = Books()
    wrong, right = came(1000, "urn:w", cu="30"), came(1000, "urn:r", cu="40")
    books(wrong, sent(400), came(1000, cu="10"), sent(400))
    corrected(books, wrong, right)
    ((_, _, pair),) = books.fold.every(Outbound)
    assert [s.contained_mg for s in pair.shipments] == [{"Cu": 160}, {"Cu": 85}]
    assert stood(books)[:2] == (255, 245)


def test_who_got_what_was_there_before_is_offered_nothing_anew() -> None:
    """B's shipment was drawn before the second parcel came, C's after it."""
    books = Books()
    wrong, right = came(1000, "urn:w", cu="10"), came(1000, "urn:r", cu="20")
    books(came(1000, cu="30"), sent(400, to=B), wrong, sent(400, to=C))
    assert [to for to, *_ in offered(books, declared(wrong, correctives=("urn:r",)))] == [C]
    assert [to for to, *_ in offered(books, right)] == [C]


def both(mg: int) -> Event:
    """x and y in one shipment."""
    one = sent(mg)
    two = [*one.quantities, Quantity("y", Decimal(mg), "MGM")]
    return hashed(replace(one, quantities=two, materials=[*one.materials, replace(one.materials[0], id="y")]))


def test_a_hold_on_one_lot_of_a_shipment_is_told_of_that_lot() -> None:
    books = Books()
    first = came(1000, cu="30")
    books(first, came(1000, name="y", cu="30"), both(400))
    assert offered(books, held(first)) == [(B, "x", 2, 1)]


def test_a_finding_that_changes_and_goes_on_is_told_once() -> None:
    """IMPOSSIBLE on y: with x as 20 % and as 10 % alike, so what B has of y is held as before."""
    books = Books()
    books(came(1000, cu="20"), into("x", 500, "y", 500, cu="40"))
    assert offered(books, sent(500, "y")) == [(B, "y", 1, 1)]
    assert offered(books, assay("x", A, cu="10")) == []
    assert [f.state for f in books.outcomes[-1].findings if f.code == "IMPOSSIBLE"] == ["superseded", "open"]


def test_a_hold_follows_what_is_made_again_into_the_same_lot() -> None:
    """x is worked into y and into x itself, and both go on: the walk comes back to x, and ends."""
    books = Books()
    first = came(1000, cu="30")
    books(first, into("x", 400, "y", 400, cu="30"), into("y", 100, "x", 100, cu="30"), into("x", 200, "x", 200, cu="30"))
    books(sent(100, "y", to=C), sent(100))
    assert sorted(offered(books, held(first))) == [(B, "x", 2, 1), (C, "y", 2, 1)]


def test_who_got_of_what_was_received_is_told_too() -> None:
    books = Books()
    came_in = receive("x", "1000", A, uom="MGM", cu="30", consignment_id="in")
    books(came_in, sent(100))
    assert offered(books, held(came_in)) == [(B, "x", 2, 2)], "UNMATCHED is on it already"


def test_a_draw_of_nothing_hands_the_hold_on_as_well() -> None:
    """What was made of 100 mg of w and none of x has x for a parent: whoever has got of it hears of x as he did before."""
    books = Books()
    first = came(1000, cu="30")
    books(first, came(1000, name="w", cu="30"))
    books(transform(A, [("w", "100", {"uom": "MGM"}), ("x", "0", {"uom": "MGM"})], [("z", "100", {"uom": "MGM", "cu": "30"})]))
    books(sent(100, "z"))
    assert offered(books, held(first)) == [(B, "z", 2, 1)]


def test_what_moved_besides_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """TRANSIT_OPEN is on y alone: neither what it was made of, nor what was made beside it, nor what went in with that."""
    books = Books()
    parts = [("y", "100", {"uom": "MGM", "cu": "30"}), ("w", "100", {"uom": "MGM", "cu": "30"})]
    books(came(1000, cu="30"), came(1000, name="v", cu="30"))
    books(transform(A, [("x", "100", {"uom": "MGM"}), ("v", "100", {"uom": "MGM"})], parts))
    monkeypatch.setattr(restate, "MAX_MOVES", 3)
    assert restated(books(hashed(replace(sent(100, "y"), destinations=[])))) == 0
    monkeypatch.setattr(restate, "MAX_MOVES", 4)
    books(transform(A, [("w", "50", {"uom": "MGM"}), ("v", "50", {"uom": "MGM"})], [("u", "100", {"uom": "MGM", "cu": "30"})]))
    assert restated(books(hashed(replace(sent(10, "w"), destinations=[])))) == 1, "w and u"


def test_one_entry_tells_those_that_it_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """B got of x before C did."""
    books = Books()
    first = came(1000, cu="30")
    books(first, sent(100, to=B), sent(100, to=C))
    monkeypatch.setattr(restate, "MAX_MOVES", 2)
    _, entries = books.fold.apply(entry(held(first)))
    assert [one.site for one in entries] == [B, A]


def test_what_left_for_nowhere_is_told_to_nobody() -> None:
    books = Books()
    first = came(1000, cu="30")
    nowhere = hashed(replace(sent(100), destinations=[]))
    books(first, nowhere, sent(100, to=C))
    assert offered(books, held(first)) == [(C, "x", 2, 2)], "its TRANSIT_OPEN holds x too"


# -- how much of it in one entry --------------------------------------------------------------------------------------


def restated(outcomes: list[Outcome]) -> int:
    """How many CONTINUE entries it took."""
    return sum(o.kind == "restate" for o in outcomes)


@pytest.mark.parametrize(("most", "entries"), [(7, 1), (6, 2), (5, 2), (4, 3), (3, 4), (2, 7), (1, 12)])
def test_who_got_of_a_lot_is_told_in_steps(monkeypatch: pytest.MonkeyPatch, most: int, entries: int) -> None:
    """x was shipped four times, and worked into y and z, which were shipped twice: 7, 3 and 3 movements."""
    books = Books()
    first = came(1000, cu="30")
    books(first, *(sent(10, to=B, consignment=f"b{n}") for n in range(4)))
    books(into("x", 100, "y", 100, cu="30"), into("x", 100, "z", 100, cu="30"))
    books(*(sent(10, name, to=C, consignment=f"{name}{n}") for name in "yz" for n in range(2)))
    monkeypatch.setattr(restate, "MAX_MOVES", most)
    assert restated(books(held(first))) == entries
    assert {len(bound.findings) for _, _, pair in books.fold.every(Outbound) for bound in pair.bound.values()} == {1}


@pytest.mark.parametrize(("most", "entries"), [(9, 4), (8, 5), (6, 6), (5, 9), (3, 18), (1, 42)])
def test_lots_are_told_anew_in_steps(monkeypatch: pytest.MonkeyPatch, most: int, entries: int) -> None:
    """x is worked into y and z, and both into p, of which some is shipped."""
    books = Books()
    wrong = zambian("x", "1000", uom="MGM", cu="30", event_id="urn:w")
    books(wrong, into("x", 400, "y", 400, cu="30"), into("x", 400, "z", 400, cu="30"))
    books(into("y", 300, "p", 300, cu="30"), sent(100, "p"), into("z", 300, "p", 300, cu="30"), sent(100, "p"))
    monkeypatch.setattr(restate, "MAX_MOVES", most)
    made = books(declared(wrong, correctives=("urn:r",)))
    made += books(chilean("x", "1000", uom="MGM", cu="30", event_id="urn:r"))
    assert restated(made) == entries
    assert books.lot(A, "p").shares == {"Cu": {CL: 120}}


@pytest.mark.parametrize("first", "xz")
def test_what_two_entries_left_is_taken_up_together(monkeypatch: pytest.MonkeyPatch, first: str) -> None:
    """x and z are corrected, one right after the other: of p, which both were worked into, all is told anew from the first."""
    books = Books()
    wrong = {name: zambian(name, "1000", uom="MGM", cu="30", event_id=f"urn:w{name}") for name in "xz"}
    books(*wrong.values(), into("x", 300, "p", 300, cu="30"), sent(100, "p"), into("z", 300, "p", 300, cu="30"), sent(100, "p"))
    books(*(declared(one, correctives=(f"urn:r{name}",)) for name, one in wrong.items()))
    monkeypatch.setattr(restate, "MAX_MOVES", 1)
    left = []
    for name in [first, "z" if first == "x" else "x"]:
        _, entries = books.fold.apply(entry(chilean(name, "1000", uom="MGM", cu="30", event_id=f"urn:r{name}")))
        left += entries
    for one in left:
        books.fold.submit(one)
    assert books.lot(A, "p").shares == {"Cu": {CL: 120}}
    assert [s.shares.vectors for _, _, pair in books.fold.every(Outbound) for s in pair.shipments] == [{"Cu": {CL: 30}}] * 2


def test_holds_of_two_entries_are_told_on_together(monkeypatch: pytest.MonkeyPatch) -> None:
    books = Books()
    first, other = came(1000, cu="30"), came(1000, name="z", cu="30")
    books(first, other, *(sent(10, name, consignment=f"{name}{n}") for name in "xz" for n in range(2)))
    monkeypatch.setattr(restate, "MAX_MOVES", 1)
    left = [one for made in (held(first), held(other)) for one in books.fold.apply(entry(made))[1]]
    for one in left:
        books.fold.submit(one)
    assert [len(pair.bound[B].findings) for _, _, pair in books.fold.every(Outbound)] == [1] * 4


def test_what_moved_first_is_told_first() -> None:
    """One event brought more of a and z, and then z was put into a: a is told once, with what z then gave."""
    books = Books()
    wrong = came(1000, name="z", cu="30")
    two = [*wrong.quantities, Quantity("a", Decimal(1000), "MGM")]
    wrong = hashed(replace(wrong, quantities=two, materials=[*wrong.materials, replace(wrong.materials[0], id="a")]))
    books(came(1000, name="z", cu="10"), came(1000, name="a", cu="10"), wrong)
    books(sent(100, "z"), replace(into("z", 300, "a", 300), event_id="run"), sent(230, "a"))
    made = books(declared(wrong))
    told = [(p.account.partition("(")[2], p.amount_mg) for p in made[0].postings if "(" in p.account]
    assert told[4:8] == [("PO 7 z)", -10), ("z)", 10), ("run)", -30), ("z)", 30)]
    assert told[8:] == [("run)", 30), ("a)", -30), ("PO 7 a)", -23), ("a)", 23)]


def test_what_came_back_from_nowhere_follows_when_all_that_was_shipped_is_told() -> None:
    """x and y of one event left for no site and were asked back; they are 20 % and not 30."""
    books = Books()
    made = []
    for cu in ("30", "20"):
        one = came(1000, f"urn:{cu}", cu=cu)
        lots = [replace(one.quantities[0], epc_class=name) for name in "xy"]
        made.append(hashed(replace(one, quantities=lots, materials=[replace(one.materials[0], id=name) for name in "xy"])))
    books(made[0], *(hashed(replace(sent(100, name, consignment="c"), destinations=[])) for name in "xy"), asked())
    assert [books.balance(A, x) for x in ("STOCK(x)", "STOCK(y)", "TRANSIT(c x)")] == [300, 300, 0]
    books(declared(made[0], correctives=("urn:20",)))
    (last,) = books(made[1])
    assert [(p.account, p.amount_mg) for p in last.postings if p.account.startswith("TRANSIT")] == [
        ("TRANSIT(c x)", -10),
        ("TRANSIT(c y)", -10),
        ("TRANSIT(c x)", 10),
        ("TRANSIT(c y)", 10),
    ]
