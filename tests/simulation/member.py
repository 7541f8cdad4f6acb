"""runtime.port.Log of one simulated process: a group member and a transactional producer on the simulated broker."""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any, Protocol

from runtime.errors import AbortError, FatalError, FencedError, NotReadyError, RefusedError, RetryError, RunError
from runtime.port import Listener, Partition, Slice, TopicFacts
from runtime.processor import Record
from tests.simulation.broker import Broker, InvalidEpochError, ProducerFencedError, Txn
from tests.simulation.group import NO_GENERATION, FencedInstanceError, Group, Heart, IllegalGenerationError, UnknownMemberError

UNSTABLE_SECONDS = 1.0  # runtime/kafka.py: COMMITTED_SECONDS
FETCH_RECORDS = 3  # of one changelog partition at a time, so that a restore takes several slices


class Host(Heart, Protocol):
    """The process that a log belongs to: it counts the steps, breaks them as planned, and lives in the world's time."""

    name: str
    instance: str

    def do(self, call: str, act: Callable[..., Any], *args: Any) -> Any:
        """Make a call of the port, unless the plan has something else in mind."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        ...


class MemberLog:
    """One process's view of the broker."""

    def __init__(self, broker: Broker, groups: Mapping[str, Group], host: Host) -> None:
        self._broker = broker
        self._group = groups[host.name]
        self._host = host
        self.producer = f"{host.name}-{host.instance}"
        self._epoch = -1
        self._member: str | None = None
        self._joined_generation = NO_GENERATION
        self._generation = NO_GENERATION
        self._listener: Listener | None = None
        self._positions: dict[Partition, int] = {}
        self._paused: set[Partition] = set()
        self._turn = 0
        self._fetched: list[Record] = []
        self._written: dict[Partition, int] = {}
        self._committed = False
        self.busy = True  # whether the last poll brought something

    # --- the group ----------------------------------------------------------------------------------------------------

    def open(self, inputs: Sequence[str], listener: Listener) -> None:
        self._listener = listener
        self._epoch = self._host.do("open", self._broker.init, self.producer, self._host)

    def close(self) -> None:
        self._host.do("close", self._close)

    def _close(self) -> None:
        owned = list(self._positions)
        if owned and self._listener is not None:
            self._listener.revoked(owned)
        self._positions.clear()

    def poll(self, limit: int, timeout_s: float) -> list[Record]:
        found: list[Record] = self._host.do("poll", self._poll, limit, timeout_s)
        return found

    def _poll(self, limit: int, timeout_s: float) -> list[Record]:
        self._serve()
        self._generation = self._joined_generation
        records: list[Record] = []
        order = list(self._positions)
        self._turn += 1
        for at in range(len(order)):
            partition = order[(self._turn + at) % len(order)]
            if partition not in self._paused and len(records) < limit:
                records += self._fetch(partition, limit - len(records))
        self.busy = bool(records)
        if not records:
            self._host.sleep(timeout_s)
        self._fetched = records
        return records

    def _fetch(self, partition: Partition, limit: int) -> list[Record]:
        log, position = self._broker.log(partition), self._positions[partition]
        if position > log.end:
            raise RefusedError(f"{partition}: offset {position} is not there")
        records = list(islice(log.committed(position), limit))
        if records:
            self._positions[partition] = records[-1].offset + 1
        return records

    def deliver_again(self, count: int) -> None:
        """The next poll hands out records that a poll has handed out before."""
        for partition, position in self._positions.items():
            self._positions[partition] = max(0, position - count)

    def poll_late(self, limit: int, timeout_s: float) -> list[Record]:
        """A poll that still hands out what was fetched before the group took partitions away."""
        before = self._fetched
        records = self._poll(limit, timeout_s)
        return [record for record in before if Partition(record.topic, record.partition) not in self._positions] + records

    def _serve(self) -> None:
        """What the client does inside of consume(): learn what the group has decided, tell the listener, answer."""
        group, listener = self._group, self._listener
        assert listener is not None
        if self._member is None or self._member not in group.members:
            self._come_back()
        assert self._member is not None
        me = group.members[self._member]
        if me.generation != self._joined_generation:
            self._joined_generation = me.generation
            if self._take_over(me.assignment, listener):
                group.rebalance()  # the second round: now others may have what was taken
        if group.rebalancing and not me.joined:
            group.rejoin(self._member, list(self._positions))

    def _take_over(self, assignment: Sequence[Partition], listener: Listener) -> bool:
        """What is taken, and what is given. Whether anything was taken."""
        taken = [partition for partition in self._positions if partition not in assignment]
        given = [partition for partition in assignment if partition not in self._positions]
        if taken:
            listener.revoked(taken)
            for partition in taken:
                del self._positions[partition]
        for partition in given:
            self._positions[partition] = 0  # from the beginning: a listener that does not seek would read everything again
            self._paused.add(partition)
            self._broker.holders[self._host.name, partition] = self._host
        if given:
            listener.assigned(given)
        return bool(taken)

    def _come_back(self) -> None:
        if self._member is not None:
            if any(member.instance == self._host.instance for member in self._group.members.values()):
                raise FencedError("FENCED_INSTANCE_ID")
            lost, self._positions = list(self._positions), {}
            if lost and self._listener is not None:
                self._listener.revoked(lost)
        self._joined_generation = NO_GENERATION
        self._member = self._group.join(self._host.instance, self._host)

    def pause(self, partition: Partition) -> None:
        self._host.do("pause", self._paused.add, partition)

    def resume(self, partition: Partition) -> None:
        self._host.do("resume", self._paused.discard, partition)

    def seek(self, partition: Partition, offset: int) -> None:
        self._host.do("seek", self._seek, partition, offset)

    def _seek(self, partition: Partition, offset: int) -> None:
        if partition not in self._positions:
            raise NotReadyError(f"{partition} is not ours")
        self._positions[partition] = offset

    # --- what is there ------------------------------------------------------------------------------------------------

    def committed(self, partition: Partition) -> int | None:
        found: int | None = self._host.do("committed", self._stable, partition)
        return found

    def _stable(self, partition: Partition) -> int | None:
        stable, offset = self._broker.committed(self._host.name, partition)
        if not stable:
            self._host.sleep(UNSTABLE_SECONDS)
            raise RetryError("UNSTABLE_OFFSET_COMMIT")
        return offset

    def first(self, partition: Partition) -> int:
        return int(self._host.do("first", lambda: 0))

    def topic(self, name: str) -> TopicFacts:
        facts: TopicFacts = self._host.do("topic", self._broker.facts, name)
        return facts

    def changelog(self, partition: Partition, offset: int) -> "Reader":
        reader: Reader = self._host.do("changelog", Reader, self._broker, self._host, partition, offset)
        return reader

    # --- the transaction ----------------------------------------------------------------------------------------------

    def begin(self) -> None:
        self._host.do("begin", self._begin)

    def _begin(self) -> None:
        self._written, self._committed = {}, False

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
        self._host.do("produce", self._produce, topic, key, value, tuple(headers), partition, report)

    def _produce(self, topic: str, key: bytes, value: bytes | None, headers: Any, number: int | None, report: bool) -> None:
        at, offset = self._broker.append(topic, key, value, headers, number, self._open())
        if report:
            self._written[at] = offset

    def _open(self) -> Txn:
        try:
            return self._broker.open(self.producer, self._epoch)
        except (ProducerFencedError, InvalidEpochError) as fault:
            raise translated(fault) from None

    def send_offsets(self, offsets: Mapping[Partition, int]) -> None:
        self._host.do("send_offsets", self._send_offsets, dict(offsets))

    def _send_offsets(self, offsets: dict[Partition, int]) -> None:
        txn = self._open()
        self._check_generation()
        self._broker.add_offsets(txn, self._host.name, offsets)

    def _check_generation(self) -> None:
        try:
            self._group.check(self._member or "", self._host.instance, self._generation)
        except (UnknownMemberError, FencedInstanceError, IllegalGenerationError) as fault:
            raise translated(fault) from None

    def commit(self) -> Mapping[Partition, int]:
        self._host.do("commit", self._end, True)
        return self._written

    def abort(self) -> None:
        self._host.do("abort", self._abort)

    def _end(self, commit: bool) -> None:
        try:
            self._broker.end(self.producer, self._epoch, commit=commit)
        except (ProducerFencedError, InvalidEpochError) as fault:
            raise translated(fault) from None
        self._committed = commit

    def _abort(self) -> None:
        if self._committed:
            raise FatalError("INVALID_TXN_STATE: it is committed")
        try:
            self._end(False)
        except AbortError:
            try:
                self._epoch = self._broker.again(self.producer, self._epoch)
            except ProducerFencedError as fault:
                raise translated(fault) from None


class Reader:
    """A reader of one changelog partition, up to its last stable offset."""

    def __init__(self, broker: Broker, host: Host, partition: Partition, offset: int) -> None:
        self._log = broker.log(partition)
        self._host = host
        self._next = offset

    def read(self, limit: int, timeout_s: float) -> Slice:
        piece: Slice = self._host.do("read", self._read, min(limit, FETCH_RECORDS), timeout_s)
        return piece

    def _read(self, limit: int, timeout_s: float) -> Slice:
        records = list(islice(self.records(), limit))
        if len(records) == limit:
            self._next = records[-1].offset + 1
            return Slice(records, self._next, False)
        self._next = max(self._next, self.end())
        if not records:
            self._host.sleep(timeout_s)
        return Slice(records, self._next, True)

    def records(self) -> Any:
        """What is there from here on."""
        return self._log.committed(self._next)

    def end(self) -> int:
        """Where a reader finds the end: behind the markers, before what is still open."""
        return self._log.stable()

    def close(self) -> None:
        self._next = -1


def translated(fault: Exception) -> RunError:
    """What the broker refuses, as runtime/kafka_errors.py tells it to the loop."""
    name = re.sub("Error$", "", type(fault).__name__)
    if isinstance(fault, ProducerFencedError | FencedInstanceError):
        return FencedError(name)
    return AbortError(name, transient=not isinstance(fault, InvalidEpochError))
