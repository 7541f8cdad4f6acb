"""Bugs of the classes that matter, planted into the runtime: the simulator is as good as what it finds of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import msgspec

from runtime.checkpoint import Checkpoint, Clock, Plan, _progress
from runtime.errors import AbortError
from runtime.loop import Loop
from runtime.port import Partition
from runtime.processor import Processor
from runtime.restore import Restorer, _Job
from runtime.state import Store
from tests.simulation.member import MemberLog, Reader
from tests.simulation.process import Build, make_loop
from tests.simulation.stores import SimStores


class OffsetsFirst(Checkpoint):
    """The offsets are committed before the outputs."""

    def commit(self, plans: Sequence[Plan]) -> None:
        self._log.begin()
        self._persist("send_offsets", lambda: self._log.send_offsets({p.assigned.partition: p.next_offset for p in plans}))
        self._persist("commit", self._log.commit)
        self._log.begin()
        for plan in plans:
            self._produce(plan)
        written = self._persist("commit", self._log.commit)
        for plan in plans:
            self._keep(plan, written)


class StateFirst(Checkpoint):
    """The local state is written before the commit."""

    def commit(self, plans: Sequence[Plan]) -> None:
        for plan in plans:
            store = plan.assigned.store
            position = store.position() if store else None
            if store and position:
                store.write(plan.effects.writes, msgspec.structs.replace(position, progress=_progress(plan)))
        super().commit(plans)


class OneTooFar(Loop):
    """A batch ends one record behind its last one."""

    error = 1

    def _plan(self, *args: Any) -> Plan | None:
        plan = super()._plan(*args)
        return replace(plan, next_offset=plan.next_offset + self.error) if plan else None


class OneTooShort(OneTooFar):
    """A batch ends at its last record, not behind it."""

    error = -1


class NoRewind(Loop):
    """After an abort the next records are taken."""

    def _after_abort(self, plan: Plan, reason: AbortError) -> None:
        return


class FetchedBefore(Loop):
    """A partition that runs from now on takes what was fetched before it was positioned: a bug that there was."""

    def step(self) -> None:
        records = self._log.poll(self._batch_records, 0.0 if self._restorer.busy else self._poll_s)
        self._restorer.step()
        self._together(self._batches(records))


class AnyGeneration(MemberLog):
    """Offsets are sent without the group's metadata, which the broker then does not check (KIP-447 left out)."""

    def _check_generation(self) -> None:
        return


class NoFencing(AnyGeneration):
    """The same, and every process has a transactional id of its own, so that none is ever fenced off."""

    def __init__(self, broker: Any, groups: Any, host: Any) -> None:
        super().__init__(broker, groups, host)
        self.producer += f" {host.title}"


class UncommittedReader(Reader):
    """Reads the changelog as it is written, aborted records and all."""

    def records(self) -> Any:
        return self._log.uncommitted(self._next)

    def end(self) -> int:
        return self._log.end


class ReadsUncommitted(MemberLog):
    """The changelog is restored without isolation.level=read_committed."""

    def changelog(self, partition: Partition, offset: int) -> Reader:
        reader: Reader = self._host.do("changelog", UncommittedReader, self._broker, self._host, partition, offset)
        return reader


class Hasty(Restorer):
    """Does not wait for a changelog that ends before the committed offset, which may only be late."""

    def _start(self, job: _Job) -> bool:
        committed, state = self._log.committed(job.assigned.partition), self._state_offset(job)
        job.assigned.next_offset = max(committed or 0, state or 0)
        self._log.seek(job.assigned.partition, job.assigned.next_offset)
        return True


class Trusting(Restorer):
    """Takes a local store however old it is."""

    def _distrust(self, store: Store, changelog: Any, first: int) -> str:
        reason = super()._distrust(store, changelog, first)
        return "" if "longer ago" in reason else reason


def with_checkpoint(kind: type[Checkpoint]) -> Build:
    """The runtime with another checkpoint."""

    def build(processor: Processor, log: MemberLog, stores: SimStores, clock: Clock, records: int) -> Loop:
        loop = make_loop(processor, log, stores, clock, records)
        loop._checkpoint = kind(log, processor.changelog, clock)
        return loop

    return Build(loop=build)


def with_restorer(kind: type[Restorer]) -> Build:
    """The runtime with another restorer."""

    def build(processor: Processor, log: MemberLog, stores: SimStores, clock: Clock, records: int) -> Loop:
        loop = make_loop(processor, log, stores, clock, records)
        loop._restorer = kind(log, processor.changelog, stores, clock)
        return loop

    return Build(loop=build)


def with_loop(kind: type[Loop]) -> Build:
    """The runtime with another loop."""
    return Build(loop=partial(make_loop, kind=kind))


@dataclass(frozen=True)
class Planted:
    """A bug, and within how many seeds it must be found."""

    build: Build
    seeds: int


BUGS: Mapping[str, Planted] = {
    "offsets are committed before the outputs": Planted(with_checkpoint(OffsetsFirst), 60),
    "state is written before the commit": Planted(with_checkpoint(StateFirst), 60),
    "offset one too far": Planted(with_loop(OneTooFar), 60),
    "offset one too short": Planted(with_loop(OneTooShort), 60),
    "no rewind after an abort": Planted(with_loop(NoRewind), 60),
    "no generation with the offsets": Planted(Build(log=AnyGeneration), 300),
    "no fencing at all": Planted(Build(log=NoFencing), 300),
    "restore reads what was aborted": Planted(Build(log=ReadsUncommitted), 300),
    "restore does not wait for late markers": Planted(with_restorer(Hasty), 300),
    "a store is trusted however old": Planted(with_restorer(Trusting), 2_000),
    "records from before the seek are taken": Planted(with_loop(FetchedBefore), 2_000),
}
