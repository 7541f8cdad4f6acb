"""What the fuzzers start from: valid inputs of every reader, made with keys that are no secret."""

import json
from functools import cache
from typing import Any

from lodestream.credentials.access import Access, lock, lot_key, qr_text
from lodestream.credentials.did import document_bytes, parse_document
from lodestream.credentials.envelope import PREFIX
from lodestream.credentials.jcs import canonical
from lodestream.credentials.jsontext import parse_object, write
from lodestream.credentials.securing import secure
from lodestream.credentials.status import Bitstring, status_list
from tests.conformance.sets import credential, exact, make, product
from tests.credentials.telling import NOW_US, signer

SIGNER = signer()
DOCUMENT = parse_document(document_bytes(SIGNER))
KEY = lot_key(bytes(range(32)), "https://id.gs1.org/01/09521234000021/10/2025-Q1-0812")
LIST_URL = "https://refinery.example/status/1"
ENTRY = {
    "type": "BitstringStatusListEntry",
    "statusPurpose": "revocation",
    "statusListIndex": 94_567,
    "statusListCredential": LIST_URL,
}

PASSPORT_SUBJECT = {
    "type": ["Product"],
    "id": "https://refinery.example/p/cathode",
    "name": "Copper cathode (Cu 99.99%)",
    "idGranularity": "model",
    "batchNumber": "B-1",
    "materialProvenance": [
        {"name": "Copper", "massFraction": 1, "recycledMassFraction": 0.12, "originCountry": {"countryCode": "ZM"}}
    ],
    "performanceClaim": [
        {
            "name": "Footprint",
            "referenceCriteria": [{"id": "https://scheme.example/c/1"}],
            "conformityTopic": [{"id": "https://vocabulary.uncefact.org/conformity-topics/greenhouse-gas-emissions"}],
            "claimedPerformance": [
                {
                    "metric": {"id": "https://vocabulary.uncefact.org/performance-metric/product-carbon-footprint", "name": "x"},
                    "measure": {"value": 3.8, "unit": "KGM"},
                }
            ],
            "evidence": [{"linkURL": "https://refinery.example/dte/1", "digestMultibase": "zQmX"}],
        }
    ],
    "relatedParty": [
        {"role": "owner", "party": {"id": SIGNER.did, "registeredId": "1", "idScheme": {"id": "https://r.example"}}}
    ],
}


def _credentials() -> list[dict[str, Any]]:
    move = {
        "type": ["MoveEvent"],
        "id": "https://refinery.example/event/2",
        "eventDate": "2025-03-10T14:00:00Z",
        "activityType": {"code": "shipping"},
        "movedProduct": [product("cathode", 2000)],
        "fromFacility": {"id": "https://refinery.example/facility/2"},
        "toFacility": {"id": "https://battery.example/facility/3"},
        "consignmentId": "urn:c:1",
    }
    anchor = {"id": SIGNER.did, "registeredId": "2", "idScheme": {"id": "https://r.example"}, "registerType": "accreditation"}
    assessed = {"conformityAssessment": [{"assessmentCriteria": [{"id": "https://scheme.example/c/1"}], "conformance": True}]}
    return [
        credential(1),
        credential(2, credentialStatus=ENTRY, validUntil="2035-01-01T00:00:00Z", credentialSubject=[make(), move]),
        credential(3, type=["DigitalProductPassport", "VerifiableCredential"], credentialSubject=PASSPORT_SUBJECT),
        credential(4, type=["DigitalIdentityAnchor", "VerifiableCredential"], credentialSubject=anchor),
        credential(5, type=["DigitalConformityCredential", "VerifiableCredential"], credentialSubject=assessed),
        status_list(LIST_URL, SIGNER.did, Bitstring.empty().set(7), NOW_US - 10**12),
    ]


@cache
def unsigned() -> tuple[bytes, ...]:
    """The credentials as JSON without a proof."""
    return tuple(json.dumps(each).encode() for each in _credentials())


@cache
def secured() -> tuple[bytes, ...]:
    """The credentials in every form: enveloped, bare, with a Data Integrity proof."""
    envelopes = [secure(exact(each), SIGNER, "vc+jwt", NOW_US) for each in _credentials()]
    bare = [parse_object(each, "the envelope")["id"].removeprefix(PREFIX).encode() for each in envelopes]
    wrapped = b'{"verifiableCredential":' + envelopes[0] + b"}"
    proofs = [secure(exact(each), SIGNER, "eddsa-jcs-2022", NOW_US) for each in _credentials()]
    return (*envelopes, *bare, wrapped, *proofs)


@cache
def truth() -> frozenset[bytes]:
    """The canonical text of every credential that was signed: nothing else may ever be found proven."""
    return frozenset(canonical(exact(each)) for each in _credentials())


LINKSET = {
    "linkset": [
        {
            "anchor": "https://refinery.example/01/09521234000021/10/K1",
            "dpp": [{"href": "https://refinery.example/dpp/1", "title": "DPP", "type": "application/vc+jwt", "hreflang": ["en"]}],
            "untp:dte": [
                {
                    "href": "https://refinery.example/dte/1",
                    "title": "Smelting",
                    "encryptionMethod": "AES-256-GCM",
                    "accessRole": ["untp:accessRole#Anonymous"],
                    "rel": ["predecessor-version"],
                }
            ],
        }
    ]
}

DID_WITH_ALL = {
    "id": "did:web:refinery.example",
    "verificationMethod": [
        {"id": "#a", "type": "JsonWebKey", "controller": "did:web:refinery.example", "publicKeyJwk": SIGNER.public_jwk()},
        {"id": "#b", "type": "Multikey", "publicKeyMultibase": "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"},
    ],
    "assertionMethod": ["#a", {"id": "#c", "publicKeyJwk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}}],
    "service": [{"id": "#r", "type": "untp:dia", "serviceEndpoint": ["https://r.example/dia"]}],
}


@cache
def locked() -> bytes:
    """A locked copy."""
    return lock(secured()[0], KEY)


def starts() -> dict[str, tuple[bytes, ...]]:
    """Valid inputs by the name of the target."""
    access = Access("https://id.refinery.example/01/09521234000021/10/K1?linkType=all", KEY)
    verify_link = 'https://v.example/verify?q={"payload":{"uri":"https://refinery.example/dte/1","key":"' + KEY.hex() + '"}}'
    return {
        "verify": (*secured(), *unsigned()),
        "conformance": (*secured()[:3], *secured()[-3:], *unsigned()),
        "official": (*secured()[:3], *unsigned()),
        "signed": unsigned(),
        "walk": (*unsigned(), write(LINKSET), *secured()[:2], locked()),
        "status": (Bitstring.empty().set(1).encode().encode(), unsigned()[5], unsigned()[1]),
        "linkset": (write(LINKSET),),
        "did": (document_bytes(SIGNER), json.dumps(DID_WITH_ALL).encode()),
        "did_name": (b"did:web:example.com%3A8443:a:b", b"did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"),
        "unlock": (locked(),),
        "qr": (qr_text(access).encode(), verify_link.encode()),
        "balance": (json.dumps(make()).encode(), json.dumps(PASSPORT_SUBJECT).encode()),
    }
