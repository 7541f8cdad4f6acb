"""A broker in memory for one worker, for tests of the loop's decisions: no network, no time, faults on demand."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from runtime.checkpoint import Clock
from runtime.port import Listener, Partition, Slice, TopicFacts
from runtime.processor import Record
from runtime.state import OFFSET_KEY

TICK_SECONDS = 0.001


class Time:
    """A clock that moves when it is looked at (a little) or told to."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.wall_ms = 1_000_000_000

    def clock(self) -> Clock:
        return Clock(self._monotonic, lambda: self.wall_ms)

    def _monotonic(self) -> float:
        self.seconds += TICK_SECONDS
        return self.seconds


@dataclass
class FakeLog:
    """Implements runtime.port.Log. `topics` holds committed records; `faults` maps a call's name to errors raised in turn."""

    ids: dict[str, str] = field(default_factory=dict)
    partitions: int = 2
    delete_retention_ms: int = 1_000_000
    topics: dict[Partition, list[Record]] = field(default_factory=dict)
    offsets: dict[Partition, int] = field(default_factory=dict)
    firsts: dict[Partition, int] = field(default_factory=dict)
    faults: dict[str, deque[Exception]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    paused: set[Partition] = field(default_factory=set)
    positions: dict[Partition, int] = field(default_factory=dict)
    listener: Listener | None = None
    rebalances: deque[tuple[str, list[Partition]]] = field(default_factory=deque)
    pending: list[tuple[Partition, Record]] = field(default_factory=list)
    pending_offsets: dict[Partition, int] = field(default_factory=dict)
    one_fetch_late: list[Record] = field(default_factory=list)  # handed out by the next poll, whoever they belong to

    def fault(self, call: str, *errors: Exception) -> None:
        self.faults[call] = deque(errors)

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if self.faults.get(name):
            raise self.faults[name].popleft()

    def add(self, partition: Partition, key: bytes, value: bytes | None, headers: tuple[tuple[str, bytes], ...] = ()) -> None:
        records = self.topics.setdefault(partition, [])
        records.append(Record(*partition, len(records), 0, key, value, headers))

    def open(self, inputs: Sequence[str], listener: Listener) -> None:
        self.listener = listener
        self.rebalances.append(("assigned", [Partition(inputs[0], number) for number in range(self.partitions)]))

    def close(self) -> None:
        if self.listener is not None and self.positions:
            self.listener.revoked(list(self.positions))
            self.positions.clear()

    def poll(self, limit: int, timeout_s: float) -> list[Record]:
        self._call("poll")
        found = self.one_fetch_late
        self.one_fetch_late = []
        while self.rebalances and self.listener is not None:
            kind, partitions = self.rebalances.popleft()
            for partition in partitions:
                if kind == "assigned":
                    self.positions[partition] = 0
                    self.paused.add(partition)
                else:
                    self.positions.pop(partition, None)
            getattr(self.listener, kind)(partitions)
        for partition in self.positions:
            if partition not in self.paused:
                new = [record for record in self.topics.get(partition, []) if record.offset >= self.positions[partition]]
                new = new[: limit - len(found)]
                self.positions[partition] += len(new)
                found = found + new
        return found

    def pause(self, partition: Partition) -> None:
        self.paused.add(partition)

    def resume(self, partition: Partition) -> None:
        self.paused.discard(partition)

    def seek(self, partition: Partition, offset: int) -> None:
        self._call("seek")
        self.positions[partition] = offset

    def committed(self, partition: Partition) -> int | None:
        self._call("committed")
        return self.offsets.get(partition)

    def first(self, partition: Partition) -> int:
        return self.firsts.get(partition, 0)

    def topic(self, name: str) -> TopicFacts:
        return TopicFacts(self.ids.get(name, "id-1"), self.partitions, self.delete_retention_ms)

    def changelog(self, partition: Partition, offset: int) -> "FakeChangelog":
        return FakeChangelog(self.topics.setdefault(partition, []), offset)

    def begin(self) -> None:
        self._call("begin")
        self.pending, self.pending_offsets = [], {}

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
        self._call("progress" if key == OFFSET_KEY else f"produce {topic}")
        at = Partition(topic, partition or 0)
        self.pending.append((at, Record(*at, -1, 0, key, value, tuple(headers))))

    def send_offsets(self, offsets: Mapping[Partition, int]) -> None:
        self._call("send_offsets")
        self.pending_offsets = dict(offsets)

    def commit(self) -> Mapping[Partition, int]:
        self._call("commit")
        written = {}
        for at, record in self.pending:
            self.add(at, record.key or b"", record.value, record.headers)
            written[at] = len(self.topics[at]) - 1
        self.offsets.update(self.pending_offsets)
        return written

    def abort(self) -> None:
        self._call("abort")
        self.pending, self.pending_offsets = [], {}


class FakeChangelog:
    """Reads what the list holds at that moment."""

    def __init__(self, records: list[Record], offset: int) -> None:
        self._records = records
        self._next = offset

    def read(self, limit: int, timeout_s: float) -> Slice:
        records = self._records[self._next : self._next + limit]
        self._next += len(records)
        return Slice(records, self._next, self._next == len(self._records))

    def close(self) -> None:
        self._next = -1
