"""A UNTP product as a lot of our books, with its masses and grades (UNTP 0.7.0, Product and EventProduct).

UNTP's product id may be shared by all batches, so the lot is (product id, batch or serial number). An id that holds the number
already, as ours do and every GS1 Digital Link with /10/ or /21/, is the lot as it stands.
"""

import re
from decimal import Context, Decimal
from typing import Any
from urllib.parse import quote

from lodestream.credentials.encoding import percent_decoded
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import LONGEST_NUMBER
from lodestream.epcis.identifiers import canonical_id
from lodestream.measures.exact import NotExactError, ratio
from lodestream.measures.stoichiometry import ELEMENTS
from lodestream.measures.units import MASS
from lodestream.supplied.values import Part

MANY = 1_000
"""Products in one event: the gate takes no more list elements either."""
LONGEST_ID = 2_048
_KG_MG = 1_000_000
_GS1_LOT = re.compile(r"https://id\.gs1\.org/01/\d{14}(?:/(?P<key>10|21)/[^/?#]+)?")
_EXACT = Context(prec=100)
_GRADE = re.compile(r"([a-z]{1,2})(MassFraction|ContainedMass)")
_SERIAL, _BATCH = "21", "10"


def lot_of(product: dict[str, Any], where: str) -> tuple[str, bool]:
    """The lot that a product is, and whether it is a single thing. Raises CredentialError (PRODUCT): a model is no lot."""
    name = text(product, "id", where)
    serial, batch = text(product, "itemNumber", where, ""), text(product, "batchNumber", where, "")
    granularity = text(product, "idGranularity", where, "batch" if batch else "item" if serial else "")
    canonical = canonical_id(name)
    gs1 = _GS1_LOT.fullmatch(canonical)
    if gs1 is not None and gs1["key"]:
        return canonical, gs1["key"] == _SERIAL
    if granularity == "item" or (serial and granularity != "batch"):
        key, own = _SERIAL, serial
    elif batch or granularity == "batch":
        key, own = _BATCH, batch
    else:
        key, own = "", ""
    if key and (own or gs1 is None):
        return _qualified(canonical, key, own, whole=gs1 is None), key == _SERIAL
    raise CredentialError("PRODUCT", f"{where}: {name[:200]} is a model without a batch or serial number: no lot can be told from it")


def _qualified(name: str, key: str, own: str, *, whole: bool) -> str:
    """The id with its batch or serial number, unless it ends in it and may be `whole` already, which a bare GTIN never is."""
    last = percent_decoded(re.split(r"[/:#=]", name.rstrip("/:#="))[-1])
    if not own or (whole and last == own):
        return name
    if name.startswith(("http://", "https://")) and not {"?", "#"} & {*name}:
        return canonical_id(f"{name.rstrip('/')}/{key}/{quote(own, safe='')}")
    return f"{name}:{quote(own, safe='')}"


def part_of(entry: dict[str, Any], where: str) -> Part:
    """An EventProduct of UNTP 0.7. Raises CredentialError (STRUCTURE, PRODUCT, QUANTITY)."""
    product = thing(entry, "product", where)
    lot, instance = lot_of(product, f"{where}/product")
    measure = entry.get("quantity")
    value, unit = amount(measure, f"{where}/quantity") if measure is not None else (None, "")
    facts = thing(product, "characteristics", where) if product.get("characteristics") is not None else {}
    dry = facts.get("dryMass")
    fractions, contained = grades(facts, where)
    return Part(
        lot=lot,
        product=canonical_id(text(product, "id", where)),
        name=text(product, "name", where, ""),
        instance=instance,
        lost=entry.get("disposition") == "disposed",
        quantity=value,
        unit=unit,
        dry_kg=in_kg(dry, f"{where}/product/characteristics/dryMass") if dry is not None else None,
        fractions=fractions,
        contained_kg=contained,
    )


def grades(facts: dict[str, Any], where: str) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    """Mass fractions of the dry mass, and contained masses in kg, by element (docs/credentials.md names them)."""
    fractions: dict[str, Decimal] = {}
    contained: dict[str, Decimal] = {}
    as_received = facts.get("massFractionBasis", "dry") != "dry"
    for name, value in list(facts.items())[:MANY]:
        found = _GRADE.fullmatch(name)
        element = found[1].capitalize() if found else ""
        if found is None or element not in ELEMENTS:
            continue
        place = f"{where}/characteristics/{name}"
        if found[2] == "ContainedMass":
            contained[element] = in_kg(value, place)
        elif not as_received:
            fractions[element] = share_of_one(value, place)
    return fractions, contained


def in_kg(measure: Any, where: str) -> Decimal:
    """A mass in kg, exact. Raises CredentialError (QUANTITY): a unit that is no mass."""
    value, unit = amount(measure, where)
    known = MASS.get(unit)
    if known is None:
        raise CredentialError("QUANTITY", f"{where}: {unit[:20]!r} is no unit of mass that is known; KGM and TNE are")
    numerator, denominator = known.mg
    return _EXACT.divide(_EXACT.multiply(value, Decimal(numerator)), Decimal(denominator * _KG_MG))


def amount(measure: Any, where: str) -> tuple[Decimal, str]:
    """Value and unit of a UNTP Measure. Raises CredentialError (STRUCTURE, QUANTITY)."""
    if not isinstance(measure, dict):
        raise CredentialError("STRUCTURE", f"{where} is no measure with value and unit")
    value = number(measure.get("value"), f"{where}/value")
    if value < 0:
        raise CredentialError("QUANTITY", f"{where}: {value} is below zero")
    return value, text(measure, "unit", where)


def number(value: Any, where: str) -> Decimal:
    """An exact number within the bounds of a quantity. Raises CredentialError (STRUCTURE, QUANTITY)."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise CredentialError("STRUCTURE", f"{where} is no number")
    exact = Decimal(value)
    try:
        ratio(exact)
    except NotExactError:
        exact = Decimal("NaN")
    if not exact.is_finite() or len(exact.as_tuple().digits) > LONGEST_NUMBER or abs(exact) >= 10**15:
        raise CredentialError("QUANTITY", f"{where}: the number is too large or too long to be kept exactly")
    return exact


def share_of_one(value: Any, where: str) -> Decimal:
    """A fraction from 0 to 1. Raises CredentialError (STRUCTURE, QUANTITY)."""
    share = number(value, where)
    if not 0 <= share <= 1:
        raise CredentialError("QUANTITY", f"{where}: {share} is no fraction from 0 to 1")
    return share


def text(holder: dict[str, Any], name: str, where: str, default: str | None = None) -> str:
    """A text. Raises CredentialError (STRUCTURE) where it is missing without a default, is none or is too long."""
    value = holder.get(name, default)
    if not isinstance(value, str) or len(value) > LONGEST_ID or (not value and default is None):
        raise CredentialError("STRUCTURE", f"{where}/{name} is no text of 1 to {LONGEST_ID} characters")
    return value


def thing(holder: dict[str, Any], name: str, where: str) -> dict[str, Any]:
    """An object. Raises CredentialError (STRUCTURE)."""
    value = holder.get(name)
    if not isinstance(value, dict):
        raise CredentialError("STRUCTURE", f"{where}/{name} is no object")
    return value


def things(holder: dict[str, Any], name: str, where: str) -> list[dict[str, Any]]:
    """A list of at most MANY objects, empty where it is missing. Raises CredentialError (STRUCTURE)."""
    value = holder.get(name) or []
    if not isinstance(value, list) or len(value) > MANY or not all(isinstance(one, dict) for one in value):
        raise CredentialError("STRUCTURE", f"{where}/{name} is no list of at most {MANY} objects")
    return value
