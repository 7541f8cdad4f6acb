"""Sets that are as large as they may be and made to be slow: many of everything that is compared with many of something else."""

from typing import Any

from lodestream.credentials.jsontext import write
from tests.conformance.sets import credential

DID = "did:web:refinery.example"


def many_claims(number: int) -> dict[str, bytes]:
    """Claims and assessments of one product, on one topic, of different criteria."""
    topic = [{"id": "https://t.example/topic"}]
    claims = [{"name": "c", "conformityTopic": topic, "referenceCriteria": [{"id": f"urn:c:{n}"}]} for n in range(number)]
    assessments = [
        {
            "conformityTopic": topic,
            "assessmentCriteria": [{"id": f"urn:a:{n}"}],
            "assessedProduct": [{"product": {"id": "urn:p"}}],
            "conformance": True,
        }
        for n in range(number)
    ]
    return _files(
        dpp=_of("DigitalProductPassport", {"id": "urn:p", "performanceClaim": claims}),
        dcc=_of("DigitalConformityCredential", {"conformityAssessment": assessments}),
    )


def many_anchors(number: int) -> dict[str, bytes]:
    """Parties and anchors of one DID, each of another register."""
    anchors = [{"id": DID, "registeredId": "1", "idScheme": {"id": f"https://r{n}.example"}} for n in range(number)]
    parties = [{"id": DID, "registeredId": "1", "idScheme": {"id": f"https://s{n}.example"}} for n in range(number)]
    return _files(
        dia=_of("DigitalIdentityAnchor", anchors), dpp=_of("DigitalProductPassport", {"id": "urn:p", "parties": parties})
    )


def many_events(number: int) -> dict[str, bytes]:
    """Make events of one product, all of one passport that claims recycled content."""
    part = {"product": {"id": "urn:p", "batchNumber": "1"}, "quantity": {"value": 1, "unit": "KGM"}}
    event = {
        "type": ["MakeEvent"],
        "inputProduct": [part],
        "outputProduct": [part],
        "madeAtFacility": {"id": "urn:f"},
        "activityType": {"code": "shipping"},
    }
    claims = [
        {
            "claimedPerformance": [
                {"metric": {"id": "x/recycled-content-percentage"}, "measure": {"value": 50, "unit": "P1"}} for _ in range(number)
            ]
        }
    ]
    return _files(
        dte=_of("DigitalTraceabilityEvent", [event] * number),
        dpp=_of("DigitalProductPassport", {"id": "urn:p", "batchNumber": "1", "performanceClaim": claims}),
    )


def one_large_event(number: int) -> dict[str, bytes]:
    """One Make event with many products, each of which speaks of another element."""
    symbols = ("cu", "ni", "co", "li", "zn", "pb", "sn", "al", "au", "ag", "fe", "mn")
    parts = [
        {
            "product": {"id": f"urn:p:{n}", "name": "Cu 30% Ni 5%", "characteristics": {f"{symbols[n % 12]}MassFraction": 1}},
            "quantity": {"value": 1, "unit": "KGM"},
        }
        for n in range(number)
    ]
    event = {"type": ["MakeEvent"], "inputProduct": parts, "outputProduct": parts, "madeAtFacility": {"id": "urn:f"}}
    return _files(dte=_of("DigitalTraceabilityEvent", [event]))


def many_links(number: int) -> dict[str, bytes]:
    """Links with digests to one large credential."""
    target = _of("DigitalTraceabilityEvent", [{"x": "y" * 1_000_000}]) | {"id": "https://refinery.example/dte/9"}
    links = [{"linkURL": "https://refinery.example/dte/9", "digestMultibase": f"zQm{n}"} for n in range(number)]
    return _files(dte=target, dpp=_of("DigitalProductPassport", {"id": "urn:p", "evidence": links}))


def many_words(number: int) -> dict[str, bytes]:
    """Long texts where grades and names are looked for."""
    words = "Cu 30% copper scrap (" * number
    product = {"product": {"id": "urn:p", "name": words, "description": words}, "quantity": {"value": 1, "unit": "KGM"}}
    event = {"type": ["MakeEvent"], "inputProduct": [product], "outputProduct": [product]}
    return _files(
        dte=_of("DigitalTraceabilityEvent", [event]),
        dpp=_of("DigitalProductPassport", {"id": "urn:p", "name": words, "materialProvenance": [{"name": words}] * 50}),
    )


def _of(kind: str, subject: Any) -> dict[str, Any]:
    return credential(1, type=[kind, "VerifiableCredential"], credentialSubject=subject)


def _files(**credentials: dict[str, Any]) -> dict[str, bytes]:
    return {f"{name}.json": write(value) for name, value in credentials.items()}


SHAPES = {
    "claims": many_claims,
    "anchors": many_anchors,
    "events": many_events,
    "one event": one_large_event,
    "links": many_links,
    "words": many_words,
}
