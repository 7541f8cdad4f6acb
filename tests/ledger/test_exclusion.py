"""F7 CONTACT_EXCLUDED: what a lot holds or has touched against what the book excludes."""

from hypothesis import given, settings
from hypothesis import strategies as st

from lodestream.ledger import exclusion
from lodestream.ledger.book import Exclusion

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
