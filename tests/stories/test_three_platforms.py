"""A mine, a smelter and a battery maker, each with a Lodestream of its own: nothing but credentials goes between them."""

import json
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from lodestream.credentials.jsontext import parse_object
from lodestream.credentials.proof import Enveloped, presented
from lodestream.credentials.securing import secure
from lodestream.credentials.walk import Limits, Trust, WalkReport, walk
from streams.issuer.keys import load
from tests.stories.platform import Hosts, Platform, free_port
from tests.stories.telling import CARD, SITE, SOURCES, event, item, received, shipped

pytestmark = pytest.mark.kafka
MINE, SMELTER, BATTERY = "https://mine.example/site/1", "https://smelter.example/site/1", "https://battery.example/site/1"
ORE = "https://id.gs1.org/01/09521000000105/10/K1"
CATHODE = "https://id.gs1.org/01/09521000000204/10/C1"
SCRAP, PACK = "https://id.gs1.org/01/09521000000303/10/S1", "https://id.gs1.org/01/09521000000402/10/P1"
LOTS = (ORE, CATHODE, PACK)
FROM = '[sites."{at}"]\nlocations = []\nmass_basis = "dry"\nelements = ["Cu"]\nsources = ["credentials"]\n'
SUPPLIER = (
    'allow = ["{served}+private"]\n[suppliers."{did}"]\nname = "{name}"\nfacilities = ["{at}"]\ndid_document = "{document}"\n'
)


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


def builds(battery: Platform, given: list[Path], lie: Path) -> str:
    """The 5 t of cathode become 4.99 t of foil, which leaves. What does not balance opens nothing: gives what was said of it."""
    with battery.works():
        refused = battery.lodestream("accept", "--json", lie, code=1)
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
    return refused


def changed(smelter: Platform, credential: Path | bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """A credential of the smelter as it would be if the smelter lied in it: changed, and signed with its own good key."""
    said = payload(credential)
    change(said)
    key = load(smelter.folder / "data" / "issuer" / "key.pem", smelter.did)
    return secure(said, key, "vc+jwt", time.time_ns() // 1000)


def payload(credential: Path | bytes) -> dict[str, Any]:
    held = presented(credential if isinstance(credential, bytes) else credential.read_bytes())
    assert isinstance(held, Enveloped)
    return parse_object(held.jws.payload, "the credential")


def more_made(said: dict[str, Any]) -> None:
    """25 t of cathode out of the same copper."""
    product = said["credentialSubject"][0]["outputProduct"][0]
    product["quantity"] = {"value": 25_000, "unit": "KGM"}
    product["product"]["characteristics"] = {"cuMassFraction": Decimal("0.9999")}


def more_recycled(said: dict[str, Any]) -> None:
    """Half of the copper is said to be of the scrap, which was a tenth."""
    for one in said["credentialSubject"]["materialProvenance"]:
        if one["materialType"]["code"] == "Cu":
            one["massFraction"] = Decimal("0.49995")


def origins(passport: Path | bytes) -> dict[str, Decimal]:
    """What of the mass of a product is copper, by country."""
    materials = payload(passport)["credentialSubject"]["materialProvenance"]
    return {
        one["originCountry"]["countryCode"]: Decimal(one["massFraction"])
        for one in materials
        if one["materialType"]["code"] == "Cu"
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
        making = next(one for one in from_smelter if "outputProduct" in json.dumps(payload(one), default=str))
        lie = tmp_path / "lie.json"
        lie.write_bytes(changed(smelter, making, more_made))
        with smelter.serves():
            refused = json.loads(builds(battery, from_smelter, lie))
    assert not refused["accepted"]
    assert (refused["code"], refused["events"]) == ("MASS_BALANCE", []), refused

    # the shares: 18 t of 19.9 t of copper are Zambian, whatever became of it
    passports = [one.published / urlsplit(record_of(one, lot)).path.strip("/") for one, lot in zip(all_three, LOTS, strict=True)]
    assert origins(passports[0]) == {"ZM": Decimal("0.3")}
    copper = {"ZM": Decimal("0.904432161"), "JP": Decimal("0.095467839")}
    assert (origins(passports[1]), origins(passports[2])) == (copper, copper)

    # who has the keys of the lots walks back to the mine; who has not, is told what is withheld
    keys = [mine.key(ORE), *(smelter.key(lot) for lot in (ORE, SCRAP, CATHODE)), battery.key(CATHODE), battery.key(PACK)]
    hosts = Hosts(all_three)
    report = walked(hosts, PACK, keys, all_three)
    assert report.verified, report.against
    assert {one.issuer for one in report.visited} == {one.did for one in all_three}
    assert {one.verdict for one in report.balances if one.of == "Cu"} == {"consistent"}
    private = walked(hosts, PACK, [], all_three)
    assert {one.outcome for one in private.against} == {"withheld"}

    # what the smelter does not have it cannot claim: not its own signature makes it so
    url = record_of(smelter, CATHODE)
    liar = Hosts(all_three, {url: changed(smelter, passports[1], more_recycled)})
    found = walked(liar, PACK, keys, all_three)
    assert "mass-balance inconsistency" in {one.outcome for one in found.against}, found.against


def record_of(platform: Platform, lot: str) -> str:
    """The URL of a lot's passport, as its linkset has it."""
    linkset = json.loads((platform.published / urlsplit(lot).path.strip("/") / "linkset.json").read_text())["linkset"][0]
    return str(next(one["href"] for one in linkset["dpp"] if "rel" not in one))
