"""The terms of our extension vocabulary (`crm:`), one table a place: their names, what they take, which field they fill.

The JSON name of a field is its camelCase. docs/vocabulary.md and schemas/vocabulary/ hold the same terms; tests compare them.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple, NoReturn

from lodestream.epcis.context import NAMESPACE
from lodestream.epcis.event import Assay, CertificateItem, Claim, ContainedMass, CreditItem, OriginPart
from lodestream.epcis.faults import Fault, shown
from lodestream.epcis.identifiers import canonical_id
from lodestream.epcis.parse import is_number
from lodestream.epcis.reading import Reading, an_object, extension, known_id
from lodestream.epcis.remember import remembered
from lodestream.epcis.values import is_uri, plain

Read = tuple[Any, Any]
"""What a term's reader makes of a value: the field's value, and its canonical JSON. A plain tuple, as an event has twenty."""


class Term(NamedTuple):
    """A term: the Struct field that it fills, and how it is read."""

    field: str
    read: Callable[[Any, Reading], Read]


TEXT_CHARS = 1_000
_DECIMAL = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,30})?")
_WHOLE = re.compile(r"[0-9]{1,18}")
_UOM = re.compile(r"[A-Z0-9]{2,3}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_ATTRIBUTE = re.compile(r"recycled|(?:country:[A-Z]{2}|(?:site|class|scheme):[!-~]{1,500})")
_OPEN_WORD = re.compile(r"[a-z][a-z0-9_]{0,63}")

_ELEMENTS = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb Mo "
    "Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl "
    "Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr"
)
ELEMENTS = frozenset(_ELEMENTS.split())
_FORMULA = re.compile(r"(?:[A-Z][a-z]?|[0-9.·()])+")
_SYMBOL = re.compile(r"[A-Z][a-z]?")

# Rec 20: percent, percent by mass, ppm, ppb, per mille, mg/kg; then g/L and mg/L.
MASS_FRACTION_UNITS = "P1 60 59 61 NX NA"
ASSAY_UNITS = MASS_FRACTION_UNITS + " GL M1"
ASSAY_BASES = "dry as_received"
ASSAY_STATUS = "provisional exchanged final umpire"
MASS_BASES = "wet dry as_received"
LOSS_CLASSES = "tailings slag residue effluent dust sampling other"
# Open lists: another word is taken with a warning.
MASS_METHODS = "weighbridge belt draft_survey hopper platform_scale crane_scale tank_gauge flow_meter counted nominal derived"
PRODUCT_CLASSES = (
    "ore concentrate hydroxide carbonate oxide sulphate matte blister anode cathode metal alloy powder slime precursor "
    "lithium_hydroxide black_mass brine solution graphite magnet slag tailings residue dust effluent scrap"
)
SOURCE_CLASSES = "mine scrap end_of_life manufacturing_waste run_around external opening"


def decimal(high: Decimal | None = None) -> Callable[[Any, Reading], Read]:
    """A decimal, as text or as a JSON number, not below zero and at most `high`."""

    @remembered(8_192)
    def parsed(text: str) -> Read:
        if not _DECIMAL.fullmatch(text):
            message = f'{shown(text)} is not a plain decimal like "28.50" (at most 15 digits before the point, 30 after).'
            raise Fault("BAD_DECIMAL", message)
        number = plain(Decimal(text))
        found = Decimal(number)
        if found < 0 or (high is not None and found > high):
            message = f"{shown(text)} is out of range: it lies between 0 and {high}." if high else f"{shown(text)} is below zero."
            raise Fault("BAD_DECIMAL", message)
        return found, number

    def read(value: Any, _: Reading) -> Read:
        if type(value) is str:
            return parsed(value)
        if not is_number(value):
            raise Fault("BAD_DECIMAL", f'{shown(value)} is not a decimal. Write it as text, like "28.50".')
        return parsed(plain(value))

    return read


def whole(value: Any, _: Reading) -> Read:
    """A whole number, not negative, as text or as a JSON number: grams of CO2 equivalent."""
    text = plain(value) if is_number(value) else value
    if type(text) is not str or not _WHOLE.fullmatch(text):
        raise Fault("BAD_DECIMAL", f"{shown(value)} is not a whole number of at most 18 digits, without sign.")
    return int(text), str(int(text))


def text(value: Any, _: Reading) -> Read:
    """A text that is not empty."""
    if type(value) is not str or not value.strip():
        raise Fault("UNKNOWN_VALUE", f"{shown(value)} is not a text. Leave the term out where there is nothing to say.")
    if len(value) > TEXT_CHARS:
        raise Fault("TOO_LONG", f"This text has {len(value)} characters; the limit is {TEXT_CHARS}.")
    found = value.strip()
    return found, found


def texts(value: Any, reading: Reading) -> Read:
    """A list of texts; a single one may stand without the list."""
    found = [text(each, reading)[0] for each in _items(value, reading)]
    return found, found


def name(value: Any, reading: Reading) -> Read:
    """A text that may be an identifier: then it is taken in its canonical form."""
    if type(value) is str and len(value) <= TEXT_CHARS and (known := known_id(value, reading)) is not None:
        return known, known
    found, _ = text(value, reading)
    if ":" in found and is_uri(expanded := reading.expand(found)):
        found = canonical_id(expanded)
    return found, found


def flag(value: Any, _: Reading) -> Read:
    """true or false, as a JSON boolean or as text."""
    found = {"true": True, "false": False}.get(value) if type(value) is str else value
    if type(found) is not bool:
        raise Fault("UNKNOWN_VALUE", f"{shown(value)} is not true or false.")
    return found, found


def one_of(words: str) -> Callable[[Any, Reading], Read]:
    """One of a closed list of words."""
    known = {word: (word, word) for word in words.split()}

    def read(value: Any, _: Reading) -> Read:
        if type(value) is str and value in known:
            return known[value]
        raise Fault("UNKNOWN_VALUE", f"{shown(value)} is not known here. It is one of {', '.join(known)}.")

    return read


def word_of(words: str) -> Callable[[Any, Reading], Read]:
    """A word of an open list: one that is not in it is taken with a warning, a URI is taken as it is."""
    known = {word: (word, word) for word in words.split()}

    def read(value: Any, reading: Reading) -> Read:
        if type(value) is str and value in known:
            return known[value]
        if type(value) is str and _OPEN_WORD.fullmatch(value):
            reading.warn("UNKNOWN_WORD", f"{shown(value)} is none of {', '.join(known)}; no rule knows it")
            return value, value
        if type(value) is str and is_uri(value) and len(value) <= TEXT_CHARS:
            full = reading.expand(value)
            return full, full
        raise Fault("UNKNOWN_VALUE", f"{shown(value)} is no word in lower case, and no URI. Known are {', '.join(known)}.")

    return read


def matching(pattern: re.Pattern[str], what: str) -> Callable[[Any, Reading], Read]:
    """A text of a given shape."""

    def read(value: Any, _: Reading) -> Read:
        if type(value) is str and pattern.fullmatch(value):
            return value, value
        raise Fault("UNKNOWN_VALUE", f"{shown(value)} is not {what}.")

    return read


def element(value: Any, _: Reading) -> Read:
    """A chemical element by its symbol."""
    if type(value) is str and value in ELEMENTS:
        return value, value
    raise Fault("UNKNOWN_VALUE", f"{shown(value)} is not the symbol of an element, like Cu.")


def substance(value: Any, _: Reading) -> Read:
    """An element by its symbol or a compound by its formula, like Cu, Li2O, CoSO4.7H2O."""
    if type(value) is str and len(value) <= 64 and _is_formula(value):
        return value, value
    raise Fault("UNKNOWN_VALUE", f"{shown(value)} is neither the symbol of an element nor a formula, like Cu or Li2O.")


@lru_cache(maxsize=1_024)
def _is_formula(value: str) -> bool:
    return bool(_FORMULA.fullmatch(value)) and all(symbol in ELEMENTS for symbol in _SYMBOL.findall(value))


def items_of(kind: Callable[..., Any], terms: dict[str, Term], required: tuple[str, ...]) -> Callable[[Any, Reading], Read]:
    """A list of objects of our terms (a single one may stand without the list), each made into a `kind`."""
    known = {NAMESPACE + local: term for local, term in terms.items()}
    needed = {local: NAMESPACE + local for local in required}

    def read(value: Any, reading: Reading) -> Read:
        fields, canonical = [], []
        for index, item in enumerate(_items(value, reading)):
            try:
                found, written = _read_terms(item, known, needed, reading)
            except Fault as fault:
                raise (fault.under(index) if type(value) is list else fault) from None
            fields.append(kind(**found))
            canonical.append(written)
        return fields, canonical

    return read


def _read_terms(
    item: Any, terms: dict[str, Term], needed: dict[str, str], reading: Reading
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields and the canonical JSON of one object of ours. Keys of other namespaces are kept and mean nothing to us."""
    fields: dict[str, Any] = {}
    canonical: dict[str, Any] = {}
    ours = reading.context.ours
    for key, value in an_object(item).items():
        try:
            full = ours(key)
            if full is None:
                _foreign(canonical, key, value, reading)
                continue
            if full in canonical:
                raise Fault("DUPLICATE_KEY", f"{shown(full)} is given twice, under two spellings. Keep one.")
            field, read = terms.get(full) or unknown(full, terms)
            fields[field], canonical[full] = read(value, reading)
        except Fault as fault:
            raise fault.under(key) from None
    for local, full in needed.items():
        if full not in canonical:
            raise Fault("MISSING_FIELD", f"crm:{local} is missing here.")
    return fields, canonical


def unknown(full: str, terms: dict[str, Term]) -> NoReturn:
    """Raise the Fault for a name of our namespace that is none of the terms of this place, named in full too."""
    known = ", ".join(sorted(name.removeprefix(NAMESPACE) for name in terms))
    message = f"crm:{full.removeprefix(NAMESPACE)[:80]} is not a term of this place. Known here: {known}."
    raise Fault("UNKNOWN_TERM", message)


def _foreign(canonical: dict[str, Any], key: str, value: Any, reading: Reading) -> None:
    """A key of another namespace, kept. One without a prefix is refused: it is most likely one of ours, misspelt."""
    if ":" not in key:
        raise Fault("UNPREFIXED_KEY", f"{shown(key)} has no prefix. Inside our items every key has one, like crm:mass.")
    extension(canonical, key, value, reading)


def _items(value: Any, reading: Reading) -> list[Any]:
    items = value if type(value) is list else [value]
    reading.count(len(items))
    return items


_PERCENT = decimal(high=Decimal(100))
_UNIT = matching(_UOM, "a Rec 20 unit code like KGM or TNE")

ASSAY = {
    "substance": Term("substance", substance),
    "value": Term("value", decimal()),
    "unit": Term("unit", one_of(ASSAY_UNITS)),
    "basis": Term("basis", one_of(ASSAY_BASES)),
    "method": Term("method", text),
    "laboratory": Term("laboratory", name),
    "certificate": Term("certificate", name),
    "status": Term("status", one_of(ASSAY_STATUS)),
    "uncertainty": Term("uncertainty", decimal()),
}
CONTAINED = {
    "element": Term("element", element),
    "mass": Term("mass", decimal()),
    "uom": Term("uom", _UNIT),
}
_COUNTRY_CODE = matching(_COUNTRY, "a country code of two capitals, like ZM")
ORIGIN = {
    "parts": Term("parts", decimal()),
    "element": Term("element", element),
    "country": Term("country", _COUNTRY_CODE),
    "site": Term("site", name),
    "sourceClass": Term("source_class", word_of(SOURCE_CLASSES)),
    "schemes": Term("schemes", texts),
}
_ATTRIBUTE_TERM = matching(_ATTRIBUTE, "recycled, or country:, site:, class: or scheme: and what it is")
CREDIT = {
    "profile": Term("profile", text),
    "element": Term("element", element),
    "attribute": Term("attribute", _ATTRIBUTE_TERM),
    "mass": Term("mass", decimal()),
    "uom": Term("uom", _UNIT),
    "productClass": Term("product_class", word_of(PRODUCT_CLASSES)),
    "toProfile": Term("to_profile", text),
    "toAttribute": Term("to_attribute", _ATTRIBUTE_TERM),
    "certificate": Term("certificate", name),
}
CERTIFICATE = {
    "id": Term("id", name),
    "retiredFor": Term("retired_for", text),
}
CLAIM = {
    "profile": Term("profile", text),
    "element": Term("element", element),
    "attribute": Term("attribute", _ATTRIBUTE_TERM),
    "percent": Term("percent", _PERCENT),
}
MATERIAL = {
    "role": Term("role", one_of("input output object wip_open wip_close")),
    "id": Term("id", name),
    "mass": Term("mass", decimal()),
    "uom": Term("uom", _UNIT),
    "massBasis": Term("mass_basis", one_of(MASS_BASES)),
    "gross": Term("gross", decimal()),
    "tare": Term("tare", decimal()),
    "moisturePercent": Term("moisture_percent", _PERCENT),
    "volume": Term("volume", decimal()),
    "volumeUom": Term("volume_uom", _UNIT),
    "massMethod": Term("mass_method", word_of(MASS_METHODS)),
    "massUncertaintyPercent": Term("mass_uncertainty_percent", _PERCENT),
    "moistureUncertaintyPoints": Term("moisture_uncertainty_points", _PERCENT),
    "tickets": Term("tickets", texts),
    "seals": Term("seals", texts),
    "assays": Term("assays", items_of(Assay, ASSAY, ("substance", "value", "unit"))),
    "contained": Term("contained", items_of(ContainedMass, CONTAINED, ("element", "mass", "uom"))),
    "chemicalForm": Term("chemical_form", text),
    "process": Term("process", name),
    "productClass": Term("product_class", word_of(PRODUCT_CLASSES)),
    "sourceClass": Term("source_class", word_of(SOURCE_CLASSES)),
    "countryOfOrigin": Term("country_of_origin", _COUNTRY_CODE),
    "siteOfOrigin": Term("site_of_origin", name),
    "unfcClass": Term("unfc_class", text),
    "lossClass": Term("loss_class", one_of(LOSS_CLASSES)),
    "embodiedGCO2e": Term("embodied_g_co2e", whole),
    "owner": Term("owner", name),
    "schemes": Term("schemes", texts),
    "origins": Term("origins", items_of(OriginPart, ORIGIN, ("parts",))),
    "claims": Term("claims", items_of(Claim, CLAIM, ("profile", "element", "attribute", "percent"))),
    "credential": Term("credential", name),
    "credentialMass": Term("credential_mass", decimal()),
}
EVENT = {
    "processEmissionsGCO2e": Term("process_emissions_g_co2e", whole),
    "consignmentId": Term("consignment_id", name),
    "receipt": Term("receipt", one_of("partial final")),
    "campaignClose": Term("campaign_close", flag),
    "openingBalance": Term("opening", flag),
    "openingEvidence": Term("opening_evidence", name),
    "periodClose": Term("period_close", text),
    "overdraftEvidence": Term("overdraft_evidence", name),
    "transportMode": Term("transport_mode", one_of("truck rail ship air")),
    "credits": Term("credits", items_of(CreditItem, CREDIT, ("profile", "element", "attribute", "mass", "uom"))),
    "certificates": Term("certificates", items_of(CertificateItem, CERTIFICATE, ("id",))),
}
