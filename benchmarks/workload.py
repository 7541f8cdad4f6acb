"""Events like those of a real chain: ore in, concentrate and tailings out, concentrate shipped, concentrate received."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from lodestream.ids import derive

SITES = 40
SOURCES = 16
EVENTS_PER_CHAIN = 4
CONTEXT = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"crm": "https://w3id.org/lodestream/crm/v1/"}]


def documents(run: str, chains: int) -> Iterator[bytes]:
    """Two documents a chain: three events of the mine, and the smelter's receipt. Ids are derived from `run` and number."""
    for number in range(chains):
        chain = _Chain(run, number)
        yield document([chain.ore(), chain.concentrate(), chain.shipment()])
        yield document([chain.receipt()])


def inbox(made: Iterable[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """The documents of chains as records of the inbox, from several sources so that all partitions have some.

    The two documents of a chain come from one source, so the receipt stays behind its shipment.
    """
    for number, one in enumerate(made):
        yield f"source-{number // 2 % SOURCES}".encode(), one


def event_ids(made: bytes) -> list[str]:
    """The ids of a document's events, in order."""
    return [event["eventID"] for event in json.loads(made)["epcisBody"]["eventList"]]


class _Chain:
    def __init__(self, run: str, number: int) -> None:
        self._run, self._number = run, number
        self._mine = f"https://mine-{number % SITES}.example.com/loc/plant"
        self._smelter = f"https://smelter-{number % (SITES // 4)}.example.com/loc/gate"
        self._lots = {kind: f"https://mine.example.com/class/lot/{kind}-{run}-{number}" for kind in ("ORE", "CONC", "TAILS")}

    def ore(self) -> dict[str, Any]:
        """100 t of ore at 1 % Cu."""
        made = item("object", self._lots["ORE"], "ore", moisture="4.0", grade="1.00") | {"crm:sourceClass": "mine"}
        return self._event("ObjectEvent", 1, "commissioning", [made], action="ADD", quantityList=[self._quantity("ORE", 100)])

    def concentrate(self) -> dict[str, Any]:
        """3 t of concentrate and 93 t of dry tailings, within what the assays allow."""
        items = [
            item("input", self._lots["ORE"], "ore", moisture="4.0"),
            item("output", self._lots["CONC"], "concentrate", moisture="9.0", grade="31.00"),
            item("output", self._lots["TAILS"], "tailings", grade="0.12") | {"crm:massBasis": "dry", "crm:lossClass": "tailings"},
        ]
        outputs = [self._quantity("CONC", 3), self._quantity("TAILS", 93)]
        return self._event(
            "TransformationEvent",
            2,
            "commissioning",
            items,
            inputQuantityList=[self._quantity("ORE", 100)],
            outputQuantityList=outputs,
        )

    def shipment(self) -> dict[str, Any]:
        """All of the concentrate, to the smelter."""
        return self._move(3, "shipping", {"readPoint": {"id": self._mine}})

    def receipt(self) -> dict[str, Any]:
        """What the smelter weighed."""
        return self._move(4, "receiving", {"bizLocation": {"id": self._smelter}})

    def _move(self, hour: int, step: str, place: dict[str, Any]) -> dict[str, Any]:
        made = item("object", self._lots["CONC"], "concentrate", moisture="9.0")
        event = self._event("ObjectEvent", hour, step, [made], action="OBSERVE", quantityList=[self._quantity("CONC", 3)])
        del event["bizLocation"]
        return (
            event
            | place
            | {
                "sourceList": [{"type": "location", "source": self._mine}],
                "destinationList": [{"type": "location", "destination": self._smelter}],
                "crm:consignmentId": f"https://mine.example.com/bt/{self._run}-{self._number}",
            }
        )

    def _quantity(self, kind: str, tonnes: int) -> dict[str, Any]:
        return {"epcClass": self._lots[kind], "quantity": tonnes, "uom": "TNE"}

    def _event(self, kind: str, hour: int, step: str, items: list[dict[str, Any]], **fields: Any) -> dict[str, Any]:
        return {
            "type": kind,
            "eventID": f"https://mine.example.com/event/{derive(self._run, str(self._number), str(hour))}",
            "eventTime": f"2026-03-{1 + self._number % 28:02d}T{hour:02d}:00:00.000Z",
            "eventTimeZoneOffset": "+00:00",
            "bizStep": step,
            "bizLocation": {"id": self._mine},
            "crm:materials": items,
            **fields,
        }


def item(role: str, lot: str, product: str, *, moisture: str | None = None, grade: str | None = None) -> dict[str, Any]:
    """What an event says of one material."""
    item: dict[str, Any] = {"crm:role": role, "crm:id": lot, "crm:massBasis": "wet", "crm:productClass": product}
    if moisture is not None:
        item["crm:moisturePercent"] = moisture
    if grade is not None:
        assay = {"crm:substance": "Cu", "crm:value": grade, "crm:unit": "P1", "crm:basis": "dry", "crm:status": "final"}
        item["crm:assays"] = [assay]
    return item


def document(events: list[dict[str, Any]]) -> bytes:
    """An EPCISDocument of these events."""
    head = {"@context": CONTEXT, "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2026-03-31T00:00:00.000Z"}
    return json.dumps(head | {"epcisBody": {"eventList": events}}).encode()
