"""From a supplier's event to an EPCIS 2.0 event of our books, by the official mapping (16/03/2026) read backwards.

A Make, with or without inputs, is an ADD at the supplier's site: it opens the lot with what the credential and the passport say
of it. Its inputs are not in our books, so it is no TransformationEvent; whether it balances is checked before. A Move is a
shipping event from there to here, so the ledger makes an offer of it that our own receipt settles.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from msgspec import Struct

from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import plain, write
from lodestream.epcis.context import NAMESPACE
from lodestream.measures.exact import ratio
from lodestream.measures.units import COUNTS, MASS
from lodestream.supplied.origins import embodied_g, origins, schemes
from lodestream.supplied.suppliers import Suppliers
from lodestream.supplied.values import Accepted, Attestation, Part, Passport, Told

EPCIS_CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
PERCENT = Context(prec=60, rounding=ROUND_HALF_EVEN)
MOISTURE_PLACES = Decimal(1).scaleb(-26)
"""So fine that the dry mass is exact to the mg."""


class Facts(Struct, frozen=True):
    """What else stands behind an event: the supplier's passports and the attestations, each with its credential's digest."""

    passports: Sequence[tuple[str, Passport]] = ()
    attestations: Sequence[tuple[str, Attestation]] = ()


class Mapped(Struct, frozen=True):
    """An EPCIS event (without its eventID) and the digests of all credentials that it rests on, the event's own first."""

    event: dict[str, Any]
    evidence: list[str]


def mapped(told: Told, credential: Accepted, facts: Facts, suppliers: Suppliers) -> Mapped:
    """The EPCIS event of one event of an accepted credential. Raises CredentialError (QUANTITY, STRUCTURE)."""
    evidence = {credential.digest: None}
    items, quantities, epcs = [], [], []
    several = sum(len(one.parts) for one in credential.told) > 1
    for part in told.parts:
        name = f"sha256:{credential.digest}" + (f"#{_place(credential, told, part)}" if several else "")
        known = _passport(part, facts) if told.kind == "make" else None
        if known is not None:
            evidence[known[0]] = None
        passport = known[1] if known is not None else None
        backed = schemes(passport, part, told.at, facts.attestations, suppliers) if told.kind == "make" else []
        evidence |= dict.fromkeys(digest for _, digest in backed)
        mass, unit = _mass(part, passport)
        item = {"crm:role": "object", "crm:id": part.lot, "crm:mass": _text(mass), "crm:uom": unit}
        item |= _basis(part, mass, unit)
        if told.kind == "make":
            item |= _content(told, part, passport, mass, unit, sorted({scheme for scheme, _ in backed}), suppliers)
        items.append(item | {"crm:credential": name, "crm:credentialMass": _text(mass)})
        if part.instance:
            epcs.append(part.lot)
        else:
            quantities.append({"epcClass": part.lot, "quantity": plain(mass), "uom": unit})
    event = _head(told, suppliers) | {"epcList": epcs} | ({"quantityList": quantities} if quantities else {})
    return Mapped(event | {"crm:materials": items}, list(evidence))


def _head(told: Told, suppliers: Suppliers) -> dict[str, Any]:
    here = suppliers.location(told.at)
    head: dict[str, Any] = {"type": "ObjectEvent", "eventTime": told.time, "eventTimeZoneOffset": _offset(told.time)}
    if told.kind == "make":
        return head | {"action": "ADD", "bizStep": "commissioning", "disposition": "active", "bizLocation": {"id": here}}
    there = suppliers.location(told.to)
    if here == there:
        raise CredentialError("STRUCTURE", f"{told.event[:200]} moves goods from {here[:200]} to itself")
    head |= {
        "action": "OBSERVE",
        "bizStep": "shipping",
        "disposition": "in_transit",
        "readPoint": {"id": here},
        "sourceList": [{"type": "location", "source": here}],
        "destinationList": [{"type": "location", "destination": there}],
    }
    if told.consignment:
        head["bizTransactionList"] = [{"type": "bol", "bizTransaction": told.consignment}]
    return head


def _content(
    told: Told, part: Part, passport: Passport | None, mass: Decimal, unit: str, backed: list[str], suppliers: Suppliers
) -> dict[str, Any]:
    """What a made lot holds, where it comes from and what it emitted, as far as it is stated."""
    kg = _kg(mass, unit)
    dry = kg if part.dry_kg is None else part.dry_kg
    contained = part.contained_kg or {
        element: plain(PERCENT.multiply(share, dry).quantize(Decimal("0.000001"), ROUND_HALF_EVEN, PERCENT))
        for element, share in (passport.fractions if passport is not None else {}).items()
    }
    item: dict[str, Any] = {}
    if contained:
        item["crm:contained"] = [{"crm:element": e, "crm:mass": _text(m), "crm:uom": "KGM"} for e, m in sorted(contained.items())]
    item["crm:sourceClass"] = "mine" if told.primary else "external"
    if told.primary:
        item["crm:siteOfOrigin"] = suppliers.location(told.at)
        if passport is not None and passport.country is not None:
            item["crm:countryOfOrigin"] = passport.country
    if backed:
        item["crm:schemes"] = backed
    if passport is None:
        return item
    grades = {element: PERCENT.divide(m, dry) for element, m in contained.items()} if dry else {}
    from_materials = origins(passport, grades, backed)
    if from_materials:
        item["crm:origins"] = from_materials
    carbon = embodied_g(passport, kg, dry)
    return item if carbon is None else item | {"crm:embodiedGCO2e": str(carbon)}


def _passport(part: Part, facts: Facts) -> tuple[str, Passport] | None:
    """The passport of exactly that lot, else that of its product; of several the last."""
    own = [known for known in facts.passports if known[1].lot == part.lot]
    shared = [known for known in facts.passports if not known[1].lot and known[1].product == part.product]
    return next(reversed(own or shared), None)


def _mass(part: Part, passport: Passport | None) -> tuple[Decimal, str]:
    """The mass of a part in its unit; of a single thing without one its passport's weight. Raises CredentialError (QUANTITY)."""
    if part.quantity is not None and part.unit in MASS:
        return part.quantity, part.unit
    single = part.instance and (part.quantity is None or (part.unit in COUNTS and part.quantity == 1))
    if single and passport is not None and passport.weight_kg is not None:
        return passport.weight_kg, "KGM"
    stated = "no quantity" if part.quantity is None else f"{part.quantity} {part.unit[:20]}"
    raise CredentialError("QUANTITY", f"{part.lot[:200]}: {stated}; a lot is opened and moved by a mass, such as KGM or TNE")


def _basis(part: Part, mass: Decimal, unit: str) -> dict[str, str]:
    """Dry, or wet with the moisture that the stated dry mass leaves; where none is stated the site's book says which it is."""
    if part.dry_kg is None:
        return {}
    kg = _kg(mass, unit)
    if part.dry_kg > kg:
        raise CredentialError("QUANTITY", f"{part.lot[:200]}: its dry mass of {part.dry_kg} kg is more than its mass of {kg} kg")
    if part.dry_kg == kg:
        return {"crm:massBasis": "dry"}
    moisture = PERCENT.divide(PERCENT.multiply(kg - part.dry_kg, Decimal(100)), kg).quantize(MOISTURE_PLACES, context=PERCENT)
    return {"crm:massBasis": "wet", "crm:moisturePercent": _text(moisture)}


def _kg(mass: Decimal, unit: str) -> Decimal:
    numerator, denominator = MASS[unit].mg
    top, bottom = ratio(mass)
    return PERCENT.divide(Decimal(top * numerator), Decimal(bottom * denominator * 1_000_000))


def _place(credential: Accepted, told: Told, part: Part) -> int:
    """The place of a part among all lots of its credential, from 1: each of them is backed by its own line of it."""
    places = [(one.event, each.lot) for one in credential.told for each in one.parts]
    return places.index((told.event, part.lot)) + 1


def _offset(time: str) -> str:
    return "+00:00" if time.endswith("Z") else time[-6:]


def event_id(credential: Accepted, told: Told, version: int) -> str:
    """The eventID: of the credential's id and the event's, so that a second delivery is a DUPLICATE, and of the version."""
    return f"urn:uuid:{uuid5(NAMESPACE_URL, f'{credential.issuer} {credential.id} {told.event} {version}')}"


def document(events: Sequence[dict[str, Any]], created: str) -> bytes:
    """An EPCISDocument of these events; `created` is a date-time, so the same events give the same bytes."""
    return write(
        {
            "@context": [EPCIS_CONTEXT, {"crm": NAMESPACE}],
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": created,
            "epcisBody": {"eventList": list(events)},
        }
    )


def _text(number: Decimal) -> str:
    return format(plain(number), "f")
