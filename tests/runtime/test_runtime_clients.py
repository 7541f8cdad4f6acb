"""What our clients are made with, and what librdkafka's errors mean."""

import pytest
from confluent_kafka import KafkaError, KafkaException

from runtime import clients
from runtime.errors import AbortError, FatalError, FencedError, RefusedError, RetryError, RunError
from runtime.kafka import KafkaLog
from runtime.kafka_errors import in_transaction, translated
from runtime.settings import load


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, object]]:
    """The configurations that clients are made with."""
    seen: dict[str, dict[str, object]] = {}
    for kind in ("Consumer", "Producer", "AdminClient"):
        monkeypatch.setattr(clients, kind, lambda config, logger, kind=kind: seen.__setitem__(kind, config))
    return seen


def test_settings_that_correctness_rests_on(made: dict[str, dict[str, object]]) -> None:
    settings = load({"instance": "i1", "kafka": {"bootstrap_servers": "b:1", "options": {"ssl.ca.location": "/ca.pem"}}})
    clients.consumer(settings, "gate")
    consumer = made["Consumer"]
    assert {name: consumer[name] for name in EXPECTED_CONSUMER} == EXPECTED_CONSUMER
    clients.producer(settings, "gate-i1")
    producer = made["Producer"]
    assert {name: producer[name] for name in EXPECTED_PRODUCER} == EXPECTED_PRODUCER
    clients.admin(settings)
    assert all(config["ssl.ca.location"] == "/ca.pem" for config in made.values())


EXPECTED_CONSUMER = {
    "bootstrap.servers": "b:1",
    "group.id": "gate",
    "group.instance.id": "gate-i1",
    "group.protocol": "classic",
    "partition.assignment.strategy": "cooperative-sticky",
    "isolation.level": "read_committed",
    "enable.auto.commit": False,
    "auto.offset.reset": "error",
    "allow.auto.create.topics": False,
    "session.timeout.ms": 15_000,
    "retry.backoff.ms": 5,
}
EXPECTED_PRODUCER = {
    "transactional.id": "gate-i1",
    "transaction.timeout.ms": 10_000,
    "partitioner": "murmur2_random",
    "acks": "all",
    "enable.idempotence": True,
    "retry.backoff.ms": 5,
}


def test_an_option_that_librdkafka_does_not_know_is_named() -> None:
    with pytest.raises(FatalError, match=r"no\.such\.option"):
        KafkaLog(load({"kafka": {"options": {"no.such.option": "1"}}}), "toy")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (KafkaError.PRODUCER_FENCED, FencedError),
        (KafkaError.FENCED_INSTANCE_ID, FencedError),
        (KafkaError._TRANSPORT, RetryError),
        (KafkaError._TIMED_OUT, RetryError),
        (KafkaError.COORDINATOR_NOT_AVAILABLE, RetryError),
        (KafkaError.MSG_SIZE_TOO_LARGE, AbortError),
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, AbortError),
    ],
)
def test_errors_inside_a_transaction(code: int, kind: type[RunError]) -> None:
    assert type(in_transaction(KafkaError(code), "commit")) is kind


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (KafkaError.UNSTABLE_OFFSET_COMMIT, RetryError),
        (KafkaError._ALL_BROKERS_DOWN, RetryError),
        (KafkaError.GROUP_AUTHORIZATION_FAILED, FatalError),
        (KafkaError._AUTO_OFFSET_RESET, RefusedError),
        (KafkaError._FENCED, FencedError),
    ],
)
def test_errors_outside_of_transactions(code: int, kind: type[RunError]) -> None:
    with pytest.raises(RunError) as caught, translated():
        raise KafkaException(KafkaError(code))
    assert type(caught.value) is kind


def test_the_aftermath_of_an_abort_is_nobody_s_fault() -> None:
    """A broker that refused a record misses its sequence number in what follows: no partition is to blame for that."""
    reason = in_transaction(KafkaError(KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER), "commit")
    assert isinstance(reason, AbortError)
    assert reason.transient
