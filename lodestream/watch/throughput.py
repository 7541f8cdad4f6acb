"""F26 CAPACITY: more product of a process in an hour than 1.2 times the nameplate of its book.

An event says what came out, not since when; what it states is taken to have been made since the process's event before it. So the
rate is that over the shortest span of an hour or more that ends with the event and begins with another one of the process, and a
batch of two days that is booked at once is no burst. The first event of a process cannot be judged.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Mapping
from decimal import Decimal

from lodestream.ledger.book import SiteBook
from lodestream.ledger.records import Finding, Outcome
from lodestream.measures import decimal, kg
from lodestream.measures.exact import ratio
from lodestream.watch.reading import DAY_US, HOUR_US, finding, identity, made

MARGIN_PERCENT = 120
KEPT_US = 60 * DAY_US
"""What comes later than this after a younger event of its process is not judged any more: the default lateness of a book."""
_KG = 1_000_000

Run = tuple[int, str, int]  # time in us, identity of the event, product in mg


class Throughput:
    """Keeps the latest runs of every process that has a nameplate."""

    def __init__(self, books: Mapping[str, SiteBook]) -> None:
        self._nameplates: dict[tuple[str, str, str], Decimal] = {}
        self._sole: dict[str, str | None] = {}  # the process of a site that has but one
        for site, book in books.items():
            names = {process.name for process in book.processes}
            self._sole[site] = next(iter(names)) if len(names) == 1 else None
            for process in book.processes:
                if process.nameplate_kg_per_hour is not None:
                    self._nameplates[site, process.name, process.element] = process.nameplate_kg_per_hour
        self._runs: dict[tuple[str, str, str], list[Run]] = {}

    def see(self, outcome: Outcome) -> Iterator[Finding]:
        """Judge a transformation; forget one that is declared void."""
        if outcome.kind == "correct":
            for (site, _, _), runs in self._runs.items():
                if site == outcome.site:
                    runs[:] = [run for run in runs if run[1] != identity(outcome)]
        elif outcome.kind == "transform":
            for element, mg in _product(outcome).items():
                yield from self._judge(outcome, element, mg)

    def _judge(self, outcome: Outcome, element: str, mg: int) -> Iterator[Finding]:
        stated = next((line.process for line in outcome.lines if line.process), None) or self._sole.get(outcome.site)
        key = (outcome.site, stated or "", element)
        nameplate = self._nameplates.get(key)
        if nameplate is None:
            return
        runs = self._runs.setdefault(key, [])
        insort(runs, (outcome.valid_time_us, identity(outcome), mg))
        if runs[-1][0] - runs[0][0] > 2 * KEPT_US:
            del runs[: bisect_left(runs, (runs[-1][0] - KEPT_US,))]
        for at in range(bisect_left(runs, (outcome.valid_time_us,)), len(runs)):
            if runs[at][0] > outcome.valid_time_us + HOUR_US:
                break
            yield from _over(key, runs, at, nameplate, outcome)


def _over(key: tuple[str, str, str], runs: list[Run], at: int, nameplate: Decimal, outcome: Outcome) -> Iterator[Finding]:
    """The span that ends with the run at `at`, if it made too much."""
    end = runs[at][0]
    before = bisect_right(runs, (end - HOUR_US, "\U0010ffff")) - 1
    if before < 0:
        return
    product = sum(run[2] for run in runs[before + 1 : at + 1])
    span = end - runs[before][0]
    n, d = ratio(nameplate)
    if product * HOUR_US * 100 * d > MARGIN_PERCENT * n * _KG * span:
        site, process, element = key
        hours, rate = decimal((span, HOUR_US), 2), decimal((product * HOUR_US, _KG * span), 1)
        said = (
            f"{process}: {kg(product)} {element} in {hours} h = {rate} kg/h "
            f"> 1.2 x nameplate {decimal((n, d))} kg/h = {decimal((MARGIN_PERCENT * n, 100 * d))} kg/h"
        )
        yield finding("CAPACITY", (site, process, element, runs[at][1]), said, [line.lot for line in made(outcome)])


def _product(outcome: Outcome) -> dict[str, int]:
    out: dict[str, int] = {}
    for line in outcome.lines:
        if line.role == "output" and line.loss_class is None:
            for element, mg in line.contained_mg.items():
                out[element] = out.get(element, 0) + mg
    return out
