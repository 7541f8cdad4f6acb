"""The worker in a world that breaks at every step: no row is lost, none stands twice."""

import contextlib
from itertools import count, pairwise

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.errors import RefusedError
from runtime.port import Partition
from runtime.processor import Record
from schemas import topics
from sinks.clickhouse.plan import DONE, Batch, Committed, Limits, group_name, intent
from sinks.clickhouse.worker import Sink
from tests.sinks.simulated import TABLES, Broker, Database, KilledError, Member, Steps, work

A, B = Partition(topics.TRANSACTIONS, 0), Partition(topics.TRANSACTIONS, 3)


def log(partition: Partition, offsets: list[int]) -> list[Record]:
    return [Record(partition.topic, partition.number, offset, 0, b"", b"x" * (1 + offset % 7)) for offset in offsets]


@st.composite
def offsets(draw: st.DrawFn) -> list[int]:
    """Offsets with gaps, as the markers of transactions leave them."""
    steps = draw(st.lists(st.integers(1, 4), min_size=1, max_size=25))
    return [sum(steps[: n + 1]) for n in range(len(steps))]


@settings(max_examples=300)
@given(
    a=offsets(),
    b=offsets(),
    most=st.integers(1, 8),
    most_bytes=st.integers(1, 60),
    linger=st.sampled_from([0.0, 3.0]),
    chunk=st.integers(1, 10),
    deaths=st.sets(st.integers(1, 80), max_size=12),
    keeps_metadata=st.booleans(),
    waiting_bytes=st.integers(1, 10_000),
    inserts=st.integers(1, 3),
    slow=st.lists(st.booleans(), max_size=30),
    broken=st.lists(st.booleans(), max_size=10),
)
def test_killed_anywhere_nothing_is_lost_and_nothing_doubled(
    a: list[int],
    b: list[int],
    most: int,
    most_bytes: int,
    linger: float,
    chunk: int,
    deaths: set[int],
    keeps_metadata: bool,
    waiting_bytes: int,
    inserts: int,
    slow: list[bool],
    broken: list[bool],
) -> None:
    steps = Steps(deaths)
    broker = Broker({A: log(A, a), B: log(B, b)}, steps, keeps_metadata)
    slowness, faults = iter(slow), iter(broken)
    database = Database(steps, fails=lambda: OSError("gone") if next(faults, False) else None, slow=lambda: next(slowness, False))
    work(broker, database, Limits(most, most_bytes, linger, waiting_bytes, inserts), chunk)
    expected = sorted([(A, offset) for offset in a] + [(B, offset) for offset in b])
    for table in TABLES:
        assert sorted(database.rows[table]) == expected, table
    for batches in database.batches.values():
        for one, following in pairwise(batches):
            assert following.resumed_at == one.last + 1


def test_every_single_step_can_be_the_last() -> None:
    """Exhaustive where Hypothesis samples: one batch and a half, and a death at each step there is."""
    died = 0
    for death in range(1, 40):
        steps = Steps({death})
        database = Database(steps)
        work(Broker({A: log(A, [1, 3, 4, 8])}, steps), database, Limits(3, 1000, 0.0), chunk=2)
        assert all(sorted(database.rows[table]) == [(A, o) for o in (1, 3, 4, 8)] for table in TABLES), death
        died += steps.now > death
    assert died >= 12


def test_small_batches_of_a_topic_go_together_and_every_step_can_be_the_last() -> None:
    """The second round writes both partitions in one insert a table: by then the broker has shown that it keeps intents."""
    died = grouped = 0
    for death in range(1, 60):
        steps = Steps({death})
        database = Database(steps)
        work(Broker({A: log(A, [1, 3, 4, 8]), B: log(B, [2, 5, 7])}, steps), database, Limits(4, 1000, 0.0), chunk=2)
        for table in TABLES:
            assert sorted(database.rows[table]) == sorted([(A, o) for o in (1, 3, 4, 8)] + [(B, o) for o in (2, 5, 7)]), death
        grouped += 2 in database.groups
        died += steps.now > death
    assert died >= 15
    assert grouped > died / 2


def test_a_broker_that_drops_intents_gets_no_groups() -> None:
    steps = Steps()
    database = Database(steps)
    work(Broker({A: log(A, [1, 3, 4, 8]), B: log(B, [2, 5, 7])}, steps, False), database, Limits(4, 1000, 0.0), chunk=2)
    assert database.groups == {1}


@pytest.mark.parametrize("inserts", [1, 2, 3, 4])
def test_a_group_that_a_rebalance_parts_is_all_there_once_it_is_merged(inserts: int) -> None:
    """Each half is repeated alone, so what had arrived stands twice until ClickHouse merges it; nothing is lost or left open."""
    steps = Steps()
    a, b = log(A, [1, 3]), log(B, [2, 5])
    broker, database = Broker({A: a, B: b}, steps), Database(steps)
    name = group_name([(A.number, 1, 3), (B.number, 2, 5)])
    broker.committed = {A: Committed(1, intent(1, 3, name)), B: Committed(2, intent(2, 5, name))}
    steps.deaths = {inserts}
    with contextlib.suppress(KilledError):
        database.submit(*(Batch(A.topic, "id", p.number, 0, tuple(records)) for p, records in ((A, a), (B, b))))
    for mine in ({A: a}, {B: b}):
        half = Broker(mine, Steps(), committed=broker.committed)
        database.steps = half.steps
        work(half, database, Limits(10, 1000, 0.0), chunk=10)
    for table in TABLES:
        assert sorted(set(database.rows[table])) == [(A, 1), (A, 3), (B, 2), (B, 5)]
    assert all({(batch.first, batch.last) for batch in database.batches[p]} == {r} for p, r in ((A, (1, 3)), (B, (2, 5))))


def test_an_insert_that_fails_is_made_again_under_the_same_token() -> None:
    steps = Steps()
    answers = iter([DatabaseError("down"), DatabaseError("down"), OSError("gone")])
    database = Database(steps, fails=lambda: next(answers, None))
    work(Broker({A: log(A, [1, 3, 4])}, steps), database, Limits(2, 1000, 0.0), chunk=1)
    assert sorted(database.rows["main"]) == [(A, 1), (A, 3), (A, 4)]
    assert [(batch.first, batch.last) for batch in database.batches[A]] == [(1, 1), (3, 4)]


def test_when_one_partition_has_waited_long_enough_all_are_written_with_it() -> None:
    """An insert costs the same whatever is in it: B's records came later, and waited for an insert of their own."""
    database, now = Database(Steps()), 0.0
    broker = Broker({A: log(A, [1]), B: []}, Steps())
    member = Member(broker, chunk=10)
    sink = Sink(member, database, Limits(10, 1000, 3.0), clock=lambda: now)
    member.open([], sink)
    sink.step()
    now = 4.0
    sink.step()  # the broker shows here that it keeps intents
    assert database.rows["main"] == [(A, 1)]
    broker.records[A] += log(A, [5])
    sink.step()
    now = 6.0
    broker.records[B] += log(B, [2])
    sink.step()
    assert database.rows["main"] == [(A, 1)]
    now = 7.0
    sink.step()
    assert database.rows["main"] == [(A, 1), (A, 5), (B, 2)]
    assert database.groups == {1, 2}


def test_a_flood_waits_at_the_broker_while_clickhouse_is_away() -> None:
    """What is held is bounded however long it takes, and the rest comes once rows are taken again."""
    down = True
    database = Database(Steps(), fails=lambda: OSError("gone") if down else None)
    broker = Broker({A: log(A, list(range(1, 2000))), B: log(B, list(range(1, 50)))}, Steps())
    member = Member(broker, chunk=10)
    clock = count()
    sink = Sink(member, database, Limits(10, 10_000, 0.0, waiting_bytes=20_000), clock=lambda: float(next(clock)))
    member.open([], sink)
    for _ in range(300):
        sink.step()
        assert sum(waiting.bytes for waiting in sink._waiting.values()) < 20_000 + 2 * 10 * 510, "the bound and one poll"
    assert database.rows["main"] == []
    down = False
    for _ in range(300):
        sink.step()
    assert sorted(database.rows["main"]) == [(A, n) for n in range(1, 2000)] + [(B, n) for n in range(1, 50)]
    assert sum(waiting.bytes for waiting in sink._waiting.values()) == 0


def test_a_worker_that_lost_its_place_writes_nothing_more() -> None:
    steps = Steps()
    broker, database = Broker({A: log(A, [1, 2])}, steps), Database(steps)
    old = Member(broker, chunk=10)
    sink = Sink(old, database, Limits(10, 1000, 0.0), clock=lambda: 0.0)
    old.open([], sink)
    old.poll(1, 0.0)  # it has its partitions, and has read nothing yet
    old.positions = {A: 1}
    broker.generation += 1  # the group goes on without it
    sink.step()
    assert database.rows["main"] == []
    assert broker.committed == {}


def test_the_batch_of_a_worker_that_lost_its_place_while_writing_is_repeated_as_it_was() -> None:
    steps = Steps()
    broker, database = Broker({A: log(A, [1, 2, 5])}, steps), Database(steps)
    old = Member(broker, chunk=10)
    sink = Sink(old, database, Limits(2, 1000, 0.0), clock=lambda: 0.0)
    old.open([], sink)
    submit = database.submit

    def lose(batch: Batch):  # type: ignore[no-untyped-def]
        broker.generation += 1
        return submit(batch)

    database.submit = lose  # type: ignore[method-assign]
    sink.step()
    database.submit = submit  # type: ignore[method-assign]
    assert broker.committed[A].metadata == '{"v":1,"pending":[1,2]}'
    work(broker, database, Limits(10, 1000, 0.0), chunk=10)
    assert sorted(database.rows["main"]) == [(A, 1), (A, 2), (A, 5)]
    assert broker.committed[A] == Committed(6, DONE)


def test_a_topic_made_anew_is_refused() -> None:
    steps = Steps()
    database = Database(steps)
    work(Broker({A: log(A, [1])}, steps), database, Limits(), chunk=10)
    anew = Broker({A: log(A, [1])}, steps, topic_id="another")
    with pytest.raises(RefusedError):
        work(anew, database, Limits(), chunk=10)


def test_a_database_that_is_emptied_is_filled_again() -> None:
    steps = Steps()
    broker = Broker({A: log(A, [1, 2, 3])}, steps)
    work(broker, Database(steps), Limits(2, 1000, 0.0), chunk=10)
    empty = Database(steps)
    broker.records[A] += log(A, [9])
    work(broker, empty, Limits(2, 1000, 0.0), chunk=10)
    assert sorted(empty.rows["main"]) == [(A, 1), (A, 2), (A, 3), (A, 9)]
