"""The loop on real Kafka: whatever happens, what readers of committed records see is what a fresh fold of the input gives."""

import random
import shutil
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from broker_tools import Playground, wait
from structlog.testing import capture_logs

from runtime.assignment import Phase
from runtime.errors import AbortError, FencedError, LockedError, RefusedError
from runtime.kafka import KafkaLog
from runtime.port import Partition
from runtime.processor import Effects, Output, Record, State
from runtime.worker import make_loop

pytestmark = pytest.mark.kafka

MANY = [(f"k{number % 7}", str(number)) for number in range(300)]


@pytest.fixture
def playground(kafka: str, tmp_path: Path) -> Playground:
    return Playground(kafka, tmp_path)


def process_all(playground: Playground) -> None:
    loop = playground.loop()
    with playground.running(loop):
        playground.run_until(playground.done, loop)


def test_a_restart_goes_on_from_the_committed_state(playground: Playground) -> None:
    playground.send(*MANY)
    process_all(playground)
    playground.send(*MANY[:50])
    seen: list[int] = []
    loop = playground.loop(watch=lambda records: seen.extend(record.offset for record in records))
    with playground.running(loop), capture_logs() as logs:
        playground.run_until(playground.done, loop)
    assert len(seen) == 50  # nothing was processed a second time
    assert [line["restored"] for line in logs if line["event"] == "partition runs"] == [0, 0]  # and the local state was used


def test_state_that_is_gone_comes_back_from_the_changelog(playground: Playground) -> None:
    playground.send(*MANY)
    process_all(playground)
    shutil.rmtree(playground.folder / "state")
    playground.send(*MANY[:50])
    with capture_logs() as logs:
        process_all(playground)
    assert sum(line["restored"] for line in logs if line["event"] == "partition runs") > 7


def test_the_changelog_has_one_progress_record_for_every_batch(playground: Playground) -> None:
    batches: list[int] = []
    playground.send(*MANY)
    loop = playground.loop(watch=lambda records: batches.append(records[0].partition))
    with playground.running(loop):
        playground.run_until(playground.done, loop)
    progress = [record.partition for record in playground.read(playground.changelog) if record.key == b"__offset"]
    assert progress == sorted(batches)


def test_an_abort_leaves_nothing_and_everything_is_done_again(playground: Playground, monkeypatch: pytest.MonkeyPatch) -> None:
    faults = [AbortError("made up by the test", transient=True) for _ in range(2)]
    commit = KafkaLog.commit

    def faulty(log: KafkaLog) -> Mapping[Partition, int]:
        if faults:
            log._producer.flush(10)  # so that the records are in the topic, and only the abort takes them back
            raise faults.pop()
        return commit(log)

    monkeypatch.setattr(KafkaLog, "commit", faulty)
    playground.send(*MANY)
    process_all(playground)
    written = sum(map(len, playground.outputs("read_uncommitted").values()))
    assert written > len(MANY)  # the aborted ones are there for who does not filter


def test_kill_between_produce_and_commit_loses_and_doubles_nothing(playground: Playground) -> None:
    playground.send(*MANY)
    victim = playground.worker("hang")
    assert victim.stdout is not None
    assert victim.stdout.readline() == "produced, not committed\n"
    victim.send_signal(signal.SIGKILL)
    assert victim.wait(10) == -signal.SIGKILL
    assert playground.outputs("read_uncommitted")  # the kill hit where it should

    successor = playground.worker("run")
    wait("the successor has done everything", playground.done)
    successor.send_signal(signal.SIGTERM)
    assert successor.wait(20) == 0
    assert playground.done()


def test_sigterm_ends_a_worker_cleanly_and_its_folder_has_one_owner(playground: Playground) -> None:
    worker = playground.worker()
    playground.send(*MANY)
    wait("the worker has done everything", playground.done)
    with pytest.raises(LockedError, match="already runs"):
        playground.loop()
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) == 0
    assert '"event": "worker ends"' in (playground.folder / "one.log").read_text()
    playground.loop().close()  # the lock is free


def test_two_workers_share_and_one_takes_over_what_the_other_leaves(playground: Playground) -> None:
    first, second = playground.loop("first"), playground.loop("second")
    with playground.running(first):
        with playground.running(second):
            playground.run_until(lambda: sorted(map(len, (first.phases(), second.phases()))) == [1, 1], first, second)
            playground.send(*MANY)
            playground.run_until(playground.done, first, second)
        playground.send(*MANY)
        # A static member's place is kept for the session time-out, also when it leaves for good.
        playground.run_until(playground.done, first)
        assert len(first.phases()) == 2


def test_a_poison_record_stops_only_its_own_partition(playground: Playground) -> None:
    playground.send(*[(f"a{number}", "1") for number in range(20)], partition=0)
    playground.send(("bad", "poison"), ("after", "1"), partition=0)
    playground.send(*[(f"b{number}", "1") for number in range(20)], partition=1)
    stopped, good = Partition(playground.source, 0), Partition(playground.source, 1)
    loop = playground.loop()
    with playground.running(loop), capture_logs() as logs:
        playground.run_until(lambda: loop.phases().get(stopped) is Phase.STOPPED, loop)
        playground.send(("b0", "5"), partition=1)
        playground.run_until(lambda: playground.committed(1) == 21, loop)
        assert loop.phases()[good] is Phase.RUNNING
    assert playground.committed(0) == 20  # everything before the bad one is done, and nothing after it
    outputs = playground.outputs()
    assert sum(map(len, outputs.values())) == 41
    assert b"after" not in outputs
    (alert,) = [line for line in logs if line.get("alert")]
    assert (alert["log_level"], alert["partition"], alert["offset"]) == ("critical", 0, 20)


def test_what_makes_every_transaction_abort_is_singled_out(kafka: str, tmp_path: Path) -> None:
    playground = Playground(kafka, tmp_path, make=False)
    playground.make_topics(playground.source)
    playground.make_topics(playground.target, config={"max.message.bytes": "10000"})
    playground.make_topics(playground.changelog, config={"cleanup.policy": "compact"})
    playground.send(("a", "1"), ("b", "1"), (random_text(20_000), "1"), ("after", "1"), partition=0)  # its output is too large
    playground.send(("c", "1"), ("d", "1"), partition=1)
    loop = playground.loop()
    with playground.running(loop):
        playground.run_until(lambda: loop.phases().get(Partition(playground.source, 0)) is Phase.STOPPED, loop)
        playground.run_until(lambda: playground.committed(1) == 2, loop)
    assert playground.committed(0) == 2
    assert sorted(playground.outputs()) == [b"a", b"b", b"c", b"d"]


def random_text(length: int) -> str:
    """Text that does not compress, the same every time."""
    return "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=length))  # noqa: S311  # not a secret


def test_a_zombie_writes_nothing(playground: Playground) -> None:
    twin = playground.loop(folder=playground.folder / "elsewhere")
    started: list[bool] = []

    def take_over(_: Sequence[Record]) -> None:
        if not started:  # the zombie has its records, and before it writes, another process becomes this instance
            started.append(True)
            twin.open()

    zombie = playground.loop(watch=take_over)
    playground.send(*MANY)
    zombie.open()
    try:
        with pytest.raises(FencedError, match="LODESTREAM_INSTANCE"):
            playground.run_until(lambda: False, zombie, seconds=20)
        assert playground.outputs() == {}
    finally:
        zombie.close()
    try:
        playground.run_until(playground.done, twin)
    finally:
        twin.close()


def test_a_topic_made_anew_is_not_taken_for_the_old_one(playground: Playground) -> None:
    playground.send(*MANY)
    process_all(playground)
    make_anew(playground, playground.source)
    playground.send(*MANY[:20])
    loop = playground.loop()
    with pytest.raises(RefusedError, match="made anew on purpose"), playground.running(loop):
        playground.run_until(lambda: False, loop, seconds=20)

    # What the message tells the operator to do gives a state built from the first record, whatever lies in the folder.
    make_anew(playground, playground.changelog)
    make_anew(playground, playground.target)
    process_all(playground)


def make_anew(playground: Playground, topic: str) -> None:
    playground.remove_topic(topic)
    wait(f"{topic} is gone", lambda: not playground.exists(topic))
    playground.make_topics(topic)


class Copying:
    """A processor without state: copies what comes from any topic of a pattern."""

    changelog = None

    def __init__(self, playground: Playground) -> None:
        self.name = playground.name
        self.inputs = (f"^{playground.name}\\.inbox\\..*",)
        self._target = playground.target

    def process(self, records: Sequence[Record], state: State) -> Effects:
        assert state.get(b"anything") is None
        return Effects(
            [Output(self._target, r.key or b"", r.value, (*r.headers, ("from", r.topic.encode()))) for r in records], {}
        )


def test_a_processor_without_state_reads_new_topics_of_its_pattern(playground: Playground) -> None:
    def send(*texts: str) -> None:
        for text in texts:
            playground.send(("k", text), topic=f"{playground.name}.inbox.{text}")

    def seen(*texts: str) -> bool:
        return sorted(record.value for record in playground.read(playground.target)) == sorted(text.encode() for text in texts)

    def inboxes(*texts: str) -> None:
        playground.make_topics(*[f"{playground.name}.inbox.{text}" for text in texts])

    settings = playground.settings(options={"topic.metadata.refresh.interval.ms": "500"})
    inboxes("one", "two")
    send("one", "two")
    loop = make_loop(Copying(playground), settings)
    with playground.running(loop):
        playground.run_until(lambda: seen("one", "two"), loop)
        inboxes("three")
        send("three")
        playground.run_until(lambda: seen("one", "two", "three"), loop)
    loop = make_loop(Copying(playground), settings)
    send("one")
    with playground.running(loop):
        playground.run_until(lambda: seen("one", "one", "two", "three"), loop)
    assert not list(playground.folder.glob("state/**/*@*"))
