"""A real gate worker on real Kafka is sent every hostile record: one answer each, alive, small, and no line of its log forged."""

import json
from collections import Counter
from pathlib import Path

import pytest
from confluent_kafka import Producer

from lodestream.epcis.rejection import Rejection
from lodestream.ledger.records import Entry
from schemas.topics import ENTRIES, INBOX, REJECTED
from tests.gate.hostile.corpus import BYTES, HEAVY, bare, small
from tests.way.cluster import Cluster

pytestmark = pytest.mark.kafka
MEMORY_MIB = 1_024
FORGERY = "mill\n2026-01-01T00:00:00Z critical all is lost\r\x1b[2J\u2028\u202e"


def test_every_hostile_record_has_one_answer(cluster: Cluster) -> None:
    heavy = ("open objects", "a million events", "600,000 keys", "lists of nothing", "one long text")
    records = [payload for *_, payload in small()] + [HEAVY[name][1]()[:BYTES] for name in heavy] + [bare()]
    producer = Producer({"bootstrap.servers": cluster.bootstrap, "partitioner": "murmur2_random", "message.max.bytes": 2 * BYTES})
    for payload in records:
        producer.produce(INBOX, payload, FORGERY.encode(), headers={"traceparent": FORGERY.encode(), f"ce_{FORGERY}": b"\xff"})
        producer.flush(60)
    worker = cluster.start("gate")

    def answers() -> Counter[int]:
        """How many answers each record has."""
        refused = [each.offset for each in cluster.values(REJECTED, Rejection)]
        entered = [each.origin.offset for each in cluster.values(ENTRIES, Entry) if each.origin]
        return Counter(refused + entered)

    cluster.wait(lambda: len(answers()) >= len(records), "an answer to each record")
    # One key is one partition, so an offset names a record; each of these documents has one event, or is refused as a whole.
    assert answers() == Counter(range(len(records)))
    status = Path(f"/proc/{worker.pid}/status").read_text()
    assert int(status.split("VmHWM:")[1].split()[0]) // 1024 < MEMORY_MIB
    cluster.stop(worker)
    for line in (cluster.folder / "gate-one.log").read_text().splitlines():
        assert line.isprintable()
        assert "timestamp" in json.loads(line)
