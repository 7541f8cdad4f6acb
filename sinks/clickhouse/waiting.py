"""What the sink holds of one topic partition: records that are being inserted, and after them records that wait for it."""

from collections import deque
from dataclasses import dataclass, field
from itertools import islice

from runtime.port import Partition
from runtime.processor import Record
from sinks.clickhouse.plan import Batch, Limits, Span, cut

RECORD_BYTES = 500  # what a record that waits takes beside its value


@dataclass(slots=True)
class Waiting:
    """Records of one partition in memory, and where they go on from. `bytes` counts those that are being inserted too."""

    topic_id: str
    next_offset: int
    redo: Span | None = None
    records: deque[Record] = field(default_factory=deque)
    since: float = 0.0  # when the first record came that is not being inserted
    at_end: bool = False
    bytes: int = 0
    inserting: int = 0  # how many of the first records are on their way into ClickHouse
    failed: bool = False  # its last insert did not succeed

    @property
    def can_wait(self) -> bool:
        """Whether nothing more has to be read: what is to be repeated must be there whole, whatever else waits."""
        return self.redo is None or self.at_end or (bool(self.records) and self.records[-1].offset >= self.redo.last)

    @property
    def idle(self) -> int:
        """How many records wait and are not being inserted."""
        return len(self.records) - self.inserting

    def take(self, record: Record, now: float) -> None:
        """One more record."""
        if not self.idle:
            self.since = now
        self.records.append(record)
        self.bytes += _size(record)
        self.at_end = False

    def batch(self, partition: Partition, limits: Limits, *, due: bool) -> Batch | None:
        """The next batch, if there is one to write now. Its records stay here until it is whole."""
        # A batch to repeat may hold more than the limits of today allow.
        reach = len(self.records) if self.redo else min(len(self.records), limits.records)
        part = cut(list(islice(self.records, reach)), self.redo, at_end=self.at_end, due=due, limits=limits)
        self.redo = part.redo
        if part.records == 0:
            return None
        chosen = tuple(islice(self.records, part.records))
        return Batch(partition.topic, self.topic_id, partition.number, self.next_offset, chosen)

    def insert(self, batch: Batch, group: str) -> None:
        """The batch is on its way. Its range and its group stand now: if it fails, it goes again under the same tokens."""
        self.redo = Span(batch.first, batch.last, group)
        self.inserting = len(batch.records)

    def fail(self) -> None:
        """The batch was not written, or nobody knows."""
        self.inserting, self.failed = 0, True

    def whole(self, batch: Batch) -> None:
        """The batch is written."""
        for _ in batch.records:
            self.bytes -= _size(self.records.popleft())
        self.next_offset, self.redo, self.inserting, self.failed = batch.last + 1, None, 0, False


def _size(record: Record) -> int:
    return RECORD_BYTES + len(record.value or b"")
