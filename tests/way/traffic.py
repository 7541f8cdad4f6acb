"""EPCIS documents in any number: mines that make concentrate and ship it, smelters that receive and smelt it."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

CONTEXT = [
    "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    {"crm": "https://w3id.org/lodestream/crm/v1/"},
]
START = datetime(2026, 3, 1, tzinfo=UTC)
SPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")


def lot(name: str) -> str:
    return f"https://traffic.example.com/class/lot/{name}"


def place(name: str) -> str:
    return f"https://traffic.example.com/loc/{name}"


def event(kind: str, key: str, minutes: int, **fields: Any) -> dict[str, Any]:
    """An event whose id and time follow from its key and place in time."""
    return {
        "type": kind,
        "eventID": f"urn:uuid:{uuid.uuid5(SPACE, key)}",
        "eventTime": (START + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z"),
        "eventTimeZoneOffset": "+00:00",
        **fields,
    }


def material(role: str, name: str, **more: str) -> dict[str, Any]:
    grade = more.pop("cu", None)
    item: dict[str, Any] = {"crm:role": role, "crm:id": lot(name), **{f"crm:{key}": value for key, value in more.items()}}
    if grade is not None:
        item["crm:assays"] = [{"crm:substance": "Cu", "crm:value": grade, "crm:unit": "P1"}]
    return item


def quantity(name: str, tonnes: str | float) -> dict[str, Any]:
    return {"epcClass": lot(name), "quantity": float(tonnes), "uom": "TNE"}


def cycle(mine: str, smelter: str, n: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """One lot's way: what the mine says (ore, concentrate, shipment), and what the smelter says (receipt, cathode)."""
    key, at = f"{mine}-{n}", n * 10
    ore, conc, slag, cathode = (f"{key}-{kind}" for kind in ("ore", "conc", "slag", "cath"))
    consignment = place(f"{key}-c").replace("/loc/", "/bt/")
    route = {
        "sourceList": [{"type": "location", "source": place(mine)}],
        "destinationList": [{"type": "location", "destination": place(smelter)}],
        "crm:consignmentId": consignment,
    }
    sent = [
        event(
            "ObjectEvent",
            f"{key} ore",
            at,
            action="ADD",
            bizStep="commissioning",
            bizLocation={"id": place(mine)},
            quantityList=[quantity(ore, 1000)],
            **{"crm:materials": [material("object", ore, massBasis="wet", moisturePercent="3.0", productClass="ore", cu="0.85")]},
        ),
        event(
            "TransformationEvent",
            f"{key} mill",
            at + 1,
            bizStep="commissioning",
            bizLocation={"id": place(mine)},
            inputQuantityList=[quantity(ore, 1000)],
            outputQuantityList=[quantity(conc, 27.5), quantity(slag, 944.975)],
            **{
                "crm:materials": [
                    material("input", ore, massBasis="wet", moisturePercent="3.0"),
                    material("output", conc, massBasis="wet", moisturePercent="9.00", productClass="concentrate", cu="28.50"),
                    material("output", slag, massBasis="dry", productClass="tailings", lossClass="tailings", cu="0.1180"),
                ]
            },
        ),
        event(
            "ObjectEvent",
            f"{key} ship",
            at + 2,
            action="OBSERVE",
            bizStep="shipping",
            readPoint={"id": place(mine)},
            quantityList=[quantity(conc, 27.5)],
            **route,
            **{"crm:materials": [material("object", conc, massBasis="wet")]},
        ),
    ]
    got = [
        event(
            "ObjectEvent",
            f"{key} receive",
            at + 5,
            action="OBSERVE",
            bizStep="receiving",
            bizLocation={"id": place(smelter)},
            quantityList=[quantity(conc, 27.46)],
            **route,
            **{
                "crm:receipt": "final",
                "crm:materials": [material("object", conc, massBasis="wet", moisturePercent="8.90", cu="28.46")],
            },
        ),
        event(
            "TransformationEvent",
            f"{key} smelt",
            at + 6,
            bizStep="commissioning",
            bizLocation={"id": place(smelter)},
            inputQuantityList=[quantity(conc, 27.46)],
            outputQuantityList=[quantity(cathode, 7.0)],
            **{
                "crm:materials": [
                    material("input", conc, massBasis="wet", moisturePercent="8.90"),
                    material("output", cathode, massBasis="dry", productClass="cathode", cu="99.99"),
                ]
            },
        ),
    ]
    return sent, got


def document(events: list[dict[str, Any]]) -> bytes:
    """An EPCISDocument as a source sends it."""
    body = {
        "@context": CONTEXT,
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-01T00:00:00Z",
        "epcisBody": {"eventList": events},
    }
    return json.dumps(body).encode()


def traffic(mines: int, cycles: int, *, receipts_first: bool = False) -> list[bytes]:
    """Documents of `mines` x `cycles` lots, five events each, one document for each mine's and smelter's part of a round."""
    documents = []
    for n in range(cycles):
        for m in range(mines):
            sent, got = cycle(f"mine{m}", f"smelter{m % 3}", n)
            documents += [document(got), document(sent)] if receipts_first else [document(sent), document(got)]
    return documents
