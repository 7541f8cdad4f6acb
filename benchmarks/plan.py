"""What a run measures and on how much: names, sizes, and where it leaves its worlds."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.world import World

ROUNDS = 3


class Number(NamedTuple):
    """One result: so much of a unit, beside a baseline in the same unit: a rival, the limit, or where there is none the goal."""

    name: str
    value: float
    unit: str
    baseline: float

    @property
    def ratio(self) -> float:
        """Of the baseline."""
        return self.value / self.baseline


@dataclass
class Plan:
    """One run on the broker at `address`. `scale` 1 is what the published numbers are made with; tests take far less."""

    address: str
    folder: Path
    scale: float = 1.0
    rounds: int = ROUNDS
    numbers: list[Number] = field(default_factory=list)

    def size(self, full: int, least: int) -> int:
        """How many of something there are at this scale."""
        return max(least, round(full * self.scale))

    @contextmanager
    def world(self, name: str) -> Iterator[World]:
        """An installation of its own while the block runs."""
        world = World(self.address, self.folder, name)
        yield world
        world.remove()

    def say(self, name: str, values: Sequence[float], unit: str, baselines: Sequence[float]) -> None:
        """Note the medians of a measurement and of its baseline, taken in turn."""
        number = Number(name, median(values), unit, median(baselines))
        self.numbers.append(number)
        rounds = ", ".join(f"{value:,.4g}" for value in values)
        shown = f"{name:<28} {number.value:>12,.1f} {unit:<10} {number.ratio:>8.3f} of {number.baseline:,.1f}"
        print(f"{shown}   [{rounds}]", flush=True)
