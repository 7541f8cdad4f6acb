"""From what is true to what is printed: errors of weighbridges, moisture ovens and laboratories (mass-balance 2.4).

The standard uncertainties are those that the ledger assumes by default. They are upper ends of ranges: a plant's
instruments are at 60 to 100 % of them. A sixteenth of the variance is a bias that an instrument keeps, the rest is new each time.
"""

from math import isqrt
from typing import NamedTuple

from connectors.economy.chance import Chance
from connectors.economy.materials import Assay, Material
from lodestream.epcis.event import Material as Item
from lodestream.measures import uncertainty
from lodestream.measures.stoichiometry import element_of
from lodestream.measures.uncertainty import SCALE

PROVISIONAL = 1500  # thousandths: a first assay has one and a half times the uncertainty of the final one
BIAS, FRESH = 250, 968  # thousandths of u, their squares sum to one
MG_PER_KG = 10**6
BEST_QUALITY, LIMIT_QUALITY = 600, 1000


class Reading(NamedTuple):
    """What is printed: kilograms, moisture in hundredths of a percent (None: dry), grades in units of their last decimal."""

    kg: int
    moisture: int | None
    grades: tuple[int, ...]
    provisional: bool = False


class Truth(NamedTuple):
    """What is there: water, dry mass and contained elements in mg."""

    water_mg: int
    dry_mg: int
    content: dict[str, int]


def dry_mg(reading: Reading) -> int:
    """Dry mass in mg; exact, since a kilogram has 10^6 mg and a moisture four decimals."""
    return reading.kg * 100 * (10_000 - (reading.moisture or 0))


def contained_mg(material: Material, reading: Reading) -> dict[str, int]:
    """Contained mg of each element, as the ledger will compute it to within a milligram."""
    dry = dry_mg(reading)
    return {a.element: dry * part // SCALE for a, part in zip(material.assays, _fractions(material, reading), strict=True)}


def u_mg(material: Material, reading: Reading) -> dict[str, int]:
    """One standard uncertainty of each contained element in mg: of mass, moisture and grade (mass-balance 2.2)."""
    dry = dry_mg(reading)
    wet = reading.kg * MG_PER_KG
    by_mass = u_of_mass(material)
    by_moisture = uncertainty.MOISTURE * wet // dry if reading.moisture is not None and dry else 0
    found = {}
    for assay, part in zip(material.assays, _fractions(material, reading), strict=True):
        n, d = factor(assay)
        grade = u_of_grade(material, assay, part * d // n) * n // d * (PROVISIONAL if reading.provisional else 1000) // 1000
        content = dry * part // SCALE
        found[assay.element] = isqrt((content * by_mass) ** 2 + (content * by_moisture) ** 2 + (dry * grade) ** 2) // SCALE
    return found


def factor(assay: Assay) -> tuple[int, int]:
    """How much of the assay's substance is its element."""
    found = element_of(assay.substance)
    if found is None or found[0] != assay.element:
        raise ValueError(f"{assay} is not in the table of compounds")
    return found[1]


def u_of_mass(material: Material) -> int:
    """Relative standard uncertainty of a mass, of 10^12."""
    return uncertainty.of_mass(Item(role="object", id="", product_class=material.product_class, mass_method=material.method))


def u_of_grade(material: Material, assay: Assay, fraction: int) -> int:
    """Absolute standard uncertainty of an assay of the substance at `fraction`, both of 10^12."""
    default = uncertainty.class_default(Item(role="object", id="", product_class=material.product_class))
    if default.relative:
        return default.grade * fraction // SCALE
    spodumene = assay.substance == "Li2O" and material.product_class == "concentrate"
    return uncertainty.SPODUMENE if spodumene else default.grade


def _fractions(material: Material, reading: Reading) -> list[int]:
    parts = []
    for assay, printed in zip(material.assays, reading.grades, strict=True):
        n, d = factor(assay)
        parts.append(printed * SCALE * n // (d * 10 ** (assay.decimals + 2)))
    return parts


class Instruments:
    """The scales, ovens and laboratory of one site."""

    def __init__(self, chance: Chance, quality: int | None = None) -> None:
        """`quality` in thousandths of the documented u; None: the site's own, drawn from 600 to 1,000."""
        drawn = chance.between(BEST_QUALITY, LIMIT_QUALITY)
        self._chance = chance
        self._quality = drawn if quality is None else quality
        self._bias: dict[str, int] = {}

    def read(self, material: Material, truth: Truth, provisional: bool = False) -> Reading:
        """Weigh and assay a parcel."""
        wet = truth.water_mg + truth.dry_mg
        step = material.step_kg * MG_PER_KG
        weighed = self._off(wet, wet * u_of_mass(material) // SCALE, f"mass {material.method}")
        kg = max(1, (weighed + step // 2) // step) * material.step_kg
        moisture = None
        if material.moisture is not None:
            seen = self._off(truth.water_mg * SCALE // wet, uncertainty.MOISTURE, "moisture")
            moisture = min(9_000, max(0, seen * 10_000 // SCALE))
        return Reading(kg, moisture, self.assay(material, truth, provisional), provisional)

    def assay(self, material: Material, truth: Truth, provisional: bool = False) -> tuple[int, ...]:
        """The laboratory's figures alone."""
        grades = []
        for assay in material.assays:
            n, d = factor(assay)
            fraction = truth.content.get(assay.element, 0) * SCALE * d // (truth.dry_mg * n)
            u = u_of_grade(material, assay, fraction) * (PROVISIONAL if provisional else 1000) // 1000
            printed = 10 ** (assay.decimals + 2)
            seen = self._off(fraction, u, f"{assay.substance} {material.product_class}")
            grades.append(max(0, (seen * printed + SCALE // 2) // SCALE))
        return tuple(grades)

    def weigh(self, kg_mg: int, material: Material) -> int:
        """True mg that a hopper set to `kg_mg` lets through."""
        return self._off(kg_mg, kg_mg * u_of_mass(material) // SCALE, "draw")

    def dip(self, mg: int, u: int) -> int:
        """What a furnace is said to hold."""
        return self._off(mg, u, "dip")

    def _off(self, true: int, u: int, instrument: str) -> int:
        bias = self._bias.get(instrument)
        if bias is None:
            bias = self._bias[instrument] = self._chance.normal() * BIAS // 1000
        error = bias + self._chance.normal() * FRESH // 1000
        return true + u * error * self._quality // 10**6
