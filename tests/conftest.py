"""Fixtures that all rooms use: reference data, brokers, and the clock of made events."""

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from deploy.compile import stale
from deploy.kafka import Broker, KafkaUnavailableError
from runtime.embedded import EmbeddedBroker, EmbeddedBrokerError
from schemas.topics import declared
from tests.ledger import making
from tests.way.cluster import Cluster, remove_topics, topics_of

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


def pytest_configure() -> None:
    """Python prefers a compiled module to its source: tests of sources that do not run would prove nothing."""
    old = stale(Path(__file__).resolve().parent.parent)
    if old:
        raise pytest.UsageError(f"compiled before it was edited: {', '.join(map(str, old))}: make compiled, or make pure")


@pytest.fixture(autouse=True)
def _hours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test begins at START: its events are an hour apart, and a book refuses what is older than its horizon."""
    monkeypatch.setattr(making, "hours", count())


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data beside the checkout: schemas, vectors and samples that the project does not contain."""
    if not (SHARED / "data").is_dir():
        pytest.skip("no reference data: ../shared/data is not beside this checkout")
    return SHARED


def real_kafka() -> Iterator[str]:
    """The address of a real Kafka: KAFKA_BOOTSTRAP_SERVERS, else a node of our own; skips where there can be none."""
    address = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    if address:
        yield address
        return
    broker = Broker()
    try:
        broker.start()
    except KafkaUnavailableError as reason:
        pytest.skip(f"no real Kafka: {reason}")
    try:
        yield broker.bootstrap_servers
    finally:
        broker.stop()


@pytest.fixture(scope="session")
def kafka() -> Iterator[str]:
    """The address of a real Kafka. Every test uses topics and groups of its own, or `own_kafka`."""
    yield from real_kafka()


@pytest.fixture(scope="session")
def embedded_broker() -> Iterator[str]:
    """The address of an embedded broker (Tansu, in memory). Every test uses topics and groups of its own."""
    broker = EmbeddedBroker()
    try:
        broker.start()
    except EmbeddedBrokerError as reason:
        pytest.skip(f"no embedded broker: {reason}")
    try:
        yield broker.bootstrap_servers
    finally:
        broker.stop()


@pytest.fixture
def own_kafka() -> Iterator[str]:
    """The same, without Lodestream's own topics: for tests of the whole way, whose workers are killed.

    A node for each test: a group remembers a killed static member, and what it had, for the length of a session.
    """
    for address in real_kafka():
        ours = {topic.name for topic in declared()}
        if ours & topics_of(address):
            pytest.skip(f"Lodestream's topics exist at {address}: tests of the whole way need a cluster without them")
        yield address
        remove_topics(address, ours)


@pytest.fixture
def cluster(own_kafka: str, tmp_path: Path) -> Iterator[Cluster]:
    """That Kafka with our topics, and the workers that a test starts on it."""
    cluster = Cluster(own_kafka, tmp_path)
    cluster.lodestream("topics", "apply", "--yes")
    try:
        yield cluster
    finally:
        cluster.stop_all()
