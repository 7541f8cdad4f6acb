"""One seed: scenario, plan and history; and what of a plan is enough to make it fail."""

import random
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass

from tests.simulation.faults import Fault, draw
from tests.simulation.invariants import check
from tests.simulation.process import Build
from tests.simulation.scenarios import Scenario, books, small
from tests.simulation.world import World

AS_IT_IS = Build()
SCENARIOS: dict[str, Callable[[int], Scenario]] = {"small": small, "books": books}
BOOKS_EVERY = 20  # it takes as long as twenty of the small ones


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
        wrong = [f"  {violation}" for violation in self.violations] or ["  everything holds"]
        plan = [f"  {fault}" for fault in self.plan] or ["  no faults"]
        return "\n".join([f"seed {self.seed}, {self.scenario}, {self.steps} steps:", *wrong, "fault plan:", *plan])


def plan_of(scenario: Scenario, seed: int) -> list[Fault]:
    """The faults of a seed."""
    return draw(random.Random(f"{seed} plan"), scenario.steps)  # noqa: S311  # it is to be repeatable


def scenario_of(seed: int) -> str:
    """Which scenario a seed has."""
    return "small" if (seed + 1) % BOOKS_EVERY else "books"


def run(seed: int, name: str = "", *, build: Build = AS_IT_IS, plan: Sequence[Fault] | None = None, traced: bool = False) -> Run:
    """One history from beginning to end. `plan` instead of the seed's own."""
    name = name or scenario_of(seed)
    scenario = SCENARIOS[name](seed)
    faults = deepcopy(list(plan)) if plan is not None else plan_of(scenario, seed)
    for fault in faults:
        fault.struck = ""
    world = World(scenario, seed, faults, build, traced=traced)
    violations = world.run() or check(world)
    return Run(name, seed, faults, violations, world.steps, world.trace or [])


def smallest(failed: Run, *, build: Build = AS_IT_IS) -> Run:
    """The same seed with as few faults as still make it fail."""
    best, at = failed, 0
    while at < len(best.plan):
        found = run(failed.seed, failed.scenario, build=build, plan=best.plan[:at] + best.plan[at + 1 :])
        if found.violations:
            best = found
        else:
            at += 1
    return best
