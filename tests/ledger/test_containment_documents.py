"""Containers, owners and a count as EPCIS documents, through gate and ledger: a pallet leaves, a bag of it is received."""

import json
from typing import Any

from lodestream.epcis.intake import Accepted, intake
from lodestream.epcis.routing import admit
from lodestream.ledger.book import Register
from lodestream.ledger.fold import Fold
from lodestream.ledger.records import Entry, Outcome

LOT = "https://mine.example.com/class/lot/C-1"
BAG, PALLET = "https://id.gs1.org/00/395200010000000010", "https://id.gs1.org/00/395200010000000027"
MINE, SMELTER = "https://mine.example.com/loc/shed", "https://smelter.example.com/loc/yard"
BUYER, TRADER = "https://smelter.example.com/party", "https://trader.example.com/party"
T = 10**9


def event(day: int, kind: str, action: str, **fields: Any) -> dict[str, Any]:
    time = {"eventTime": f"2026-03-{day}T10:00:00.000Z", "eventTimeZoneOffset": "+00:00"}
    return {"type": kind, "eventID": f"urn:uuid:00000000-0000-4000-8000-0000000000{day}", "action": action, **time, **fields}


def lot(tonnes: str | None, assay: str | None = None) -> dict[str, Any]:
    """The materials item of the lot, in dry mass."""
    item: dict[str, Any] = {"crm:role": "object", "crm:id": LOT, "crm:massBasis": "dry", "crm:uom": "TNE"}
    if tonnes is not None:
        item["crm:mass"] = tonnes
    if assay is not None:
        item["crm:assays"] = [{"crm:substance": "Cu", "crm:value": assay, "crm:unit": "P1", "crm:basis": "dry"}]
        item["crm:sourceClass"] = "mine"
    return {"crm:materials": [item]}


def owner(party: str) -> dict[str, str]:
    return {"type": "owning_party", "destination": party}


HERE: dict[str, Any] = {"bizLocation": {"id": MINE}}
NAMED = [{"epcClass": LOT}]
EVENTS = [
    event(20, "ObjectEvent", "ADD", bizStep="commissioning", quantityList=NAMED, **HERE, **lot("100", "10")),
    event(21, "AggregationEvent", "ADD", bizStep="packing", parentID=BAG, childQuantityList=NAMED, **HERE, **lot("25")),
    event(22, "AggregationEvent", "ADD", bizStep="packing", parentID=PALLET, childEPCs=[BAG], **HERE),
    event(
        23,
        "ObjectEvent",
        "OBSERVE",
        bizStep="shipping",
        readPoint={"id": MINE},
        epcList=[PALLET],
        destinationList=[{"type": "location", "destination": SMELTER}, owner(BUYER)],
    ),
    event(24, "ObjectEvent", "OBSERVE", bizStep="receiving", bizLocation={"id": SMELTER}, epcList=[BAG]),
    event(25, "AggregationEvent", "DELETE", bizStep="unpacking", bizLocation={"id": SMELTER}, parentID=BAG),
    event(
        26,
        "TransactionEvent",
        "ADD",
        quantityList=NAMED,
        bizTransactionList=[{"type": "po", "bizTransaction": "https://mine.example.com/bt/PO-1"}],
        destinationList=[owner(TRADER)],
        **HERE,
    ),
    event(27, "ObjectEvent", "OBSERVE", bizStep="stock_taking", quantityList=NAMED, **HERE, **lot("74.9")),
]


def test_a_pallet_leaves_and_a_bag_of_it_is_received() -> None:
    """25 t of 10 % Cu move by the SSCC alone; of the 75 t left 74.9 t are counted: 10 kg Cu to STOCK_ADJ."""
    document = {
        "@context": [
            "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
            {"crm": "https://w3id.org/lodestream/crm/v1/"},
        ],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-28T12:00:00.000Z",
        "epcisBody": {"eventList": EVENTS},
    }
    fold, outcomes = Fold(), list[Outcome]()
    for item in intake(json.dumps(document).encode()):
        assert isinstance(item, Accepted), item
        made = admit(item, Register(), "local", item.event.event_time_us, None)
        assert isinstance(made, Entry), made
        outcomes.extend(fold.submit(made))
    assert [one.kind for one in outcomes] == [
        "create",
        "contain",
        "contain",
        "ship",
        "offer",
        "receive",
        "answer",
        "contain",
        "link",
        "count",
    ]
    assert fold.accounts() == sorted(
        [
            (MINE, "Cu", "SOURCE(mine)", -10 * T),
            (MINE, "Cu", f"STOCK({LOT})", 7_490_000_000),
            (MINE, "Cu", "STOCK_ADJ", 10_000_000),
            (MINE, "Cu", f"CUSTODY({PALLET} {LOT})", 2_500_000_000),
            (SMELTER, "Cu", f"CUSTODY({PALLET} {LOT})", -2_500_000_000),
            (SMELTER, "Cu", f"STOCK({LOT})", 2_500_000_000),
        ]
    )
    assert [(one.site, one.owner) for one in fold.lots()] == [(MINE, TRADER), (SMELTER, BUYER)]
    assert {finding.code for _, finding in fold.open_findings()} == {"NO_BOOK"}
