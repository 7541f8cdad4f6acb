"""A ledger worker whose state folder is damaged, lost or on a full disk: it says so, and goes on with nothing lost."""

import shutil

import pytest

from lodestream.ledger.records import Entry
from tests.faults_data.damage import damage
from tests.faults_data.disks import small_disk
from tests.faults_data.place import SITES, Place
from tests.ledger.making import add, entry

pytestmark = pytest.mark.kafka

DAMAGES = ("deleted", "halved", "rubbish", "flipped")


def lots(name: str, count: int = 3, size: int = 1) -> list[Entry]:
    """So many new lots at each site, with names of about that size."""
    return [entry(add(f"urn:lot:{name}-{n}-" + "x" * size, "10", site, cu="10")) for n in range(count) for site in SITES]


def test_state_that_is_damaged_while_the_worker_is_down_or_deleted_while_it_runs(place: Place) -> None:
    """While it is down, each partition's in another way."""
    place.send(lots("first"))
    worker = place.start("ledger")
    place.wait(place.all_done, "the first entries")
    place.stop(worker)
    for folder, how in zip(sorted(place.folder.glob("data/state/ledger/one/*@*/*")), DAMAGES, strict=True):
        damage(folder, how)
    place.send(lots("second"))
    worker = place.start("ledger")
    place.wait(place.all_done, "the entries after the damage")
    restored = place.said("ledger", "partition runs")[-4:]
    assert all(line["restored"] > 0 for line in restored), "none was taken for good"
    assert not [line for line in place.said("ledger") if line.get("alert")]

    shutil.rmtree(place.folder / "data")
    place.send(lots("third"))
    place.wait(place.all_done, "the entries of a worker without a folder")
    place.stop(worker)
    place.send(lots("fourth"))
    worker = place.start("ledger")
    place.wait(place.all_done, "the entries of the next worker")
    place.stop(worker)
    place.holds()


def test_a_disk_that_is_full_or_cannot_be_written(place: Place) -> None:
    """The worker ends and says why; once the disk is as it should be the next one goes on."""
    with small_disk(place.folder / "disk", 24) as disk:

        def start() -> None:
            place.run("cli.main", "-s", f"data_dir={disk.folder}", "worker", "ledger", log="ledger")

        start()
        place.send(lots("before"))
        place.wait(place.all_done, "the entries before")
        disk.fill()
        place.send(lots("more", 40, 20_000))
        (worker,) = place.workers
        assert place.ended(worker) == 7
        (end,) = place.said("ledger", "worker ends")
        assert (end["code"], end["alert"]) == ("STATE", True)
        assert "No space left on device" in end["reason"]
        start()
        assert place.ended(place.workers[0]) == 7, "as long as it is full"
        disk.relieve()
        disk.writable(False)
        start()
        assert place.ended(place.workers[0]) == 7
        assert "Read-only file system" in place.said("ledger", "worker ends")[-1]["reason"]
        disk.writable(True)
        start()
        place.wait(place.all_done, "the rest")
        place.stop(place.workers[0])
        place.holds()
