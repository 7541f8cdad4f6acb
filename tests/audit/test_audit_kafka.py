"""The same on real Kafka: topics of honest books, and topics in which somebody changed one record."""

import uuid
from collections.abc import Sequence

import pytest
from confluent_kafka import Consumer, TopicPartition
from msgspec.structs import replace

from cli.audited import Question, audit_kafka
from cli.kafka_books import Books, records
from lodestream.ledger.records import Entry, Outcome
from runtime import clients
from runtime.partitioner import partition_of
from runtime.settings import Settings, load
from runtime.topics import apply_topics
from schemas.codec import encode
from schemas.topics import ENTRIES, TRANSACTIONS, declared
from streams.ledger.processor import LedgerProcessor, read_entry
from tests.audit.histories import MINE, honest

pytestmark = pytest.mark.kafka

PARTITIONS = 4
KEPT, GIVEN = honest(2)
Rows = Sequence[tuple[bytes, bytes, int]]


def rows(values: Sequence[Entry] | Sequence[Outcome]) -> list[tuple[bytes, bytes, int]]:
    keys = [value.site.encode() for value in values]
    return [(key, encode(value), partition_of(key, PARTITIONS)) for key, value in zip(keys, values, strict=True)]


class Cluster:
    """Topics of this test's own, and what the audit says of them."""

    def __init__(self, address: str) -> None:
        self.settings: Settings = load(
            {"kafka": {"bootstrap_servers": address}, "partitions": PARTITIONS, "instance": uuid.uuid4().hex[:8]}
        )

    def topic(self, name: str, written: Rows) -> str:
        """A topic like ours with these records, written in one transaction; another that is aborted stands before it."""
        own = f"{uuid.uuid4().hex[:8]}.{name}"
        (like,) = (topic for topic in declared(PARTITIONS) if topic.name == name)
        apply_topics(clients.admin(self.settings), [replace(like, name=own)])
        producer = clients.producer(self.settings, own)
        producer.init_transactions(30)
        producer.begin_transaction()
        for number in range(PARTITIONS):
            producer.produce(own, b"aborted", b"aborted", partition=number)
        producer.flush(30)
        producer.abort_transaction(30)
        producer.begin_transaction()
        for key, value, number in written:
            producer.produce(own, value, key, partition=number)
        producer.commit_transaction(30)
        return own

    def commit(self, topic: str, group: str, offsets: dict[int, int]) -> None:
        """What a ledger would have committed."""
        consumer = Consumer({"bootstrap.servers": self.settings.kafka.bootstrap_servers, "group.id": group})
        consumer.commit(offsets=[TopicPartition(topic, n, offset) for n, offset in offsets.items()], asynchronous=False)
        consumer.close()


@pytest.fixture
def cluster(kafka: str) -> Cluster:
    return Cluster(kafka)


def test_honest_books_and_books_that_somebody_changed(cluster: Cluster) -> None:
    entries, outcomes = cluster.topic(ENTRIES, rows(KEPT)), cluster.topic(TRANSACTIONS, rows(GIVEN))
    verdict = audit_kafka(cluster.settings, Question(processes=2), Books(entries, outcomes, uuid.uuid4().hex))
    assert verdict.difference is None
    assert (verdict.entries, verdict.outcomes, verdict.waiting) == (len(KEPT), len(GIVEN), 0)
    at_mine = [n for n, one in enumerate(GIVEN) if one.site == MINE]
    home, n = partition_of(MINE.encode(), PARTITIONS), at_mine[3]
    edited = replace(GIVEN[n], postings=[replace(one, amount_mg=2 * one.amount_mg) for one in GIVEN[n].postings], reason="!")
    changes = {
        "EDITED": [*GIVEN[:n], edited, *GIVEN[n + 1 :]],
        "MISSING": [*GIVEN[:n], *GIVEN[n + 1 :]],
        "INSERTED": [*GIVEN[:n], replace(GIVEN[n], txn_id="ff" * 32), *GIVEN[n:]],
        "REORDERED": [*GIVEN[:n], *(GIVEN[m] for m in at_mine[4:5]), *(o for m, o in enumerate(GIVEN[n:], n) if m != at_mine[4])],
    }
    for code, changed in changes.items():
        forged = cluster.topic(TRANSACTIONS, rows(changed))
        difference = audit_kafka(cluster.settings, Question(processes=1), Books(entries, forged, uuid.uuid4().hex)).difference
        assert difference is not None
        assert difference.code == code
        assert f"{forged}/{home}/" in difference.place
        assert GIVEN[n].txn_id[:16] in f"{difference.there}{difference.expected}{difference.says}" or code == "INSERTED"


def test_what_the_ledger_has_not_come_to_waits_and_what_it_lost_does_not(cluster: Cluster) -> None:
    ours = [one for one in GIVEN if one.site == MINE]
    entries = cluster.topic(ENTRIES, rows([one for one in KEPT if one.site == MINE]))
    outcomes = cluster.topic(TRANSACTIONS, rows(ours[:-1]))
    home = partition_of(MINE.encode(), PARTITIONS)
    group = uuid.uuid4().hex
    books = Books(entries, outcomes, group)
    cluster.commit(entries, group, {home: 5})
    verdict = audit_kafka(cluster.settings, Question(processes=1), books)
    assert verdict.difference is None
    assert verdict.waiting > 0
    cluster.commit(entries, group, {home: 1_000})
    difference = audit_kafka(cluster.settings, Question(processes=1), books).difference
    assert difference is not None
    assert difference.code == "MISSING"


def test_what_is_no_entry_has_the_outcome_of_its_bytes(cluster: Cluster) -> None:
    home = partition_of(MINE.encode(), PARTITIONS)
    mixed = [*rows([one for one in KEPT if one.site == MINE][:3]), (b"x", b"?", home), (MINE.encode(), b"??", home)]
    entries = cluster.topic(ENTRIES, mixed)
    consumer = clients.reader(cluster.settings)
    try:
        written = list(records(consumer, entries, home))
    finally:
        consumer.close()
    effects = LedgerProcessor(PARTITIONS).process([replace(one, topic=ENTRIES) for one in written], {})
    told = [(out.key, out.value or b"", home) for out in effects.outputs if out.topic == TRANSACTIONS]
    assert sum(isinstance(read_entry(one, PARTITIONS), Outcome) for one in written) == 2
    books = Books(entries, cluster.topic(TRANSACTIONS, told), uuid.uuid4().hex)
    verdict = audit_kafka(cluster.settings, Question(processes=1), books)
    assert verdict.difference is None
    assert verdict.outcomes == len(told) >= 5
