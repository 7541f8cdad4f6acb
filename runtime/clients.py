"""Kafka clients with every setting that matters written down. Nobody else in the project makes a client from scratch.

What the operator may set (`kafka.options`, security above all) lies below ours: the settings that exactly-once rests on always
win (docs/adr/0002).
"""

import logging
from collections.abc import Iterable
from typing import Any

from confluent_kafka import Consumer, KafkaException, Producer, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient

from runtime.port import Partition
from runtime.settings import Settings

# Other clients (Faust, Java) place keys by murmur2; librdkafka's own default is CRC32, and a site would live in two places.
PARTITIONER = "murmur2_random"

# librdkafka's own lines go through the standard logger, and so into the one form that all our lines have.
_log = logging.getLogger("librdkafka")


def consumer(settings: Settings, group: str, *, static: bool = True, **more: Any) -> Consumer:
    """A group member that reads committed records and commits nothing by itself. Not yet subscribed.

    `static`: its place in the group is kept while it restarts, under the instance's name; two with one name fence each other.
    `more` are librdkafka settings with underscores for dots; they win.
    """
    config: dict[str, Any] = {
        "fetch.wait.max.ms": 100,  # a seek waits for the fetch that is out; also how long an idle broker holds one
        "fetch.max.bytes": 16 * 1024 * 1024,
        "fetch.queue.backoff.ms": 20,  # what has been fetched ahead is soon worked off; by default it waits for 1 s then
        "queued.max.messages.kbytes": 32 * 1024,  # what is fetched ahead, in memory, however many partitions
        "max.poll.interval.ms": 300_000,
        "heartbeat.interval.ms": min(3_000, settings.kafka.session_timeout_ms // 3),
        **_common(settings),
        "allow.auto.create.topics": False,
        "group.id": group,
        "group.protocol": "classic",  # KIP-848 refuses a static member that comes back after a kill (tried)
        "partition.assignment.strategy": "cooperative-sticky",
        "session.timeout.ms": settings.kafka.session_timeout_ms,
        "isolation.level": "read_committed",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "error",  # the loop says where to begin; a jump that nobody asked for loses or doubles records
    }
    if static:
        config["group.instance.id"] = f"{group}-{settings.instance}"
    return Consumer(config | _dotted(more), logger=_log)


def reader(settings: Settings, **more: Any) -> Consumer:
    """A consumer outside any group's decisions, for `assign`: reads committed records and tells the end of a partition."""
    config = {
        "fetch.queue.backoff.ms": 5,  # by default it waits for 1 s when 100,000 records are there: half of a long restore
        "fetch.wait.max.ms": 5,  # the end of a partition is told once the broker has waited this long in vain
        **_common(settings),
        "allow.auto.create.topics": False,
        "group.id": f"lodestream-reader-{settings.instance}",  # librdkafka wants one; nothing is ever committed under it
        "isolation.level": "read_committed",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "enable.partition.eof": True,
        "auto.offset.reset": "error",
    }
    return Consumer(config | _dotted(more), logger=_log)


def onlooker(settings: Settings, group: str) -> Consumer:
    """Tells by `committed` how far a group is, without being in it, and at once: what is in an open transaction does not count.

    Not an admin client: where its `list_consumer_group_offsets` meets a coordinator that is just loading, as one does after a
    start, librdkafka takes it for a consumer and the process dies by SIGSEGV (librdkafka#5040).
    """
    return reader(settings, group_id=group, isolation_level="read_uncommitted")


def producer(settings: Settings, transactional_id: str | None = None, **more: Any) -> Producer:
    """An idempotent producer that waits for all replicas; with an id, a transactional one."""
    config: dict[str, Any] = {
        "linger.ms": 5,
        "compression.type": "lz4",
        "message.max.bytes": 2 * settings.limits.inbox_record_bytes,  # the topics' own limits decide, not the client's
        "queue.buffering.max.messages": 500_000,
        "queue.buffering.max.kbytes": 512 * 1024,
        **_common(settings),
        "partitioner": PARTITIONER,
        "acks": "all",
        "enable.idempotence": True,
    }
    if transactional_id is not None:
        config["transactional.id"] = transactional_id
        # What a dead worker leaves open hides the records behind it from everybody, for as long as this.
        config["transaction.timeout.ms"] = settings.kafka.transaction_timeout_ms
    return Producer(config | _dotted(more), logger=_log)


def admin(settings: Settings) -> AdminClient:
    """For topics and their settings."""
    return AdminClient(_common(settings), logger=_log)


def ends(consumer: Consumer, partitions: Iterable[Partition]) -> dict[Partition, int]:
    """The offset after the last record that may be read, as the last fetch told, and of what was fetched only. Never waits."""
    found: dict[Partition, int] = {}
    for partition in partitions:
        try:
            end = consumer.get_watermark_offsets(TopicPartition(*partition), cached=True)
        except KafkaException:
            continue  # it is just being taken away
        if end is not None and end[1] >= 0:
            found[partition] = int(end[1])
    return found


def topic_id(admin: AdminClient, name: str, timeout_s: float = 5.0) -> tuple[str, int]:
    """The topic's id as Kafka's own tools write it, and its number of partitions. Raises KafkaException."""
    found = admin.describe_topics(TopicCollection([name]), request_timeout=timeout_s)[name].result()
    # librdkafka writes the standard base64 alphabet, Kafka the one for URLs and paths; ours end in paths.
    return str(found.topic_id).replace("/", "_").replace("+", "-").rstrip("="), len(found.partitions)


def _common(settings: Settings) -> dict[str, Any]:
    return {
        "client.id": f"lodestream-{settings.instance}",
        "topic.metadata.refresh.interval.ms": 5_000,  # a new inbox is seen after this time, not after five minutes
        "retry.backoff.ms": 5,  # transactions follow each other at once and meet CONCURRENT_TRANSACTIONS; 100 would dominate
        "reconnect.backoff.max.ms": 2_000,
        "log.connection.close": False,
        **settings.kafka.options,
        "bootstrap.servers": settings.kafka.bootstrap_servers,
    }


def _dotted(more: dict[str, Any]) -> dict[str, Any]:
    return {name.replace("_", "."): value for name, value in more.items()}
