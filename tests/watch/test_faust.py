"""The watch as a process on real Kafka: committed transactions only, findings and ticks as entries, kill -9, a second watch."""

import json
import time
import uuid
from collections.abc import Callable
from socket import socket
from urllib.request import urlopen

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from lodestream.ledger.records import Entry, Outcome
from runtime.partitioner import partition_of
from runtime.settings import load
from schemas.codec import decode, encode
from schemas.topics import ENTRIES, INBOX, TRANSACTIONS
from streams.watch.routed import routed_us
from tests.ledger.making import START, add
from tests.watch.watching import DAY, Watched, outcome
from tests.way.cluster import PARTITIONS, Cluster

pytestmark = pytest.mark.kafka
A, B = "urn:a", "urn:b"
MINUTE = 60_000_000
TICK_S = 1


class Log:
    """Writes the transactions log as the ledger does: in transactions, some of which are aborted."""

    def __init__(self, cluster: Cluster) -> None:
        self.watched = Watched()
        self._producer = Producer(
            {"bootstrap.servers": cluster.bootstrap, "transactional.id": uuid.uuid4().hex, "partitioner": "murmur2_random"}
        )
        self._producer.init_transactions(30)
        self._day = 0

    def weighed(self, lot: str, ticket: str, site: str = A, *, abort: bool = False) -> Outcome:
        """One more event with a weighbridge ticket: the second with a ticket is a finding (F11)."""
        self._day += 1
        made = add(lot, "24", site, cu="28", tickets=[ticket], event_time_us=START + self._day * DAY // 10)
        self.watched(made)
        self.write(self.watched.outcomes[-1], abort=abort)
        return self.watched.outcomes[-1]

    def write(self, *outcomes: Outcome, abort: bool = False) -> None:
        self._producer.begin_transaction()
        for one in outcomes:
            self._producer.produce(TRANSACTIONS, encode(one), one.site.encode())
        assert self._producer.flush(30) == 0, "it is at the broker, whatever becomes of it"
        if abort:
            self._producer.abort_transaction(30)
        else:
            self._producer.commit_transaction(30)


def entries(cluster: Cluster, kind: str) -> list[Entry]:
    return [entry for entry in cluster.values(ENTRIES, Entry) if entry.kind == kind]


def tickets(cluster: Cluster) -> list[str]:
    """The tickets of the findings that were written, in the order of their partition."""
    return [e.finding.arithmetic.split(",")[0].removeprefix("the ticket ") for e in entries(cluster, "FINDING") if e.finding]


def works(cluster: Cluster, instance: str) -> Callable[[], bool]:
    return lambda: "the watch works" in (cluster.folder / f"watch-{instance}.log").read_text()


def member(cluster: Cluster, instance: str) -> bool:
    try:
        cluster.lodestream("-s", f"instance={instance}", "worker", "--check", "watch")
    except AssertionError:
        return False
    return True


def test_findings_of_the_watch_become_entries(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("LODESTREAM_WATCH__WEB_PORT", str(port))
    log = Log(cluster)
    log.weighed("x", "history")
    log.weighed("y", "history")
    watch = cluster.start("watch")
    cluster.wait(lambda: tickets(cluster) == ["history"], "the finding of the history")

    log.weighed("z", "aborted")
    log.weighed("v", "aborted", abort=True)
    log.weighed("w", "live")
    cause = log.weighed("u", "live")
    cluster.wait(lambda: "live" in tickets(cluster), "the finding of a transaction that has just come")
    assert tickets(cluster) == ["history", "live"], "what the ledger took back was never seen"

    (message,) = [m for some in cluster.read(ENTRIES).values() for m in some if b"live" in m.value()]
    entry = decode(message.value(), Entry)
    assert (message.key(), message.partition()) == (A.encode(), partition_of(A.encode(), PARTITIONS))
    assert entry.finding is not None
    assert (entry.entry_id, entry.site, entry.cause) == (entry.finding.id, A, cause.txn_id)
    assert entry.record_time_us == cause.record_time_us
    headers = dict(message.headers() or ())
    assert headers["ce_id"] == entry.entry_id.encode()
    assert (headers["ce_source"], headers["ce_subject"]) == (b"/lodestream/watch", A.encode())
    assert headers["ce_type"] == b"org.lodestream.v1.Entry"
    assert headers["traceparent"].startswith(b"00-")

    with urlopen(f"http://127.0.0.1:{port}/", timeout=10) as page:
        shown = json.load(page)
    assert shown["findings"] == [{"code": "REPLAY_SUSPECT", "severity": "warn", "count": 2}]
    assert shown["next_offsets"][f"{TRANSACTIONS}/{message.partition()}"] > 0

    watch.kill()
    cluster.workers.remove(watch)
    history = next(e for e in entries(cluster, "FINDING") if e.finding and "history" in e.finding.arithmetic)
    log.write(outcome(A, 100, "finding", event_id=None, entry_id=history.entry_id))
    cluster.start("watch")
    cluster.wait(lambda: tickets(cluster).count("live") == 2, "at least once: nobody has recorded it")
    assert tickets(cluster).count("history") == 1, "it stands in the log"
    assert len({e.entry_id for e in entries(cluster, "FINDING")}) == 2
    cluster.stop(cluster.workers[0])


def test_one_watch_works_and_another_stands_by(cluster: Cluster) -> None:
    log = Log(cluster)
    first = cluster.start("watch", "a")
    cluster.wait(works(cluster, "a"), "the first watch")
    second = cluster.start("watch", "b")
    cluster.wait(lambda: member(cluster, "b"), "the second one to stand by")
    log.weighed("x", "1", A)
    log.weighed("y", "1", A)
    cluster.wait(lambda: tickets(cluster) == ["1"], "the finding of one of them")
    assert not works(cluster, "b")()
    first.kill()
    cluster.workers.remove(first)
    log.weighed("z", "2", B)
    log.weighed("w", "2", B)
    cluster.wait(lambda: "2" in tickets(cluster), "the finding of the other")
    cluster.stop(second)


def test_ticks_go_where_something_is_due(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is unrouted first, so T is now; then a record waits for the gate, and T is its time."""
    monkeypatch.setenv("LODESTREAM_WATCH__TICK_S", str(TICK_S))
    now_us = time.time_ns() // 1_000
    log = Log(cluster)
    log.write(outcome(A, 1, due_us=now_us - MINUTE), outcome(B, 1, due_us=now_us + 10 * MINUTE))
    cluster.start("watch")
    cluster.wait(lambda: len(entries(cluster, "TICK")) >= 2, "ticks")
    ticks = entries(cluster, "TICK")
    assert {tick.site for tick in ticks} == {A}
    assert all(
        tick.tick_us == tick.record_time_us > now_us - MINUTE and tick.tick_us % (TICK_S * 1_000_000) == 0 for tick in ticks
    )
    assert len({tick.entry_id for tick in ticks}) == len({tick.tick_us for tick in ticks}) == len(ticks)

    settings = load({"kafka": {"bootstrap_servers": cluster.bootstrap}})
    later_us = time.time_ns() // 1_000 + MINUTE
    assert routed_us(settings, later_us) == later_us
    cluster.capture([b"{}", b"{}"])
    (partition,) = {m.partition() for some in cluster.read(INBOX).values() for m in some}
    messages = cluster.read(INBOX)[partition]
    assert routed_us(settings, later_us) == messages[0].timestamp()[1] * 1_000, "the gate has committed nothing yet"
    commit(cluster, TopicPartition(INBOX, partition, 1))
    assert routed_us(settings, later_us) == messages[1].timestamp()[1] * 1_000
    assert routed_us(settings, now_us) == now_us, "what came in after that time is no hindrance"
    commit(cluster, TopicPartition(INBOX, partition, 2))
    assert routed_us(settings, later_us) == later_us

    log.write(outcome(A, 2, due_us=0))
    cluster.wait(Quiet(cluster), "the ticks' end")


class Quiet:
    """Whether no tick has come for three intervals."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._seen, self._since = -1, 0.0

    def __call__(self) -> bool:
        """Asked again and again."""
        count, now = len(entries(self._cluster, "TICK")), time.monotonic()
        if count != self._seen:
            self._seen, self._since = count, now
        return now - self._since > 3 * TICK_S


def commit(cluster: Cluster, offset: TopicPartition) -> None:
    """What the gate does after a batch."""
    consumer = Consumer({"bootstrap.servers": cluster.bootstrap, "group.id": "gate", "enable.auto.commit": False})
    consumer.commit(offsets=[offset], asynchronous=False)
    consumer.close()
