"""Frauds F1 to F28 of mass-balance section 3, planted into an honest history and written down in labels.

Each changes what is on paper, never what is true. F28 is metal that goes missing, which is a loss before it is a fraud.
"""

from collections.abc import Iterable, Iterator, Sequence

from connectors.economy.chance import Chance
from connectors.economy.facts import MINUTES_A_DAY, Fact
from connectors.economy.frauds import balances as b
from connectors.economy.frauds import records as r
from connectors.economy.frauds import transfers as t
from connectors.economy.frauds.scene import Fraud, Label, Scene
from connectors.economy.world import World

DEFAULT_SIZE = 8000  # thousandths of u
EVERY_DAYS = 4

FRAUDS: dict[str, Fraud] = {
    "F1": b.f1,
    "F2": b.f2,
    "F3": b.f3,
    "F4": t.f4,
    "F5": r.f5,
    "F6": r.f6,
    "F7": r.f7,
    "F8": t.f8,
    "F9": t.f9,
    "F10": r.f10,
    "F11": r.f11,
    "F12": r.f12,
    "F13": b.f13,
    "F14": t.f14,
    "F15": t.f15,
    "F16": r.f16,
    "F17": r.f17,
    "F18": r.f18,
    "F19": r.f19,
    "F20": t.f20,
    "F21": b.f21,
    "F22": b.f22,
    "F23": r.f23,
    "F24": r.f24,
    "F25": t.f25,
    "F26": b.f26,
    "F27": t.f27,
    "F28": b.f28,
}


class Fraudsters:
    """A stream of honest facts in, the same with frauds planted out."""

    def __init__(self, world: World, kinds: Sequence[str], size: int, every: int) -> None:
        """Kinds as in FRAUDS, each planted every so many days. Raises KeyError for a kind that is none."""
        self._scenes = {kind: Scene(world, size) for kind in kinds}
        self._frauds = {kind: FRAUDS[kind] for kind in kinds}
        self._every = every * MINUTES_A_DAY
        chance = Chance(world.seed, "frauds")
        self._due = {kind: chance.between(MINUTES_A_DAY, MINUTES_A_DAY + self._every) for kind in kinds}
        self._labels: list[Label] = []

    def plant(self, facts: Iterable[Fact]) -> Iterator[Fact]:
        """Each fact as it is, or what a fraud makes of it; a fact falls to one fraud at most."""
        for fact in facts:
            for scene in self._scenes.values():
                if fact.kind == "ship":
                    scene.shipped[fact.consignment] = fact.minute
            yield from self._planted(fact)

    def labels(self) -> list[Label]:
        """What was planted so far."""
        return self._labels

    def _planted(self, fact: Fact) -> list[Fact]:
        for kind, fraud in self._frauds.items():
            scene = self._scenes[kind]
            if (
                fact.minute < self._due[kind] and "label" not in scene.memory
            ):  # what takes several events goes on when it has begun
                continue
            done = fraud(scene, fact)
            if done is None:
                continue
            if done.label is not None:
                self._labels.append(done.label)
                self._due[kind] = fact.minute + self._every if self._every else 0  # the next site's day begins before this minute
            return done.facts
        return [fact]
