"""Running the targets over made inputs: bounds of time, and a file for what failed."""

import random
import time
from hashlib import sha256
from pathlib import Path

from tests.fuzz.corpus import starts
from tests.fuzz.mutate import mutated
from tests.fuzz.targets import TARGETS, BrokenPromiseError

SLOWEST_S = 10.0
"""Processor time that one input of at most 2 MiB may take. The largest take under a second on an idle machine."""
FAILURES = Path(".cache/fuzz")


def once(target: str, data: bytes) -> str:
    """One input through a target. Raises what the target raises, and BrokenPromiseError where it took too long."""
    began = time.process_time()
    seen = TARGETS[target](data)
    took = time.process_time() - began
    if took > SLOWEST_S:
        raise BrokenPromiseError(f"{target} took {took:.1f} s of processor time for {len(data)} bytes")
    return seen


def kept(target: str, data: bytes) -> Path:
    """The input in a file whose name says which target it is for."""
    FAILURES.mkdir(parents=True, exist_ok=True)
    path = FAILURES / f"{target}-{sha256(data).hexdigest()[:16]}"
    path.write_bytes(data)
    return path


def campaign(seed: int, rounds: int, only: str = "") -> dict[str, int]:
    """`rounds` changed inputs for each target, in an order that the seed gives. Returns how many behaviours each target showed.

    An input that shows a new behaviour is a start for others. Raises the first failure, with the file that reproduces it.
    """
    seen: dict[str, int] = {}
    for target, begin in starts().items():
        if only in ("", target):
            rng = random.Random(f"{seed} {target}")
            seen[target] = _explore(target, list(begin), rng, rounds)
    return seen


def _explore(target: str, pool: list[bytes], rng: random.Random, rounds: int) -> int:
    shown = {_guarded(target, data) for data in pool}
    for _ in range(rounds):
        data = mutated(rng.choice(pool), rng)
        signature = _guarded(target, data)
        if signature not in shown:
            shown.add(signature)
            pool.append(data)
    return len(shown)


def _guarded(target: str, data: bytes) -> str:
    try:
        return once(target, data)
    except Exception as error:
        path = kept(target, data)
        raise BrokenPromiseError(f"{target}: {error!r}; python -m tests.fuzz --replay {path}") from error
