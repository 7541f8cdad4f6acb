"""What the text of EPCIS forbids but its schema accepts: a warning, and the event passes."""

import json
from typing import Any

import pytest

from lodestream.epcis.intake import Accepted, intake
from tests.epcis.making import CONTEXT

REPORT = {"type": "Temperature", "value": 20, "uom": "CEL"}


def warnings(**fields: Any) -> list[str]:
    event = {
        "@context": CONTEXT,
        "type": "ObjectEvent",
        "eventTime": "2026-03-01T08:00:00Z",
        "eventTimeZoneOffset": "+00:00",
        "action": "OBSERVE",
        "epcList": [],
        **fields,
    }
    (item,) = intake(json.dumps(event).encode())
    assert isinstance(item, Accepted), item
    return [warning.split(":")[0] for warning in item.warnings]


def sensed(report: dict[str, Any], **metadata: str) -> list[str]:
    return warnings(sensorElementList=[{"sensorMetadata": metadata, "sensorReport": [{**REPORT, **report}]}])


def test_no_warning_without_a_reason() -> None:
    assert warnings() == []
    assert warnings(quantityList=[{"epcClass": "ex:a"}, {"epcClass": "ex:b", "quantity": 1, "uom": "KGM"}]) == []
    assert warnings(**{"ex:a": 1, "urn:x:y": 1, "https://a.example/b": 1, "cbvmda:lot": 1}) == []
    times = {"time": "2026-03-01T08:00:00Z", "startTime": "2026-03-01T07:00:00Z", "endTime": "2026-03-01T09:00:00+01:00"}
    assert sensed({"percRank": 1, "percValue": 2, "sDev": 1, "meanValue": 2, "component": "x"}, **times) == []
    assert warnings(errorDeclaration={"declarationTime": "2026-03-02T00:00:00Z", "reason": "did_not_occur"}) == []


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ("UOM_WITHOUT_QUANTITY", {"quantityList": [{"epcClass": "ex:a", "uom": "KGM"}]}),
        ("UNKNOWN_UOM", {"quantityList": [{"epcClass": "ex:a", "quantity": 1, "uom": "ZZZ"}]}),
        ("UNDECLARED_PREFIX", {"zz:a": 1}),
        ("UNDECLARED_PREFIX", {"ex:a": [{"zz:a": 1}]}),
        ("UNDECLARED_PREFIX", {"readPoint": {"id": "ex:a", "zz:a": 1}}),
        (
            "CORRECTIVE_OF_NOTHING",
            {
                "errorDeclaration": {
                    "declarationTime": "2026-03-02T00:00:00Z",
                    "reason": "did_not_occur",
                    "correctiveEventIDs": ["ex:a"],
                }
            },
        ),
    ],
)
def test_events(code: str, fields: dict[str, Any]) -> None:
    assert warnings(**fields) == [code]


@pytest.mark.parametrize(
    ("code", "report", "metadata"),
    [
        ("SENSOR_TIME", {}, {"time": "2026-03-01T08:00:00.001Z"}),
        ("SENSOR_TIME", {}, {"endTime": "2026-03-01T10:00:00+01:00"}),
        ("SENSOR_TIME", {}, {"startTime": "2026-03-01T08:00:00Z"}),
        ("SENSOR_TIME", {}, {"startTime": "2026-03-01T07:00:00Z", "endTime": "2026-03-01T07:00:00Z"}),
        ("SENSOR_TIME", {"time": "2026-03-01T08:00:01Z"}, {}),
        ("SENSOR_PERCENTILE", {"percRank": 1}, {}),
        ("SENSOR_PERCENTILE", {"percValue": 1}, {}),
        ("SENSOR_DEVIATION", {"sDev": 1}, {}),
        ("SENSOR_SUBSTANCE", {"microorganism": "ex:m", "chemicalSubstance": "ex:c"}, {}),
    ],
)
def test_sensors(code: str, report: dict[str, Any], metadata: dict[str, str]) -> None:
    assert sensed(report, **metadata) == [code]


def test_a_component_without_value() -> None:
    report = {"type": "Temperature", "component": "x", "value": 1}
    assert warnings(sensorElementList=[{"sensorReport": [report]}]) == ["SENSOR_COMPONENT"]


def test_an_event_of_an_own_type_is_kept() -> None:
    event = {
        "@context": CONTEXT,
        "type": "ex:Assay",
        "eventTime": "2026-03-01T08:00:00Z",
        "eventTimeZoneOffset": "+00:00",
        "epcList": ["urn:epc:id:sscc:4012345.0000000333"],
        "quantityList": 7,
        "note": "bare keys are its own affair",
    }
    (item,) = intake(json.dumps(event).encode())
    assert isinstance(item, Accepted)
    assert (item.event.type, item.event.epcs) == ("https://example.org/ns/Assay", ["https://id.gs1.org/00/040123450000003338"])
    assert [warning.split(":")[0] for warning in item.warnings] == ["OWN_TYPE_FIELD"]
    content = json.loads(item.event.content)
    assert (content["https://ref.gs1.org/epcis/quantityList"], content["note"]) == ("7", "bare keys are its own affair")


def test_prefixes_of_the_event_stand_over_those_of_the_document() -> None:
    event = {
        "@context": {"ex": "https://other.example/"},
        "type": "ObjectEvent",
        "eventTime": "2026-03-01T08:00:00Z",
        "eventTimeZoneOffset": "+00:00",
        "action": "OBSERVE",
        "epcList": ["ex:a"],
    }
    document = {
        "@context": CONTEXT,
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-01T08:00:00Z",
        "epcisBody": {"eventList": [event, {key: value for key, value in event.items() if key != "@context"}]},
    }
    items = intake(json.dumps(document).encode())
    found = [item.event.epcs for item in items if isinstance(item, Accepted)]
    assert found == [["https://other.example/a"], ["https://example.org/ns/a"]]
