"""A UNTP product as a lot of our books, with its masses and grades (UNTP 0.7.0, Product and EventProduct).

UNTP's product id may be shared by all batches, so the lot is (product id, batch or serial number). An id that holds the number
already, as ours do and every GS1 Digital Link with /10/ or /21/, is the lot as it stands.
"""

import re
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from lodestream.credentials.encoding import percent_decoded
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import LONGEST_NUMBER, plain
from lodestream.credentials.walk.grades import Amount, Grades, dry_mass_of, mass_of
from lodestream.epcis.identifiers import canonical_id
from lodestream.measures.exact import NotExactError, ratio
from lodestream.supplied.values import Part

MANY = 1_000
"""Products in one event: the gate takes no more list elements either."""
LONGEST_ID = 2_048
LARGEST_MG = 10**18
"""The ledger counts in 64 bits: nine million tonnes."""
_GS1_LOT = re.compile(r"https://id\.gs1\.org/01/\d{14}(?:/(?P<key>10|21)/[^/?#]+)?")
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
    raise CredentialError(
        "PRODUCT", f"{where}: {name[:200]} is a model without a batch or serial number: no lot can be told from it"
    )


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
    value, unit = amount(entry["quantity"], f"{where}/quantity") if entry.get("quantity") is not None else (None, "")
    dry = dry_mass_of(entry, mass_of(entry, None))
    return Part(
        lot=lot,
        product=canonical_id(text(product, "id", where)),
        instance=instance,
        lost=entry.get("disposition") == "disposed",
        quantity=value,
        unit=unit,
        dry_kg=in_kg(dry) if dry is not None else None,
        contained_kg=contents(entry, None),
    )


def contents(entry: dict[str, Any], passport: dict[str, Any] | None) -> dict[str, Decimal]:
    """What an event's product holds, in kg to the mg by element, as its issuer states it (credentials/walk/grades.py)."""
    product = entry.get("product")
    sources = (product if isinstance(product, dict) else None, passport)
    grades = Grades()
    told = {element: grades.content(entry, passport, element) for element in sorted(grades.elements(*sources))}
    return {element: in_kg(found) for element, found in told.items() if found is not None and found.mg is not None}


def in_kg(mass: Amount) -> Decimal:
    """A mass in kg, rounded to the mg, half to even. Raises CredentialError (QUANTITY): more than a quantity can be."""
    mg = round(mass.mg or 0)
    if mg >= LARGEST_MG:
        raise CredentialError("QUANTITY", f"{mass.told[:200]} is more than can be kept")
    return plain(Decimal(mg).scaleb(-6))


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
