"""A mine, a smelter and a battery maker, each with a Lodestream of its own: nothing but credentials goes between them."""

import json
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lodestream.credentials.jsontext import parse_object
from lodestream.credentials.proof import Enveloped, presented
from lodestream.credentials.walk import Limits, Trust, WalkReport, walk
from tests.stories.platform import Hosts, Platform, free_port

pytestmark = pytest.mark.kafka
MINE, SMELTER, BATTERY = "https://mine.example/site/1", "https://smelter.example/site/1", "https://battery.example/site/1"
ORE = "https://id.gs1.org/01/09521000000105/10/K1"
CATHODE = "https://id.gs1.org/01/09521000000204/10/C1"
SCRAP, PACK = "https://id.gs1.org/01/09521000000303/10/S1", "https://id.gs1.org/01/09521000000402/10/P1"
CARD = '[facilities."{at}"]\nname = "{name}"\ncountry = "{country}"\n'
SITE = '[sites."{at}"]\nlocations = []\nmass_basis = "dry"\nelements = ["Cu"]\nsources = ["local"]\n'
FROM = '[sites."{at}"]\nlocations = []\nmass_basis = "dry"\nelements = ["Cu"]\nsources = ["credentials"]\n'
SUPPLIER = (
    'allow = ["{served}+private"]\n[suppliers."{did}"]\nname = "{name}"\nfacilities = ["{at}"]\ndid_document = "{document}"\n'
)
SOURCES = '[sources]\ncredentials = "epcis.inbox.v1"\nlocal = "epcis.inbox.v1"\n'


def platform(kafka: str, home: Path, host: str, at: str, country: str, sells: Platform | None = None, its: str = "") -> Platform:
    """A company that buys of another: its supplier's site is in its book, and only his credentials may speak for it."""
    folder = home / host
    folder.mkdir()
    name = host.partition(".")[0].capitalize()
    book, suppliers = SOURCES + SITE.format(at=at), ""
    if sells is not None:
        book += FROM.format(at=its)
        document = sells.published / ".well-known" / "did.json"
        suppliers = SUPPLIER.format(served=sells.base_url, did=sells.did, name=sells.name, at=its, document=document)
    return Platform(
        kafka, folder, base_url=f"http://127.0.0.1:{free_port()}", name=name, book=book, suppliers=suppliers,
        profile=CARD.format(at=at, name=name, country=country),
    )  # fmt: skip


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


def mines(mine: Platform) -> list[Path]:
    """100 t of concentrate with 30 % copper and 2.1 kg CO2e a kg, all of it to the smelter."""
    known = {"crm:sourceClass": "mine", "crm:countryOfOrigin": "ZM", "crm:siteOfOrigin": MINE, "crm:productClass": "concentrate"}
    with mine.works():
        mined = item("object", ORE, "100", "30", **known, **{"crm:embodiedGCO2e": "210000000"})
        mine.tells(
            event("ObjectEvent", 200, MINE, [mined], action="ADD", bizStep="commissioning"),
            shipped(ORE, "100", 190, MINE, SMELTER, "https://carrier.example/c/1"),
        )
        mine.waits_for("DigitalProductPassport", ORE)
        mine.waits_for("DigitalTraceabilityEvent", ORE, "Shipping")
        return mine.hands_over(ORE)


def smelts(smelter: Platform, given: list[Path]) -> list[Path]:
    """60 t of it and 2 t of Japanese scrap become 19.8 t of cathode: 18 + 1.9 t of copper in, 19.79802 t out."""
    scrap = {"crm:sourceClass": "end_of_life", "crm:countryOfOrigin": "JP", "crm:productClass": "scrap"}
    with smelter.works():
        smelter.lodestream("accept", *given)
        smelter.tells(
            received(ORE, "100", 150, SMELTER, MINE, "https://carrier.example/c/1"),
            event("ObjectEvent", 149, SMELTER, [item("object", SCRAP, "2", "95", **scrap)], action="ADD", bizStep="collecting"),
            event(
                "TransformationEvent",
                140,
                SMELTER,
                [
                    item("input", ORE, "60"),
                    item("input", SCRAP, "2"),
                    item("output", CATHODE, "19.8", "99.99", **{"crm:productClass": "cathode"}),
                ],
                bizStep="commissioning",
            ),
            shipped(CATHODE, "5", 130, SMELTER, BATTERY, "https://carrier.example/c/2"),
        )
        smelter.waits_for("DigitalProductPassport", CATHODE)
        smelter.waits_for("DigitalTraceabilityEvent", CATHODE, "Shipping")
        return smelter.hands_over(CATHODE)


def builds(battery: Platform, given: list[Path]) -> None:
    """The 5 t of cathode become 4.9 t of foil, which leaves."""
    with battery.works():
        battery.lodestream("accept", *given)
        battery.tells(
            received(CATHODE, "5", 100, BATTERY, SMELTER, "https://carrier.example/c/2"),
            event(
                "TransformationEvent",
                90,
                BATTERY,
                [item("input", CATHODE, "5"), item("output", PACK, "4.99", "99.99", **{"crm:productClass": "foil"})],
                bizStep="commissioning",
            ),
            shipped(PACK, "4.99", 80, BATTERY, "https://buyer.example/site/1", "https://carrier.example/c/3"),
        )
        battery.waits_for("DigitalProductPassport", PACK)
        battery.waits_for("DigitalTraceabilityEvent", PACK, "Shipping")


def origins(passport: Path | bytes) -> dict[tuple[str, str], Decimal]:
    """What of the mass of a product is copper, by country and class."""
    data = passport if isinstance(passport, bytes) else passport.read_bytes()
    held = presented(data)
    assert isinstance(held, Enveloped)
    materials = parse_object(held.jws.payload, "the passport")["credentialSubject"]["materialProvenance"]
    return {
        (one["originCountry"]["countryCode"], one["materialType"]["code"]): Decimal(one["massFraction"])
        for one in materials
        if one.get("symbol") == "Cu" or one["name"].startswith("Copper")
    }


def walked(hosts: Hosts, start: str, keys: list[bytes], platforms: tuple[Platform, ...]) -> WalkReport:
    """A walk from a product's passport; the verifier knows the three companies, and no assessor has assessed anything."""
    trust = Trust(
        parties=[one.did for one in platforms],
        resolvers=[one.base_url for one in platforms],
        accept=["unverified claim"],
    )
    return walk(start, hosts, trust, Limits(), time.time_ns() // 1000, keys=keys)


def test_from_the_foil_back_to_the_mine(own_kafka: str, tmp_path: Path) -> None:
    mine = platform(own_kafka, tmp_path, "mine.example", MINE, "ZM")
    smelter = platform(own_kafka, tmp_path, "smelter.example", SMELTER, "JP", mine, MINE)
    battery = platform(own_kafka, tmp_path, "battery.example", BATTERY, "DE", smelter, SMELTER)
    all_three = (mine, smelter, battery)
    from_mine = mines(mine)
    with mine.serves():
        from_smelter = smelts(smelter, from_mine)
        with smelter.serves():
            builds(battery, from_smelter)

    print(origins(from_mine[0]), origins(from_smelter[0]))
    keys = [mine.key(ORE), smelter.key(CATHODE), smelter.key(ORE), battery.key(PACK), battery.key(CATHODE)]
    hosts = Hosts(all_three)
    report = walked(hosts, PACK, keys, all_three)
    print(json.dumps([str(one) for one in report.findings], indent=1))
    print(json.dumps([str(one) for one in report.notes], indent=1))
    assert report.verified
