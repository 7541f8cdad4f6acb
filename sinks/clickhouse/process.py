"""The sink as a process: the worker, and for a chDB folder the reading side, until it is told to stop."""

import contextlib
import threading
import time

import structlog

from runtime.errors import FatalError
from runtime.settings import Settings
from runtime.worker import run_process, stop_on_signals
from sinks.clickhouse.connect import FolderBusyError, UnreachableError, chdb_folder, connect, without_password
from sinks.clickhouse.migrate import MigrationError, applied, migrate, packaged, pending
from sinks.clickhouse.plan import Limits
from sinks.clickhouse.readsocket import ReadServer
from sinks.clickhouse.source import KafkaSource
from sinks.clickhouse.store import Store
from sinks.clickhouse.watch import sink_watch_of
from sinks.clickhouse.worker import GROUP, Sink

FOLDER_SECONDS = 15.0
FOLDER_WAIT_SECONDS = 0.2

_log = structlog.get_logger(__name__)


class UnusableError(FatalError):
    """ClickHouse, or its tables, cannot be used; the code is that of the reason."""

    def __init__(self, reason: UnreachableError | MigrationError) -> None:
        super().__init__(str(reason))
        self.code = reason.code


def run_sink(settings: Settings) -> int:
    """Run until SIGTERM or SIGINT. The exit code is that of `run_process`: 3 where ClickHouse cannot be used."""
    stop = threading.Event()
    stop_on_signals(stop.set)

    def usable() -> None:
        try:
            work(settings, stop)
        except (UnreachableError, MigrationError) as reason:
            raise UnusableError(reason) from reason

    return run_process(GROUP, settings, usable)


def work(settings: Settings, stop: threading.Event) -> None:
    """Run the sink until `stop`. Raises FatalError, UnreachableError, MigrationError."""
    url = settings.clickhouse.url
    folder = chdb_folder(url)
    limits = Limits(bytes=settings.worker.batch_bytes)
    _prepare_patiently(url, stop)
    with contextlib.ExitStack() as stack:
        store = Store(url, limits.inserts)
        stack.callback(store.close)
        if folder is not None:
            stack.enter_context(ReadServer(url, folder))
        source = KafkaSource(settings, GROUP)
        watch = sink_watch_of(settings, GROUP, source.ends)
        stack.callback(watch.close)
        _log.info("worker starts", kafka=settings.kafka.bootstrap_servers, clickhouse=without_password(url))
        Sink(source, store, limits, watch=watch).run(stop)


def prepare(url: str) -> None:
    """Make a chDB folder's tables; a server's are the operator's to migrate, and must be there. Raises MigrationError."""
    client = connect(url)
    try:
        if chdb_folder(url) is not None:
            migrate(client)
        elif not client.command("EXISTS TABLE lodestream_raw.schema_migrations") or pending(packaged(), applied(client)):
            raise MigrationError(
                "PENDING", f"the tables at {without_password(url)} are not those of this version; run `lodestream migrate`"
            )
    finally:
        client.close()


def _prepare_patiently(url: str, stop: threading.Event) -> None:
    """A command that reads has the folder for a moment, as long as no sink serves; it is worth waiting for."""
    deadline = time.monotonic() + FOLDER_SECONDS
    while not stop.is_set():
        try:
            prepare(url)
        except FolderBusyError:
            if time.monotonic() >= deadline:
                raise
            stop.wait(FOLDER_WAIT_SECONDS)
        else:
            return
