"""What goes wrong, and when: a plan drawn from a seed, and how each fault strikes at a call."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from runtime.errors import AbortError, FatalError, NotReadyError, RetryError
from tests.simulation.stores import FATES

CALLS = (
    *("open", "close", "poll", "pause", "resume", "seek", "committed", "topic", "changelog", "read", "begin"),
    *("produce", "produce", "send_offsets", "send_offsets", "commit", "commit", "abort", "open store", "write", "write"),
)
ANY = "any call"
RETRIED = {"committed", "first", "topic", "changelog", "read", "send_offsets", "commit", "abort"}
ABORTING = {"produce", "send_offsets", "commit"}
PAUSES_MS = (500, 5_000, 11_000, 17_000, 26_000)  # within everything, over the transaction's time-out, over the session's
DOWN_MS = (
    50,
    50,
    50,
    4_000,
    17_000,
    300_000,
)  # at once, within the session, over it, and too long for a local store to be trusted
LEAPS_MS = (200, 3_000, 12_000)

KINDS = {
    "crash": 6,
    "pause": 4,
    "error": 5,
    "answer lost": 3,
    "others go on": 3,
    "rebalance": 2,
    "join": 2,
    "leave": 2,
    "deliver again": 1,
    "deliver late": 1,
    "compact": 2,
    "leap": 1,
    "anew": 0.15,
}
"""How often each kind is drawn, relative to the others."""


class KilledError(BaseException):
    """The process is gone. Nothing of the runtime may catch it."""


@dataclass(slots=True)
class Fault:
    """One fault: at the first such call from step `after` on, before the call has its effect or after it.

    `ms` is how long it lasts, `fate` what a crash leaves of the stores, `twin` whether a second process of the same instance is
    started meanwhile, `blames` whether an error says that the records are at fault.
    """

    after: int
    call: str
    kind: str
    before: bool
    ms: int = 0
    fate: str = "kept"
    twin: bool = False
    blames: bool = False
    count: int = 1
    struck: str = ""  # where it did

    def matches(self, call: str) -> bool:
        """Whether it strikes at this call."""
        if self.kind in {"deliver again", "deliver late"}:
            return call == "poll"
        if self.kind == "answer lost":
            return call in ABORTING and self.call in {call, ANY}
        return self.call in {call, ANY}

    @property
    def may_stop_a_partition(self) -> bool:
        """Whether it may bring about an abort for which a record is suspected."""
        return self.blames or (self.kind in {"pause", "leap"} and self.ms >= 10_000)

    def __str__(self) -> str:
        more = [f"{self.ms} ms"] if self.ms else []
        more += [f"store: {self.fate}"] if self.kind == "crash" else []
        more += [name for name in ("twin", "blames") if getattr(self, name)]
        where = f"{'before' if self.before else 'after'} {self.call}"
        return f"from step {self.after}: {self.kind} {where}{', ' if more else ''}{', '.join(more)} -> {self.struck or 'never'}"


def draw(rng: random.Random, steps: int) -> list[Fault]:
    """A plan for a run of about so many steps without faults."""
    number = rng.choice((1, 3, 6, 12, 20))
    kinds, weights = list(KINDS), list(KINDS.values())
    faults = []
    at = rng.randint(0, steps // 2)
    for _ in range(number):
        at += int(rng.expovariate(number / steps))
        faults.append(_fault(rng, at, rng.choices(kinds, weights)[0]))
    return faults


def _fault(rng: random.Random, at: int, kind: str) -> Fault:
    fault = Fault(at, rng.choice(CALLS) if rng.random() < 0.8 else ANY, kind, rng.random() < 0.5)
    if kind == "crash":
        fault.ms, fate = rng.choice(DOWN_MS), rng.choice(FATES)
        fault.fate = fate
    elif kind == "pause":
        fault.ms, fault.twin = rng.choice(PAUSES_MS), rng.random() < 0.3
    elif kind == "leap":
        fault.ms = rng.choice(LEAPS_MS)
    elif kind in {"error", "answer lost"}:
        fault.blames, fault.count = rng.random() < 0.2, rng.randint(0, 5)
    else:
        fault.count = rng.randint(1, 6)
    return fault


class Struck(Protocol):
    """The process at whose call a fault strikes (process.py)."""

    log: Any
    world: Any


def strike(fault: Fault, process: Struck, call: str, act: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """Make the call as the fault has it."""
    if fault.kind == "error":
        raise error_of(fault, call)
    if fault.kind == "answer lost":
        act(*args)
        raise error_of(fault, call)
    if fault.kind == "deliver again":
        process.log.deliver_again(fault.count)
        return act(*args)
    if fault.kind == "deliver late":
        return process.log.poll_late(*args)
    if fault.before:
        process.world.happen(fault, process)
        return act(*args)
    result = act(*args)
    process.world.happen(fault, process)
    return result


def error_of(fault: Fault, call: str) -> Exception:
    """An error that the real port may raise at this call (runtime/port.py)."""
    if call == "seek":
        return NotReadyError("simulated")
    if call in ABORTING and (call == "produce" or fault.count % 3 == 0):
        return AbortError("simulated", transient=not fault.blames)
    if call in RETRIED and fault.count != 5:
        return RetryError("simulated")
    return FatalError("simulated")
