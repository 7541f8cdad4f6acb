"""Default yield envelopes by process and element (mass-balance section 2.4): engineering defaults, no measurement of any site.

Percentages of contained element, product over input: below the first a run is UNDER_YIELD (F36, warn), above the second
OVERCLAIM (F2, hold). A site's book has its own by the same name, and they win (`processes` in the book file).
"""

from decimal import Decimal

from lodestream.ledger.book import Process

RARE_EARTHS = ("La", "Ce", "Pr", "Nd", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu", "Y")

_TABLE: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    ("flotation", ("Cu",), "70", "97"),
    ("smelting_refining", ("Cu",), "94", "99.5"),
    ("hydroxide_to_sulphate", ("Co",), "90", "99.5"),
    ("spodumene_conversion", ("Li",), "70", "95"),
    ("direct_lithium_extraction", ("Li",), "35", "95"),
    ("hpal", ("Ni",), "85", "97"),
    ("mhp_to_sulphate", ("Ni",), "93", "99.5"),
    ("black_mass_hydromet", ("Ni", "Co"), "88", "99.5"),
    ("black_mass_hydromet", ("Li",), "60", "98"),
    ("graphite_spheronisation", ("C",), "30", "70"),
    ("rare_earth_separation", RARE_EARTHS, "80", "99"),
)

ENVELOPES: dict[tuple[str, str], Process] = {
    (name, element): Process(name, element, Decimal(least), Decimal(most))
    for name, elements, least, most in _TABLE
    for element in elements
}
