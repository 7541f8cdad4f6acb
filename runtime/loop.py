"""The transactional batch loop, once for all processors: poll, plan, commit; restore what is new, stop what is broken.

What it guarantees, and to whom: docs/adr/0002. The order of writing is in runtime/checkpoint.py, the check on start in
runtime/restore.py, the broker behind runtime/port.py.
"""

from collections.abc import Iterable, Sequence

import structlog

from runtime.assignment import Assigned, Phase
from runtime.checkpoint import Checkpoint, Clock, Plan
from runtime.errors import AbortError, NotReadyError, RefusedError, StateError
from runtime.port import Log, Partition
from runtime.processor import Processor, Record, RecordError
from runtime.restore import Restorer
from runtime.state import OFFSET_KEY, Stores
from runtime.watch import Watch

_log = structlog.get_logger(__name__)


class Loop:
    """One worker: `open`, then rounds of `step`, then `close`; `run` does all that until `stop`. It listens to the group itself.

    `batch_records` bounds a transaction; `poll_s` is how long a round waits for a first record, in seconds; `watch` looks on.
    """

    def __init__(
        self,
        processor: Processor,
        log: Log,
        stores: Stores,
        clock: Clock,
        *,
        batch_records: int,
        poll_s: float,
        watch: Watch | None = None,
    ) -> None:
        if processor.changelog is not None and (len(processor.inputs) != 1 or processor.inputs[0].startswith("^")):
            # Changelog partition n is the state of input partition n: with two inputs they would write over each other.
            raise RefusedError(f"{processor.name} keeps state and must therefore read exactly one topic, named in full")
        self._processor = processor
        self._log = log
        self._stores = stores
        self._batch_records = batch_records
        self._poll_s = poll_s
        self._assigned: dict[Partition, Assigned] = {}
        self._restorer = Restorer(log, processor.changelog, stores, clock)
        self._checkpoint = Checkpoint(log, processor.changelog, clock)
        self._watch = watch or Watch()
        self._stopping = False

    def run(self) -> None:
        """Work until `stop`; then the batch is finished and committed, and everything closed. Raises FatalError."""
        try:
            self.open()
            while not self._stopping:
                self.step()
        finally:
            self.close()

    def open(self) -> None:
        """Fence off an earlier process of this instance and join the group."""
        self._log.open(self._processor.inputs, self)

    @property
    def stopping(self) -> bool:
        """Whether `stop` was called."""
        return self._stopping

    def stop(self) -> None:
        """End after this round. May be called from a signal handler."""
        self._stopping = True

    def close(self) -> None:
        """Leave the group and give back the stores. No transaction is open between rounds."""
        try:
            self._log.close()
        finally:
            self._watch.close()
            for assigned in self._assigned.values():
                assigned.close()
            self._assigned.clear()
            self._stores.close()

    def step(self) -> None:
        """One round: what has come, what must be restored, what can be committed."""
        records = self._log.poll(self._batch_records, 0.0 if self._restorer.busy else self._poll_s)
        # Before the restorer's turn: what was fetched of a partition that it positions now lies beyond that position or before.
        batches = self._batches(records)
        self._restorer.step()
        self._watch.begun(records)
        sound = [(assigned, batch) for assigned, batch in batches if not assigned.suspect]
        suspect = [(assigned, batch) for assigned, batch in batches if assigned.suspect]
        self._together(sound)  # may make partitions suspect, and deals with them itself
        for assigned, batch in suspect:
            self._one_by_one(assigned, batch)
        self._watch.round(self._assigned)

    # --- the group's decisions (inside poll and close only) --------------------------------------------------------------

    def assigned(self, partitions: Sequence[Partition]) -> None:
        """Ours now: each is restored before its first record is taken."""
        for partition in partitions:
            self._assigned[partition] = Assigned(partition)
            self._restorer.add(self._assigned[partition])
        self._watch.joined()
        _log.info("partitions assigned", partitions=[f"{topic}/{number}" for topic, number in partitions])

    def revoked(self, partitions: Sequence[Partition]) -> None:
        """Not ours any more. Everything of theirs is committed or aborted, so there is nothing to write."""
        for partition in partitions:
            gone = self._assigned.pop(partition, None)
            if gone is not None:
                self._restorer.drop(gone)
                gone.close()
        _log.info("partitions revoked", partitions=[f"{topic}/{number}" for topic, number in partitions])

    def phases(self) -> dict[Partition, Phase]:
        """The partitions that are ours, and how they are."""
        return {partition: assigned.phase for partition, assigned in self._assigned.items()}

    # --- batches ---------------------------------------------------------------------------------------------------------

    def _batches(self, records: Iterable[Record]) -> list[tuple[Assigned, list[Record]]]:
        """By partition, in order. Records of partitions that are not ours, or do not run, or are done, are left out."""
        batches: dict[Partition, list[Record]] = {}
        for record in records:
            partition = Partition(record.topic, record.partition)
            assigned = self._assigned.get(partition)
            if assigned is not None and assigned.phase is Phase.RUNNING and record.offset >= assigned.next_offset:
                batches.setdefault(partition, []).append(record)
        return [(self._assigned[partition], batch) for partition, batch in batches.items()]

    def _together(self, batches: Sequence[tuple[Assigned, list[Record]]]) -> None:
        """All in one transaction; a partition whose records cannot be planned is left out of it and tried one by one."""
        plans: list[Plan] = []
        failed: list[tuple[Assigned, list[Record]]] = []
        for assigned, batch in batches:
            plan = self._plan(assigned, batch)
            if plan is not None:
                plans.append(plan)
            elif assigned.phase is Phase.RUNNING:
                failed.append((assigned, batch))
        if plans:
            self._commit(plans)
        for assigned, batch in failed:
            assigned.suspect_until(batch[-1].offset + 1)
            self._one_by_one(assigned, batch)

    def _one_by_one(self, assigned: Assigned, batch: Sequence[Record]) -> None:
        """Each record in a transaction of its own, so that one bad record stops at itself and holds up no other partition."""
        for record in batch:
            if self._stopping:
                return  # the rest is not committed, so it comes again
            plan = self._plan(assigned, [record])
            if plan is None and assigned.phase is Phase.RUNNING:
                self._stop_partition(assigned, record, "processing raised an exception")
            if plan is None or not self._commit([plan]):
                return

    def _plan(self, assigned: Assigned, batch: Sequence[Record]) -> Plan | None:
        """None: the processor has failed, or the state is being restored."""
        first, last = batch[0].offset, batch[-1].offset
        try:
            effects = self._processor.process(batch, assigned.view)
            if effects.writes and (self._processor.changelog is None or OFFSET_KEY in effects.writes):
                raise ValueError(f"{self._processor.name} may not write state under these keys")
        except Exception as error:  # noqa: BLE001  # logged and answered, not swallowed
            if (fault := _of_state(error)) is not None:  # no bug of the processor's, whatever it made of it
                if not fault.damaged:
                    raise fault from None
                _log.warning("local state is discarded", partition=_name(assigned), reason=str(fault))
                self._restore(assigned)
                return None
            # A bug in a processor, whatever it is, must not take the other partitions with it.
            assigned.about = error.about if isinstance(error, RecordError) else {}
            place = {"topic": assigned.partition.topic, "partition": assigned.partition.number}
            _log.exception("processing failed", **place, first=first, last=last, **assigned.about)
            return None
        assigned.about = {}
        plan = Plan(assigned, first, last + 1, effects, batch)
        self._watch.planned(plan)
        return plan

    def _commit(self, plans: Sequence[Plan]) -> bool:
        """Whether it is committed; else everything is rewound, and what fails again and again is singled out."""
        try:
            self._checkpoint.commit(plans)
        except AbortError as reason:
            _log.warning("transaction aborted", reason=str(reason), transient=reason.transient, partitions=len(plans))
            self._watch.aborted(plans, reason)
            for plan in plans:
                self._after_abort(plan, reason)
            return False
        self._watch.committed(plans)
        return True

    def _after_abort(self, plan: Plan, reason: AbortError) -> None:
        assigned = plan.assigned
        # A broker that is away or a group that moves on is nobody's fault: no record is suspected for it.
        if not reason.transient and assigned.count_abort(plan.offset):
            if assigned.suspect:
                self._stop_partition(assigned, plan.records[0], f"its transaction was aborted again and again: {reason}")
                return
            assigned.suspect_until(plan.next_offset)
        try:
            self._log.seek(assigned.partition, plan.offset)
        except NotReadyError:
            # It is being taken away, most likely; if it is not, it must be positioned anew before its next record.
            self._restore(assigned)

    def _restore(self, assigned: Assigned) -> None:
        """Take nothing from this partition until its state is opened anew and brought to where it was."""
        assigned.close()
        assigned.phase = Phase.RESTORING
        self._restorer.add(assigned)

    def _stop_partition(self, assigned: Assigned, record: Record, reason: str) -> None:
        """Alert and take nothing more from this partition; the offset stays uncommitted, so a mended program begins there."""
        said = {name: (value or b"").decode(errors="replace") for name, value in record.headers}
        assigned.phase = Phase.STOPPED
        self._log.pause(assigned.partition)
        _log.critical(
            "partition stopped",
            alert=True,
            topic=assigned.partition.topic,
            partition=assigned.partition.number,
            offset=record.offset,
            record_id=said.get("ce_id", ""),  # of an entry: its entry_id
            subject=said.get("ce_subject", ""),
            **assigned.about,
            reason=reason,
            hint="the other partitions go on; mend the cause and restart this worker",
        )


def _name(assigned: Assigned) -> str:
    return f"{assigned.partition.topic}/{assigned.partition.number}"


def _of_state(error: BaseException | None) -> StateError | None:
    """The fault of the state that lies behind an error, if one does."""
    while error is not None and not isinstance(error, StateError):
        error = error.__cause__ or error.__context__
    return error
