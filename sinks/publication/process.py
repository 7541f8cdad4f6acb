"""The publication as a process, until it is told to stop."""

import contextlib
import threading
from pathlib import Path

import structlog

from runtime.settings import Settings
from runtime.worker import run_process, stop_on_signals
from sinks.clickhouse.source import KafkaSource
from sinks.publication.folder import Folder
from sinks.publication.memory import Memory
from sinks.publication.publisher import Publisher, Publishing
from sinks.publication.watch import publication_watch_of
from sinks.publication.worker import GROUP, Publication

_log = structlog.get_logger(__name__)


def memory_path(settings: Settings) -> Path:
    """What the worker remembers; not in the folder, which is for everybody."""
    return settings.data_dir / "publication-state" / "memory.sqlite"


def run_publication(settings: Settings, publishing: Publishing) -> int:
    """Run until SIGTERM or SIGINT. The exit code is that of `run_process`."""
    stop = threading.Event()
    stop_on_signals(stop.set)
    return run_process(GROUP, settings, lambda: work(settings, publishing, stop))


def work(settings: Settings, publishing: Publishing, stop: threading.Event) -> None:
    """Run the publication until `stop`. Raises FatalError."""
    root = settings.publication.folder
    with contextlib.ExitStack() as stack:
        folder = Folder(root)
        stack.callback(folder.close)
        memory = Memory(memory_path(settings), root, fresh=folder.fresh)
        stack.callback(memory.close)
        if memory.begins:
            _log.info("everything is published anew", folder=str(root))
        source = KafkaSource(settings, GROUP)
        watch = publication_watch_of(settings, GROUP, source.ends)
        stack.callback(watch.close)
        _log.info("worker starts", kafka=settings.kafka.bootstrap_servers, folder=str(root))
        publisher = Publisher(publishing, memory, folder)
        Publication(source, publisher, memory, settings.worker.poll_ms / 1000, watch=watch).run(stop)
