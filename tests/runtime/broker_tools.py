"""What tests of the loop do with a broker: topics, records in, records out, waiting with a deadline."""

import contextlib
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from toy import Summing, fold

from runtime.loop import Loop
from runtime.processor import Record
from runtime.settings import Settings, load
from runtime.worker import make_loop

DEADLINE_S = 40.0
HERE = Path(__file__).resolve().parent


@dataclass
class Playground:
    """Topics and names of one test's own, on one broker, and a folder."""

    bootstrap: str
    folder: Path
    partitions: int = 2
    name: str = field(default_factory=lambda: f"toy-{uuid.uuid4().hex[:10]}")
    make: bool = True

    def __post_init__(self) -> None:
        self._admin = AdminClient({"bootstrap.servers": self.bootstrap})
        self.source, self.target, self.changelog = f"{self.name}.in", f"{self.name}.out", f"{self.name}.changelog"
        if self.make:
            self.make_topics(self.source, self.target)
            self.make_topics(self.changelog, config={"cleanup.policy": "compact"})

    def make_topics(self, *names: str, config: dict[str, str] | None = None, partitions: int | None = None) -> None:
        wanted = [NewTopic(name, partitions or self.partitions, 1, config=config or {}) for name in names]
        for made in self._admin.create_topics(wanted).values():
            made.result(10)

    def remove_topic(self, name: str) -> None:
        self._admin.delete_topics([name])[name].result(10)

    def settings(self, instance: str = "one", folder: Path | None = None, **kafka: object) -> Settings:
        return load(
            {
                "instance": instance,
                "data_dir": folder or self.folder,
                "kafka": {"bootstrap_servers": self.bootstrap, **kafka},
                "worker": {"poll_ms": 20},
            }
        )

    def worker(self, mode: str = "run", instance: str = "one") -> "subprocess.Popen[str]":
        """A worker process of its own."""
        command = [sys.executable, str(HERE / "worker_process.py"), self.bootstrap, str(self.folder), self.name, instance, mode]
        log = (self.folder / f"{instance}.log").open("a")
        return subprocess.Popen(command, cwd=HERE.parent.parent, stdout=subprocess.PIPE, stderr=log, text=True)

    def processor(self, watch: Callable[[Sequence[Record]], None] = len) -> Summing:
        return Summing(self.name, self.source, self.target, self.changelog, watch)

    def loop(self, instance: str = "one", watch: Callable[[Sequence[Record]], None] = len, **options: Any) -> Loop:
        """A loop in this process, in the group. Options as those of `settings`."""
        settings = self.settings(instance, session_timeout_ms=3_000, transaction_timeout_ms=2_000, **options)
        return make_loop(self.processor(watch), settings)

    @contextlib.contextmanager
    def running(self, *loops: Loop) -> Iterator[None]:
        """Open the loops, and close them whatever happens."""
        try:
            for loop in loops:
                loop.open()
            yield
        finally:
            for loop in loops:
                loop.close()

    def run_until(self, ready: Callable[[], object], *loops: Loop, seconds: float = DEADLINE_S) -> None:
        """Step the loops in turn until it is so, looking after every few rounds."""
        deadline = time.monotonic() + seconds
        while not ready():
            assert time.monotonic() < deadline, f"ran {seconds} s in vain"
            for _ in range(3):
                for loop in loops:
                    loop.step()

    def done(self) -> bool:
        """Whether the outputs are all that the source's records give."""
        return self.outputs() == self.expected()

    def exists(self, topic: str) -> bool:
        return topic in self._admin.list_topics(timeout=10).topics

    def send(self, *items: tuple[str, str], partition: int | None = None, topic: str = "") -> None:
        """(key, value) pairs, to the source unless another topic is named; the partition by key unless given."""
        producer = Producer({"bootstrap.servers": self.bootstrap, "partitioner": "murmur2_random", "linger.ms": 0})
        more = {} if partition is None else {"partition": partition}
        for key, value in items:
            producer.produce(topic or self.source, value.encode(), key.encode(), **more)
        assert producer.flush(10) == 0

    def read(self, topic: str, isolation: str = "read_committed") -> list[Record]:
        """All records that are there now, partition by partition, each in order."""
        records: list[Record] = []
        consumer = Consumer(
            {
                "bootstrap.servers": self.bootstrap,
                "group.id": uuid.uuid4().hex,
                "isolation.level": isolation,
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 5,
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest",
            }
        )
        waiting = set(consumer.list_topics(topic, 10).topics[topic].partitions)
        consumer.assign([TopicPartition(topic, number, 0) for number in waiting])
        deadline = time.monotonic() + DEADLINE_S
        while waiting:
            assert time.monotonic() < deadline, f"{topic} could not be read to its end"
            for message in consumer.consume(1000, 0.1):
                if message.error() is None:
                    at = (message.topic(), message.partition(), message.offset(), message.timestamp()[1])
                    records.append(Record(*at, message.key(), message.value()))
                elif message.error().code() == KafkaError._PARTITION_EOF:
                    waiting.discard(message.partition())
        consumer.close()
        return sorted(records, key=lambda record: (record.partition, record.offset))

    def outputs(self, isolation: str = "read_committed") -> dict[bytes, list[bytes]]:
        """The target's values of each key, in order."""
        found: dict[bytes, list[bytes]] = {}
        for record in self.read(self.target, isolation):
            found.setdefault(record.key or b"", []).append(record.value or b"")
        return found

    def expected(self) -> dict[bytes, list[bytes]]:
        """What the outputs must be, once everything sent has been processed."""
        return fold(self.read(self.source))

    def committed(self, partition: int) -> int:
        """The group's committed offset, -1001 if there is none."""
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": self.name, "isolation.level": "read_committed"})
        try:
            return int(consumer.committed([TopicPartition(self.source, partition)], 10)[0].offset)
        finally:
            consumer.close()


def wait(what: str, ready: Callable[[], object], seconds: float = DEADLINE_S, pause: float = 0.02) -> None:
    """Poll until it is so."""
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain: {what}"
        time.sleep(pause)
