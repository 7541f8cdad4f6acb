"""What a company's systems tell of its metal: EPCIS events in short, and the files that an operator writes."""

from datetime import UTC, datetime, timedelta
from typing import Any

CARD = '[facilities."{at}"]\nname = "{name}"\ncountry = "{country}"\n'
SOURCES = '[sources]\ncredentials = "epcis.inbox.v1"\nlocal = "epcis.inbox.v1"\n'
SITE = '[sites."{at}"]\nlocations = []\nmass_basis = "dry"\nelements = ["Cu"]\nsources = ["local"]\n'


def at(hours_ago: int) -> str:
    return (datetime.now(UTC) - timedelta(hours=hours_ago)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def event(kind: str, hours_ago: int, place: str, items: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """An EPCIS event with its items: mass in tonnes, copper in percent of dry mass."""
    lists: dict[str, list[dict[str, Any]]] = {}
    names = {"object": "quantityList", "input": "inputQuantityList", "output": "outputQuantityList"}
    for item in items:
        quantity = {"epcClass": item["crm:id"], "quantity": float(item.pop("mass")), "uom": "TNE"}
        lists.setdefault(names[item["crm:role"]], []).append(quantity)
    where = {"readPoint": {"id": place}} | ({} if more.get("bizStep") == "shipping" else {"bizLocation": {"id": place}})
    head = {"type": kind, "eventTime": at(hours_ago), "eventTimeZoneOffset": "+00:00"}
    return head | where | lists | {"crm:materials": items} | more


def item(role: str, lot: str, mass: str, cu: str = "", **more: Any) -> dict[str, Any]:
    said = {"crm:role": role, "crm:id": lot, "crm:massBasis": "dry", "mass": mass} | more
    assay = {"crm:substance": "Cu", "crm:value": cu, "crm:unit": "P1", "crm:basis": "dry"}
    return said | ({"crm:assays": [assay]} if cu else {})


def shipped(lot: str, mass: str, hours_ago: int, here: str, there: str, consignment: str) -> dict[str, Any]:
    ends = {
        "sourceList": [{"type": "location", "source": here}],
        "destinationList": [{"type": "location", "destination": there}],
        "bizTransactionList": [{"type": "bol", "bizTransaction": consignment}],
    }
    return event("ObjectEvent", hours_ago, here, [item("object", lot, mass)], action="OBSERVE", bizStep="shipping", **ends)


def received(lot: str, mass: str, hours_ago: int, here: str, there: str, consignment: str) -> dict[str, Any]:
    ends = {
        "sourceList": [{"type": "location", "source": there}],
        "destinationList": [{"type": "location", "destination": here}],
        "bizTransactionList": [{"type": "bol", "bizTransaction": consignment}],
        "crm:receipt": "final",
    }
    return event("ObjectEvent", hours_ago, here, [item("object", lot, mass)], action="OBSERVE", bizStep="receiving", **ends)
