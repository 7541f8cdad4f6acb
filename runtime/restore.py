"""Bring a partition that was just assigned to where it may run: restore its state, and prove that it is the right one."""

from collections import deque
from dataclasses import dataclass

import msgspec
import structlog

from runtime.assignment import Assigned, Phase
from runtime.checkpoint import Clock
from runtime.errors import NotReadyError, RefusedError, RetryError, StateError
from runtime.port import Changelog, Log, Partition, TopicFacts
from runtime.processor import Record
from runtime.state import OFFSET_KEY, Position, Progress, Store, Stores

SLICE_RECORDS = 2_000
SLICE_SECONDS = 0.05
# Longer than a dead worker's transaction can stay open (10 s, and 10 s until the broker looks): markers of a transaction reach
# the changelog later than the group's offset, so a changelog that seems too short may only be late.
PATIENCE_SECONDS = 60.0

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Job:
    """One partition's restore in the making."""

    assigned: Assigned
    started: float
    patience_ends: float | None = None
    reader: Changelog | None = None
    position: Position | None = None
    at_end: bool = False


class Restorer:
    """Restores assigned partitions one after the other, a slice at each `step`, so that polling is never held up.

    The rules of the check (runtime-rules, sections 1 and 3), with C the group's committed offset and S the state's:
    no S and no C: a new beginning. C = S: go on. No C: go on from S (the group has forgotten, the state has not).
    C < S: go on from S, what lies between is done. C > S, or C without S: the changelog has lost something; refuse.
    """

    def __init__(self, log: Log, changelog: str | None, stores: Stores, clock: Clock) -> None:
        self._log = log
        self._changelog = changelog
        self._stores = stores
        self._clock = clock
        self._jobs: deque[_Job] = deque()

    @property
    def busy(self) -> bool:
        """Whether a partition waits."""
        return bool(self._jobs)

    def add(self, assigned: Assigned) -> None:
        """Restore this partition when its turn comes."""
        assigned.restored = 0
        self._jobs.append(_Job(assigned, self._clock.monotonic()))

    def drop(self, assigned: Assigned) -> None:
        """The partition is not ours any more."""
        for job in self._jobs:
            if job.assigned is assigned and job.reader is not None:
                job.reader.close()
        self._jobs = deque(job for job in self._jobs if job.assigned is not assigned)

    def step(self) -> None:
        """Do a piece of the first job; what cannot be answered yet goes behind the others. Raises RefusedError."""
        if not self._jobs:
            return
        job = self._jobs[0]
        try:
            done = self._advance(job)
        except (RetryError, NotReadyError) as reason:
            self._be_patient(job, str(reason))
            return
        if done:
            self._jobs.popleft()
            self._run(job)

    def _advance(self, job: _Job) -> bool:
        if self._changelog is not None and not job.at_end:
            if job.reader is None:
                self._open(job, Partition(self._changelog, job.assigned.partition.number))
            self._read(job)
            return False
        return self._start(job)

    # --- the state ---------------------------------------------------------------------------------------------------

    def _open(self, job: _Job, changelog: Partition) -> None:
        """Open the store, or a new one where the old one cannot be trusted, and a reader where it ends."""
        assigned = job.assigned
        source, target = self._log.topic(assigned.partition.topic), self._log.topic(changelog.topic)
        if source.partitions != target.partitions:
            raise RefusedError(
                f"{assigned.partition.topic} has {source.partitions} partitions and {changelog.topic} {target.partitions}; "
                "they must have the same number: make the changelog anew with `lodestream topics apply`"
            )
        first = self._log.first(changelog)
        assigned.topic_id, assigned.changelog_id = source.id, target.id
        at = (assigned.partition.topic, source.id, assigned.partition.number)
        if assigned.store is None:
            assigned.store = self._stores.open(*at)
        reason = self._distrust(assigned.store, target, first)
        if reason:
            _log.info("local state is discarded", partition=_name(assigned), reason=reason)
            assigned.close()
            self._stores.destroy(*at)
            assigned.store = self._stores.open(*at)
        job.position = assigned.store.position() or Position(target.id, first, None, self._clock.wall_ms())
        job.reader = self._log.changelog(changelog, job.position.changelog_offset)

    def _distrust(self, store: Store, changelog: TopicFacts, first: int) -> str:
        try:
            position = store.position()
        except StateError as fault:
            if not fault.damaged:
                raise
            return str(fault)
        if position is None:
            return ""
        if position.changelog_id != changelog.id:
            return "the changelog was made anew"
        if position.changelog_offset < first:
            return "it is older than the changelog's start"
        if self._clock.wall_ms() - position.written_ms > changelog.delete_retention_ms // 2:
            # Compaction removes a tombstone after delete.retention.ms: an older store would keep the deleted key for ever.
            return "it was last written longer ago than half of the changelog's delete.retention.ms"
        return ""

    def _read(self, job: _Job) -> None:
        """Take one slice of the changelog over into the store."""
        if job.reader is None or job.position is None or job.assigned.store is None:
            raise RuntimeError("a slice is read before its store is open")
        piece = job.reader.read(SLICE_RECORDS, SLICE_SECONDS)
        job.at_end = piece.at_end
        if piece.records:
            job.assigned.restored += len(piece.records)
            job.patience_ends = None
            job.position = _apply(job.assigned.store, job.position, piece.records, piece.next_offset, self._clock.wall_ms())

    # --- the check ---------------------------------------------------------------------------------------------------

    def _start(self, job: _Job) -> bool:
        """Find the offset to go on from and seek there; False: not yet."""
        partition = job.assigned.partition
        committed = self._log.committed(partition)
        state = self._state_offset(job)
        if committed is not None and self._changelog is not None and (state is None or state < committed):
            job.at_end = False  # the rest of the changelog may only be late
            self._be_patient(job, _lost(partition, committed, state, self._changelog))
            return False
        first = self._log.first(partition)
        start = state if state is not None else committed if committed is not None else first
        if start < first:
            raise RefusedError(
                f"{_at(partition)}: records {start} to {first - 1} were deleted by retention before they were read. They are "
                f"lost to this processor; to go on without them, set the group's offset of this partition to {first}"
            )
        self._log.seek(partition, start)
        job.assigned.next_offset = start
        return True

    def _state_offset(self, job: _Job) -> int | None:
        progress = job.position.progress if job.position else None
        if progress is None:
            return None
        assigned = job.assigned
        if (progress.topic, progress.topic_id) != (assigned.partition.topic, assigned.topic_id):
            raise RefusedError(
                f"{_at(assigned.partition)}: the changelog {self._changelog} holds the state of another topic "
                f"({progress.topic}, id {progress.topic_id}). If {assigned.partition.topic} was made anew on purpose, make the "
                "changelog anew too; the state is then built from the first record"
            )
        return progress.offset

    def _run(self, job: _Job) -> None:
        if job.reader is not None:
            job.reader.close()
        if job.assigned.store is not None and job.position is not None:
            # It is as good as the changelog now, tombstones included: from here its age counts.
            job.assigned.store.write({}, msgspec.structs.replace(job.position, written_ms=self._clock.wall_ms()))
        job.assigned.phase = Phase.RUNNING
        self._log.resume(job.assigned.partition)
        _log.info(
            "partition runs",
            partition=_name(job.assigned),
            offset=job.assigned.next_offset,
            restored=job.assigned.restored,
            seconds=round(self._clock.monotonic() - job.started, 3),
        )

    def _be_patient(self, job: _Job, reason: str) -> None:
        now = self._clock.monotonic()
        if job.patience_ends is None:
            job.patience_ends = now + PATIENCE_SECONDS
        if now >= job.patience_ends:
            raise RefusedError(reason)
        _log.debug("partition waits", partition=_name(job.assigned), reason=reason)
        self._jobs.rotate(-1)


def _apply(store: Store, position: Position, records: list[Record], next_offset: int, now_ms: int) -> Position:
    """Restore a slice, the last value of each key, and give the new position."""
    writes = {record.key: record.value for record in records if record.key is not None}
    progress = position.progress
    if OFFSET_KEY in writes:
        del writes[OFFSET_KEY]
        last = next((record for record in reversed(records) if record.key == OFFSET_KEY and record.value is not None), None)
        progress = _progress(last, last.value or b"") if last is not None else progress
    position = Position(position.changelog_id, next_offset, progress, now_ms)
    store.restore(writes, position)
    return position


def _progress(record: Record, value: bytes) -> Progress:
    try:
        return msgspec.json.decode(value, type=Progress)
    except msgspec.DecodeError as fault:
        raise RefusedError(
            f"{record.topic} partition {record.partition} offset {record.offset}: not a progress record of ours ({fault}); "
            "who else writes to this changelog?"
        ) from None


def _lost(partition: Partition, committed: int, state: int | None, changelog: str) -> str:
    return (
        f"{_at(partition)}: the group has committed offset {committed}, but the changelog {changelog} "
        f"{'is empty' if state is None else f'ends at {state}'}: state is lost. To build it again from the first record, delete "
        "the group's offsets and this changelog; outputs are then written a second time, under the same ids"
    )


def _at(partition: Partition) -> str:
    return f"{partition.topic} partition {partition.number}"


def _name(assigned: Assigned) -> str:
    return f"{assigned.partition.topic}/{assigned.partition.number}"
