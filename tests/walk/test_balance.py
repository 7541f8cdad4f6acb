"""The mass balance of a MakeEvent, as a stranger recomputes it."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodestream.credentials.jsontext import parse_object
from lodestream.credentials.walk.balance import TOTAL, Balance, Key, Tolerance, key_of, make_balances


def entry(called: str, kg: int | Decimal | None, *, batch: str = "B", unit: str = "KGM", **product: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "product": {"id": f"https://maker.example/p/{called}", "name": called, "batchNumber": batch, **product}
    }
    return made if kg is None else made | {"quantity": {"value": kg, "unit": unit}}


def make(inputs: list[dict[str, Any]], outputs: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": ["MakeEvent", "LifecycleEvent"], "id": "urn:event:1", "inputProduct": inputs, "outputProduct": outputs}


def by_name(balances: list[Balance]) -> dict[str, Balance]:
    return {balance.of: balance for balance in balances}


def grade(share: str) -> dict[str, Any]:
    return {"characteristics": {"cuMassFraction": Decimal(share)}}


SMELT_IN = entry("concentrate", 30_000, **grade("0.3"))
SMELT_OUT = entry("cathode", 10_000, **grade("0.9999"))


def test_more_copper_comes_out_than_went_in_while_the_total_mass_falls() -> None:
    found = by_name(make_balances(make([SMELT_IN], [SMELT_OUT])))
    assert found[TOTAL].verdict == "consistent"
    assert found["Cu"].verdict == "inconsistent"
    assert found["Cu"].recovery == Fraction(9_999, 9_000)
    assert found["Cu"].sentence == (
        "Cu: in 30,000 kg x 30 % (cuMassFraction) = 9,000 kg; out 10,000 kg x 99.99 % (cuMassFraction) = 9,999 kg; "
        "recovery 111.1 % (consistent is at most 102 %, beside stated tolerances)."
    )


def test_with_the_scrap_that_was_left_out_the_copper_balances() -> None:
    found = by_name(make_balances(make([SMELT_IN, entry("scrap", 1_200, **grade("1"))], [SMELT_OUT])))
    assert found["Cu"].verdict == "consistent"
    assert found["Cu"].to_json()["recovery_percent"] == "98.03"


def test_the_grade_of_an_input_that_nobody_states_lies_between_nothing_and_all_of_it() -> None:
    scrap = entry("scrap", 1_200)
    assert by_name(make_balances(make([SMELT_IN, scrap], [SMELT_OUT])))["Cu"].verdict == "not computable"
    found = by_name(make_balances(make([SMELT_IN, entry("scrap", 100)], [SMELT_OUT])))["Cu"]  # even if it is all copper
    assert (found.verdict, found.recovery) == ("inconsistent", None)
    small = by_name(make_balances(make([SMELT_IN, scrap], [entry("cathode", 9_000)])))["Cu"]  # even if it is all copper
    assert small.verdict == "consistent"


def test_a_battery_of_450_kg_is_not_made_of_20_kg() -> None:
    found = make_balances(make([entry("cathode", 20)], [entry("pack", 450, itemNumber="1")]))
    assert [(balance.of, balance.verdict) for balance in found] == [(TOTAL, "inconsistent")]
    assert found[0].recovery == Fraction(450, 20)


def test_primary_production_has_nothing_to_balance() -> None:
    assert make_balances(make([], [SMELT_OUT])) == []


def test_what_is_missing_is_named() -> None:
    found = by_name(make_balances(make([entry("concentrate", None, batch="7")], [SMELT_OUT])))
    assert found[TOTAL].verdict == "not computable"
    assert found[TOTAL].missing == ["https://maker.example/p/concentrate batch 7"]
    assert by_name(make_balances({"inputProduct": [SMELT_IN]}))[TOTAL].missing == ["an outputProduct"]


@pytest.mark.parametrize(
    ("product", "contained"),
    [
        ({"characteristics": {"cuContainedMass": {"value": Decimal("299.5"), "unit": "KGM"}}}, Decimal("299.5")),
        ({"characteristics": {"cuMassFraction": Decimal("0.4"), "dryMass": {"value": 750, "unit": "KGM"}}}, 300),
        ({"characteristics": {"copperContent": {"value": 30, "unit": "P1"}}}, 300),
        ({"characteristics": {"cuGrade": Decimal("0.3")}}, 300),
        ({"materialProvenance": [{"name": "Copper", "massFraction": Decimal("0.1")}] * 3}, 300),
        ({"name": "Copper concentrate (Cu 30%)"}, 300),
        ({"characteristics": {"cuMassFraction": 30}}, None),
        ({"characteristics": {"cuMassFraction": "0.3"}}, None),
        ({"materialProvenance": [{"name": "Copper sulphate", "massFraction": Decimal("0.3")}]}, None),
        ({"materialProvenance": [{"name": "Copper", "massFraction": 1}, {"name": "Copper scrap", "massFraction": 1}]}, None),
    ],
)
def test_spellings_of_a_grade(product: dict[str, Any], contained: int | Decimal | None) -> None:
    event = make([entry("concentrate", 1_000, **product)], [entry("anode", 300, **grade("1"))])
    found = by_name(make_balances(event))["Cu"].inputs[0].amount
    assert (found and found.mg) == (None if contained is None else Fraction(contained) * 1_000_000)


def test_a_passport_says_what_the_event_does_not() -> None:
    event = make([SMELT_IN], [entry("cathode", 10_000, batch="2")])
    passport = {"id": "https://maker.example/p/cathode", "batchNumber": "2", **grade("0.9999")}
    assert by_name(make_balances(event, {key_of(passport): passport}))["Cu"].verdict == "inconsistent"
    other = passport | {"batchNumber": "1"}
    assert by_name(make_balances(event, {key_of(other): other}))["Cu"].verdict == "not computable"


def test_the_weight_of_a_serialised_item_is_in_its_passport() -> None:
    item = entry("pack", None, itemNumber="1", idGranularity="item")
    passport = {Key("https://maker.example/p/pack", "B", "1"): {"dimensions": {"weight": {"value": 450, "unit": "KGM"}}}}
    assert make_balances(make([entry("cathode", 20)], [item]), passport)[0].recovery == Fraction(450, 20)


def test_units_and_stated_tolerances() -> None:
    tonnes = {"product": entry("cathode", 1)["product"], "quantity": {"value": 10, "unit": "TNE", "lowerTolerance": 1}}
    event = make([entry("anode", 9_000)], [tonnes])
    assert make_balances(event)[0].verdict == "consistent"  # 9 t may have come out
    assert make_balances(event, tolerance=Tolerance(Decimal(0)))[0].verdict == "consistent"
    exact = make([entry("anode", 9_000)], [entry("cathode", 10, unit="TNE")])
    assert make_balances(exact)[0].verdict == "inconsistent"
    assert make_balances(exact, tolerance=Tolerance(Decimal(12)))[0].verdict == "consistent"
    assert make_balances(make([entry("anode", 9)], [entry("cathode", 10, unit="DMT")]))[0].verdict == "not computable"


def test_a_band_finds_losses_that_are_too_large() -> None:
    event = make([entry("anode", 100)], [entry("cathode", 80)])
    assert make_balances(event)[0].verdict == "consistent"
    assert make_balances(event, tolerance=Tolerance(Decimal(2), Decimal(90)))[0].verdict == "inconsistent"


def test_dry_masses_are_balanced_where_all_are_stated() -> None:
    wet = entry("concentrate", 1_000, characteristics={"dryMass": {"value": 900, "unit": "KGM"}})
    dry = entry("calcine", 950, characteristics={"dryMass": {"value": 950, "unit": "KGM"}})
    assert make_balances(make([wet], [dry]))[0].verdict == "inconsistent"
    assert make_balances(make([wet], [entry("calcine", 950)]))[0].verdict == "consistent"


def test_the_copper_samples_of_untp(shared: Path) -> None:
    folder = shared / "data/untp/samples/0.7.0"
    read = {name: parse_object((folder / f"Digital{name}_instance.json").read_bytes(), name) for name in SAMPLES}
    passports = {
        key_of(each["credentialSubject"]): each["credentialSubject"] for name, each in read.items() if "Passport" in name
    }
    smelter = by_name(make_balances(read["TraceabilityEvent_smelter_make"]["credentialSubject"][0], passports))
    assert (smelter[TOTAL].verdict, smelter["Cu"].verdict) == ("consistent", "inconsistent")
    assert smelter["Cu"].recovery == Fraction(9_999, 9_000)
    battery = by_name(make_balances(read["TraceabilityEvent_battery_make"]["credentialSubject"][0], passports))
    assert (battery[TOTAL].verdict, battery[TOTAL].recovery) == ("inconsistent", Fraction(450, 20))
    assert battery["Cu"].recovery == Fraction(36) / (20 * Fraction("0.9999"))


SAMPLES = (
    "ProductPassport",
    "ProductPassport_cathode",
    "ProductPassport_battery",
    "TraceabilityEvent_smelter_make",
    "TraceabilityEvent_battery_make",
)

kilos = st.integers(0, 10**9)
shares = st.integers(0, 10**6).map(lambda millionths: Decimal(millionths).scaleb(-6))


@given(st.lists(st.tuples(kilos, shares), min_size=1, max_size=4), st.lists(st.tuples(kilos, shares), min_size=1, max_size=4))
def test_the_verdict_is_that_of_the_sums(inputs: list[tuple[int, Decimal]], outputs: list[tuple[int, Decimal]]) -> None:
    event = make(*([entry("p", kg, **grade(str(share))) for kg, share in side] for side in (inputs, outputs)))
    into, out = (sum(Fraction(kg) * Fraction(share) for kg, share in side) for side in (inputs, outputs))
    assert by_name(make_balances(event))["Cu"].verdict == ("inconsistent" if out > into * Fraction(102, 100) else "consistent")


@given(
    st.lists(st.tuples(kilos, shares), min_size=1, max_size=4),
    st.lists(st.tuples(kilos, shares), min_size=1, max_size=4),
    st.integers(0, 255),
)
def test_silence_never_turns_one_verdict_into_the_other(
    inputs: list[tuple[int, Decimal]], outputs: list[tuple[int, Decimal]], silent: int
) -> None:
    """What is not stated can make a balance not computable, but neither hide a contradiction that stands nor make one."""
    told = [[entry("p", kg, **grade(str(share))) for kg, share in side] for side in (inputs, outputs)]
    truth = by_name(make_balances(make(*told)))["Cu"].verdict
    flat = [each for side in told for each in side]
    for place, each in enumerate(flat):
        if silent >> place & 1:
            del each["product"]["characteristics"]
    found = by_name(make_balances(make(*told))).get("Cu")
    assert found is None or found.verdict in (truth, "not computable")


NAMES = [
    *("product", "quantity", "value", "unit", "id", "name", "characteristics", "cuMassFraction", "dryMass", "cuContainedMass"),
    *("materialProvenance", "massFraction", "inputProduct", "outputProduct"),
]
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["inputProduct", "outputProduct", "id"]), values), values)
def test_nothing_that_a_stranger_sends_raises(event: dict[str, Any], more: Any) -> None:
    for balance in make_balances(event | {"more": more}):
        assert balance.to_json()["sentence"]


def test_a_share_of_dry_mass_that_nobody_states_is_an_upper_bound() -> None:
    dry = {"characteristics": {"cuMassFraction": Decimal("0.3"), "massFractionBasis": "dry"}}
    found = by_name(make_balances(make([entry("concentrate", 30_000, **dry)], [SMELT_OUT])))["Cu"]
    assert (found.verdict, found.recovery) == ("inconsistent", None)  # no more than 9,000 kg went in
    less = by_name(make_balances(make([entry("concentrate", 40_000, **dry)], [SMELT_OUT])))["Cu"]
    assert less.verdict == "not computable"
