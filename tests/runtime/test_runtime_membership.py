"""No partition is left with nobody: kill -9 between the two halves of a cooperative rebalance, and whom it makes join anew."""

import json
import signal
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from broker_tools import Playground, wait
from confluent_kafka import ConsumerGroupState, KafkaError, KafkaException, TopicPartition

from runtime import membership
from runtime.membership import Membership


@pytest.mark.kafka
def test_what_a_killed_worker_was_to_give_away_finds_an_owner(kafka: str, tmp_path: Path) -> None:
    """It dies as it gives a partition to a second worker, and comes back at once: in a group at rest, as a static member.

    On a machine where that takes longer than its session the group makes a rebalance by itself, and this proves less.
    """
    playground = Playground(kafka, tmp_path)
    victim = playground.worker("give", "first")
    wait("the first worker has both", lambda: runs(playground, "first") == 2)
    other = playground.worker("run", "second")
    assert victim.wait(30) == -signal.SIGKILL
    successor = playground.worker("run", "first")
    wait("the second worker has what was given away", lambda: runs(playground, "second") >= 1)
    playground.send(*[(f"k{n}", "1") for n in range(20)])
    wait("everything is done", playground.done)
    for worker in (other, successor):
        worker.send_signal(signal.SIGTERM)
    assert [worker.wait(20) for worker in (other, successor)] == [0, 0]


def runs(playground: Playground, instance: str) -> int:
    """How many partitions it has begun to run."""
    lines = (playground.folder / f"{instance}.log").read_text().splitlines()
    return sum(json.loads(line)["event"] == "partition runs" for line in lines if line.startswith("{"))


@pytest.mark.embedded
def test_the_embedded_broker_tells_of_no_members_and_nobody_is_missed(embedded_broker: str, tmp_path: Path) -> None:
    playground = Playground(embedded_broker, tmp_path)
    loop = playground.loop()
    with playground.running(loop):
        here = loop._log._membership
        playground.run_until(lambda: loop.phases() and here._ask_at > 0, loop)
        told = here._ask_at
        playground.run_until(lambda: here._ask_at > told, loop)
        assert here._orphaned_since is None


# --- whom it makes join anew, without a broker ---------------------------------------------------------------------------------


class Group:
    """The consumer and the admin client of member `me`, in a group that is as `has` says."""

    def __init__(self, **has: list[int]) -> None:
        self.has, self.state, self.calls = has, ConsumerGroupState.STABLE, list[str]()
        self.ours = has["me"]
        self.asked = 0
        self.refuses = False

    def describe_consumer_groups(self, groups: list[str], request_timeout: float) -> dict[str, Future[Any]]:
        self.asked += 1
        answer: Future[Any] = Future()
        if self.refuses:
            answer.set_exception(KafkaException(KafkaError(KafkaError.GROUP_AUTHORIZATION_FAILED)))
        else:
            members = [_member(name, numbers) for name, numbers in self.has.items()]
            answer.set_result(SimpleNamespace(state=self.state, members=members))
        return {groups[0]: answer}

    def assignment(self) -> list[TopicPartition]:
        return _at(self.ours)

    def memberid(self) -> str:
        return "me"

    def list_topics(self, timeout: float) -> Any:
        return SimpleNamespace(topics={name: SimpleNamespace(partitions=range(4)) for name in ("in.a", "in.b", "other")})

    def subscribe(self, topics: list[str], on_assign: Any, **_: object) -> None:
        self.calls.append(f"subscribe {','.join(topics)}")
        self.decide = lambda: on_assign(self, self.assignment())

    def unsubscribe(self) -> None:
        self.calls.append("unsubscribe")


def _member(name: str, numbers: list[int]) -> SimpleNamespace:
    return SimpleNamespace(member_id=name, assignment=SimpleNamespace(topic_partitions=_at(numbers)))


def _at(numbers: list[int]) -> list[TopicPartition]:
    return [TopicPartition("in.a", n) for n in numbers]


class Clock:
    """Moves when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(membership, "time", SimpleNamespace(monotonic=lambda: self.now))


def watched(group: Group, topics: list[str] | None = None) -> Membership:
    made = Membership(group, group, "g", patience_s=6.0)  # type: ignore[arg-type]
    made.join(topics or ["in.a"], lambda *_: None, lambda *_: None)
    group.calls.clear()
    made.look()
    assert group.asked == 0, "nobody is asked before the group has decided"
    group.decide()
    return made


def pass_time(clock: Clock, member: Membership, seconds: int) -> None:
    for _ in range(seconds * 2):
        clock.now += 0.5
        member.look()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_nobody_is_asked_any_more_once_every_partition_has_somebody(clock: Clock) -> None:
    group = Group(me=[2, 3], you=[0, 1])
    member = watched(group)
    pass_time(clock, member, 60)
    assert (group.asked, group.calls) == (1, [])


def test_it_joins_anew_when_some_have_had_nobody_for_as_long_as_a_session(clock: Clock) -> None:
    group = Group(me=[2, 3], you=[])
    member = watched(group)
    pass_time(clock, member, 5)
    assert group.calls == []
    pass_time(clock, member, 4)
    assert group.calls == ["unsubscribe", "subscribe in.a"]


def test_a_rebalance_under_way_has_its_time(clock: Clock) -> None:
    group = Group(me=[2, 3], you=[])
    member = watched(group)
    for hidden in ("state", "ours"):
        pass_time(clock, member, 4)
        usual = getattr(group, hidden)
        setattr(group, hidden, {"state": ConsumerGroupState.PREPARING_REBALANCING, "ours": [2]}[hidden])
        pass_time(clock, member, 4)  # what is told is not what we have
        setattr(group, hidden, usual)
    group.has["you"] = [0, 1]
    pass_time(clock, member, 60)
    assert group.calls == []


def test_where_nobody_may_ask_nothing_is_done(clock: Clock) -> None:
    group = Group(me=[], you=[])
    group.refuses = True
    member = watched(group)
    pass_time(clock, member, 60)
    assert group.calls == []
    assert 5 < group.asked < 12  # a broker that is away comes back


def test_a_pattern_is_about_every_topic_that_it_names(clock: Clock) -> None:
    group = Group(me=[0, 1, 2, 3])
    member = watched(group, ["^in\\..*"])
    pass_time(clock, member, 10)
    assert group.calls == ["unsubscribe", "subscribe ^in\\..*"]  # in.b has nobody
