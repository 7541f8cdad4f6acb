"""One Kafka node in KRaft mode: format, start, wait, stop."""

import base64
import contextlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from deploy.kafka.artifacts import KafkaUnavailableError, java, libraries

START_SECONDS = 60.0
STOP_SECONDS = 20.0
START_ATTEMPTS = 3

# One node, so every internal topic has one replica; the short times are what makes tests of failure affordable.
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={folder}/logs
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
log.cleaner.threads=1
log.cleaner.dedupe.buffer.size=16777216
log.index.size.max.bytes=1048576
"""

LOGGING = """\
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d %p %m (%c)%n
rootLogger.level={level}
rootLogger.appenderRef.console.ref=console
"""


class Broker:
    """A node on 127.0.0.1. A context manager; `bootstrap_servers` is its address once `start()` has returned.

    `folder` keeps its data: None makes a fresh one that goes when the node stops. `port` 0 takes a free one. `heap_mb` is the
    largest Java heap in megabytes, `prefix` stands before its command, as `nice` would. Its log is `log_file`.
    """

    def __init__(self, folder: Path | None = None, port: int = 0, heap_mb: int = 512, prefix: Sequence[str] = ()) -> None:
        self._keep = folder is not None
        self.folder = (folder or Path(tempfile.mkdtemp(prefix="lodestream-kafka-"))).absolute()
        self._wanted_port = port
        self._heap_mb = heap_mb
        self._prefix = prefix
        self._process: subprocess.Popen[bytes] | None = None
        self.bootstrap_servers = ""
        self.log_file = self.folder / "server.log"

    def __enter__(self) -> "Broker":
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Format the folder if it is new, start the node and wait until it answers. Raises KafkaUnavailableError."""
        if self._wanted_port and not _free(self._wanted_port):
            # Whoever has it would answer us, and we would take it for our own node.
            raise KafkaUnavailableError(f"port {self._wanted_port} is taken; name another one, or 0 for any")
        try:
            machine, jars = java(), libraries()
            for attempt in range(1, START_ATTEMPTS + 1):
                # A free port can be taken by somebody else between our look and the node's bind: then look again.
                self._configure(self._wanted_port or _free_port(), _free_port())
                self._format(machine, jars)
                self._launch(machine, jars)
                if self._answers():
                    return
                self._end()
                if attempt == START_ATTEMPTS or "Address already in use" not in self.log_file.read_text(errors="replace"):
                    raise KafkaUnavailableError(f"Kafka did not start:\n{self._tail()}")
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the node (politely, then not) and remove its folder if it was ours."""
        self._end()
        if not self._keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def running(self) -> bool:
        """Whether the node's process lives."""
        return self._process is not None and self._process.poll() is None

    def _configure(self, port: int, controller_port: int) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.bootstrap_servers = f"127.0.0.1:{port}"
        properties = PROPERTIES.format(port=port, controller_port=controller_port, folder=self.folder)
        (self.folder / "server.properties").write_text(properties)
        (self.folder / "log4j2.properties").write_text(LOGGING.format(level="info"))
        (self.folder / "log4j2-tools.properties").write_text(LOGGING.format(level="error"))

    def _format(self, machine: str, jars: Path) -> None:
        if (self.folder / "logs" / "meta.properties").is_file():
            return  # it has its cluster id already, and keeps its records
        arguments = ["format", "--cluster-id", _cluster_id(), "--config", f"{self.folder}/server.properties"]
        command = [*self._command(machine, jars, "log4j2-tools.properties"), "kafka.tools.StorageTool", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=START_SECONDS)  # noqa: S603  # ours
        if done.returncode != 0:
            raise KafkaUnavailableError(f"Kafka could not format {self.folder}:\n{(done.stdout + done.stderr)[-2000:]}")

    def _launch(self, machine: str, jars: Path) -> None:
        program = [*self._command(machine, jars, "log4j2.properties"), "kafka.Kafka", f"{self.folder}/server.properties"]
        command = [*self._prefix, *program]
        with self.log_file.open("ab") as log:
            # A session of its own: Ctrl-C in the terminal goes to who started us, and the node outlives its clients' goodbyes.
            self._process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603  # ours

    def _command(self, machine: str, jars: Path, logging: str) -> list[str]:
        memory = [f"-Xmx{self._heap_mb}m", "-Xms128m", "-XX:+UseSerialGC"]
        return [machine, *memory, f"-Dlog4j2.configurationFile={self.folder}/{logging}", "-cp", f"{jars}/*"]

    def _answers(self) -> bool:
        deadline = time.monotonic() + START_SECONDS
        host, _, port = self.bootstrap_servers.partition(":")
        while self.running() and time.monotonic() < deadline:
            try:
                # The port first: a client that finds it closed backs off for longer than the node takes to start.
                with socket.create_connection((host, int(port)), timeout=0.2):
                    pass
                if AdminClient({"bootstrap.servers": self.bootstrap_servers, "log_level": 0}).list_topics(timeout=2).brokers:
                    return True
            except KafkaException:
                continue
            except OSError:
                time.sleep(0.05)
        return False

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _tail(self) -> str:
        return self.log_file.read_text(errors="replace")[-2000:] if self.log_file.is_file() else "(no log was written)"


def _cluster_id() -> str:
    """A cluster id is a UUID in 22 characters of URL-safe base64; a leading dash would be read as an option."""
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not text.startswith("-"):
            return text


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that linger are no listener
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
