"""A correction comes in: the old credential is revoked in the published list and the new one is linked, within seconds."""

import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from lodestream.credentials.access import unlock
from lodestream.credentials.jsontext import parse_object
from lodestream.credentials.proof import Enveloped, presented
from lodestream.credentials.status import check_entry, entry_of
from tests.stories.platform import Platform
from tests.stories.telling import CARD, SITE, SOURCES, event, item, shipped

pytestmark = pytest.mark.kafka
MILL, BUYER = "https://mill.example/site/1", "https://buyer.example/site/1"
ORE = "https://id.gs1.org/01/09521000000105/10/K2"
CONSIGNMENT = "https://carrier.example/c/9"
AIM_S = 5.0
PREDECESSOR = "https://www.iana.org/assignments/relation/predecessor-version"


def opened(data: bytes) -> dict[str, Any]:
    held = presented(data)
    assert isinstance(held, Enveloped)
    return parse_object(held.jws.payload, "the credential")


class Reader:
    """Somebody who reads the published folder alone, and has the key of the lot."""

    def __init__(self, platform: Platform) -> None:
        self.platform, self.key = platform, platform.key(ORE)

    def file(self, url: str) -> Path:
        return self.platform.published / urlsplit(url).path.strip("/")

    def links(self, relation: str) -> list[dict[str, Any]]:
        linkset = json.loads((self.file(ORE) / "linkset.json").read_text())["linkset"][0]
        return list(linkset.get(relation, []))

    def credential(self, url: str) -> dict[str, Any]:
        data = self.file(url).read_bytes()
        return opened(unlock(data, self.key) if b"cipherText" in data else data)

    def is_revoked(self, credential: dict[str, Any]) -> bool:
        (entry,) = entry_of(credential)
        return check_entry(opened(self.file(entry.list_url).read_bytes()), entry)

    def stands(self, relation: str, grade: str) -> str:
        """The URL of the link that stands and says this grade, else nothing."""
        for link in self.links(relation):
            if "rel" not in link and grade in json.dumps(self.credential(link["href"])["credentialSubject"], default=str):
                return str(link["href"])
        return ""


def test_a_correction_reaches_the_published_folder(own_kafka: str, tmp_path: Path) -> None:
    """30 % copper was an error, it has 28 %: passport and events are said anew, with links from new to old and old to new."""
    folder = tmp_path / "mill"
    folder.mkdir()
    mill = Platform(
        own_kafka, folder, base_url="https://mill.example", name="Mill",
        book=SOURCES + SITE.format(at=MILL), profile=CARD.format(at=MILL, name="Mill", country="ZM"),
    )  # fmt: skip
    known = {"crm:sourceClass": "mine", "crm:countryOfOrigin": "ZM", "crm:productClass": "concentrate"}
    wrong = event("ObjectEvent", 50, MILL, [item("object", ORE, "100", "30", **known)], action="ADD", bizStep="commissioning")
    right = event("ObjectEvent", 50, MILL, [item("object", ORE, "100", "28", **known)], action="ADD", bizStep="commissioning")
    wrong["eventID"], right["eventID"] = (
        "urn:uuid:5d0a3f1e-0000-4000-8000-000000000001",
        "urn:uuid:5d0a3f1e-0000-4000-8000-000000000002",
    )
    declared = {"declarationTime": wrong["eventTime"], "reason": "incorrect_data", "correctiveEventIDs": [right["eventID"]]}
    with mill.works():
        mill.tells(wrong, shipped(ORE, "60", 40, MILL, BUYER, CONSIGNMENT))
        mill.waits_for("DigitalProductPassport", ORE)
        reader = Reader(mill)
        mill.wait(lambda: len(reader.links("dte")) == 2, "the published events")
        before = {link["href"]: reader.credential(link["href"]) for link in [*reader.links("dpp"), *reader.links("dte")]}
        assert not any(map(reader.is_revoked, before.values()))

        began = time.monotonic()
        mill.tells(wrong | {"errorDeclaration": declared}, right)
        sent = time.monotonic()
        mill.wait(lambda: all(map(reader.is_revoked, before.values())), "the revocations")
        mill.wait(lambda: bool(reader.stands("dpp", "0.28") and reader.stands("dte", "0.28")), "the new credentials")
        took = time.monotonic() - began
    assert took - (sent - began) < AIM_S, f"{took:.1f} s, of which the sending took {sent - began:.1f} s"

    new = reader.credential(reader.stands("dpp", "0.28"))
    replaced = [link["linkURL"] for link in new["credentialSubject"]["relatedDocument"] if link["linkType"] == PREDECESSOR]
    chain = {one["id"] for one in before.values()}
    assert replaced
    assert all("predecessor-version" in link["rel"] for link in reader.links("dpp") if link["href"] in chain)
    assert {link["href"] for link in reader.links("dpp") if "rel" not in link} == {new["id"]}, "one passport stands"
    assert not reader.is_revoked(new)
