"""The copper samples of UNTP 0.7.0, which come without proofs: signed with test keys and put where their identifiers lead."""

from pathlib import Path
from typing import Any

from lodestream.credentials.did import Published, document_of, web_url
from lodestream.credentials.jsontext import parse_object, write
from lodestream.credentials.linkset import FILE, Link, anchor_path, linkset, to_bytes
from lodestream.credentials.securing import secure
from tests.walk.chain import KINDS, World, signer

BATTERY = "https://credentials.sample-battery.example.com/dpp/bat-75kwh-2025"
PACK, CATHODE, CONCENTRATE = (
    f"https://id.sample-{name}"
    for name in (
        "battery.example.com/product/bat-75kwh-2025",
        "refinery.example.com/product/cu-cathode-2025",
        "mine.example.com/product/cu-conc-2025",
    )
)
NOW_US = 1_745_000_000_000_000  # 2025-04-18
NAMES = (
    *("DigitalProductPassport", "DigitalProductPassport_cathode", "DigitalProductPassport_battery"),
    *("DigitalTraceabilityEvent", "DigitalTraceabilityEvent_cathode_move", "DigitalTraceabilityEvent_smelter_make"),
    *("DigitalTraceabilityEvent_battery_make", "DigitalFacilityRecord", "DigitalFacilityRecord_smelter"),
    *("DigitalFacilityRecord_battery", "ConformityCredential", "ConformityCredential_smelter", "ConformityCredential_battery"),
    *("DigitalIdentityAnchor_mine", "DigitalIdentityAnchor_smelter", "DigitalIdentityAnchor_battery"),
)


def read(shared: Path) -> dict[str, dict[str, Any]]:
    """The samples by name."""
    folder = shared / "data/untp/samples/0.7.0"
    return {name: parse_object((folder / f"{name}_instance.json").read_bytes(), name) for name in NAMES}


def published(samples: dict[str, dict[str, Any]]) -> World:
    """All of them signed by their issuers, with the DID documents and a linkset for each product, facility and party."""
    places: dict[str, Any] = {}
    about: dict[str, list[tuple[str, Link]]] = {}
    for credential in samples.values():
        did = credential["issuer"]["id"]
        places[credential["id"]] = secure(credential, signer(did), "vc+jwt", NOW_US)
        made = signer(did)
        places[web_url(did)] = write(document_of(did, [Published(made.kid, made.public_jwk())], "https://resolver.example"))
        kind = next(kind for kind, (name,) in KINDS.items() if name in credential["type"])
        for identifier in identifiers(credential):
            about.setdefault(identifier, []).append((kind, Link(credential["id"], credential["name"])))
    for identifier, links in about.items():
        if identifier.startswith("did:"):
            place = f"https://resolver.example{anchor_path(identifier)}"
            places[f"{place}/{FILE}"] = to_bytes(linkset(place, links))
        else:
            places[f"{identifier}?linkType=linkset"] = to_bytes(linkset(identifier, links))
    return World(places)


def identifiers(credential: dict[str, Any]) -> list[str]:
    """What a resolver would list the credential under."""
    subject = credential["credentialSubject"]
    if isinstance(subject, dict):
        return [subject["id"]]
    sides = ("outputProduct", "movedProduct")
    return [entry["product"]["id"] for event in subject for side in sides for entry in event.get(side, [])]
