"""Capture: what is sent arrives in order, and what does not arrive is told."""

import uuid
from collections.abc import Iterator
from hashlib import sha256

import pytest
from confluent_kafka import Consumer, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from connectors.files.capture import Capture, DeliveryError
from connectors.files.documents import Document


def idempotent(address: str) -> Producer:
    return Producer({"bootstrap.servers": address, "enable.idempotence": True, "log_level": 2, "message.timeout.ms": 5000})


@pytest.fixture
def topic(kafka: str) -> Iterator[str]:
    name = f"capture-{uuid.uuid4().hex[:8]}"
    admin = AdminClient({"bootstrap.servers": kafka, "log_level": 2})
    admin.create_topics([NewTopic(name, 1, 1, config={"max.message.bytes": "400000"})])[name].result(30)
    yield name
    admin.delete_topics([name])[name].result(30)


def read(address: str, topic: str, count: int) -> list[tuple[bytes, bytes]]:
    return [(message.key() or b"", message.value() or b"") for message in consume(address, topic, count)]


def read_headers(address: str, topic: str, count: int) -> list[list[tuple[str, bytes]]]:
    return [message.headers() for message in consume(address, topic, count)]


def consume(address: str, topic: str, count: int) -> list[Message]:
    consumer = Consumer({"bootstrap.servers": address, "group.id": "test", "auto.offset.reset": "earliest", "log_level": 2})
    consumer.assign([TopicPartition(topic, 0, 0)])
    try:
        return consumer.consume(count, timeout=20)
    finally:
        consumer.close()


@pytest.mark.kafka
def test_documents_arrive_in_order_under_their_source(kafka: str, topic: str) -> None:
    capture = Capture(idempotent(kafka), topic, "plant-7")
    for number in range(500):
        assert capture.send(Document(f"f{number}", f"{number}".encode(), 3))
    seen: list[int] = []
    assert capture.finish(seen.append) == 500
    assert seen[-1] == 500
    assert read(kafka, topic, 500) == [(b"plant-7", f"{number}".encode()) for number in range(500)]


@pytest.mark.kafka
def test_a_document_says_what_it_is_and_begins_a_trace(kafka: str, topic: str) -> None:
    """The same bytes are the same event: id and trace come of their digest."""
    capture = Capture(idempotent(kafka), topic, "plant-7", sample=1.0)
    for payload in (b"{}", b"[]", b"{}"):
        capture.send(Document("a", payload, 2))
    capture.finish(lambda _: None)
    one, other, again = (dict(headers) for headers in read_headers(kafka, topic, 3))
    assert one == again
    assert one["ce_id"] == sha256(b"{}").hexdigest().encode() != other["ce_id"]
    assert one["traceparent"][:35] != other["traceparent"][:35]
    assert one["traceparent"].endswith(b"-01")
    assert (one["ce_source"], one["ce_subject"], one["ce_specversion"]) == (b"/lodestream/capture", b"plant-7", b"1.0")


@pytest.mark.kafka
def test_what_is_above_the_limit_is_refused_here_and_the_rest_goes_on(kafka: str, topic: str) -> None:
    capture = Capture(idempotent(kafka), topic, "local")
    large = Document("large", None, 100_000_000)
    assert not capture.send(large)
    assert capture.send(Document("small", b"{}", 2))
    assert capture.finish(lambda _: None) == 1
    assert capture.refused == [large]


@pytest.mark.kafka
def test_a_refusal_by_the_broker_is_an_error(kafka: str, topic: str) -> None:
    capture = Capture(idempotent(kafka), topic, "local")
    capture.send(Document("big", b"x" * 500_000, 500_000))
    with pytest.raises(DeliveryError, match="refused a document"):
        capture.finish(lambda _: None)


def test_a_broker_that_is_not_there_is_given_up() -> None:
    capture = Capture(idempotent("127.0.0.1:1"), "nowhere", "local", timeout_seconds=0.5)
    capture.send(Document("a", b"{}", 2))
    with pytest.raises(DeliveryError, match=r"1 wait|refused"):
        capture.finish(lambda _: None)
