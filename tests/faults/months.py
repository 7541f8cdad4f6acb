"""Time goes by while the ledger is killed: months close, what is under way for too long is told, and what comes later is late."""

import time
from collections import Counter, deque

from lodestream.ledger.records import Outcome
from schemas import topics
from schemas.codec import decode
from tests.faults.campaign import LEDGER, Campaign, Row
from tests.faults.load import ticks
from tests.faults.reading import read_topic
from tests.faults.stage import Death

DAYS = (40, 80)
DAY_US = 86_400_000_000
STEPS = ("outputs", "commit", "stored")
LATE_EVENTS = 500


def months_close(campaign: Campaign) -> Row:
    """Ticks for all sites, the ledger killed at steps of their transactions; then late events, and it is killed once more; again.

    Nothing else is under way when the clock strikes: what a month sums up and what is late depends on what came before.
    """
    stage, load = campaign.stage, campaign.load
    row = Row("months close while the ledger is killed", len(DAYS) * (len(STEPS) + 1))
    load.stop()
    stage.settle()
    begin = campaign.ends()
    for days in DAYS:
        stage.end(LEDGER)
        stage.plans[LEDGER] = deque(Death("KILL", step) for step in STEPS)
        stage.deaths.clear()
        stage.run(LEDGER)
        campaign.write(ticks(load.mines, time.time_ns() // 1_000 + days * DAY_US))
        stage.until(lambda: sum(stage.deaths.values()) >= len(STEPS), "every forced death")
        stage.settle()
        load.send(LATE_EVENTS)
        stage.pause(campaign.rng.uniform(0.3, 2.0))
        stage.kill(LEDGER)
        since = stage.size_of_log(LEDGER)
        stage.run(LEDGER)
        load.stop()
        # Where it had told all before it was killed, only its log says that it is at work again, and can be asked to end.
        stage.until(lambda since=since: bool(stage.said(LEDGER, "partition runs", since)), "the ledger at work again")  # type: ignore[misc]
        stage.settle()
    campaign.aborted(begin, row)
    records = read_topic(stage.bootstrap, topics.TRANSACTIONS, begin=begin[topics.TRANSACTIONS])
    told = [decode(record.value or b"", Outcome) for record in records]
    closed = sum(len(one.periods) for one in told if one.kind == "close")
    again = sum(period.version > 1 for one in told for period in one.periods)
    late = Counter(finding.state for one in told for finding in one.findings if finding.code == "TRANSIT_OPEN")
    row.seen.append(f"{closed} months closed, {again} told anew; {late['open']} in transit for too long, {late['resolved']} came")
    row.need(min(closed, again, late["open"], late["resolved"]) > 0, "time has not gone by")
    return row
