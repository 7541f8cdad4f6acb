"""Product passports and conformity credentials, read as far as a lot of our books can carry what they say.

UNTP 0.7.0: materialProvenance, performanceClaim with the metric product-carbon-footprint, characteristics; 0.6:
materialsProvenance and emissionsScorecard. A conformity credential counts by its scheme and the assessments that were met
(UNTP TrustGraphs, step 3).
"""

import re
from decimal import Decimal
from typing import Any

from lodestream.credentials.content.claims import CARBON_CRITERION, GRAM_PER_KILOGRAM
from lodestream.credentials.content.provenance import CLASSES, ELEMENT_SCHEME
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import plain, write
from lodestream.credentials.walk.grades import measure
from lodestream.epcis.identifiers import canonical_id
from lodestream.measures.stoichiometry import ELEMENTS as SYMBOLS
from lodestream.supplied.products import amount, contents, in_kg, lot_of, number, share_of_one, text, thing, things
from lodestream.supplied.reading import version_of
from lodestream.supplied.values import Assessed, Attestation, Claimed, Passport, Provenance

FOOTPRINT = "product-carbon-footprint"
TOLERANCE = Decimal("0.005")
"""Mass fractions of a passport sum to 1 within this (UNTP says that they should, and no schema does)."""
PER_KG = {"KGM": Decimal(1), "GRM": Decimal("0.001"), GRAM_PER_KILOGRAM: Decimal("0.001"), "TNE": Decimal(1)}
"""A footprint in kg or g is of a kg of product, one in tonnes of a tonne: UNTP has no field for what it is per."""
_CLASS_OF = {said: source_class for source_class, said in CLASSES.items()}
NAMES = {
    "aluminium": "Al", "aluminum": "Al", "antimony": "Sb", "bauxite": "Al", "bismuth": "Bi", "chromium": "Cr", "cobalt": "Co",
    "copper": "Cu", "dysprosium": "Dy", "gallium": "Ga", "germanium": "Ge", "gold": "Au", "graphite": "C", "iron": "Fe",
    "lead": "Pb", "lithium": "Li", "magnesium": "Mg", "manganese": "Mn", "molybdenum": "Mo", "neodymium": "Nd", "nickel": "Ni",
    "niobium": "Nb", "palladium": "Pd", "platinum": "Pt", "praseodymium": "Pr", "rhodium": "Rh", "silver": "Ag",
    "tantalum": "Ta", "terbium": "Tb", "tin": "Sn", "titanium": "Ti", "tungsten": "W", "vanadium": "V", "zinc": "Zn",
}  # fmt: skip
"""English names of the elements that critical raw materials are named for. Codes of the CPC are never read: they do not tell."""
_BALANCED = ("id", "batchNumber", "itemNumber", "serialNumber", "name", "description", "characteristics", "dimensions")
_COUNTRY = re.compile(r"[A-Z]{2}")
_SYMBOL = re.compile(r"\b[A-Z][a-z]?\b")


def passport_of(credential: dict[str, Any]) -> Passport:
    """What a passport says. Raises CredentialError (STRUCTURE, QUANTITY, PRODUCT, PROVENANCE, UNTP_VERSION)."""
    subject = thing(credential, "credentialSubject", "")
    if version_of(credential) == "0.7":
        return _passport(subject, subject, "/credentialSubject", "materialProvenance")
    return _passport(
        subject, thing(subject, "product", "/credentialSubject"), "/credentialSubject/product", "materialsProvenance"
    )


def _passport(subject: dict[str, Any], product: dict[str, Any], where: str, provenance: str) -> Passport:
    dimensions = product.get("dimensions")
    weight = measure(dimensions.get("weight")) if isinstance(dimensions, dict) else None
    facility = thing(product, "producedAtFacility", where)
    claims = [_claim(one) for one in things(subject, "performanceClaim", "/credentialSubject")]
    return Passport(
        product=canonical_id(text(product, "id", where)),
        lot=_lot(product, where, subject.get("granularityLevel")),
        told=write(_for_the_balance(product, subject.get(provenance))).decode(),
        facility=text(facility, "id", f"{where}/producedAtFacility"),
        country=_country(product.get("countryOfProduction")),
        materials=_materials(things(subject, provenance, "/credentialSubject"), provenance),
        carbon=_footprint(subject),
        carbon_is_dry=any(CARBON_CRITERION.id in claim.criteria for claim in claims),
        weight_kg=in_kg(weight) if weight is not None else None,
        fractions=_fractions(product, subject.get(provenance)),
        claims=claims,
    )


def _for_the_balance(product: dict[str, Any], materials: Any) -> dict[str, Any]:
    """What a mass balance reads of a product: no pictures."""
    kept = {name: product[name] for name in _BALANCED if name in product}
    return kept | ({"materialProvenance": materials} if materials is not None else {})


def _fractions(product: dict[str, Any], materials: Any) -> dict[str, Decimal]:
    """What a kg of the product holds, to twelve digits: asked of a kilotonne, whose content is in mg."""
    told = contents({"quantity": {"value": 1, "unit": "KTN"}, "product": {}}, product | {"materialProvenance": materials})
    return {element: plain(kg.scaleb(-6)) for element, kg in told.items()}


def _lot(product: dict[str, Any], where: str, granularity: Any) -> str:
    """The lot that the passport is of; empty where it is of a model, and so of all batches."""
    serial = product.get("serialNumber")
    told = {"idGranularity": granularity, "itemNumber": serial if isinstance(serial, str) else ""} if granularity else {}
    try:
        return lot_of(product | told, where)[0]
    except CredentialError as error:
        if error.code != "PRODUCT":
            raise
        return ""


def _materials(entries: list[dict[str, Any]], name: str) -> list[Provenance]:
    found = [_material(one, f"/credentialSubject/{name}/{n}") for n, one in enumerate(entries)]
    total = sum((one.fraction for one in found), Decimal(0))
    if total > 1 + TOLERANCE:
        raise CredentialError("PROVENANCE", f"the mass fractions of its materials sum to {total}, which is more than the product")
    return found


def _material(entry: dict[str, Any], where: str) -> Provenance:
    recycled = entry.get("recycledMassFraction")
    kind = entry.get("materialType")
    contained = isinstance(kind, dict) and kind.get("schemeId") == ELEMENT_SCHEME.id and kind.get("code") in SYMBOLS
    name = entry.get("name")
    return Provenance(
        fraction=share_of_one(entry.get("massFraction"), f"{where}/massFraction"),
        element=str(kind["code"]) if contained and isinstance(kind, dict) else _element(entry),
        country=_country(entry.get("originCountry")),
        recycled=share_of_one(recycled, f"{where}/recycledMassFraction") if recycled is not None else None,
        contained=contained,
        source_class=_CLASS_OF.get(name.partition(", ")[2]) if contained and isinstance(name, str) else None,
    )


def _element(entry: dict[str, Any]) -> str | None:
    """The element that a material is named for: by its English name, or by its symbol as a word; None where not one is."""
    kind = entry.get("materialType")
    words = [entry.get("name"), kind.get("name") if isinstance(kind, dict) else None]
    for said in (one for one in words if isinstance(one, str)):
        named = {NAMES[word] for word in re.findall(r"[a-z]+", said.lower()) if word in NAMES}
        found = named or {word for word in _SYMBOL.findall(said) if word in SYMBOLS and len(word) == 2}
        if len(found) == 1:
            return found.pop()
    return None


def _country(value: Any) -> str | None:
    """ISO 3166-1 alpha-2; unknown is ZZ, and so is what is no code."""
    code = value.get("countryCode") if isinstance(value, dict) else value
    return code if isinstance(code, str) and _COUNTRY.fullmatch(code) and code != "ZZ" else None


def _footprint(subject: dict[str, Any]) -> Decimal | None:
    """kg CO2e per kg of product; of several the largest, since none may be told away. None where it is not stated so."""
    card = subject.get("emissionsScorecard")
    if isinstance(card, dict):
        unit = card.get("declaredUnit")
        stated = number(card.get("carbonFootprint"), "/credentialSubject/emissionsScorecard/carbonFootprint")
        return stated if unit in ("KGM", "TNE") and stated >= 0 else None
    found = []
    for n, claim in enumerate(things(subject, "performanceClaim", "/credentialSubject")):
        for performance in things(claim, "claimedPerformance", f"/credentialSubject/performanceClaim/{n}"):
            metric = performance.get("metric")
            if isinstance(metric, dict) and last(metric.get("id")) == FOOTPRINT and "measure" in performance:
                value, unit = amount(performance["measure"], f"/credentialSubject/performanceClaim/{n}")
                if unit in PER_KG:
                    found.append(value * PER_KG[unit])
    return max(found, default=None)


def _claim(claim: dict[str, Any]) -> Claimed:
    return Claimed(
        [text(one, "id", "/performanceClaim") for one in things(claim, "referenceCriteria", "/performanceClaim")],
        [last(one.get("id")) for one in things(claim, "conformityTopic", "/performanceClaim")],
    )


def last(name: Any) -> str:
    """The last segment of an id: samples spell the vocabularies of topics and metrics in two ways (untp, section 1.5)."""
    return re.split(r"[/#]", name.rstrip("/#"))[-1] if isinstance(name, str) else ""


def attestation_of(credential: dict[str, Any]) -> Attestation:
    """What a conformity credential of 0.7 attests. Raises CredentialError (STRUCTURE, NOT_MAPPED, UNTP_VERSION)."""
    if version_of(credential) != "0.7":
        raise CredentialError("NOT_MAPPED", "a conformity credential of UNTP 0.6 names its criteria otherwise; only 0.7 is read")
    where = "/credentialSubject"
    subject = thing(credential, "credentialSubject", "")
    met = [one for one in things(subject, "conformityAssessment", where) if one.get("conformance") is True]
    scheme = text(thing(subject, "referenceScheme", where), "id", f"{where}/referenceScheme")
    return Attestation(scheme, [_assessed(one, f"{where}/conformityAssessment") for one in met])


def _assessed(one: dict[str, Any], where: str) -> Assessed:
    products = [thing(each, "product", where) for each in things(one, "assessedProduct", where)]
    facilities = [thing(each, "facility", where) for each in things(one, "assessedFacility", where)]
    return Assessed(
        [text(each, "id", where) for each in things(one, "assessmentCriteria", where)],
        [last(each.get("id")) for each in things(one, "conformityTopic", where)],
        [_lot(each, where, None) or canonical_id(text(each, "id", where)) for each in products],
        [canonical_id(text(each, "id", where)) for each in facilities],
    )
