"""The rules of EPCIS that its JSON Schema does not hold: what is refused, and what is only worth a warning."""

from decimal import Decimal
from typing import Any

from lodestream.epcis.faults import Fault, shown
from lodestream.epcis.reading import Reading
from lodestream.measures.units import COUNTS, GROSS_KILOGRAM, MASS, VOLUME

# No mass on earth needs more digits, and 10^15 t still is a 128 bit integer of milligrams.
_LARGEST = Decimal(10) ** 15
_DECIMALS = 30
_QUANTITY_LISTS = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")
_NO_PERSISTENT_DISPOSITION = frozenset({"AggregationEvent", "AssociationEvent", "TransactionEvent"})
_KNOWN_UOMS = frozenset({*MASS, *VOLUME, *COUNTS, GROSS_KILOGRAM})


def refuse(event: dict[str, Any]) -> None:
    """Raise Fault for what Lodestream refuses beyond the schema: a missing parent, a quantity below zero or beyond bounds."""
    if event["type"] == "AggregationEvent" and event["action"] != "OBSERVE" and "parentID" not in event:
        message = f"An AggregationEvent {event['action']} needs its parentID: what was packed or unpacked?"
        raise Fault("PARENT_MISSING", message)
    for key in _QUANTITY_LISTS:
        for index, element in enumerate(event.get(key, ())):
            if "quantity" in element:
                _quantity(element["quantity"], (key, index, "quantity"))


def _quantity(text: str, path: tuple[str, int, str]) -> None:
    if text.startswith("-"):
        message = f"The quantity {text} is below zero. What left goes into an event with action DELETE, or is an input."
        raise Fault("NEGATIVE_QUANTITY", message, *path)
    if len(text) < 16:
        return
    if Decimal(text) >= _LARGEST or len(text.partition(".")[2]) > _DECIMALS:
        message = f"The quantity {shown(text)} is 10^15 or more, or has more than {_DECIMALS} decimals. Choose a fitting unit."
        raise Fault("NUMBER_OUT_OF_RANGE", message, *path)


def warn(event: dict[str, Any], reading: Reading) -> None:
    """Note what the text of EPCIS forbids but its schema accepts (reference: EPCIS 2.0 ontology comments)."""
    if "persistentDisposition" in event and event["type"] in _NO_PERSISTENT_DISPOSITION:
        reading.warn("PERSISTENT_DISPOSITION", f"persistentDisposition does not belong on {event['type']}; it is kept")
    for key in _QUANTITY_LISTS:
        for element in event.get(key, ()):
            _warn_unit(element, reading)
    declaration = event.get("errorDeclaration")
    if declaration and declaration.get("reason", "").endswith("ER-did_not_occur") and declaration.get("correctiveEventIDs"):
        reading.warn("CORRECTIVE_OF_NOTHING", "an event that did not occur has no corrective events")
    for element in event.get("sensorElementList", ()):
        _warn_sensor(element, event["eventTime"], reading)


def _warn_unit(element: dict[str, Any], reading: Reading) -> None:
    uom = element.get("uom")
    if uom is None:
        return
    if "quantity" not in element:
        reading.warn("UOM_WITHOUT_QUANTITY", f"{shown(element['epcClass'])} has the unit {uom} but no quantity")
    if uom not in _KNOWN_UOMS:
        reading.warn("UNKNOWN_UOM", f"the unit {uom} is not one that Lodestream can turn into a mass")


def _warn_sensor(element: dict[str, Any], event_time: str, reading: Reading) -> None:
    metadata = element.get("sensorMetadata", {})
    start, end = metadata.get("startTime"), metadata.get("endTime")
    late = any(time and _after(time, event_time) for time in (metadata.get("time"), end))
    if late or (start and not _after(event_time, start)) or (start and end and not _after(end, start)):
        reading.warn("SENSOR_TIME", "sensor times lie before the eventTime, and startTime before endTime")
    for report in element["sensorReport"]:
        if "time" in report and _after(report["time"], event_time):
            reading.warn("SENSOR_TIME", "sensor times lie before the eventTime, and startTime before endTime")
        if ("percRank" in report) != ("percValue" in report):
            reading.warn("SENSOR_PERCENTILE", "percRank and percValue come together")
        if "sDev" in report and "meanValue" not in report:
            reading.warn("SENSOR_DEVIATION", "sDev needs a meanValue")
        if "component" in report and not ("value" in report and "uom" in report):
            reading.warn("SENSOR_COMPONENT", "component needs value and uom")
        if "microorganism" in report and "chemicalSubstance" in report:
            reading.warn("SENSOR_SUBSTANCE", "a report is about a microorganism or a chemicalSubstance, not both")


def _after(left: str, right: str) -> bool:
    """Whether one canonical UTC time is later than another: without its Z, text orders as time does."""
    return left.rstrip("Z") > right.rstrip("Z")
