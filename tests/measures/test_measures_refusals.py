"""What is not measured, and what the refusal tells the person who sent it."""

from decimal import Decimal

import pytest

from lodestream.epcis.event import Assay, ContainedMass, Material
from lodestream.measures import Line, Measured, Refusal, kg, measure
from lodestream.measures.stoichiometry import upper_bound
from lodestream.measures.uncertainty import SCALE
from lodestream.measures.units import MASS
from tests.measures.stating import assay, line, measured


def refused(of: Line, code: str, rule: str) -> Refusal:
    result = measure(of)
    assert isinstance(result, Refusal), result
    assert (result.code, result.rule) == (code, rule)
    assert result.arithmetic.startswith("lot: ")
    assert result.arithmetic != "lot: ", "it says why"
    return result


@pytest.mark.parametrize(
    ("uom", "says"),
    [
        ("DMT", "decimetre"),
        ("dmt", "decimetre"),
        ("WMT", "massBasis wet"),
        ("wmt", "massBasis wet"),
        ("DT", "massBasis dry"),
        ("WE", "massBasis wet"),
        ("MD", "air dry"),
        ("E28", "air dry"),
        ("E4", "tare"),
        ("XYZ", "no mass unit"),
    ],
)
def test_units_refused_by_name(uom: str, says: str) -> None:
    result = refused(line("1000", uom, "dry"), "UNIT_REFUSED", "F44")
    assert uom in result.arithmetic.split(": ")[1] or uom.upper() in result.arithmetic
    assert says in result.arithmetic


def test_a_dry_unit_is_not_wet() -> None:
    refused(line("1000", "MND", "wet"), "UNIT_REFUSED", "F44")
    refused(line("1000", "GDW", "as_received"), "UNIT_REFUSED", "F44")
    refused(line("1000", "W2", "dry"), "UNIT_REFUSED", "F44")


def test_units_that_say_their_basis() -> None:
    assert measured("1000", "MND").dry_mg == measured("1000000", "GDW").dry_mg == 1000 * 10**6
    assert (measured("1000", "W2").wet_mg, measured("1000", "W2").dry_mg) == (1000 * 10**6, None)


def test_basis_missing_keeps_the_mass() -> None:
    assert refused(line("1000", "KGM"), "BASIS_MISSING", "F41").mass_mg == 1000 * 10**6
    assert refused(line("1000", "KGM", "damp"), "BASIS_MISSING", "F41").mass_mg == 1000 * 10**6
    assert (
        "basis 'ash'"
        in refused(line("1", "KGM", "dry", assays=[assay("Cu", "1", basis="ash")]), "BASIS_MISSING", "F41").arithmetic
    )
    by_book = measure(line("1000", "KGM"), "dry")
    assert isinstance(by_book, Measured)
    assert by_book.dry_mg == 1000 * 10**6


def test_no_quantity() -> None:
    refused(line(None, None, "dry"), "NO_QUANTITY", "F46")
    assert "count of 20" in refused(line("20", None, "dry"), "NO_QUANTITY", "F46").arithmetic
    refused(line("20", "EA", "dry"), "NO_QUANTITY", "F46")
    refused(Line("object", "lot", instance=True), "NO_QUANTITY", "F46")
    refused(line(None, "KGM", "dry", gross="20"), "NO_QUANTITY", "F46")
    refused(line(None, "KGM", "dry", gross="20", tare="21"), "NO_QUANTITY", "F46")
    refused(line("-1", "KGM", "dry"), "NO_QUANTITY", "F46")
    refused(line("1200", "MTQ", assays=[assay("Co", "1")]), "NO_QUANTITY", "F46")
    refused(line("1200", "KGM", "dry", assays=[assay("Co", "1", "GL")]), "NO_QUANTITY", "F46")
    assert "no unit" in refused(line(None, None, "dry", mass="5"), "UNIT_REFUSED", "F44").arithmetic


def test_an_instance_weighs_by_its_item() -> None:
    seal = Line(
        "object",
        "sscc",
        material=Material(role="object", id="sscc", mass=Decimal(1005), uom="KGM", mass_basis="dry"),
        instance=True,
    )
    result = measure(seal)
    assert isinstance(result, Measured)
    assert result.dry_mg == 1005 * 10**6


def test_gross_less_tare_is_the_mass() -> None:
    assert measured("99", "KGM", "dry", gross="20100.5", tare="100.25").dry_mg == 20_000_250_000
    assert measured("20100.5", "E4", "dry", gross="20100.5", tare="100.25").dry_mg == 20_000_250_000
    assert measured("20100.5", "E4", "dry", tare="100.25").dry_mg == 20_000_250_000
    assert measured(None, None, "dry", mass="20100.5", uom="E4", tare="100.25").dry_mg == 20_000_250_000


def test_the_items_mass_is_before_the_quantity() -> None:
    assert measured("20", None, "dry", mass="2", uom="TNE").dry_mg == 2 * 10**9
    assert measured("20", "DMT", "dry", mass="2", uom="TNE").dry_mg == 2 * 10**9
    assert measured("2000", "KGM", "dry", uom="TNE").dry_mg == 2 * 10**9


def test_grades_that_cannot_be() -> None:
    for value, unit in {"100.01": "P1", "1000.1": "NX", "1000001": "59", "-0.1": "P1"}.items():
        refused(line("1", "TNE", "dry", assays=[assay("Cu", value, unit)]), "GRADE_IMPOSSIBLE", "F13")
    together = refused(line("1", "TNE", "dry", assays=[assay("Cu", "60"), assay("Fe", "40.5")]), "GRADE_IMPOSSIBLE", "F13")
    assert together.arithmetic == "lot: Cu 60 % + Fe 40.5 % is above 100 % + 3u = 100.4243 %"
    assert measured("1", "TNE", "dry", assays=[assay("Cu", "60"), assay("Fe", "40.4")]).assayed
    wet_sum = line("1", "TNE", "wet", moisture_percent="10", assays=[assay("Cu", "92", basis="as_received")])
    assert "102.2222 %" in refused(wet_sum, "GRADE_IMPOSSIBLE", "F13").arithmetic
    refused(line("1", "TNE", "dry", contained=[ContainedMass("Cu", Decimal("1.1"), "TNE")]), "GRADE_IMPOSSIBLE", "F13")
    unknown = refused(line("1", "TNE", "dry", contained=[ContainedMass("Xx", Decimal(1), "KGM")]), "GRADE_IMPOSSIBLE", "F13")
    assert unknown.arithmetic == "lot: contained 'Xx' is neither an element nor a compound of the table"
    for moisture in ("-1", "100"):
        refused(line("1", "TNE", "wet", moisture_percent=moisture), "GRADE_IMPOSSIBLE", "F13")


def test_compounds_of_one_sample_may_overlap() -> None:
    concentrate = [assay("CuFeS2", "82"), assay("S", "34"), assay("Fe", "29"), assay("SiO2", "6")]
    assert set(measured("1", "TNE", "dry", assays=concentrate).contained_mg) == {"Cu", "S", "Fe", "Si"}


def test_a_grade_above_the_declared_form_holds() -> None:
    def notes(grade: str, form: str) -> list[str]:
        return [note.code for note in measured("1", "TNE", "dry", assays=[assay("Co", grade)], chemical_form=form).notes]

    assert notes("21.50", "CoSO4.7H2O") == notes("21.50", "CoSO4\u00b77H2O") == ["GRADE_IMPOSSIBLE"]
    assert notes("21.26", "CoSO4.7H2O") == []
    assert notes("21.50", "Ni0.8Co0.1Mn0.1(OH)2") == []
    assert notes("21.50", "NiSO4.6H2O") == []


def test_a_grade_of_just_what_the_form_holds_is_none_above_it() -> None:
    """To the twelfth digit of a fraction, of an assay without uncertainty."""
    n, d = upper_bound("CoSO4.7H2O", "Co") or (0, 1)
    for more, above in ((0, False), (1, True)):
        grade = str(Decimal(n * SCALE // d + more) * 100 / SCALE)
        of = measured("1", "TNE", "dry", assays=[assay("Co", grade, uncertainty="0")], chemical_form="CoSO4.7H2O")
        assert bool(of.notes) == above


def test_a_contained_mass_is_bound_like_a_grade() -> None:
    """1 t of the heptahydrate holds 209.656 kg Co; a contained mass stated without its u has 1 % of it."""

    def stated(kg: str, **more: str) -> list[str]:
        contained = [ContainedMass("Co", Decimal(kg), "KGM")]
        basis = more.pop("mass_basis", "dry")
        return [n.arithmetic for n in measured("1", "TNE", basis, contained=contained, chemical_form="CoSO4.7H2O", **more).notes]

    assert stated("216") == []
    (note,) = stated("216", mass_uncertainty_percent="0.1")
    assert note == "lot: Co 21.6 % is above the 20.9656 % that CoSO4.7H2O holds + 3u = 21.0304 %"
    assert stated("216", mass_basis="wet", mass_uncertainty_percent="0.1") == [note], "of a wet mass alone it is part of that"
    of_a_fraction = line(
        "1000.000001",
        "KGM",
        "wet",
        moisture_percent="7",
        mass_uncertainty_percent="0.1",
        contained=[ContainedMass("Co", Decimal("200.9"), "KGM")],
        chemical_form="CoSO4.7H2O",
    )
    of_930_kg = measure(of_a_fraction)
    assert isinstance(of_930_kg, Measured)
    said = "lot: Co 21.6022 % is above the 20.9656 % that CoSO4.7H2O holds + 3u = 21.0304 %"
    assert [n.arithmetic for n in of_930_kg.notes] == [said]
    both = line("1", "TNE", "dry", assays=[assay("Fe", "40.5")], contained=[ContainedMass("Cu", Decimal("650"), "KGM")])
    assert refused(both, "GRADE_IMPOSSIBLE", "F13").arithmetic == "lot: Fe 40.5 % + Cu 65 % is above 100 % + 3u = 101.9729 %"
    contained_alone = line("0", "TNE", "dry", contained=[ContainedMass("Cu", Decimal(0), "KGM")], chemical_form="CuO")
    assert isinstance(measure(contained_alone), Measured)


def test_more_than_can_be() -> None:
    refused(line("9223372036854.775808", "KGM", "dry"), "TOO_LARGE", "F49")
    assert measured("9223372036854.775807", "KGM", "dry").dry_mg == 2**63 - 1
    for monster in ("1E+999999999", "1E-999999999", "NaN", "Infinity"):
        refused(line(monster, "KGM", "dry"), "TOO_LARGE", "F49")
        refused(line("1", "KGM", "dry", assays=[assay("Cu", monster)]), "TOO_LARGE", "F49")
        refused(line("1", "KGM", "wet", moisture_percent=monster), "TOO_LARGE", "F49")
        refused(line("1", "KGM", "dry", mass_uncertainty_percent=monster, assays=[assay("Cu", "1")]), "TOO_LARGE", "F49")


def test_unknown_assay_unit() -> None:
    said = refused(line("1", "TNE", "dry", assays=[assay("Cu", "3", "KGM")]), "UNIT_REFUSED", "F44").arithmetic
    assert said.startswith("lot: KGM is no assay unit that is known here: use one of P1, ")
    assert measured("1", "TNE", "dry", assays=[Assay("TREO", Decimal(3), "P1")]).assayed is False


def test_every_mass_unit_of_rec_20() -> None:
    """Kilograms in one of each unit, as Rec 20 and mass-balance 2.3 print them."""
    kilograms = {
        "MGM": "0.000001", "GRM": "0.001", "KGM": "1", "TNE": "1000", "KTN": "1000000", "MND": "1", "GDW": "0.001", "W2": "1",
        "LBR": "0.45359237", "STN": "907.18474", "LTN": "1016.0469088", "APZ": "0.0311034768",
    }  # fmt: skip
    assert set(kilograms) == set(MASS)
    for code, mass in kilograms.items():
        n, d = MASS[code].mg
        assert Decimal(n) / d / 10**6 == Decimal(mass)


def test_a_solution_has_no_less_than_nothing_in_it() -> None:
    said = refused(line(None, None, volume="1", volume_uom="LTR", assays=[assay("Li", "-1", "GL")]), "GRADE_IMPOSSIBLE", "F13")
    assert said.arithmetic == "lot: Li -1 GL is below zero"


def test_no_more_is_contained_than_the_mass_that_holds_it() -> None:
    """The dry one where it is known, else the wet one; to the milligram, and one for the rounding of each."""
    for basis, moisture, holds in (("dry", None, 10**6), ("wet", None, 10**6), ("wet", "50", 10**6 // 2)):
        more = {} if moisture is None else {"moisture_percent": moisture}
        fits, exceeds = (
            line("1000000", "MGM", basis, contained=[ContainedMass("Cu", Decimal(holds + above), "MGM")], **more)
            for above in (1, 2)
        )
        assert not isinstance(measure(fits), Refusal)
        said = refused(exceeds, "GRADE_IMPOSSIBLE", "F13")
        assert said.arithmetic == f"lot: contained {kg(holds + 2)} is above the mass of {kg(holds)}"


def test_elements_together_are_a_hundred_percent_and_three_times_their_uncertainty() -> None:
    """100 % Cu with u 1 point and 3 % Ni with none are 103 %, which is not above it; 3.0001 % are."""
    for nickel, allowed in (("3", True), ("3.0001", False)):
        of = line("1", "TNE", "dry", assays=[assay("Cu", "100", uncertainty="1"), assay("Ni", nickel, uncertainty="0")])
        assert isinstance(measure(of), Measured) == allowed
