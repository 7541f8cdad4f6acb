"""The broker as the loop sees it. runtime/kafka.py is the real one; a simulator can take its place unchanged.

Rules that every implementation keeps: the listener is called inside `poll` and `close` only, so no rebalance meets an open
transaction; `send_offsets` speaks for the group generation of the last `poll`, so a worker that lost its partitions commits
nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from runtime.processor import Record


class Partition(NamedTuple):
    """One partition of a topic."""

    topic: str
    number: int


@dataclass(frozen=True, slots=True)
class TopicFacts:
    """What the broker says of a topic. `id` changes when a topic of the same name is made anew (KIP-516)."""

    id: str
    partitions: int
    delete_retention_ms: int


@dataclass(frozen=True, slots=True)
class Slice:
    """A piece of a changelog: committed records, the offset after them, and whether that is the end for now."""

    records: list[Record]
    next_offset: int
    at_end: bool


class Listener(Protocol):
    """Who is told about the group's decisions."""

    @property
    def stopping(self) -> bool:
        """Whether the worker has been asked to end: then there is nothing left to wait for."""
        ...

    def assigned(self, partitions: Sequence[Partition]) -> None:
        """These are ours from now on, and paused."""
        ...

    def revoked(self, partitions: Sequence[Partition]) -> None:
        """These are not ours any more, whether given back or lost."""
        ...


class Changelog(Protocol):
    """A reader of one changelog partition."""

    def read(self, limit: int, timeout_s: float) -> Slice:
        """At most `limit` committed records. Raises RetryError."""
        ...

    def close(self) -> None:
        """Give back what the reader holds."""
        ...


class Log(Protocol):
    """One worker's view of the broker: a group member and a transactional producer. All may raise FatalError."""

    def open(self, inputs: Sequence[str], listener: Listener) -> None:
        """Fence off an earlier process of the same id, finish what it left open, and join the group."""
        ...

    def close(self) -> None:
        """Leave; the partitions are revoked first."""
        ...

    def poll(self, limit: int, timeout_s: float) -> list[Record]:
        """What has been fetched: at least one record if one comes in time, at most `limit`."""
        ...

    def pause(self, partition: Partition) -> None:
        """Fetch nothing more of it."""
        ...

    def resume(self, partition: Partition) -> None:
        """Fetch it again."""
        ...

    def seek(self, partition: Partition, offset: int) -> None:
        """The next record polled is the first at or after this offset; beyond the end, `poll` raises. Raises NotReadyError."""
        ...

    def committed(self, partition: Partition) -> int | None:
        """The group's offset, once no transaction is open on it. Raises RetryError while one is."""
        ...

    def first(self, partition: Partition) -> int:
        """The first offset that is still there. Raises RetryError."""
        ...

    def topic(self, name: str) -> TopicFacts:
        """Raises RetryError, or RefusedError if there is no such topic."""
        ...

    def changelog(self, partition: Partition, offset: int) -> Changelog:
        """A reader that starts at the offset."""
        ...

    def begin(self) -> None:
        """Open a transaction."""
        ...

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
        """Add a record; without a partition the key decides (murmur2). `report`: `commit` tells its offset. Raises AbortError."""
        ...

    def send_offsets(self, offsets: Mapping[Partition, int]) -> None:
        """Add the offsets to read from next. Raises RetryError or AbortError."""
        ...

    def commit(self) -> Mapping[Partition, int]:
        """Make it all visible at once; the offsets of reported records. Raises RetryError or AbortError."""
        ...

    def abort(self) -> None:
        """Make sure that nothing of it is ever visible. Raises RetryError."""
        ...
