"""Properties: exact against plain rationals, the same in any unit, proportional, and integers all the way."""

from decimal import Decimal
from fractions import Fraction
from math import isqrt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodestream.epcis.event import Assay, ContainedMass
from lodestream.measures import Measured, decimal, kg, measure, percent, quadrature, share, tonnes
from lodestream.measures.exact import rounded
from tests.measures.stating import assay, line, measured

masses = st.decimals("0", "1000000", places=6)
moistures = st.decimals("0", "99.99", places=4)
grades = st.decimals("0", "100", places=5)
IN_MG = {"KGM": 10**6, "TNE": 10**9, "GRM": 10**3, "MGM": 1, "KTN": 10**12}


@given(masses, moistures, grades)
def test_one_rounding_of_the_exact_product(mass: Decimal, moisture: Decimal, grade: Decimal) -> None:
    result = measured(str(mass), "KGM", "wet", moisture_percent=str(moisture), assays=[assay("Cu", str(grade))])
    dry = Fraction(mass) * 10**6 * (1 - Fraction(moisture) / 100)
    assert result.contained_mg["Cu"] == round(dry * Fraction(grade) / 100)
    assert (result.wet_mg, result.dry_mg, result.dry_exact) == (round(Fraction(mass) * 10**6), round(dry), dry)
    assert result.moisture == Fraction(moisture) / 100


def amounts(of: Measured) -> list[object]:
    """All that was measured; the ratios behind it are not reduced, so they are compared as numbers."""
    return [of.wet_mg, of.dry_mg, of.contained_mg, of.u_mg, of.u_dry_mg, of.dry_exact, of.moisture, of.notes]


@given(masses, moistures, grades, st.sampled_from(sorted(IN_MG)))
def test_a_change_of_unit_changes_nothing(mass: Decimal, moisture: Decimal, grade: Decimal, uom: str) -> None:
    """P7: kilograms or another unit, wet with moisture or dry, percent or another unit, dry or as received."""
    stated = {"moisture_percent": str(moisture)}
    first = measured(str(mass), "KGM", "wet", assays=[assay("Cu", str(grade))], **stated)
    other = mass.scaleb(6 - len(str(IN_MG[uom])) + 1)
    same = measured(f"{other:f}", uom, "as_received", assays=[assay("Cu", f"{grade * 10:f}", "NX")], **stated)
    assert amounts(same) == amounts(first)
    dry = mass * (100 - moisture) / 100
    second = measured(f"{dry:f}", "MND", None, assays=[assay("Cu", str(grade))], **stated)
    assert (second.wet_mg, second.dry_mg, second.contained_mg) == (first.wet_mg, first.dry_mg, first.contained_mg)
    as_received = grade * (100 - moisture) / 100
    third = measured(str(mass), "KGM", "wet", assays=[assay("Cu", f"{as_received:f}", basis="as_received")], **stated)
    assert third.contained_mg == first.contained_mg


@given(st.integers(0, 10**6), st.integers(1, 1000), st.integers(0, 100))
def test_proportional_where_nothing_rounds(tonnage: int, times: int, grade: int) -> None:
    """P8: n times the mass is n times the metal."""
    one = measured(str(tonnage), "TNE", "dry", assays=[assay("Ni", str(grade))])
    many = measured(str(tonnage * times), "TNE", "dry", assays=[assay("Ni", str(grade))])
    assert many.contained_mg["Ni"] == times * one.contained_mg["Ni"]
    assert abs(many.u_mg["Ni"] - times * one.u_mg["Ni"]) <= times


@given(masses, moistures, grades)
def test_uncertainty_is_that_of_the_formula(mass: Decimal, moisture: Decimal, grade: Decimal) -> None:
    result = measured(str(mass), "KGM", "wet", moisture_percent=str(moisture), assays=[assay("Cu", str(grade))])
    wet, damp, g = Fraction(mass) * 10**6, Fraction(moisture) / 100, Fraction(grade) / 100
    square = (wet * (1 - damp) * g / 1000) ** 2 + (wet * g * 15 / 10**4) ** 2 + (wet * (1 - damp) / 1000) ** 2
    assert abs(result.u_mg["Cu"] - isqrt(int(square))) <= 1 + isqrt(int(square)) // 10**9


@given(st.fractions())
def test_half_to_even(value: Fraction) -> None:
    assert rounded((value.numerator, value.denominator)) == round(value)


@given(st.integers(-(2**63), 2**63), st.integers(-(2**63), 2**63), st.integers(-(2**63), 2**63).filter(bool))
def test_share_is_the_rounded_quotient(total: int, part: int, whole: int) -> None:
    assert share(total, part, whole) == round(Fraction(total * part, whole))


@given(st.lists(st.integers(0, 2**62), max_size=6))
def test_quadrature_is_the_nearest_root(parts: list[int]) -> None:
    square = sum(part * part for part in parts)
    found = quadrature(*parts)
    assert (2 * found - 1) ** 2 <= 4 * square < (2 * found + 1) ** 2 or found == square == 0


def leaves(value: object) -> list[object]:
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    if isinstance(value, list | tuple):
        return [leaf for inner in value for leaf in leaves(inner)]
    return [value]


@given(masses, moistures, grades)
def test_no_float_anywhere(mass: Decimal, moisture: Decimal, grade: Decimal) -> None:
    stated = line(
        str(mass), "LTN", "wet", moisture_percent=str(moisture), assays=[assay("Li2O", str(grade))], chemical_form="Li2CO3"
    )
    result = measure(stated)
    assert isinstance(result, Measured)
    values = [getattr(result, field) for field in (*result.__struct_fields__, "dry_exact", "moisture")]
    assert {type(leaf) for leaf in leaves(values)} <= {
        int,
        str,
        bool,
        Fraction,
        type(None),
        *(type(note) for note in result.notes),
    }


def test_moisture_of_the_lot_or_the_offer() -> None:
    without = line("1000", "KGM", "wet", assays=[assay("Cu", "30")])
    unknown = measure(without)
    assert isinstance(unknown, Measured)
    assert (unknown.wet_mg, unknown.dry_mg, unknown.assayed, unknown.contained_mg) == (10**9, None, False, {})
    assert unknown.remarks == ["Cu: a grade on dry basis needs the moisture"]
    known = measure(without, moisture=(1, 3))
    assert isinstance(known, Measured)
    assert (known.dry_mg, known.contained_mg) == (666_666_667, {"Cu": 200_000_000})
    own = measure(line("1000", "KGM", "wet", moisture_percent="10"), moisture=(1, 3))
    assert isinstance(own, Measured)
    assert own.dry_mg == 900_000_000


def test_the_assay_furthest_in_settlement_counts() -> None:
    ours, theirs = assay("Cu", "28.50", status="final"), assay("Cu", "28.10", status="provisional")
    assert measured("1", "TNE", "dry", assays=[ours, theirs]).contained_mg == {"Cu": 285_000_000}
    assert measured("1", "TNE", "dry", assays=[theirs, ours]).statuses == {"Cu": "final"}
    umpire = measured("1", "TNE", "dry", assays=[assay("Cu", "28.3", status="umpire"), ours])
    assert (umpire.contained_mg, umpire.statuses) == ({"Cu": 283_000_000}, {"Cu": "umpire"})


def test_contained_stated_outright() -> None:
    bleed = measured(None, None, contained=[ContainedMass("Cu", Decimal("1.900"), "TNE")])
    assert (bleed.contained_mg, bleed.u_mg, bleed.assayed) == ({"Cu": 1_900_000_000}, {"Cu": 19_000_000}, True)
    oxide = measured("5", "TNE", "dry", contained=[ContainedMass("Li2O", Decimal(1), "TNE")], mass_uncertainty_percent="2")
    assert (oxide.contained_mg, oxide.u_mg) == ({"Li": 464_540_000}, {"Li": 9_290_800})


def test_how_uncertain_each_class_is() -> None:
    def relative(grade: Assay, **item: str) -> str:
        result = measured("1000", "TNE", "dry", assays=[grade], **item)
        (element,) = result.contained_mg
        return percent(result.u_mg[element], result.contained_mg[element])

    assert relative(assay("Cu", "0.85"), product_class="ore") == "1.5033 %"
    assert relative(assay("Cu", "0.85"), product_class="ore", mass_method="belt") == "1.5207 %"
    assert relative(assay("Cu", "0.118"), loss_class="tailings") == "2.5 %"
    assert relative(assay("Cu", "0.68"), product_class="slag") == "5.3852 %"
    assert relative(assay("Cu", "99.99"), product_class="cathode") == "0.0502 %"
    assert relative(assay("Co", "20.5"), product_class="sulphate") == "0.4904 %"
    assert relative(assay("Li2O", "6"), product_class="concentrate") == "0.8393 %"
    assert relative(assay("Cu", "30"), mass_method="weighbridge") == "0.348 %"
    assert relative(assay("Cu", "30", uncertainty="0.3"), mass_uncertainty_percent="0") == "1 %"


def test_how_uncertain_a_dry_mass_is() -> None:
    """1 % of 900 kg dry and 1.2 points of 1,000 kg wet are 9 and 12 kg, together 15; weighed dry it is the mass alone."""
    weighed: dict[str, Any] = {"mass_uncertainty_percent": "1", "moisture_uncertainty_points": "1.2"}
    assert measured("1000", "KGM", "wet", moisture_percent="10", **weighed).u_dry_mg == 15_000_000
    assert measured("900", "KGM", "dry", moisture_percent="10", **weighed).u_dry_mg == 9_000_000
    assert measured("1000", "KGM", "wet", **weighed).u_dry_mg == 0, "nothing is known of it"


def test_zero_is_a_quantity_with_an_uncertain_grade() -> None:
    assert measured("0", "KGM", "dry", assays=[assay("Cu", "30")]).contained_mg == {"Cu": 0}
    assert measured("1000", "KGM", "dry", assays=[assay("Cu", "0")]).u_mg == {"Cu": 1_000_000}


def test_how_amounts_read() -> None:
    assert (kg(855_855_000_000), kg(-1), kg(0)) == ("855,855 kg", "-0.000001 kg", "0 kg")
    assert (tonnes(517_504_117_600), tonnes(-263_460_000)) == ("517.5041176 t", "-0.26346 t")
    assert (percent(9_999, 10_200), percent(-1, 8), percent(1, 0)) == ("98.0294 %", "-12.5 %", "- %")
    assert decimal((1, 3)) == "0.333333"


@pytest.mark.parametrize("one", ["provisional", "exchanged", "final", "umpire", "guessed"])
@pytest.mark.parametrize("other", ["provisional", "exchanged", "final", "umpire", "guessed"])
def test_the_furthest_settled_assay_counts_and_of_two_alike_the_last(one: str, other: str) -> None:
    """What is none of the four is as provisional as can be."""
    rank = {"exchanged": 1, "final": 2, "umpire": 3}
    assays = [assay("Cu", "30", status=one), assay("Cu", "28", status=other)]
    chosen = measured("1", "TNE", "dry", assays=assays)
    later = rank.get(other, 0) >= rank.get(one, 0)
    assert (chosen.contained_mg["Cu"], chosen.statuses) == (
        280_000_000 if later else 300_000_000,
        {"Cu": other if later else one},
    )


def test_a_contained_mass_that_is_stated_beside_its_grade_is_counted_once() -> None:
    """60 % Cu and 600 kg of it in a tonne are 60 %, not 120."""
    both = measured("1", "TNE", "dry", assays=[assay("Cu", "60")], contained=[ContainedMass("Cu", Decimal("0.6"), "TNE")])
    assert both.contained_mg == {"Cu": 600_000_000}


def test_what_is_no_element_is_remarked() -> None:
    told = measured("1", "TNE", "dry", assays=[assay("Cu", "30"), assay("Fluff", "1")])
    assert (told.contained_mg, told.remarks) == (
        {"Cu": 300_000_000},
        ["Fluff is neither an element nor a compound of the table: kept as information"],
    )


@pytest.mark.parametrize(
    ("substance", "grams", "mg", "u_mg"),
    [("Li", "3.3333", 3_333_300, 166_698), ("Li", "0", 0, 0), ("Li2O", "3.3333", 1_548_451, 77_438)],
)
def test_a_solution_is_its_volume_by_its_concentration(substance: str, grams: str, mg: int, u_mg: int) -> None:
    """1,000 l at 3.3333 g/l; u = root((0.1 %)^2 + (5 %)^2) of it: 5.001 %."""
    told = measured(None, None, volume="1000", volume_uom="LTR", assays=[assay(substance, grams, "GL")])
    assert (told.contained_mg, told.u_mg) == ({"Li": mg}, {"Li": u_mg})
