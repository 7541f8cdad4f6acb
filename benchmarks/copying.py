"""The baseline: consume and produce the same bytes, transactionally, with nothing in between. A process of its own."""

import signal
import sys
from threading import Event

from confluent_kafka import Consumer, Producer, TopicPartition

from runtime import clients
from runtime.settings import Settings, load

POLL_SECONDS = 0.2


def main(source: str, target: str) -> None:
    """Copy `source` to `target`, one transaction a batch as the workers do, until SIGTERM."""
    settings = load()
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    group = f"copy-{target}"
    consumer = clients.consumer(settings, group, auto_offset_reset="earliest")
    producer = clients.producer(settings, group)
    producer.init_transactions(30)
    consumer.subscribe([source])
    while not stop.is_set():
        _copy(settings, consumer, producer, target)
    consumer.close()


def _copy(settings: Settings, consumer: Consumer, producer: Producer, target: str) -> None:
    """One batch: the first record is waited for, then what is there."""
    messages = consumer.consume(1, POLL_SECONDS)
    while messages and len(messages) < settings.worker.batch_records:
        more = consumer.consume(settings.worker.batch_records - len(messages), 0)
        if not more:
            break
        messages += more
    records = [message for message in messages if message.error() is None]
    if not records:
        return
    producer.begin_transaction()
    offsets: dict[tuple[str, int], int] = {}
    for record in records:
        producer.produce(target, value=record.value(), key=record.key())
        offsets[record.topic() or "", record.partition() or 0] = (record.offset() or 0) + 1
    places = [TopicPartition(topic, partition, offset) for (topic, partition), offset in offsets.items()]
    producer.send_offsets_to_transaction(places, consumer.consumer_group_metadata())
    producer.commit_transaction()


if __name__ == "__main__":
    main(*sys.argv[1:])
