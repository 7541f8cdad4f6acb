"""Default uncertainties, one by one, against the ranges of the table (mass-balance section 2.4), in parts per million."""

from decimal import Decimal
from typing import Any

import pytest

from lodestream.epcis.event import Assay, Material
from lodestream.measures import uncertainty
from lodestream.measures.exact import Ratio

PPM = 10**6  # in units of 10^-12


def item(**fields: Any) -> Material:
    return Material("object", "x", **fields)


def grade(of: Material, substance: str = "Cu", value: Ratio = (1, 100), own: str | None = None) -> int:
    assay = Assay(substance, Decimal(1), "P1", uncertainty=None if own is None else Decimal(own))
    return uncertainty.of_grade(of, assay, value, (1, 100))


@pytest.mark.parametrize(
    ("fields", "ppm"),
    [
        ({"mass_method": "weighbridge"}, 1_000),
        ({"mass_method": "hopper"}, 1_000),
        ({"mass_method": "belt"}, 2_500),
        ({"mass_method": "draft_survey"}, 2_500),
        ({"mass_method": "derived"}, 1_000),
        ({}, 1_000),
        ({"product_class": "concentrate"}, 1_000),
        ({"product_class": "ore"}, 1_000),
        ({"product_class": "tailings"}, 20_000),
        ({"product_class": "slag"}, 20_000),
        ({"product_class": "residue"}, 20_000),
        ({"product_class": "cathode"}, 500),
        ({"product_class": "sulphate"}, 500),
        ({"product_class": "lithium_hydroxide"}, 500),
        ({"loss_class": "tailings"}, 20_000),
        ({"loss_class": "tailings", "product_class": "cathode"}, 500),
        ({"product_class": "tailings", "mass_method": "weighbridge"}, 1_000),
        ({"product_class": "tailings", "mass_method": "hopper"}, 1_000),
        ({"product_class": "tailings", "mass_method": "derived"}, 20_000),
        ({"product_class": "tailings", "mass_method": "belt", "mass_uncertainty_percent": Decimal("0.3")}, 3_000),
        ({"mass_method": "belt", "mass_uncertainty_percent": Decimal(0)}, 0),
    ],
)
def test_of_a_mass(fields: dict[str, Any], ppm: int) -> None:
    assert uncertainty.of_mass(item(**fields)) == ppm * PPM


@pytest.mark.parametrize(
    ("name", "ppm"),
    [
        ("concentrate", 1_000),  # absolute: 0.10 points
        ("cathode", 50),  # 0.005 points
        ("sulphate", 1_000),
        ("lithium_hydroxide", 1_000),
        ("ore", 15_000 // 100),  # 1.5 % of a grade of 1 %
        ("tailings", 15_000 // 100),
        ("slag", 50_000 // 100),
        ("residue", 50_000 // 100),
    ],
)
def test_of_a_grade(name: str, ppm: int) -> None:
    assert grade(item(product_class=name)) == ppm * PPM
    assert grade(item(product_class=name), own="0.2") == 2_000 * PPM, "what the assay states wins: 0.2 points"


def test_of_a_grade_of_lithium() -> None:
    """Spodumene concentrate is assayed as Li2O to 0.05 points; only that."""
    assert grade(item(product_class="concentrate"), "Li2O") == 500 * PPM
    assert grade(item(product_class="concentrate"), "Li") == 1_000 * PPM
    assert grade(item(product_class="ore"), "Li2O") == 150 * PPM
    assert grade(item(), "Li2O") == 1_000 * PPM
    assert grade(item(), value=(1, 3)) == 1_000 * PPM


def test_of_a_moisture_and_of_a_contained_mass() -> None:
    assert uncertainty.of_moisture(item()) == 1_500 * PPM
    assert uncertainty.of_moisture(item(moisture_uncertainty_points=Decimal("0.3"))) == 3_000 * PPM
    assert uncertainty.of_contained(item()) == 10_000 * PPM
    assert uncertainty.of_contained(item(mass_uncertainty_percent=Decimal(2))) == 20_000 * PPM


def test_of_a_solution() -> None:
    """5 % of the concentration; 0.1 g/l of 4 g/l are 2.5 %; of nothing, nothing."""
    plain, stated = Assay("Li", Decimal(4), "GL"), Assay("Li", Decimal(4), "GL", uncertainty=Decimal("0.1"))
    assert uncertainty.of_concentration(plain, (4, 1)) == 50_000 * PPM
    assert uncertainty.of_concentration(stated, (4, 1)) == 25_000 * PPM
    assert uncertainty.of_concentration(stated, (4, 3)) == 75_000 * PPM
    assert [uncertainty.of_concentration(one, (0, 1)) for one in (plain, stated)] == [0, 0]
