"""A Kafka of this test's own with Lodestream's topics, real worker processes on it, and what they wrote."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from msgspec import Struct

from lodestream.ledger.chain import chain_value
from lodestream.ledger.fold import Fold
from lodestream.ledger.records import Entry, Outcome
from schemas.codec import decode, encode
from schemas.topics import ENTRIES, INBOX, TRANSACTIONS

ROOT = Path(__file__).resolve().parent.parent.parent
PARTITIONS = 4
DEADLINE_S = 90.0
SETTLED_S = 20.0
T = TypeVar("T", bound=Struct)


@dataclass
class Cluster:
    """The broker's address, a folder, and the workers that run."""

    bootstrap: str
    folder: Path
    workers: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "LODESTREAM_KAFKA__BOOTSTRAP_SERVERS": self.bootstrap,
            "LODESTREAM_KAFKA__SESSION_TIMEOUT_MS": "6000",
            "LODESTREAM_KAFKA__TRANSACTION_TIMEOUT_MS": "4000",
            "LODESTREAM_PARTITIONS": str(PARTITIONS),
            "LODESTREAM_DATA_DIR": str(self.folder / "data"),
            "LODESTREAM_METRICS__PORT": "0",
        }

    def lodestream(self, *args: str | Path, code: int = 0) -> str:
        """Run a command to its end."""
        command = [sys.executable, "-m", "cli.main", *map(str, args)]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == code, f"{args}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def ask(self, query: str) -> dict[str, str] | None:
        """The first row of a query; None while the sink is not ready to answer."""
        command = [sys.executable, "-m", "cli.main", "sql", "--json", query]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=120, check=False)
        return json.loads(done.stdout.splitlines()[0]) if done.returncode == 0 else None

    def rows(self, query: str) -> list[dict[str, str]]:
        """The rows of a query, while no sink has the folder open or one serves it."""
        return [json.loads(line) for line in self.lodestream("sql", "--json", query).splitlines()]

    def start(self, name: str, instance: str = "one") -> "subprocess.Popen[bytes]":
        """Start a worker process with state of its own."""
        command = [sys.executable, "-m", "cli.main", "-s", f"instance={instance}", "worker", name]
        with (self.folder / f"{name}-{instance}.log").open("ab") as log:
            worker = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)
        self.workers.append(worker)
        return worker

    def stop(self, worker: "subprocess.Popen[bytes]") -> None:
        """Ask a worker to stop: it finishes its batch and leaves."""
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) == 0
        self.workers.remove(worker)

    def stop_all(self) -> None:
        for worker in self.workers:
            worker.kill()
            worker.wait(30)
        self.workers.clear()

    def capture(self, documents: list[bytes], source: str = "test") -> None:
        """Documents to the inbox, in order."""
        producer = Producer({"bootstrap.servers": self.bootstrap, "partitioner": "murmur2_random", "message.max.bytes": 8 << 20})
        for one in documents:
            producer.produce(INBOX, one, source.encode())
            producer.poll(0)
        assert producer.flush(60) == 0

    def read(self, topic: str) -> dict[int, list[Message]]:
        """All committed records of a topic, by partition, in order."""
        consumer = Consumer(
            {
                "bootstrap.servers": self.bootstrap,
                "group.id": uuid.uuid4().hex,
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 10,
            }
        )
        found: dict[int, list[Message]] = defaultdict(list)
        partitions = [TopicPartition(topic, n, 0) for n in consumer.list_topics(topic, 10).topics[topic].partitions]
        consumer.assign(partitions)
        ended: set[int] = set()
        deadline = time.monotonic() + 60
        while len(ended) < len(partitions):
            assert time.monotonic() < deadline
            for message in consumer.consume(1000, 0.2):
                error = message.error()
                if error is None:
                    found[message.partition()].append(message)
                elif error.code() == KafkaError._PARTITION_EOF:
                    ended.add(message.partition())
        consumer.close()
        return found

    def values(self, topic: str, kind: type[T]) -> list[T]:
        return [decode(m.value(), kind) for messages in self.read(topic).values() for m in messages]

    def wait(self, ready: Callable[[], bool], what: str) -> None:
        """Poll until it is so; a worker that died ends the wait."""
        deadline = time.monotonic() + DEADLINE_S
        while not ready():
            dead = [w for w in self.workers if w.poll() not in {None, 0}]
            assert not dead, f"a worker ended with {dead[0].returncode}: see {self.folder}"
            assert time.monotonic() < deadline, f"waited {DEADLINE_S} s for {what}"
            time.sleep(0.2)

    def wait_for_outcomes(self, events: int) -> None:
        """Until `events` events have become entries and every entry, the ledger's own too, has its outcome."""

        def ready() -> bool:
            done = {o.entry_id for o in self.values(TRANSACTIONS, Outcome)}  # first: what these set off is among the entries then
            entries = self.values(ENTRIES, Entry)
            return sum(e.kind == "EVENT" for e in entries) >= events and {e.entry_id for e in entries} <= done

        self.wait(ready, f"{events} events and the outcomes of all entries")


def topics_of(bootstrap: str) -> set[str]:
    """The names of the topics that there are."""
    return set(AdminClient({"bootstrap.servers": bootstrap}).list_topics(timeout=10).topics)


def remove_topics(bootstrap: str, names: set[str]) -> None:
    """Delete what there is of them, and wait until it is gone."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    there = names & topics_of(bootstrap)
    for deleted in admin.delete_topics(sorted(there)).values() if there else ():
        deleted.result(30)
    deadline = time.monotonic() + DEADLINE_S
    while names & topics_of(bootstrap):
        assert time.monotonic() < deadline, f"topics of {names} are still there"
        time.sleep(0.05)


def fold_of(cluster: Cluster) -> tuple[Fold, dict[int, list[bytes]]]:
    """The entries as they stand, read back and folded: the books, and the transactions of each partition as bytes."""
    fold = Fold()
    folded: dict[int, list[bytes]] = {}
    for partition, messages in sorted(cluster.read(ENTRIES).items()):
        folded[partition] = [encode(o) for m in messages for o in fold.apply(decode(m.value(), Entry))[0]]
    return fold, folded


def agrees_with_the_log(cluster: Cluster) -> Fold:
    """`transactions = fold(apply, entries)`, byte for byte, for every partition."""
    deadline = time.monotonic() + SETTLED_S
    while True:  # entries may still come while the two topics are read one after the other
        fold, folded = fold_of(cluster)
        written = {p: [m.value() for m in messages] for p, messages in cluster.read(TRANSACTIONS).items()}
        if written == {p: values for p, values in folded.items() if values}:
            break
        assert time.monotonic() < deadline, "the log is not the fold of the entries"
    for value in (v for values in written.values() for v in values):
        outcome = decode(value, Outcome)
        assert outcome.outcome != "TRANSACTION" or chain_value(outcome) == outcome.chain
    return fold
