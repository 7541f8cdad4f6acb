"""A Kafka that may be killed, real workers that a supervisor starts again, and the check of everything they wrote."""

import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from confluent_kafka import IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]  # public, but not in its list

from deploy.kafka import Broker
from schemas import topics
from sinks.clickhouse.mapping import FEEDS
from sinks.clickhouse.readside import open_reader
from tests.faults.invariants import problems, table_problems
from tests.faults.reading import Read, committed, read, read_topic
from tests.faults_data.place import log_lines
from tests.sinks.served import Served
from tests.way.cluster import PARTITIONS, ROOT, Cluster

DEADLINE_S = 600.0
POLL_S = 0.1
SETTLE_POLL_S = 0.5
"""To ask whether all is done takes twenty clients: as often as anything else, that would cost the workers a core."""
GROUPS = {
    "gate": (topics.INBOX,),
    "ledger": (topics.ENTRIES,),
    "issuer": (topics.TRANSACTIONS,),
    "sink": tuple(FEEDS),
}
"""Each worker and what it reads, in the order in which work goes through them."""


class LostMarkersError(AssertionError):
    """The broker itself has broken a transaction, so nothing that is read from it says anything about us.

    KAFKA-20734, seen with Kafka 4.3.1, and 4.4.0 has the same code: a coordinator that ends a transaction while a partition of
    it has no leader takes the partition for deleted and leaves its marker out. A node alone that was killed comes up like that:
    what was in the middle of its end, or times out before the node is back, stays open for ever in some partitions, or is ended
    with the next transaction of the same producer, and then what was aborted is committed. In a cluster others lead meanwhile.
    """


class Worker(NamedTuple):
    """One worker process's place; it is filled again when its process dies."""

    name: str
    instance: str = "one"


class Death(NamedTuple):
    """How a process is to end itself: tests/faults/process.py."""

    signal: str
    step: str
    nth: int = 1


class Node(Broker):
    """A broker with a folder and a port of its own, that can be killed and come back on them."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        super().__init__(folder, port)
        self._died_at = 0

    def kill(self) -> None:
        """SIGKILL: nothing is written to its end, no client is told."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(30)
        self._died_at = self.log_file.stat().st_size

    def lost_markers(self) -> bool:
        """Whether it left out markers of transactions since it was killed: by its own log."""
        with self.log_file.open("rb") as log:
            log.seek(self._died_at)
            return b"Couldn't find leader endpoint for partitions" in log.read()


@dataclass
class Stage(Cluster):
    """Workers under supervision, on the tables of a server or, without one, of a folder.

    `plans` are the deaths that the next processes of a worker will die, one after the other; `sent` what a fault wrote into the
    entries itself.
    """

    node: Node = field(kw_only=True)
    served: Served | None = None
    settings: dict[str, str] = field(default_factory=dict)
    running: dict[Worker, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    plans: dict[Worker, deque[Death]] = field(default_factory=dict)
    deaths: Counter[tuple[Worker, int]] = field(default_factory=Counter)
    sent: list[bytes | None] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        ours = {"LODESTREAM_LOG_FORMAT": "json", "LODESTREAM_CLICKHOUSE__URL": self.clickhouse}
        return super().environment | ours | self.settings

    @property
    def clickhouse(self) -> str:
        """The address of the tables."""
        return self.served.url if self.served else f"chdb://{self.folder / 'data' / 'clickhouse'}"

    # --- processes -----------------------------------------------------------------------------------------------------------

    def run(self, *workers: Worker) -> None:
        """Start workers, and keep them: `supervise` starts again what has died."""
        for worker in workers:
            plan = self.plans.get(worker)
            death = plan.popleft() if plan else None
            arguments = [death.signal, death.step, str(death.nth)] if death else []
            command = [sys.executable, "-m", "tests.faults.process", worker.name, *arguments]
            environment = self.environment | {"LODESTREAM_INSTANCE": worker.instance}
            with self.log_of(worker).open("ab") as log:
                self.running[worker] = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)

    def supervise(self) -> None:
        """Count what has ended by itself, and start it again, as an operator's supervisor does."""
        for worker, process in list(self.running.items()):
            code = process.poll()
            if code is not None:
                self.deaths[worker, code] += 1
                self.run(worker)

    def kill(self, worker: Worker) -> None:
        """kill -9; nobody starts it again."""
        process = self.running.pop(worker)
        process.kill()
        process.wait(30)

    def end(self, *workers: Worker) -> None:
        """SIGTERM: they finish their batch, leave and end well."""
        ending = [(worker, self.running.pop(worker)) for worker in workers]
        for _, process in ending:
            process.send_signal(signal.SIGTERM)
        for worker, process in ending:
            assert process.wait(60) == 0, f"{worker} ended with {process.returncode}: see {self.log_of(worker)}"

    def forsake(self, worker: Worker) -> "subprocess.Popen[bytes]":
        """Nobody starts it again when it dies."""
        return self.running.pop(worker)

    def close(self) -> None:
        """Leave nothing running."""
        for worker in list(self.running):
            self.kill(worker)

    def log_of(self, worker: Worker) -> Path:
        return self.folder / f"{worker.name}-{worker.instance}.log"

    def size_of_log(self, worker: Worker) -> int:
        """The place at which it goes on from now."""
        return self.log_of(worker).stat().st_size

    def said(self, worker: Worker, event: str, since: int) -> list[dict[str, Any]]:
        """The lines of an event in its log, from a place on."""
        return log_lines(self.log_of(worker), event, since)

    def until(self, ready: Callable[[], bool], what: str, seconds: float = DEADLINE_S, pause_s: float = POLL_S) -> float:
        """Supervise until it is so, asked after every pause; how long it took, in seconds."""
        began = time.monotonic()
        while not ready():
            self.supervise()
            assert time.monotonic() - began < seconds, f"waited {seconds} s for {what}; logs in {self.folder}"
            time.sleep(pause_s)
        return time.monotonic() - began

    def pause(self, seconds: float) -> None:
        """Let the workers work, supervised, for some time."""
        until = time.monotonic() + seconds
        self.until(lambda: time.monotonic() >= until, "nothing", seconds + 1)

    # --- what they did -------------------------------------------------------------------------------------------------------

    @cached_property
    def admin(self) -> AdminClient:
        """One for all questions: an answer never comes where its client is gone."""
        return AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})

    def settle(self) -> None:
        """Until all is done."""
        self.until(self.settled, "all workers to be done", pause_s=SETTLE_POLL_S)

    def settled(self) -> bool:
        """Whether each group has read all that is committed in its topics, and no transaction is open on any of them."""
        return self.done(*GROUPS)

    def done(self, *groups: str) -> bool:
        """The same of some groups, in the order of the work: what is done cannot be undone by what comes after it."""
        return all(self._done(group, topic) for group in groups for topic in GROUPS[group])

    def _done(self, group: str, topic: str) -> bool:
        try:
            latest, stable = (self._ends(topic, level) for level in IsolationLevel)
            begin = committed(self.bootstrap, group, topic)
        except KafkaException:
            return False  # the broker is away, or its coordinator does not know the group yet
        return latest == stable and not read_topic(self.bootstrap, topic, begin=begin, at_most=1)

    def _ends(self, topic: str, level: IsolationLevel) -> dict[int, int]:
        numbers = self.admin.list_topics(topic, 10).topics[topic].partitions
        wanted = {TopicPartition(topic, number): OffsetSpec.latest() for number in numbers}
        found = self.admin.list_offsets(wanted, isolation_level=level, request_timeout=10)
        return {place.partition: each.result(30).offset for place, each in found.items()}

    def ends(self, *names: str) -> dict[str, dict[int, int]]:
        """The end of each partition of topics, whatever is open there."""
        return {name: self._ends(name, IsolationLevel.READ_UNCOMMITTED) for name in names}

    def check(self) -> tuple[Read, list[str]]:
        """Everything that must hold, once all is settled: in the topics, in ClickHouse, and by `lodestream sink verify`."""
        log = read(self.bootstrap)
        wrong = problems(log, injected=self.sent, partitions=PARTITIONS)
        reader = open_reader(self.clickhouse)
        try:
            wrong += table_problems(log, reader)
        finally:
            reader.close()
        self.lodestream("sink", "verify")
        return log, wrong


def stage(folder: Path, *, serve: bool = False, **settings: str) -> Stage:
    """A broker with Lodestream's topics, and a server with its tables if so wished. Raises KafkaUnavailableError."""
    node = Node(folder / "kafka")
    node.start()
    made = Stage(node.bootstrap_servers, folder, node=node, settings=settings)
    try:
        made.lodestream("topics", "apply", "--yes")
        if serve:
            made.served = Served(folder / "served")
            made.lodestream("migrate")
    except BaseException:
        leave(made)
        raise
    return made


def leave(stage: Stage) -> None:
    """Stop everything that the stage has started; its broker's data go."""
    stage.close()
    if stage.served:
        stage.served.stop()
    stage.node.stop()
    shutil.rmtree(stage.node.folder, ignore_errors=True)
