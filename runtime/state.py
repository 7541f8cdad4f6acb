"""The state of a partition: a small port, and the store in memory. The store on disk is in runtime/rocks.py.

A store holds the keys of one input partition and, written in the same batch, the position that they stand for. It is a cache of
the changelog and never ahead of what is committed: it may be lost at any time.
"""

from collections.abc import Mapping
from typing import Protocol

import msgspec

from runtime.errors import StateError

# The one key that is the runtime's own, in stores and in changelogs.
OFFSET_KEY = b"__offset"


class Progress(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The changelog's progress record: up to which input offset (exclusive) the state before it stands for, of which topic."""

    topic: str
    topic_id: str
    offset: int


class Position(msgspec.Struct, frozen=True):
    """What a store stands for. `progress` is None while no batch is behind it; `written_ms` is wall clock time since 1970."""

    changelog_id: str
    changelog_offset: int
    progress: Progress | None
    written_ms: int


class Store(Protocol):
    """The state of one partition. `get` is what a processor sees of it."""

    def get(self, key: bytes) -> bytes | None:
        """The value of the key, or None."""
        ...

    def position(self) -> Position | None:
        """None: the store is new. Raises StateError, `damaged` where it has keys and no position that can be read."""
        ...

    def write(self, writes: Mapping[bytes, bytes | None], position: Position) -> None:
        """Put (None deletes) all keys and the position, all or nothing."""
        ...

    def restore(self, writes: Mapping[bytes, bytes | None], position: Position) -> None:
        """As `write`, for what the changelog can give again: a crash may leave only the first of these batches."""
        ...

    def close(self) -> None:
        """Give back what it holds; what was written stays."""
        ...


class Stores(Protocol):
    """Where the stores of one worker are kept, from one assignment to the next."""

    def open(self, topic: str, topic_id: str, partition: int) -> Store:
        """The store of the partition, new if there is none. One at a time. Stores of other topics of this name are removed."""
        ...

    def destroy(self, topic: str, topic_id: str, partition: int) -> None:
        """Remove the store, which must be closed."""
        ...

    def close(self) -> None:
        """Give back what is held beyond the stores, such as a lock."""
        ...


def unpacked(packed: bytes | None, *, empty: bool) -> Position | None:
    """A store's position from its bytes; None: the store is new. Raises StateError.

    Keys without a position are no beginning: restored on top of them, a key whose deletion is compacted away would be back.
    """
    if packed is None and empty:
        return None
    try:
        return msgspec.json.decode(packed or b"", type=Position)
    except msgspec.DecodeError as fault:
        raise StateError(f"the position of the local state cannot be read: {fault}", damaged=True) from None


class Nothing:
    """The view of a processor that keeps no state."""

    def get(self, key: bytes) -> bytes | None:  # noqa: ARG002  # the port's signature
        """Nothing is ever remembered."""
        return None


class MemoryStore:
    """A store in a dictionary that its owner keeps."""

    def __init__(self, data: dict[bytes, bytes]) -> None:
        self._data = data

    def get(self, key: bytes) -> bytes | None:
        """The value of the key, or None."""
        return self._data.get(key)

    def position(self) -> Position | None:
        """None: the store is new."""
        return unpacked(self._data.get(OFFSET_KEY), empty=not self._data)

    def write(self, writes: Mapping[bytes, bytes | None], position: Position) -> None:
        """Put (None deletes) all keys and the position, all or nothing."""
        _check(writes)
        for key, value in writes.items():
            if value is None:
                self._data.pop(key, None)
            else:
                self._data[key] = value
        self._data[OFFSET_KEY] = msgspec.json.encode(position)

    def restore(self, writes: Mapping[bytes, bytes | None], position: Position) -> None:
        """As `write`."""
        self.write(writes, position)

    def close(self) -> None:
        """The owner keeps the dictionary."""


class MemoryStores:
    """Stores that live as long as this object: as a disk would, they survive that a partition goes and comes back."""

    def __init__(self) -> None:
        self._data: dict[tuple[str, str, int], dict[bytes, bytes]] = {}

    def open(self, topic: str, topic_id: str, partition: int) -> MemoryStore:
        """The store of the partition, new if there is none. Stores of other topics of this name are removed."""
        self._data = {at: data for at, data in self._data.items() if at[0] != topic or at[1] == topic_id}
        return MemoryStore(self._data.setdefault((topic, topic_id, partition), {}))

    def destroy(self, topic: str, topic_id: str, partition: int) -> None:
        """Remove the store."""
        self._data.pop((topic, topic_id, partition), None)

    def close(self) -> None:
        """Nothing is held."""


def _check(writes: Mapping[bytes, bytes | None]) -> None:
    if OFFSET_KEY in writes:
        raise ValueError(f"the key {OFFSET_KEY!r} belongs to the runtime")
