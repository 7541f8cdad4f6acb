"""A broker that takes less than it should: by the declared limits no record of ours is refused, but somebody may lower them."""

import random
import string

import pytest

from schemas.topics import TRANSACTIONS
from tests.faults_data.bad_entries import good
from tests.faults_data.place import SITES, Place

pytestmark = pytest.mark.kafka


def test_a_broker_that_refuses_what_it_should_take_stops_that_partition_alone_until_it_takes_it(place: Place) -> None:
    """No transaction aborts for ever, and none of the other partitions waits."""
    place.configure(TRANSACTIONS, "max.message.bytes", "8000")
    text = "".join(random.Random(1).choices(string.ascii_letters, k=9000))  # noqa: S311  # it cannot be compressed
    place.send([*(good(site, f"first{n}") for site in SITES for n in range(3)), good(SITES[1], text), good(SITES[1], "after")])
    worker = place.start("ledger")
    place.wait(lambda: bool(place.said("ledger", "partition stopped")), "the partition to stop")
    place.send([good(site, "second") for site in SITES])
    place.wait(
        lambda: all(len(place.outcomes()[n]) == told for n, told in {0: 4, 1: 3, 2: 4, 3: 4}.items()), "the others to go on"
    )
    (alert,) = [line for line in place.said("ledger") if line.get("alert")]
    assert (alert["partition"], alert["offset"]) == (1, 3)
    assert "again and again" in alert["reason"]
    assert "MSG_SIZE_TOO_LARGE" in alert["reason"]
    place.stop(worker)
    place.configure(TRANSACTIONS, "max.message.bytes", str(17 << 20))
    worker = place.start("ledger")
    place.wait(place.all_done, "the rest")
    place.stop(worker)
    place.holds()
