"""The gate as a processor: every event of every record becomes an entry or a rejection."""

import json
import re
from typing import Any

import pytest

from lodestream.epcis.limits import Limits
from lodestream.epcis.rejection import Rejection
from lodestream.ledger.book import Register
from lodestream.ledger.records import Entry, Origin
from runtime.processor import Effects, Output, Processor, Record
from runtime.state import Nothing
from schemas.codec import decode
from schemas.topics import ENTRIES, INBOX, REJECTED
from streams.gate.processor import GateProcessor, source_of
from tests.epcis.making import CONTEXT

SITE = "https://id.gs1.org/414/4012345000016"
EVENT: dict[str, Any] = {
    "type": "ObjectEvent",
    "eventTime": "2026-03-01T08:00:00Z",
    "eventTimeZoneOffset": "+00:00",
    "action": "ADD",
    "bizStep": "commissioning",
    "quantityList": [{"epcClass": "urn:epc:class:lgtin:4012345.012345.LOT-7", "quantity": 5.50, "uom": "TNE"}],
    "bizLocation": {"id": "urn:epc:id:sgln:4012345.00001.YARD"},
}
NOWHERE = {key: value for key, value in EVENT.items() if key != "bizLocation"}
WRONG = {**EVENT, "action": "MAKE"}


def document(*events: Any) -> bytes:
    head = {"@context": CONTEXT, "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2026-03-01T08:00:00Z"}
    return json.dumps({**head, "epcisBody": {"eventList": list(events)}}).encode()


def record(value: bytes | None, topic: str = INBOX, key: bytes | None = b"mill") -> Record:
    return Record(topic, 3, 14, 1_772_352_000_123, key, value)


def run(gate: GateProcessor, *records: Record) -> list[Output]:
    effects: Effects = gate.process(list(records), Nothing())
    assert effects.writes == {}
    return effects.outputs


def rejections(outputs: list[Output]) -> list[Rejection]:
    return [decode(output.value or b"", Rejection) for output in outputs if output.topic == REJECTED]


def entries(outputs: list[Output]) -> list[Entry]:
    return [decode(output.value or b"", Entry) for output in outputs if output.topic == ENTRIES]


def test_it_is_a_processor() -> None:
    gate: Processor = GateProcessor()
    assert (gate.name, gate.changelog) == ("gate", None)
    (pattern,) = gate.inputs
    for topic in (INBOX, "epcis.inbox.mill-2.v1"):
        assert re.fullmatch(pattern, topic)
    for topic in ("epcis.inbox.v2", REJECTED, ENTRIES, "epcis.inbox.v1.dlq"):
        assert not re.fullmatch(pattern, topic)


def test_every_event_has_one_fate_in_order() -> None:
    outputs = run(GateProcessor(), record(document(EVENT, WRONG, NOWHERE, EVENT)), record(b"{"), record(document()))
    assert [output.topic for output in outputs] == [ENTRIES, REJECTED, REJECTED, ENTRIES, REJECTED]
    assert [output.key for output in outputs] == [SITE.encode(), b"mill", b"mill", SITE.encode(), b"mill"]
    first = entries(outputs)[0]
    assert (first.site, first.kind, first.source, first.record_time_us) == (SITE, "EVENT", "mill", 1_772_352_000_123_000)
    assert first.origin == Origin(INBOX, 3, 14, 0)
    assert first.locations == {SITE + "/254/YARD": SITE}
    assert first.event is not None
    assert str(first.event.quantities[0].quantity) == "5.5"


def test_a_rejection_says_where_it_came_from_and_carries_its_bytes() -> None:
    wrong, nowhere, broken = rejections(run(GateProcessor(), record(document(WRONG, NOWHERE)), record(b"{")))
    assert (wrong.code, wrong.index, wrong.pointer) == ("UNKNOWN_WORD", 0, "/epcisBody/eventList/0/action")
    assert (nowhere.code, nowhere.index, nowhere.pointer) == ("NO_SITE", 1, "/epcisBody/eventList/1")
    assert (broken.code, broken.index, broken.pointer, broken.payload) == ("NOT_JSON", None, "", b"{")
    assert [json.loads(item.payload) for item in (wrong, nowhere)] == [WRONG, NOWHERE]
    for item in (wrong, nowhere, broken):
        place = (item.source, item.topic, item.partition, item.offset, item.record_time_us)
        assert place == ("mill", INBOX, 3, 14, 1_772_352_000_123_000)


def test_a_bare_event_without_a_place() -> None:
    payload = json.dumps({"@context": CONTEXT, **NOWHERE}).encode()
    (item,) = rejections(run(GateProcessor(), record(payload)))
    assert (item.code, item.index, item.pointer, item.payload) == ("NO_SITE", 0, "", payload)


@pytest.mark.parametrize("value", [None, b"", b"\xff", b"null", b"[" * 100_000])
def test_broken_records_leave_the_worker_alive(value: bytes | None) -> None:
    assert [item.index for item in rejections(run(GateProcessor(), record(value)))] == [None]


@pytest.mark.parametrize(
    ("topic", "key", "source"),
    [
        (INBOX, b"mill", "mill"),
        (INBOX, b"", "local"),
        (INBOX, None, "local"),
        (INBOX, b"\xffx", "\ufffdx"),
        ("epcis.inbox.mill.v1", b"someone-else", "mill"),
        ("epcis.inbox.mill.v1", None, "mill"),
    ],
)
def test_the_source_is_the_topic(topic: str, key: bytes | None, source: str) -> None:
    assert source_of(record(b"", topic, key)) == source


def test_a_closed_list_of_sources() -> None:
    gate = GateProcessor(sources={"mill": "epcis.inbox.mill.v1", "local": INBOX})
    good = document(EVENT)
    allowed = run(gate, record(good, "epcis.inbox.mill.v1"), record(good, INBOX, b"local"))
    assert [output.topic for output in allowed] == [ENTRIES, ENTRIES]
    for refused in (record(good, INBOX, b"mill"), record(good, "epcis.inbox.other.v1"), record(good, "epcis.inbox.local.v1")):
        (item,) = rejections(run(gate, refused))
        assert (item.code, item.index, item.payload) == ("UNKNOWN_SOURCE", None, good)


def test_the_register_names_the_site() -> None:
    gate = GateProcessor(Register(locations={SITE: "https://smelter.example"}, sites=["https://smelter.example"]))
    (entry,) = entries(run(gate, record(document(EVENT))))
    assert (entry.site, entry.listed) == ("https://smelter.example", ["https://smelter.example"])


@pytest.mark.parametrize(("timestamp_ms", "taken_us"), [(2**63 - 1, 253_402_300_799_999_000), (-(2**63), 0), (-1, 0)])
def test_a_producer_may_give_its_record_any_timestamp(timestamp_ms: int, taken_us: int) -> None:
    gate = GateProcessor()
    sent = [Record(INBOX, 0, 7, timestamp_ms, b"mill", value) for value in (document(EVENT), b"{")]
    outputs = run(gate, *sent)
    assert [entry.record_time_us for entry in entries(outputs)] == [taken_us]
    assert [rejection.record_time_us for rejection in rejections(outputs)] == [taken_us]


def test_what_is_too_large_for_the_broker_is_refused_by_rule() -> None:
    bulky = {**EVENT, "ex:a": "x" * 5000}
    (entry, refusal) = run(GateProcessor(output_bytes=4000), record(document(EVENT, bulky)))
    assert entry.topic == ENTRIES
    (item,) = rejections([refusal])
    assert (item.code, item.index) == ("TOO_LARGE", 1)
    (item,) = rejections(run(GateProcessor(limits=Limits(inbox_record_bytes=1000)), record(document(bulky))))
    assert (item.code, item.index) == ("TOO_LARGE", None)


def test_the_same_records_give_the_same_bytes() -> None:
    records = [record(document(EVENT, WRONG)), record(b"nonsense")]
    assert run(GateProcessor(), *records) == run(GateProcessor(), *records)
