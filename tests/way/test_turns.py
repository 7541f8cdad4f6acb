"""Two ledger workers, kill -9, and books that take turns: campaigns, corrections, later assays, transfers in flight, ticks."""

import time
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest
from confluent_kafka import Producer

from lodestream.ids import derive
from lodestream.ledger.records import Entry, Outcome
from schemas.codec import encode
from schemas.topics import ENTRIES, TRANSACTIONS
from tests.way.cluster import Cluster, agrees_with_the_log
from tests.way.test_the_whole_way import state, straight
from tests.way.traffic import place
from tests.way.turns import EVENTS, turns

pytestmark = pytest.mark.kafka

PLANTS, ROUNDS = 4, 6
DAY_US = 86_400_000_000
SITES = [place(f"plant{n}") for n in range(PLANTS)] + [place(f"buyer{n}") for n in range(3)]


class Ledgers:
    """Ledger workers that are killed, and start again at once."""

    def __init__(self, cluster: Cluster, *names: str) -> None:
        """Start them, and wait until they have shared the partitions."""
        self._cluster = cluster
        self._running = {name: cluster.start("ledger", name) for name in names}
        logs = [cluster.folder / f"ledger-{name}.log" for name in names]
        # Kills are to meet workers at work; those that meet a rebalance are in tests/runtime/test_runtime_membership.py.
        cluster.wait(lambda: all("partition runs" in log.read_text() for log in logs), "each worker to have partitions")

    def kill(self, name: str, give: Callable[[], None]) -> None:
        """kill -9 as soon as something more was written than before there was something to do."""
        seen = len(self._cluster.values(TRANSACTIONS, Outcome))
        give()
        self._cluster.wait(lambda: len(self._cluster.values(TRANSACTIONS, Outcome)) > seen, "some work")
        self._running[name].kill()
        self._running[name].wait(30)
        self._cluster.workers.remove(self._running[name])
        self._running[name] = self._cluster.start("ledger", name)


def tick(cluster: Cluster, days: int) -> list[str]:
    """The clock tells every site that so many days have gone by. Gives the entries' ids."""
    until = time.time_ns() // 1000 + days * DAY_US
    entries = [Entry(derive("tick", site, str(until)), site, "TICK", until, tick_us=until) for site in SITES]
    producer = Producer({"bootstrap.servers": cluster.bootstrap, "partitioner": "murmur2_random"})
    for entry in entries:
        producer.produce(ENTRIES, encode(entry), entry.site.encode())
    assert producer.flush(60) == 0
    return [entry.entry_id for entry in entries]


def test_two_killed_ledgers_turn_everything_once(cluster: Cluster) -> None:
    """Killed while campaigns are corrected; then months close by ticks, and what is in flight is received late, killed again."""
    documents, late = turns(PLANTS, ROUNDS)
    events = PLANTS * ROUNDS * EVENTS
    cluster.start("gate")
    ledgers = Ledgers(cluster, "one", "two")
    for n, name in enumerate(("one", "two", "one")):
        ledgers.kill(name, partial(cluster.capture, documents[n::3]))
    cluster.wait_for_outcomes(events)
    assert state(agrees_with_the_log(cluster)) == state(straight(documents))
    ticks: list[str] = []
    ledgers.kill("two", lambda: ticks.extend(tick(cluster, 40)))
    ledgers.kill("one", lambda: cluster.capture(late))
    ticks += tick(cluster, 80)
    cluster.wait_for_outcomes(events + len(late))
    fold = agrees_with_the_log(cluster)
    outcomes = cluster.values(TRANSACTIONS, Outcome)
    assert set(ticks) <= {one.entry_id for one in outcomes}
    everything_was_there(outcomes, len(late))
    custody = Counter[str]()
    for _, _, account, mg in fold.accounts():
        assert not account.startswith("TRANSIT("), "everything was received, and the sender knows"
        custody[account] += mg if account.startswith("CUSTODY(") else 0
    assert set(custody.values()) == {0}


def everything_was_there(outcomes: list[Outcome], late: int) -> None:
    """Else the kills would have proved nothing of it."""
    kinds = Counter(one.kind for one in outcomes)
    assert kinds["correct"] == kinds["assay"] == late
    assert kinds["campaign"] >= 2 * late
    assert kinds["close"] > 0
    found = Counter((finding.code, finding.state) for one in outcomes for finding in one.findings)
    assert found["RETRO_OVERDRAFT", "open"] == late
    assert found["TRANSIT_OPEN", "open"] == found["TRANSIT_OPEN", "resolved"] == late
    assert any(period.version > 1 for one in outcomes for period in one.periods)
