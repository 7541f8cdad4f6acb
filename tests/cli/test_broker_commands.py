"""Commands that talk to a broker: topics, capture, book, worker --check; and what they say when there is none."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition

from lodestream.ledger.records import Entry
from runtime import clients
from runtime.embedded import EmbeddedBroker, EmbeddedBrokerError
from runtime.settings import Settings
from schemas.codec import decode
from schemas.topics import ENTRIES, INBOX, declared

from .conftest import EXAMPLES, Run

pytestmark = pytest.mark.embedded


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch, lodestream: Run) -> Iterator[str]:
    """A broker of this test's own, named by the environment: our topics have fixed names."""
    running = EmbeddedBroker()
    try:
        running.start()
    except EmbeddedBrokerError as reason:
        pytest.skip(f"no embedded broker: {reason}")
    monkeypatch.setenv("LODESTREAM_KAFKA__BOOTSTRAP_SERVERS", running.bootstrap_servers)
    monkeypatch.setenv("LODESTREAM_PARTITIONS", "4")
    yield running.bootstrap_servers
    running.stop()


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch, lodestream: Run, own_kafka: str) -> str:
    """A real Kafka without our topics, for what the embedded broker does otherwise: it makes topics that are asked for."""
    monkeypatch.setenv("LODESTREAM_KAFKA__BOOTSTRAP_SERVERS", own_kafka)
    monkeypatch.setenv("LODESTREAM_PARTITIONS", "4")
    return own_kafka


def read(topic: str) -> list[tuple[bytes, bytes]]:
    """Everything in a topic, partition by partition."""
    consumer = clients.reader(Settings())
    partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
    records, at_end = [], set()
    deadline = time.monotonic() + 30
    while len(at_end) < len(partitions) and time.monotonic() < deadline:
        for message in consumer.consume(100, 0.5):
            if message.error() is None:
                records.append((message.key() or b"", message.value() or b""))
            else:
                at_end.add(message.partition())
    consumer.close()
    return records


def test_topics_are_not_applied_where_nobody_can_be_asked(lodestream: Run, broker: str) -> None:
    said = lodestream("topics", "apply", stdin="")
    assert said.code == 2
    assert "--yes" in said.err


def test_topics_are_shown_asked_for_applied_and_then_agree(lodestream: Run, broker: str) -> None:
    refused = lodestream("topics", "apply", stdin="n\n")
    assert refused.code == 1
    assert all(f"+ {topic.name}:" in refused.out for topic in declared(4))
    applied = lodestream("topics", "apply", "--yes")
    assert applied.code == 0
    again = lodestream("topics", "apply", stdin="")
    assert (again.code, again.out) == (0, "The cluster agrees with the catalogue.\n")
    other = lodestream("-s", "partitions=8", "topics", "apply", "--yes")
    assert other.code == 2
    assert "The count is fixed for ever" in other.out


def test_the_inbox_of_a_direct_source_is_a_topic_too(lodestream: Run, broker: str) -> None:
    Path("book.toml").write_text('[sources]\nmes = "epcis.inbox.mes.v1"\nlocal = "epcis.inbox.v1"\n')
    names = [row["name"] for row in lodestream("-s", "book=book.toml", "topics", "list", "--json").rows]
    assert names == [*(topic.name for topic in declared(4)), "epcis.inbox.mes.v1"]


def test_capture_sends_each_document_under_its_source_and_refuses_what_is_too_large(lodestream: Run, broker: str) -> None:
    lodestream("topics", "apply", "--yes")
    Path("large.json").write_bytes(b" " * 20_000)
    files = sorted((EXAMPLES / "01-copper").glob("*.json"))
    limit = ("-s", "limits.inbox_record_bytes=10000")
    said = lodestream(*limit, "capture", "--json", "--source", "plant-7", *files, "large.json")
    assert said.code == 1
    assert said.rows == [{"source": "plant-7", "topic": INBOX, "captured": len(files), "refused": 1}]
    assert "refused large.json: 20,000 bytes" in said.err
    assert read(INBOX) == [(b"plant-7", file.read_bytes()) for file in files]
    assert lodestream("capture", EXAMPLES / "01-copper").out == f"{len(files)} documents captured, 0 refused\n"


@pytest.mark.kafka
def test_without_topics_it_is_said_what_to_do(lodestream: Run, real: str) -> None:
    for command in (("capture", EXAMPLES / "01-copper"), ("book", "apply", EXAMPLES / "book.toml")):
        said = lodestream(*command)
        assert said.code == 3
        assert "lodestream topics apply" in said.err


def test_a_source_needs_a_plain_name(lodestream: Run, broker: str) -> None:
    assert lodestream("capture", "--source", "Plant 7", EXAMPLES / "01-copper").code == 2


def test_a_book_is_written_as_one_entry_a_site(lodestream: Run, broker: str) -> None:
    lodestream("topics", "apply", "--yes")
    said = lodestream("book", "apply", EXAMPLES / "book.toml")
    assert said.code == 0, said.err
    entries = {key.decode(): decode(value, Entry) for key, value in read(ENTRIES)}
    assert entries.keys() == {"https://id.gs1.org/414/9521321000018", "https://id.gs1.org/414/9526543000020"}
    for site, entry in entries.items():
        assert (entry.site, entry.kind) == (site, "BOOK")
        assert entry.book is not None
        assert entry.book.booked
    assert lodestream("book", "apply", EXAMPLES / "README.md").code == 2


@pytest.mark.kafka
def test_a_worker_can_be_asked_whether_it_works(lodestream: Run, real: str) -> None:
    lodestream("topics", "apply", "--yes")
    assert lodestream("worker", "--check", "gate").code == 3
    running = subprocess.Popen([sys.executable, "-m", "cli.main", "worker", "gate"], stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while (said := lodestream("worker", "--check", "gate")).code != 0 and time.monotonic() < deadline:
            assert running.poll() is None
        assert said.code == 0, said.err
    finally:
        running.send_signal(signal.SIGTERM)
        assert running.wait(30) == 0


@pytest.mark.parametrize(
    "arguments",
    [("topics", "apply"), ("capture", str(EXAMPLES / "01-copper")), ("book", "apply", str(EXAMPLES / "book.toml"))],
    ids=lambda arguments: arguments[0],
)
def test_no_broker_is_said_once_with_its_address(
    lodestream: Run, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setattr("cli.broker.REACH_SECONDS", 0.5)
    monkeypatch.setattr("runtime.topics.TIMEOUT_SECONDS", 0.5)
    said = lodestream("-s", "kafka.bootstrap_servers=127.0.0.1:1", *arguments)
    assert said.code == 3
    assert said.err.count("127.0.0.1:1") == 1
