"""Parts of UNTP 0.6.1: parties, codes, links with a hash in hexadecimal, claims with one topic of a short list.

`type` is written only where the context of 0.6.1 has it: on a link, measure, metric or material it would make JSON-LD fail.
"""

from typing import Any

from lodestream.credentials.encoding import SHA2_256, from_base58btc, to_uri
from lodestream.credentials.errors import CredentialError

TOPICS = {
    "greenhouse-gas-emissions": "environment.emissions",
    "recycled-material-integration": "circularity.content",
}
OTHER_TOPIC = "governance.transparency"
"""Of what a claim is about where it is neither of these: origin, traceability."""


def party(one: dict[str, Any]) -> dict[str, Any]:
    """A party, facility or product that is only named."""
    said: dict[str, Any] = {name: one[name] for name in ("id", "name", "registeredId") if name in one}
    return said | {"idScheme": scheme(one["idScheme"])} if "idScheme" in one else said


def scheme(one: dict[str, Any]) -> dict[str, Any]:
    """An identification scheme."""
    return {"type": ["IdentifierScheme"], "id": one["id"], "name": one["name"]}


def classification(one: dict[str, Any]) -> dict[str, Any]:
    """A code, which has an id of its own in 0.6.1: the scheme's with the code at its end."""
    base = one["schemeId"]
    made = base + ("" if base.endswith(("/", "#", ":")) else "/") + one["code"]
    return {
        "type": ["Classification"],
        "id": to_uri(made),
        "code": one["code"],
        "name": one["name"],
        "schemeID": base,
        "schemeName": one["schemeName"],
    }


def link(one: dict[str, Any]) -> dict[str, Any]:
    """A link without its digest and media type."""
    return {name: one[name] for name in ("linkURL", "linkName", "linkType") if name in one}


def secure_link(one: dict[str, Any]) -> dict[str, Any]:
    """A link with its digest, where that is a SHA-256: `hashDigest` in hexadecimal."""
    digest = one.get("digestMultibase", "")
    try:
        raw = from_base58btc(digest[1:]) if digest.startswith("z") else b""
    except CredentialError:
        raw = b""
    if raw[:2] != SHA2_256 or len(raw) != 34:
        return link(one)
    return link(one) | {"hashDigest": raw[2:].hex(), "hashMethod": "SHA-256", "encryptionMethod": "none"}


def topic(topics: list[dict[str, Any]]) -> str:
    """The one topic of 0.6.1 that is nearest to the first of several."""
    return TOPICS.get(topics[0]["id"].rpartition("/")[2], OTHER_TOPIC)


def criteria(found: list[dict[str, Any]], about: str) -> list[dict[str, Any]]:
    """Criteria by id and name; what 0.6.1 requires beside, we take from those."""
    return [
        {
            "type": ["Criterion"],
            "id": one["id"],
            "name": one["name"],
            "description": one["name"],
            "conformityTopic": about,
            "status": "active",
        }
        for one in found
    ]


def metrics(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Measured performance; the metric goes by its name alone."""
    return [{"metricName": one["metric"]["name"], "metricValue": measure(one["measure"])} for one in found if "measure" in one]


def measure(one: dict[str, Any]) -> dict[str, Any]:
    """A measure without tolerances."""
    return {"value": one["value"], "unit": one["unit"]}


def claim(one: dict[str, Any]) -> dict[str, Any]:
    """A claim. It declares a value, and conforms with the criterion by which that is found; one piece of evidence at most."""
    about = topic(one["conformityTopic"])
    said = {
        "type": ["Claim", "Declaration"],
        "id": one["id"],
        "description": ": ".join(filter(None, [one["name"], one.get("description", "")])),
        "assessmentCriteria": criteria(one["referenceCriteria"], about),
        "assessmentDate": one["claimDate"],
        "declaredValue": metrics(one["claimedPerformance"]),
        "conformance": True,
        "conformityTopic": about,
    }
    evidence = one.get("evidence", [])
    return said | {"conformityEvidence": secure_link(evidence[0])} if evidence else said
