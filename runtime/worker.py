"""A worker process: one processor on the transactional loop until it is told to stop."""

import gc
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

import structlog

from runtime import logging
from runtime.checkpoint import Clock
from runtime.errors import FatalError
from runtime.kafka import KafkaLog
from runtime.loop import Loop
from runtime.observe import watch_of
from runtime.processor import Processor
from runtime.rocks import DiskStores
from runtime.settings import Settings
from runtime.state import MemoryStores, Stores

EXIT_BUG = 70
CLOCK = Clock(time.monotonic, lambda: time.time_ns() // 1_000_000)

_log = structlog.get_logger(__name__)


def run_worker(processor: Processor, settings: Settings) -> int:
    """Run a processor until SIGTERM or SIGINT, then finish the batch, commit and close. The exit code: see `run_process`."""

    def work() -> None:
        loop = make_loop(processor, settings)
        stop_on_signals(loop.stop)
        _log.info("worker starts", inputs=list(processor.inputs), kafka=settings.kafka.bootstrap_servers)
        loop.run()

    return run_process(processor.name, settings, work)


def run_process(name: str, settings: Settings, work: Callable[[], None]) -> int:
    """Do a worker's work and log how it ended. The exit code: 0, that of the FatalError that it raised, or EXIT_BUG."""
    logging.configure(settings.log_level, settings.log_format)
    # What is imported stays, and the collector would look through it again and again: 40 ms each time, in every tenth small batch
    # of the ledger. In pairs: 6,070 entries/s instead of 4,950, and a p99 of 93 ms instead of 147.
    gc.collect()
    gc.freeze()
    with logging.about(processor=name, instance=settings.instance):
        try:
            work()
        except FatalError as reason:
            _log.critical("worker ends", alert=True, code=reason.code, reason=str(reason), exit_code=reason.exit_code)
            return reason.exit_code
        except Exception:  # noqa: BLE001  # logged like everything else, so that nothing in its message can forge a line
            _log.exception("worker ends: this is a bug", alert=True, exit_code=EXIT_BUG)
            return EXIT_BUG
        _log.info("worker ends", exit_code=0)
        return 0


def make_loop(processor: Processor, settings: Settings) -> Loop:
    """The loop on a real broker, with its state where the settings say. Raises LockedError or RefusedError."""
    stores = _stores(processor, settings)  # first: the lock on the folder is the cheapest way to find a twin
    try:
        log = KafkaLog(settings, processor.name)
        return Loop(
            processor,
            log,
            stores,
            CLOCK,
            batch_records=settings.worker.batch_records,
            poll_s=settings.worker.poll_ms / 1000,
            watch=watch_of(settings, processor.name, log.ends),
        )
    except BaseException:
        stores.close()
        raise


def _stores(processor: Processor, settings: Settings) -> Stores:
    if settings.worker.store == "memory":
        return MemoryStores()
    return DiskStores(settings.data_dir, processor.name, settings.instance)


def stop_on_signals(stop: Callable[[], None]) -> None:
    """Let SIGTERM and SIGINT call `stop`. Only the main thread of a process hears them: workers belong there."""

    def asked(_: int, __: FrameType | None) -> None:
        stop()  # and nothing else: a log line written from a handler may break into another one

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, asked)
        signal.signal(signal.SIGINT, asked)
