"""One seed: scenario, plan and history; and what of a plan is enough to make it fail."""

import random
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass

from tests.simulation.faults import Fault, draw
from tests.simulation.invariants import check
from tests.simulation.scenarios import Scenario, books, small
from tests.simulation.world import Build, World

AS_IT_IS = Build()
SCENARIOS: dict[str, Callable[[int], Scenario]] = {"small": small, "books": books}


@dataclass(frozen=True)
class Run:
    """How a seed went."""

    scenario: str
    seed: int
    plan: list[Fault]
    violations: list[str]
    steps: int
    trace: list[str]

    def report(self) -> str:
        """For whoever has to find the cause."""
        lines = [f"{self.scenario}, seed {self.seed}: {len(self.violations)} violations", *self.violations]
        return "\n  ".join([*lines, "plan:", *map(str, self.plan)])


def plan_of(scenario: Scenario, seed: int) -> list[Fault]:
    """The faults of a seed."""
    return draw(random.Random(f"{seed} plan"), scenario.steps)  # noqa: S311  # it is to be repeatable


def run(
    name: str, seed: int, *, build: Build = AS_IT_IS, plan: Sequence[Fault] | None = None, traced: bool = False
) -> Run:
    """One history from beginning to end."""
    scenario = SCENARIOS[name](seed)
    faults = deepcopy(list(plan)) if plan is not None else plan_of(scenario, seed)
    for fault in faults:
        fault.struck = ""
    world = World(scenario, seed, faults, build, traced=traced)
    violations = world.run() or check(world)
    return Run(name, seed, faults, violations, world.steps, world.trace or [])


def smallest(failed: Run, *, build: Build = AS_IT_IS) -> Run:
    """The same seed with as few faults as still make it fail."""
    best = failed
    for fault in failed.plan:
        fewer = [other for other in best.plan if other.after != fault.after or other.call != fault.call]
        if len(fewer) < len(best.plan):
            found = run(failed.scenario, failed.seed, build=build, plan=fewer)
            best = found if found.violations else best
    return best
