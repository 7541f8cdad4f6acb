"""Partitions and transactions of a Kafka cluster, in memory."""

import random
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple

from runtime.partitioner import partition_of
from runtime.port import Partition, TopicFacts
from runtime.processor import Record

TRANSACTION_TIMEOUT_MS = 10_000
DELETE_RETENTION_MS = 120_000
SLOW_MARKERS_MS = (300, 3_000, 25_000)  # at most: a busy broker, one that is restarted, one that is in trouble
OFFSETS = Partition("__consumer_offsets", 0)


class ProducerFencedError(Exception):
    """Another process has the transactional id."""


class InvalidEpochError(Exception):
    """The broker has ended this producer's transaction by time-out."""


@dataclass(slots=True, eq=False)
class Txn:
    """One transaction. `unmarked` are the partitions that its end has not reached, each with the first offset in it."""

    producer: str
    owner: object
    opened_ms: int
    state: str = "open"
    unmarked: dict[Partition, int] = field(default_factory=dict)
    offsets: dict[str, dict[Partition, int]] = field(default_factory=dict)
    holders: dict[tuple[str, Partition], object] = field(default_factory=dict)


@dataclass(slots=True, frozen=True)
class Entry:
    """What is at an offset: a record or, without one, a control marker; `txn` None is a record without transaction."""

    offset: int
    record: Record | None
    txn: Txn | None


@dataclass(slots=True)
class Producer:
    """A transactional id as the broker knows it. `owner` is the process that has initialised it last."""

    epoch: int = 0
    owner: object = None
    txn: Txn | None = None
    ending: list[Txn] = field(default_factory=list)
    timed_out: int = -1  # the epoch that a time-out has ended


class Commit(NamedTuple):
    """A committed offset: who moved it, and who had the partition when the broker took the offset.

    Not when it was committed: who is given the partition in between waits until the offset is stable.
    """

    by: object
    holder: object
    group: str
    partition: Partition
    offset: int


class PartitionLog:
    """The entries of one partition; compaction leaves holes. `open` are the transactions without a marker here."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.end = 0
        self.open: dict[Txn, int] = {}
        self._horizons: dict[int, int] = {}  # when the tombstone at an offset may go

    def append(self, record: Record | None, txn: Txn | None) -> int:
        """One more entry; its offset."""
        self.entries.append(Entry(self.end, record, txn))
        self.end += 1
        return self.end - 1

    def stable(self) -> int:
        """The last stable offset: nobody who reads committed records comes past a transaction that may still be open."""
        return min(self.open.values(), default=self.end)

    def committed(self, offset: int) -> Iterator[Record]:
        """The committed records from an offset on, below the last stable offset."""
        stable = self.stable()
        for at in range(bisect_left(self.entries, offset, key=attrgetter("offset")), len(self.entries)):
            entry = self.entries[at]
            if entry.offset >= stable:
                return
            if entry.record is not None and (entry.txn is None or entry.txn.state == "committed"):
                yield entry.record

    def uncommitted(self, offset: int) -> Iterator[Record]:
        """Every record, as somebody reads it who does not ask for committed ones."""
        return (entry.record for entry in self.entries if entry.offset >= offset and entry.record is not None)

    def compact(self, below: int, now_ms: int) -> None:
        """Keep the last committed value of each key, and each tombstone for a time; the offsets stay as they are.

        The time begins when the tombstone is compacted first, which is when the values before it go (KIP-534): whoever has read
        one of these has that long to come to the tombstone.
        """
        below = min(below, self.stable())
        seen: set[bytes | None] = set()
        kept: list[Entry] = []
        for entry in reversed(self.entries):
            record = entry.record
            if entry.offset >= below:
                kept.append(entry)
            elif record is not None and (entry.txn is None or entry.txn.state == "committed"):
                over = record.value is None and self._horizons.setdefault(entry.offset, now_ms + DELETE_RETENTION_MS) <= now_ms
                if record.key not in seen and not over:
                    kept.append(entry)
                seen.add(record.key)
        self.entries = kept[::-1]


class Broker:
    """Topics, transactions and committed offsets. `now_ms` is the world's clock; `slow` the share of markers that come late."""

    def __init__(self, rng: random.Random, now_ms: Callable[[], int]) -> None:
        self._rng = rng
        self.now_ms = now_ms
        self.slow = rng.choice((0.0, 0.2, 0.6))
        self.topics: dict[str, list[PartitionLog]] = {}
        self.ids: dict[str, str] = {}
        self.producers: dict[str, Producer] = {}
        self.offsets: dict[str, dict[Partition, int]] = {}
        self.pending: dict[str, list[Txn]] = {}
        self.due: list[tuple[int, Txn, Partition]] = []
        self.holders: dict[tuple[str, Partition], object] = {}  # which process was told last that a partition is its own
        self.commits: list[Commit] = []  # for the invariants
        self._made = 0
        self._homes: dict[tuple[bytes, int], int] = {}

    def __repr__(self) -> str:
        return "broker"

    # --- topics -------------------------------------------------------------------------------------------------------

    def make(self, name: str, partitions: int) -> None:
        """Make a topic, or make it anew: another id, no records, and no group has an offset in it."""
        self._made += 1
        self.ids[name] = f"{name}#{self._made}"
        self.topics[name] = [PartitionLog() for _ in range(partitions)]
        for offsets in self.offsets.values():
            for partition in [partition for partition in offsets if partition.topic == name]:
                del offsets[partition]

    def log(self, partition: Partition) -> PartitionLog:
        """The log of a partition."""
        return self.topics[partition.topic][partition.number]

    def facts(self, name: str) -> TopicFacts:
        """What the broker says of a topic."""
        return TopicFacts(self.ids[name], len(self.topics[name]), DELETE_RETENTION_MS)

    def append(
        self,
        topic: str,
        key: bytes,
        value: bytes | None,
        headers: tuple[tuple[str, bytes], ...] = (),
        number: int | None = None,
        txn: Txn | None = None,
    ) -> tuple[Partition, int]:
        """Write a record; without a number the key decides. Where it went, and its offset."""
        if number is None:
            number = self._home(key, len(self.topics[topic]))
        partition = Partition(topic, number)
        log = self.topics[topic][number]
        offset = log.append(Record(topic, number, log.end, self.now_ms(), key, value, headers), txn)
        if txn is not None and partition not in txn.unmarked:
            txn.unmarked[partition] = log.open[txn] = offset
        return partition, offset

    def _home(self, key: bytes, partitions: int) -> int:
        home = self._homes.get((key, partitions))
        if home is None:
            home = self._homes[key, partitions] = partition_of(key, partitions)
        return home

    def committed_records(self, topic: str) -> list[Record]:
        """All committed records of a topic, partition by partition, each in order."""
        return [record for log in self.topics[topic] for record in log.committed(0)]

    # --- transactions -------------------------------------------------------------------------------------------------

    def init(self, name: str, owner: object) -> int:
        """A process takes over a transactional id: what the earlier one left open is aborted, and it is fenced off. The epoch."""
        producer = self.producers.setdefault(name, Producer())
        self._end_open(producer)
        self.settle(producer)
        producer.epoch += 1
        producer.timed_out = -1
        producer.owner = owner
        return producer.epoch

    def again(self, name: str, epoch: int) -> int:
        """The same process goes on after a time-out (KIP-360). Raises ProducerFencedError."""
        producer = self.producers[name]
        if epoch not in {producer.epoch, producer.timed_out}:
            raise ProducerFencedError
        return self.init(name, producer.owner)

    def open(self, name: str, epoch: int) -> Txn:
        """The producer's open transaction, a new one if there is none. Raises ProducerFencedError or InvalidEpochError."""
        producer = self._checked(name, epoch)
        if producer.txn is None:
            self.settle(producer)  # until then a real broker answers CONCURRENT_TRANSACTIONS, and the client asks again
            producer.txn = Txn(name, producer.owner, self.now_ms())
        return producer.txn

    def add_offsets(self, txn: Txn, group: str, offsets: dict[Partition, int]) -> None:
        """Offsets that count once the transaction is committed and its marker has reached them."""
        txn.offsets.setdefault(group, {}).update(offsets)
        for partition in offsets:
            txn.holders[group, partition] = self.holders.get((group, partition))
        txn.unmarked.setdefault(OFFSETS, 0)
        waiting = self.pending.setdefault(group, [])
        if txn not in waiting:
            waiting.append(txn)

    def end(self, name: str, epoch: int, *, commit: bool) -> None:
        """Decide the transaction. The answer does not wait for the markers. Raises ProducerFencedError or InvalidEpochError."""
        producer = self._checked(name, epoch)
        if producer.txn is not None:
            self._decide(producer, "committed" if commit else "aborted")

    def _checked(self, name: str, epoch: int) -> Producer:
        producer = self.producers[name]
        if epoch == producer.timed_out:
            raise InvalidEpochError
        if epoch != producer.epoch:
            raise ProducerFencedError
        return producer

    def _end_open(self, producer: Producer) -> None:
        if producer.txn is not None:
            self._decide(producer, "aborted")

    def _decide(self, producer: Producer, state: str) -> None:
        txn, producer.txn = producer.txn, None
        assert txn is not None
        txn.state = state
        producer.ending.append(txn)
        if state == "committed":
            self.commits += [
                Commit(txn.owner, txn.holders[group, partition], group, partition, offset)
                for group, offsets in txn.offsets.items()
                for partition, offset in offsets.items()
            ]
        for partition in list(txn.unmarked):
            if self._rng.random() < self.slow:
                self.due.append((self.now_ms() + self._rng.randint(1, self._rng.choice(SLOW_MARKERS_MS)), txn, partition))
            else:
                self._mark(txn, partition)

    def _mark(self, txn: Txn, partition: Partition) -> None:
        if txn.unmarked.pop(partition, None) is None:
            return
        if partition == OFFSETS:
            for group, offsets in txn.offsets.items():
                self.pending[group].remove(txn)
                if txn.state == "committed":
                    self.offsets.setdefault(group, {}).update(offsets)
            return
        log = self.log(partition)
        log.open.pop(txn, None)
        log.append(None, txn)

    def settle_all(self) -> None:
        """Nothing is open any more, and no marker is on its way."""
        for producer in self.producers.values():
            self._end_open(producer)
            self.settle(producer)

    def settle(self, producer: Producer) -> None:
        """All markers of what the producer has ended are written."""
        for txn in producer.ending:
            for partition in list(txn.unmarked):
                self._mark(txn, partition)
        producer.ending.clear()

    def committed(self, group: str, partition: Partition) -> tuple[bool, int | None]:
        """Whether the group's offset is stable, and what it is."""
        unstable = any(partition in txn.offsets[group] for txn in self.pending.get(group, ()))
        return not unstable, self.offsets.get(group, {}).get(partition)

    # --- time ---------------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Write the markers whose time has come, and end the transactions that have taken too long."""
        now = self.now_ms()
        if self.due and min(at for at, _, _ in self.due) <= now:
            ready = [item for item in self.due if item[0] <= now]
            self.due = [item for item in self.due if item[0] > now]
            for _, txn, partition in sorted(ready, key=lambda item: item[0]):
                self._mark(txn, partition)
        for producer in self.producers.values():
            if producer.txn is not None and now - producer.txn.opened_ms >= TRANSACTION_TIMEOUT_MS:
                self._end_open(producer)
                producer.timed_out = producer.epoch
                producer.epoch += 1

    def next_ms(self) -> int | None:
        """When something happens by itself."""
        times = [at for at, _, _ in self.due]
        times += [p.txn.opened_ms + TRANSACTION_TIMEOUT_MS for p in self.producers.values() if p.txn is not None]
        return min(times, default=None)
