"""The CBV 2.0 event hash, variant B, against vectors of an independent implementation."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from lodestream.epcis.event import Event
from lodestream.epcis.intake import Accepted, intake

HASHES = {
    "TransformationEvent_all_possible_fields": ["529cc54b8cf9d8664208cc6c77473274d8c2dd473469920a7d09a814623f52cc"],
    "TransformationEvent": ["c794227acf3a4d9be9ba1f8340425782f88a0f4e3f35b533a8bf8f1bc206a379"],
    "ObjectEvent": [
        "df6523665bc5e5803d6c7b84f5a04e103694d8220f2abc4f2c74310e89f31bc6",
        "32547b2344d525ea60ab1b899d82a9011fd9c39bb26ed936e113066146f49941",
    ],
}
REFERENCE = b"""
{"@context":["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",{"crm":"https://example.org/crm/"}],
"type":"TransformationEvent","eventTime":"2026-03-01T08:00:00.25+02:00","eventTimeZoneOffset":"+02:00",
"inputQuantityList":[{"epcClass":"urn:epc:class:lgtin:4012345.012345.CONC-7","quantity":1000.50,"uom":"KGM"},
{"epcClass":"https://trace.example.org/class/lot/ORE-1","quantity":20,"uom":"TNE"}],
"outputQuantityList":[{"epcClass":"https://example.com/01/04012345111118/10/CATH-1?x=y","quantity":612.0,"uom":"KGM"}],
"transformationID":"https://trace.example.org/xform/HEAT-42","bizStep":"commissioning","disposition":"active",
"readPoint":{"id":"urn:epc:id:sgln:4012345.00001.0"},
"bizTransactionList":[{"type":"prodorder","bizTransaction":"urn:epcglobal:cbv:bt:4012345000009:PO-1"}],
"ilmd":{"crm:grade":"99.30","crm:assay":{"crm:cu":0.6120}},"crm:recovery":"0.980"}
"""


def only(payload: bytes) -> Event:
    (item,) = intake(payload)
    assert isinstance(item, Accepted), item
    return item.event


def ni(digest: str) -> str:
    return f"ni:///sha-256;{digest}?ver=CBV2.0"


def test_the_vector_of_all_variants() -> None:
    assert only(REFERENCE).event_hash == ni("e277bad73cea671b3e3cab9321d90a30d2e805b0b5b9b951da36034bd07df77c")


@pytest.mark.parametrize("name", sorted(HASHES))
def test_published_events(shared: Path, name: str) -> None:
    items = intake((shared / "data" / "epcis" / "valid" / f"{name}.json").read_bytes())
    found = [item.event.event_hash for item in items if isinstance(item, Accepted)]
    assert found == [ni(digest) for digest in HASHES[name]]


def shuffled(value: Any, seed: int) -> Any:
    if isinstance(value, dict):
        members = list(value.items())
        random.Random(seed).shuffle(members)  # noqa: S311  # an order, not a secret
        return {key: shuffled(each, seed) for key, each in members}
    return [shuffled(each, seed) for each in value] if isinstance(value, list) else value


def test_every_sample_in_any_order_of_keys(shared: Path) -> None:
    for path in sorted((shared / "data" / "epcis" / "valid").iterdir()):
        document = json.loads(path.read_bytes())
        first = intake(path.read_bytes())
        again = intake(json.dumps(shuffled(document, 7), indent=3).encode())
        assert [item.event for item in first if isinstance(item, Accepted)] == [
            item.event for item in again if isinstance(item, Accepted)
        ]
        assert all(isinstance(item, Accepted) for item in first)


def test_an_error_declaration_has_the_hash_and_the_digest_of_its_original() -> None:
    event = json.loads(REFERENCE)
    declared = {
        **event,
        "recordTime": "2026-03-02T00:00:00Z",
        "errorDeclaration": {"declarationTime": "2026-03-02T00:00:00+01:00", "reason": "incorrect_data"},
    }
    first, second = only(json.dumps(event).encode()), only(json.dumps(declared).encode())
    assert (first.event_hash, first.content_digest) == (second.event_hash, second.content_digest)
    assert second.error_declaration is not None
    assert second.error_declaration.declaration_time_us == 1_772_406_000_000_000
    assert second.error_declaration.reason == "incorrect_data"


def test_a_standard_prefix_that_nobody_declares_stays_as_it_is_written_in_the_hash() -> None:
    """The reference hasher knows the prefixes of the document only; the canonical event has the key in full."""
    event = json.loads(REFERENCE)
    plain, declared = dict(event), dict(event)
    plain["ilmd"] = {"cbvmda:lotNumber": "L1"}
    declared["ilmd"] = {"mda:lotNumber": "L1"}
    declared["@context"] = [*event["@context"], {"mda": "urn:epcglobal:cbv:mda:"}]
    first, second = only(json.dumps(plain).encode()), only(json.dumps(declared).encode())
    assert first.event_hash != second.event_hash
    assert first.content_digest == second.content_digest
