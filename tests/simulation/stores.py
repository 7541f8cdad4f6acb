"""Stores that outlive their process, and what a crash may leave of them."""

import random
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from runtime.state import OFFSET_KEY, MemoryStore, Position

At = tuple[str, str, int]
Undo = dict[bytes, bytes | None]

FATES = ("kept", "kept", "lost writes", "half a write", "no position", "garbage", "gone")
"""What a crash leaves. "lost writes": a prefix of the batches, as after a power failure (runtime/rocks.py). "half a write": keys
of a batch without its position, which stood last in it. "no position", "garbage": the position is missing, or is no position."""


class Disk:
    """One machine's state folder. `undo` keeps what the last writes to each store have replaced."""

    def __init__(self) -> None:
        self.data: dict[At, dict[bytes, bytes]] = {}
        self.undo: dict[At, list[Undo]] = {}

    def crash(self, fate: str, rng: random.Random) -> None:
        """What comes back when the process has died."""
        if fate == "gone":
            self.data.clear()
        for at in sorted(self.data):
            data, undo = self.data[at], self.undo.get(at, [])
            if fate == "lost writes":
                for _ in range(rng.randint(1, 3)):
                    if undo:
                        put(data, undo.pop())
            elif fate == "half a write" and undo:
                # Its other half is as it was before, and so is the position.
                last = undo.pop()
                names = sorted(last)
                put(data, {name: last[name] for name in names if name == OFFSET_KEY or rng.random() < 0.5})
            elif fate == "no position":
                data.pop(OFFSET_KEY, None)
            elif fate == "garbage" and OFFSET_KEY in data:
                data[OFFSET_KEY] = rng.randbytes(20)
        self.undo.clear()


class SimStores:
    """The stores of one process on a disk. Opening and every write is a step."""

    def __init__(self, disk: Disk, do: Callable[..., Any]) -> None:
        self._disk = disk
        self._do = do

    def open(self, topic: str, topic_id: str, partition: int) -> "SimStore":
        at = (topic, topic_id, partition)
        store: SimStore = self._do("open store", self._open, at)
        return store

    def _open(self, at: At) -> "SimStore":
        self._disk.data = {other: data for other, data in self._disk.data.items() if other[0] != at[0] or other[1] == at[1]}
        return SimStore(self._disk, at, self._do)

    def destroy(self, topic: str, topic_id: str, partition: int) -> None:
        self._do("destroy store", self._destroy, (topic, topic_id, partition))

    def _destroy(self, at: At) -> None:
        self._disk.data.pop(at, None)
        self._disk.undo.pop(at, None)

    def close(self) -> None:
        """The disk stays."""


class SimStore(MemoryStore):
    """A store of which the last writes can be taken back."""

    def __init__(self, disk: Disk, at: At, do: Callable[..., Any]) -> None:
        super().__init__(disk.data.setdefault(at, {}))
        self._undo = disk.undo.setdefault(at, [])
        self._do = do

    def write(self, writes: Mapping[bytes, bytes | None], position: Position) -> None:
        self._do("write", self._write, writes, position)

    def _write(self, writes: Mapping[bytes, bytes | None], position: Position) -> None:
        data = self._data
        self._undo.append({key: data.get(key) for key in (*writes, OFFSET_KEY)})
        del self._undo[:-4]
        super().write(writes, position)


def put(data: dict[bytes, bytes], values: Undo) -> None:
    """Set keys, or take them away."""
    for key, value in values.items():
        if value is None:
            data.pop(key, None)
        else:
            data[key] = value


def split(data: Mapping[bytes, bytes]) -> tuple[dict[bytes, bytes], Position | None]:
    """A store's keys, and its position."""
    packed = data.get(OFFSET_KEY)
    keys = {key: value for key, value in data.items() if key != OFFSET_KEY}
    return keys, None if packed is None else msgspec.json.decode(packed, type=Position)
