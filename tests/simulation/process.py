"""One simulated process: the loop as it is, on a log and stores whose every call is a step of the world."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from runtime.checkpoint import Clock
from runtime.loop import Loop
from runtime.port import Log
from runtime.processor import Processor
from runtime.state import Stores
from tests.simulation.faults import strike
from tests.simulation.member import MemberLog
from tests.simulation.stores import Disk, SimStores

if TYPE_CHECKING:
    from tests.simulation.world import World

IDLE_POLL_S = 0.5


def make_loop(processor: Processor, log: Log, stores: Stores, clock: Clock, batch_records: int, kind: type[Loop] = Loop) -> Loop:
    """The runtime as it is."""
    return kind(processor, log, stores, clock, batch_records=batch_records, poll_s=IDLE_POLL_S)


@dataclass(frozen=True)
class Build:
    """What processes are made of; a planted bug puts something else into one of the places."""

    loop: Callable[..., Loop] = make_loop
    log: Callable[..., MemberLog] = MemberLog


@dataclass(slots=True)
class Instance:
    """A place where one process of a role runs at a time. `start_at` None: it has left."""

    role: str
    name: str
    start_at: int | None
    disk: Disk = field(default_factory=Disk)
    process: "Process | None" = None


class Process:
    """One process: a loop on its log and stores. It is silent while it sleeps, and for ever when it is dead."""

    def __init__(self, world: "World", instance: Instance, number: int) -> None:
        self.world = world
        self.place = instance
        self.disk = instance.disk
        self.name, self.instance = instance.role, instance.name
        self.title = f"{instance.role}-{instance.name}#{number}"
        self.silent_since: int | None = None
        self.in_turn = False
        self.leaving = False
        self.log = world.build.log(world.broker, world.groups, self)
        self.loop = world.build.loop(
            world.scenario.role(instance.role).make(),
            self.log,
            SimStores(self.disk, self.do),
            Clock(lambda: world.now_ms / 1000, lambda: world.now_ms),
            world.batch_records,
        )

    def do(self, call: str, act: Callable[..., Any], *args: Any) -> Any:
        """A step: the call as it is, or as the plan has it."""
        world = self.world
        fault = world.step(self, call, args)
        if fault is None:
            return act(*args)
        return strike(fault, self, call, act, args)

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.world.advance(int(seconds * 1000))

    def __repr__(self) -> str:
        return self.title
