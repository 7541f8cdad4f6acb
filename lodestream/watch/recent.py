"""A map that forgets: what the watch remembers of lots, tickets and events is bounded by time."""

from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Keeps an entry for at least `horizon_us` after it was last asked for by `at`, and for less than twice that.

    Two generations: when the younger one is as old as the horizon it becomes the older one, which is dropped. The time is the
    caller's, in microseconds, and comes from the records.
    """

    def __init__(self, horizon_us: int, make: Callable[[], V]) -> None:
        self._horizon_us = horizon_us
        self._make = make
        self._young: dict[K, V] = {}
        self._old: dict[K, V] = {}
        self._since_us = 0

    def at(self, key: K) -> V:
        """The value of the key, made where there is none; it counts as used now."""
        value = self._young.get(key)
        if value is None:
            value = self._old.pop(key, None)
            self._young[key] = value = self._make() if value is None else value
        return value

    def get(self, key: K) -> V | None:
        """The value of the key, if it is still known; that is no use of it."""
        value = self._young.get(key)
        return self._old.get(key) if value is None else value

    def put(self, key: K, value: V) -> None:
        """Keep a value in place of another."""
        self._old.pop(key, None)
        self._young[key] = value

    def advance(self, now_us: int) -> None:
        """The time has come to `now_us`."""
        if now_us - self._since_us >= self._horizon_us:
            self._old, self._young, self._since_us = self._young, {}, now_us

    def __len__(self) -> int:
        return len(self._young) + len(self._old)
