"""What a broker's topics hold: committed records as any reader sees them, and what only a reader of uncommitted ones sees."""

import re
import time
from dataclasses import dataclass, field
from typing import Literal

from confluent_kafka import Consumer, KafkaError, TopicPartition

from runtime.processor import Record
from schemas import topics

DEADLINE_S = 120.0
Isolation = Literal["read_committed", "read_uncommitted"]
INBOX = re.compile(topics.INBOX_PATTERN)


def reader(bootstrap: str, isolation: Isolation = "read_committed", group: str = "faults-reader") -> Consumer:
    """A consumer that joins no group; it says nothing of brokers that are away, for here they are so on purpose."""
    return Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": group,
            "isolation.level": isolation,
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 5,
            "log_level": 0,
        }
    )


@dataclass(frozen=True)
class Read:
    """The committed records of every topic of Lodestream, partition by partition, each in order."""

    topics: dict[str, list[Record]] = field(default_factory=dict)

    def of(self, topic: str) -> list[Record]:
        """The records of one topic; none where there is no such topic."""
        return self.topics.get(topic, [])

    @property
    def inbox(self) -> list[Record]:
        """The records of every inbox, ours and those of direct producers."""
        return [record for topic in sorted(filter(INBOX.fullmatch, self.topics)) for record in self.topics[topic]]


def read(bootstrap: str) -> Read:
    """Everything that is committed on a broker in Lodestream's topics; those that do not exist are left out."""
    ours = {topic.name for topic in topics.declared()}
    consumer = reader(bootstrap)
    try:
        names = consumer.list_topics(timeout=30).topics
    finally:
        consumer.close()
    return Read({name: read_topic(bootstrap, name) for name in names if name in ours or INBOX.fullmatch(name)})


def read_topic(
    bootstrap: str,
    topic: str,
    isolation: Isolation = "read_committed",
    begin: dict[int, int] | None = None,
    at_most: int | None = None,
) -> list[Record]:
    """The records of a topic from `begin` (offsets by partition) to its end as it is now, or about so many of them."""
    consumer = reader(bootstrap, isolation)
    records: list[Record] = []
    try:
        waiting = set(consumer.list_topics(topic, 30).topics[topic].partitions)
        consumer.assign([TopicPartition(topic, number, (begin or {}).get(number, 0)) for number in waiting])
        deadline = time.monotonic() + DEADLINE_S
        while waiting and (at_most is None or len(records) < at_most):
            assert time.monotonic() < deadline, f"{topic} could not be read to its end within {DEADLINE_S} s"
            for message in consumer.consume(at_most or 5_000, 0.05):
                error = message.error()
                if error is None:
                    at = (message.topic(), message.partition(), message.offset(), message.timestamp()[1])
                    records.append(Record(*at, message.key(), message.value(), tuple(message.headers() or ())))
                elif error.code() == KafkaError._PARTITION_EOF:
                    waiting.discard(message.partition())
    finally:
        consumer.close()
    return sorted(records, key=lambda record: (record.partition, record.offset))


def aborted(bootstrap: str, topic: str, begin: dict[int, int] | None = None) -> list[Record]:
    """The records from `begin` on that were written and then taken back: a reader of uncommitted records alone sees them."""
    kept = {(record.partition, record.offset) for record in read_topic(bootstrap, topic, "read_committed", begin)}
    written = read_topic(bootstrap, topic, "read_uncommitted", begin)
    return [record for record in written if (record.partition, record.offset) not in kept]


def committed(bootstrap: str, group: str, topic: str) -> dict[int, int]:
    """How far a group has committed each partition of a topic; 0 where it has not. Raises KafkaException."""
    # Not through an admin client, see runtime.clients.onlooker.
    consumer = reader(bootstrap, group=group)
    try:
        places = [TopicPartition(topic, number) for number in consumer.list_topics(topic, 10).topics[topic].partitions]
        return {at.partition: max(at.offset, 0) for at in consumer.committed(places, 10)}
    finally:
        consumer.close()
