"""Processes that take turns, the clock, and what happens to both."""

import copy
import random
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import structlog

from runtime.assignment import Phase
from runtime.errors import FatalError, RefusedError
from runtime.port import Partition
from tests.simulation.broker import Broker, InvalidEpochError
from tests.simulation.faults import Fault, KilledError
from tests.simulation.group import Group
from tests.simulation.process import Build, Instance, Process
from tests.simulation.scenarios import Scenario
from tests.simulation.stores import Disk

EPOCH_MS = 1_772_323_200_000  # the clock begins on 1 March 2026
STEP_MS = 1
TICK_MS = 100
RESTART_MS = 100
UPSTREAM = "upstream"
DRAIN_TURNS = 4_000
STOPS_AFTER = 6  # aborts for which records are suspected (runtime/assignment.py: three for a batch, three for a record)


class World:
    """One history. After `run`, `violations` says what was wrong; empty: nothing."""

    def __init__(self, scenario: Scenario, seed: int, plan: Sequence[Fault], build: Build, *, traced: bool = False) -> None:
        self.scenario, self.seed, self.plan, self.build = scenario, seed, list(plan), build
        self._armed = sorted(plan, key=lambda fault: fault.after)
        self.rng = random.Random(f"{seed} world")  # noqa: S311  # it is to be repeatable
        self.now_ms = EPOCH_MS
        self.steps = 0
        self.trace: list[str] | None = [] if traced else None
        self.violations: list[str] = []
        self.batch_records = self.rng.choice((1, 2, 4, 8))
        self._next_tick = self.now_ms
        self._processes_made = 0
        self._idle_turns = 0
        self._anew = False
        self.processes: list[Process] = []
        self.broker = Broker(self.rng, lambda: self.now_ms)
        self.instances = [
            Instance(role.name, f"i{n}", EPOCH_MS if n == 0 or self.rng.random() < 0.7 else None)
            for role in scenario.roles
            for n in range(role.instances)
        ]
        self._make_topics()

    def _make_topics(self) -> None:
        for name, partitions in self.scenario.topics.items():
            self.broker.make(name, partitions)
        self.groups = {role.name: Group(self.inputs(role.make().inputs)) for role in self.scenario.roles}
        self._upstream_epoch = self.broker.init(UPSTREAM, UPSTREAM)
        self._to_feed = [list(batch) for batch in self.scenario.feeds]
        self._fed: list[tuple[str, bytes, bytes]] = []
        self.broker.commits.clear()

    def inputs(self, names: Sequence[str]) -> list[Partition]:
        """The partitions of the topics that are named, or match a pattern."""
        topics = [t for t in self.scenario.topics if any(re.match(n, t) if n.startswith("^") else n == t for n in names)]
        return [Partition(topic, number) for topic in topics for number in range(self.scenario.topics[topic])]

    # --- the run ------------------------------------------------------------------------------------------------------

    def run(self) -> list[str]:
        """With faults until the plan is spent, then without until all is worked off. What was wrong."""
        with quiet(self.trace):
            horizon = max((fault.after for fault in self.plan), default=0) + 50
            while not self.violations and (self._to_feed or self._fed or (self.steps < horizon and self._armed)):
                self._round()
            self._armed.clear()
            self.note("the plan is spent")
            self._mend()
            for _ in range(DRAIN_TURNS):
                if self.violations or (self._idle_turns > 2 * len(self.processes) and self.drained()):
                    break
                self._round()
            else:
                self.violations.append(f"not all is worked off: {self._state()}")
        return self.violations

    def _round(self) -> None:
        if self._anew:
            self._make_anew()
        self._feed()
        if not self._turn() or self._idle_turns > 3 * len(self.processes):
            self._leap()

    def _mend(self) -> None:
        """Of two processes of one instance one is ended; a partition that stopped for the faults' sake is taken up again."""
        for process in self.processes:
            if process.place.process is not process:
                process.leaving = True  # it may not have found out yet, having had nothing to write
        blamed = sum(fault.may_stop_a_partition for fault in self.plan if fault.struck)
        for process in list(self.processes):
            if Phase.STOPPED in process.loop.phases().values():
                if blamed < STOPS_AFTER:
                    self.violations.append(f"{process} stopped a partition after {blamed} such aborts: {process.loop.phases()}")
                process.leaving = True
                process.place.start_at = self.now_ms

    def _turn(self) -> bool:
        """Somebody's turn: a process makes one round of its loop, or an instance starts. False: there is nobody."""
        due = [i for i in self.instances if i.process is None and i.start_at is not None and i.start_at <= self.now_ms]
        ready = [process for process in self.processes if not process.in_turn]
        everybody: list[Instance | Process] = [*due, *ready]
        if not everybody:
            return False
        chosen = self.rng.choice(everybody)
        if isinstance(chosen, Instance):
            self._idle_turns = 0
            self._start(chosen)
        else:
            self._guarded(chosen, chosen.loop.step)
            idle = not chosen.log.busy and not chosen.loop._restorer.busy
            self._idle_turns = self._idle_turns + 1 if idle else 0
        return True

    def _start(self, instance: Instance) -> None:
        self._processes_made += 1
        process = Process(self, instance, self._processes_made)
        instance.process = process
        self.processes.append(process)
        self.note(f"{process} starts")
        self._guarded(process, process.loop.open)

    def _guarded(self, process: Process, act: Callable[[], None]) -> None:
        """A turn, and what ends a process: a kill, a fatal error, a wish to leave; anything else is a bug."""
        process.in_turn = True
        try:
            try:
                act()
                if not process.leaving:
                    return
            except FatalError as reason:
                self.note(f"{process} ends: {reason.code} {reason}")
                if isinstance(reason, RefusedError):
                    self.violations.append(f"{process} refuses: {reason}")
            self._close(process)
        except KilledError:
            self.note(f"{process} is killed")
        except Exception as fault:  # noqa: BLE001  # whatever it is, the seed has to be told
            self.violations.append(f"{process} raised {fault!r}")
        finally:
            process.in_turn = False
        self._gone(process)

    def _close(self, process: Process) -> None:
        try:
            process.loop.close()
        except FatalError as reason:
            self.note(f"{process} could not leave: {reason}")

    def _gone(self, process: Process) -> None:
        self.processes.remove(process)
        process.silent_since = self.now_ms if process.silent_since is None else process.silent_since
        if process.place.process is process:
            process.place.process = None
            if process.place.start_at is not None:
                process.place.start_at = max(process.place.start_at, self.now_ms + RESTART_MS)

    # --- time ---------------------------------------------------------------------------------------------------------

    def step(self, process: Process, call: str, args: tuple[Any, ...]) -> Fault | None:
        """One more step; the fault that strikes at it."""
        self.steps += 1
        self.now_ms += STEP_MS
        if self.now_ms >= self._next_tick:
            self._tick()
        if self.trace is not None:
            self.note(f"{process} {call} {_short(args)}")
        for fault in self._armed:
            if fault.after > self.steps:
                return None
            if fault.matches(call):
                self._armed.remove(fault)
                fault.struck = f"step {self.steps}, {process} {call}"
                self.note(f"FAULT {fault}")
                return fault
        return None

    def advance(self, ms: int) -> None:
        """Let time pass; sessions and transactions may end in it."""
        self.now_ms += ms
        self._tick()

    def _tick(self) -> None:
        self._next_tick = self.now_ms + TICK_MS
        self.broker.tick()
        for group in self.groups.values():
            group.tick(self.now_ms)

    def _leap(self) -> None:
        """Nobody has anything to do: on to when something happens by itself."""
        times = [self.broker.next_ms(), *(group.next_ms() for group in self.groups.values())]
        times += [instance.start_at for instance in self.instances if instance.process is None]
        ahead = [at for at in times if at is not None and at > self.now_ms]
        self._idle_turns = 0 if ahead else self._idle_turns
        self.advance(min(ahead) - self.now_ms if ahead else 1_000)
        if self.rng.random() < 0.5:
            self._compact(self.rng.randint(0, 3))

    # --- what happens -------------------------------------------------------------------------------------------------

    def happen(self, fault: Fault, process: Process) -> None:
        """A fault that is not the call's own."""
        if fault.kind == "crash":
            self._crash(process, fault)
        elif fault.kind == "pause":
            self._pause(process, fault)
        elif fault.kind == "others go on":
            self._others(fault.count)
        elif fault.kind == "rebalance":
            self.groups[process.name].rebalance()
        elif fault.kind == "join":
            self._join()
        elif fault.kind == "leave":
            self._leave(process, fault)
        elif fault.kind == "compact":
            self._compact(fault.count - 1)
        elif fault.kind == "leap":
            self.advance(fault.ms)
        else:
            assert fault.kind == "anew"
            self._anew = True

    def _crash(self, process: Process, fault: Fault) -> None:
        process.disk.crash(fault.fate, self.rng)
        place = process.place
        if place.process is process and place.start_at is not None:
            place.start_at = self.now_ms + fault.ms
        raise KilledError

    def _join(self) -> None:
        """Somebody who has left, or was not there yet, comes."""
        absent = [instance for instance in self.instances if instance.start_at is None and instance.process is None]
        if absent:
            absent[0].start_at = self.now_ms

    def _leave(self, process: Process, fault: Fault) -> None:
        """The process ends after this round; it comes back only if it is the last of its role, or in a while."""
        place = process.place
        others = [i for i in self.instances if i.role == process.name and i.start_at is not None and i is not place]
        for_good = bool(others) and place.process is process and fault.count > 1
        process.leaving = True
        if place.process is process:
            place.start_at = None if for_good else self.now_ms + fault.count * 1_000

    def _compact(self, spared: int) -> None:
        """Compact all that is to be, but for the last entries, which a real broker spares too."""
        for name in self.scenario.compacted:
            for log in self.broker.topics[name]:
                log.compact(log.end - spared, self.now_ms)

    def _pause(self, process: Process, fault: Fault) -> None:
        """The process stands still, in the middle of a call, while the others go on."""
        process.silent_since = self.now_ms
        end = self.now_ms + fault.ms
        if fault.twin and process.place.process is process:
            # Somebody takes it for dead and starts it on another machine, which has none of its state or a copy of it.
            process.place.process = None
            process.place.disk = copy.deepcopy(process.disk) if fault.count % 2 else Disk()
            process.place.start_at = self.now_ms
        while self.now_ms < end:
            self._others(self.rng.randint(1, 12))
            self.advance(min(4_000, max(0, end - self.now_ms)))
        self._others(self.rng.randint(0, 10))
        process.silent_since = None

    def _others(self, turns: int) -> None:
        for _ in range(turns):
            self._feed()
            if not self._turn():
                return

    def _make_anew(self) -> None:
        """All topics are made anew under the same names, while no worker runs; what is on the disks is of the old ones."""
        for process in list(self.processes):
            if process in self.processes:  # it may end while another one closes
                process.leaving = True
                self._guarded(process, lambda: None)
        if not self.processes:
            self._anew = False
            self.note("all topics are made anew")
            self.broker.settle_all()
            self._make_topics()

    # --- what comes in ------------------------------------------------------------------------------------------------

    def _feed(self) -> None:
        """Now and then some input comes, in a transaction that is committed, aborted, or stays open for a while."""
        if self.rng.random() < 0.75:
            return
        if self._fed:
            self._commit_fed()
        elif self._to_feed:
            self._fed = self._to_feed.pop(0)
            if self.rng.random() < 0.2:
                self._write_fed()
                self._end_fed(commit=False)
            self._write_fed()
            if self.rng.random() < 0.8:
                self._commit_fed()

    def _write_fed(self) -> None:
        txn = self.broker.open(UPSTREAM, self._upstream_epoch)
        for topic, key, value in self._fed:
            self.broker.append(topic, key, value, txn=txn)

    def _end_fed(self, *, commit: bool) -> None:
        self.broker.end(UPSTREAM, self._upstream_epoch, commit=commit)

    def _commit_fed(self) -> None:
        try:
            self._end_fed(commit=True)
        except InvalidEpochError:
            self._upstream_epoch = self.broker.again(UPSTREAM, self._upstream_epoch)
            self._write_fed()
            self._end_fed(commit=True)
        self._fed = []
        self._idle_turns = 0

    # --- the end ------------------------------------------------------------------------------------------------------

    def drained(self) -> bool:
        """Whether every partition runs at one process and has nothing left to read, and nothing is on its way."""
        if self._to_feed or self._fed or self._anew or any(log.open for logs in self.broker.topics.values() for log in logs):
            return False
        if any(process.place.process is not process for process in self.processes):
            return False  # a zombie that has not found out yet
        for role, group in self.groups.items():
            # Also of a process that has lost a partition and not polled since: it believes that it has it.
            owned = [item for process in self.processes if process.name == role for item in process.loop.phases().items()]
            partitions = sorted(partition for partition, _ in owned)
            if any(phase is not Phase.RUNNING for _, phase in owned):
                return False
            if group.rebalancing or partitions != self.inputs(self.scenario.role(role).make().inputs):
                return False
            for partition in partitions:
                stable, offset = self.broker.committed(role, partition)
                if not stable or next(self.broker.log(partition).committed(offset or 0), None) is not None:
                    return False
        return True

    def _state(self) -> str:
        phases = {repr(process): process.loop.phases() for process in self.processes}
        return f"{phases}, offsets {self.broker.offsets}, rebalancing {[g.rebalancing for g in self.groups.values()]}"

    def note(self, line: str) -> None:
        """A line of the trace."""
        if self.trace is not None:
            self.trace.append(f"{self.steps:5} {(self.now_ms - EPOCH_MS) / 1000:9.3f}  {line}")


@contextmanager
def quiet(trace: list[str] | None) -> Iterator[None]:
    """The runtime's own log goes to the trace, or nowhere."""

    def keep(_: object, level: str, event: Any) -> Any:
        if trace is not None:
            trace.append(f"{'':17}{level}: {', '.join(f'{key}={value}' for key, value in event.items())}")
        raise structlog.DropEvent

    before = structlog.get_config()
    logger = structlog.make_filtering_bound_logger("critical" if trace is None else "debug")
    structlog.configure(processors=[keep], wrapper_class=logger, cache_logger_on_first_use=False)
    try:
        yield
    finally:
        structlog.configure(**before)


def _short(args: tuple[Any, ...]) -> str:
    return " ".join(repr(arg)[:60] for arg in args)
