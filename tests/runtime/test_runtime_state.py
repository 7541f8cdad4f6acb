"""The contract of a store, held against the one in memory and the one on disk."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.errors import LockedError, StateError
from runtime.rocks import CACHE_BYTES, DiskStores
from runtime.state import OFFSET_KEY, MemoryStore, MemoryStores, Position, Progress, Stores

POSITION = Position("changelog-id", 7, Progress("in", "id", 3), 1_000)
LATER = Position("changelog-id", 9, Progress("in", "id", 5), 2_000)


@pytest.fixture(params=["memory", "rocksdb"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Stores:
    return MemoryStores() if request.param == "memory" else DiskStores(tmp_path, "toy", "one")


def test_a_new_store_is_empty(stores: Stores) -> None:
    store = stores.open("in", "id", 0)
    assert store.position() is None
    assert store.get(b"key") is None


def test_what_is_written_is_there_with_its_position_and_survives_closing(stores: Stores) -> None:
    store = stores.open("in", "id", 0)
    store.write({b"a": b"1", b"b": b"", b"\x00\xff": b"\x00"}, POSITION)
    store.write({b"a": None, b"c": b"3", b"never": None}, LATER)
    store.close()
    store = stores.open("in", "id", 0)
    assert [store.get(key) for key in (b"a", b"b", b"c", b"\x00\xff", b"never")] == [None, b"", b"3", b"\x00", None]
    assert store.position() == LATER


def test_the_runtimes_key_is_refused_and_nothing_is_written(stores: Stores) -> None:
    store = stores.open("in", "id", 0)
    with pytest.raises(ValueError, match="belongs to the runtime"):
        store.write({b"a": b"1", OFFSET_KEY: b"2"}, POSITION)
    assert store.get(b"a") is None
    assert store.position() is None


@pytest.mark.parametrize("damage", ["no position", "rubbish"])
def test_a_position_that_cannot_be_read_is_damage(stores: Stores, damage: str) -> None:
    store = stores.open("in", "id", 0)
    store.write({b"a": b"1"}, POSITION)
    if isinstance(store, MemoryStore):
        data: Any = store._data
    else:
        data = store._db  # type: ignore[attr-defined]
    if damage == "rubbish":
        data[OFFSET_KEY] = b"rubbish"
    else:
        del data[OFFSET_KEY]
    with pytest.raises(StateError) as caught:
        store.position()
    assert caught.value.damaged


def test_partitions_do_not_see_each_other(stores: Stores) -> None:
    one, two = stores.open("in", "id", 0), stores.open("in", "id", 1)
    one.write({b"a": b"1"}, POSITION)
    assert two.get(b"a") is None
    assert two.position() is None


def test_destroyed_is_gone_and_the_neighbour_stays(stores: Stores) -> None:
    for partition in (0, 1):
        store = stores.open("in", "id", partition)
        store.write({b"a": b"1"}, POSITION)
        store.close()
    stores.destroy("in", "id", 0)
    assert stores.open("in", "id", 0).get(b"a") is None
    assert stores.open("in", "id", 1).get(b"a") == b"1"


def test_a_topic_made_anew_finds_nothing_and_the_old_state_is_removed(stores: Stores) -> None:
    store = stores.open("in", "old", 0)
    store.write({b"a": b"1"}, POSITION)
    store.close()
    stores.open("in", "new", 0).close()
    assert stores.open("in", "old", 0).get(b"a") is None


@settings(max_examples=25, deadline=None)  # each opens a database
@given(st.lists(st.dictionaries(st.binary(max_size=3).filter(lambda key: key != OFFSET_KEY), st.none() | st.binary(max_size=5))))
def test_a_store_is_a_dictionary(tmp_path_factory: pytest.TempPathFactory, batches: list[dict[bytes, bytes | None]]) -> None:
    expected: dict[bytes, bytes] = {}
    folder = tmp_path_factory.mktemp("state")
    kinds: list[Callable[[], Stores]] = [MemoryStores, lambda: DiskStores(folder, "toy", "one")]
    opened = [kind() for kind in kinds]
    views = [stores.open("in", "id", 0) for stores in opened]
    for batch in batches:
        for view in views:
            view.write(batch, POSITION)
        for key, value in batch.items():
            expected.pop(key, None)
            if value is not None:
                expected[key] = value
    for key in {key for batch in batches for key in batch}:
        assert [view.get(key) for view in views] == [expected.get(key)] * 2
    for view, stores in zip(views, opened, strict=True):
        view.close()
        stores.close()


def test_a_folder_has_one_owner_at_a_time(tmp_path: Path) -> None:
    first = DiskStores(tmp_path, "toy", "one")
    DiskStores(tmp_path, "toy", "two").close()  # another instance has a folder of its own
    with pytest.raises(LockedError, match=f"process {os.getpid()} already runs toy as instance one"):
        DiskStores(tmp_path, "toy", "one")
    first.close()
    DiskStores(tmp_path, "toy", "one").close()


def test_a_store_that_cannot_be_read_is_made_anew(tmp_path: Path) -> None:
    stores = DiskStores(tmp_path, "toy", "one")
    store = stores.open("in", "id", 0)
    store.write({b"a": b"1"}, POSITION)
    store.close()
    (current,) = tmp_path.rglob("CURRENT")
    current.write_bytes(b"garbage")
    store = stores.open("in", "id", 0)
    assert store.position() is None


def at(offset: int) -> Position:
    return Position("changelog-id", offset, None, 1_000)


def left_by_a_kill(folder: Path, to: Path) -> Stores:
    """The files as they are, with nothing closed."""
    shutil.copytree(folder, to)
    return DiskStores(to.parent, "toy", "one")


def test_stores_that_are_opened_again_share_the_cache_too(tmp_path: Path) -> None:
    for _ in range(2):
        stores = DiskStores(tmp_path, "toy", "one")
        opened = [stores.open("in", "id", partition) for partition in range(2)]
        assert [store._db.property_value("rocksdb.block-cache-capacity") for store in opened] == [str(CACHE_BYTES)] * 2
        for store in opened:
            store.close()
        stores.close()


def test_a_long_restore_is_not_logged_and_still_comes_back_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.rocks.BULK_KEYS", 3)
    stores = DiskStores(tmp_path, "toy", "one")
    store = stores.open("t", "id", 0)
    for number in range(6):
        store.restore({b"k%d" % number: b"v"}, at(number + 1))
    store.write({b"after": b"v"}, at(7))
    left = left_by_a_kill(tmp_path / "state", tmp_path / "left" / "state").open("t", "id", 0)  # the write must not stand alone
    assert [left.get(b"k%d" % number) for number in range(6)] == [b"v"] * 6
    assert left.get(b"after") == b"v"
    assert left.position() == at(7)


def test_a_crash_in_a_long_restore_leaves_the_first_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.rocks.BULK_KEYS", 3)
    store = DiskStores(tmp_path, "toy", "one").open("t", "id", 0)
    for number in range(6):
        store.restore({b"k%d" % number: b"v"}, at(number + 1))
    left = left_by_a_kill(tmp_path / "state", tmp_path / "left" / "state").open("t", "id", 0)
    position = left.position()
    kept = position.changelog_offset if position else 0
    assert [left.get(b"k%d" % number) for number in range(6)] == [b"v"] * kept + [None] * (6 - kept)
    assert kept < 6
