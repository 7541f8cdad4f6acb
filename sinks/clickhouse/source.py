"""Kafka as the sink sees it: a group member that reads committed records and commits offsets with metadata.

`KafkaSource` is the real one; tests put a simulated one in its place. The listener is called inside `poll` and `close` only: the
worker is at one known place then, and lets the inserts of partitions that are taken away end before it gives them up.
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from confluent_kafka import Consumer, Message, TopicCollection, TopicPartition

from runtime import clients
from runtime.errors import FatalError, RefusedError, RetryError
from runtime.kafka import record_of
from runtime.kafka_errors import END_OF_PARTITION, is_record, translated
from runtime.membership import Membership
from runtime.port import Partition
from runtime.processor import Record
from runtime.settings import Settings
from sinks.clickhouse.plan import Committed

CALL_SECONDS = 5.0
ASSIGN_SECONDS = 60.0
RETRY_SECONDS = 0.2
DRAIN_RECORDS = 500

T = TypeVar("T")


@dataclass(slots=True)
class Polled:
    """What one poll brought: records, and the partitions that have no more for now."""

    records: list[Record] = field(default_factory=list)
    ends: list[Partition] = field(default_factory=list)


class Listener(Protocol):
    """Who is told about the group's decisions."""

    def assigned(self, partitions: Sequence[Partition]) -> Mapping[Partition, int]:
        """These are ours; gives the offset to begin at for each."""
        ...

    def revoked(self, partitions: Sequence[Partition]) -> None:
        """These are not ours any more."""
        ...


class Source(Protocol):
    """A group member. Every method may raise FatalError."""

    def open(self, topics: Sequence[str], listener: Listener) -> None:
        """Join the group."""
        ...

    def poll(self, limit: int, timeout_s: float) -> Polled:
        """What has come: waits that long for more than a few records."""
        ...

    def pause(self, partitions: Set[Partition]) -> None:
        """Fetch nothing more of them."""
        ...

    def resume(self, partitions: Set[Partition]) -> None:
        """Fetch them again."""
        ...

    def committed(self, partitions: Sequence[Partition]) -> Mapping[Partition, Committed]:
        """What the group has committed."""
        ...

    def low(self, partition: Partition) -> int:
        """The first offset that there is."""
        ...

    def topic_id(self, topic: str) -> str:
        """The topic's id (KIP-516)."""
        ...

    def commit(self, offsets: Mapping[Partition, Committed]) -> None:
        """Commit for the group as it was at the last poll. Raises RetryError: nothing is known to be committed."""
        ...

    def close(self) -> None:
        """Leave."""
        ...


class KafkaSource:
    """A group member on confluent-kafka."""

    def __init__(self, settings: Settings, group: str) -> None:
        with translated():
            self._consumer: Consumer = clients.consumer(settings, group, enable_partition_eof=True)
            self._admin = clients.admin(settings)
        self._membership = Membership(self._consumer, self._admin, group, settings.kafka.session_timeout_ms / 1000)
        self._bytes = settings.worker.batch_bytes
        self._headers = bool(settings.traces.endpoint)  # nobody else asks for them, and they take 1 us a record to read

    def open(self, topics: Sequence[str], listener: Listener) -> None:
        """Join the group."""

        def given(consumer: Consumer, partitions: list[TopicPartition]) -> None:
            begin = listener.assigned([Partition(p.topic, p.partition) for p in partitions])
            consumer.incremental_assign([TopicPartition(*partition, offset) for partition, offset in begin.items()])

        def taken(consumer: Consumer, partitions: list[TopicPartition]) -> None:
            listener.revoked([Partition(p.topic, p.partition) for p in partitions])
            consumer.incremental_unassign(partitions)

        self._membership.join(topics, given, taken)

    def poll(self, limit: int, timeout_s: float) -> Polled:
        """What has been fetched, bounded in bytes too. `consume(n, t)` waits for all n: few records make few rounds."""
        polled = Polled()
        messages = self._consume(min(DRAIN_RECORDS, limit), timeout_s)
        size = 0
        while messages:
            for message in messages:
                size += len(message)
                _sort(message, polled, headers=self._headers)
            if len(polled.records) >= limit or size >= self._bytes:
                break
            messages = self._consume(min(DRAIN_RECORDS, limit - len(polled.records)), 0)
        with translated():
            self._membership.look()
        return polled

    def _consume(self, limit: int, timeout_s: float) -> list[Message]:
        with translated():
            return self._consumer.consume(limit, timeout_s)

    def pause(self, partitions: Set[Partition]) -> None:
        """Fetch nothing more of them."""
        with translated():
            self._consumer.pause([TopicPartition(*partition) for partition in partitions])

    def resume(self, partitions: Set[Partition]) -> None:
        """Fetch them again."""
        with translated():
            self._consumer.resume([TopicPartition(*partition) for partition in partitions])

    def committed(self, partitions: Sequence[Partition]) -> Mapping[Partition, Committed]:
        """What the group has committed."""
        wanted = [TopicPartition(*partition) for partition in partitions]
        answers = _patiently(lambda: self._consumer.committed(wanted, CALL_SECONDS))
        return {Partition(a.topic, a.partition): Committed(a.offset, a.metadata or "") for a in answers if a.offset >= 0}

    def ends(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        """The offset after the last record of each that may be read, where it is known."""
        return clients.ends(self._consumer, partitions)

    def low(self, partition: Partition) -> int:
        """The first offset that there is."""
        bounds = _patiently(lambda: self._consumer.get_watermark_offsets(TopicPartition(*partition), CALL_SECONDS))
        return int(bounds[0])

    def topic_id(self, topic: str) -> str:
        """The topic's id."""
        try:
            found = _patiently(lambda: self._described(topic))
        except FatalError as reason:
            raise RefusedError(f"topic {topic}: {reason}; are the topics made? (`lodestream topics apply`)") from None
        return found

    def _described(self, topic: str) -> str:
        found = self._admin.describe_topics(TopicCollection([topic]), request_timeout=CALL_SECONDS)[topic].result()
        return str(found.topic_id)

    def commit(self, offsets: Mapping[Partition, Committed]) -> None:
        """Commit offsets with their metadata, and wait for the broker's word on each."""
        wanted = [TopicPartition(*partition, c.offset, c.metadata) for partition, c in offsets.items() if c.offset is not None]
        with translated():
            answers = self._consumer.commit(offsets=wanted, asynchronous=False)
        for answer in answers or []:
            if answer.error is not None:
                raise RetryError(f"{answer.topic}/{answer.partition}: {answer.error}")

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close()


def _sort(message: Message, polled: Polled, *, headers: bool) -> None:
    error = message.error()
    if error is not None and error.code() == END_OF_PARTITION:
        polled.ends.append(Partition(message.topic() or "", message.partition() or 0))
    elif is_record(message):
        polled.records.append(record_of(message, headers=headers))


def _patiently(call: Callable[[], T | None]) -> T:
    """The call's answer; it is made again while the broker is not ready. Raises FatalError."""
    deadline = time.monotonic() + ASSIGN_SECONDS
    while True:
        try:
            with translated():
                answer = call()
            if answer is not None:
                return answer
            reason: Exception = RetryError("no answer")
        except RetryError as again:
            reason = again
        if time.monotonic() >= deadline:
            raise FatalError(f"Kafka does not answer: {reason}")
        time.sleep(RETRY_SECONDS)
