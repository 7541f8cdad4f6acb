"""Faults of what the ledger is given: entries that it cannot book, a bug in its rules, state that is damaged or gone."""

import shutil

from lodestream.ledger.records import Outcome
from schemas import topics
from schemas.codec import decode, encode
from tests.faults.campaign import ISSUER, LEDGER, Campaign, Row
from tests.faults.load import named
from tests.faults.reading import read_topic
from tests.faults.stage import Worker
from tests.faults_data.bad_entries import Raw, huge, unreadable
from tests.faults_data.damage import damage
from tests.faults_data.place import write
from tests.faults_data.planted import PLANTED
from tests.way.cluster import PARTITIONS
from tests.way.traffic import cycle, document, place

SITES = tuple(place(named("planted", n)) for n in range(PARTITIONS))
"""A site for each partition, of which the load says nothing."""
DAMAGES = ("deleted", "emptied", "halved", "rubbish")
"""Each is found at the start. What is flipped inside a table is found when it is read, if ever: tests/faults_data has that."""
UNDER_LOAD_S = 1.0
"""Before a fault and after it."""


def unreadable_entries(campaign: Campaign) -> Row:
    """Written straight into the entries: rubbish, nothing, an entry under another's key, one in another's partition."""
    records = unreadable(*SITES)
    row = Row("entries that cannot be read, foreign keys", len(records))
    told = [outcome for outcome in _written(campaign, records) if outcome.outcome == "UNREADABLE"]
    row.need(len(told) == len(records), f"{len(told)} outcomes UNREADABLE")
    reasons = sorted({outcome.reason.partition(";")[0] for outcome in told})
    row.seen.append(f"{len(told)} told UNREADABLE: {'; '.join(reasons)}")
    return row


def too_large(campaign: Campaign) -> Row:
    """An entry whose transaction would be more than the broker takes."""
    entry = huge(SITES[3])
    row = Row("an output beyond the broker's limit", 1)
    said = _written(campaign, [(encode(entry), entry.site.encode(), None)])
    told = [outcome for outcome in said if outcome.entry_id == entry.entry_id]
    for outcome in told:
        codes = ", ".join(finding.code for finding in outcome.findings)
        row.seen.append(f"{outcome.outcome} of kind {outcome.kind}, {len(encode(outcome))} bytes, finding {codes}")
    refused = [(o.outcome, o.kind) for o in told] == [("TRANSACTION", "refuse")]
    row.need(refused and "TOO_LARGE" in [finding.code for finding in told[0].findings], "it was not refused TOO_LARGE")
    return row


def _written(campaign: Campaign, records: list[Raw]) -> list[Outcome]:
    """What the ledger says from now on, until these entries and all else are done."""
    stage = campaign.stage
    begin = stage.ends(topics.TRANSACTIONS)[topics.TRANSACTIONS]
    stage.pause(UNDER_LOAD_S)
    stage.sent += write(stage.bootstrap, records)
    stage.pause(UNDER_LOAD_S)
    campaign.load.stop()
    stage.settle()
    return [decode(record.value or b"", Outcome) for record in read_topic(stage.bootstrap, topics.TRANSACTIONS, begin=begin)]


def bug(campaign: Campaign) -> Row:
    """`apply` raises at one event: its partition stops there, the others go on, and a ledger without the bug does the rest."""
    stage, load = campaign.stage, campaign.load
    number, row = 1, Row("an exception planted in apply", 1)
    events, _ = cycle(named("planted", number), named("smelter", number + 1), 0)
    stage.end(LEDGER)
    since = stage.size_of_log(LEDGER)
    stage.settings[PLANTED] = events[1]["eventID"]
    stage.run(LEDGER)
    del stage.settings[PLANTED]
    load.document(SITES[number], document(events), len(events))
    stage.until(lambda: bool(stage.said(LEDGER, "partition stopped", since)), "the bug to be met")
    stopped = stage.said(LEDGER, "partition stopped", since)
    before = stage.ends(topics.TRANSACTIONS)[topics.TRANSACTIONS]
    took = stage.until(lambda: _all_others_go_on(campaign, number, before), "the other partitions to go on")
    stage.pause(UNDER_LOAD_S)
    after = stage.ends(topics.TRANSACTIONS)[topics.TRANSACTIONS]
    row.need([line["partition"] for line in stopped] == [number], f"stopped: {stopped}")
    row.need(after[number] == before[number], "something of the stopped partition was written")
    others = sum(after[n] - before[n] for n in after)
    row.seen.append(f"partition {number} stopped and stood; the others went on ({others} offsets, the last after {took:.1f} s)")
    stage.end(LEDGER)
    stage.run(LEDGER)
    load.stop()
    stage.settle()
    row.seen.append("a ledger without the bug did the rest")
    return row


def _all_others_go_on(campaign: Campaign, stopped: int, before: dict[int, int]) -> bool:
    now = campaign.stage.ends(topics.TRANSACTIONS)[topics.TRANSACTIONS]
    return all(now[n] > before[n] for n in now if n != stopped)


def state_damaged(campaign: Campaign) -> Row:
    """While ledger and issuer are down, each partition's state in another way."""
    stage = campaign.stage
    row = Row(f"state {', '.join(DAMAGES)}", 2 * len(DAMAGES))
    stage.end(LEDGER, ISSUER)
    for worker in (LEDGER, ISSUER):
        folders = sorted(stage.folder.glob(f"data/state/{worker.name}/one/*@*/*"))
        for folder, how in zip(folders, DAMAGES, strict=True):
            damage(folder, how)
    _restored(campaign, row)
    return row


def state_deleted(campaign: Campaign) -> Row:
    """The whole folder, after a kill -9 of both."""
    stage = campaign.stage
    row = Row("state folder deleted after kill -9", 2)
    for worker in (LEDGER, ISSUER):
        stage.kill(worker)
    shutil.rmtree(stage.folder / "data" / "state")
    _restored(campaign, row)
    return row


def _restored(campaign: Campaign, row: Row) -> None:
    """Both start again, and take no partition's state for good."""
    stage, since = campaign.stage, {worker: campaign.stage.size_of_log(worker) for worker in (LEDGER, ISSUER)}
    stage.deaths.clear()
    stage.pause(UNDER_LOAD_S)
    stage.run(*since)
    stage.until(lambda: all(len(_running(campaign, *each)) == PARTITIONS for each in since.items()), "all partitions to run")
    stage.pause(UNDER_LOAD_S)
    campaign.load.stop()
    stage.settle()
    for worker, at in since.items():
        restored = {name: n for name, n in _running(campaign, worker, at).items() if n > 0}
        row.seen.append(f"{worker.name}: restored {', '.join(f'{n} of {name}' for name, n in sorted(restored.items()))}")
        row.need(len(restored) == PARTITIONS, f"{worker.name} took damaged state for good: restored only {restored}")
    row.need(not stage.deaths, f"workers ended: {dict(stage.deaths)}")


def _running(campaign: Campaign, worker: Worker, since: int) -> dict[str, int]:
    """The partitions that run since then, and how many records their state was restored from, at most."""
    running: dict[str, int] = {}
    for line in campaign.stage.said(worker, "partition runs", since):
        running[line["partition"]] = max(line["restored"], running.get(line["partition"], 0))
    return running
