"""The watch as a process: the history first, then Faust, until it is told to stop."""

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import Iterator

import faust
import structlog

from lodestream.ledger.book import BookFile
from runtime.assignment import Phase
from runtime.errors import FatalError
from runtime.health import Picture
from runtime.metrics import Instruments
from runtime.observe import instruments_of
from runtime.port import Partition
from runtime.settings import Settings
from runtime.worker import run_process
from schemas.topics import TRANSACTIONS
from streams.watch.app import NAME, make_app
from streams.watch.history import read_on
from streams.watch.surveillance import Surveillance

BEAT_S = 1.0
CHATTY = ("faust", "mode", "aiokafka")
"""What says in twenty lines that it starts and stops."""

_log = structlog.get_logger(__name__)


def run_watch(settings: Settings, book: BookFile) -> int:
    """Run until SIGTERM or SIGINT. The exit code is that of `run_process`."""
    return run_process(NAME, settings, lambda: asyncio.run(work(settings, book)))


async def work(settings: Settings, book: BookFile) -> None:
    """The watch, until a signal. Raises FatalError."""
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    with _instruments(settings) as instruments:
        surveillance = Surveillance(book, settings.watch.tick_s * 1_000_000)
        _log.info("worker starts", inputs=[TRANSACTIONS], kafka=settings.kafka.bootstrap_servers)
        begun = time.monotonic()
        count = await asyncio.to_thread(read_on, settings, surveillance, stop.is_set)
        _log.info("the history is known", transactions=count, seconds=round(time.monotonic() - begun, 1))
        if not stop.is_set():
            await _run(settings, surveillance, stop, instruments)


async def _run(settings: Settings, surveillance: Surveillance, stop: asyncio.Event, instruments: Instruments | None) -> None:
    settings.data_dir.mkdir(parents=True, exist_ok=True)  # Faust makes its own folder in it, though the watch keeps nothing
    app = make_app(settings, surveillance)
    app.finalize()
    await app.start()
    try:
        while not stop.is_set() and not app.crashed:
            if instruments is not None:
                instruments.health.beat(_picture(app, surveillance), joined=True)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), BEAT_S)
    finally:
        await app.stop()
    if app.crashed:
        reason = app.crash_reason
        raise reason if isinstance(reason, FatalError) else FatalError(f"Faust has ended: {reason!r}")


def _picture(app: faust.App, surveillance: Surveillance) -> Picture:
    """All that is assigned runs; who stands by has nothing, and is well too."""
    ends = {Partition(tp.topic, tp.partition): app.consumer.highwater(tp) for tp in app.consumer.assignment()}
    lags = {each: max(end - surveillance.taken.get(each, 0), 0) for each, end in ends.items() if end is not None}
    return Picture(dict.fromkeys(ends, Phase.RUNNING), dict.fromkeys(ends, time.monotonic()), lags)


@contextlib.contextmanager
def _instruments(settings: Settings) -> Iterator[Instruments | None]:
    instruments = instruments_of(settings, NAME)
    try:
        yield instruments
    finally:
        if instruments is not None:
            instruments.close()
