"""What flows through the economy: its class, how it is weighed and assayed, and how rich and how wet it usually is.

Grades are typical figures of the trade, engineering defaults and not of a real site. Fractions are in millionths of the
dry mass, moistures in hundredths of a percent of the wet mass. How fine a weight is printed is `step_kg`, an assay `decimals`.
"""

from typing import NamedTuple


class Assay(NamedTuple):
    """One figure of a certificate: the substance, its element, and the decimals that are printed, of percent."""

    substance: str
    element: str
    decimals: int = 2


class Material(NamedTuple):
    """A kind of material. `natural` is the range of each element where metal is new in the economy and, for its first
    element, where a process makes it. `moisture` None: it is weighed and sold dry. `resampled`: its buyer assays it again.
    """

    name: str
    item: str
    product_class: str
    assays: tuple[Assay, ...]
    natural: dict[str, tuple[int, int]]
    moisture: tuple[int, int] | None = None
    method: str = "weighbridge"
    step_kg: int = 20
    form: str | None = None
    resampled: bool = False


def _two(*elements: str, decimals: int = 2) -> tuple[Assay, ...]:
    return tuple(Assay(e, e, decimals) for e in elements)


CU_ORE = Material("copper ore", "010101", "ore", _two("Cu", decimals=3), {"Cu": (8000, 11000)}, (250, 400), "belt")
CU_CONCENTRATE = Material(
    "copper concentrate", "010102", "concentrate", _two("Cu"), {"Cu": (270000, 310000)}, (800, 950), resampled=True
)
CATHODE = Material(
    "copper cathode", "010103", "cathode", _two("Cu", decimals=3), {"Cu": (999600, 999750)}, method="platform_scale", step_kg=1
)
CU_SCRAP = Material("copper scrap", "010104", "scrap", _two("Cu"), {"Cu": (920000, 960000)}, resampled=True)

LATERITE = Material(
    "laterite ore", "020101", "ore", _two("Ni", "Co", decimals=3), {"Ni": (11500, 14500), "Co": (900, 1300)}, (3000, 3400), "belt"
)
HYDROXIDE = Material(
    "mixed hydroxide precipitate",
    "020102",
    "hydroxide",
    (Assay("Ni", "Ni"), Assay("Co", "Co", 3)),
    {"Ni": (365000, 395000), "Co": (27000, 35000)},
    (3800, 4500),
    resampled=True,
)
NI_SULPHATE = Material(
    "nickel sulphate", "020103", "sulphate", _two("Ni"), {"Ni": (221000, 222500)}, None, "platform_scale", 1, "NiSO4.6H2O"
)
CO_SULPHATE = Material(
    "cobalt sulphate", "020104", "sulphate", _two("Co"), {"Co": (205500, 208500)}, None, "platform_scale", 1, "CoSO4.7H2O"
)

LI_ORE = Material("spodumene ore", "030101", "ore", (Assay("Li2O", "Li", 3),), {"Li": (5500, 7000)}, (200, 350), "belt")
SPODUMENE = Material(
    "spodumene concentrate", "030102", "concentrate", (Assay("Li2O", "Li"),), {"Li": (26500, 28500)}, (200, 500), resampled=True
)
LI_HYDROXIDE = Material(
    "lithium hydroxide",
    "030103",
    "lithium_hydroxide",
    (Assay("LiOH", "Li"),),
    {"Li": (164000, 164900)},
    None,
    "platform_scale",
    1,
    "LiOH.H2O",
)
LI_CARBONATE = Material(
    "lithium carbonate",
    "030104",
    "carbonate",
    (Assay("Li2CO3", "Li"),),
    {"Li": (186300, 186900)},
    None,
    "platform_scale",
    1,
    "Li2CO3",
)

BATTERIES = Material(
    "end-of-life batteries",
    "040101",
    "scrap",
    _two("Ni", "Co", "Li", "Cu"),
    {"Ni": (85000, 105000), "Co": (25000, 40000), "Li": (15000, 20000), "Cu": (80000, 110000)},
)
BLACK_MASS = Material(
    "black mass",
    "040102",
    "black_mass",
    (Assay("Ni", "Ni"), Assay("Co", "Co", 3), Assay("Li", "Li", 3)),
    {"Ni": (170000, 200000), "Co": (55000, 75000), "Li": (32000, 38000)},
    (150, 350),
    resampled=True,
)
PRECURSOR = Material("precursor", "050101", "precursor", _two("Ni", "Co"), {"Ni": (495000, 515000)}, None, "hopper", 1)
ACTIVE = Material(
    "cathode active material", "050102", "powder", _two("Ni", "Co", "Li"), {"Ni": (470000, 490000)}, None, "hopper", 1
)


def tailings(*assays: Assay) -> Material:
    """What flotation leaves: dry tonnes by difference, with the process's own assays."""
    return Material("tailings", "090101", "tailings", assays, {}, None, "derived", 100)


def residue(name: str, item: str, *assays: Assay) -> Material:
    """A residue, a slag or a dust, sampled as such things are: 2 % of mass and 5 % of grade."""
    return Material(name, item, "slag" if name == "slag" else "residue", assays, {}, None, "derived", 10)
