"""An economy from seed to files: documents, book, manifest, and the labels of what was planted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from connectors.economy.book import book_text
from connectors.economy.clerks import Clerks
from connectors.economy.facts import Fact
from connectors.economy.flow import day_of
from connectors.economy.frauds import DEFAULT_SIZE, EVERY_DAYS, Fraudsters
from connectors.economy.frauds.scene import Label
from connectors.economy.world import World
from connectors.economy.writing import Writer, json_file


@dataclass(frozen=True, slots=True)
class Plan:
    """What to simulate. `frauds` are kinds such as "F1", planted each `every` days (0: wherever one fits); `size` is theirs in
    thousandths of u, where they have one.

    `quality`: all instruments at so many thousandths of the documented u; None: each site's own.
    """

    seed: int
    sites: int
    days: int
    frauds: Sequence[str] = ()
    size: int = DEFAULT_SIZE
    every: int = EVERY_DAYS
    quality: int | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """What was written."""

    events: int
    documents: int
    labels: list[Label]


def simulate(plan: Plan, folder: Path) -> Made:
    """Write the economy of a plan into `folder`, which is made. Raises FileExistsError where it holds documents already."""
    economy = Economy(plan)
    writer = Writer(folder)
    for day in range(plan.days):
        for fact in economy.day(day):
            writer.take(fact)
        writer.end(day)
    writer.finish()
    (folder / "book.toml").write_text(book_text(economy.world.sites), encoding="utf-8")
    labels = economy.fraudsters.labels()
    json_file(folder / "labels.json", [label.row() for label in labels])
    planted: dict[str, int] = {}
    for label in labels:
        planted[label.kind] = planted.get(label.kind, 0) + 1
    manifest: dict[str, object] = {"seed": plan.seed, "sites": [s.name for s in economy.world.sites], "days": plan.days}
    manifest |= {**writer.counts, "kinds": dict(sorted(writer.kinds.items())), "planted": planted}
    json_file(folder / "manifest.json", manifest)
    return Made(writer.counts["events"], writer.counts["documents"], labels)


class Economy:
    """The facts of a plan, day by day, as they are recorded."""

    def __init__(self, plan: Plan) -> None:
        """Start on the first day."""
        self.world = World(plan.seed, plan.sites, plan.quality)
        self.fraudsters = Fraudsters(self.world, plan.frauds, plan.size, plan.every)
        self._clerks = Clerks(plan.seed)

    def day(self, day: int) -> Iterator[Fact]:
        """What is recorded of one day; late records name a later day (`written`)."""
        return self._clerks.record(self.fraudsters.plant(day_of(self.world, day)))
