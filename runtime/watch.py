"""Who looks on while a worker works: told once a batch or once a round, never once a record."""

from collections.abc import Mapping, Sequence

from runtime.assignment import Assigned
from runtime.checkpoint import Plan
from runtime.errors import AbortError
from runtime.port import Partition
from runtime.processor import Record


class Watch:
    """Does nothing: that is a worker with metrics and traces off. All calls but `close` come from the loop's own thread."""

    def joined(self) -> None:
        """The group has decided, perhaps that nothing is ours."""

    def begun(self, records: Sequence[Record]) -> None:
        """A round's records have come."""

    def planned(self, plan: Plan) -> None:
        """The effects of one partition's records are known, and nothing is written yet."""

    def committed(self, plans: Sequence[Plan]) -> None:
        """One transaction is whole."""

    def aborted(self, plans: Sequence[Plan], reason: AbortError) -> None:
        """One transaction was taken back; its records come again."""

    def round(self, partitions: Mapping[Partition, Assigned]) -> None:
        """A round has ended: the partitions that are ours, and how they are. To be looked at now and not kept."""

    def close(self) -> None:
        """The worker ends."""


class Watches(Watch):
    """Several of them."""

    def __init__(self, *watches: Watch) -> None:
        self._watches = watches

    def joined(self) -> None:
        """See Watch."""
        for watch in self._watches:
            watch.joined()

    def begun(self, records: Sequence[Record]) -> None:
        """See Watch."""
        for watch in self._watches:
            watch.begun(records)

    def planned(self, plan: Plan) -> None:
        """See Watch."""
        for watch in self._watches:
            watch.planned(plan)

    def committed(self, plans: Sequence[Plan]) -> None:
        """See Watch."""
        for watch in self._watches:
            watch.committed(plans)

    def aborted(self, plans: Sequence[Plan], reason: AbortError) -> None:
        """See Watch."""
        for watch in self._watches:
            watch.aborted(plans, reason)

    def round(self, partitions: Mapping[Partition, Assigned]) -> None:
        """See Watch."""
        for watch in self._watches:
            watch.round(partitions)

    def close(self) -> None:
        """See Watch."""
        for watch in self._watches:
            watch.close()
