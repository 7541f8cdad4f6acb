"""Where a product's mass comes from: a passport's materialProvenance, out of the ledger's shares, exact.

Fractions are of the dry mass: water has no origin, and what leaves a product when it dries changes no fraction. One entry for
each element, country and source class; what is not traced (gangue, oxygen, sulphur, what no assay names) is one entry more, of
country ZZ. By the largest remainder at nine digits, ties by name, so that all of them sum to exactly 1. A part below half a
billionth may get no entry. Origin site, supplier and scheme are in the shares and never in a passport.
"""

from decimal import Decimal
from typing import Any, NamedTuple

from lodestream.claims.attribute import RECYCLED
from lodestream.credentials.content.saying import classification, scaled, uri
from lodestream.credentials.content.text import FRACTION_DIGITS
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.profile import NOT_STATED, ProductProfile, Scheme, VouchedLot
from lodestream.epcis.context import NAMESPACE
from lodestream.ledger.attribution import UNKNOWN, apportion

ELEMENT_SCHEME = Scheme("https://iupac.org/what-we-do/periodic-table-of-elements/", "IUPAC periodic table of the elements")
MATERIAL_SCHEME = Scheme(NAMESPACE + "materials", "Lodestream materials")
NOT_TRACED = "not traced"
CLASSES = {
    "mine": "mined",
    "scrap": "from scrap",
    "end_of_life": "from end-of-life products",
    "manufacturing_waste": "from manufacturing waste",
    "run_around": "returned to the process that made it",
    "external": "from an external party",
    "opening": "from an opening balance",
    "-": "source not stated",
}
ELEMENTS = {
    "Ag": "Silver", "Al": "Aluminium", "Au": "Gold", "Co": "Cobalt", "Cr": "Chromium", "Cu": "Copper", "Dy": "Dysprosium",
    "Fe": "Iron", "Ga": "Gallium", "Ge": "Germanium", "La": "Lanthanum", "Li": "Lithium", "Mg": "Magnesium", "Mn": "Manganese",
    "Mo": "Molybdenum", "Nb": "Niobium", "Nd": "Neodymium", "Ni": "Nickel", "Pb": "Lead", "Pd": "Palladium",
    "Pr": "Praseodymium", "Pt": "Platinum", "Sb": "Antimony", "Sn": "Tin", "Ta": "Tantalum", "Tb": "Terbium", "Ti": "Titanium",
    "V": "Vanadium", "W": "Tungsten", "Zn": "Zinc",
}  # fmt: skip
"""Names for a reader; an element that is not here goes by its symbol."""


class Part(NamedTuple):
    """What of an element comes from one country in one source class."""

    element: str
    country: str
    source_class: str


def parts_of(lot: VouchedLot) -> dict[Part, int]:
    """The content of a lot in mg by element, country and source class. Raises CredentialError (OUTCOME): shares do not sum."""
    found: dict[Part, int] = {}
    for element, contained in sorted(lot.contained_mg.items()):
        vector = lot.shares.get(element) or {UNKNOWN: contained}
        if contained < 0 or any(mg < 0 for mg in vector.values()) or sum(vector.values()) != contained:
            raise CredentialError("OUTCOME", f"the shares of {element} in {lot.lot} do not make up its {contained} mg")
        for key, mg in vector.items():
            country, _, source_class, _ = key.split(" ")
            part = Part(element, country, source_class)
            if mg:
                found[part] = found.get(part, 0) + mg
    return found


def fractions(lot: VouchedLot, parts: dict[Part, int]) -> dict[str, int]:
    """The mass fractions in billionths, by "<element> <country> <class>" and NOT_TRACED; they sum to exactly one billion."""
    rest = lot.dry_mg - sum(parts.values())
    if lot.dry_mg <= 0 or rest < 0:
        raise CredentialError("OUTCOME", f"{lot.lot} holds {sum(parts.values())} mg of elements in {lot.dry_mg} mg of dry mass")
    weights = {" ".join(part): mg for part, mg in parts.items()} | ({NOT_TRACED: rest} if rest else {})
    return dict(sorted(apportion(weights, 10**FRACTION_DIGITS).items()))


def provenance(lot: VouchedLot, parts: dict[Part, int], product: ProductProfile) -> list[dict[str, Any]]:
    """The materials of a lot. Where the product is hazardous, each entry says so and links to its safety information."""
    safety = _safety(lot, product)
    said = []
    for name, billionths in fractions(lot, parts).items():
        fraction = scaled(billionths, FRACTION_DIGITS)
        if name == NOT_TRACED:
            said.append(_material("Not traced", NOT_STATED, ("not-traced", "Not traced", MATERIAL_SCHEME), fraction) | safety)
            continue
        element, country, source_class = name.split(" ")
        called = ELEMENTS.get(element, element)
        material = _material(
            f"{called}, {CLASSES.get(source_class, source_class)}", country, (element, called, ELEMENT_SCHEME), fraction
        )
        if source_class != "-":
            material["recycledMassFraction"] = int(source_class in RECYCLED)
        said.append(material | safety)
    return said


def _material(name: str, country: str, kind: tuple[str, str, Scheme], fraction: Decimal | int) -> dict[str, Any]:
    return {
        "name": name,
        "originCountry": {"countryCode": country},
        "materialType": classification(*kind),
        "massFraction": fraction,
    }


def _safety(lot: VouchedLot, product: ProductProfile) -> dict[str, Any]:
    if not product.hazardous:
        return {}
    if not product.material_safety:
        said = f"{lot.product_class or lot.lot} is hazardous: state where its safety information is (material_safety, a URL)"
        raise CredentialError("OUTCOME", said)
    url = uri(product.material_safety, "the safety information")
    return {"hazardous": True, "materialSafetyInformation": {"linkURL": url, "linkName": "Material safety information"}}
