"""The simulated broker keeps Kafka's rules: a simulator that is kinder than Kafka would prove nothing."""

import random
from dataclasses import dataclass

import pytest

from runtime.port import Partition
from tests.simulation.broker import (
    DELETE_RETENTION_MS,
    TRANSACTION_TIMEOUT_MS,
    Broker,
    InvalidEpochError,
    ProducerFencedError,
)
from tests.simulation.group import (
    SESSION_TIMEOUT_MS,
    FencedInstanceError,
    Group,
    IllegalGenerationError,
    UnknownMemberError,
)

ONE = Partition("t", 0)
PARTITIONS = [Partition("in", number) for number in range(4)]


@dataclass
class Time:
    now: int = 0


@dataclass
class Heart:
    silent_since: int | None = None


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def broker(time: Time) -> Broker:
    broker = Broker(random.Random(1), lambda: time.now)  # noqa: S311  # it is to be repeatable
    broker.slow = 0.0
    broker.make("t", 1)
    return broker


def values(broker: Broker) -> list[bytes | None]:
    return [record.value for record in broker.committed_records("t")]


def write(broker: Broker, name: str, epoch: int, key: bytes, value: bytes | None) -> None:
    broker.append("t", key, value, txn=broker.open(name, epoch))


def test_a_marker_takes_an_offset_and_what_is_aborted_is_not_read(broker: Broker) -> None:
    epoch = broker.init("a", "process")
    for value, commit in ((b"1", False), (b"2", True)):
        write(broker, "a", epoch, b"k", value)
        broker.end("a", epoch, commit=commit)
    assert values(broker) == [b"2"]
    assert broker.log(ONE).end == 4
    assert [record.value for record in broker.log(ONE).uncommitted(0)] == [b"1", b"2"]


def test_an_open_transaction_hides_what_others_committed_behind_it(broker: Broker, time: Time) -> None:
    a, b = broker.init("a", "one"), broker.init("b", "two")
    write(broker, "a", a, b"k", b"open")
    write(broker, "b", b, b"k", b"committed")
    broker.end("b", b, commit=True)
    assert values(broker) == []
    assert broker.log(ONE).stable() == 0
    time.now = TRANSACTION_TIMEOUT_MS
    broker.tick()
    assert values(broker) == [b"committed"]
    with pytest.raises(InvalidEpochError):
        write(broker, "a", a, b"k", b"late")
    write(broker, "a", broker.again("a", a), b"k", b"again")
    broker.end("a", broker.producers["a"].epoch, commit=True)
    assert values(broker) == [b"committed", b"again"]


def test_a_new_process_aborts_what_is_open_and_fences_the_old_one(broker: Broker) -> None:
    old = broker.init("a", "old")
    write(broker, "a", old, b"k", b"1")
    new = broker.init("a", "new")
    with pytest.raises(ProducerFencedError):
        write(broker, "a", old, b"k", b"2")
    with pytest.raises(ProducerFencedError):
        broker.end("a", old, commit=True)
    with pytest.raises(ProducerFencedError):
        broker.again("a", old)
    write(broker, "a", new, b"k", b"3")
    broker.end("a", new, commit=True)
    assert values(broker) == [b"3"]


def test_a_commit_is_answered_before_its_markers_are_there(broker: Broker, time: Time) -> None:
    broker.slow = 1.0
    epoch = broker.init("a", "process")
    write(broker, "a", epoch, b"k", b"1")
    broker.add_offsets(broker.open("a", epoch), "g", {ONE: 5})
    broker.end("a", epoch, commit=True)
    assert values(broker) == []
    assert broker.committed("g", ONE) == (False, None)
    time.now = broker.next_ms() or 0
    broker.tick()
    time.now += 30_000
    broker.tick()
    assert values(broker) == [b"1"]
    assert broker.committed("g", ONE) == (True, 5)


def test_compaction_keeps_offsets_the_last_values_and_young_tombstones(broker: Broker, time: Time) -> None:
    epoch = broker.init("a", "process")
    for value in (b"1", b"2", None):
        write(broker, "a", epoch, b"gone", value)
    for value in (b"1", b"2"):
        write(broker, "a", epoch, b"kept", value)
    broker.end("a", epoch, commit=True)
    log = broker.log(ONE)
    log.compact(log.end, time.now)
    assert [(record.offset, record.key, record.value) for record in log.committed(0)] == [(2, b"gone", None), (4, b"kept", b"2")]
    time.now = DELETE_RETENTION_MS
    log.compact(log.end, time.now)
    assert [record.offset for record in log.committed(0)] == [4]
    assert log.end == 6


def test_a_topic_made_anew_has_another_id_and_no_offsets(broker: Broker) -> None:
    epoch = broker.init("a", "process")
    broker.add_offsets(broker.open("a", epoch), "g", {ONE: 5})
    broker.end("a", epoch, commit=True)
    before = broker.facts("t").id
    broker.make("t", 1)
    assert broker.facts("t").id != before
    assert broker.committed("g", ONE) == (True, None)


def poll(group: Group, name: str, has: list[Partition]) -> list[Partition]:
    """What a member does in poll: take what is given, let go of what is taken, and join again where that is asked."""
    member = group.members[name]
    has, had = list(member.assignment), has
    if set(had) - set(has):
        group.rebalance()
    if group.rebalancing and not member.joined:
        group.rejoin(name, has)
    return has


def test_a_partition_moves_in_two_rounds_and_has_one_owner_at_a_time() -> None:
    group = Group(PARTITIONS)
    a = group.join("a", Heart())
    of_a = poll(group, a, [])
    assert of_a == PARTITIONS
    b = group.join("b", Heart())
    of_b: list[Partition] = []
    for _ in range(3):
        of_a = poll(group, a, of_a)
        of_b = poll(group, b, of_b)
        assert not set(of_a) & set(of_b)
    assert sorted(of_a + of_b) == PARTITIONS
    assert len(of_a) == len(of_b) == 2
    with pytest.raises(IllegalGenerationError):
        group.check(a, "a", 1)


def test_a_static_member_comes_back_to_its_place_and_fences_the_old_process() -> None:
    group = Group(PARTITIONS)
    old = group.join("a", Heart())
    generation = group.generation
    new = group.join("a", Heart())
    assert group.generation == generation
    assert group.members[new].assignment == PARTITIONS
    with pytest.raises(FencedInstanceError):
        group.check(old, "a", generation)
    group.check(new, "a", generation)


def test_who_is_silent_for_too_long_is_out() -> None:
    group, heart = Group(PARTITIONS), Heart()
    a, b = group.join("a", heart), group.join("b", Heart())
    group.rejoin(a, PARTITIONS)
    heart.silent_since = 100
    group.tick(100 + SESSION_TIMEOUT_MS - 1)
    assert a in group.members
    group.tick(100 + SESSION_TIMEOUT_MS)
    group.rejoin(b, [])
    assert group.members[b].assignment == PARTITIONS
    with pytest.raises(UnknownMemberError):
        group.check(a, "a", group.generation)
