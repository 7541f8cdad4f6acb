"""The transactions log read to its end, where Faust has not begun or has been away: with Kafka's own client, committed only."""

import time
from collections.abc import Callable

from confluent_kafka import Consumer, KafkaException, TopicPartition

from runtime import clients
from runtime.errors import FatalError
from runtime.kafka import record_of
from runtime.kafka_errors import END_OF_PARTITION
from runtime.port import Partition
from runtime.settings import Settings
from schemas.topics import TRANSACTIONS
from streams.watch.surveillance import Surveillance

BATCH = 1_000
SILENT_S = 30.0
"""So long without a record or an end of a partition, and the broker is away."""


def read_on(settings: Settings, surveillance: Surveillance, stopping: Callable[[], bool] = lambda: False) -> int:
    """Take all that is committed and not taken yet; how many records that was. Raises FatalError where the log cannot be read."""
    consumer = clients.reader(settings)
    try:
        return _read(consumer, surveillance, stopping)
    except KafkaException as error:
        raise FatalError(f"{TRANSACTIONS} cannot be read: {error.args[0].str()}") from error
    finally:
        consumer.close()


def _read(consumer: Consumer, surveillance: Surveillance, stopping: Callable[[], bool]) -> int:
    known = consumer.list_topics(TRANSACTIONS, SILENT_S).topics[TRANSACTIONS]
    if known.error is not None:
        raise FatalError(f"there is no topic {TRANSACTIONS}: `lodestream topics apply` makes it")
    # Of what is not read to its end, how far it is: what all of them have passed is history.
    behind = dict.fromkeys(known.partitions, 0)
    starts = [(number, surveillance.taken.get(Partition(TRANSACTIONS, number), 0)) for number in behind]
    consumer.assign([TopicPartition(TRANSACTIONS, number, offset) for number, offset in starts])
    count, heard = 0, time.monotonic()
    while behind and not stopping():
        for message in consumer.consume(BATCH, 0.2):
            heard = time.monotonic()
            if (error := message.error()) is None:
                record = record_of(message, headers=False)
                behind[record.partition] = surveillance.take(record) or behind.get(record.partition, 0)
                count += 1
            elif error.code() == END_OF_PARTITION:
                behind.pop(message.partition() or 0, None)
            else:
                raise KafkaException(error)
        if behind:
            surveillance.advance(min(behind.values()))
        if time.monotonic() - heard > SILENT_S:
            raise FatalError(f"{TRANSACTIONS} could not be read to its end: nothing came for {SILENT_S:.0f} s")
    return count
