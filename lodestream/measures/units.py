"""UN/CEFACT Recommendation 20 units: what each is in milligrams, and what is refused by name (mass-balance 2.3).

The trap of the list: DMT is a valid code and means decimetre. A code that is not here, or stands among the refused,
gives no mass: a wrong guess of a unit is a wrong ledger.
"""

from lodestream.measures.exact import Ratio
from lodestream.measures.values import MassUnit


class UnitRefusedError(ValueError):
    """A unit that cannot be read as what it was given for; the message says what to write instead."""


MASS = {
    unit.code: unit
    for unit in (
        MassUnit("MGM", (1, 1)),
        MassUnit("GRM", (1_000, 1)),
        MassUnit("KGM", (1_000_000, 1)),
        MassUnit("TNE", (1_000_000_000, 1)),
        MassUnit("KTN", (1_000_000_000_000, 1)),
        MassUnit("MND", (1_000_000, 1), "dry"),
        MassUnit("GDW", (1_000, 1), "dry"),
        MassUnit("W2", (1_000_000, 1), "wet"),
        MassUnit("LBR", (45_359_237, 100)),
        MassUnit("STN", (907_184_740, 1)),
        MassUnit("LTN", (10_160_469_088, 10)),
        MassUnit("APZ", (311_034_768, 10_000)),
    )
}
GROSS_KILOGRAM = "E4"
KILOGRAM = MASS["KGM"]

VOLUME: dict[str, Ratio] = {"LTR": (1, 1), "MTQ": (1_000, 1)}  # litres
COUNTS = frozenset({"C62", "EA", "H87", "NAR", "NMP", "PA", "BX", "BG", "DR"})

GRADE: dict[str, Ratio] = {  # mass fraction in one of the unit
    "P1": (1, 100),
    "60": (1, 100),
    "NX": (1, 1_000),
    "59": (1, 1_000_000),
    "NA": (1, 1_000_000),
    "61": (1, 1_000_000_000),
}
CONCENTRATION: dict[str, Ratio] = {"GL": (1_000, 1), "M1": (1, 1)}  # milligrams per litre

_REFUSED = {
    "DMT": "DMT is decimetre, a length, not a dry tonne: use TNE with massBasis dry, or MND (kilogram, dry weight)",
    "WMT": "WMT is no Rec 20 code: use TNE with massBasis wet",
    "DT": "DT (dry ton) has no conversion factor in Rec 20 and does not say metric: use TNE with massBasis dry",
    "WE": "WE (wet ton) has no conversion factor in Rec 20 and does not say metric: use TNE with massBasis wet",
    "MD": "MD (air dry metric ton) is a unit of the pulp trade: use TNE with massBasis dry",
    "E28": "E28 (air dry ton) is a unit of the pulp trade: use TNE with massBasis dry",
    GROSS_KILOGRAM: "E4 (gross kilogram) is before packaging: state the tare, or the net mass in KGM",
}


def mass_unit(code: str) -> MassUnit:
    """The mass unit of a Rec 20 code. UnitRefusedError names the code and says what to use."""
    unit = MASS.get(code)
    if unit is None:
        raise UnitRefusedError(refusal(code, "mass", MASS))
    return unit


def refusal(code: str, dimension: str, known: dict[str, MassUnit] | dict[str, Ratio]) -> str:
    """Why a code is not taken for a mass, volume or assay."""
    return (
        _REFUSED.get(code)
        or _REFUSED.get(code.upper())
        or f"{code} is no {dimension} unit that is known here: use one of {', '.join(known)}"
    )
