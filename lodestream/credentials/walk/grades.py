"""How much of an element a product of a UNTP event or passport holds, as its issuer states it: exact, with the words it is from.

UNTP has no field for an assay, so issuers have found several places (docs/verifying.md). The most exact statement of the
event itself comes first, then the product's passport, then a grade that is only written in words.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

from msgspec import Struct

from lodestream.measures.exact import decimal
from lodestream.measures.stoichiometry import ELEMENTS
from lodestream.measures.units import GRADE, UnitRefusedError, mass_unit

MANY = 10_000
"""No run has as many products, and no product as many materials: a credential with a longer list is not believed (machine.py)."""
LONGEST_TEXT = 2_000
"""So much of a name or description is looked through for a grade."""

_NAMES = {
    "aluminium": "Al", "aluminum": "Al", "antimony": "Sb", "chromium": "Cr", "cobalt": "Co", "copper": "Cu", "dysprosium": "Dy",
    "gallium": "Ga", "germanium": "Ge", "gold": "Au", "iron": "Fe", "lead": "Pb", "lithium": "Li", "magnesium": "Mg",
    "manganese": "Mn", "molybdenum": "Mo", "neodymium": "Nd", "nickel": "Ni", "niobium": "Nb", "palladium": "Pd",
    "platinum": "Pt", "praseodymium": "Pr", "silicon": "Si", "silver": "Ag", "tantalum": "Ta", "terbium": "Tb", "tin": "Sn",
    "titanium": "Ti", "tungsten": "W", "vanadium": "V", "zinc": "Zn",
}  # fmt: skip
_FORMS = frozenset(
    (
        *("anode", "anodes", "bar", "bars", "cathode", "cathodes", "contained", "content", "foil", "ingot", "ingots", "metal"),
        *("powder", "primary", "recycled", "refined", "rod", "rods", "secondary", "unwrought", "wire"),
    )
)
"""Words that leave a metal what it is. What is an ore, a concentrate, scrap or a sulphate holds only some of its metal."""
_SYMBOLS = {symbol.lower(): symbol for symbol in ELEMENTS}
_FIELD = re.compile(r"(?P<element>[A-Za-z]+?)_?(?P<what>MassFraction|ContainedMass|Grade|Content|Purity|Assay)")
_IN_WORDS = re.compile(r"(?<![A-Za-z0-9])(?P<element>[A-Z][a-z]?)\s?[:=]?\s?(?P<percent>\d{1,3}(?:\.\d{1,12})?)\s?%")


class Amount(Struct, frozen=True):
    """A mass in mg, exact, with the bounds that its stated tolerances give, and how it was told. `high` None: it has no bound."""

    mg: Fraction | None
    low: Fraction
    high: Fraction | None
    told: str

    def times(self, factor: Fraction, told: str) -> "Amount":
        """That part of the mass."""
        scaled = [None if mg is None else mg * factor for mg in (self.mg, self.low, self.high)]
        return Amount(scaled[0], scaled[1] or Fraction(0), scaled[2], told)


_Statement = tuple[str, str, Fraction | Amount, str]
"""Element, kind (mass, fraction, material, words), the share or mass, and how it was told."""


class Grades:
    """What products and passports state of their elements, each read once, however often it is asked for."""

    def __init__(self) -> None:
        self._read: dict[int, tuple[dict[str, Any], dict[str, list[_Statement]]]] = {}

    def elements(self, *sources: dict[str, Any] | None) -> set[str]:
        """The elements that any of these says something about."""
        return {element for source in sources if source is not None for element in self._of(source)}

    def content(self, entry: dict[str, Any], passport: dict[str, Any] | None, element: str) -> Amount | None:
        """What an event's product holds of an element; None where nobody says, or not in a way that gives a mass."""
        product, mass = as_object(entry.get("product")), mass_of(entry, passport)
        if mass is None:
            found = self._best(product, element, "mass")
            return _amount(found, None, "") if found is not None and isinstance(found[2], Amount) else None
        dry = dry_mass_of(entry, mass)
        for kinds in (("mass", "fraction", "material"), ("words",)):
            for source, whose in ((product, ""), (passport, " in its passport")):
                found = None if source is None else self._best(source, element, *kinds)
                if source is not None and found is not None:
                    base = mass if kinds == ("words",) else _base(source, mass, dry, own=not whose)
                    return _amount(found, base, whose)
        return None

    def _best(self, source: dict[str, Any], element: str, *kinds: str) -> _Statement | None:
        found = [each for each in self._of(source).get(element, []) if each[1] in kinds]
        return min(found, key=lambda each: kinds.index(each[1]), default=None)

    def _of(self, source: dict[str, Any]) -> dict[str, list[_Statement]]:
        known = self._read.get(id(source))
        if known is None:
            stated: dict[str, list[_Statement]] = {}
            for each in _statements(source):
                stated.setdefault(each[0], []).append(each)
            known = self._read[id(source)] = (source, stated)  # the source is kept, so that no other takes its id
        return known[1]


def mass_of(entry: dict[str, Any], passport: dict[str, Any] | None) -> Amount | None:
    """The mass of an event's product: its quantity; for one serialised item without a quantity, the weight in its passport."""
    quantity = measure(entry.get("quantity"))
    if quantity is not None or entry.get("quantity") is not None:
        return quantity
    product = as_object(entry.get("product"))
    if product.get("idGranularity") != "item" or passport is None:
        return None
    return measure(as_object(passport.get("dimensions")).get("weight"))


def dry_mass_of(entry: dict[str, Any], mass: Amount | None) -> Amount | None:
    """The dry mass, where it is stated beside the quantity or by the quantity's own unit (MND, GDW)."""
    stated = measure(as_object(as_object(entry.get("product")).get("characteristics")).get("dryMass"))
    if stated is not None or mass is None:
        return stated
    unit = as_object(entry.get("quantity")).get("unit")
    return mass if isinstance(unit, str) and unit in ("MND", "GDW") else None


def _base(source: dict[str, Any], mass: Amount, dry: Amount | None, *, own: bool) -> Amount:
    """What a mass fraction is of: the dry mass where it says so, or where the event states one beside it; else what was weighed.

    Of dry mass that nobody states is only known that it is no more than what was weighed.
    """
    if as_object(source.get("characteristics")).get("massFractionBasis") == "dry":
        return dry or Amount(None, Fraction(0), mass.high, f"the dry part of {mass.told}")
    return dry or mass if own else mass


def measure(value: Any) -> Amount | None:
    """A UNTP Measure of a mass (UN/CEFACT Rec 20), its tolerances in the same unit; None where it is none."""
    value = as_object(value)
    number, unit = _number(value.get("value")), value.get("unit")
    if number is None or number < 0 or not isinstance(unit, str):
        return None
    try:
        factor = Fraction(*mass_unit(unit).mg)
    except UnitRefusedError:
        return None
    upper, lower = (max(_number(value.get(name)) or Fraction(0), Fraction(0)) for name in ("upperTolerance", "lowerTolerance"))
    mg = number * factor
    return Amount(mg, max(mg - lower * factor, Fraction(0)), mg + upper * factor, f"{kilograms(mg)}")


def kilograms(mg: Fraction) -> str:
    """For a sentence: "9,999 kg"."""
    return f"{decimal((mg / 1_000_000).as_integer_ratio(), 6)} kg"


def percentage(share: Fraction, places: int = 6) -> str:
    """For a sentence: "99.99 %"."""
    return f"{decimal((share * 100).as_integer_ratio(), places)} %"


def as_object(value: Any) -> dict[str, Any]:
    """The value where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """The value where it is a list of a length that is read, one value as a list of one, else an empty one."""
    if isinstance(value, dict):
        return [value]
    return value if isinstance(value, list) and len(value) <= MANY else []


def _statements(source: dict[str, Any]) -> Iterator[_Statement]:
    yield from _characteristics(as_object(source.get("characteristics")))
    yield from _materials(source)
    for name in ("name", "description"):
        text = source.get(name)
        if isinstance(text, str):
            for match in _IN_WORDS.finditer(text[:LONGEST_TEXT]):
                share = Fraction(match["percent"]) / 100
                if match["element"] in ELEMENTS and share <= 1:
                    yield match["element"], "words", share, f"“{match[0]}” in the {name}"


def _characteristics(found: dict[str, Any]) -> Iterator[_Statement]:
    """`cuMassFraction`, `cuContainedMass`, and what others write: `copperContent`, `Cu_Grade`, a share or a Measure."""
    for name, value in list(found.items())[:MANY]:
        match = _FIELD.fullmatch(name) if len(name) < 64 else None
        element = _element(match["element"]) if match else None
        if match is None or element is None:
            continue
        if match["what"] == "ContainedMass":
            if (mass := measure(value)) is not None:
                yield element, "mass", mass, name
        elif (share := share_of(value)) is not None:
            yield element, "fraction", share, name


def _materials(source: dict[str, Any]) -> Iterator[_Statement]:
    """`materialProvenance`: a material that is the element itself, its mass fraction summed over the countries it is from.

    Where another material is named for the element too, such as a concentrate beside the metal, the sum says nothing.
    """
    shares: dict[str, Fraction] = {}
    mixed: set[str] = set()
    for material in map(as_object, as_list(source.get("materialProvenance", source.get("materialsProvenance")))):
        share, element = share_of(material.get("massFraction")), material_element(material)
        if share is not None and element is not None:
            shares[element] = shares.get(element, Fraction(0)) + share
        else:
            mixed |= mentions(material)
    for element, share in shares.items():
        if share <= 1 and element not in mixed:
            yield element, "material", share, "materialProvenance"


def material_element(material: dict[str, Any]) -> str | None:
    """The element that a Material is: "Copper", "Cu", "Copper cathode", but no ore, concentrate, scrap or compound."""
    code = as_object(material.get("materialType")).get("code")
    if isinstance(code, str) and code in ELEMENTS:
        return code  # classified by the periodic table
    words = [word for word in _words(material) if word.lower() not in _FORMS]
    named = mentions(material)
    return named.pop() if len(named) == 1 == len(set(words)) else None


def mentions(material: dict[str, Any]) -> set[str]:
    """The elements that a material is classified as, or that its name mentions."""
    code = as_object(material.get("materialType")).get("code")
    if isinstance(code, str) and code in ELEMENTS:
        return {code}
    return {symbol for word in _words(material) if (symbol := _NAMES.get(word.lower()) or (word if word in ELEMENTS else ""))}


def _words(material: dict[str, Any]) -> list[str]:
    name = material.get("name")
    return re.findall(r"[A-Za-z]+", name[:200]) if isinstance(name, str) else []


def _element(text: str) -> str | None:
    return _SYMBOLS.get(text.lower()) or _NAMES.get(text.lower())


def _amount(statement: _Statement, mass: Amount | None, whose: str) -> Amount | None:
    _, kind, value, told = statement
    if isinstance(
        value, Amount
    ):  # a passport is of a batch, the event's part of it may be less: only the event's own mass counts
        return None if whose else Amount(value.mg, value.low, value.high, f"{value.told} ({told})")
    if mass is None or kind == "mass":
        return None
    return mass.times(value, f"{mass.told} x {percentage(value)} ({told}{whose})")


def share_of(value: Any) -> Fraction | None:
    """A share from 0 to 1: a number, or a Measure in a unit of grades (P1 and others of Rec 20)."""
    if isinstance(value, dict):
        number, unit = _number(value.get("value")), value.get("unit")
        share = number * Fraction(*GRADE[unit]) if number is not None and isinstance(unit, str) and unit in GRADE else None
    else:
        share = _number(value)
    return share if share is not None and 0 <= share <= 1 else None


def _number(value: Any) -> Fraction | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return Fraction(value) if not isinstance(value, Decimal) or value.is_finite() else None
