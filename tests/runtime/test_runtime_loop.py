"""The loop's decisions, one by one, on a broker in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest
from fake_log import FakeLog, Time
from structlog.testing import capture_logs
from toy import Summing

from runtime.assignment import Phase
from runtime.checkpoint import RETRY_SECONDS
from runtime.errors import AbortError, FatalError, FencedError, NotReadyError, RefusedError, RetryError, StateError
from runtime.loop import Loop
from runtime.port import Partition
from runtime.processor import Effects, Record, RecordError, State
from runtime.state import MemoryStore, MemoryStores, Position

ZERO, ONE = Partition("in", 0), Partition("in", 1)


@dataclass
class Bench:
    """A loop, its broker, its stores and its clock."""

    log: FakeLog = field(default_factory=FakeLog)
    stores: MemoryStores = field(default_factory=MemoryStores)
    time: Time = field(default_factory=Time)
    batches: list[list[int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.loop = self.new_loop()

    def new_loop(self) -> Loop:
        processor = Summing("toy", "in", "out", "changelog", lambda records: self.batches.append([r.offset for r in records]))
        return Loop(processor, self.log, self.stores, self.time.clock(), batch_records=100, poll_s=0.1)

    def fill(self, partition: Partition, *values: bytes) -> None:
        for value in values:
            self.log.add(partition, b"k%d" % partition.number, value)

    def start(self) -> None:
        self.loop.open()
        self.steps(8)

    def steps(self, count: int) -> None:
        for _ in range(count):
            self.loop.step()

    def outputs(self) -> list[bytes | None]:
        return [record.value for record in self.log.topics.get(Partition("out", 0), [])]

    def state(self, partition: Partition, key: bytes) -> bytes | None:
        return self.stores.open("in", self.log.ids.get("in", "id-1"), partition.number).get(key)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_one_batch_is_one_transaction_in_the_documented_order(bench: Bench) -> None:
    bench.fill(ZERO, b"1", b"2")
    bench.start()
    calls = [call for call in bench.log.calls if call not in {"poll", "committed", "seek"}]
    assert calls == ["begin", "produce out", "produce out", "produce changelog", "progress", "send_offsets", "commit"]
    assert bench.log.offsets == {ZERO: 2}
    assert bench.state(ZERO, b"k0") == b"3"


def test_the_local_state_is_written_after_the_commit_only(bench: Bench) -> None:
    bench.fill(ZERO, b"1")
    bench.log.fault("commit", FatalError("outcome unknown"))
    with pytest.raises(FatalError):
        bench.start()
    assert bench.state(ZERO, b"k0") is None


def test_an_abort_rewinds_and_drops_what_was_planned(bench: Bench) -> None:
    bench.fill(ZERO, b"1", b"2")
    bench.log.fault("send_offsets", AbortError("group moved on", transient=True))
    bench.start()
    assert bench.log.calls.count("abort") == 1
    assert bench.outputs() == [b"0/0/1", b"0/1/3"]
    assert bench.state(ZERO, b"k0") == b"3"


@pytest.mark.parametrize("call", ["send_offsets", "commit"])
def test_what_may_be_retried_is_retried_and_not_for_ever(bench: Bench, call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.fill(ZERO, b"1")
    bench.log.fault(call, *[RetryError("busy")] * 5)
    bench.start()
    assert bench.outputs() == [b"0/0/1"]

    bench.log.fault(call, *[RetryError("busy")] * 10)
    monkeypatch.setattr("fake_log.TICK_SECONDS", RETRY_SECONDS / 5)
    bench.fill(ZERO, b"1")
    with pytest.raises(FatalError, match="did not get through"):
        bench.steps(1)


def test_fencing_ends_the_loop_at_once(bench: Bench) -> None:
    bench.fill(ZERO, b"1")
    bench.log.fault("commit", FencedError("another"))
    with pytest.raises(FencedError):
        bench.start()
    assert "abort" not in bench.log.calls  # a fenced producer has nothing to abort
    assert bench.outputs() == []


def test_an_exception_singles_out_its_record_and_the_others_go_on(bench: Bench) -> None:
    bench.fill(ZERO, b"1", b"2", b"poison", b"3")
    bench.fill(ONE, b"5", b"6")
    with capture_logs() as logs:
        bench.start()
    assert bench.loop.phases() == {ZERO: Phase.STOPPED, ONE: Phase.RUNNING}
    assert bench.log.offsets == {ZERO: 2, ONE: 2}
    assert sorted(bench.outputs()) == [b"0/0/1", b"0/1/3", b"1/0/5", b"1/1/11"]
    assert [line["offset"] for line in logs if line.get("alert")] == [2]
    bench.fill(ONE, b"7")
    bench.steps(2)
    assert bench.log.offsets == {ZERO: 2, ONE: 3}


@pytest.mark.parametrize("records", [1, 3])
def test_damaged_state_is_restored_and_no_record_is_blamed_for_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, records: int
) -> None:
    """Also where the processor makes an error of its own out of what the store raised."""
    bench.fill(ZERO, b"1", b"2")
    bench.fill(ONE, b"5")
    bench.start()
    get, faults = MemoryStore.get, [StateError("a flipped bit", damaged=True)]

    def damaged(store: MemoryStore, key: bytes) -> bytes | None:
        if key == b"k0" and faults:
            try:
                raise faults.pop()
            except StateError as fault:
                raise ValueError("the processor's own") from fault
        return get(store, key)

    monkeypatch.setattr(MemoryStore, "get", damaged)
    bench.fill(ZERO, *[b"3"] * records)
    bench.fill(ONE, b"6")
    with capture_logs() as logs:
        bench.steps(8)
    assert not faults
    assert bench.loop.phases() == {ZERO: Phase.RUNNING, ONE: Phase.RUNNING}
    assert bench.state(ZERO, b"k0") == b"%d" % (3 + 3 * records)
    assert bench.state(ONE, b"k1") == b"11"
    assert [line["reason"] for line in logs if line["event"] == "local state is discarded"] == ["a flipped bit"]
    assert not [line for line in logs if line.get("alert")]


def test_state_that_a_person_must_mend_ends_the_worker(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the commit, so the next worker finds a store that is behind what is committed."""
    write = MemoryStore.write

    def full(store: MemoryStore, writes: Mapping[bytes, bytes | None], position: Position) -> None:
        if writes:
            raise StateError("No space left on device", damaged=False)
        write(store, writes, position)

    bench.fill(ZERO, b"1", b"2")
    monkeypatch.setattr(MemoryStore, "write", full)
    with pytest.raises(StateError, match="No space left"):
        bench.start()
    assert bench.log.offsets == {ZERO: 2}
    monkeypatch.undo()
    bench.loop.close()
    bench.loop = bench.new_loop()
    bench.start()
    bench.fill(ZERO, b"3")
    bench.steps(2)
    assert bench.outputs() == [b"0/0/1", b"0/1/3", b"0/2/6"]


def test_the_alert_names_what_the_record_is_about(bench: Bench) -> None:
    """From its headers, since an abort has nothing else to say, and from the processor where that knows better."""

    class Knowing(Summing):
        def process(self, records: Sequence[Record], state: State) -> Effects:
            if any(record.value == b"7" for record in records):
                raise RecordError("a bug", event_id="urn:event:7", site="mill", source=None)
            return super().process(records, state)

    bench.loop = Loop(
        Knowing("toy", "in", "out", "changelog"), bench.log, bench.stores, bench.time.clock(), batch_records=9, poll_s=0.1
    )
    bench.log.add(ZERO, b"k", b"7", (("ce_id", b"entry-7"), ("ce_subject", b"mill\n{forged}"), ("odd", None)))  # type: ignore[arg-type]
    bench.log.add(ONE, b"k", b"8", (("ce_id", b"entry-8"),))
    bench.log.fault("commit", *[AbortError("too large", transient=False)] * 6)
    with capture_logs() as logs:
        bench.start()
        bench.steps(4)
    stopped = {line["record_id"]: line for line in logs if line.get("alert")}
    assert stopped.keys() == {"entry-7", "entry-8"}
    assert stopped["entry-7"]["event_id"] == "urn:event:7"
    assert stopped["entry-7"]["site"] == "mill"
    assert "source" not in stopped["entry-7"]
    assert "event_id" not in stopped["entry-8"]
    assert all(line["event_id"] == "urn:event:7" for line in logs if line["event"] == "processing failed")


def test_one_by_one_ends_when_the_bad_batch_is_behind(bench: Bench) -> None:
    failing = [True]

    class FailsOnce(Summing):
        def process(self, records: Sequence[Record], state: State) -> Effects:
            if len(records) > 1 and failing:
                failing.clear()
                raise ValueError("in company only")
            return super().process(records, state)

    bench.loop = Loop(
        FailsOnce("toy", "in", "out", "changelog", lambda records: bench.batches.append([r.offset for r in records])),
        bench.log,
        bench.stores,
        bench.time.clock(),
        batch_records=100,
        poll_s=0.1,
    )
    bench.fill(ZERO, b"1", b"2", b"3")
    bench.start()
    bench.fill(ZERO, b"4", b"5")
    bench.steps(2)
    assert bench.batches == [[0], [1], [2], [3, 4]]
    assert bench.outputs() == [b"0/0/1", b"0/1/3", b"0/2/6", b"0/3/10", b"0/4/15"]


def test_three_aborts_at_one_offset_single_out_and_three_more_stop(bench: Bench) -> None:
    bench.fill(ZERO, b"1", b"2")
    bench.log.fault("commit", *[AbortError("too large", transient=False)] * 6)
    bench.start()
    assert bench.batches == [[0, 1]] * 3 + [[0]] * 3
    assert bench.loop.phases() == {ZERO: Phase.STOPPED, ONE: Phase.RUNNING}
    assert bench.log.offsets == {}


def test_an_outage_stops_no_partition(bench: Bench) -> None:
    bench.fill(ZERO, b"1", b"2")
    bench.log.fault("commit", *[AbortError("broker away", transient=True)] * 50)
    bench.start()
    bench.steps(50)
    assert bench.loop.phases() == {ZERO: Phase.RUNNING, ONE: Phase.RUNNING}
    assert bench.outputs() == [b"0/0/1", b"0/1/3"]


def test_records_of_partitions_that_are_gone_are_dropped(bench: Bench) -> None:
    bench.start()
    bench.fill(ZERO, b"1")
    bench.log.rebalances.append(("revoked", [ZERO]))
    bench.log.one_fetch_late = list(bench.log.topics[ZERO])
    bench.steps(2)
    assert bench.outputs() == []
    assert ZERO not in bench.loop.phases()


def test_a_partition_that_comes_back_is_restored_before_its_next_record(bench: Bench) -> None:
    bench.fill(ZERO, b"1")
    bench.start()
    bench.log.rebalances.append(("revoked", [ZERO]))
    bench.steps(1)
    other = Bench(bench.log, MemoryStores(), bench.time)  # meanwhile another worker goes on with it
    bench.fill(ZERO, b"10")
    other.start()
    other.loop.close()
    bench.log.listener = bench.loop
    bench.log.rebalances.append(("assigned", [ZERO]))
    bench.fill(ZERO, b"100")
    bench.steps(6)
    assert bench.outputs() == [b"0/0/1", b"0/1/11", b"0/2/111"]


def test_a_partition_that_cannot_be_rewound_is_positioned_anew(bench: Bench) -> None:
    bench.start()
    bench.fill(ZERO, b"1", b"2")
    bench.log.fault("commit", AbortError("group moved on", transient=True))
    bench.log.fault("seek", NotReadyError("just being moved"))
    bench.steps(6)
    assert bench.outputs() == [b"0/0/1", b"0/1/3"]


def test_what_was_fetched_before_a_partition_is_positioned_is_dropped(bench: Bench) -> None:
    bench.loop = Loop(
        Summing("toy", "in", "out", "changelog"), bench.log, bench.stores, bench.time.clock(), batch_records=1, poll_s=0.1
    )
    bench.start()
    bench.fill(ZERO, b"1", b"2", b"3", b"4", b"5", b"6")
    bench.log.fault("commit", AbortError("group moved on", transient=True))
    bench.log.fault("seek", NotReadyError("just being moved"))
    bench.steps(12)  # while the partition is positioned anew, poll goes on handing out what comes after the record that failed
    assert bench.outputs() == [b"0/0/1", b"0/1/3", b"0/2/6", b"0/3/10", b"0/4/15", b"0/5/21"]


def test_the_runtimes_own_key_is_not_for_processors(bench: Bench) -> None:
    class Trespassing(Summing):
        def process(self, records: Sequence[Record], state: State) -> Effects:
            return Effects([], {b"__offset": b"1"})

    bench.loop = Loop(
        Trespassing("toy", "in", "out", "changelog"), bench.log, bench.stores, bench.time.clock(), batch_records=9, poll_s=0.1
    )
    bench.fill(ZERO, b"1")
    bench.start()
    assert bench.loop.phases()[ZERO] is Phase.STOPPED


@pytest.mark.parametrize("inputs", [("a", "b"), ("^a.*",)])
def test_state_needs_exactly_one_input(bench: Bench, inputs: tuple[str, ...]) -> None:
    processor = Summing("toy", "in", "out", "changelog")
    processor.inputs = inputs  # type: ignore[assignment]
    with pytest.raises(RefusedError, match="exactly one topic"):
        Loop(processor, bench.log, bench.stores, bench.time.clock(), batch_records=1, poll_s=0.1)


def test_stop_finishes_the_round_and_closes(bench: Bench) -> None:
    bench.fill(ZERO, b"1")
    processor = Summing("toy", "in", "out", "changelog", lambda records: loop.stop())
    loop = Loop(processor, bench.log, bench.stores, bench.time.clock(), batch_records=100, poll_s=0.1)
    loop.run()
    assert bench.outputs() == [b"0/0/1"]
    assert loop.phases() == {}
