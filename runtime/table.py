"""A small topic read as a table, once, when a worker starts: the latest value of each key."""

import time

from confluent_kafka import KafkaException, TopicPartition

from runtime import clients
from runtime.errors import FatalError
from runtime.kafka_errors import END_OF_PARTITION
from runtime.settings import Settings

DEADLINE_S = 30.0
BATCH = 1_000


def read_table(settings: Settings, topic: str) -> dict[bytes, bytes]:
    """The latest value of each key of a topic; one that does not exist is empty. Raises FatalError where it cannot be read."""
    consumer = clients.reader(settings)
    found: dict[bytes, bytes] = {}
    try:
        known = consumer.list_topics(topic, DEADLINE_S).topics[topic]
        if known.error is not None:
            return found
        left = set(known.partitions)
        consumer.assign([TopicPartition(topic, number, 0) for number in left])
        deadline = time.monotonic() + DEADLINE_S
        while left:
            if time.monotonic() > deadline:
                raise FatalError(f"{topic} could not be read to its end within {DEADLINE_S:.0f} s")
            for message in consumer.consume(BATCH, 0.2):
                error, key, value = message.error(), message.key(), message.value()
                if error is not None:
                    if error.code() != END_OF_PARTITION:
                        raise KafkaException(error)
                    left.discard(message.partition())
                elif key is not None and value is None:
                    found.pop(key, None)
                elif key is not None and value is not None:
                    found[key] = value
    except KafkaException as error:
        raise FatalError(f"{topic} cannot be read: {error.args[0].str()}") from error
    finally:
        consumer.close()
    return found
