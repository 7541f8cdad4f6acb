"""The ledger as a processor: what is unreadable, what is skipped, and that a bug names its entry."""

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

import streams.ledger.processor as module
from lodestream.ids import derive
from lodestream.ledger.records import Entry, LotState, Outcome
from runtime import settings as runtime_settings
from runtime.partitioner import partition_of
from runtime.processor import Output, Record
from runtime.table import read_table
from schemas.codec import decode, encode
from schemas.topics import ENTRIES, LOTS, TRANSACTIONS
from streams.ledger import LedgerProcessor
from tests.ledger.making import T, add, entry, receive, ship

A, B = "urn:a", "urn:b"


@pytest.fixture
def state() -> dict[bytes, bytes]:
    return {}


def record(value: bytes, key: str = A, partitions: int = 1) -> Record:
    return Record(ENTRIES, partition_of(key.encode(), partitions), 0, 7, key.encode(), value)


def outcomes(outputs: list[Output]) -> list[Outcome]:
    return [decode(o.value or b"", Outcome) for o in outputs if o.topic == TRANSACTIONS]


def test_a_batch_sees_its_own_writes_and_tells_other_sites(state: dict[bytes, bytes]) -> None:
    made = [add("x", "10", A, cu="10"), ship("x", "10", A, B, consignment_id="c")]
    effects = LedgerProcessor(1).process([record(encode(entry(e))) for e in made], state)
    assert [o.kind for o in outcomes(effects.outputs)] == ["create", "ship"]
    offers = [decode(o.value or b"", Entry) for o in effects.outputs if o.topic == ENTRIES]
    assert [(o.site, o.kind) for o in offers] == [(B, "OFFER")]
    lots = [(o.key, decode(o.value or b"", LotState)) for o in effects.outputs if o.topic == LOTS]
    assert [(key, lot.seq) for key, lot in lots] == [(derive(A, "x").encode(), 1), (derive(A, "x").encode(), 2)]
    assert effects.writes


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (record(b"rubbish"), "cannot be decoded"),
        (record(encode(entry(receive("x", "1", B, cu="1")))), "its key is not its site"),
        (
            Record(ENTRIES, 1 - partition_of(A.encode(), 2), 0, 7, A.encode(), encode(entry(add("x", "1", A, cu="1")))),
            "does not live",
        ),
        (record(encode(Entry("e", A, "LATER", 1))), "kind LATER is not known"),
    ],
)
def test_unreadable(state: dict[bytes, bytes], bad: Record, reason: str) -> None:
    processor = LedgerProcessor(2 if "live" in reason else 1)
    outputs = processor.process([bad], state).outputs
    outcome = outcomes(outputs)[0]
    assert outputs[0].partition in {None, bad.partition}, "beside the entry, wherever its key belongs"
    assert "kind" in reason or outputs[0].partition is not None
    assert (outcome.outcome, outcome.seq, outcome.chain) == ("UNREADABLE", 0, "")
    assert reason in outcome.reason
    assert outcomes(processor.process([bad], state).outputs) == [outcome], "every fold agrees"


def test_an_operator_skips_an_entry(state: dict[bytes, bytes]) -> None:
    skipped, good = entry(add("x", "1", A, cu="1")), entry(add("y", "1", A, cu="1"))
    processor = LedgerProcessor(1, {skipped.entry_id.encode(): b'{"reason": "rule bug 17"}'})
    first, second = outcomes(processor.process([record(encode(skipped)), record(encode(good))], state).outputs)
    assert (first.outcome, first.reason) == ("UNREADABLE", "skipped: rule bug 17")
    assert (second.outcome, second.seq) == ("TRANSACTION", 1)


def test_a_bug_names_its_entry(state: dict[bytes, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    def planted(*_: object) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(module, "apply", planted)
    one = entry(add("x", "1", A, cu="1"))
    with pytest.raises(module.EntryError, match=one.entry_id) as raised:
        LedgerProcessor(1).process([record(encode(one))], state)
    assert one.event is not None
    told = {"entry_id": one.entry_id, "site": A, "event_id": one.event.event_id}
    assert raised.value.about == {name: value for name, value in told.items() if value is not None}
    assert T == 10**9


@pytest.mark.kafka
def test_skips_are_read_from_their_topic(kafka: str) -> None:
    settings = runtime_settings.load({"kafka": {"bootstrap_servers": kafka}})
    topic = derive("skips", kafka)[:20]
    assert read_table(settings, topic) == {}, "no topic, no skips"
    admin = AdminClient({"bootstrap.servers": kafka})
    admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(20)
    producer = Producer({"bootstrap.servers": kafka})
    for key, value in (("a", b"1"), ("b", b"2"), ("a", b"3"), ("b", None)):
        producer.produce(topic, value, key)
    assert producer.flush(20) == 0
    assert read_table(settings, topic) == {b"a": b"3"}
