"""The loop's broker, on confluent-kafka: what its calls and errors mean is translated here and nowhere else."""

import operator
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import ConfigResource, OffsetSpec  # type: ignore[attr-defined]  # public, but not in its list

from runtime import clients
from runtime.errors import AbortError, FatalError, NotReadyError, RefusedError, RetryError
from runtime.guard import Guard
from runtime.kafka_errors import END_OF_PARTITION, fatal, in_transaction, is_record, translated, translated_in_transaction
from runtime.membership import Membership
from runtime.port import Listener, Partition, Slice, TopicFacts
from runtime.processor import Record
from runtime.settings import Settings

CALL_SECONDS = 5.0  # one attempt; the checkpoint decides how often
HUNG_SECONDS = 30.0  # a call that takes so long has forgotten its time-out
COMMITTED_SECONDS = 1.0  # while a transaction is open on the partition there is no answer, and the others wait with us
OPEN_SECONDS = 60.0
OPEN_SLICE_SECONDS = 1.0  # how long a worker that is told to stop may still wait for a broker that is away
DRAIN_RECORDS = 200
DELETE_RETENTION_MS = 86_400_000  # Kafka's default, for a broker that does not tell


class KafkaLog:
    """One worker's consumer and transactional producer; both carry the processor's name and the instance's."""

    def __init__(self, settings: Settings, name: str) -> None:
        self._settings = settings
        self._name = name
        with translated():  # an option that librdkafka does not know
            self._consumer: Consumer = clients.consumer(settings, name)
            self._producer: Producer = clients.producer(settings, f"{name}-{settings.instance}")
            self._admin = clients.admin(settings)
        self._membership = Membership(self._consumer, self._admin, name, settings.kafka.session_timeout_ms / 1000)
        self._idle_readers: list[Consumer] = []  # to connect anew for each of 64 partitions would take longer than to read them
        self._guard = Guard(HUNG_SECONDS)
        self._generation: Any = None
        self._written: dict[Partition, int] = {}

    # --- the group -------------------------------------------------------------------------------------------------------

    def open(self, inputs: Sequence[str], listener: Listener) -> None:
        """Fence off an earlier process of the same id, finish what it left open, and join the group; nothing if it is to end."""
        # Before any partition is ours: from here on a process of the same id that still lives can commit nothing.
        deadline = time.monotonic() + OPEN_SECONDS
        while not listener.stopping:
            try:
                with translated():
                    self._producer.init_transactions(OPEN_SLICE_SECONDS)
                break
            except RetryError as reason:
                if time.monotonic() >= deadline:
                    raise FatalError(f"Kafka at {self._settings.kafka.bootstrap_servers} does not answer: {reason}") from None

        if listener.stopping:
            return

        def given(consumer: Consumer, partitions: list[TopicPartition]) -> None:
            # Any valid offset, only so that the client asks for none: the loop seeks before it takes the first record.
            consumer.incremental_assign([TopicPartition(p.topic, p.partition, OFFSET_BEGINNING) for p in partitions])
            consumer.pause(partitions)
            listener.assigned([Partition(p.topic, p.partition) for p in partitions])

        def taken(consumer: Consumer, partitions: list[TopicPartition]) -> None:
            listener.revoked([Partition(p.topic, p.partition) for p in partitions])
            consumer.incremental_unassign(partitions)

        self._membership.join(inputs, given, taken)

    def close(self) -> None:
        """Leave; the partitions are revoked first."""
        self._consumer.close()
        self._guard.close()
        while self._idle_readers:
            self._idle_readers.pop().close()

    def poll(self, limit: int, timeout_s: float) -> list[Record]:
        """What has been fetched, bounded in bytes too. Waits for the first record only: `consume(n, t)` would wait for all n."""
        try:
            messages = self._consumer.consume(1, timeout_s)
            size = _size(messages)
            while messages and len(messages) < limit and size < self._settings.worker.batch_bytes:
                more = self._consumer.consume(min(DRAIN_RECORDS, limit - len(messages)), 0)
                if not more:
                    break
                messages += more
                size += _size(more)
            # Right after consume: whatever the group decides later, this batch is committed for this generation or not at all.
            self._generation = self._consumer.consumer_group_metadata()
            self._membership.look()
        except KafkaException as fault:
            # What was fetched before the error is gone from the client's queue: going on would skip it.
            raise fatal(fault.args[0], "poll") from None
        return [record_of(message) for message in messages if is_record(message)]

    def pause(self, partition: Partition) -> None:
        """Fetch nothing more of it."""
        with translated():
            self._consumer.pause([TopicPartition(*partition)])

    def resume(self, partition: Partition) -> None:
        """Fetch it again."""
        with translated():
            self._consumer.resume([TopicPartition(*partition)])

    def seek(self, partition: Partition, offset: int) -> None:
        """The next record polled is the first at or after this offset."""
        try:
            self._consumer.seek(TopicPartition(*partition, offset))
        except KafkaException as fault:
            raise NotReadyError(f"{partition.topic}/{partition.number} cannot be positioned: {fault.args[0]}") from None

    def ends(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        """The offset after the last record of each that may be read, where it is known."""
        return clients.ends(self._consumer, partitions)

    # --- what is there ---------------------------------------------------------------------------------------------------

    def committed(self, partition: Partition) -> int | None:
        """The group's offset, once no transaction is open on it (read_committed asks for stable offsets)."""
        with translated():
            answer = self._consumer.committed([TopicPartition(*partition)], timeout=COMMITTED_SECONDS)[0]
            if answer.error is not None:
                raise KafkaException(answer.error)
        return int(answer.offset) if answer.offset >= 0 else None

    def first(self, partition: Partition) -> int:
        """The first offset that is still there."""
        # Not through the consumer: its connection answers nothing else while the broker holds a fetch.
        at = TopicPartition(*partition)
        with translated():
            earliest = OffsetSpec.earliest()  # type: ignore[no-untyped-call]
            answer = self._admin.list_offsets({at: earliest}, request_timeout=CALL_SECONDS)[at].result()
        return int(answer.offset)

    def topic(self, name: str) -> TopicFacts:
        """What the broker says of the topic."""
        try:
            with translated():
                found, partitions = clients.topic_id(self._admin, name, CALL_SECONDS)
        except FatalError as reason:
            raise RefusedError(f"topic {name}: {reason}; are the topics made? (`lodestream topics apply`)") from None
        return TopicFacts(found, partitions, self._delete_retention_ms(name))

    def _delete_retention_ms(self, name: str) -> int:
        resource = ConfigResource(ConfigResource.Type.TOPIC, name)
        with translated():
            told = self._admin.describe_configs([resource], request_timeout=CALL_SECONDS)[resource].result()
        entry = told.get("delete.retention.ms")
        return int(entry.value) if entry is not None and entry.value is not None else DELETE_RETENTION_MS

    def changelog(self, partition: Partition, offset: int) -> "KafkaChangelog":
        """A reader that starts at the offset."""
        with translated():
            consumer = self._idle_readers.pop() if self._idle_readers else clients.reader(self._settings)
            consumer.assign([TopicPartition(*partition, offset)])
        return KafkaChangelog(consumer, self._idle_readers, partition, offset)

    # --- the transaction -------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Open a transaction."""
        self._written = {}
        with translated():
            self._producer.begin_transaction()

    def produce(
        self,
        topic: str,
        key: bytes,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes]] = (),
        partition: int | None = None,
        *,
        report: bool = False,
    ) -> None:
        """Add a record; without a partition the key decides (murmur2)."""
        more: dict[str, Any] = {}
        if partition is not None:
            more["partition"] = partition
        if headers:
            more["headers"] = list(headers)
        if report:
            more["on_delivery"] = self._delivered
        deadline = time.monotonic() + CALL_SECONDS
        while True:
            try:
                self._producer.produce(topic, value, key, **more)
            except BufferError:
                if time.monotonic() >= deadline:
                    raise AbortError(f"the producer's buffer stayed full for {CALL_SECONDS} s", transient=True) from None
                self._producer.poll(0.1)
            except KafkaException as fault:
                raise in_transaction(fault.args[0], f"a record of {len(value or b'')} bytes for {topic}") from None
            else:
                return

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        if error is None:
            self._written[Partition(str(message.topic()), int(message.partition() or 0))] = int(message.offset() or 0)

    def send_offsets(self, offsets: Mapping[Partition, int]) -> None:
        """Add the offsets to read from next, for the generation of the last poll."""
        positions = [TopicPartition(topic, number, offset) for (topic, number), offset in offsets.items()]
        with self._guard.over("offsets"), translated_in_transaction("offsets"):
            self._producer.send_offsets_to_transaction(positions, self._generation, CALL_SECONDS)

    def commit(self) -> Mapping[Partition, int]:
        """Make it all visible at once; the offsets of reported records."""
        with self._guard.over("commit"), translated_in_transaction("commit"):
            self._producer.commit_transaction(CALL_SECONDS)
        return self._written

    def abort(self) -> None:
        """Make sure that nothing of it is ever visible."""
        try:
            with self._guard.over("abort"), translated_in_transaction("abort"):
                self._producer.abort_transaction(CALL_SECONDS)
        except AbortError as reason:
            raise FatalError(f"the transaction could be neither committed nor aborted: {reason}") from None


class KafkaChangelog:
    """A reader of one changelog partition, with a consumer that it gives back when it is closed."""

    def __init__(self, consumer: Consumer, idle: list[Consumer], partition: Partition, offset: int) -> None:
        self._consumer = consumer
        self._idle = idle
        self._partition = partition
        self._next = offset
        self._at_end = False

    def read(self, limit: int, timeout_s: float) -> Slice:
        """At most `limit` committed records; the end is known once the broker has told it."""
        records: list[Record] = []
        with translated():
            messages = self._consumer.consume(1, timeout_s)
            for message in messages + (self._consumer.consume(limit - 1, 0) if messages and limit > 1 else []):
                error = message.error()
                if (message.topic(), message.partition()) != self._partition:
                    continue  # of what this consumer read before
                if error is None:
                    records.append(record_of(message))
                    self._next, self._at_end = records[-1].offset + 1, False
                elif error.code() == END_OF_PARTITION:
                    # The end lies behind the markers of transactions, which are no records but have offsets.
                    self._next, self._at_end = max(self._next, int(message.offset() or 0)), True
                else:
                    is_record(message)  # raises where waiting does not help
        return Slice(records, self._next, self._at_end)

    def close(self) -> None:
        """Give back what the reader holds."""
        self._consumer.unassign()
        self._idle.append(self._consumer)


def _size(messages: Sequence[Message]) -> int:
    return sum(len(message) for message in messages)


def record_of(message: Message, *, headers: bool = True) -> Record:
    """The record that was read; without its headers where nobody asks for them."""
    return Record(
        message.topic() or "",  # the client says None for a record that was never at a broker
        message.partition() or 0,
        message.offset() or 0,
        message.timestamp()[1],
        message.key(),
        message.value(),
        _headers_of(message) if headers else (),
    )


# The client gives a result and sets an exception with it. Only a call that goes through C is checked for that every time; one
# that the interpreter has specialized is not, and the exception would come up at whatever is called next.
_headers = operator.methodcaller("headers")


def _headers_of(message: Message) -> tuple[tuple[str, bytes], ...]:
    """The headers; none where one's name is not UTF-8, on which the client raises SystemError: it must not end the worker."""
    try:
        return cast("tuple[tuple[str, bytes], ...]", tuple(_headers(message) or ()))  # read records have a list of bytes
    except SystemError:
        return ()
