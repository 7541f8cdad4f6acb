"""Events of UNTP 0.6.1, which are nearly those of EPCIS: Make is a TransformationEvent, Move and Modify an ObjectEvent.

A Make event without inputs is an ObjectEvent that adds. Dropped: grades and other characteristics, batch numbers beside the
identifier, dispositions by product (the event has one), the other end of a move, the consignment, linked documents, and the
event's time zone beyond what its time says.
"""

from typing import Any

DISPOSITIONS = {"inTransit": "in_transit"}


def events(credential: dict[str, Any]) -> list[dict[str, Any]]:
    """The events of a traceability credential, in order."""
    return [_event(one) for one in credential["credentialSubject"]]


def _event(event: dict[str, Any]) -> dict[str, Any]:
    step = event["activityType"]
    said = {
        "id": event["id"],
        "processType": step["name"],
        "eventTime": event["eventDate"],
        "bizStep": step["code"],
    }
    if "MakeEvent" in event["type"]:
        said["bizLocation"] = event["madeAtFacility"]["id"]
        if event["inputProduct"]:
            products = _lists("input", event["inputProduct"]) | _lists("output", event["outputProduct"])
            return {"type": ["TransformationEvent", "Event"]} | said | {"disposition": "active"} | products
        return _object(said, event["outputProduct"], "add", "active")
    if "MoveEvent" in event["type"]:
        here = "toFacility" if step["code"] == "receiving" else "fromFacility"
        said["bizLocation"] = event[here]["id"]
        disposition = event["movedProduct"][0].get("disposition", "active")
        return _object(said, event["movedProduct"], "observe", DISPOSITIONS.get(disposition, "active"))
    said["bizLocation"] = event["modifiedAtFacility"]["id"]
    return _object(said, event["modifiedProduct"], "observe", "active")


def _object(said: dict[str, Any], products: list[dict[str, Any]], action: str, disposition: str) -> dict[str, Any]:
    more = {"action": action, "disposition": disposition}
    return {"type": ["ObjectEvent", "Event"]} | said | more | _lists("", products)


def _lists(side: str, products: list[dict[str, Any]]) -> dict[str, Any]:
    """Products with a quantity as quantity elements, serialised or not, so that masses stay; others as items."""
    epc, quantity = (f"{side}EPCList", f"{side}QuantityList") if side else ("epcList", "quantityList")
    weighed = [_quantity(one) for one in products if "quantity" in one]
    items = [_item(one["product"]) for one in products if "quantity" not in one]
    return ({epc: items} if items else {}) | ({quantity: weighed} if weighed else {})


def _item(product: dict[str, Any]) -> dict[str, Any]:
    return {"type": ["Item"], "id": product["id"], "name": product["name"]}


def _quantity(one: dict[str, Any]) -> dict[str, Any]:
    product, measure = one["product"], one["quantity"]
    return {"productId": product["id"], "productName": product["name"], "quantity": measure["value"], "uom": measure["unit"]}
