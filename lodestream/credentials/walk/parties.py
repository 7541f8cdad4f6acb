"""Who is who: identities anchored in registers, assessors accredited, facilities run by whoever speaks for them.

Rules are functions of the graph and of what the verifier trusts (UNTP trust graphs, steps 2, 4 and 7).
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import unquote, urlsplit

from lodestream.credentials.walk.balance import passport_for
from lodestream.credentials.walk.facts import Graph, Seen, id_of, text
from lodestream.credentials.walk.grades import as_list, as_object
from lodestream.credentials.walk.outcomes import Finding
from lodestream.credentials.walk.trust import Point, Register, Trust

ACCREDITATION = "accreditation"
VOUCH = ("dia", "dcc")
"""The kinds of credential that vouch for others: their issuers are held to registers and accreditations, not to an identity."""
OPERATORS = ("owner", "operator")


def identities(graph: Graph, trust: Trust) -> list[Finding]:
    """Each issuer has an identity anchor by a register that is trusted, and what it says of its registration agrees."""
    found: list[Finding] = []
    speaking = {each.issuer for each in graph.seen if each.kind not in VOUCH}
    if graph.first is not None and graph.first.kind != "dcc":
        speaking.add(graph.first.issuer)  # whatever somebody asks about, they want to know who says so
    for did in sorted(speaking):
        anchor, why = anchor_of(did, graph, trust)
        if anchor is not None:
            found += _registrations(did, anchor, graph)
        elif did not in trusted(trust):
            found.append(Finding("unanchored identity", "ANCHOR", did, f"No trusted register says who {did} is: {why}."))
    return found


def assessors(graph: Graph, trust: Trust) -> list[Finding]:
    """Each issuer of a conformity credential is accredited by a body that is trusted."""
    found = []
    for did in sorted({each.issuer for each in graph.seen if each.kind == "dcc"}):
        accredited, why = accreditation_of(did, graph, trust)
        if not accredited:
            found.append(Finding("unaccredited assessor", "ACCREDITATION", did, f"No trusted body accredits {did}: {why}."))
    return found


def operators(graph: Graph, trust: Trust) -> list[Finding]:
    """A passport's issuer runs the facility where the product was made; so does who tells a Make event (DFR, relatedParty)."""
    found = []
    for issuer, facility, about in sorted(set(_claimed_places(graph))):
        records = graph.facilities.get(facility, [])
        running = {did for record in records for did in _run_by(record)}
        if not records:
            why = f"there is no facility record of {facility}" if facility else "it names no place"
        elif issuer in running:
            continue
        else:
            why = f"the record of {facility} names {', '.join(sorted(running)) or 'nobody'} as its operator"
        if issuer not in trusted(trust):
            found.append(Finding("unanchored identity", "OPERATOR", about, f"Whether {issuer} runs the place is open: {why}."))
    return found


def places(graph: Graph, trust: Trust) -> list[Finding]:  # noqa: ARG001  # a rule's signature
    """A batch is made where its passport says: else anybody could tell the making of what another describes."""
    found = []
    for event in graph.events["MakeEvent"]:
        for key in sorted(set(event.keys("outputProduct"))):
            described = id_of((passport_for(key, graph.products) or {}).get("producedAtFacility"))
            made = event.place("madeAtFacility")
            if described and described != made:
                sentence = f"{event.id} tells that it was made at {made}; its passport says {described}."
                found.append(Finding("unanchored identity", "PLACE", str(key), sentence))
    return found


def zones(graph: Graph, trust: Trust) -> list[Finding]:
    """No facility lies in an area that the verifier takes for one of conflict."""
    found = []
    for facility, records in sorted(graph.facilities.items()):
        points = [point for record in records for point in _points(record.subjects[0])]
        for zone in trust.zones:
            inside = next((point for point in points if zone.holds(point)), None)
            if inside is not None:
                sentence = f"It lies at {inside[0]}, {inside[1]}, in the zone {zone.name}."
                found.append(Finding("conflict-zone risk", "ZONE", facility, sentence))
    return found


def trusted(trust: Trust) -> set[str]:
    """The DIDs that the verifier knows itself."""
    return {*trust.parties, *(register.did for register in (*trust.registers, *trust.accreditors))}


def anchor_of(did: str, graph: Graph, trust: Trust) -> tuple[Seen | None, str]:
    """The identity anchor that counts for a DID; else why there is none."""
    return _anchored(did, graph, trust.registers, accreditation=False)


def accreditation_of(did: str, graph: Graph, trust: Trust) -> tuple[bool, str]:
    """Whether an assessor is accredited, and else why not. Who the verifier names itself needs no other's word."""
    if did in trusted(trust):
        return True, ""
    anchor, why = _anchored(did, graph, trust.accreditors, accreditation=True)
    return anchor is not None, why


def _anchored(did: str, graph: Graph, registers: list[Register], *, accreditation: bool) -> tuple[Seen | None, str]:
    reasons = []
    for anchor in graph.identities.get(did, []):
        why = _fault(anchor, registers, accreditation=accreditation)
        if not why:
            return anchor, ""
        reasons.append(why)
    return None, "; ".join(reasons) or f"there is no {'accreditation' if accreditation else 'identity anchor'} of it"


def _fault(anchor: Seen, registers: list[Register], *, accreditation: bool) -> str:
    """Why an identity anchor does not count; empty where it does (UNTP DIA-02: the register signs with its own domain)."""
    register = next((each for each in registers if each.did == anchor.issuer), None)
    subject = anchor.subjects[0]
    kind = text(subject.get("registerType"))
    if register is None:
        return (
            f"{anchor.issuer}, which signed {anchor.id}, is no {'accreditation body' if accreditation else 'register'} of yours"
        )
    if (kind.lower() == ACCREDITATION) != accreditation or (register.types and kind not in register.types):
        return f"{anchor.id} is of the register type {kind or 'unstated'}"
    scheme = _host(id_of(subject.get("idScheme")))
    if scheme and anchor.issuer.startswith("did:web:") and not _within(scheme, _did_host(anchor.issuer)):
        return f"{anchor.id} speaks for {scheme}, but {anchor.issuer} signed it"
    return ""


def _registrations(did: str, anchor: Seen, graph: Graph) -> Iterator[Finding]:
    """Where the issuer names a registration in the same register or by the same number, it is the one of the anchor."""
    subject = anchor.subjects[0]
    number, host = text(subject.get("registeredId")), _host(id_of(subject.get("idScheme")))
    told: set[tuple[str, str]] = set()
    for each in graph.seen:
        if each.issuer == did:
            for party in map(as_object, as_list(as_object(each.credential.get("issuer")).get("issuerAlsoKnownAs"))):
                told.add((text(party.get("registeredId")), _host(id_of(party.get("idScheme")) or text(party.get("id")))))
    for said, where in sorted(told):
        if said and where and host and (said == number) != _within(where, host):
            sentence = f"{did} says it is {said} at {where}; its anchor {anchor.id} says {number} at {host}."
            yield Finding("unanchored identity", "REGISTERED_ID", did, sentence)


def _claimed_places(graph: Graph) -> Iterator[tuple[str, str, str]]:
    for each in graph.seen:
        for subject in each.subjects if each.kind == "dpp" else []:
            yield each.issuer, id_of(subject.get("producedAtFacility")), each.id
    for event in graph.events["MakeEvent"]:
        yield event.seen.issuer, event.place("madeAtFacility"), event.seen.id


def _run_by(record: Seen) -> list[str]:
    """The owners and operators of a facility record; where it names none, its issuer."""
    parties = [as_object(each) for each in as_list(record.subjects[0].get("relatedParty"))]
    named = [id_of(each.get("party")) for each in parties if each.get("role") in OPERATORS]
    return named or [record.issuer]


def _points(facility: dict[str, Any]) -> Iterator[Point]:
    """The position and the corners that a facility record states."""
    place = as_object(facility.get("locationInformation"))
    for each in [place.get("geoLocation"), *as_list(place.get("geoBoundary"))]:
        latitude, longitude = _degrees(as_object(each).get("latitude")), _degrees(as_object(each).get("longitude"))
        if latitude is not None and longitude is not None:
            yield latitude, longitude


def _degrees(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not -180 <= value <= 180:
        return None
    return Decimal(value)


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _did_host(did: str) -> str:
    return unquote(did.removeprefix("did:web:").partition(":")[0]).partition(":")[0].lower()


def _within(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")
