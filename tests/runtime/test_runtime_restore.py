"""The check on start (runtime-rules, sections 1 and 3): where a partition goes on, and when it must not."""

import pytest
from fake_log import FakeLog
from test_runtime_loop import ONE, ZERO, Bench

from runtime.assignment import Phase
from runtime.errors import RefusedError, RetryError
from runtime.port import Partition
from runtime.restore import PATIENCE_SECONDS
from runtime.state import OFFSET_KEY, MemoryStores

CHANGELOG = Partition("changelog", 0)


@pytest.fixture
def before() -> Bench:
    """A worker that has processed three records of partition 0 and stopped."""
    bench = Bench()
    bench.fill(ZERO, b"1", b"2", b"3")
    bench.start()
    bench.loop.close()
    assert bench.outputs()[-1] == b"0/2/6"
    return bench


def again(bench: Bench, stores: MemoryStores | None = None) -> Bench:
    """Another process, which finds the folder or not."""
    return Bench(bench.log, bench.stores if stores is None else stores, bench.time)


def patience(bench: Bench) -> None:
    bench.time.seconds += PATIENCE_SECONDS


def test_the_state_and_the_offset_agree(before: Bench) -> None:
    after = again(before)
    after.fill(ZERO, b"4")
    after.start()
    assert after.outputs()[3:] == [b"0/3/10"]


def test_a_lost_folder_is_restored_with_deletions(before: Bench) -> None:
    before.log.add(CHANGELOG, b"gone", b"1")
    before.log.add(CHANGELOG, b"gone", None)
    after = again(before, MemoryStores())
    after.fill(ZERO, b"4")
    after.start()
    assert after.outputs()[3:] == [b"0/3/10"]
    assert after.state(ZERO, b"gone") is None


def test_a_group_that_forgot_goes_on_from_the_state(before: Bench) -> None:
    before.log.offsets.clear()
    after = again(before)
    after.fill(ZERO, b"4")
    after.start()
    assert after.outputs()[3:] == [b"0/3/10"]


def test_what_lies_between_an_older_offset_and_the_state_is_skipped(before: Bench) -> None:
    before.log.offsets[ZERO] = 1
    after = again(before)
    after.fill(ZERO, b"4")
    after.start()
    assert after.outputs()[3:] == [b"0/3/10"]


@pytest.mark.parametrize("keep", [0, 2])
def test_a_changelog_that_lost_something_is_refused(before: Bench, keep: int) -> None:
    before.fill(ZERO, b"4")
    Bench(before.log, MemoryStores(), before.time).start()
    assert before.log.offsets[ZERO] == 4
    del before.log.topics[CHANGELOG][keep:]
    after = again(before, MemoryStores())
    after.start()
    assert after.loop.phases()[ZERO] is Phase.RESTORING
    assert after.loop.phases()[ONE] is Phase.RUNNING  # the others do not wait for it
    patience(after)
    with pytest.raises(RefusedError, match="state is lost"):
        after.steps(4)


def test_a_changelog_that_is_only_late_is_waited_for(before: Bench) -> None:
    late = before.log.topics[CHANGELOG].pop()
    after = again(before, MemoryStores())
    after.start()
    assert after.loop.phases()[ZERO] is Phase.RESTORING
    before.log.topics[CHANGELOG].append(late)
    after.steps(6)
    assert after.loop.phases()[ZERO] is Phase.RUNNING


def test_an_offset_that_is_still_open_is_waited_for(before: Bench) -> None:
    after = again(before)
    after.log.fault("committed", *[RetryError("a transaction is open")] * 5)
    after.start()
    after.steps(8)
    assert set(after.loop.phases().values()) == {Phase.RUNNING}


def test_records_deleted_before_they_were_read_are_not_passed_over(before: Bench) -> None:
    before.log.firsts[ZERO] = 5
    with pytest.raises(RefusedError, match="records 3 to 4 were deleted"):
        again(before).start()


def test_a_topic_made_anew_needs_a_new_changelog(before: Bench) -> None:
    before.log.ids["in"] = "id-2"
    before.log.offsets.clear()
    with pytest.raises(RefusedError, match="another topic"):
        again(before).start()


def test_partition_counts_must_agree(before: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    topic = FakeLog.topic

    def odd(log: FakeLog, name: str) -> object:
        log.partitions = 3 if name == "changelog" else 2
        return topic(log, name)

    monkeypatch.setattr(FakeLog, "topic", odd)
    with pytest.raises(RefusedError, match="2 partitions and changelog 3"):
        again(before).start()


def test_a_foreign_record_in_the_changelog_is_named(before: Bench) -> None:
    before.log.add(CHANGELOG, b"__offset", b"not ours")
    with pytest.raises(RefusedError, match="changelog partition 0 offset 2"):
        again(before).start()


def distrusted(bench: Bench) -> bool:
    """Whether the folder's state was thrown away: a mark in it that the changelog does not know is gone."""
    store = bench.stores.open("in", "id-1", 0)
    position = store.position()
    assert position is not None
    store.write({b"mark": b"1"}, position)
    after = again(bench)
    after.start()
    assert after.loop.phases()[ZERO] is Phase.RUNNING
    return after.state(ZERO, b"mark") is None


def test_a_store_is_trusted_for_half_of_the_time_that_deletions_are_kept(before: Bench) -> None:
    before.time.wall_ms += before.log.delete_retention_ms // 2
    assert not distrusted(before)
    before.time.wall_ms += before.log.delete_retention_ms // 2 + 1
    assert distrusted(before)


def test_a_store_older_than_the_changelogs_start_is_discarded(before: Bench) -> None:
    before.fill(ZERO, b"4")
    Bench(before.log, MemoryStores(), before.time).start()
    before.log.firsts[CHANGELOG] = 3  # compaction may do this; the last value of each key is still there
    assert distrusted(before)


def test_a_store_of_another_changelog_is_discarded(before: Bench) -> None:
    before.log.ids["changelog"] = "id-2"
    assert distrusted(before)


@pytest.mark.parametrize("position", [b"rubbish", b"[1]", None])
def test_a_store_whose_position_cannot_be_read_is_discarded(before: Bench, position: bytes | None) -> None:
    data = before.stores._data["in", "id-1", 0]
    data[b"mark"] = b"1"  # a key that was deleted since, perhaps, and its tombstone compacted away
    if position is None:
        del data[OFFSET_KEY]
    else:
        data[OFFSET_KEY] = position
    after = again(before)
    after.fill(ZERO, b"4")
    after.start()
    assert after.outputs()[3:] == [b"0/3/10"]
    assert after.state(ZERO, b"mark") is None
