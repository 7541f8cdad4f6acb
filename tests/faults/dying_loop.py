"""The parts of gate, ledger and issuer that fall dead: log and store. Only in a process of tests/faults/process.py."""

import threading
from collections.abc import Mapping, Sequence

from runtime import kafka, rocks, worker
from runtime.partitioner import partition_of
from runtime.port import Partition
from runtime.state import Position
from schemas.topics import ENTRIES
from tests.faults.death import DEATH

COMMITTING_SECONDS = 0.002
FLUSH_SECONDS = 10.0


class DyingLog(kafka.KafkaLog):
    """The real log, with the steps of a transaction counted."""

    changelog_began = outputs = crosses = False

    def begin(self) -> None:
        """See Log."""
        super().begin()
        self.changelog_began = self.outputs = self.crosses = False
        DEATH.at("begin")

    def produce(
        self,
        topic: str,
        key: bytes,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes]] = (),
        partition: int | None = None,
        *,
        report: bool = False,
    ) -> None:
        """See Log. What goes to a partition by number is the changelog."""
        if partition is None:
            self.outputs = True
            self.crosses = self.crosses or (topic == ENTRIES and self._is_of_another(key))
        elif not self.changelog_began:
            self.changelog_began = True
            self._outputs_are_out()
        super().produce(topic, key, value, headers, partition, report=report)

    def send_offsets(self, offsets: Mapping[Partition, int]) -> None:
        """See Log."""
        self._flushed("changelog" if self.changelog_began else "outputs")
        super().send_offsets(offsets)
        self._flushed("offsets")

    def commit(self) -> Mapping[Partition, int]:
        """See Log."""
        self._flushed("commit")
        if self.crosses:
            self._flushed("crossing")
        if DEATH.due("committing"):
            threading.Timer(COMMITTING_SECONDS, DEATH.die).start()
        written = super().commit()
        DyingStore.armed = True
        DEATH.at("committed")
        return written

    def _is_of_another(self, key: bytes) -> bool:
        """Whether an entry goes to a partition that another ledger worker reads."""
        own = {place.partition for place in self._consumer.assignment()}
        return partition_of(key, self._settings.partitions) not in own

    def _outputs_are_out(self) -> None:
        if self.outputs:
            self._flushed("outputs")

    def _flushed(self, step: str) -> None:
        if (step != "outputs" or self.outputs) and DEATH.due(step):
            self._producer.flush(FLUSH_SECONDS)
            DEATH.die()


class DyingStore(rocks.RocksStore):
    """The real store; what is written before the first commit is restoring and does not count."""

    armed = False

    def write(self, writes: Mapping[bytes, bytes | None], position: Position) -> None:
        """See Store."""
        super().write(writes, position)
        if self.armed:
            DEATH.at("stored")


def put_in_place() -> None:
    """From now on workers of this process are made of these parts."""
    assert worker.KafkaLog is kafka.KafkaLog
    worker.KafkaLog = DyingLog  # type: ignore[misc]
    rocks.RocksStore = DyingStore  # type: ignore[misc]
