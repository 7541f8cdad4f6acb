"""What passports, conformity credentials, facility records and identity anchors are about, in UNTP 0.6.1."""

from typing import Any

from lodestream.credentials.content.v061.parts import (
    claim,
    classification,
    criteria,
    link,
    metrics,
    party,
    scheme,
    secure_link,
    topic,
)

ASSESSORS = {"self": "Self", "commercial": "Commercial", "buyer": "Buyer", "membership": "Membership", "3rdParty": "3rdParty"}
NOT_SAID = "Unspecified"


def passport(credential: dict[str, Any]) -> dict[str, Any]:
    """A product passport. Dropped: characteristics (grades, `provisional`: name and description say that), and the scorecards
    of 0.6.1, whose required figures the ledger does not know: carbon and recycled content are declared values of claims.
    """
    product = credential["credentialSubject"]
    events = [one for one in product.get("relatedDocument", []) if one.get("linkType", "").endswith("/dte")]
    said: dict[str, Any] = {
        "type": ["ProductPassport"],
        "id": f"{credential['id']}#passport",
        "product": _product(product),
        "granularityLevel": product["idGranularity"],
        "conformityClaim": [claim(one) for one in product.get("performanceClaim", [])],
        "materialsProvenance": [_material(one) for one in product.get("materialProvenance", [])],
    }
    if events:
        process = {"valueChainProcess": "Production", "traceabilityEvent": [secure_link(one) for one in events]}
        said["traceabilityInformation"] = [process]
    return said


def _product(product: dict[str, Any]) -> dict[str, Any]:
    others = [one for one in product.get("relatedDocument", []) if not one.get("linkType", "").endswith("/dte")]
    makers = [one["party"] for one in product.get("relatedParty", []) if one["role"] in ("producer", "manufacturer")]
    said: dict[str, Any] = {
        "type": ["Product"],
        "id": product["id"],
        "name": product["name"],
        "idScheme": scheme(product["idScheme"]),
        "productCategory": [classification(one) for one in product["productCategory"]],
        "producedAtFacility": party(product["producedAtFacility"]),
        "countryOfProduction": product["countryOfProduction"]["countryCode"],
    }
    for ours, theirs in (("batchNumber", "batchNumber"), ("itemNumber", "serialNumber"), ("description", "description")):
        if ours in product:
            said[theirs] = product[ours]
    if "productionDate" in product:
        said["productionDate"] = product["productionDate"]
    if makers:
        said["producedByParty"] = party(makers[0])
    if others:
        said["furtherInformation"] = [link(one) for one in others]
    return said


def _material(one: dict[str, Any]) -> dict[str, Any]:
    said = {
        "name": one["name"],
        "originCountry": one["originCountry"]["countryCode"],
        "materialType": classification(one["materialType"]),
        "massFraction": one["massFraction"],
    }
    said |= {name: one[name] for name in ("recycledMassFraction", "hazardous") if name in one}
    if "materialSafetyInformation" in one:
        said["materialSafetyInformation"] = link(one["materialSafetyInformation"])
    return said


def attestation(credential: dict[str, Any]) -> dict[str, Any]:
    """A conformity attestation. Dropped: the scheme (0.6.1 wants its owner, version and text), conditions, and evidence by
    assessment; the first document is the attestation's evidence.
    """
    subject = credential["credentialSubject"]
    said: dict[str, Any] = {
        "type": ["ConformityAttestation", "Attestation"],
        "id": subject["id"],
        "name": subject["name"],
        "assessorLevel": ASSESSORS.get(subject["assessorLevel"], NOT_SAID),
        "assessmentLevel": NOT_SAID,
        "attestationType": subject["attestationType"],
        "issuedToParty": party(subject["issuedToParty"]),
        "assessment": [_assessment(one) for one in subject.get("conformityAssessment", [])],
    }
    if "description" in subject:
        said["description"] = subject["description"]
    evidence = [one for each in subject.get("conformityAssessment", []) for one in each.get("evidence", [])]
    return said | {"auditableEvidence": secure_link(evidence[0])} if evidence else said


def _assessment(one: dict[str, Any]) -> dict[str, Any]:
    about = topic(one["conformityTopic"])
    said: dict[str, Any] = {
        "type": ["ConformityAssessment", "Declaration"],
        "id": one["id"],
        "name": one["name"],
        "assessmentDate": one["assessmentDate"],
        "assessmentCriteria": criteria(one["assessmentCriteria"], about),
        "declaredValue": metrics(one["assessedPerformance"]),
        "conformance": one["conformance"],
        "conformityTopic": about,
        "assessedFacility": [
            {"facility": party(each["facility"]), "IDverifiedByCAB": each.get("idVerifiedByCAB", False)}
            for each in one.get("assessedFacility", [])
        ],
    }
    conditions = one.get("specifiedCondition", [])
    said["description"] = "; ".join([one.get("description", one["name"]), *conditions])
    if "assessedOrganisation" in one:
        said["assessedOrganisation"] = party(one["assessedOrganisation"])
    return said


def facility_record(credential: dict[str, Any]) -> dict[str, Any]:
    """A facility record. Dropped: linked documents. A point is GeoJSON: longitude first."""
    subject = credential["credentialSubject"]
    operators = [one["party"] for one in subject.get("relatedParty", []) if one["role"] in ("operator", "owner")]
    place, address = subject["locationInformation"], subject["address"]
    where: dict[str, Any] = {"plusCode": place["plusCode"]} if "plusCode" in place else {}
    if "geoLocation" in place:
        point = place["geoLocation"]
        where["geoLocation"] = {"type": "Point", "coordinates": [point["longitude"], point["latitude"]]}
    facility: dict[str, Any] = {
        "type": ["Facility"],
        **party(subject),
        "countryOfOperation": subject["countryOfOperation"]["countryCode"],
        "processCategory": [classification(one) for one in subject["processCategory"]],
        "address": address | {"addressCountry": address["addressCountry"]["countryCode"]},
    }
    if where:
        facility["locationInformation"] = where
    if operators:
        facility["operatedByParty"] = party(operators[0])
    return {"type": ["FacilityRecord"], "facility": facility, "conformityClaim": []}


def identity(credential: dict[str, Any]) -> dict[str, Any]:
    """A registered identity. Dropped: the date of registration, the registrar, and the page about the subject."""
    subject = credential["credentialSubject"]
    said = {
        "type": ["RegisteredIdentity"],
        "id": subject["id"],
        "name": subject["registeredName"],
        "registeredId": subject["registeredId"],
        "idScheme": scheme(subject["idScheme"]),
        "registerType": subject["registerType"].capitalize(),
    }
    scope = subject.get("registrationScope", [])
    return said | {"registrationScopeList": scope} if scope else said
