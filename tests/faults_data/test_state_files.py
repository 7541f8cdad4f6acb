"""Damage to each file of a store, and disks that do not do what they should: no state is ever wrong, and the reason is told."""

import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from runtime.errors import StateError
from runtime.rocks import DiskStores, RocksStore
from runtime.state import Position, Progress, Store
from tests.faults_data.damage import DAMAGE
from tests.faults_data.disks import small_disk

BATCHES = 40
AT = ("in", "id", 0)


def batch(number: int) -> tuple[dict[bytes, bytes | None], Position]:
    """One key of seven gets a new value; a ninth of the batches delete one."""
    writes: dict[bytes, bytes | None] = {b"k%d" % (number % 7): b"%d " % number + bytes(range(256)) * 12}
    if number % 9 == 0:
        writes[b"k%d" % ((number + 3) % 7)] = None
    return writes, Position("changelog", number, Progress("in", "id", number), number)


def write(store: Store, numbers: Iterable[int]) -> None:
    for number in numbers:
        store.write(*batch(number))


def after(batches: int) -> dict[bytes, bytes | None]:
    """What the keys hold after so many batches."""
    found: dict[bytes, bytes | None] = {b"k%d" % n: None for n in range(7)}
    for number in range(1, batches + 1):
        found.update(batch(number)[0])
    return found


@pytest.fixture(scope="module")
def left_behind(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder as a killed worker leaves it: two tables, and a log of the batches since."""
    stores, copy = DiskStores(tmp_path_factory.mktemp("work"), "toy", "one"), tmp_path_factory.mktemp("copy") / "0"
    store = stores.open(*AT)
    assert isinstance(store, RocksStore)
    for number in range(1, BATCHES + 1):
        store.write(*batch(number))
        if number in {15, 30}:
            store._db.flush()
    shutil.copytree(stores._path("in", "id") / "0", copy)
    store.close()
    stores.close()
    return copy


def kinds() -> list[str]:
    return ["CURRENT", "IDENTITY", "LOCK", "LOG", "MANIFEST-*", "OPTIONS-*", "rocksdict-config.json", "*.log", "*.sst"]


def test_these_are_all_kinds_of_files(left_behind: Path) -> None:
    assert {path for kind in kinds() for path in left_behind.glob(kind)} == set(left_behind.iterdir())


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize("kind", kinds())
def test_after_damage_to_a_file_the_state_is_one_that_was_or_is_made_anew(
    left_behind: Path, tmp_path: Path, kind: str, how: str
) -> None:
    """Each file of the kind, one after the other; restoring from the changelog then begins where the state ends."""
    for number, name in enumerate(path.name for path in sorted(left_behind.glob(kind))):
        stores = DiskStores(tmp_path, "toy", str(number))
        folder = stores._path("in", "id") / "0"
        shutil.copytree(left_behind, folder)
        data = DAMAGE[how]((folder / name).read_bytes())
        (folder / name).unlink()
        if data is not None:
            (folder / name).write_bytes(data)
        told: list[StateError] = []
        for _ in range(2):  # what is damaged inside a table is found when it is read: the process ends, the next one begins anew
            store = stores.open(*AT)
            try:
                position = store.position()
                found = {key: store.get(key) for key in after(0)}
                store.write(*batch(BATCHES + 1))
            except StateError as reason:
                told.append(reason)
                store.close()
                assert not folder.exists()
                continue
            assert found == after(position.progress.offset if position and position.progress else 0)
            store.close()
            break
        else:
            pytest.fail("it was damaged a second time")
        assert all(reason.damaged and "restores them from the changelog" in str(reason) for reason in told)
        stores.close()


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    stores = DiskStores(tmp_path, "toy", "one")
    folder = stores._path("in", "id") / "0"
    folder.parent.mkdir()
    folder.write_bytes(b"rubbish")
    assert stores.open(*AT).position() is None


def test_a_folder_that_is_removed_under_an_open_store(tmp_path: Path) -> None:
    """It works in files that have no name any more, until a new one is needed: then it says so, and the next start is sound."""
    stores = DiskStores(tmp_path, "toy", "one")
    store = stores.open(*AT)
    store.write(*batch(1))
    shutil.rmtree(tmp_path)
    store.write(*batch(2))
    assert store.get(b"k1") == after(2)[b"k1"]
    with pytest.raises(StateError, match="the next start restores them from the changelog"):
        write(store, range(3, 12_000))
    with capture_logs() as logs:
        store.close()
    assert [line["event"] for line in logs] in ([], ["local state could not be closed"])
    stores.close()
    assert DiskStores(tmp_path, "toy", "one").open(*AT).position() is None


def test_a_full_disk_is_told_and_what_was_written_is_there_when_it_has_space_again(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 24) as disk:
        stores = DiskStores(disk.folder, "toy", "one")
        store = stores.open(*AT)
        disk.fill()
        with pytest.raises(StateError, match=r"cannot be written: .*No space left on device.*nothing is lost") as error:
            write(store, range(1, 12_000))
        assert not error.value.damaged
        store.close()
        with pytest.raises(StateError, match="No space left"):
            stores.open("in", "id", 1)
        disk.relieve()
        store = stores.open(*AT)
        position = store.position()
        done = position.progress.offset if position and position.progress else 0
        assert {key: store.get(key) for key in after(0)} == after(done)
        store.close()
        stores.close()


def test_a_disk_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 24) as disk:
        stores = DiskStores(disk.folder, "toy", "one")
        stores.open(*AT).close()
        stores.close()
        disk.writable(False)
        with pytest.raises(StateError, match=r"Read-only file system.*start again"):
            DiskStores(disk.folder, "toy", "one")
        with pytest.raises(StateError, match="Read-only file system"):
            DiskStores(disk.folder, "toy", "new")
        disk.writable(True)
        DiskStores(disk.folder, "toy", "one").close()
