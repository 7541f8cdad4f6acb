"""Our verdicts against the official JSON Schema, formats asserted: equal but for the exceptions that stand here."""

import copy
import json
from itertools import product
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lodestream.epcis.intake import Accepted, intake
from lodestream.epcis.limits import Limits
from lodestream.epcis.rejection import Rejection
from lodestream.epcis.values import instant, is_uri
from tests.epcis.making import CONTEXT, documents, mutated

# We refuse what the schema accepts, by these codes and no other:
STRICTER = {
    "PARENT_MISSING",  # an AggregationEvent ADD or DELETE without parentID
    "NEGATIVE_QUANTITY",
    # ledger-rules section 4: what our own extension does not take
    "MATERIAL_WITHOUT_MATCH",
    "MATERIAL_REPEATED",
    "BAD_DECIMAL",
    "UNKNOWN_VALUE",
    "UNKNOWN_TERM",
    "UNPREFIXED_KEY",
    # runtime-rules section 1, and what JSON parsers differ about: limits, and one key twice
    "TOO_LARGE",
    "TOO_DEEP",
    "TOO_MANY_EVENTS",
    "TOO_MANY_ELEMENTS",
    "TOO_LONG",
    "NUMBER_OUT_OF_RANGE",
    "DUPLICATE_KEY",
}
# We accept what the schema refuses, with a warning: persistentDisposition where EPCIS 2.0.1 still lists it.
LENIENT_TYPES = {"AggregationEvent", "AssociationEvent", "TransactionEvent"}


@pytest.fixture(scope="session")
def oracle(shared: Path) -> jsonschema_rs.Draft7Validator:
    schema = json.loads((shared / "data" / "epcis" / "epcis-json-schema.json").read_bytes())
    return jsonschema_rs.Draft7Validator(schema, validate_formats=True)


def sample_documents(shared: Path) -> list[Any]:
    folder = shared / "data" / "epcis"
    return [json.loads(path.read_bytes()) for path in sorted([*(folder / "valid").iterdir(), *(folder / "invalid").iterdir()])]


def without_exceptions(document: Any) -> Any:
    """The document as the schema should see it: without the one field where we are more lenient."""
    document = copy.deepcopy(document)
    body = document.get("epcisBody")
    listed = [document]
    if document.get("type") == "EPCISDocument":
        listed = body["eventList"]
    elif document.get("type") == "EPCISQueryDocument":
        listed = body["queryResults"]["resultsBody"]["eventList"]
    for event in listed:
        if event.get("type") in LENIENT_TYPES:
            event.pop("persistentDisposition", None)
    return document


def agree(oracle: jsonschema_rs.Draft7Validator, document: Any) -> None:
    verdicts = intake(json.dumps(document).encode())
    refused = [item for item in verdicts if isinstance(item, Rejection)]
    if not refused:
        assert [error.message for error in oracle.iter_errors(without_exceptions(document))] == []
    elif oracle.is_valid(document):
        assert [(item.code, item.pointer, item.message) for item in refused if item.code not in STRICTER] == []


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_made_documents(oracle: jsonschema_rs.Draft7Validator, data: st.DataObject) -> None:
    agree(oracle, data.draw(documents()))


@settings(max_examples=2000, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_mutated_documents(oracle: jsonschema_rs.Draft7Validator, data: st.DataObject) -> None:
    agree(oracle, data.draw(documents().flatmap(mutated)))


@settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_mutated_samples(oracle: jsonschema_rs.Draft7Validator, shared: Path, data: st.DataObject) -> None:
    agree(oracle, data.draw(st.sampled_from(sample_documents(shared)).flatmap(mutated)))


def test_samples(oracle: jsonschema_rs.Draft7Validator, shared: Path) -> None:
    for document in sample_documents(shared):
        agree(oracle, document)
        refused = any(isinstance(item, Rejection) for item in intake(json.dumps(document).encode()))
        assert refused != oracle.is_valid(document)


AGGREGATION = {
    "@context": CONTEXT,
    "type": "AggregationEvent",
    "eventTime": "2026-03-01T08:00:00Z",
    "eventTimeZoneOffset": "+00:00",
    "action": "ADD",
    "parentID": "urn:epc:id:sscc:4012345.0000000333",
    "childEPCs": ["ex:a"],
}
QUANTITY = {"epcClass": "ex:lot", "quantity": 5, "uom": "KGM"}
OBJECT = {**AGGREGATION, "type": "ObjectEvent", "action": "OBSERVE", "quantityList": [QUANTITY]}
OBJECT = {key: value for key, value in OBJECT.items() if key not in {"parentID", "childEPCs"}}
ITEM = {"crm:role": "object", "crm:id": "ex:lot", "crm:massBasis": "dry"}


def without(event: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != key}


@pytest.mark.parametrize(
    ("code", "document"),
    [
        ("PARENT_MISSING", without(AGGREGATION, "parentID")),
        ("PARENT_MISSING", {**without(AGGREGATION, "parentID"), "action": "DELETE"}),
        ("NEGATIVE_QUANTITY", {**OBJECT, "quantityList": [{**QUANTITY, "quantity": -0.5}]}),
        ("MATERIAL_WITHOUT_MATCH", {**OBJECT, "crm:materials": [{**ITEM, "crm:id": "ex:other"}]}),
        ("MATERIAL_WITHOUT_MATCH", {**OBJECT, "crm:materials": [{**ITEM, "crm:role": "input"}]}),
        ("MATERIAL_REPEATED", {**OBJECT, "crm:materials": [ITEM, {**ITEM, "crm:id": "https://example.org/ns/lot"}]}),
        ("BAD_DECIMAL", {**OBJECT, "crm:materials": [{**ITEM, "crm:mass": "1e3"}]}),
        ("UNKNOWN_VALUE", {**OBJECT, "crm:materials": [{**ITEM, "crm:massBasis": "moist"}]}),
        ("UNKNOWN_TERM", {**OBJECT, "crm:materials": [{**ITEM, "crm:moisture": "8"}]}),
        ("UNKNOWN_TERM", {**OBJECT, "crm:material": [ITEM]}),
        ("UNPREFIXED_KEY", {**OBJECT, "crm:materials": [{**ITEM, "mass": "8"}]}),
        ("MISSING_FIELD", {**OBJECT, "crm:materials": [without(ITEM, "crm:role")]}),
        ("WRONG_TYPE", {**OBJECT, "crm:materials": ["ex:lot"]}),
        ("TOO_MANY_ELEMENTS", {**OBJECT, "ex:list": [0] * 1001}),
        ("TOO_LONG", {**OBJECT, "eventID": "urn:" + "x" * 3000}),
        ("TOO_LONG", {**OBJECT, "@context": {"ex": "https://example.org/" + "x" * 3000}, "eventID": "ex:1"}),
        ("TOO_LONG", {**OBJECT, "@context": {f"p{n}": "https://example.org/" for n in range(101)}}),
        ("NUMBER_OUT_OF_RANGE", {**OBJECT, "ex:big": 10**70}),
        ("NUMBER_OUT_OF_RANGE", {**OBJECT, "quantityList": [{**QUANTITY, "quantity": 10**15}]}),
        ("DUPLICATE_KEY", {**OBJECT, "ex:a": 1, "https://example.org/ns/a": 1}),
    ],
)
def test_exceptions_where_we_refuse_what_the_schema_accepts(
    oracle: jsonschema_rs.Draft7Validator, code: str, document: Any
) -> None:
    assert oracle.is_valid(document)
    (item,) = intake(json.dumps(document).encode())
    assert isinstance(item, Rejection)
    assert item.code == code


def test_exceptions_of_size(oracle: jsonschema_rs.Draft7Validator) -> None:
    deep: Any = 1
    for _ in range(70):
        deep = [deep]
    head = {"@context": CONTEXT, "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2026-03-01T08:00:00Z"}
    many = {**head, "epcisBody": {"eventList": [without(OBJECT, "@context")] * 3}}
    wrong = {"TOO_DEEP": {**OBJECT, "ex:deep": deep}, "TOO_MANY_EVENTS": many, "TOO_LARGE": {**OBJECT, "ex:a": "x" * 9000}}
    for code, document in wrong.items():
        assert oracle.is_valid(document)
        (item,) = intake(json.dumps(document).encode(), Limits(inbox_record_bytes=8192, events_per_document=2))
        assert isinstance(item, Rejection)
        assert (item.code, item.index) == (code, None)


@pytest.mark.parametrize("kind", sorted(LENIENT_TYPES))
def test_exception_where_we_refuse_less(oracle: jsonschema_rs.Draft7Validator, kind: str) -> None:
    about = {"epcList": ["ex:a"], "bizTransactionList": [{"bizTransaction": "ex:b"}]}
    event = {**without(AGGREGATION, "childEPCs"), **about} if kind == "TransactionEvent" else AGGREGATION
    event = {**event, "type": kind, "persistentDisposition": {"set": ["active"]}}
    assert not oracle.is_valid(event)
    assert oracle.is_valid(without(event, "persistentDisposition"))
    (item,) = intake(json.dumps(event).encode())
    assert isinstance(item, Accepted)
    assert [warning.split(":")[0] for warning in item.warnings] == ["PERSISTENT_DISPOSITION"]
    (item,) = intake(json.dumps({**event, "persistentDisposition": {}}).encode())
    assert isinstance(item, Rejection)


def format_oracle(name: str) -> jsonschema_rs.Draft7Validator:
    return jsonschema_rs.Draft7Validator({"type": "string", "format": name}, validate_formats=True)


URI_OF = format_oracle("uri")
TIME_OF = format_oracle("date-time")
URI_PARTS = [
    "a",
    "1",
    ":",
    "/",
    "//",
    "?",
    "#",
    "@",
    "[",
    "]",
    "[::1]",
    "[1:2::3.4.5.6]",
    "[v1.x]",
    "%41",
    "%4",
    "%",
    "é",
    " ",
    "\n",
]
TIME = "2016-12-31T23:59:60.5+00:00"
DATES = ["2016-12-31", "2016-06-30", "0000-02-29", "2100-02-29", "9999-12-31", "2026-04-31", "2026-00-10", "2026-13-01"]
CLOCKS = ["00:00:00", "05:29:60", "23:59:60", "15:59:60", "22:59:59", "24:00:00", "23:60:00", "23:59:61", "00:58:60", "1:00:00"]
ZONES = ["Z", "z", "", "+00:00", "-00:00", "-08:00", "+05:30", "+23:59", "+24:00", "-01:60", "+0100", "+1:00", "Z\n"]


@settings(max_examples=2000, deadline=None)
@given(
    st.one_of(st.text(max_size=8), st.lists(st.sampled_from([*URI_PARTS, "http:", "urn:", "|", "-_+"]), max_size=8).map("".join))
)
def test_uris(text: str) -> None:
    assert is_uri(text) == URI_OF.is_valid(text)


@pytest.mark.parametrize("between", ["T", "t", " ", ""])
def test_times(between: str) -> None:
    for date, clock, fraction, zone in product(DATES, CLOCKS, ["", ".", ".0", ".999999999999", ",5"], ZONES):
        text = f"{date}{between}{clock}{fraction}{zone}"
        assert (instant(text) is not None) == TIME_OF.is_valid(text), text


@settings(max_examples=2000, deadline=None)
@given(st.integers(0, len(TIME) - 1), st.characters(exclude_categories=["Cs"]), st.booleans())
def test_times_mutated(index: int, char: str, insert: bool) -> None:
    text = TIME[:index] + char + TIME[index + (not insert) :]
    assert (instant(text) is not None) == TIME_OF.is_valid(text)
