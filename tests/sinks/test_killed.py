"""The sink on real brokers and real chDB, killed with SIGKILL in the middle: no row is lost, none stands twice."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from runtime.embedded import EmbeddedBroker, EmbeddedBrokerError
from schemas import topics
from schemas.codec import encode
from sinks.clickhouse.mapping import FEEDS
from sinks.clickhouse.readside import Reader
from sinks.clickhouse.readsocket import SocketReader, socket_path
from sinks.clickhouse.verify import verify
from tests.sinks.made import MINE, SMELTER, Book, busy

DEADLINE_S = 60.0
EVENTS = 120
SITES = (MINE, SMELTER)
T = TypeVar("T")


@dataclass
class Place:
    """A broker's address and a folder for the sink."""

    bootstrap: str
    folder: Path

    @property
    def url(self) -> str:
        return f"chdb://{self.folder / 'clickhouse'}"

    def start(self, *death: str) -> "subprocess.Popen[str]":
        environment = {
            **os.environ,
            "LODESTREAM_KAFKA__BOOTSTRAP_SERVERS": self.bootstrap,
            "LODESTREAM_DATA_DIR": str(self.folder),
            "LODESTREAM_LOG_FORMAT": "json",
            # How long a broker without static membership keeps the place of the one that was killed.
            "LODESTREAM_KAFKA__SESSION_TIMEOUT_MS": "6000",
            "LODESTREAM_KAFKA__TRANSACTION_TIMEOUT_MS": "4000",
        }
        return subprocess.Popen(
            [sys.executable, "-m", "tests.faults.process", "sink", *death],
            env=environment,
            cwd=Path(__file__).resolve().parent.parent.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """A reader through the socket of the sink, once it serves."""
        # Not open_reader: that would open the folder itself, and then the sink could not.
        found = until(lambda: SocketReader.to(socket_path(self.folder / "clickhouse")))
        yield found
        found.close()


def until(ask: Callable[[], T | None]) -> T:
    """The answer, once there is one."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        answer = ask()
        if answer is not None:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"nothing after {DEADLINE_S} s")


def make_topics(bootstrap: str) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for made in admin.create_topics([NewTopic(topic, 2, 1) for topic in FEEDS]).values():
        made.result(30)


def write(bootstrap: str, books: list[Book], *, transactional: bool) -> None:
    """What the books hold, a partition for each; where it can be in transactions, of which every third is aborted first."""
    more = {"transactional.id": "ledger-test"} if transactional else {}
    producer = Producer({"bootstrap.servers": bootstrap, **more})
    if transactional:
        producer.init_transactions(30)
    for begin in range(0, EVENTS, 20):
        for aborted in (True, False) if transactional and begin % 60 == 0 else (False,):
            if transactional:
                producer.begin_transaction()
            for partition, book in enumerate(books):
                for topic, values in ((topics.ENTRIES, book.entries), (topics.TRANSACTIONS, book.outcomes)):
                    for value in values[begin : begin + 20]:
                        producer.produce(topic, encode(value), book.site.encode(), partition)
            producer.flush(30)
            if transactional:
                (producer.abort_transaction if aborted else producer.commit_transaction)(30)


def check(place: Place) -> None:
    """A sink that nobody kills brings the rest, and all is there once."""
    sink = place.start()
    try:
        with place.reading() as reader:
            taken = "SELECT sum(records) FROM lodestream.sink_progress"  # entries and transactions
            until(lambda: True if reader.query(taken).value() == 4 * EVENTS else sink.poll())
            found = until(lambda: report if (report := verify(reader)).checks[-1].checked == 2 * EVENTS else sink.poll())
            assert [one for one in found.checks if not one.ok] == []
            assert found.unmerged == 0
            for table, each in {"entries": 1, "events": 1, "transactions": 1, "postings": 2, "lots": 1, "findings": 1}.items():
                raw = reader.query(f"SELECT count() FROM lodestream_raw.{table}").value()  # noqa: S608  # our own names
                assert raw == 2 * EVENTS * each, table
    finally:
        sink.send_signal(signal.SIGTERM)
        said, _ = sink.communicate(timeout=DEADLINE_S)
    assert sink.returncode == 0, said


def die(place: Place, what: str, step: int) -> None:
    sink = place.start("KILL", what, str(step))
    said, _ = sink.communicate(timeout=DEADLINE_S)
    assert sink.returncode == -signal.SIGKILL, said


@pytest.mark.kafka
@pytest.mark.embedded
def test_killed_between_its_steps_on_kafka(own_kafka: str, tmp_path: Path) -> None:
    place = Place(own_kafka, tmp_path)
    make_topics(own_kafka)
    books = [busy(site, EVENTS) for site in SITES]
    write(own_kafka, books, transactional=True)
    die(place, "intent", 1)  # an intent, and nothing inserted
    die(place, "insert", 1)  # the first table of a batch
    die(place, "insert", 4)  # in the midst of one or two batches
    die(place, "commit", 1)  # whole batches are committed
    check(place)

    admin = AdminClient({"bootstrap.servers": own_kafka})
    admin.delete_topics([topics.TRANSACTIONS])[topics.TRANSACTIONS].result(30)
    until(lambda: None if topics.TRANSACTIONS in admin.list_topics(timeout=10).topics else True)
    until(
        lambda: (
            True
            if admin.create_topics([NewTopic(topics.TRANSACTIONS, 2, 1)])[topics.TRANSACTIONS].exception(30) is None
            else None
        )
    )
    sink = place.start()
    said, _ = sink.communicate(timeout=DEADLINE_S)
    assert sink.returncode == 5, said
    assert "The topic was made anew" in said


@pytest.mark.embedded
def test_killed_between_its_steps_on_the_embedded_broker(tmp_path: Path) -> None:
    """It drops the metadata of commits: the rows themselves say how far a batch reached."""
    broker = EmbeddedBroker()
    try:
        broker.start()
    except EmbeddedBrokerError as reason:
        pytest.skip(f"no embedded broker: {reason}")
    try:
        place = Place(broker.bootstrap_servers, tmp_path)
        make_topics(broker.bootstrap_servers)
        write(broker.bootstrap_servers, [busy(site, EVENTS) for site in SITES], transactional=False)
        die(place, "insert", 2)
        check(place)
    finally:
        broker.stop()
