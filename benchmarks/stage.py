"""What the measurements run on: settings of their own, topics, worker processes, and a look at how far they are."""

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import OffsetSpec

from runtime import clients
from runtime.settings import Settings
from schemas.topics import INBOX, Topic

DEADLINE_SECONDS = 600.0
QUIET_SECONDS = 1.5
ASK_SECONDS = 10.0
MARKERS = 3  # behind the last record of a partition stand the markers of the transactions that wrote to it last

Place = tuple[str, int]


@contextmanager
def process(name: str, *arguments: str, log_folder: Path) -> Iterator[None]:
    """A Python process of ours while the block runs; it ends with SIGTERM. A crash in it is an error here."""
    with (log_folder / f"{name}.log").open("ab") as log:
        running = subprocess.Popen([sys.executable, "-m", *arguments], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            yield
            if running.poll() is not None:
                raise RuntimeError(f"{name} ended with {running.returncode}; see {log.name}")
        finally:
            running.terminate()
            running.wait(60)


class Progress(NamedTuple):
    """When a group was seen to move first and last (monotonic seconds), and the share of its records that it read in between."""

    first: float
    last: float
    share: float


class Sight:
    """What the broker says of topics and groups."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.admin = clients.admin(settings)

    def ends(self, *topics: str) -> dict[Place, int]:
        """The end of each partition that has records."""
        known = self.admin.list_topics(timeout=ASK_SECONDS).topics
        places = [TopicPartition(topic, number) for topic in topics for number in known[topic].partitions]
        answers = self.admin.list_offsets({place: OffsetSpec.latest() for place in places}, request_timeout=ASK_SECONDS)
        found = {(place.topic, place.partition): int(answer.result().offset) for place, answer in answers.items()}
        return {place: end for place, end in found.items() if end}

    def committed(self, group: str, places: Mapping[Place, int]) -> dict[Place, int]:
        """How far a group has committed; empty while its coordinator does not know it."""
        request = ConsumerGroupTopicPartitions(group, [TopicPartition(*place) for place in places])
        try:
            answer = self.admin.list_consumer_group_offsets([request], request_timeout=ASK_SECONDS)[group].result()
        except KafkaException:
            return {}
        return {(at.topic, at.partition): at.offset for at in answer.topic_partitions if at.offset > 0}

    def wait(self, group: str, *topics: str) -> "Progress":
        """Wait until a group has read all of the topics, and is quiet."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        first = last = 0.0
        begin = 0
        before: dict[Place, int] = {}
        while time.monotonic() < deadline:
            ends = self.ends(*topics)
            now = self.committed(group, ends)
            if now != before:
                last = time.monotonic()
                if not first:
                    first, begin = last, sum(now.values())
                before = now
            done = all(end - now.get(place, 0) <= MARKERS for place, end in ends.items())
            if done and ends and last and time.monotonic() - last > QUIET_SECONDS:
                return Progress(first, last, (sum(now.values()) - begin) / sum(now.values()))
            time.sleep(0.02)
        raise TimeoutError(f"{group} has not read all of {', '.join(topics)} in {DEADLINE_SECONDS:.0f} s")


class Flow(NamedTuple):
    """What stands in a topic: records, and how many a second were written once the writer was under way."""

    records: int
    per_second: float


def flow(settings: Settings, topic: str) -> Flow:
    """Read a topic whole. The rate is by the records' own timestamps, from a fifth of them on: start-up is not counted."""
    consumer = clients.reader(settings)
    partitions = consumer.list_topics(topic, timeout=ASK_SECONDS).topics[topic].partitions
    consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
    times: list[int] = []
    open_ends = set(partitions)
    while open_ends:
        for message in consumer.consume(5_000, 1.0):
            if message.error() is None:
                times.append(message.timestamp()[1])
            else:
                open_ends.discard(message.partition() or 0)
    consumer.close()
    times.sort()
    begin = times[len(times) // 5]
    after = sum(time > begin for time in times)
    return Flow(len(times), after * 1000 / (times[-1] - begin))


def send(settings: Settings, documents: Iterator[bytes], sources: int) -> int:
    """Documents into the inbox, from several sources so that all partitions have some; how many they were."""
    producer = clients.producer(settings)
    count = 0
    for document in documents:
        # The two documents of a chain come from one source, so the receipt stays behind its shipment.
        while True:
            try:
                producer.produce(INBOX, key=f"source-{count // 2 % sources}", value=document)
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
        count += 1
    producer.flush(60)
    return count


def like(topic: Topic, name: str) -> Topic:
    """A topic like another one, for the copy of its records."""
    return Topic(name, topic.partitions, topic.key, topic.value, topic.doc, max_message_bytes=topic.max_message_bytes)
