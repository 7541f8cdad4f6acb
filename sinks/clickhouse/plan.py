"""What the sink does next with one topic partition: pure functions, from which every crash can be thought through.

A batch goes in five steps: its range of offsets is committed to Kafka as an intent, in the metadata of the offset
commit; its rows are inserted under a token made of that range, table by table; a row in `sink_batches` says that it is
whole; the offset after it is committed. Whoever starts reads what is whole from ClickHouse, which is the truth, and
the intent from Kafka: an intent that is not whole is read again, exactly, and inserted under the same tokens, so
ClickHouse drops what it has. Where the broker drops metadata (Tansu does), the rows themselves tell how far the
batch reached.

Small batches of several partitions of a topic go into one insert a table, under one token. Each intent names that group, by a
digest of all its ranges: who has them all repeats the same insert. Where a rebalance has parted them, each is repeated
alone, under another token, and rows that were there already stand twice until ClickHouse merges them; no view shows them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

import msgspec

from runtime.processor import Record


@dataclass(frozen=True, slots=True)
class Span:
    """A range of offsets, both ends included. `first` None: whatever comes first. `group` empty: it was inserted alone."""

    first: int | None
    last: int
    group: str = ""


class _Metadata(msgspec.Struct, frozen=True, omit_defaults=True):
    """What we write beside a committed offset."""

    v: int
    pending: tuple[int, int] | None = None
    group: str = ""


DONE = msgspec.json.encode(_Metadata(1)).decode()
"""Metadata of a commit with nothing pending. It is not empty, so that a broker that drops metadata is found out."""


def intent(first: int, last: int, group: str = "") -> str:
    """Metadata of the commit before a batch is inserted, alone or with a group."""
    return msgspec.json.encode(_Metadata(1, (first, last), group)).decode()


def pending(metadata: str) -> Span | None:
    """The batch that metadata names; None where nothing is pending or the metadata is not ours."""
    try:
        found = msgspec.json.decode(metadata.encode(), type=_Metadata)
    except (msgspec.DecodeError, UnicodeError):
        return None
    return Span(*found.pending, found.group) if found.v == 1 and found.pending else None


@dataclass(frozen=True, slots=True)
class Committed:
    """What the group has committed for a partition; `offset` None: nothing yet."""

    offset: int | None = None
    metadata: str = ""


@dataclass(frozen=True, slots=True)
class Stored:
    """What ClickHouse holds of a partition: the offset after the last whole batch, and the last offset of any row."""

    next_offset: int | None = None
    reached: int | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """Where to begin: the offset to read from, the batch to repeat, and what the operator should know."""

    position: int
    redo: Span | None = None
    warning: str = ""


def start(committed: Committed, stored: Stored, low: int) -> Start:
    """Where to begin with a partition whose first offset is `low`."""
    position = low if stored.next_offset is None else stored.next_offset
    redo = pending(committed.metadata)
    if redo is None and not committed.metadata and stored.reached is not None:
        redo = Span(None, stored.reached)
    if redo is not None and redo.last < position:
        redo = None  # it is whole: only the last commit is missing
    if position < low:
        # From here on the batches are not contiguous any more, so `sink verify` reports it for ever: the records are lost.
        return Start(
            low, redo, f"the topic begins at {low}: retention has deleted the records from {position} on before the sink had them"
        )
    behind = committed.offset is not None and committed.offset > position and redo is None
    warning = (
        f"the group has read to {committed.offset}, but ClickHouse holds whole batches to {position}: reading again from there"
        if behind
        else ""
    )
    return Start(position, redo, warning)


@dataclass(frozen=True, slots=True)
class Limits:
    """When a batch is full, how long (s) a record waits for it at least, how much may wait before no more is fetched, and how
    many inserts are under way at once."""

    records: int = 10_000
    bytes: int = 16 * 1024 * 1024
    linger_s: float = 0.2
    waiting_bytes: int = 64 * 1024 * 1024
    inserts: int = 2


LINGER_TIMES = 4
LINGER_MOST = 5


def linger_s(least: float, took: float) -> float:
    """How long records wait (s) after an insert of few that took so long: inserts cost much, whatever is in them.

    So writing takes at most a fifth of the time while few records come, and a slow ClickHouse gets fewer, larger batches; no
    record waits longer than LINGER_MOST times the least.
    """
    return min(max(least, LINGER_TIMES * took), LINGER_MOST * least)


@dataclass(frozen=True, slots=True)
class Cut:
    """How many of the waiting records make the next batch (0: wait), and whether the batch to repeat still stands."""

    records: int
    redo: Span | None = None


def cut(waiting: Sequence[Record], redo: Span | None, *, at_end: bool, due: bool, limits: Limits) -> Cut:
    """The next batch of the records that wait. `at_end`: the partition has no more now; `due`: they have waited long enough."""
    if not waiting:
        return Cut(0, None if at_end else redo)
    if redo is not None:
        if redo.first is not None and waiting[0].offset < redo.first:
            redo = None  # ClickHouse has lost what came before it too, so it has not got the batch either
        elif waiting[0].offset > redo.last:
            redo = None  # its records are gone (compaction): nothing can repeat it
    if redo is not None:
        if not at_end and waiting[-1].offset < redo.last:
            return Cut(0, redo)
        return Cut(sum(record.offset <= redo.last for record in waiting), redo)
    count = size = 0
    for record in waiting:
        size += len(record.value or b"")
        if count and (count >= limits.records or size > limits.bytes):
            return Cut(count)
        count += 1
    return Cut(count if due or count >= limits.records or size >= limits.bytes else 0)


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of one topic partition that are written together. `resumed_at` is the offset after the batch before."""

    topic: str
    topic_id: str
    partition: int
    resumed_at: int
    records: tuple[Record, ...]

    @property
    def first(self) -> int:
        """Offset of the first record."""
        return self.records[0].offset

    @property
    def last(self) -> int:
        """Offset of the last record."""
        return self.records[-1].offset


def together(batches: Sequence[Batch], limits: Limits) -> list[list[Batch]]:
    """Batches of one topic in groups, of which none is larger than one batch may be."""
    groups: list[list[Batch]] = []
    records = size = 0
    for batch in batches:
        more = sum(len(record.value or b"") for record in batch.records)
        records, size = records + len(batch.records), size + more
        if groups and records <= limits.records and size <= limits.bytes:
            groups[-1].append(batch)
        else:
            groups.append([batch])
            records, size = len(batch.records), more
    return groups


def group_name(ranges: Iterable[tuple[int, int | None, int]]) -> str:
    """What a group of (partition, first, last) is called; empty: it is one batch alone."""
    members = sorted(f"{partition}:{first}-{last}" for partition, first, last in ranges)
    return sha256(",".join(members).encode()).hexdigest()[:32] if len(members) > 1 else ""


def token(batches: Sequence[Batch], table: str) -> str:
    """What ClickHouse knows the insert of batches of one topic into one table by (`insert_deduplication_token`)."""
    first = batches[0]
    alone = f"{first.partition}:{first.first}-{first.last}"
    return f"{first.topic}:{first.topic_id}:{group_name(map(range_of, batches)) or alone}:{table}"


def range_of(batch: Batch) -> tuple[int, int, int]:
    """Partition, first and last offset."""
    return batch.partition, batch.first, batch.last
