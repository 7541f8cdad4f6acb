"""RUN_AROUND over a month (F18): what enters as recycled beside what the site made of the same class (rulebook R100)."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lodestream.epcis.event import Event, TypedRef
from lodestream.ledger import came_round, months
from lodestream.ledger.draft import Draft
from lodestream.ledger.records import Entry, Finding, Outcome
from lodestream.ledger.timed import Period
from lodestream.ledger.view import Books as Store
from tests.claims.book import Nothing
from tests.ledger.making import HOUR, Books, add, declared, entry, event, receive, transform
from tests.ledger.page import says

A = "urn:site:a"
MARCH, APRIL = (months.bounds("UTC", month)[0] for month in ("2026-03", "2026-04"))


def closing() -> Event:
    return event("ObjectEvent", [], action="OBSERVE", biz_location=A, period_close="2026-03", event_time_us=APRIL)


def put(books: Books, *events: Event) -> list[Outcome]:
    made = [o for one in events for o in books.fold.submit(entry(one, external=["urn:party"]))]
    books.outcomes += made
    return made


def made(product_class: str | None = "black_mass", at_us: int = MARCH) -> list[Event]:
    """4 t of a class at 50 % Ni, out of 10 t of batteries."""
    outputs = [("bm", "4", {"ni": "50", "product_class": product_class}), ("rest", "6", {"ni": "0.1", "loss_class": "residue"})]
    return [
        add("batteries", "10", A, ni="20", source_class="end_of_life", product_class="battery", event_time_us=at_us),
        transform(A, [("batteries", "10", {})], outputs, event_time_us=at_us + HOUR),
    ]


def recycled(mass: str = "1", lot: str = "new", **more: Any) -> Event:
    fields = {"ni": "50", "source_class": "end_of_life", "product_class": "black_mass", "event_time_us": MARCH + 2 * HOUR}
    return add(lot, mass, A, **(fields | more))


def said(outcomes: list[Outcome], state: str = "open") -> list[Finding]:
    return [f for o in outcomes for f in o.findings if f.code == "RUN_AROUND" and f.state == state]


def test_r100_the_worked_line() -> None:
    """R100: 4 t of black mass made, 1 t added as end of life under a new id."""
    books = Books()
    assert said(put(books, *made(), recycled())) == []
    (found,) = said(put(books, closing()))
    assert (found.severity, found.inputs, found.lots) == ("info", ["period", "2026-03", "Ni", "black_mass"], [])
    assert found.arithmetic == (
        "Ni of class black_mass in 2026-03: entered 500 kg as end_of_life, from nobody who is known; "
        "runs of urn:site:a made 2,000 kg of that class: 500 kg may have come round"
    )
    says("R100", "4 t", "1 t at 50 %", "500 kg", "2,000 kg")


@pytest.mark.parametrize(
    "events",
    [
        [*made(), recycled(product_class="battery")],
        [*made(), recycled(product_class=None)],
        [*made(None), recycled(product_class=None)],
        [*made("scrap"), recycled(product_class="scrap")],
        [*made(), recycled(source_class="mine")],
        [*made(), recycled(event_time_us=APRIL + HOUR)],
        [recycled()],
        [*made(), receive("new", "1", A, ni="50", source_class="end_of_life", product_class="black_mass",
                          sources=[TypedRef("urn:party", "location")], event_time_us=MARCH + 2 * HOUR)],
    ],
    ids=["other class", "no class", "no classes", "scrap", "mined", "later", "not made", "of a known party"],
)  # fmt: skip
def test_what_says_nothing(events: list[Event]) -> None:
    books = Books()
    assert said(put(books, *events, closing())) == []


def test_its_amount_is_at_most_what_was_made_and_each_label_is_told() -> None:
    books = Books()
    (found,) = said(put(books, *made(), recycled("3"), recycled("2", "two", source_class="manufacturing_waste"), closing()))
    assert "entered 1,500 kg as end_of_life, 1,000 kg as manufacturing_waste," in found.arithmetic
    assert found.arithmetic.endswith("made 2,000 kg of that class: 2,000 kg may have come round")


def test_a_restated_month_says_it_anew_or_no_more() -> None:
    books = Books()
    first, second = recycled(), recycled("2", "two")
    (before,) = said(put(books, *made(), first, second, closing()))
    done = put(books, declared(first))
    assert [f.id for f in said(done, "superseded")] == [before.id]
    assert ["entered 1,000 kg as end_of_life" in f.arithmetic for f in said(done)] == [True]
    assert said(put(books, declared(second))) == []
    assert "RUN_AROUND" not in books.open()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 9), st.booleans()), max_size=5))
def test_the_sums_are_those_of_what_stands(parcels: list[tuple[int, bool]]) -> None:
    books = Books()
    put(books, *made())
    for n, (tonnes, void) in enumerate(parcels):
        came = recycled(str(tonnes), f"new{n}")
        put(books, came, *([declared(came)] if void else []))
    stands = sum(tonnes * 500 for tonnes, void in parcels if not void)
    found = said(put(books, closing()))
    assert [f"entered {stands:,} kg as end_of_life," in f.arithmetic for f in found] == ([True] if stands else [])


def judged(by_class_mg: dict[str, int]) -> list[Finding]:
    """What is said of a month with these sums."""
    draft = Draft(Store(Nothing()).of(A), Entry("close", A, "TICK", 0))
    came_round.judge(draft, "2026-03", Period(by_class_mg=by_class_mg))
    return draft.findings


def test_a_milligram_of_each_is_enough_and_nothing_is_not() -> None:
    one = {"Ni end_of_life black_mass": 1, "Ni made black_mass": 1}
    assert len(judged(one)) == 1
    for name in one:
        assert judged(one | {name: 0}) == []
        assert judged(one | {name: -1}) == []


def test_it_is_told_by_element_and_class_and_each_label_in_order() -> None:
    ways = ("scrap", "made", "manufacturing_waste", "end_of_life")
    found = judged({f"{e} {way} {kind}": 1_000_000 for e in ("Ni", "Co") for kind in ("pcam", "black_mass") for way in ways})
    assert [f.inputs[2:] for f in found] == [["Co", "black_mass"], ["Co", "pcam"], ["Ni", "black_mass"], ["Ni", "pcam"]]
    assert "entered 1 kg as end_of_life, 1 kg as manufacturing_waste, 1 kg as scrap, from nobody" in found[0].arithmetic
