"""The lean campaign: workers killed at their steps, bad entries, a bug, a zombie, the broker killed. All of it: `make faults`."""

import random
from collections.abc import Iterator

import pytest

from deploy.kafka import KafkaUnavailableError
from tests.faults.campaign import GATE, ISSUER, LEDGER, SINK, Campaign, Row, broker_restart, forced, zombie
from tests.faults.data import bug, unreadable_entries
from tests.faults.load import Load
from tests.faults.stage import LostMarkersError, leave, stage
from tests.faults.steps import STEPS

pytestmark = [pytest.mark.kafka, pytest.mark.embedded, pytest.mark.timeout(900)]

SEED = 4
EVENTS = 1_500
MINES = 4
FORCED = {
    GATE: ("outputs", "committing"),
    LEDGER: STEPS["ledger"],
    ISSUER: ("changelog", "committed"),
    SINK: ("insert", "written"),
}
BATCH = {"LODESTREAM_WORKER__BATCH_RECORDS": "40"}
"""Small transactions, so that many a one is under way when a worker dies."""


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campaign]:
    try:
        made = stage(tmp_path_factory.mktemp("faults"), **BATCH)
    except KafkaUnavailableError as reason:
        pytest.skip(f"no real Kafka of our own to kill: {reason}")
    try:
        running = Campaign(made, Load(made.bootstrap, MINES), random.Random(SEED), rate=15.0)  # noqa: S311  # the same at each run
        running.begin(600)
        yield running
    finally:
        leave(made)


def holds(row: Row) -> None:
    assert row.wrong == [], "\n".join([row.fault, *row.seen, *row.wrong])


def test_killed_at_each_step(campaign: Campaign) -> None:
    holds(campaign.fault(forced(FORCED)))


def test_entries_that_nobody_can_read(campaign: Campaign) -> None:
    holds(campaign.fault(unreadable_entries))


def test_an_exception_in_a_rule(campaign: Campaign) -> None:
    holds(campaign.fault(bug))


def test_a_zombie_is_fenced(campaign: Campaign) -> None:
    holds(campaign.fault(zombie))


def test_the_broker_is_killed(campaign: Campaign) -> None:
    try:
        holds(campaign.fault(broker_restart(1.0), 400))
    except LostMarkersError as reason:
        pytest.skip(str(reason))
    assert campaign.load.events >= EVENTS
