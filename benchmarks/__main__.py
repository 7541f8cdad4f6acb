"""Measure gate, ledger, sink and the whole way on real Kafka, each beside a plain transactional copy of the same bytes.

    python -m benchmarks        (make bench)

Everything runs once, on one broker, in worker processes as in production. Writes benchmarks/latest.json and docs/benchmarks.md.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from benchmarks.page import Number, write
from benchmarks.stage import Sight, flow, like, process, send
from benchmarks.workload import EVENTS_PER_CHAIN, documents
from deploy.kafka import Broker, KafkaUnavailableError
from runtime.settings import load
from runtime.topics import apply_topics
from schemas.topics import CREDENTIALS, ENTRIES, INBOX, REJECTED, TRANSACTIONS, declared
from sinks.clickhouse.readside import open_reader

CHAINS = 6_000
WARM_UP_CHAINS = 200
SOURCES = 16
PARTITIONS = 4
READ_BY_SINK = (ENTRIES, TRANSACTIONS, REJECTED, CREDENTIALS)


class Bench:
    """One run: a broker, its topics, and the phases one after the other, each leaving its input to the next."""

    def __init__(self, address: str, folder: Path) -> None:
        """Make the topics on the broker at `address`; the workers keep their state below `folder`."""
        for name in [name for name in os.environ if name.startswith("LODESTREAM_")]:
            del os.environ[name]
        os.environ |= {
            "LODESTREAM_KAFKA__BOOTSTRAP_SERVERS": address,
            "LODESTREAM_DATA_DIR": str(folder),
            "LODESTREAM_PARTITIONS": str(PARTITIONS),
            "LODESTREAM_INSTANCE": "bench",
        }
        self.folder = folder
        self.settings = load()
        self.sight = Sight(self.settings)
        if INBOX in self.sight.admin.list_topics(timeout=10).topics:
            raise SystemExit(f"{address} has topics of Lodestream: measure on a cluster without them")
        topics = {topic.name: topic for topic in declared(PARTITIONS)}
        copies = [like(topics[name], f"bench.copy.{name}") for name in (INBOX, ENTRIES, TRANSACTIONS)]
        apply_topics(self.sight.admin, [*topics.values(), *copies])

    def run(self) -> list[Number]:
        """All phases."""
        send(self.settings, documents("phase", CHAINS), SOURCES)
        events = CHAINS * EVENTS_PER_CHAIN
        copied_inbox = self.copy(INBOX, events)
        gate = self.gate(events)
        copied_entries = self.copy(ENTRIES, events)
        outcomes, per_second = self.ledger()
        copied_outcomes = self.copy(TRANSACTIONS, events)
        sink, rows = self.sink(events)
        whole = self.whole_way()
        return [
            Number("gate", gate, "events/s", copied_inbox),
            Number("ledger", per_second * events / outcomes, "events/s", copied_entries),
            Number("sink", sink, "events/s", copied_outcomes),
            Number("whole way", whole, "events/s", copied_inbox),
            Number("ledger entries", per_second, "entries/s", copied_entries),
            Number("sink rows", rows, "rows/s", copied_outcomes * outcomes / events),
        ]

    def copy(self, topic: str, events: int) -> float:
        """The baseline: events a second through a plain transactional copy of the topic."""
        target = f"bench.copy.{topic}"
        with self.running("copy", "benchmarks.copying", topic, target):
            self.sight.wait(f"copy-{target}", topic)
        copied = flow(self.settings, target)
        return _said(f"copy of {topic}", copied.per_second * events / copied.records)

    def gate(self, events: int) -> float:
        """The gate alone: documents are in the inbox already."""
        with self.worker("gate"):
            self.sight.wait("gate", INBOX)
        written = flow(self.settings, ENTRIES)
        _need(written.records == events and not self.sight.ends(REJECTED), f"the gate made {written.records} of {events} entries")
        return _said("gate", written.per_second)

    def ledger(self) -> tuple[int, float]:
        """The ledger alone: its outcomes, and how many a second. Offers and answers are entries that it makes itself."""
        with self.worker("ledger"):
            self.sight.wait("ledger", ENTRIES)
        entries, outcomes = flow(self.settings, ENTRIES), flow(self.settings, TRANSACTIONS)
        _need(outcomes.records == entries.records, f"{outcomes.records} outcomes of {entries.records} entries")
        _said("ledger", outcomes.per_second)
        return outcomes.records, outcomes.per_second

    def sink(self, events: int) -> tuple[float, float]:
        """The sink alone, into chDB: events and rows a second."""
        with self.worker("sink"):
            seen = self.sight.wait("sink", *(topic for topic in READ_BY_SINK if self.sight.ends(topic)))
            rows = self.ask("SELECT sum(arraySum(mapValues(rows))) FROM lodestream_raw.sink_batches FINAL")
        seconds = seen.last - seen.first
        _said("sink", events * seen.share / seconds)
        return events * seen.share / seconds, rows * seen.share / seconds

    def whole_way(self) -> float:
        """All four at once: from the first document sent to the last row in ClickHouse."""
        with self.worker("gate"), self.worker("ledger"), self.worker("issuer"), self.worker("sink"):
            send(self.settings, documents("warm", WARM_UP_CHAINS), SOURCES)
            self.arrive()
            began = time.time()
            send(self.settings, documents("whole", CHAINS), SOURCES)
            self.arrive()
            # The tables' own clock, which is this machine's: waiting for quiet is not counted.
            ended = self.ask("SELECT toFloat64(max(last_written)) FROM sink_progress")
        return _said("whole way", CHAINS * EVENTS_PER_CHAIN / (ended - began))

    def arrive(self) -> None:
        """Wait until all is through."""
        self.sight.wait("gate", INBOX)
        self.sight.wait("ledger", ENTRIES)
        self.sight.wait("issuer", TRANSACTIONS)
        self.sight.wait("sink", *(topic for topic in READ_BY_SINK if self.sight.ends(topic)))

    def ask(self, sql: str) -> float:
        """One number from ClickHouse."""
        reader = open_reader(self.settings.clickhouse.url)
        try:
            return float(reader.query(sql).value())
        finally:
            reader.close()

    def worker(self, name: str) -> AbstractContextManager[None]:
        """A worker process while the block runs."""
        return self.running(name, "cli.main", "worker", name)

    def running(self, name: str, *arguments: str) -> AbstractContextManager[None]:
        """A process while the block runs, with its log beside the state."""
        return process(name, *arguments, log_folder=self.folder)


def _said(what: str, per_second: float) -> float:
    print(f"{what:<32} {per_second:>12,.0f} /s", flush=True)
    return per_second


def _need(holds: bool, what: str) -> None:
    """A measurement of something that went wrong is none."""
    if not holds:
        raise RuntimeError(what)


@contextmanager
def kafka() -> Iterator[str]:
    """The broker of KAFKA_BOOTSTRAP_SERVERS, else a node of our own."""
    if address := os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        yield address
        return
    with Broker() as broker:
        yield broker.bootstrap_servers


def main() -> int:
    """Run and write the results. The exit code: 0, or 3 where there is no real Kafka."""
    with ExitStack() as stack:
        try:
            address = stack.enter_context(kafka())
        except KafkaUnavailableError as reason:
            print(f"no real Kafka to measure on: {reason}", file=sys.stderr)
            return 3
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lodestream-bench-")))
        numbers = Bench(address, folder).run()
    write(numbers, CHAINS * EVENTS_PER_CHAIN, PARTITIONS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
