"""One batch, one transaction: the only place that orders what is written, and why in this order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from runtime.assignment import Assigned
from runtime.errors import AbortError, FatalError, RetryError
from runtime.port import Log, Partition
from runtime.processor import Effects, Record
from runtime.state import OFFSET_KEY, Position, Progress

T = TypeVar("T")

# Longer than a broker needs to restart. After that the outcome of the transaction is unknown to us, but not to the next process.
RETRY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Clock:
    """The two times that running needs: `monotonic` seconds for deadlines, `wall_ms` since 1970 for the age of a store."""

    monotonic: Callable[[], float]
    wall_ms: Callable[[], int]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be written for one partition: effects of its records, from `offset` on, up to `next_offset` (exclusive)."""

    assigned: Assigned
    offset: int
    next_offset: int
    effects: Effects
    records: Sequence[Record] = ()


class Checkpoint:
    """Commits plans. `changelog` None: there is no state.

    The order of the steps, and what a crash after each of them leaves:

    0. The processor has made its effects before anything is opened: what it raises never leaves a transaction behind, and the
       transaction stays far below its time-out.
    1. `begin`. Nothing is visible yet, to anybody who reads committed records.
    2. Outputs, then the state's writes, then one progress record per partition in the same changelog partition: it is the last
       of its batch, so whoever restores up to it has the whole batch. It is written also when no state changed, because the
       check on start compares it with the committed offset.
    3. `send_offsets`, with the group generation of the poll that brought the records: if the partitions have moved on since,
       the group refuses it and everything is aborted. After a crash here, the next process's `open` aborts what is left.
    4. `commit` makes outputs, changelog and offsets visible at once. Its outcome may be unknown; then this process ends, since
       only the broker knows, and the next one restores from what the broker says.
    5. Local stores, each in one write with its position. Not earlier: a store may never be ahead of what is committed, since
       nobody could take that back. After a crash here the store is behind, and the changelog brings it up.
    """

    def __init__(self, log: Log, changelog: str | None, clock: Clock) -> None:
        self._log = log
        self._changelog = changelog
        self._clock = clock

    def commit(self, plans: Sequence[Plan]) -> None:
        """Write all plans or none. Raises AbortError, after the abort: nothing was written, the caller rewinds; or FatalError."""
        for plan in plans:
            if plan.offset < plan.assigned.next_offset:
                raise FatalError(
                    f"{plan.assigned.partition}: offset {plan.offset} would be committed a second time; this is a bug"
                )
        self._log.begin()
        try:
            for plan in plans:
                self._produce(plan)
            offsets = {plan.assigned.partition: plan.next_offset for plan in plans}
            self._persist("send_offsets", lambda: self._log.send_offsets(offsets))
            written = self._persist("commit", self._log.commit)
        except AbortError:
            self._persist("abort", self._log.abort)
            raise
        for plan in plans:
            self._keep(plan, written)

    def _produce(self, plan: Plan) -> None:
        for output in plan.effects.outputs:
            self._log.produce(output.topic, output.key, output.value, output.headers, output.partition)
        if self._changelog is None:
            return
        number = plan.assigned.partition.number
        for key, value in plan.effects.writes.items():
            self._log.produce(self._changelog, key, value, partition=number)
        progress = msgspec.json.encode(_progress(plan))
        self._log.produce(self._changelog, OFFSET_KEY, progress, partition=number, report=True)

    def _keep(self, plan: Plan, written: Mapping[Partition, int]) -> None:
        assigned = plan.assigned
        if self._changelog is not None and assigned.store is not None:
            last = written[Partition(self._changelog, assigned.partition.number)]
            position = Position(assigned.changelog_id, last + 1, _progress(plan), self._clock.wall_ms())
            assigned.store.write(plan.effects.writes, position)
        assigned.next_offset = plan.next_offset

    def _persist(self, what: str, call: Callable[[], T]) -> T:
        deadline = self._clock.monotonic() + RETRY_SECONDS
        while True:
            try:
                return call()
            except RetryError as reason:
                if self._clock.monotonic() >= deadline:
                    raise FatalError(f"{what} did not get through for {RETRY_SECONDS:.0f} s: {reason}") from reason


def _progress(plan: Plan) -> Progress:
    return Progress(plan.assigned.partition.topic, plan.assigned.topic_id, plan.next_offset)
