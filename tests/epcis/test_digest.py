"""The content digest: one for every spelling of the same event, another for any other event."""

import hashlib
import json
import random
from typing import Any

import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lodestream.epcis.canonical import jcs, settle
from lodestream.epcis.event import Event
from lodestream.epcis.intake import Accepted, intake
from tests.epcis.making import CONTEXT, events

LOT = "urn:epc:class:lgtin:4012345.012345.LOT-7"
SHIPMENT: dict[str, Any] = {
    "@context": CONTEXT,
    "type": "ObjectEvent",
    "eventTime": "2026-03-01T08:00:00.250+02:00",
    "eventTimeZoneOffset": "+02:00",
    "eventID": "urn:uuid:6a1b4e4e-0a25-4c8a-9b9f-0f3a2d4d2f10",
    "action": "OBSERVE",
    "bizStep": "shipping",
    "epcList": ["urn:epc:id:sscc:4012345.0000000333", "ex:bag"],
    "quantityList": [
        {"epcClass": LOT, "quantity": 1000.50, "uom": "KGM"},
        {"epcClass": "ex:lot", "quantity": 7, "uom": "TNE"},
    ],
    "readPoint": {"id": "urn:epc:id:sgln:4012345.00001.0"},
    "sourceList": [{"type": "owning_party", "source": "urn:epc:id:pgln:4012345.00225"}],
    "certificationInfo": "https://lab.example/c/1",
    "crm:materials": [{"crm:role": "object", "crm:id": LOT, "crm:massBasis": "wet", "crm:moisturePercent": "8.50"}],
    "ex:note": "as it is",
}


def read(event: Any) -> Event:
    (item,) = intake(json.dumps(event).encode())
    assert isinstance(item, Accepted), item
    return item.event


def same(left: Any, right: Any) -> None:
    first, second = read(left), read(right)
    assert first.event_hash == second.event_hash
    assert first.content_digest == second.content_digest


def with_fields(**fields: Any) -> dict[str, Any]:
    return {**SHIPMENT, **fields}


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(events())
def test_the_digest_is_over_the_content_as_it_settles(event: dict[str, Any]) -> None:
    for item in intake(json.dumps({"@context": CONTEXT, **event}).encode()):
        if isinstance(item, Accepted):
            content = json.loads(item.event.content)
            settled = {key: each for key, each in settle(content).items() if key not in {"recordTime", "errorDeclaration"}}
            assert item.event.content_digest == hashlib.sha256(rfc8785.dumps(settled)).hexdigest()


ITEM = SHIPMENT["crm:materials"][0]


@pytest.mark.parametrize(
    "other",
    [
        with_fields(eventTime="2026-03-01T06:00:00.25Z"),
        with_fields(bizStep="cbv:BizStep-shipping"),
        with_fields(bizStep="https://ref.gs1.org/cbv/BizStep-shipping"),
        with_fields(epcList=["https://example.org/ns/bag", "https://dl.example/sscc/040123450000003338?x=1"]),
        with_fields(quantityList=[{**SHIPMENT["quantityList"][1], "quantity": 7.0}, SHIPMENT["quantityList"][0]]),
        with_fields(readPoint={"id": "https://mine.example/gln/4012345000016"}),
        with_fields(certificationInfo=["https://lab.example/c/1"]),
        with_fields(recordTime="2027-01-01T00:00:00Z"),
        with_fields(**{"crm:materials": [{**ITEM, "crm:moisturePercent": 8.5}]}),
        with_fields(**{"crm:materials": {**ITEM, "crm:id": "https://dl.example/gtin/04012345123456/lot/LOT-7"}}),
        {key.replace("crm:", "https://w3id.org/lodestream/crm/v1/"): value for key, value in SHIPMENT.items()},
    ],
)
def test_spellings_of_one_event(other: Any) -> None:
    same(SHIPMENT, other)


def test_another_prefix_for_the_same_namespace() -> None:
    text = json.dumps(SHIPMENT).replace("crm:", "q:").replace('"crm"', '"q"').replace('"ex:', '"e:').replace('"ex"', '"e"')
    same(SHIPMENT, json.loads(text))


@pytest.mark.parametrize(
    "other",
    [
        with_fields(eventTime="2026-03-01T06:00:00.2500001Z"),  # the hash rounds to milliseconds, the digest does not
        with_fields(certificationInfo="https://lab.example/c/2"),  # the hash leaves it out
        with_fields(eventID="urn:uuid:6a1b4e4e-0a25-4c8a-9b9f-0f3a2d4d2f11"),
        with_fields(**{"ex:note": "as it is "}),
    ],
)
def test_what_only_the_digest_sees(other: Any) -> None:
    first, second = read(SHIPMENT), read(other)
    assert first.event_hash == second.event_hash
    assert first.content_digest != second.content_digest


@pytest.mark.parametrize(
    "other",
    [
        with_fields(eventTime="2026-03-01T06:00:00.251Z"),
        with_fields(bizStep="departing"),
        with_fields(epcList=["ex:bag"]),
        with_fields(**{"crm:materials": [{**ITEM, "crm:moisturePercent": "8.51"}]}),
        with_fields(**{"ex:note": "other"}),
    ],
)
def test_other_events(other: Any) -> None:
    first, second = read(SHIPMENT), read(other)
    assert first.event_hash != second.event_hash
    assert first.content_digest != second.content_digest


def disordered(value: Any, chance: random.Random) -> Any:
    if isinstance(value, dict):
        members = list(value.items())
        chance.shuffle(members)
        return {key: disordered(each, chance) for key, each in members}
    return [disordered(each, chance) for each in value] if isinstance(value, list) else value


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(events(), st.randoms(use_true_random=False))
def test_the_order_of_keys_means_nothing(event: dict[str, Any], chance: random.Random) -> None:
    made = {"@context": CONTEXT, **event}
    first, second = (intake(json.dumps(each).encode())[0] for each in (made, disordered(made, chance)))
    assert isinstance(first, Accepted) == isinstance(second, Accepted)
    if isinstance(first, Accepted) and isinstance(second, Accepted):
        assert first.event == second.event


def test_the_digest_can_be_done_again_from_the_content() -> None:
    event = read(with_fields(recordTime="2027-01-01T00:00:00Z"))
    content = json.loads(event.content)
    assert content.pop("recordTime") == "2027-01-01T00:00:00Z"
    for key in ("quantityList", "epcList"):
        content[key] = sorted(content[key], key=rfc8785.dumps)
    assert hashlib.sha256(rfc8785.dumps(content)).hexdigest() == event.content_digest


def test_the_event_keeps_the_order_of_its_lists() -> None:
    """The hash and the digest sort; but a split draws its outputs in listed order (ledger-rules section 5)."""
    turned = with_fields(quantityList=SHIPMENT["quantityList"][::-1])
    same(SHIPMENT, turned)
    assert read(SHIPMENT).quantities == read(turned).quantities[::-1]


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.text(max_size=6)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=4)),
    max_leaves=10,
)


@settings(max_examples=1000)
@given(JSON)
def test_jcs(value: Any) -> None:
    assert jcs(value) == rfc8785.dumps(value)


def test_jcs_sorts_by_utf_16() -> None:
    value = {"\U0001f600": "1", "\ufb33": "2", "\x00\x1f\x7f\u2028": '/"\\'}
    assert jcs(value) == rfc8785.dumps(value)
