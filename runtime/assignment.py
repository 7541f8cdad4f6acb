"""What the loop knows of a partition that is assigned to it."""

from dataclasses import dataclass, field
from enum import Enum

from runtime.port import Partition
from runtime.state import Nothing, Store

ABORTS_BEFORE_SUSPICION = 3


class Phase(Enum):
    """A partition is restored, then it runs, until it is taken away or its next record cannot be processed."""

    RESTORING = "restoring"
    RUNNING = "running"
    STOPPED = "stopped"


@dataclass(slots=True)
class Assigned:
    """One assigned partition. Records are taken from it only while it runs; `next_offset` is the first not yet committed."""

    partition: Partition
    phase: Phase = Phase.RESTORING
    next_offset: int = 0
    topic_id: str = ""
    changelog_id: str = ""
    store: Store | None = None
    restored: int = 0  # records of the changelog read for it
    alone_until: int = 0  # below this offset records are processed one by one: one of them has made a batch fail
    about: dict[str, str] = field(default_factory=dict)  # what the processor said of the record at which it failed
    _aborts: dict[int, int] = field(default_factory=dict)

    @property
    def view(self) -> Store | Nothing:
        """The state as the processor sees it."""
        return self.store or Nothing()

    @property
    def suspect(self) -> bool:
        """Whether a record not far ahead has made a batch fail."""
        return self.next_offset < self.alone_until

    def count_abort(self, offset: int) -> bool:
        """Note an abort of a transaction that began at this offset; True when it was one too many."""
        self._aborts = {offset: self._aborts.get(offset, 0) + 1}
        return self._aborts[offset] >= ABORTS_BEFORE_SUSPICION

    def suspect_until(self, offset: int) -> None:
        """Take the records below the offset one by one, each with as many attempts as a batch has."""
        self.alone_until = offset
        self._aborts = {}

    def close(self) -> None:
        """Give back the store; it may be opened again by whoever gets the partition next."""
        if self.store is not None:
            self.store.close()
            self.store = None
