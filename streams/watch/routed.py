"""How far the gate is: T, below which it has routed every inbox partition (runtime-rules section 2)."""

import re
from collections.abc import Iterator

from confluent_kafka import Consumer, KafkaException, TopicPartition

from runtime import clients
from runtime.errors import FatalError
from runtime.kafka_errors import END_OF_PARTITION
from runtime.settings import Settings
from schemas.topics import INBOX_PATTERN

GATE = "gate"
TIMEOUT_S = 10.0
_INBOX = re.compile(INBOX_PATTERN)


def routed_us(settings: Settings, now_us: int) -> int:
    """Now, where every inbox is routed to its end; else the time of the oldest record that is not, in microseconds.

    `now_us` was read before this is called, so what comes in meanwhile is younger. Raises FatalError where the broker does not
    answer: then there is no tick.
    """
    onlooker, reader = clients.onlooker(settings, GATE), clients.reader(settings)
    try:
        times = [now_us]
        for partition, offset in _unrouted(onlooker):
            time_us = _time_of(reader, partition, offset)
            if time_us is not None:
                times.append(time_us)
        return min(times)
    except KafkaException as error:
        raise FatalError(f"how far the gate is cannot be read: {error.args[0].str()}") from error
    finally:
        onlooker.close()
        reader.close()


def _unrouted(onlooker: Consumer) -> Iterator[tuple[TopicPartition, int]]:
    """The inbox partitions with records behind what the gate has committed, and the first offset of these."""
    topics = onlooker.list_topics(timeout=TIMEOUT_S).topics
    inboxes = [
        TopicPartition(name, number) for name, topic in topics.items() if _INBOX.match(name) for number in topic.partitions
    ]
    for partition in onlooker.committed(inboxes, TIMEOUT_S) if inboxes else []:
        if partition.error is not None:
            raise KafkaException(partition.error)
        low, high = onlooker.get_watermark_offsets(TopicPartition(partition.topic, partition.partition), TIMEOUT_S)
        offset = max(partition.offset, low)  # below zero: the gate has committed nothing yet
        if offset < high:
            yield partition, offset


def _time_of(reader: Consumer, partition: TopicPartition, offset: int) -> int | None:
    """The timestamp of the first record from there on, in microseconds; None: there are only marks of transactions."""
    reader.assign([TopicPartition(partition.topic, partition.partition, offset)])
    message = reader.poll(TIMEOUT_S)
    if message is None:
        raise FatalError(f"{partition.topic}/{partition.partition} does not answer")
    error = message.error()
    if error is not None:
        if error.code() == END_OF_PARTITION:
            return None
        raise KafkaException(error)
    return int(message.timestamp()[1]) * 1000
