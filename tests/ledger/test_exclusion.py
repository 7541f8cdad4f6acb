"""F7 CONTACT_EXCLUDED: what a lot holds or has touched against what the book excludes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lodestream.ledger import exclusion
from lodestream.ledger.book import Exclusion, SiteBook
from lodestream.ledger.draft import Draft
from lodestream.ledger.records import Outcome
from lodestream.ledger.state import Head, Lot, Shares
from lodestream.ledger.view import View
from tests.ledger.making import HOUR, START, Books, add, declared, entry, receive, ship, tick, transform

X, Y, Z = "CD urn:site:x mine -", "CD urn:site:y mine ASM", "ID urn:site:z mine -"
S2 = {"Co": {X: 25_218_253_968, Y: 9_924_603_175, Z: 732_142_857}}  # scenario S2: the product's 35,875 kg of cobalt


def test_scenario_s2_an_exclusion_of_y_is_on_the_whole_lot() -> None:
    (said,) = exclusion.said("P", S2, [], [Exclusion("urn:site:y")], 5)
    assert said.code == "CONTACT_EXCLUDED"
    assert (said.inputs, said.lots) == (("P", "urn:site:y", "0"), ["P"])
    assert said.arithmetic == (
        "P: 9,924.603175 kg of 35,875 kg Co (27.664399 %); urn:site:y is excluded from 0 us without end "
        "(microseconds since 1970, UTC), valid at 5 us; no threshold"
    )


def test_a_country_and_its_sum() -> None:
    (said,) = exclusion.said("P", S2, [], [Exclusion("CD")], 5)
    assert "35,142.857143 kg of 35,875 kg Co (97.959184 %)" in said.arithmetic
    assert exclusion.said("P", S2, [], [Exclusion("US")], 5) == []
    (pruned,) = exclusion.said("P", {"Co": {"CD OTHER - -": 1, Z: 10**12}}, [], [Exclusion("CD"), Exclusion("urn:site:x")], 5)
    assert pruned.inputs[1] == "CD", "one milligram is a contact; a pruned site is not seen"


def test_a_contact_without_a_share_counts() -> None:
    (said,) = exclusion.said("P", {"Co": {X: 1}}, [Y, Z], [Exclusion("urn:site:y")], 5)
    assert said.arithmetic.startswith(f"P: touched {Y}, 0 mg of which is left; urn:site:y is excluded")


def test_it_is_valid_for_its_time() -> None:
    one = Exclusion("CD", 10, 20)
    assert [bool(exclusion.said("P", S2, [], [one], at)) for at in (9, 10, 19, 20)] == [False, True, True, False]
    (said,) = exclusion.said("P", S2, [], [one], 10)
    assert "CD is excluded from 10 us until 20 us" in said.arithmetic


def test_each_exclusion_is_a_finding_of_its_own() -> None:
    both = exclusion.said("P", {**S2, "Ni": {Y: 7}}, [Y], [Exclusion("CD"), Exclusion("urn:site:y")], 5)
    assert [s.inputs[1] for s in both] == ["CD", "urn:site:y"]
    assert "7 mg" not in both[0].arithmetic
    assert "0.000007 kg of 0.000007 kg Ni (100 %)" in both[1].arithmetic


def test_elements_are_told_in_their_order() -> None:
    (said,) = exclusion.said("P", {"Ni": {Y: 2}, "Co": {Y: 1}, "Cu": {Z: 9}}, [], [Exclusion("urn:site:y")], 5)
    assert said.arithmetic.startswith("P: 0.000001 kg of 0.000001 kg Co (100 %); 0.000002 kg of 0.000002 kg Ni (100 %); urn:")


def test_parts_of_a_word_are_no_name() -> None:
    keys = {"Co": {"CD urn:site:yy mine urn:site:y": 5}}
    assert exclusion.said("P", keys, [], [Exclusion("urn:site:y"), Exclusion("mine"), Exclusion("C")], 5) == []


KEYS = [f"{country} urn:site:{n} mine -" for country in ("AA", "BB", "CC") for n in range(3)]


@settings(max_examples=100, deadline=None)
@given(
    held=st.dictionaries(st.sampled_from(KEYS), st.integers(0, 10**12)),
    touched=st.sets(st.sampled_from(KEYS)),
    excluded=st.sampled_from(["AA", "BB", "urn:site:0", "urn:site:2", "urn:site:9"]),
)
def test_it_speaks_where_and_only_where_something_is_of_it(held: dict[str, int], touched: set[str], excluded: str) -> None:
    said = exclusion.said("P", {"Co": held}, touched, [Exclusion(excluded)], 5)
    of_it = {k for k in KEYS if k.startswith(f"{excluded} ") or f" {excluded} " in k}
    assert bool(said) == any(mg and k in of_it for k, mg in held.items()) or bool(touched & of_it)
    assert said == exclusion.said(
        "P", {"Co": dict(reversed(held.items()))}, sorted(touched, reverse=True), [Exclusion(excluded)], 5
    )


# -- in a transaction -----------------------------------------------------------------------------------------------

A, B = "urn:site:a", "urn:site:b"


def plant(exclusion: Exclusion = Exclusion("CD")) -> Books:  # noqa: B008  # frozen
    return Books(**{A: SiteBook(exclusions=[exclusion])})


def f7(outcomes: list[Outcome]) -> list[tuple[str, str]]:
    return [(f.lots[0], f.state) for o in outcomes for f in o.findings if f.code == "CONTACT_EXCLUDED"]


def test_what_holds_nothing_and_has_touched_it_is_held_too() -> None:
    """A residue without copper of a feed of the excluded country: no share, and a contact, also at its receiver."""
    books = Books(**{site: SiteBook(exclusions=[Exclusion("CD")]) for site in (A, B)})
    books(add("feed", "10", A, cu="10", country_of_origin="CD"))
    done = books(transform(A, [("feed", "10", {})], [("p", "1", {"cu": "100"}), ("residue", "9", {"cu": "0"})]))
    assert sorted(f7(done)) == [("p", "open"), ("residue", "open")]
    assert books.lot(A, "residue").shares == {}
    (found,) = [f for o in done for f in o.findings if f.lots == ["residue"]]
    assert found.arithmetic.startswith("residue: touched CD - - -, 0 mg of which is left; CD is excluded")
    sent = ship("residue", "4", A, B, consignment_id="c")
    assert f7(books(sent, receive("residue", "4", B, consignment_id="c"))) == [("residue", "open")]


def test_a_lot_that_was_emptied_keeps_it_and_one_that_is_void_has_none() -> None:
    books, came = plant(), add("x", "10", A, cu="10", country_of_origin="CD")
    assert f7(books(came)) == [("x", "open")]
    gone = ship("x", "10", A, B, consignment_id="c")
    assert f7(books(gone)) == []
    assert "CONTACT_EXCLUDED" in books.open(A), "for what was made of it"
    assert f7(books(declared(gone), declared(came))) == [("x", "superseded")]
    assert "CONTACT_EXCLUDED" not in books.open(A)


@pytest.mark.parametrize(("hours", "found"), [(1, []), (2, [("x", "open")]), (3, [("x", "open")]), (4, [])])
def test_the_time_that_counts_is_that_of_the_event(hours: int, found: list[tuple[str, str]]) -> None:
    """Excluded from hour 2 to before hour 4; recorded at hour 3, whenever it was."""
    books = plant(Exclusion("CD", START + 2 * HOUR, START + 4 * HOUR))
    came = add("x", "10", A, cu="10", country_of_origin="CD", event_time_us=START + hours * HOUR)
    assert f7(books.fold.submit(entry(came, record_time_us=START + 3 * HOUR))) == found


def looked_at(*lots: Lot) -> list[str]:
    """What one lot is said to be in, as it is at one time after the other."""
    view = View(A, {})
    view.put(Head(book=SiteBook(exclusions=[Exclusion("CD")])))
    draft = Draft(view, tick(A, START))
    for lot in lots:
        exclusion.look(draft, lot)
    assert {f.code for f in draft.findings} <= {"CONTACT_EXCLUDED"}
    return [f.state for f in draft.findings]


@pytest.mark.parametrize(("times", "found"), [(2, ["open"]), (1, ["open"]), (0, []), (-1, [])])
def test_a_contact_that_was_taken_back_is_none(times: int, found: list[str]) -> None:
    """While a restatement is on its way a count may be below zero for a while. With a share of another country, or of none."""
    for vectors in ({}, {"Cu": {"ZM - - -": 5}}):
        assert looked_at(Lot("x", entered_dry_mg=10, shares=Shares(vectors, contacts={X: times}))) == found
    held = Lot("x", entered_dry_mg=10, shares=Shares({"Cu": {X: 5}}))
    assert looked_at(held, Lot("x", entered_dry_mg=10, shares=Shares(contacts={X: times}))) == ["open"], "it is empty now"
    assert looked_at(held, Lot("x", shares=Shares(contacts={X: times}))) == ["open"] + ["superseded"] * (times < 1), (
        "it never was"
    )
