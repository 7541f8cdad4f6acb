"""Every figure of the worked scenarios that a measurement alone gives, exact; u to four significant digits."""

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from lodestream.measures import percent, quadrature
from lodestream.measures.stoichiometry import FACTORS
from tests.measures.stating import assay, measured

T, KG = 10**9, 10**6


@pytest.fixture(scope="session")
def golden(shared: Path) -> dict[str, Any]:
    return json.loads((shared / "data" / "scenarios" / "golden.json").read_text())


def amount(text: str, unit: int) -> Fraction:
    """The first number of a golden figure, in mg."""
    return Fraction(Decimal(text.split()[0].replace(",", ""))) * unit


def tonnes(wet: str, moisture: str | None, grade: str, **more: Any):
    basis = "dry" if moisture is None else "wet"
    damp = {} if moisture is None else {"moisture_percent": moisture}
    return measured(wet, "TNE", basis, assays=[assay("Cu", grade)], **damp, **more)


COPPER = {
    "S1.ore.Cu": ("120000", "3.0", "0.85"),
    "S1.conc.Cu": ("3300", "9.00", "28.50"),
    "S1.tail.Cu": ("113397", None, "0.1180"),
    "S1.recv.A.Cu": ("1996.000", "8.90", "28.46"),
    "S1.recv.B.Cu": ("1297.400", "9.05", "28.52"),
    "S1.recv.C.Cu": ("1500.000", "8.00", "30.20"),
    "S1.cathode.Cu": ("1296.000", None, "99.99"),
    "S1.slag.Cu": ("2150", None, "0.68"),
    "S1.slime.Cu": ("6.0", None, "18"),
    "S1.lot1.Cu": ("500", None, "99.99"),
    "S1.lot2.Cu": ("796", None, "99.99"),
}


@pytest.mark.parametrize("name", COPPER)
def test_copper(golden: dict[str, Any], name: str) -> None:
    assert tonnes(*COPPER[name]).contained_mg == {"Cu": amount(golden[name], T)}


def test_dry_masses(golden: dict[str, Any]) -> None:
    for name, key in {"S1.ore.dry": "S1.ore.Cu", "S1.conc.dry": "S1.conc.Cu", "S1.tail.dry": "S1.tail.Cu"}.items():
        result = tonnes(*COPPER[key])
        assert result.dry_mg == result.dry_exact == amount(golden[name], T)


def test_scrap_as_received(golden: dict[str, Any]) -> None:
    result = measured("60.000", "TNE", "wet", assays=[assay("Cu", "96.00", basis="as_received")])
    assert result.contained_mg == {"Cu": amount(golden["S1.scrap.Cu"], T)}
    assert (result.assayed, result.dry_mg) == (True, None)


def test_untp_sample_and_the_wet_and_dry_mixup(golden: dict[str, Any]) -> None:
    into, out, ratio = golden["F1a.in/out/ratio"]
    fed = measured("30000", "KGM", "dry", assays=[assay("Cu", "30")]).contained_mg["Cu"]
    made = measured("10000", "KGM", "dry", assays=[assay("Cu", "99.99")]).contained_mg["Cu"]
    assert (fed, made) == (amount(into, T), amount(out, T))
    assert percent(made, fed) == "111.1 %"
    assert ratio == "111.100000%"
    assert tonnes("1500", None, "30.20").contained_mg["Cu"] == amount(golden["F1b.C as dry"], T)


COBALT = {
    "S2.H1": ("Co", ("200000", "55", "30.00")),
    "S2.H2": ("Co", ("80000", "50", "28.00")),
    "S2.M3.Co": ("Co", ("50000", "40", "3.00")),
    "S2.M3.Ni": ("Ni", ("50000", "40", "38.00")),
    "S2.CoSO4.Co": ("Co", ("175000", None, "20.50")),
    "S2.residue.Co": ("Co", ("60000", None, "0.90")),
    "F2a.product195t.Co": ("Co", ("195000", None, "20.50")),
    "S4.CoSO4.Co": ("Co", ("10600", None, "20.60")),
    "S4.Ni.residue": ("Ni", ("30000", None, "1.20")),
    "S4.Co.residue": ("Co", ("30000", None, "0.25")),
}


@pytest.mark.parametrize("name", COBALT)
def test_cobalt_and_nickel(golden: dict[str, Any], name: str) -> None:
    element, (mass, moisture, grade) = COBALT[name]
    damp = {} if moisture is None else {"moisture_percent": moisture}
    result = measured(mass, "KGM", "dry" if moisture is None else "wet", assays=[assay(element, grade)], **damp)
    assert result.contained_mg == {element: amount(golden[name], KG)}


@pytest.mark.parametrize(
    ("name", "mass", "moisture", "grades"),
    [
        ("S4.bm", "100000", "2.00", {"Ni": "18.00", "Co": "6.00", "Mn": "5.50", "Li": "3.50"}),
        ("S4.mhp", "150000", "45", {"Ni": "39.00", "Co": "3.00", "Mn": "4.00"}),
        ("S4.pCAM", "92000", "0", {"Ni": "50.80", "Co": "6.38", "Mn": "5.94"}),
    ],
)
def test_many_elements(golden: dict[str, Any], name: str, mass: str, moisture: str, grades: dict[str, str]) -> None:
    result = measured(mass, "KGM", "wet", moisture_percent=moisture, assays=[assay(e, g) for e, g in grades.items()])
    assert result.contained_mg == {element: amount(mass, KG) for element, mass in golden[name].items()}


def test_solution_and_carbonate(golden: dict[str, Any]) -> None:
    raffinate = measured("1200", "MTQ", assays=[assay("Co", "0.05", "GL")])
    assert raffinate.contained_mg == {"Co": amount(golden["S2.raffinate.Co"], KG)}
    assert (raffinate.wet_mg, raffinate.dry_mg) == (None, None)
    carbonate = measured("15500", "KGM", "dry", assays=[assay("Li2CO3", "99.20")])
    assert carbonate.contained_mg == {"Li": amount(golden["S4.Li2CO3.Li"], KG)}


def test_bound_of_the_hydrate(golden: dict[str, Any]) -> None:
    name = next(key for key in golden if key.startswith("S2.max theoretical"))
    assert Fraction(*FACTORS["CoSO4.7H2O"][1]) * 100 == Fraction(golden[name])


def four_digits(u: int, of: int) -> str:
    """u relative to the amount, as the golden file prints it: in percent, four places."""
    return f"{Decimal(u * 100) / of:.4f}%"


def test_parts_of_the_uncertainty(golden: dict[str, Any]) -> None:
    """1,000 wmt at 9 % and 28.5 % Cu: mass alone, moisture alone, assay alone, together."""

    def u(*kept: str) -> str:
        nothing = {"mass_uncertainty_percent": "0", "moisture_uncertainty_points": "0"}
        grade = assay("Cu", "28.5") if "assay" in kept else assay("Cu", "28.5", uncertainty="0")
        for part in kept:
            nothing.pop({"mass": "mass_uncertainty_percent", "moisture": "moisture_uncertainty_points"}.get(part, ""), None)
        result = measured("1000", "TNE", "wet", moisture_percent="9", assays=[grade], **nothing)
        return four_digits(result.u_mg["Cu"], result.contained_mg["Cu"])

    found = {
        "mass only": u("mass"),
        "moisture only": u("moisture"),
        "assay only": u("assay"),
        "all": u("mass", "moisture", "assay"),
    }
    assert found == {part: golden[f"U1.{part}"] for part in found}


def test_uncertainty_of_the_smelter(golden: dict[str, Any]) -> None:
    """S1's streams by the defaults, with what it states otherwise: slag 0.03 points, scrap 0.50 points, stock in process 1 %."""
    streams = [
        tonnes(*COPPER["S1.recv.A.Cu"], product_class="concentrate"),
        tonnes(*COPPER["S1.recv.B.Cu"], product_class="concentrate"),
        tonnes(*COPPER["S1.recv.C.Cu"], product_class="concentrate"),
        measured("60", "TNE", "dry", assays=[assay("Cu", "96.00", uncertainty="0.50")], product_class="scrap"),
        tonnes(*COPPER["S1.cathode.Cu"], product_class="cathode"),
        measured("2150", "TNE", "dry", assays=[assay("Cu", "0.68", uncertainty="0.03")], product_class="slag"),
    ]
    in_process = [4 * T, 412 * T // 100]
    u = quadrature(*(stream.u_mg["Cu"] for stream in streams), *in_process)
    assert f"{Decimal(u) / T:.3f}" == golden["S1.smelter.u1sigma"]
