"""What does not go straight: campaigns in halves, corrections after the metal has moved on, later assays, receipts much later.

A plant makes two lots of concentrate in one campaign, ships the first, says then that the first half was wrong, assays the second
lot again and ships it; a buyer receives and smelts the first at once and the second only when months have closed.
"""

import copy
import uuid
from typing import Any

from tests.way.traffic import SPACE, document, event, lot, material, place, quantity

Event = dict[str, Any]
EVENTS = 10
"""Of each campaign, and one more that comes late."""


def turn(plant: str, buyer: str, n: int) -> tuple[list[Event], list[Event], list[Event]]:
    """One campaign: what the plant says, what the buyer says, and what the buyer says when it is late."""
    key, at = f"{plant}-{n}", n * 30
    ore, first, second, tailings = (f"{key}-{kind}" for kind in ("ore", "one", "two", "tail"))
    mined = event(
        "ObjectEvent",
        f"{key} ore",
        at,
        action="ADD",
        bizStep="commissioning",
        bizLocation={"id": place(plant)},
        quantityList=[quantity(ore, 1000)],
        **{"crm:materials": [material("object", ore, massBasis="wet", moisturePercent="3.0", sourceClass="mine", cu="2.00")]},
    )
    one = _half(plant, key, "one", at + 1, ore, [_concentrate(first, "28.50")], [quantity(first, 20)])
    waste = material("output", tailings, massBasis="dry", lossClass="tailings", cu="0.9500")
    rest = [_concentrate(second, "28.40"), waste], [quantity(second, 20), quantity(tailings, 930)]
    two = _half(plant, key, "two", at + 4, ore, *rest) | {"crm:campaignClose": True}
    declared, corrective = _wrong(one, first)
    correction = [corrective, declared] if n % 2 else [declared, corrective]
    assay = event(
        "ObjectEvent",
        f"{key} assay",
        at + 6,
        action="OBSERVE",
        bizStep="inspecting",
        bizLocation={"id": place(plant)},
        quantityList=[{"epcClass": lot(second)}],
        **{"crm:materials": [material("object", second, cu="28.90")]},
    )
    sent = [mined, one, _moved(plant, buyer, key, "shipping", first, at + 2), two, *correction, assay]
    sent.append(_moved(plant, buyer, key, "shipping", second, at + 7))
    got = [_moved(plant, buyer, key, "receiving", first, at + 10), _smelted(buyer, key, first, at + 11)]
    return sent, got, [_moved(plant, buyer, key, "receiving", second, at + 20)]


def _half(plant: str, key: str, name: str, at: int, ore: str, materials: list[Event], quantities: list[Event]) -> Event:
    return event(
        "TransformationEvent",
        f"{key} {name}",
        at,
        transformationID=place(f"{key}-campaign").replace("/loc/", "/campaign/"),
        bizStep="commissioning",
        bizLocation={"id": place(plant)},
        inputQuantityList=[quantity(ore, 500)],
        outputQuantityList=quantities,
        **{"crm:materials": [material("input", ore, massBasis="wet", moisturePercent="3.0"), *materials]},
    )


def _concentrate(name: str, grade: str) -> Event:
    return material("output", name, massBasis="wet", moisturePercent="9.00", productClass="concentrate", cu=grade)


def _wrong(original: Event, name: str) -> tuple[Event, Event]:
    """The declaration of a half, and the half that stands in its place: a tonne less was made, of which all was shipped."""
    new = f"urn:uuid:{uuid.uuid5(SPACE, original['eventID'])}"
    error = {"declarationTime": "2026-03-20T00:00:00Z", "reason": "incorrect_data", "correctiveEventIDs": [new]}
    corrective = copy.deepcopy(original) | {"eventID": new}
    corrective["outputQuantityList"] = [quantity(name, 19)]
    return original | {"errorDeclaration": error}, corrective


def _moved(plant: str, buyer: str, key: str, step: str, name: str, at: int) -> Event:
    ends = {
        "sourceList": [{"type": "location", "source": place(plant)}],
        "destinationList": [{"type": "location", "destination": place(buyer)}],
        "crm:consignmentId": place(f"{name}-c").replace("/loc/", "/bt/"),
    }
    item = material("object", name, massBasis="wet")
    if step == "receiving":
        item = material("object", name, massBasis="wet", moisturePercent="8.90", cu="28.44")
        ends["crm:receipt"] = "final"
    here = {"bizLocation": {"id": place(buyer)}} if step == "receiving" else {"readPoint": {"id": place(plant)}}
    said = {"quantityList": [quantity(name, 19.98 if step == "receiving" else 20)], "crm:materials": [item]}
    return event("ObjectEvent", f"{key} {step} {name}", at, action="OBSERVE", bizStep=step, **here, **ends, **said)


def _smelted(buyer: str, key: str, name: str, at: int) -> Event:
    cathode = f"{key}-cathode"
    items = [
        material("input", name, massBasis="wet", moisturePercent="8.90"),
        material("output", cathode, massBasis="dry", productClass="cathode", cu="99.99"),
    ]
    return event(
        "TransformationEvent",
        f"{key} smelt",
        at,
        bizStep="commissioning",
        bizLocation={"id": place(buyer)},
        inputQuantityList=[quantity(name, 19.98)],
        outputQuantityList=[quantity(cathode, 5.1)],
        **{"crm:materials": items},
    )


def turns(plants: int, rounds: int) -> tuple[list[bytes], list[bytes]]:
    """Documents of so many campaigns, and those of the receipts that come late. In every third the buyer speaks first."""
    documents, late = [], []
    for n in range(rounds):
        for m in range(plants):
            sent, got, later = turn(f"plant{m}", f"buyer{m % 3}", n)
            both = [document(sent), document(got)]
            documents += reversed(both) if n % 3 == 2 else both
            late.append(document(later))
    return documents, late
