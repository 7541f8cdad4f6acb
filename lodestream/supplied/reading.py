"""Verified UNTP credentials to plain values: traceability events of 0.7.0 and, where they can be read, of 0.6.x.

What a supplier may say and what we cannot take are told apart here: everything that is refused is refused by a named code, and
nothing is taken that is not stated.
"""

from typing import Any

from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import write
from lodestream.credentials.untp import DTE, UNTP_CONTEXT, time_us
from lodestream.epcis.identifiers import canonical_id
from lodestream.epcis.vocabulary import BIZ_STEPS
from lodestream.supplied.products import amount, part_of, text, thing, things
from lodestream.supplied.values import Part, Told

UNTP_06 = "https://test.uncefact.org/vocabulary/untp/"
LEAVING = frozenset({"shipping", "departing", "consigning"})
ADDED = frozenset({"commissioning", "creating_class_instance", "encoding"})
"""Business steps of an ADD in 0.6 by which goods come into being."""
REPLACES = "predecessor-version"
"""The link relation (IANA, RFC 5829) of the credential that a credential takes the place of."""


def version_of(credential: dict[str, Any]) -> str:
    """0.7 or 0.6, by the contexts. Raises CredentialError (UNTP_VERSION)."""
    contexts = credential.get("@context")
    names = [one for one in contexts if isinstance(one, str)] if isinstance(contexts, list) else []
    if UNTP_CONTEXT in names:
        return "0.7"
    if any(one.startswith(UNTP_06) and "/0.6." in one for one in names):
        return "0.6"
    raise CredentialError("UNTP_VERSION", "its @context is neither that of UNTP 0.7.0 nor one of 0.6; no other version is read")


def kind_of(credential: dict[str, Any]) -> str:
    """The UNTP type: the first of its types that is one of those read here. Raises CredentialError (KIND)."""
    known = (DTE, "DigitalProductPassport", "DigitalConformityCredential")
    types = credential.get("type")
    found = next((one for one in known if isinstance(types, list) and one in types), None)
    if found is None:
        raise CredentialError("KIND", f"it is of none of the types that open or back a lot: {', '.join(known)}")
    return found


def events_of(credential: dict[str, Any]) -> list[Told]:
    """What a traceability event credential says. One event that cannot be taken refuses all of it.

    Raises CredentialError (STRUCTURE, PRODUCT, QUANTITY, NOT_MAPPED, UNTP_VERSION).
    """
    read = _event if version_of(credential) == "0.7" else _event_06
    subjects = things(credential, "credentialSubject", "")
    if not subjects:
        raise CredentialError("STRUCTURE", "/credentialSubject holds no event")
    told = [read(one, f"/credentialSubject/{n}") for n, one in enumerate(subjects)]
    if len({one.event for one in told}) != len(told):
        raise CredentialError("STRUCTURE", "two events in /credentialSubject have one id")
    return told


def replaced_by(credential: dict[str, Any]) -> str:
    """The id of the credential that this one takes the place of; empty where it names none."""
    subjects = credential.get("credentialSubject")
    holders = [credential, *(subjects if isinstance(subjects, list) else [subjects])]
    for holder in holders:
        for link in things(holder, "relatedDocument", "") if isinstance(holder, dict) else []:
            if str(link.get("linkType", "")).rstrip("/").endswith(REPLACES) and isinstance(link.get("linkURL"), str):
                return str(link["linkURL"])
    return ""


def _event(event: dict[str, Any], where: str) -> Told:
    kinds = event.get("type")
    kind = next((one for one in ("MakeEvent", "MoveEvent") if isinstance(kinds, list) and one in kinds), "")
    if kind == "MakeEvent":
        # Work in process goes by the name of its campaign, to which the event links; it is no lot.
        links = [link.get("linkURL") for link in things(event, "relatedDocument", where)]
        made = [part_of(one, f"{where}/outputProduct/{n}") for n, one in enumerate(things(event, "outputProduct", where))]
        return Told(
            "make",
            text(event, "id", where),
            _time(event, "eventDate", where),
            _facility(event, "madeAtFacility", where),
            _some([one for one in made if not one.lost and one.product not in links], where),
            primary=event.get("inputProduct") == [],
            products=write({name: event[name] for name in ("id", "inputProduct", "outputProduct") if name in event}).decode(),
        )
    if kind == "MoveEvent":
        step = BIZ_STEPS.bare(text(thing(event, "activityType", where), "code", where))
        if step not in LEAVING:
            raise CredentialError(
                "NOT_MAPPED", f"{where}: a move by the step {step[:100]!r} takes nothing from the supplier's stock"
            )
        moved = [part_of(one, f"{where}/movedProduct/{n}") for n, one in enumerate(things(event, "movedProduct", where))]
        return Told(
            "move",
            text(event, "id", where),
            _time(event, "eventDate", where),
            _facility(event, "fromFacility", where),
            _some(moved, where),
            to=_facility(event, "toFacility", where),
            consignment=text(event, "consignmentId", where, ""),
        )
    raise CredentialError(
        "NOT_MAPPED", f"{where}: only MakeEvent and MoveEvent open or move a lot; a ModifyEvent changes none of ours"
    )


def _facility(event: dict[str, Any], name: str, where: str) -> str:
    return text(thing(event, name, where), "id", f"{where}/{name}")


def _time(event: dict[str, Any], name: str, where: str) -> str:
    stated = text(event, name, where)
    try:
        time_us(stated)
    except ValueError as error:
        raise CredentialError("STRUCTURE", f"{where}/{name} {error}") from None
    return stated


def _some(parts: list[Part], where: str) -> list[Part]:
    """The parts, where there is one and each lot is there once. Raises CredentialError (NOT_MAPPED, PRODUCT)."""
    if not parts:
        raise CredentialError("NOT_MAPPED", f"{where} names no product that is made or moved")
    if len({part.lot for part in parts}) != len(parts):
        raise CredentialError("PRODUCT", f"{where} names one lot twice; which of its masses counts is not said")
    return parts


def _event_06(event: dict[str, Any], where: str) -> Told:
    """An event of UNTP 0.6: EPCIS names, one place, no destination; so only what comes into being can be taken."""
    kinds = event.get("type")
    types = kinds if isinstance(kinds, list) else []
    step = BIZ_STEPS.bare(text(event, "bizStep", where, ""))
    if "TransformationEvent" in types:
        prefix, primary = "output", not (event.get("inputEPCList") or event.get("inputQuantityList"))
    elif "ObjectEvent" in types and event.get("action") == "add" and step in ADDED:
        prefix, primary = "", False
    else:
        said = "of UNTP 0.6 only a TransformationEvent, or an ObjectEvent with action add that commissions, can be taken"
        raise CredentialError("NOT_MAPPED", f"{where}: {said}: the others name no place where the goods go")
    quantities, items = (f"{prefix}QuantityList", f"{prefix}EPCList") if prefix else ("quantityList", "epcList")
    parts = [_element(one, f"{where}/{quantities}/{n}") for n, one in enumerate(things(event, quantities, where))]
    known = {part.lot for part in parts}
    found = [_item(one, f"{where}/{items}/{n}") for n, one in enumerate(things(event, items, where))]
    return Told(
        "make",
        text(event, "id", where),
        _time(event, "eventTime", where),
        text(event, "bizLocation", where),
        _some([*parts, *(one for one in found if one.lot not in known)], where),
        primary=primary,
    )


def _element(entry: dict[str, Any], where: str) -> Part:
    """A QuantityElement of 0.6: its productId is the lot."""
    value, unit = amount({"value": entry.get("quantity"), "unit": entry.get("uom", "")}, where) if "uom" in entry else (None, "")
    name = canonical_id(text(entry, "productId", where))
    return Part(name, name, "/21/" in name, quantity=value, unit=unit)


def _item(entry: dict[str, Any], where: str) -> Part:
    name = canonical_id(text(entry, "id", where))
    return Part(name, name, instance=True)
