"""A worker process: one processor on the transactional loop until it is told to stop."""

import signal
import threading
import time
from types import FrameType

import structlog

from runtime import logging
from runtime.checkpoint import Clock
from runtime.errors import FatalError
from runtime.kafka import KafkaLog
from runtime.loop import Loop
from runtime.processor import Processor
from runtime.rocks import DiskStores
from runtime.settings import Settings
from runtime.state import MemoryStores, Stores

EXIT_BUG = 70
CLOCK = Clock(time.monotonic, lambda: time.time_ns() // 1_000_000)

_log = structlog.get_logger(__name__)


def run_worker(processor: Processor, settings: Settings) -> int:
    """Run until SIGTERM or SIGINT, then finish the batch, commit and close. The exit code: 0, or that of runtime/errors.py.

    Signals are only heard in the main thread of a process, so that is where this belongs.
    """
    logging.configure(settings.log_level, settings.log_format)
    with logging.about(processor=processor.name, instance=settings.instance):
        try:
            loop = make_loop(processor, settings)
            _stop_on_signals(loop)
            _log.info("worker starts", inputs=list(processor.inputs), kafka=settings.kafka.bootstrap_servers)
            loop.run()
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
        return Loop(
            processor,
            KafkaLog(settings, processor.name),
            stores,
            CLOCK,
            batch_records=settings.worker.batch_records,
            poll_s=settings.worker.poll_ms / 1000,
        )
    except BaseException:
        stores.close()
        raise


def _stores(processor: Processor, settings: Settings) -> Stores:
    if settings.worker.store == "memory":
        return MemoryStores()
    return DiskStores(settings.data_dir, processor.name, settings.instance)


def _stop_on_signals(loop: Loop) -> None:
    def asked(_: int, __: FrameType | None) -> None:
        loop.stop()  # and nothing else: a log line written from a handler may break into another one

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, asked)
        signal.signal(signal.SIGINT, asked)
