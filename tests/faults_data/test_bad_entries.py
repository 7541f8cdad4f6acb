"""Entries that no rule can book: what cannot be read, what is too large, and what trips a bug, on real Kafka and ClickHouse."""

import json

import pytest
from msgspec import Struct

from lodestream.ledger.records import Entry, Outcome
from schemas.codec import encode
from schemas.topics import SKIPS
from tests.faults_data.bad_entries import good, huge, unreadable
from tests.faults_data.place import SITES, Place

pytestmark = pytest.mark.kafka

A, B, C, D = SITES
PLANTED = "urn:test:planted"


class Story(Struct):
    """What was sent, what an operator did, and what was said."""

    bad: Entry
    huge: Entry
    skips: dict[bytes, bytes]
    outcomes: dict[int, list[Outcome]]
    behind_the_bug: int
    alerts: list[dict[str, object]]


@pytest.fixture(scope="module")
def story(scene: Place) -> Story:
    """Bad entries between good ones; one trips a bug, and an operator skips it."""
    first, rest = unreadable(*SITES)[:3], unreadable(*SITES)[3:]
    scene.write([*first, (encode(good(A, "a1")), A.encode(), None), *rest])
    bad, large = good(B, "bad", event_id=PLANTED), huge(D)
    scene.send([good(B, "b1"), bad, good(B, "b2"), good(C, "c1"), large, good(D, "d1")])
    worker = scene.run("tests.faults_data.planted", "ledger", log="ledger", PLANTED=PLANTED)
    scene.wait(lambda: bool(scene.said("ledger", "partition stopped")), "the bug to be met")
    scene.send([good(site, "later") for site in SITES])
    scene.wait(
        lambda: all(len(scene.outcomes()[n]) == told for n, told in {0: 8, 1: 1, 2: 4, 3: 3}.items()), "the others to go on"
    )
    behind = len(scene.outcomes()[1])
    alerts = [line for line in scene.said("ledger") if line.get("alert")]
    scene.stop(worker)
    skips = {bad.entry_id.encode(): json.dumps({"reason": "ticket 17"}).encode()}
    scene.write([(value, key, None) for key, value in skips.items()], SKIPS)
    worker = scene.run("tests.faults_data.planted", "ledger", log="ledger", PLANTED=PLANTED)
    scene.wait(scene.all_done, "the partition to go on")
    scene.stop(worker)
    return Story(bad, large, skips, scene.outcomes(), behind, alerts)


def test_what_cannot_be_read_is_told_beside_it_and_the_rest_goes_on(story: Story) -> None:
    told = [(o.outcome, o.reason.partition(";")[0]) for o in story.outcomes[0]]
    assert told == [
        ("UNREADABLE", "cannot be decoded: WRONG_MAGIC"),
        ("UNREADABLE", "cannot be decoded: WRONG_MAGIC"),
        ("UNREADABLE", "cannot be decoded: TOO_SHORT"),
        ("TRANSACTION", ""),
        ("UNREADABLE", "its key is not its site"),
        ("UNREADABLE", "kind LATER is not known, is empty, or names a time zone that is not known"),
        ("UNREADABLE", "cannot be decoded: WRONG_MAGIC"),
        ("TRANSACTION", ""),
    ]
    astray, keyless, *rest = story.outcomes[2]
    assert astray.reason.startswith("its site does not live in this partition")
    assert keyless.reason.startswith("its key is not its site")
    assert [o.outcome for o in rest] == ["TRANSACTION"] * 2


def test_what_no_record_could_hold_is_refused_by_rule(story: Story) -> None:
    refused, *rest = story.outcomes[3]
    assert (refused.entry_id, refused.outcome, refused.kind, refused.postings) == (
        story.huge.entry_id,
        "TRANSACTION",
        "refuse",
        [],
    )
    assert "TOO_LARGE" in [finding.code for finding in refused.findings]
    assert len(encode(refused)) < 100_000
    assert [o.kind for o in rest] == ["create"] * 2


def test_a_bug_in_a_rule_stops_its_partition_and_alerts_with_the_entry(scene: Place, story: Story) -> None:
    assert story.behind_the_bug == 1, "what stands behind the bug waits"
    (alert,) = story.alerts
    assert (alert["event"], alert["partition"], alert["offset"]) == ("partition stopped", 1, 1)
    failed = scene.said("ledger", "processing failed")
    assert all(story.bad.entry_id in "".join(line["exception"]) for line in failed)


def test_an_operator_skips_the_entry_and_the_partition_goes_on(story: Story) -> None:
    told = [(o.outcome, o.reason, o.seq) for o in story.outcomes[1]]
    assert told == [
        ("TRANSACTION", "", 1),
        ("UNREADABLE", "skipped: ticket 17", 0),
        ("TRANSACTION", "", 2),
        ("TRANSACTION", "", 3),
    ]


def test_the_log_is_a_fresh_fold_of_its_entries_with_the_skips(scene: Place, story: Story) -> None:
    scene.holds(story.skips)
    with pytest.raises(AssertionError):
        scene.holds()


def test_clickhouse_has_each_row_once_and_sink_verify_agrees(scene: Place, story: Story) -> None:
    sink = scene.start("sink")
    scene.wait_for_rows()
    scene.stop(sink)
    scene.tables_hold()
