"""F18 RUN_AROUND and F17 CYCLE: what comes back to where it was made."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lodestream.epcis.event import CreditItem, OriginPart
from lodestream.ledger import run_around
from tests.ledger.making import Books, T, add, assay, codes, declared, event, item, receive, ship, transform

A, B = "urn:site:a", "urn:site:b"


def made(books: Books) -> None:
    """10 t of primary feed into 8 t of product and 2 t of turnings, all 50 % Ni."""
    books(add("feed", "10", A, ni="50", source_class="mine"))
    books(transform(A, [("feed", "10", {})], [("product", "8", {"ni": "50"}), ("turnings", "2", {"ni": "50"})]))


def test_scenario_f4b_the_relabel_is_rejected() -> None:
    books = Books()
    made(books)
    books(add("more", "8", A, ni="50", source_class="mine"))
    back = transform(
        A, [("more", "8", {}), ("turnings", "2", {"source_class": "manufacturing_waste"})], [("second", "10", {"ni": "50"})]
    )
    (outcome,) = books(back)
    assert [(f.code, f.severity) for f in outcome.findings] == [("RUN_AROUND", "info")]
    assert outcome.findings[0].arithmetic == (
        "turnings is declared manufacturing_waste, but a run at urn:site:a made it of feed: "
        "the label is not taken, it stays run_around"
    )
    assert codes(books(declared(back)), "superseded") == ["RUN_AROUND"]


def test_a_parcel_that_enters_under_it_is_no_scrap() -> None:
    books = Books()
    made(books)
    assert codes(books(add("turnings", "1", A, ni="50", source_class="end_of_life"))) == ["RUN_AROUND"]
    assert books.balance(A, "SOURCE(run_around)", "Ni") == -T // 2
    assert books.balance(A, "SOURCE(end_of_life)", "Ni") == 0


@pytest.mark.parametrize("stated", sorted(run_around.RECYCLED))
def test_whatever_recycled_class_it_is_called(stated: str) -> None:
    assert {"end_of_life", "manufacturing_waste", "scrap"} == run_around.RECYCLED
    books = Books()
    made(books)
    came = add("turnings", "1", A, ni="50", source_class=stated)
    (found,) = [f for o in books(came) for f in o.findings]
    assert (found.code, found.inputs, found.lots) == ("RUN_AROUND", [came.identity, "object", "turnings"], ["turnings"])
    back = transform(A, [("turnings", "1", {"source_class": stated})], [("second", "1", {"ni": "50"})])
    assert [f.inputs for o in books(back) for f in o.findings] == [[back.identity, "input", "turnings"]]
    again = add("turnings", "1", A, ni="50", source_class="mine")
    assert codes(books(again)) == [], "primary is no label of the recycled"


def test_what_no_run_made_may_be_mixed_and_what_does_not_enter_is_not_asked() -> None:
    """Ore to which scrap is added; turnings that are assayed, or named beside credits, as waste."""
    books = Books()
    made(books)
    books(add("ore", "1", A, ni="50", source_class="mine"))
    assert codes(books(add("ore", "1", A, ni="50", source_class="scrap"))) == []
    assert codes(books(assay("turnings", A, ni="50.1", source_class="manufacturing_waste"))) == []
    credit = CreditItem("iscc-plus", "Ni", "recycled", Decimal(1), "KGM")
    named = [item("object", "turnings", source_class="manufacturing_waste")]
    assert "RUN_AROUND" not in codes(books(event("TransactionEvent", named, action="ADD", biz_location=A, credits=[credit])))


def test_returned_by_a_customer() -> None:
    books = Books()
    made(books)
    books(ship("product", "8", A, B, consignment_id="out"), receive("product", "8", B, consignment_id="out", receipt="final"))
    books(ship("product", "8", B, A, consignment_id="back"))
    came = receive("product", "8", A, consignment_id="back", receipt="final", source_class="end_of_life")
    assert codes(books(came)) == ["RUN_AROUND"]


def test_waste_of_others_and_of_ones_own_to_others_is_what_it_is() -> None:
    books = Books()
    made(books)
    assert codes(books(add("scrap", "1", A, ni="50", source_class="end_of_life"))) == []
    assert codes(books(transform(A, [("scrap", "1", {"source_class": "end_of_life"})], [("third", "1", {"ni": "50"})]))) == []
    assert codes(books(ship("turnings", "2", A, B, consignment_id="c", source_class="manufacturing_waste"))) == []
    first = transform(A, [("third", "1", {})], [("tail", "1", {"ni": "50", "source_class": "manufacturing_waste"})])
    assert codes(books(first)) == [], "an output may be waste: whose, the next one's book says"


def test_sorted_scrap_stays_what_it_was() -> None:
    """A part of a split lot that is end of life throughout may be called so; another class is a relabel."""
    books = Books()
    books(add("bales", "10", A, ni="50", source_class="end_of_life", country_of_origin="DE"))
    books(transform(A, [("bales", "10", {})], [("clean", "6", {}), ("dirty", "4", {})]))
    melt = transform(A, [("clean", "3", {"source_class": "end_of_life"})], [("m1", "3", {"ni": "50"})])
    assert codes(books(melt)) == []
    melt = transform(A, [("clean", "3", {"source_class": "manufacturing_waste"})], [("m2", "3", {"ni": "50"})])
    assert codes(books(melt)) == ["RUN_AROUND"]


def test_origins_are_labels_too() -> None:
    books = Books()
    made(books)
    parts = [OriginPart(Decimal(1), source_class="end_of_life", country="DE"), OriginPart(Decimal(1), source_class="mine")]
    assert codes(books(add("turnings", "2", A, ni="50", origins=parts))) == ["RUN_AROUND"]
    shares = next(one for one in books.fold.lots() if one.lot == "turnings").shares["Ni"]
    assert shares == {"ZZ urn:site:a mine -": T, "DE - run_around -": T // 2, "ZZ - mine -": T // 2}


def test_three_loops_leave_a_primary_feed_at_nothing_recycled() -> None:
    """Scenario F4b: 20 % returned and relabelled three times would be 48.8 %; the share is 0 %."""
    books = Books()
    books(add("loop0", "10", A, ni="50", source_class="mine"))
    for n in range(3):
        parts = [(f"product{n}", "8", {"ni": "50"}), (f"back{n}", "2", {"ni": "50"})]
        books(transform(A, [(f"loop{n}", "10", {})], parts))
        books(add(f"feed{n}", "8", A, ni="50", source_class="mine"))
        again = [(f"feed{n}", "8", {}), (f"back{n}", "2", {"source_class": "end_of_life"})]
        assert codes(books(transform(A, again, [(f"loop{n + 1}", "10", {"ni": "50"})]))) == ["RUN_AROUND"]
    last = next(one for one in books.fold.lots() if one.lot == "loop3")
    assert last.shares == {"Ni": {"ZZ urn:site:a mine -": 5 * T}}


# -- F17 ----------------------------------------------------------------------------------------------------------


def test_a_tank_is_an_input_and_an_output() -> None:
    books = Books()
    books(add("tank", "10", A, ni="50"), add("feed", "1", A, ni="50"))
    (outcome,) = books(transform(A, [("tank", "10", {}), ("feed", "1", {})], [("tank", "11", {"ni": "50"})]))
    assert [(f.code, f.severity) for f in outcome.findings] == [("CYCLE", "info")]
    assert outcome.findings[0].arithmetic == "tank is an input and an output of the same run"


def test_through_several_runs() -> None:
    books = Books()
    made(books)
    books(transform(A, [("turnings", "2", {})], [("melt", "2", {"ni": "50"})]))
    books(add("feed", "8", A, ni="50"))
    again = transform(A, [("melt", "2", {}), ("feed", "8", {})], [("turnings", "10", {"ni": "50"})])
    (outcome,) = books(again)
    assert [f.arithmetic for f in outcome.findings] == ["turnings was there before, and an input of this run was made of it"]
    assert codes(books(declared(again)), "superseded") == ["CYCLE"]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=6))
def test_it_speaks_where_the_way_of_ids_closes(runs: list[tuple[int, int]]) -> None:
    """Against a closure of its own: an id is its own ancestor after the run and its output was there before, or is its input."""
    books = Books()
    for n in range(6):
        books(add(f"l{n}", "100", A, ni="50"))
    parents: dict[int, set[int]] = {n: set() for n in range(6)}
    for source, target in runs:
        (outcome,) = books(transform(A, [(f"l{source}", "1", {"ni": "50"})], [(f"l{target}", "1", {"ni": "50"})]))
        ancestors, todo = {source}, [source]
        while todo:
            for one in parents[todo.pop()] - ancestors:
                ancestors.add(one)
                todo.append(one)
        assert ("CYCLE" in codes([outcome])) == (target in ancestors)
        if target != source:
            parents[target].add(source)
