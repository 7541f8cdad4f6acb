"""The sink as a process: the worker, and for a chDB folder the reading side, until it is told to stop."""

import contextlib
import signal
import threading
import time
from types import FrameType

import structlog

from runtime import logging
from runtime.errors import FatalError
from runtime.settings import Settings
from runtime.worker import EXIT_BUG
from sinks.clickhouse.connect import FolderBusyError, UnreachableError, chdb_folder, connect, without_password
from sinks.clickhouse.migrate import MigrationError, applied, migrate, packaged, pending
from sinks.clickhouse.plan import Limits
from sinks.clickhouse.readsocket import ReadServer
from sinks.clickhouse.source import KafkaSource
from sinks.clickhouse.store import Store
from sinks.clickhouse.worker import GROUP, Sink

EXIT_UNREACHABLE = 3
FOLDER_SECONDS = 15.0
FOLDER_WAIT_SECONDS = 0.2

_log = structlog.get_logger(__name__)


def run_sink(settings: Settings) -> int:
    """Run until SIGTERM or SIGINT. The exit code: 0, that of runtime/errors.py, or 3 where ClickHouse cannot be used.

    Signals are only heard in the main thread of a process, so that is where this belongs.
    """
    logging.configure(settings.log_level, settings.log_format)
    stop = threading.Event()
    _stop_on_signals(stop)
    with logging.about(processor=GROUP, instance=settings.instance):
        try:
            work(settings, stop)
        except (UnreachableError, MigrationError) as reason:
            _log.critical("worker ends", alert=True, code=reason.code, reason=str(reason), exit_code=EXIT_UNREACHABLE)
            return EXIT_UNREACHABLE
        except FatalError as reason:
            _log.critical("worker ends", alert=True, code=reason.code, reason=str(reason), exit_code=reason.exit_code)
            return reason.exit_code
        except Exception:  # noqa: BLE001  # logged like everything else, so that nothing in its message can forge a line
            _log.exception("worker ends: this is a bug", alert=True, exit_code=EXIT_BUG)
            return EXIT_BUG
        _log.info("worker ends", exit_code=0)
        return 0


def work(settings: Settings, stop: threading.Event) -> None:
    """Run the sink until `stop`. Raises FatalError, UnreachableError, MigrationError."""
    url = settings.clickhouse.url
    folder = chdb_folder(url)
    _prepare_patiently(url, stop)
    with contextlib.ExitStack() as stack:
        store = Store(url)
        stack.callback(store.close)
        if folder is not None:
            stack.enter_context(ReadServer(url, folder))
        source = KafkaSource(settings, GROUP)
        _log.info("worker starts", kafka=settings.kafka.bootstrap_servers, clickhouse=without_password(url))
        Sink(source, store, Limits(bytes=settings.worker.batch_bytes)).run(stop)


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


def _stop_on_signals(stop: threading.Event) -> None:
    def asked(_: int, __: FrameType | None) -> None:
        stop.set()

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, asked)
        signal.signal(signal.SIGINT, asked)
