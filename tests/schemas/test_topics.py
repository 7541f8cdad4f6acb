"""The topic catalogue holds what the runtime rules ask of it, and the difference with a cluster is worked out and applied."""

import re
import time
from collections.abc import Callable, Sequence
from uuid import uuid4

import msgspec
import pytest
from confluent_kafka import Consumer, KafkaError, Producer
from confluent_kafka.admin import AdminClient

from runtime.topics import Actual, Advice, Create, Refusal, SetConfig, TopicsError, apply, apply_topics, difference, plan, read
from schemas import topics
from schemas.topics import Topic, declared, source_inbox

BY_NAME = {topic.name: topic for topic in declared()}
SHARED = (topics.ENTRIES, topics.TRANSACTIONS, topics.LEDGER_CHANGELOG, topics.ISSUER_CHANGELOG)


def test_every_name_is_declared_once_and_ends_in_a_version() -> None:
    names = {value for name, value in vars(topics).items() if name.isupper() and isinstance(value, str) and value.endswith(".v1")}
    assert {topic.name for topic in declared()} == names
    assert len(declared()) == len(names)
    assert all(re.fullmatch(r"[a-z.]+\.v1", name) for name in names)


@pytest.mark.parametrize("partitions", [topics.PARTITIONS, topics.PARTITIONS_EMBEDDED, 1])
def test_what_is_joined_by_partition_has_one_count(partitions: int) -> None:
    counts = {topic.name: topic.partitions for topic in declared(partitions)}
    assert {counts[name] for name in SHARED} == {partitions}


def test_the_logs_that_count_are_kept_for_ever() -> None:
    for name in (topics.ENTRIES, topics.TRANSACTIONS, topics.CREDENTIALS):
        configs = BY_NAME[name].configs()
        assert (configs["cleanup.policy"], configs["retention.ms"], configs["retention.bytes"]) == ("delete", "-1", "-1")


def test_state_is_compacted_and_keeps_its_deletions_for_long() -> None:
    for name in (topics.LOTS, topics.CREDENTIAL_STATUS, topics.LEDGER_CHANGELOG, topics.ISSUER_CHANGELOG):
        configs = BY_NAME[name].configs()
        assert configs["cleanup.policy"] == "compact"
        assert "retention.ms" not in configs
    for name in (topics.LEDGER_CHANGELOG, topics.ISSUER_CHANGELOG):
        assert BY_NAME[name].configs()["delete.retention.ms"] == str(topics.CHANGELOG_DELETE_RETENTION_MS)


def test_an_inbox_is_stamped_by_the_broker_and_takes_its_largest_record() -> None:
    for inbox in (BY_NAME[topics.INBOX], source_inbox("plant-7")):
        configs = inbox.configs()
        assert configs["message.timestamp.type"] == "LogAppendTime"
        assert configs["retention.ms"] == str(30 * 24 * 3600 * 1000)
        assert int(configs["max.message.bytes"]) > topics.INBOX_RECORD_BYTES
    raised = {topic.name: topic for topic in declared(inbox_record_bytes=20_000_000)}
    assert int(raised[topics.INBOX].configs()["max.message.bytes"]) > 20_000_000


@pytest.mark.parametrize("source", ["local", "plant-7", "a" * 63])
def test_a_source_has_an_inbox_that_the_gate_finds(source: str) -> None:
    assert re.fullmatch(topics.INBOX_PATTERN, source_inbox(source).name)
    assert re.fullmatch(topics.INBOX_PATTERN, topics.INBOX)
    assert not re.fullmatch(topics.INBOX_PATTERN, topics.REJECTED)


@pytest.mark.parametrize("source", ["", "Plant", "a.b", "a_b", "-a", "a" * 64, "a\n", "ä"])
def test_what_is_no_name_for_a_source_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match="is no name for a source"):
        source_inbox(source)


def as_declared(wanted: Sequence[Topic]) -> dict[str, Actual]:
    return {topic.name: Actual(topic.partitions, 1, topic.configs()) for topic in wanted}


def test_nothing_differs_from_itself() -> None:
    assert difference(declared(), as_declared(declared())) == []


def test_all_is_missing_on_an_empty_cluster() -> None:
    changes = difference(declared(), {}, replication_factor=3, min_insync_replicas=2)
    assert [change.topic for change in changes] == [topic.name for topic in declared()]
    for change in changes:
        assert isinstance(change, Create)
        assert change.replication_factor == 3
        assert change.configs["min.insync.replicas"] == "2"


def test_each_difference_is_told_in_its_own_way() -> None:
    (topic,) = wanted = [BY_NAME[topics.ENTRIES]]
    actual = as_declared(wanted)
    configs = {**topic.configs(), "retention.ms": "604800000", "segment.bytes": "1"}
    del configs["cleanup.policy"]
    changes = difference(wanted, {topic.name: Actual(16, 1, configs), "other.v1": actual[topic.name]}, replication_factor=3)
    assert changes == [
        Refusal(topic.name, 16, 64),
        Advice(topic.name, 1, 3),
        SetConfig(topic.name, "cleanup.policy", None, "delete"),
        SetConfig(topic.name, "retention.ms", "604800000", "-1"),
    ]
    assert [str(change)[0] for change in changes] == ["!", "?", "~", "~"]
    assert "retention.ms 604800000 -> -1" in str(changes[3])
    assert "16 partitions, 64 are declared" in str(changes[0])


def some_topics() -> tuple[Topic, ...]:
    """The catalogue under names of this test's own."""
    suffix = uuid4().hex[:8]
    return tuple(
        msgspec.structs.replace(topic, name=f"test-{suffix}.{topic.name}") for topic in (*declared(4), source_inbox("plant-7"))
    )


def until(condition: Callable[[], object]) -> None:
    """A broker tells a change a moment after it has taken it."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def agrees(address: str) -> None:
    """Make, find nothing to do, alter one, put right; a partition count is refused and nothing is touched then."""
    admin, wanted = AdminClient({"bootstrap.servers": address}), some_topics()
    made = apply_topics(admin, wanted)
    assert [type(change) for change in made] == [Create] * len(wanted)
    until(lambda: plan(admin, wanted) == [])
    assert apply_topics(admin, wanted) == []

    entries = next(topic for topic in wanted if topic.name.endswith(topics.ENTRIES))
    apply(admin, [SetConfig(entries.name, "retention.ms", "-1", "60000")])
    until(lambda: plan(admin, wanted) == [SetConfig(entries.name, "retention.ms", "60000", "-1")])
    grown = [msgspec.structs.replace(topic, partitions=5) if topic is entries else topic for topic in wanted]
    with pytest.raises(TopicsError, match=r"has 4 partitions, 5 are declared.*Set partitions to 4"):
        apply_topics(admin, grown)
    assert read(admin, [entries.name])[entries.name].configs["retention.ms"] == "60000"
    assert read(admin, [entries.name])[entries.name].partitions == 4
    apply_topics(admin, wanted)
    until(lambda: plan(admin, wanted) == [])
    # Somebody else made a topic between plan and apply: that is what was wanted.
    apply(admin, made)


@pytest.mark.kafka
def test_a_real_cluster_is_made_to_agree(kafka: str) -> None:
    agrees(kafka)


@pytest.mark.embedded
def test_the_embedded_broker_is_made_to_agree(embedded_broker: str) -> None:
    agrees(embedded_broker)


@pytest.mark.kafka
def test_what_a_cluster_cannot_do_is_told_for_each_topic_and_the_rest_is_done(kafka: str) -> None:
    admin, wanted = AdminClient({"bootstrap.servers": kafka}), some_topics()[:2]
    apply_topics(admin, wanted[1:])
    until(lambda: plan(admin, wanted[1:]) == [])
    changes = [
        *difference(wanted[:1], {}, replication_factor=99),
        SetConfig(wanted[1].name, "retention.ms", None, "60000"),
    ]
    with pytest.raises(TopicsError, match=rf"^{re.escape(wanted[0].name)}: .*replication factor"):
        apply(admin, changes)
    until(lambda: read(admin, [wanted[1].name])[wanted[1].name].configs["retention.ms"] == "60000")
    with pytest.raises(TopicsError, match="bad\\.config"):
        apply(admin, [SetConfig(wanted[1].name, "bad.config", None, "1")])


@pytest.mark.kafka
def test_a_real_inbox_stamps_records_and_takes_the_largest_but_no_larger(kafka: str) -> None:
    admin, inbox = AdminClient({"bootstrap.servers": kafka}), some_topics()[0]
    apply_topics(admin, [inbox])
    producer = Producer({"bootstrap.servers": kafka, "message.max.bytes": 100_000_000, "linger.ms": 0})
    failures: list[KafkaError | None] = []
    for size in (topics.INBOX_RECORD_BYTES, topics.INBOX_RECORD_BYTES + 2 * topics.FRAMING_BYTES):
        producer.produce(
            inbox.name, bytes(size), key=b"k" * 100, timestamp=1_000, on_delivery=lambda error, _: failures.append(error)
        )
        assert producer.flush(30) == 0
    assert failures[0] is None
    assert failures[1] is not None
    assert failures[1].code() == KafkaError.MSG_SIZE_TOO_LARGE
    consumer = Consumer({"bootstrap.servers": kafka, "group.id": inbox.name, "auto.offset.reset": "earliest"})
    try:
        consumer.subscribe([inbox.name])
        message = consumer.poll(30)
    finally:
        consumer.close()
    assert message is not None
    assert message.error() is None
    kind, timestamp_ms = message.timestamp()
    assert (kind, timestamp_ms > 1_600_000_000_000) == (2, True)  # TIMESTAMP_LOG_APPEND_TIME, and not what the producer said


def test_a_cluster_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.topics.TIMEOUT_SECONDS", 0.2)
    with pytest.raises(TopicsError, match="does not answer"):
        plan(AdminClient({"bootstrap.servers": "127.0.0.1:1", "log_level": 0}), declared())
