"""`python -m tests.simulation`: new seeds for as long as you like, or one seed again with all that happened in it."""

# ruff: noqa: T201  # it is a command: what it says is its output

import argparse
import secrets
import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import count

from tests.simulation.seeds import Run, run, smallest

PROGRESS_SECONDS = 10.0


def main() -> int:
    """The exit code: 1 where something was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to go on with new seeds (default: 60)")
    parser.add_argument("--seed", type=int, help="replay this one, and print its fault plan and trace")
    chosen = parser.parse_args()
    if chosen.seed is not None:
        return tell(run(chosen.seed))
    return soak(chosen.seconds)


def soak(seconds: float) -> int:
    """Seed after seed, until the time is over or one fails."""
    first = secrets.randbelow(10**9)
    print(f"seeds from {first}, for {seconds:.0f} s", flush=True)
    began = shown = time.monotonic()
    done: list[Run] = []
    struck: Counter[str] = Counter()
    for seed in seeds(first, began + seconds):
        found = run(seed)
        if found.violations:
            print(f"after {len(done)} seeds that hold:")
            return tell(found)
        done.append(found)
        struck.update(fault.kind for fault in found.plan if fault.struck)
        if time.monotonic() - shown > PROGRESS_SECONDS:
            shown = time.monotonic()
            print(f"  {len(done)} seeds, {len(done) / (shown - began):.0f} a second", flush=True)
    passed = time.monotonic() - began
    steps = sum(found.steps for found in done)
    print(f"{len(done)} seeds hold: {len(done) / passed:.0f} a second, {steps} steps, {sum(struck.values())} faults")
    print("  " + ", ".join(f"{kind} {number}" for kind, number in struck.most_common()))
    return 0


def seeds(first: int, until: float) -> Iterator[int]:
    """Seeds from the first on, at least one, until the time has come."""
    for seed in count(first):
        yield seed
        if time.monotonic() >= until:
            return


def tell(found: Run) -> int:
    """All that helps to find the cause: what is wrong, the plan, the part of it that is enough, and what happened then."""
    print(found.report())
    plan = found.plan
    if found.violations:
        less = smallest(found)
        plan = less.plan
        print(f"\nwith these faults alone: {less.report()}")
    print("\ntrace (step, virtual seconds, what):")
    print("\n".join(run(found.seed, plan=plan, traced=True).trace))
    print(f"\nreplay: make soak SEED={found.seed}")
    return 1 if found.violations else 0


if __name__ == "__main__":
    sys.exit(main())
