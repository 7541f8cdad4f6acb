"""The worker while an insert is under way: what else goes on, and what waits for it. No thread, no clock: inserts end when a test
says so."""

from collections.abc import Callable, Mapping
from threading import Event

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from runtime.errors import FatalError, RetryError
from runtime.port import Partition
from runtime.processor import Record
from schemas import topics
from sinks.clickhouse.plan import DONE, Committed, Limits, intent, pending
from sinks.clickhouse.worker import Sink
from tests.sinks.simulated import TABLES, Broker, Database, Member, Steps, work

A, B = Partition(topics.TRANSACTIONS, 0), Partition(topics.ENTRIES, 3)


def log(partition: Partition, *offsets: int) -> list[Record]:
    return [Record(partition.topic, partition.number, offset, 0, b"", b"x") for offset in offsets]


class Commits(Member):
    """A member that remembers what it has committed; `loses` says which commits never arrive."""

    made: list[Mapping[Partition, Committed]]
    loses: Callable[[Mapping[Partition, Committed]], bool]

    def commit(self, offsets: Mapping[Partition, Committed]) -> None:
        if self.loses(offsets):
            raise RetryError("the coordinator is away")
        super().commit(offsets)
        self.made.append(dict(offsets))


class World:
    """One sink on two partitions of two topics, one record each; every insert waits until `lets` is set."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.lets = False
        self.now = 0.0
        self.broker = Broker({A: log(A, 1), B: log(B, 1)}, Steps())
        self.database = Database(self.broker.steps, slow=lambda: not self.lets)
        self.member = Commits(self.broker, chunk=10)
        self.member.made = []
        self.member.loses = lambda _: False
        self.sink = Sink(self.member, self.database, limits or Limits(10, 1000, 0.0), clock=lambda: self.now)
        self.member.open([], self.sink)

    def under_way(self) -> list[tuple[str, int, int]]:
        return [(batch.topic, batch.first, batch.last) for _, batches in self.database.under_way for batch in batches]

    def land(self, number: int = 0) -> None:
        """One insert ends, and the sink sees it."""
        self.database._land(number)
        self.sink.step()

    def rows(self, partition: Partition) -> list[int]:
        found = [[offset for place, offset in self.database.rows[table] if place == partition] for table in TABLES]
        assert found[0] == found[1] == found[2], "table by table the same"
        return found[0]


@pytest.fixture
def world() -> World:
    """Both inserts under way."""
    made = World()
    made.sink.step()
    assert made.under_way() == [(A.topic, 1, 1), (B.topic, 1, 1)]
    return made


def test_the_next_batch_is_read_meanwhile_and_begins_when_the_one_before_is_committed(world: World) -> None:
    world.broker.records[A] += log(A, 2, 4)
    for _ in range(3):
        world.sink.step()
    assert world.under_way() == [(A.topic, 1, 1), (B.topic, 1, 1)], "one batch of a partition at a time"
    assert len(world.sink._waiting[A].records) == 3
    assert world.member.made[-1] == {A: Committed(1, intent(1, 1)), B: Committed(1, intent(1, 1))}
    world.land()
    assert world.member.made[-1] == {A: Committed(2, DONE)}, "the other one is not waited for"
    world.sink.step()
    assert world.member.made[-1] == {A: Committed(2, intent(2, 4))}
    assert world.under_way() == [(B.topic, 1, 1), (A.topic, 2, 4)]


def test_what_is_under_way_counts_as_waiting() -> None:
    world = World(Limits(10, 1000, 0.0, waiting_bytes=501 * 12))
    world.broker.records[A] += log(A, *range(2, 100))
    for _ in range(20):
        world.sink.step()
    assert world.under_way()[0] == (A.topic, 1, 10)
    assert world.member.paused == set(), "fetching again after a pause takes long"
    world.now = 5.0
    world.sink.step()
    assert world.member.paused == {A, B}, "but the group must not think that we are dead"
    assert sum(waiting.bytes for waiting in world.sink._waiting.values()) <= 501 * (12 + 10), "the bound and one poll"
    world.lets = True
    for _ in range(60):
        world.sink.step()
    assert world.rows(A) == list(range(1, 100))
    assert world.member.paused == set()


def test_no_more_inserts_than_the_limit_and_who_has_waited_longest_is_next() -> None:
    world = World(Limits(10, 1000, 0.0, inserts=1))
    world.sink.step()
    assert world.under_way() == [(A.topic, 1, 1)]
    world.broker.records[A] += log(A, 2)
    world.now = 1.0
    world.sink.step()
    world.land()
    world.sink.step()
    assert world.under_way() == [(B.topic, 1, 1)]


def test_what_cannot_go_now_hurries_nobody() -> None:
    """A's records are older than the wait and not free, B's are new: B waits for its own time, or inserts would be small."""
    world = World(Limits(10, 1000, 3.0))
    world.sink.step()
    world.now = 3.0
    world.sink.step()
    assert world.under_way() == [(A.topic, 1, 1), (B.topic, 1, 1)]
    world.broker.records[A] += log(A, 2)
    world.sink.step()
    world.now = 8.0
    world.land(1)
    world.broker.records[B] += log(B, 2)
    world.sink.step()
    assert world.under_way() == [(A.topic, 1, 1)]
    world.now = 8.0 + world.sink._linger_s
    world.sink.step()
    assert world.under_way() == [(A.topic, 1, 1), (B.topic, 2, 2)]


def test_an_insert_that_fails_is_tried_again_later_while_the_others_go_on(world: World) -> None:
    world.database.fails = lambda: DatabaseError("down")
    world.land()
    world.database.fails = lambda: None
    world.broker.records[A] += log(A, 2)
    world.broker.records[B] += log(B, 2, 3)
    world.land()
    world.sink.step()
    assert world.under_way() == [(B.topic, 2, 3)], "the other partition does not wait for it"
    world.now = 0.2
    world.sink.step()
    assert world.under_way() == [(B.topic, 2, 3), (A.topic, 1, 1)], "as it was, whatever has come since"
    world.lets = True
    for _ in range(4):
        world.sink.step()
    assert (world.rows(A), world.rows(B)) == ([1, 2], [1, 2, 3])
    assert world.broker.committed == {A: Committed(3, DONE), B: Committed(4, DONE)}


def test_each_failure_waits_longer_and_those_side_by_side_count_once(world: World) -> None:
    world.database.fails = lambda: DatabaseError("down")
    world.lets = True
    world.sink.step()
    world.sink.step()
    waits = [world.sink._backoff]
    for _ in range(7):
        world.now = world.sink._retry_at
        world.sink.step()
        assert not world.sink._flights, "both were tried again"
        world.sink.step()
        waits.append(world.sink._backoff)
    assert waits == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0]
    assert len(world.member.made) == 1 + 7, "an intent a try"


def test_a_partition_that_is_taken_away_goes_when_its_insert_has_ended(world: World) -> None:
    world.database.under_way.reverse()  # A's is the second to end
    world.sink.revoked([A])
    assert world.rows(A) == [1]
    assert world.broker.committed[A] == Committed(2, DONE)
    world.sink.step()
    assert A not in world.sink._waiting
    assert world.broker.committed[B] == Committed(2, DONE)


def test_an_insert_that_does_not_end_in_time_is_left_to_the_next_owner(world: World) -> None:
    world.database.wait_for_all = lambda writing: None  # type: ignore[method-assign]
    world.sink.revoked([A])
    assert world.broker.committed[A] == Committed(1, intent(1, 1))
    world.member.positions |= world.sink.assigned([A])  # it comes back before the insert has ended, and is repeated as it was
    again = world.sink._waiting[A].redo
    assert again is not None
    assert again == pending(intent(1, 1))
    world.land()
    assert A not in {place for made in world.member.made[1:] for place in made}, "whoever has it now commits it"
    world.lets = True
    world.sink.step()
    assert [made[A] for made in world.member.made if A in made] == [Committed(1, intent(1, 1))] * 2 + [Committed(2, DONE)]
    assert world.rows(A) == [1]


def test_a_sink_that_is_stopped_ends_what_it_inserts() -> None:
    world, stop = World(), Event()

    def stopping() -> bool:
        stop.set()
        return True

    world.database.slow = stopping
    world.sink.run(stop)
    assert (world.rows(A), world.rows(B)) == ([1], [1])
    assert world.broker.committed == {A: Committed(2, DONE), B: Committed(2, DONE)}


def test_a_commit_that_got_lost_is_paid_before_the_next_intent(world: World) -> None:
    world.broker.records[A] += log(A, 2)
    world.member.loses = lambda offsets: offsets.get(A) == Committed(2, DONE)
    world.land()
    for _ in range(3):
        world.sink.step()
    assert world.under_way() == [(B.topic, 1, 1)], "nothing new is begun meanwhile"
    world.member.loses = lambda _: False
    world.land()
    world.lets = True
    world.sink.step()
    of_a = [made[A] for made in world.member.made if A in made]
    assert of_a == [Committed(1, intent(1, 1)), Committed(2, DONE), Committed(2, intent(2, 2)), Committed(3, DONE)]
    assert (world.rows(A), world.rows(B)) == ([1, 2], [1])


def test_a_worker_that_lost_its_place_while_inserting_commits_nothing_and_the_next_repeats_nothing(world: World) -> None:
    world.broker.generation += 1
    world.land()
    world.land()
    assert pending(world.broker.committed[A].metadata) is not None
    work(world.broker, world.database, Limits(10, 1000, 0.0), chunk=10)
    assert (world.rows(A), world.rows(B)) == ([1], [1])


def test_a_mistake_of_ours_in_an_insert_ends_the_sink(world: World) -> None:
    world.database.fails = lambda: FatalError("no table")
    with pytest.raises(FatalError):
        world.land()
