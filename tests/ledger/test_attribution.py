"""The arithmetic of shares, case by case: largest remainder, signs, what stands in for an empty pool, thresholds of pruning."""

from decimal import Decimal

import pytest

from lodestream.epcis.event import Material, OriginPart
from lodestream.ledger.attribution import (
    NOTHING,
    UNKNOWN,
    Vector,
    added,
    apportion,
    drawn,
    in_order,
    key,
    of_item,
    parcel,
    plus,
    pruned,
    scaled,
)
from lodestream.ledger.state import Shares

ZM, CL, CD = "ZM urn:m1 mine -", "CL urn:m2 mine -", "CD - - -"


def never() -> Shares:
    raise AssertionError("the pool can give it: what entered is not asked for")


def test_an_origin_key_has_four_parts_without_spaces_in_them() -> None:
    assert (
        key("ZM", "urn:m 1", "mine", ["RMI b", "CERA", "ASM", "RMI b", "IRMA", "ICMM"])
        == "ZM urn:m_1 mine ASM,CERA,ICMM,IRMA,RMI_b"
    )
    assert key(None, None, None, []) == "ZZ - - -" == UNKNOWN


@pytest.mark.parametrize(
    ("weights", "amount", "parts"),
    [
        ({"a": 1, "b": 1, "c": 1}, 2, {"a": 1, "b": 1}),  # a tie: by key
        ({"c": 1, "b": 1, "a": 1}, 2, {"b": 1, "a": 1}),
        ({"a": 10, "b": 25, "c": 65}, 10, {"a": 1, "b": 3, "c": 6}),  # 1.0, 2.5 and 6.5: a tie, so b gets the one left over
        ({"a": 1, "b": 2, "c": 4}, 5, {"a": 1, "b": 1, "c": 3}),  # 0.71, 1.43 and 2.86: c and a are next
        ({"a": 3, "b": 0}, 3, {"a": 3}),
        ({"a": 3, "b": 0}, 2, {"a": 2}),
        ({"a": 7}, 3, {"a": 3}),
        ({"a": 7}, 0, {}),
    ],
)
def test_largest_remainder(weights: Vector, amount: int, parts: Vector) -> None:
    assert apportion(weights, amount) == parts


@pytest.mark.parametrize(
    ("vector", "amount", "parts"),
    [
        ({"a": 2, "b": 1}, 6, {"a": 4, "b": 2}),
        ({"a": 2, "b": 1}, -6, {"a": -4, "b": -2}),
        ({"a": 2, "b": 1}, 1, {"a": 1}),
        ({"a": 2, "b": 1}, 0, {}),
        ({"a": 1, "b": 1}, 1, {"a": 1}),  # a tie goes to the first key, whatever the sign
        ({"a": 1, "b": 1}, -1, {"a": -1}),
        ({"a": 2, "b": -1}, 6, {UNKNOWN: 6}),
        ({"a": 0, "b": 3}, 6, {"b": 6}),
        ({"a": 1, "b": 1}, 4, {"a": 2, "b": 2}),
        ({"a": 0, "b": 0}, 6, {UNKNOWN: 6}),
        ({}, 6, {UNKNOWN: 6}),
        ({}, 0, {}),
    ],
)
def test_a_vector_at_another_sum(vector: Vector, amount: int, parts: Vector) -> None:
    assert scaled(vector, amount) == parts


def test_sums_and_differences() -> None:
    one = Shares({"Cu": {ZM: 5, CL: 2}, "Co": {ZM: 1}}, 100, 40, {CD: 1})
    other = Shares({"Cu": {ZM: 5}, "Co": {ZM: 1}, "Ni": {CL: 3}}, 30, 10, {CD: 1, CL: 1})
    assert plus(one, other) == Shares({"Cu": {ZM: 10, CL: 2}, "Co": {ZM: 2}, "Ni": {CL: 3}}, 130, 50, {CD: 2, CL: 1})
    assert plus(one, other, -1) == Shares({"Cu": {CL: 2}, "Ni": {CL: -3}}, 70, 30, {CL: -1})
    assert one == Shares({"Cu": {ZM: 5, CL: 2}, "Co": {ZM: 1}}, 100, 40, {CD: 1}), "shares are values"
    assert plus(one, NOTHING) is one
    assert added(None, {ZM: 2}, -1) == {ZM: -2}
    assert added({ZM: 2}, {ZM: -2, CL: 0}) == {}
    assert [added(None, {ZM: 2, CL: 0}, sign) for sign in (1, -1)] == [{ZM: 2}, {ZM: -2}], "nothing is not named"


@pytest.mark.parametrize(
    "more",
    [Shares({"Cu": {ZM: 1}}), Shares(carbon_g=1), Shares(uncovered_mg=1), Shares(contacts={ZM: 1})],
    ids=["content", "carbon", "uncovered", "contacts"],
)
def test_each_part_of_shares_counts_alone(more: Shares) -> None:
    assert plus(NOTHING, more) == more


POOL = Shares({"Cu": {ZM: 60, CL: 40}, "Co": {CD: 9}}, 1_001, 7, {"PE - - -": 1})


def test_a_draw_takes_in_proportion_and_half_of_the_carbon_to_even() -> None:
    """Half of 1001 g is 500.5, half of 7 mg is 3.5: 500 and 4. Whoever is in the pool and has no part is a contact."""
    assert drawn(POOL, {"Cu": 10, "Co": 0}, 5, 10, never) == Shares({"Cu": {ZM: 6, CL: 4}}, 500, 4, {CD: 1, "PE - - -": 1})
    assert list(drawn(POOL, {"Cu": 10}, 5, 10, never).contacts) == [CD, "PE - - -"]
    assert drawn(POOL, {"Cu": 100, "Co": 9}, 10, 10, never) == POOL
    assert drawn(POOL, {}, 0, 0, never) == Shares({}, 1_001, 7, {CL: 1, CD: 1, "PE - - -": 1, ZM: 1})
    assert drawn(POOL, {}, 3, 0, never) == Shares({}, 0, 0, {CL: 1, CD: 1, "PE - - -": 1, ZM: 1})


def test_one_key_gives_all_of_a_draw() -> None:
    assert drawn(Shares({"Co": {CD: 9}}), {"Co": 9}, 9, 9, never) == Shares({"Co": {CD: 9}})
    assert drawn(Shares({"Co": {CD: 9}}), {"Co": 8}, 8, 9, never) == Shares({"Co": {CD: 8}})


@pytest.mark.parametrize(
    ("pool", "taken", "parts"),
    [
        ({CD: 9}, 10, {ZM: 5, CL: 5}),  # too little
        ({CD: 5, ZM: 4}, 10, {ZM: 5, CL: 5}),
        ({CD: 12, ZM: -1}, 10, {ZM: 5, CL: 5}),  # a part below zero
        ({CD: 10, ZM: 0}, 10, {CD: 10}),
        ({CD: 5, ZM: 5}, 10, {CD: 5, ZM: 5}),  # just enough
        (None, 10, {ZM: 5, CL: 5}),
    ],
)
def test_what_entered_stands_in_for_a_pool_that_cannot_give(pool: Vector | None, taken: int, parts: Vector) -> None:
    entered = Shares({"Cu": {ZM: 50, CL: 50}})
    vectors = {} if pool is None else {"Cu": pool}
    assert drawn(Shares(vectors), {"Cu": taken}, 1, 1, lambda: entered).vectors == {"Cu": parts}
    assert drawn(Shares(), {"Cu": taken}, 1, 1, lambda: NOTHING).vectors == {"Cu": {UNKNOWN: taken}}


def test_a_parcel_with_an_assay_of_its_own() -> None:
    """What is stated for the parcel takes the proportion of what was taken; an element that was not there has no origin."""
    taken = Shares({"Cu": {ZM: 6, CL: 4}, "Co": {CD: 3}}, 9, 2, {"PE - - -": 1})
    brought = parcel(taken, {"Cu": 20, "Co": 3, "Ni": 5, "Li": 0})
    assert brought == Shares({"Cu": {ZM: 12, CL: 8}, "Co": {CD: 3}, "Ni": {UNKNOWN: 5}}, 9, 2, {"PE - - -": 1})


def test_vectors_are_written_by_element_and_key() -> None:
    made = in_order({"Ni": {ZM: 1, CL: 2}, "Cu": {ZM: 3}})
    assert [(e, list(v)) for e, v in made.items()] == [("Cu", [ZM]), ("Ni", [CL, ZM])]


# -- what an item says ------------------------------------------------------------------------------------------------


def part(country: str, parts: str, element: str | None = None) -> OriginPart:
    return OriginPart(country=country, parts=Decimal(parts), element=element)


def test_an_item_without_origins() -> None:
    """Mined here where no site is named; scrap is of nowhere until somebody says."""
    mined = Material("object", "x", country_of_origin="ZM", source_class="mine", embodied_g_co2e=0)
    assert of_item(mined, {"Cu": 5, "Co": 0}, 20, "urn:m1") == Shares({"Cu": {ZM: 5}})
    scrap = Material("object", "x", source_class="end_of_life", embodied_g_co2e=12)
    assert of_item(scrap, {"Cu": 5}, 20, "urn:m1") == Shares({"Cu": {"ZZ - end_of_life -": 5}}, 12, 0)
    named = Material("object", "x", country_of_origin="CL", site_of_origin="urn:m2", source_class="mine", schemes=["CERA"])
    assert of_item(named, {"Cu": 5}, 20, "urn:m1") == Shares({"Cu": {"CL urn:m2 mine CERA": 5}}, 0, 20)
    assert of_item(None, {"Cu": -5}, 20, "urn:m1") == Shares({"Cu": {UNKNOWN: -5}}, 0, 20)


def test_the_origins_of_an_item_by_element_and_for_the_rest() -> None:
    """0.5 : 0.25 : 0.25 of copper, the same country twice; the rest of the elements by 1 : 2; a part of nothing is no origin."""
    copper = [part("ZM", "0.25", "Cu"), part("CL", "0.5", "Cu"), part("ZM", "0.25", "Cu"), part("PE", "0", "Cu")]
    said = Material("object", "x", origins=[*copper, part("CD", "1"), part("FI", "2")], embodied_g_co2e=3)
    shares = of_item(said, {"Cu": 9, "Ni": 9}, 20, "urn:m1")
    assert shares.vectors == {"Cu": {"CL - - -": 5, "ZM - - -": 4}, "Ni": {"CD - - -": 3, "FI - - -": 6}}
    assert of_item(said, {"Cu": -9}, 20, "urn:m1").vectors == {"Cu": {"CL - - -": -5, "ZM - - -": -4}}
    assert of_item(said, {"Cu": 1}, 20, "urn:m1").vectors == {"Cu": {"CL - - -": 1}}
    tied = Material("object", "x", origins=[part("CD", "1"), part("FI", "1")])
    assert [of_item(tied, {"Cu": mg}, 20, "urn:m1").vectors["Cu"] for mg in (1, -1)] == [{"CD - - -": 1}, {"CD - - -": -1}]
    nothing = Material("object", "x", origins=[part("PE", "0")], country_of_origin="CL")
    assert of_item(nothing, {"Cu": 9}, 20, "urn:m1").vectors == {"Cu": {"CL - - -": 9}}
    unlike = Material("object", "x", origins=[part("CD", "0.3"), part("FI", "0.45")])
    assert of_item(unlike, {"Cu": 750}, 20, "urn:m1").vectors == {"Cu": {"CD - - -": 300, "FI - - -": 450}}


# -- pruning ----------------------------------------------------------------------------------------------------------


def pool(keys: int, small_mg: int) -> Vector:
    """`keys` keys with a whole of 1,000,000,000 mg: one has `small_mg`, one the rest, and the others 1,000,000 each."""
    others = {f"CD urn:{n:02} mine -": 1_000_000 for n in range(keys - 2)}
    return {**others, "ZM urn:tail mine -": small_mg, "ZM urn:head mine -": 10**9 - (keys - 2) * 1_000_000 - small_mg}


def test_the_tail_is_pruned_below_a_millionth_and_above_64_keys() -> None:
    """1000 mg are a millionth of 1000 kg and stay; 999 mg become OTHER of their country and a contact."""
    assert pruned(Shares({"Cu": pool(65, 1_000)})) == Shares({"Cu": pool(65, 1_000)})
    assert pruned(Shares({"Cu": pool(64, 999)})) == Shares({"Cu": pool(64, 999)})
    kept = pool(65, 999)
    small = kept.pop("ZM urn:tail mine -")
    shares = pruned(Shares({"Cu": pool(65, 999), "Co": {CD: 1}}, 5, 6, {"PE - - -": 1}))
    contacts = {"PE - - -": 1, "ZM urn:tail mine -": 1}
    assert shares == Shares({"Cu": {**kept, "ZM OTHER - -": small}, "Co": {CD: 1}}, 5, 6, contacts)


def test_a_millionth_is_exact_at_any_size() -> None:
    """1,000,000 mg of 1,000,000,000,001 mg are less than a millionth, of 1,000,000,000,000 mg they are not."""
    vector = {"ZM urn:tail mine -": 1_000_000, **{f"CD urn:{n:02} mine -": 10**10 for n in range(63)}}
    rest = 10**12 - sum(vector.values())
    at, below = ({**vector, "ZM urn:head mine -": rest + more} for more in (0, 1))
    assert pruned(Shares({"Cu": at})).vectors["Cu"] == at
    assert pruned(Shares({"Cu": below})).vectors["Cu"]["ZM OTHER - -"] == 1_000_000


def test_the_order_of_keys_does_not_depend_on_the_process() -> None:
    small = {f"{country} urn:dust mine -": 1 for country in ("ZM", "CL", "PE", "CD", "FI", "AU")}
    shares = pruned(Shares({"Cu": {**pool(65, 10**6), **small}}))
    others = [k for k in shares.vectors["Cu"] if " OTHER " in k]
    assert others == [f"{country} OTHER - -" for country in ("AU", "CD", "CL", "FI", "PE", "ZM")]
    assert list(drawn(Shares({"Cu": small}), {}, 0, 1, never).contacts) == sorted(small)


def test_what_is_other_already_is_not_pruned_again_and_grows() -> None:
    vector = pool(66, 999)
    vector["ZM urn:head mine -"] -= 400
    vector["ZM OTHER - -"] = 300
    vector["ZM urn:dust mine -"] = 100
    shares = pruned(Shares({"Cu": vector}))
    assert shares.vectors["Cu"]["ZM OTHER - -"] == 1_399
    assert shares.contacts == {"ZM urn:tail mine -": 1, "ZM urn:dust mine -": 1}
    again = pruned(shares)
    assert again is shares


def test_only_the_element_with_the_tail_is_pruned() -> None:
    """A short vector before a long one does not keep the long one from being pruned."""
    shares = pruned(Shares({"Co": {CD: 1}, "Cu": pool(65, 999)}))
    assert "ZM OTHER - -" in shares.vectors["Cu"]
    assert shares.vectors["Co"] == {CD: 1}
