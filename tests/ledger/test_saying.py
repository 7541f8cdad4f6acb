"""What an outcome says of its entry, and what a transaction sends to other sites, field by field."""

from typing import Any

import pytest
from msgspec.structs import replace

from lodestream.epcis.event import ErrorDeclaration, Event, TypedRef
from lodestream.ids import derive
from lodestream.ledger.draft import Draft
from lodestream.ledger.records import Answer, Entry, Handover, Offer, Outcome
from lodestream.ledger.saying import messages, plain
from lodestream.ledger.values import Message
from lodestream.ledger.view import View
from tests.ledger.making import START, event, item

A, B = "urn:site:a", "urn:site:b"


def seen(step: str = "arriving", **more: Any) -> Event:
    """Bags and lots of consignment c on their way, with every field that an outcome repeats."""
    fields = {
        "action": "OBSERVE", "biz_step": step, "biz_location": "urn:place", "read_point": "urn:gate", "consignment_id": "c",
        "transformation_id": "urn:run", "transport_mode": "ship", "epcs": ["urn:bag:2", "urn:bag:1"], "event_id": "urn:e",
        "event_time_us": START,
    } | more  # fmt: skip
    return event("ObjectEvent", [item("object", "y", None), item("object", "x", None)], **fields)


def said(made: Event | None, **more: Any) -> Outcome:
    return plain(Entry("entry", A, "EVENT", START + 9, cause="cause", event=made), "PARKED", 3, START + 11, **more)


def test_an_outcome_repeats_what_its_event_says() -> None:
    made = seen()
    assert said(made) == Outcome(
        outcome="PARKED",
        entry_id="entry",
        txn_id=derive("txn", "entry", "1", "3"),
        attempt=3,
        site=A,
        rule_version=1,
        record_time_us=START + 11,
        valid_time_us=START,
        event_id="urn:e",
        event_hash=made.event_hash,
        event_type="ObjectEvent",
        biz_step="arriving",
        location="urn:place",
        event_time_zone_offset="+00:00",
        transformation_id="urn:run",
        cause="cause",
        read_point="urn:gate",
        transport_mode="ship",
        consignment="c",
        seen=["x", "y"],
        carried=["urn:bag:1", "urn:bag:2"],
    )


def test_an_outcome_without_an_event_says_none_of_it() -> None:
    """Its valid time is that of its record."""
    bare = Outcome("PARKED", "entry", derive("txn", "entry", "1", "3"), 3, A, 1, START + 11, START + 9, cause="cause")
    assert said(None) == bare


def test_where_it_was_is_the_place_of_business_else_the_read_point() -> None:
    assert said(seen(biz_location=None)).location == "urn:gate"
    assert said(seen(read_point=None)).location == "urn:place"
    assert (said(seen(read_point=None)).read_point, said(seen(biz_location=None, read_point=None)).location) == (None, None)


def test_lots_and_consignment_are_of_what_a_carrier_sees() -> None:
    """Of a shipment the single things alone: its lots are in its postings. Of anything else, and of a declaration, nothing."""
    shipped, packed = said(seen("shipping")), said(seen("packing"))
    assert (shipped.consignment, shipped.seen, shipped.carried) == (None, [], ["urn:bag:1", "urn:bag:2"])
    assert (packed.consignment, packed.seen, packed.carried) == (None, [], [])
    void = said(replace(seen(), error_declaration=ErrorDeclaration(START, "incorrect_data", ["urn:right", "urn:other"])))
    assert (void.consignment, void.seen, void.carried) == (None, [], [])
    assert (void.correctives, said(seen()).correctives) == (["urn:right", "urn:other"], [])


SENT: dict[str, Offer | Answer | Handover] = {
    "offer": Offer("c", A, A, B, [], []),
    "answer": Answer("c", A, []),
    "handover": Handover("h 0", 1, "offered", A, B, "p", "Cu", "country:ZM", 1, START),
}


@pytest.mark.parametrize("field", SENT)
def test_what_goes_to_another_site(field: str) -> None:
    """Two of each: their ids differ by their number; of source, places and register of the cause nothing is passed on."""
    entry = Entry("entry", A, "EVENT", START + 9, source="mes", locations={"urn:gate": A}, listed=[A], external=["urn:p"])
    draft = Draft(View(A, {}), replace(entry, event=seen()))
    draft.messages = [Message(B, SENT[field]), Message(B, SENT[field])]
    outcome = said(None)
    ids = [derive("message", outcome.txn_id, B, n) for n in "01"]
    assert messages(draft, outcome) == [
        Entry(one, B, field.upper(), START + 9, cause=outcome.txn_id, **{field: SENT[field]})  # type: ignore[arg-type]
        for one in ids
    ]


def test_an_event_that_is_told_to_its_sender() -> None:
    """It goes with source, places and register as the gate saw them."""
    places: dict[str, Any] = {"source": "mes", "locations": {"urn:gate": A}, "listed": [A], "external": ["urn:p"]}
    made = seen(sources=[TypedRef("urn:gate", "location")])
    draft = Draft(View(A, {}), Entry("entry", A, "EVENT", START + 9, event=made, **places))
    draft.messages = [Message(B, made)]
    outcome = said(made)
    one = derive("message", outcome.txn_id, B, "0")
    assert messages(draft, outcome) == [Entry(one, B, "EVENT", START + 9, cause=outcome.txn_id, event=made, **places)]
