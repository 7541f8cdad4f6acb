"""Seeded draws in whole numbers: the same seed gives the same bytes on every machine, and no float touches a quantity."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")

_PIECES = 12
_BITS = 16
_MASK = (1 << _BITS) - 1
_CENTRE = _PIECES * _MASK // 2


class Chance:
    """A stream of draws of its own for each purpose, so that planting a fraud leaves the rest of a history as it was."""

    def __init__(self, seed: int, purpose: str) -> None:
        """`purpose` names the stream; streams of one seed are independent of each other."""
        self._random = Random(f"{seed} {purpose}")  # noqa: S311  # a simulation, not a secret

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return self._random.randint(low, high)

    def one_in(self, n: int) -> bool:
        """True once in `n` times on average."""
        return self._random.randrange(n) == 0

    def pick(self, items: Sequence[T]) -> T:
        """One of the items."""
        return items[self._random.randrange(len(items))]

    def normal(self) -> int:
        """A normal deviate in thousandths of its standard deviation: the sum of twelve uniform ones (variance one, ends at 6)."""
        bits = self._random.getrandbits(_PIECES * _BITS)
        total = 0
        for _ in range(_PIECES):
            total += bits & _MASK
            bits >>= _BITS
        return (total - _CENTRE) * 1000 >> _BITS
