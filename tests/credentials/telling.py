"""Outcomes, keys and the official files for the tests of credentials."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from lodestream.credentials.bundle import Bundle
from lodestream.credentials.did import DidDocument, document_bytes, parse_document
from lodestream.credentials.pins import CONTEXT_PINS, SCHEMA_PINS
from lodestream.credentials.profile import FacilityProfile, IssuerProfile
from lodestream.credentials.signer import Ed25519Signer, P256Signer, Signer
from lodestream.ids import derive
from lodestream.ledger.records import Line, LotState, Outcome

DID = "did:web:refinery.example"
FACILITIES = {"https://refinery.example/f/2": FacilityProfile("Plant 2")}
PROFILE = IssuerProfile(DID, "Example Refinery Ltd", "https://refinery.example", FACILITIES)
KEY = bytes(range(32))
NOW_US = 1_741_200_000_000_000  # 2025-03-05T18:40:00Z
SITE = "https://refinery.example/f/2"
CONCENTRATE = "https://id.gs1.org/01/09521234000014/10/2025-Q1-4501"
SCRAP = "https://scrap.example/p/cu-scrap/S-77"
CATHODE = "https://id.gs1.org/01/09521234000021/10/2025-Q1-0812"
SLAG = "urn:refinery:slag:17"
KG = 10**6


def signer(key: bytes = KEY, did: str = DID) -> Ed25519Signer:
    """A signer whose key is no secret."""
    return Ed25519Signer(did, Ed25519PrivateKey.from_private_bytes(key))


def p256_signer(secret: int = 7, did: str = DID) -> P256Signer:
    """A signer on P-256 whose key is no secret."""
    return P256Signer(did, ec.derive_private_key(secret, ec.SECP256R1()))


def published(*signers: Signer) -> DidDocument:
    """The DID document of the signers, as a verifier reads it."""
    return parse_document(document_bytes(*(signers or (signer(),))))


def line(role: str, lot: str, kg: str, contained: dict[str, str] | None = None, **more: Any) -> Line:
    """A line of dry material: mass and contained masses in kg, as the UNTP sample states them."""
    mg = int(Decimal(kg) * KG)
    contained_mg = {element: int(Decimal(mass) * KG) for element, mass in (contained or {}).items()}
    given = {"wet_mg": mg, "dry_mg": mg, "quantity": Decimal(kg), "uom": "KGM"} | more
    return Line(role=role, lot=lot, contained_mg=contained_mg, **given)


def lot_state(one: Line, **more: Any) -> LotState:
    """The state of a line's lot after the transaction: what was made is there, what was drawn is gone."""
    kept = {"wet_mg": one.wet_mg, "dry_mg": one.dry_mg, "contained_mg": one.contained_mg}
    gone: dict[str, Any] = {"wet_mg": 0, "dry_mg": 0, "contained_mg": dict.fromkeys(one.contained_mg, 0)}
    stated: dict[str, Any] = {"seq": 1, "assayed": True, "u_mg": {}, "created_us": 0}
    return LotState(site=SITE, lot=one.lot, **(kept if one.role != "input" else gone), **(stated | more))


def outcome(*lines: Line, number: int = 1, kind: str = "transform", **more: Any) -> Outcome:
    """A transaction with these lines, the states of their lots, and what was made descending from what was drawn."""
    drawn = [one.lot for one in lines if one.role == "input"]
    states = [lot_state(one, parents=[] if one.role == "input" else drawn) for one in lines]
    told = Outcome(
        outcome="TRANSACTION",
        entry_id=derive("entry", str(number)),
        txn_id=derive("txn", str(number)),
        attempt=1,
        site=SITE,
        rule_version=1,
        record_time_us=1_741_158_000_123_000 + number * 1_000_000,
        valid_time_us=1_741_154_400_000_000,
        kind=kind,
        seq=number,
        event_id=f"urn:uuid:00000000-0000-4000-8000-{number:012d}",
        event_hash=f"ni:///sha-256;{derive('hash', str(number))}?ver=CBV2.0",
        event_type="TransformationEvent",
        biz_step="commissioning",
        lots=states,
        lines=list(lines),
        location=SITE,
        event_time_zone_offset="+09:00",
    )
    return replace(told, **more)


def smelting(**more: Any) -> Outcome:
    """The UNTP copper sample with its scrap: 9,000 t + 1,200 t of copper in, 9,999 t out, and the slag."""
    return outcome(
        line("input", CONCENTRATE, "30000", {"Cu": "9000"}),
        line("input", SCRAP, "1200", {"Cu": "1200"}, quantity=Decimal("1.2"), uom="TNE"),
        line("output", CATHODE, "10000", {"Cu": "9999"}, product_class="cathode"),
        line("output", SLAG, "15000.5", {"Cu": "150.25"}, loss_class="slag"),
        **more,
    )


def official(shared: Path) -> Bundle:
    """The official files, pinned, as a bundle in memory."""
    folder = shared / "data" / "untp"
    return Bundle({pin.path: (folder / pin.path).read_bytes() for pin in (*CONTEXT_PINS, *SCHEMA_PINS)})
