"""Tier 7, who speaks: identity anchors, the registers behind them, accreditation, and who may issue a passport."""

import re
from collections.abc import Iterator
from typing import Any

from lodestream.conformance.documents import Document, Folder, at, items, objects, text
from lodestream.conformance.findings import Fault, NotApplicableError, NotCheckedError, Rule, pointer, quoted
from lodestream.conformance.kinds import CREDENTIALS, DCC, DFR, DIA, DPP

MAKERS = frozenset({"owner", "producer", "manufacturer", "processor", "remanufacturer", "recycler", "operator", "brandOwner"})
"""Roles of a party that answers for a product or runs a facility."""

MANY_ANCHORS = 100
"""Of one DID no more identity anchors are looked at."""

_HOST = re.compile(r"https?://(?:www\.)?([^/:?#\s]+)", re.IGNORECASE)
_WEB_HOST = re.compile(r"did:web(?:vh:[^:]+)?:([^:/?#%]+)")


Anchor = tuple[str, dict[str, Any]]
"""The file of an identity anchor, and what it says."""


def _anchors(folder: Folder) -> dict[str, list[Anchor]]:
    """The identity anchors of the set by the DID that each is about."""
    found: dict[str, list[Anchor]] = {}
    for document in folder.of(DIA):
        for _, subject in objects(document.credential.get("credentialSubject")):
            of_did = found.setdefault(text(subject.get("id")), [])
            if len(of_did) < MANY_ANCHORS:
                of_did.append((document.name, subject))
    return found


def _anchors_or_not_checked(folder: Folder) -> dict[str, list[Anchor]]:
    anchors = folder.once(_anchors)
    if not anchors:
        raise NotCheckedError("the set holds no identity anchor (DIA)")
    return anchors


def _anchored(document: Document, folder: Folder) -> Iterator[Fault]:
    if not document.issuer:
        raise NotApplicableError  # VCDM-ISSUER says so
    if document.issuer not in _anchors_or_not_checked(folder):
        yield Fault("/issuer", f"unanchored identity: no identity anchor of the set is about {quoted(document.issuer)}")


def _accredited(document: Document, folder: Folder) -> Iterator[Fault]:
    anchors = _anchors_or_not_checked(folder).get(document.issuer, [])
    registers = [text(subject.get("registerType")).lower() for _, subject in anchors]
    if "accreditation" not in registers:
        stated = ", ".join(quoted(each) or "no stated register type" for each in registers)
        known = f"those about it are of {stated}" if registers else "none is about it"
        yield Fault("/issuer", f"unaccredited assessor: no identity anchor accredits {quoted(document.issuer)}; {known}")


def _register_domain(document: Document, _folder: Folder) -> Iterator[Fault]:
    """DIA-02: the domain of the anchor's issuer is that of the register."""
    match = _WEB_HOST.match(document.issuer)
    for place, subject in objects(document.credential.get("credentialSubject")):
        hosts = [host for way in (("idScheme", "id"), ("registrar", "id")) if (host := _host(at(subject, *way)))]
        if not hosts or match is None:
            raise NotCheckedError("it names no register with a domain, or its issuer is no did:web")
        if not any(_within(match[1].lower(), host) for host in hosts):
            where = pointer("credentialSubject", *([place] if isinstance(document.credential["credentialSubject"], list) else []))
            yield Fault(f"{where}/idScheme/id", f"issued by {quoted(document.issuer)}, the register is {', '.join(hosts)}")


def _host(uri: Any) -> str:
    match = _HOST.match(text(uri))
    return match[1].lower() if match else ""


def _within(one: str, other: str) -> bool:
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def _registered_id(document: Document, folder: Folder) -> Iterator[Fault]:
    """The identifiers of a party are those that its anchor states, of the same register."""
    anchors = folder.once(_anchors)
    told: set[tuple[str, str, str]] = set()
    applied = False
    for where, did, party in _parties(document):
        for name, subject in anchors.get(did, []):
            applied = True
            difference = _difference(party, subject)
            if difference and (did, name, difference) not in told:
                told.add((did, name, difference))
                yield Fault(where, f"{quoted(did)}: {difference} ({name})")
    if not applied:
        raise NotApplicableError


def _difference(party: dict[str, Any], anchored: dict[str, Any]) -> str:
    ours, theirs = text(party.get("registeredId")), text(anchored.get("registeredId"))
    here, there = _host(at(party, "idScheme", "id")), _host(at(anchored, "idScheme", "id"))
    if not (ours and theirs and here and there):
        return ""
    if ours == theirs and here != there:
        return f"registeredId {quoted(ours)} is of the register {here} here and of {there} in the identity anchor"
    if here == there and ours != theirs:
        return f"the register {here} knows it as {quoted(ours)} here and as {quoted(theirs)} in the identity anchor"
    return ""


def _parties(document: Document) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every party with a DID, wherever it stands, and the issuer's other names: pointer, DID, the party."""
    names = at(document.credential.get("issuer"), "issuerAlsoKnownAs")
    for place, party in objects(names):
        yield pointer("issuer", "issuerAlsoKnownAs", place), document.issuer, party
    yield from _with_did(document.credential.get("credentialSubject"), ("credentialSubject",))


def _with_did(value: Any, way: tuple[str | int, ...]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    if isinstance(value, list):
        for place, item in enumerate(value):
            yield from _with_did(item, (*way, place))
    elif isinstance(value, dict):
        did = text(value.get("id"))
        if did.startswith("did:"):
            yield pointer(*way), did, value
        for name, item in value.items():
            yield from _with_did(item, (*way, name))


def _producer(document: Document, folder: Folder) -> Iterator[Fault]:
    """Walk step 2: the passport is issued by who makes the product or runs the facility."""
    subject = document.credential.get("credentialSubject")
    product = at(subject, "product") or subject
    facility = text(at(product, "producedAtFacility", "id"))
    answering = {*_makers(product), text(at(product, "producedByParty", "id"))}
    for record in folder.of(DFR):
        for each in record.subjects:
            place = at(each, "facility") or each
            if facility and text(at(place, "id")) == facility:
                answering |= {record.issuer, *_makers(place), text(at(place, "operatedByParty", "id"))}
    answering -= {""}
    if not answering:
        raise NotCheckedError("neither the passport nor a facility record of the set names who makes the product")
    names = [text(at(each, "id")) for each in items(at(document.credential.get("issuer"), "issuerAlsoKnownAs"))]
    if answering & {document.issuer, *names}:
        return
    shown = ", ".join(quoted(each) for each in sorted(answering)[:3])
    if not any(each.startswith("did:") for each in answering):
        raise NotCheckedError(f"who answers for the product is named by {shown}, not by a DID that could be compared")
    yield Fault("/issuer/id", f"issued by {quoted(document.issuer)}; who answers for the product: {shown}")


def _makers(thing: Any) -> set[str]:
    roles = objects(at(thing, "relatedParty"))
    return {text(at(role, "party", "id")) for _, role in roles if text(role.get("role")) in MAKERS}


RULES = (
    Rule(
        "DIA-ANCHOR", 7, "warning", CREDENTIALS - {DIA}, "UNTP trust graph, step 2; TI.02",
        "The issuer's DID has an identity anchor.",
        "Ask the register to issue a DIA about the DID, and publish it beside the credentials.", _anchored,
    ),
    Rule(
        "DIA-02", 7, "failed", frozenset({DIA}), "UNTP DIA-02: the issuer's domain MUST match that of the issuing authority",
        "An identity anchor is issued from the register's own domain.",
        "Only the register can issue the anchor, with a did:web under its own domain.", _register_domain,
    ),
    Rule(
        "DIA-REGISTERED-ID", 7, "failed", CREDENTIALS - {DIA}, "UNTP trust graph, step 2: registeredId and idScheme; TI.04",
        "A party's registeredId is of the register that its identity anchor names.",
        "Write registeredId and idScheme.id exactly as the identity anchor has them.", _registered_id,
    ),
    Rule(
        "DPP-PRODUCER", 7, "failed", frozenset({DPP}), "UNTP trust graph, step 2",
        "A passport is issued by who makes the product or runs its facility.",
        "Name the issuer's DID in relatedParty with its role, or let the producer issue the passport.", _producer,
    ),
    Rule(
        "DCC-ACCREDITED", 7, "warning", frozenset({DCC}), "UNTP trust graph, step 4; TI.03",
        "The assessor has an identity anchor of an accreditation register.",
        "Publish the accreditation body's DIA (registerType accreditation) about the assessor's DID.", _accredited,
    ),
)  # fmt: skip
