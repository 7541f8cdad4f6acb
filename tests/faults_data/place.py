"""A cluster with Lodestream's topics for one test, workers that may be planted with faults, and what they say."""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from lodestream.ledger.records import Entry, Outcome
from runtime import topics as making
from runtime.partitioner import partition_of
from schemas.codec import decode, encode
from schemas.topics import ENTRIES, TRANSACTIONS, declared
from sinks.clickhouse.connect import chdb_folder
from sinks.clickhouse.readside import Reader, open_reader
from sinks.clickhouse.readsocket import SocketReader, socket_path
from tests.faults.invariants import problems, table_problems
from tests.faults.reading import committed, read
from tests.faults_data.bad_entries import Raw
from tests.way.cluster import PARTITIONS, ROOT, Cluster, remove_topics

DEADLINE_S = 60.0
SITES = tuple(
    next(f"urn:site:{n}" for n in range(99) if partition_of(f"urn:site:{n}".encode(), 4) == p) for p in range(PARTITIONS)
)
"""A site for each partition, under its number."""


class Place(Cluster):
    """One test's cluster. `sent` is what the test wrote into the entries itself."""

    sent: list[bytes | None]

    def __init__(self, bootstrap: str, folder: Path) -> None:
        super().__init__(bootstrap, folder)
        self.sent = []
        self.settings: dict[str, str] = {}

    @property
    def environment(self) -> dict[str, str]:
        """That of every worker here, with what the test sets."""
        return super().environment | self.settings

    @property
    def admin(self) -> AdminClient:
        return AdminClient({"bootstrap.servers": self.bootstrap})

    def make_topics(self, *only: str) -> None:
        """Lodestream's topics, or those of that name."""
        wanted = [topic for topic in declared(PARTITIONS) if not only or topic.name in only]
        making.apply_topics(self.admin, wanted)

    def remove_topics(self, *only: str) -> None:
        """Delete Lodestream's topics, or those of that name."""
        remove_topics(self.bootstrap, set(only) or {topic.name for topic in declared(PARTITIONS)})

    def run(self, module: str, *args: str, log: str, **environment: str) -> "subprocess.Popen[bytes]":
        """A worker process of a test's own making, logged as that one."""
        with (self.folder / f"{log}-one.log").open("ab") as lines:
            worker = subprocess.Popen(
                [sys.executable, "-m", module, *args],
                cwd=ROOT,
                env={**self.environment, "LODESTREAM_INSTANCE": "one", **environment},
                stdout=lines,
                stderr=lines,
            )
        self.workers.append(worker)
        return worker

    def ended(self, worker: "subprocess.Popen[bytes]") -> int:
        """The code that a worker ends with on its own."""
        code = worker.wait(DEADLINE_S)
        self.workers.remove(worker)
        return code

    def said(self, name: str, event: str = "") -> list[dict[str, Any]]:
        """The lines of a worker's log, those of an event if one is named."""
        return log_lines(self.folder / f"{name}-one.log", event)

    def send(self, entries: Iterable[Entry]) -> None:
        """Entries as the gate would write them."""
        self.write((encode(one), one.site.encode(), None) for one in entries)

    def write(self, records: Iterable[Raw], topic: str = ENTRIES) -> None:
        """Any records."""
        written = write(self.bootstrap, records, topic)
        if topic == ENTRIES:
            self.sent += written

    def outcomes(self) -> dict[int, list[Outcome]]:
        """What the ledger has said, by partition."""
        return {p: [decode(m.value(), Outcome) for m in messages] for p, messages in self.read(TRANSACTIONS).items()}

    def count(self, topic: str) -> int:
        """How many records a topic has."""
        return sum(map(len, self.read(topic).values()))

    def committed(self, group: str) -> dict[int, int]:
        """How far a group has come in the transactions."""
        return committed(self.bootstrap, group, TRANSACTIONS)

    def ends(self) -> dict[int, int]:
        """After the last record of each partition of the transactions; the marker behind it is no record."""
        return {p: messages[-1].offset() + 1 for p, messages in self.read(TRANSACTIONS).items() if messages}

    def all_done(self) -> bool:
        """Whether there are as many outcomes as entries: in these tests nothing is parked."""
        return self.count(TRANSACTIONS) == self.count(ENTRIES)

    def configure(self, topic: str, name: str, value: str) -> None:
        """Change a setting of a topic behind Lodestream's back."""
        entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
        admin = self.admin  # it must live until it has answered
        for done in admin.incremental_alter_configs([resource]).values():
            done.result(30)

    @property
    def clickhouse(self) -> str:
        """The address of the tables."""
        return self.environment.get("LODESTREAM_CLICKHOUSE__URL", f"chdb://{self.folder / 'data' / 'clickhouse'}")

    def reading(self) -> Reader | None:
        """Through the sink where the tables are in its process (None: it does not serve yet), else from the server."""
        folder = chdb_folder(self.clickhouse)
        return open_reader(self.clickhouse) if folder is None else SocketReader.to(socket_path(folder))

    def wait_for_rows(self) -> None:
        """Until every entry has its outcome and the sink has taken them all."""
        self.wait(self.all_done, "the outcomes")
        ends = self.count(ENTRIES) + self.count(TRANSACTIONS)
        taken = f"SELECT sum(records) FROM lodestream.sink_progress WHERE topic IN ('{ENTRIES}', '{TRANSACTIONS}')"  # noqa: S608

        def there() -> bool:
            reader = self.reading()
            if reader is None:
                return False
            try:
                return bool(reader.query(taken).value() == ends)
            finally:
                reader.close()

        self.wait(there, f"{ends} records in ClickHouse")

    def tables_hold(self) -> None:
        """Each row is there once, and `lodestream sink verify` agrees; no sink is running."""
        reader = open_reader(self.clickhouse)
        try:
            wrong = table_problems(read(self.bootstrap), reader)
        finally:
            reader.close()
        assert not wrong, "\n".join(wrong)

    def holds(self, skips: dict[bytes, bytes] | None = None) -> None:
        """Nothing is lost or doubled, and the transactions are the fold of the entries."""
        wrong = problems(read(self.bootstrap), skips=skips, injected=self.sent, partitions=PARTITIONS)
        assert not wrong, "\n".join(wrong)


def log_lines(file: Path, event: str = "", since: int = 0) -> list[dict[str, Any]]:
    """The JSON lines of a worker's log from a place in it on, those of an event if one is named."""
    with file.open("rb") as log:
        log.seek(since)
        lines = log.read().splitlines(keepends=True)
    found = [json.loads(line) for line in lines if line.startswith(b"{") and line.endswith(b"\n")]
    return [line for line in found if not event or line["event"] == event]


def write(bootstrap: str, records: Iterable[Raw], topic: str = ENTRIES) -> list[bytes | None]:
    """Write any records to a topic; their values."""
    producer = Producer({"bootstrap.servers": bootstrap, "partitioner": "murmur2_random", "message.max.bytes": 16 << 20})
    values = []
    for value, key, partition in records:
        producer.produce(topic, value, key, **({} if partition is None else {"partition": partition}))
        values.append(value)
    assert producer.flush(60) == 0
    return values


def peak_mb(process: "subprocess.Popen[bytes]") -> float:
    """The most memory that a process has held so far, in MiB (Linux)."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM:")).split()[1]) / 1024
