"""What stands beside the straight way: metal in bags on pallets, claims of a scheme, and an event that is taken back for good.

A yard takes a lot from one country, makes another of a part of it and claims where that is from, every second time wrongly. It
packs 25 t into a bag, the bag onto a pallet, and ships the pallet; a buyer receives the bag by its name alone and unpacks it. A
lot that was entered by mistake is taken back by a declaration that names nothing in its stead.
"""

from typing import Any

from lodestream.ids import derive
from lodestream.ledger.book import SiteBook
from lodestream.ledger.records import Entry
from tests.way.traffic import event, lot, material, place, quantity

Event = dict[str, Any]
PROFILES = ("controlled-blending", "credit-strict")


def book_of(yard: str, profile: str) -> Entry:
    """The entry that lets a yard claim under a profile."""
    site = place(yard)
    return Entry(derive("book", site, "asides"), site, "BOOK", 0, book=SiteBook(name=yard, profiles=[profile], booked=True))


def aside(yard: str, buyer: str, profile: str, n: int) -> tuple[list[Event], list[Event]]:
    """One round: what the yard says, and what the buyer says."""
    key, at = f"{yard}-{n}", n * 20
    ore, refined, wrong = (f"{key}-{kind}" for kind in ("ore", "refined", "wrong"))
    bag, pallet = (place(f"{key}-{kind}").replace("/loc/", "/sscc/") for kind in ("bag", "pallet"))
    here, there = {"bizLocation": {"id": place(yard)}}, {"bizLocation": {"id": place(buyer)}}
    mistaken = _entered(key, at, wrong, here)
    sent = [
        _entered(key, at + 1, ore, here),
        mistaken,
        _refined(key, at + 2, ore, refined, here, _claim(profile, "country:CL" if n % 2 else "country:ZM")),
        _packed(f"{key} bag", at + 3, bag, here, ore),
        event(
            "AggregationEvent", f"{key} pallet", at + 4, action="ADD", parentID=pallet, childEPCs=[bag], bizStep="packing", **here
        ),
        mistaken | {"errorDeclaration": {"declarationTime": "2026-03-20T00:00:00Z", "reason": "did_not_occur"}},
        event(
            "ObjectEvent",
            f"{key} pallet leaves",
            at + 5,
            action="OBSERVE",
            bizStep="shipping",
            readPoint={"id": place(yard)},
            epcList=[pallet],
            destinationList=[{"type": "location", "destination": place(buyer)}],
        ),
    ]
    got = [
        event("ObjectEvent", f"{key} bag comes", at + 8, action="OBSERVE", bizStep="receiving", epcList=[bag], **there),
        event("AggregationEvent", f"{key} unpacked", at + 9, action="DELETE", bizStep="unpacking", parentID=bag, **there),
    ]
    return sent, got


def _entered(key: str, at: int, name: str, here: Event) -> Event:
    item = material("object", name, massBasis="dry", sourceClass="mine", countryOfOrigin="ZM", cu="10")
    return event(
        "ObjectEvent",
        f"{key} {name}",
        at,
        action="ADD",
        bizStep="commissioning",
        quantityList=[quantity(name, 100)],
        **here,
        **{"crm:materials": [item]},
    )


def _refined(key: str, at: int, ore: str, refined: str, here: Event, claim: Event) -> Event:
    """40 t become 39.8 t."""
    made = material("output", refined, massBasis="dry", productClass="concentrate", cu="10.05") | {"crm:claims": [claim]}
    return event(
        "TransformationEvent",
        f"{key} refine",
        at,
        bizStep="commissioning",
        inputQuantityList=[quantity(ore, 40)],
        outputQuantityList=[quantity(refined, 39.8)],
        **here,
        **{"crm:materials": [material("input", ore, massBasis="dry"), made]},
    )


def _claim(profile: str, attribute: str) -> Event:
    return {"crm:profile": profile, "crm:element": "Cu", "crm:attribute": attribute, "crm:percent": 50}


def _packed(key: str, at: int, bag: str, here: Event, name: str) -> Event:
    item = {"crm:role": "object", "crm:id": lot(name), "crm:massBasis": "dry", "crm:mass": "25", "crm:uom": "TNE"}
    more = {"parentID": bag, "childQuantityList": [{"epcClass": lot(name)}], "crm:materials": [item]}
    return event("AggregationEvent", key, at, action="ADD", bizStep="packing", **here, **more)
