"""The sink: from Kafka into ClickHouse, each record effectively once (DESIGN section 4; the steps are in plan.py).

Every topic partition has batches of its own, one at a time. Intents of batches that begin together go out in one commit, small
ones of a topic are inserted together, and the commit that says that they are whole follows when that has ended. What fails stays
where it is and is tried again under the same tokens: a failed insert, a lost commit and a killed process are the same case.

Inserts run in the background, two at once. chDB takes one at a time: one is made into rows while the other is inserted, and the
round goes on meanwhile: it reads, and begins what is ready as soon as one has ended. A round that waited for all of its inserts
wrote 91,000 rows/s, this one 133,000. Whatever gives partitions away waits for their insert first.

An insert costs chDB 5 to 10 ms of processor whatever is in it: 616 batches of 50 records, of 64 partitions and two topics, took
31 s one by one and 3.5 s together (2 cores). So all that waits is written when one record has waited long enough, and records
wait longer where inserts take long (plan.linger_s): at 200 events/s a record took 340 to 410 us of the sink's processor, and 510
to 630 when each partition had a time of its own and a round began with the first record that came.
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Event
from typing import Protocol

import structlog
from clickhouse_connect.driver.exceptions import ClickHouseError

from runtime.errors import RetryError
from runtime.port import Partition
from sinks.clickhouse.mapping import FEEDS
from sinks.clickhouse.plan import (
    DONE,
    Batch,
    Committed,
    Limits,
    Start,
    Stored,
    group_name,
    intent,
    linger_s,
    range_of,
    start,
    together,
)
from sinks.clickhouse.source import Source
from sinks.clickhouse.waiting import Waiting
from sinks.clickhouse.watch import SinkWatch

GROUP = "sink"
POLL_RECORDS = 20_000
UNPOLLED_SECONDS = 5.0
"""How long a sink that is full and inserts does not poll. Only then it pauses partitions, and polls: the client drops what it had
fetched of them, and took 0.9 s to fetch again, in which ClickHouse stood still (105,000 rows/s instead of 133,000)."""
BACKOFF_SECONDS = (0.2, 10.0)

_log = structlog.get_logger(__name__)


class Tables(Protocol):
    """Where batches go; store.Store is the real one."""

    def submit(self, *batches: Batch) -> "Future[int]":
        """Write batches of one topic whole, all or none; the result is their number of rows."""
        ...

    def wait_for_one(self, writing: "Sequence[Future[int]]", seconds: float) -> None:
        """Until one of these inserts has ended, at most so long."""
        ...

    def wait_for_all(self, writing: "Sequence[Future[int]]") -> None:
        """Until all of them have ended, at most as long as an insert may take."""
        ...

    def stored(self, topic: str, topic_id: str, *, reach: bool) -> Mapping[int, Stored]:
        """What there is of each partition of a topic. Raises RefusedError where it is another topic's."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Flight:
    """An insert under way: its batches, beside each what holds its records, and whether it went though there were few of them."""

    group: list[Batch]
    holders: list[Waiting]
    future: "Future[int]"
    begun: float
    begun_ns: int
    few: bool


class Sink:
    """One sink worker. `step` does one round; `run` goes on until the event is set."""

    def __init__(
        self,
        source: Source,
        tables: Tables,
        limits: Limits,
        clock: Callable[[], float] = time.monotonic,
        watch: SinkWatch | None = None,
    ) -> None:
        self._source = source
        self._tables = tables
        self._limits = limits
        self._clock = clock
        self._waiting: dict[Partition, Waiting] = {}
        self._owed: dict[Partition, Committed] = {}  # commits of whole batches that got lost
        self._held: set[Partition] = set()  # of these nothing more is fetched for now
        self._polled_at = 0.0
        self._flights: list[Flight] = []
        self._backoff = 0.0
        self._retry_at = 0.0  # what has failed is not tried again before
        self._linger_s = limits.linger_s  # how long a record waits now
        self._keeps_metadata: bool | None = None  # None: not known yet. Without it no group could be found again
        self._watch = watch or SinkWatch()

    def run(self, stop: Event) -> None:
        """Work until `stop`, and until what is being inserted then has ended. What waits is read again. Raises FatalError."""
        self._source.open(list(FEEDS), self)
        try:
            while not stop.is_set():
                self.step()
            self._settle(list(self._waiting))
        finally:
            self._source.close()

    def step(self) -> None:
        """One round: take what has come, begin to write what is ready, end what is written."""
        now = self._clock()
        if not self._flights or not self._full() or now - self._polled_at >= UNPOLLED_SECONDS:
            self._take(now)
        # What is owed comes before the next intent, which it would otherwise overwrite later.
        if self._pay():
            self._write()
        self._land()
        self._watch.round(
            {partition: waiting.next_offset for partition, waiting in self._waiting.items()},
            sum(len(waiting.records) for waiting in self._waiting.values()),
        )

    def _take(self, now: float) -> None:
        """Take what has come from Kafka; while something is inserted the round waits for that (_land) and not for records."""
        self._hold_back()
        polled = self._source.poll(POLL_RECORDS, 0.0 if self._flights else self._limits.linger_s / 2)
        self._polled_at = now
        for record in polled.records:
            # What was fetched of a partition that is not ours any more is somebody else's.
            if waiting := self._waiting.get(Partition(record.topic, record.partition)):
                waiting.take(record, now)
        for partition in polled.ends:
            if waiting := self._waiting.get(partition):
                waiting.at_end = True

    def _full(self) -> bool:
        """Whether enough is in memory, what is being inserted included."""
        return sum(waiting.bytes for waiting in self._waiting.values()) >= self._limits.waiting_bytes

    def _hold_back(self) -> None:
        """Fetch no more while too much waits for ClickHouse. Polling goes on, or the group would think that we are dead."""
        full = self._full()
        held = {partition for partition, waiting in self._waiting.items() if full and waiting.can_wait}
        if held != self._held:
            self._source.pause(held - self._held)
            self._source.resume(self._held - held)
            self._held = held

    # --- the group's decisions (inside poll and close only) ----------------------------------------------------------------

    def assigned(self, partitions: Sequence[Partition]) -> Mapping[Partition, int]:
        """Ours now: where each begins. Raises RefusedError where ClickHouse holds another topic's rows."""
        committed = self._source.committed(partitions) if partitions else {}
        if any(found.metadata for found in committed.values()):
            self._keeps_metadata = True
        begin: dict[Partition, int] = {}
        for topic in sorted({partition.topic for partition in partitions}):
            ours = [partition for partition in partitions if partition.topic == topic]
            topic_id = self._source.topic_id(topic)
            # Without our metadata the broker either keeps none or has nothing of us: then the rows themselves must tell.
            reach = any(not committed.get(partition, Committed()).metadata for partition in ours)
            stored = self._tables.stored(topic, topic_id, reach=reach)
            for partition in ours:
                at = start(
                    committed.get(partition, Committed()), stored.get(partition.number, Stored()), self._source.low(partition)
                )
                self._begin(partition, topic_id, at)
                begin[partition] = at.position
                if at.redo is None and partition in committed and committed[partition] != Committed(at.position, DONE):
                    self._owed[partition] = Committed(at.position, DONE)
        self._watch.joined()
        return begin

    def revoked(self, partitions: Sequence[Partition]) -> None:
        """Not ours any more: what waits has no intent, or one that the next owner finds. What is being inserted ends before."""
        self._settle(partitions)
        for partition in partitions:
            self._waiting.pop(partition, None)
            self._owed.pop(partition, None)
            self._held.discard(partition)

    def _begin(self, partition: Partition, topic_id: str, at: Start) -> None:
        self._waiting[partition] = Waiting(topic_id, at.position, at.redo)
        if at.warning:
            _log.warning("sink reads again", topic=partition.topic, partition=partition.number, reason=at.warning)
        if at.redo:
            _log.info("sink repeats a batch", topic=partition.topic, partition=partition.number, to=at.redo.last)

    # --- writing -----------------------------------------------------------------------------------------------------------

    def _many(self) -> bool:
        """Whether so many records wait that waiting longer would not make their insert cheaper."""
        return sum(waiting.idle for waiting in self._waiting.values() if not waiting.failed) >= self._limits.records

    def _ready(self, *, many: bool) -> list[list[Batch]]:
        """What is to be written now, the longest waiting first: batches of one topic each that go into one insert a table."""
        now = self._clock()
        free = {
            partition: waiting
            for partition, waiting in self._waiting.items()
            if not waiting.inserting and not (waiting.failed and now < self._retry_at)
        }
        # Where one has waited long enough, none waits on: the inserts cost the same with all of them.
        due = many or any(waiting.records and now - waiting.since >= self._linger_s for waiting in free.values())
        fresh: dict[str, list[Batch]] = {}
        again: dict[tuple[str, str], dict[Partition, Batch | None]] = {}
        for partition, waiting in free.items():
            batch = waiting.batch(partition, self._limits, due=due)
            if waiting.redo is not None:
                again.setdefault((partition.topic, waiting.redo.group), {})[partition] = batch
            elif batch is not None:
                fresh.setdefault(partition.topic, []).append(batch)
        groups = [repeated for (_, name), members in again.items() for repeated in self._repeated(name, members)]
        for batches in fresh.values():
            groups += together(batches, self._limits) if self._keeps_metadata else [[batch] for batch in batches]
        return sorted(groups, key=lambda group: min(self._waiting[_place(batch)].since for batch in group))

    def _repeated(self, name: str, members: Mapping[Partition, Batch | None]) -> list[list[Batch]]:
        """The group as it was, once all of it is there; its batches alone, where they are not all ours."""
        found = [batch for batch in members.values() if batch is not None]
        spans = ((place.number, self._waiting[place].redo) for place in members)
        if name and name == group_name((number, redo.first, redo.last) for number, redo in spans if redo):
            return [found] if len(found) == len(members) else []
        return [[batch] for batch in found]

    def _write(self) -> None:
        """The first steps of plan.py for groups that are ready, as far as there is room: their intents, then their inserts."""
        room = self._limits.inserts - len(self._flights)
        if room <= 0:
            return
        many = self._many()
        named = [(group_name(map(range_of, group)), group) for group in self._ready(many=many)[:room]]
        intents = {
            _place(batch): Committed(batch.first, intent(batch.first, batch.last, name))
            for name, group in named
            for batch in group
        }
        if not intents or not self._commit(intents):
            return
        self._learn(next(iter(intents)))
        for name, group in named:
            holders = [self._waiting[_place(batch)] for batch in group]
            for waiting, batch in zip(holders, group, strict=True):
                waiting.insert(batch, name)
            flight = Flight(group, holders, self._tables.submit(*group), self._clock(), time.time_ns(), few=not many)
            self._flights.append(flight)
            self._watch.inserting(group, flight.future)

    def _land(self) -> None:
        """Wait a little until an insert has ended, and take the last steps of plan.py for what has."""
        if self._flights:
            self._tables.wait_for_one([flight.future for flight in self._flights], self._limits.linger_s / 2)
            self._end([flight for flight in self._flights if flight.future.done()])

    def _settle(self, partitions: Collection[Partition]) -> None:
        """Let the inserts of these partitions end. One that takes too long is left alone: its intent stands, and is repeated."""
        theirs = [flight for flight in self._flights if any(_place(batch) in partitions for batch in flight.group)]
        if theirs:
            self._tables.wait_for_all([flight.future for flight in theirs])
            self._end([flight for flight in theirs if flight.future.done()])

    def _end(self, landed: list[Flight]) -> None:
        """What these inserts have come to: whole batches are committed, the others wait for their next try."""
        if not landed:
            return
        self._flights = [flight for flight in self._flights if flight not in landed]
        failures: list[str] = []
        for flight in landed:
            self._ended(flight, failures)
        if failures:  # one line a round: while ClickHouse is away every partition would have its own, again and again
            _log.error("sink cannot write", alert=True, inserts=len(failures), reason=failures[0])
        self._wait_longer(failed=bool(failures))
        self._pay()

    def _ended(self, flight: Flight, failures: list[str]) -> None:
        written, now = self._written(flight, failures), self._clock()
        for waiting, batch in zip(flight.holders, flight.group, strict=True):
            if not written:
                waiting.fail()
                continue
            waiting.whole(batch)
            if self._waiting.get(_place(batch)) is waiting:  # still ours, and not given away and back again
                self._owed[_place(batch)] = Committed(batch.last + 1, DONE)
        if flight.few:  # how long an insert of many takes says nothing of what few cost
            self._linger_s = linger_s(self._limits.linger_s, now - flight.begun)

    def _learn(self, partition: Partition) -> None:
        """See whether the broker keeps the metadata of the intent that has just been committed."""
        if self._keeps_metadata is None:
            self._keeps_metadata = bool(self._source.committed([partition]).get(partition, Committed()).metadata)

    def _pay(self) -> bool:
        """Commit what is whole. Were it lost, the next start would find the batch whole in ClickHouse."""
        if not self._commit(self._owed):
            return False
        self._owed = {}
        return True

    def _commit(self, offsets: Mapping[Partition, Committed]) -> bool:
        if not offsets:
            return True
        try:
            self._source.commit(offsets)
        except RetryError as reason:
            # The group is about to decide anew, or the broker is away: the next round polls, and begins with the intent.
            _log.info("sink could not commit", reason=str(reason))
            return False
        return True

    def _written(self, flight: Flight, failures: list[str]) -> bool:
        group = flight.group
        about = {"topic": group[0].topic, "ranges": ",".join(f"{batch.partition}:{batch.first}-{batch.last}" for batch in group)}
        try:
            rows = flight.future.result()
        except (ClickHouseError, OSError) as reason:
            _log.debug("sink could not write", **about)
            failures.append(f"{group[0].topic}: {str(reason)[:1000]}")
            self._watch.failed(group)
            return False
        self._watch.wrote(group, rows, flight.begun_ns)
        _log.debug("sink wrote", **about, rows=rows)
        return True

    def _wait_longer(self, *, failed: bool) -> None:
        """Put off the next try of what failed, each time for longer; inserts that failed side by side count once."""
        shortest, longest = BACKOFF_SECONDS
        now = self._clock()
        if failed and now >= self._retry_at:
            self._backoff = min(longest, max(shortest, self._backoff * 2))
            self._retry_at = now + self._backoff
        elif not any(waiting.failed for waiting in self._waiting.values()):
            self._backoff = self._retry_at = 0.0


def _place(batch: Batch) -> Partition:
    return Partition(batch.topic, batch.partition)
