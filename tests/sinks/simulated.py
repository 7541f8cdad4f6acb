"""Kafka and ClickHouse in memory, which break wherever a test says: every step of the sink can be the last one of its process."""

from collections.abc import Callable, Mapping, Sequence, Set
from concurrent.futures import Future
from dataclasses import dataclass, field

from runtime.errors import RefusedError, RetryError
from runtime.port import Partition
from runtime.processor import Record
from sinks.clickhouse.plan import Batch, Committed, Limits, Stored, token
from sinks.clickhouse.source import Listener, Polled
from sinks.clickhouse.worker import Sink

TABLES = ("main", "side", "sink_batches")


class KilledError(BaseException):
    """The process is gone. No handler of the sink's may catch it."""


@dataclass
class Steps:
    """Counts the steps of the world and ends the process at the chosen ones."""

    deaths: set[int] = field(default_factory=set)
    now: int = 0

    def step(self) -> None:
        """One more; perhaps the last."""
        self.now += 1
        if self.now in self.deaths:
            raise KilledError


@dataclass
class Broker:
    """A topic partition's records, and what the group has committed; `keeps_metadata` False is Tansu."""

    records: dict[Partition, list[Record]]
    steps: Steps
    keeps_metadata: bool = True
    committed: dict[Partition, Committed] = field(default_factory=dict)
    low: int = 0
    topic_id: str = "id"
    generation: int = 0


@dataclass
class Member:
    """One process's membership. A commit of an old generation is refused, as the group's coordinator does."""

    broker: Broker
    chunk: int
    positions: dict[Partition, int] = field(default_factory=dict)
    generation: int = 0
    listener: Listener | None = None
    paused: set[Partition] = field(default_factory=set)

    def open(self, topics: Sequence[str], listener: Listener) -> None:
        self.listener = listener

    def poll(self, limit: int, timeout_s: float) -> Polled:
        assert self.listener is not None
        if not self.generation:
            self.broker.generation += 1
            self.generation = self.broker.generation
            self.positions = dict(self.listener.assigned(list(self.broker.records)))
        polled = Polled()
        for partition, position in self.positions.items():
            if partition in self.paused:
                continue
            rest = [record for record in self.broker.records[partition] if record.offset >= position]
            polled.records += rest[: self.chunk]
            if len(rest) <= self.chunk:
                polled.ends.append(partition)
            if rest:
                self.positions[partition] = rest[: self.chunk][-1].offset + 1
        return polled

    def pause(self, partitions: Set[Partition]) -> None:
        self.paused |= partitions

    def resume(self, partitions: Set[Partition]) -> None:
        self.paused -= partitions

    def committed(self, partitions: Sequence[Partition]) -> Mapping[Partition, Committed]:
        return {p: self.broker.committed[p] for p in partitions if p in self.broker.committed}

    def low(self, partition: Partition) -> int:
        return self.broker.low

    def topic_id(self, topic: str) -> str:
        return self.broker.topic_id

    def commit(self, offsets: Mapping[Partition, Committed]) -> None:
        self.broker.steps.step()
        if self.generation != self.broker.generation:
            raise RetryError("ILLEGAL_GENERATION")
        for partition, committed in offsets.items():
            kept = committed.metadata if self.broker.keeps_metadata else ""
            self.broker.committed[partition] = Committed(committed.offset, kept)
        self.broker.steps.step()

    def close(self) -> None:
        pass


@dataclass
class Database:
    """Tables that drop an insert whose token they know; `rows` holds (partition, offset) as they stand physically.

    An insert is done at once, or where `slow` says so when the sink waits for it: the oldest first, one at a time.
    """

    steps: Steps
    rows: dict[str, list[tuple[Partition, int]]] = field(default_factory=lambda: {table: [] for table in TABLES})
    batches: dict[Partition, list[Batch]] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    groups: set[int] = field(default_factory=set)
    fails: Callable[[], Exception | None] = lambda: None
    slow: Callable[[], bool] = lambda: False
    under_way: "list[tuple[Future[int], tuple[Batch, ...]]]" = field(default_factory=list)

    def submit(self, *batches: Batch) -> "Future[int]":
        done: Future[int] = Future()
        self.under_way.append((done, batches))
        if not self.slow():
            self._land(len(self.under_way) - 1)
        return done

    def wait_for_one(self, writing: "Sequence[Future[int]]", seconds: float) -> None:
        if not any(future.done() for future in writing) and not self.slow():
            self._land(0)

    def wait_for_all(self, writing: "Sequence[Future[int]]") -> None:
        while not all(future.done() for future in writing):
            self._land(0)

    def _land(self, number: int) -> None:
        done, batches = self.under_way.pop(number)
        error = self.fails()
        if error is not None:
            done.set_exception(error)
            return
        for table in TABLES:
            self.steps.step()
            self._insert(table, batches)
        self.steps.step()
        done.set_result(sum(len(batch.records) for batch in batches))

    def _insert(self, table: str, batches: Sequence[Batch]) -> None:
        known = token(batches, table)
        if known in self.tokens:
            return
        self.tokens.add(known)
        self.groups.add(len(batches))
        for batch in batches:
            place = Partition(batch.topic, batch.partition)
            if table == "sink_batches":
                self.batches.setdefault(place, []).append(batch)
            self.rows[table] += [(place, record.offset) for record in batch.records]

    def stored(self, topic: str, topic_id: str, *, reach: bool) -> Mapping[int, Stored]:
        if any(batch.topic_id != topic_id for batches in self.batches.values() for batch in batches):
            raise RefusedError("another topic")
        places = {place for place, _ in self.rows["main"]} | self.batches.keys()
        found = {}
        for place in places:
            following = max((batch.last + 1 for batch in self.batches.get(place, [])), default=None)
            reached = max((offset for at, offset in self.rows["main"] if at == place), default=None) if reach else None
            found[place.number] = Stored(following, reached)
        return found


def work(broker: Broker, database: Database, limits: Limits, chunk: int, rounds: int = 400) -> None:
    """Sinks one after the other, each until it is killed, until all is written."""
    last = {place: records[-1].offset for place, records in broker.records.items() if records}
    while True:
        clock = iter(float(second) for second in range(10 * rounds))
        member = Member(broker, chunk)
        sink = Sink(member, database, limits, clock=lambda ticks=clock: next(ticks))  # type: ignore[misc]
        try:
            member.open([], sink)
            for _ in range(rounds):
                sink.step()
                if all(broker.committed.get(place, Committed(-1)).offset == offset + 1 for place, offset in last.items()):
                    return
        except KilledError:
            database.under_way.clear()  # what it was inserting went with it
            continue
        raise AssertionError(f"not all is written after {rounds} rounds: {broker.committed} of {last}")
