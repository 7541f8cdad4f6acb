"""Default standard uncertainties by mass method and product class (mass-balance 2.4, ledger-rules 9; rulebook R9).

All of them are integers in units of 10^-12: relative for a mass, absolute in mass fraction for moisture and grades.
What the item states itself always wins. Of a range the upper end stands; the range of 2.4 for finished products runs
over its classes, cathode at its lower end (golden figure S1.smelter.u1sigma), sulphate and lithium hydroxide at its upper.
"""

from lodestream.epcis.event import Assay, Material
from lodestream.measures.exact import Ratio, ratio
from lodestream.measures.values import ClassDefault

SCALE = 10**12
_PERCENT = SCALE // 100
_HUNDREDTH = _PERCENT // 100  # 0.01 %, or 0.01 percentage points


MOISTURE = 15 * _HUNDREDTH
STATED_CONTAINED = _PERCENT  # stock in process: 1 % of contained
SOLUTION = 5 * _PERCENT  # a concentration, relative: the loosest grade of 2.4, since 2.4 names none for solutions
SPODUMENE = 5 * _HUNDREDTH

MASS_METHOD = {
    "weighbridge": 10 * _HUNDREDTH,
    "hopper": 10 * _HUNDREDTH,
    "belt": 25 * _HUNDREDTH,
    "draft_survey": 25 * _HUNDREDTH,
}

PLAIN_MASS = 10 * _HUNDREDTH  # of which nothing is known but that it was weighed
_UNCLASSED = ClassDefault(PLAIN_MASS, 10 * _HUNDREDTH)
_ORE = ClassDefault(10 * _HUNDREDTH, 150 * _HUNDREDTH, relative=True)
_TAILINGS = ClassDefault(200 * _HUNDREDTH, 150 * _HUNDREDTH, relative=True)
_REST = ClassDefault(200 * _HUNDREDTH, 500 * _HUNDREDTH, relative=True)
_CATHODE = ClassDefault(5 * _HUNDREDTH, _HUNDREDTH // 2)
_SALT = ClassDefault(5 * _HUNDREDTH, 10 * _HUNDREDTH)

PRODUCT_CLASS = {
    "ore": _ORE,
    "tailings": _TAILINGS,
    "slag": _REST,
    "residue": _REST,
    "cathode": _CATHODE,
    "sulphate": _SALT,
    "lithium_hydroxide": _SALT,
}


def class_default(item: Material) -> ClassDefault:
    """The defaults of the item's product class, else of the loss class that it is declared as, else of no class."""
    name = item.product_class or item.loss_class
    return PRODUCT_CLASS.get(name, _UNCLASSED) if name else _UNCLASSED


def of_mass(item: Material) -> int:
    """Relative uncertainty of the item's mass: its own, else by how it was weighed, else by its class."""
    if item.mass_uncertainty_percent is not None:
        return _scaled(ratio(item.mass_uncertainty_percent), 100)
    by_method = MASS_METHOD.get(item.mass_method) if item.mass_method else None
    return by_method if by_method is not None else class_default(item).mass


def of_moisture(item: Material) -> int:
    """Absolute uncertainty of the item's moisture, as a mass fraction."""
    points = item.moisture_uncertainty_points
    return MOISTURE if points is None else _scaled(ratio(points), 100)


def of_contained(item: Material) -> int:
    """Relative uncertainty of a contained mass that is stated outright."""
    stated = item.mass_uncertainty_percent
    return STATED_CONTAINED if stated is None else _scaled(ratio(stated), 100)


def of_grade(item: Material, assay: Assay, grade: Ratio, unit: Ratio) -> int:
    """Absolute uncertainty of an assay of mass fraction `grade`; `unit` is the mass fraction in one of its unit."""
    if assay.uncertainty is not None:
        n, d = ratio(assay.uncertainty)
        return _scaled((n * unit[0], d * unit[1]))
    default = class_default(item)
    if default.relative:
        return default.grade * grade[0] // grade[1]
    spodumene = assay.substance == "Li2O" and item.product_class == "concentrate"
    return SPODUMENE if spodumene else default.grade


def of_concentration(assay: Assay, value: Ratio) -> int:
    """Relative uncertainty of a concentration in solution; 0 for a concentration of zero."""
    if assay.uncertainty is None or value[0] == 0:
        return SOLUTION if value[0] else 0
    n, d = ratio(assay.uncertainty)
    return _scaled((n * value[1], d * value[0]))


def _scaled(value: Ratio, divisor: int = 1) -> int:
    return abs(value[0]) * SCALE // (value[1] * divisor)
