"""The record batches of a topic as they lie in the broker's folder: whose they are, and whether they were committed or aborted.

No consumer tells a record's producer. The format is that of Kafka's documentation, "Record Batch" (magic 2): a header of 61
bytes, then the records; a control batch is one record whose key says commit or abort.
"""

import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

HEADER = struct.Struct(">qiibIhiqqqhii")
TRANSACTIONAL, CONTROL = 0x10, 0x20
COMMIT = 1


class Producer(NamedTuple):
    """A producer's id and epoch: a new process under the same transactional id has the same id and a higher epoch."""

    id: int
    epoch: int


class Batch(NamedTuple):
    """One batch. `marker` is None for records, else whether the marker ends the producer's transaction with a commit."""

    partition: int
    first: int
    last: int
    producer: Producer
    marker: bool | None
    timestamp_ms: int


def batches(folder: Path, topic: str) -> Iterator[Batch]:
    """All batches of a topic that a transaction wrote, partition by partition, in order."""
    for path in sorted(folder.glob(f"logs/{topic}-*/*.log")):
        number = int(path.parent.name.rpartition("-")[2])
        yield from _parsed(path.read_bytes(), number)


def _parsed(data: bytes, partition: int) -> Iterator[Batch]:
    at = 0
    while at + HEADER.size <= len(data):
        first, length, _, magic, _, attributes, last_delta, _, time_ms, producer, epoch, _, _ = HEADER.unpack_from(data, at)
        if magic != 2 or at + 12 + length > len(data):
            return  # the file is laid out before it is written, and its last batch may be half there
        if attributes & TRANSACTIONAL:
            marker = _is_commit(data[at + HEADER.size : at + 12 + length]) if attributes & CONTROL else None
            yield Batch(partition, first, first + last_delta, Producer(producer, epoch), marker, time_ms)
        at += 12 + length


def _is_commit(record: bytes) -> bool:
    """A control record: length, attributes, two deltas and the key's length, a byte each, then version and type (int16)."""
    kind: int = struct.unpack_from(">h", record, 7)[0]
    return kind == COMMIT


class Ended(NamedTuple):
    """The batches of one producer in one partition that one marker ended."""

    batches: list[Batch]
    marker: Batch


def transactions(found: Iterable[Batch]) -> list[Ended]:
    """What each marker ended. Markers of transactions without a record in the partition are left out."""
    ended: list[Ended] = []
    open_now: dict[tuple[int, int], list[Batch]] = defaultdict(list)
    for batch in found:
        place = (batch.partition, batch.producer.id)
        if batch.marker is None:
            open_now[place].append(batch)
        elif gone := open_now.pop(place, None):
            ended.append(Ended(gone, batch))
    return ended


def aborted(folder: Path, topics: Iterable[str], begin: dict[str, dict[int, int]]) -> set[Producer]:
    """Who wrote records at or after `begin` (offsets by topic and partition) that were taken back, by id and epoch of writing.

    Each process has an epoch of its own at least, so these are no more than the transactions that were aborted.
    """
    return {
        ended.batches[0].producer
        for topic in topics
        for ended in transactions(batches(folder, topic))
        if not ended.marker.marker and ended.batches[0].first >= begin[topic].get(ended.marker.partition, 0)
    }
