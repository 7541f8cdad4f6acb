"""Who looks on while the sink works: its metrics and traces, by the settings (runtime/watch.py is that of the other workers)."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING

from runtime.health import Health
from runtime.metrics import Ends, Instruments
from runtime.observe import instruments_of, spans_of
from runtime.port import Partition
from runtime.rounds import Rounds
from runtime.settings import Settings
from sinks.clickhouse.mapping import FEEDS
from sinks.clickhouse.plan import Batch

if TYPE_CHECKING:
    from runtime.tracing import Spans


class SinkWatch:
    """Does nothing: that is a sink with metrics and traces off. Called from the sink's own thread."""

    def joined(self) -> None:
        """The group has decided what is ours."""

    def inserting(self, group: Sequence[Batch], future: "Future[int]") -> None:
        """A group of batches is being written."""

    def wrote(self, group: Sequence[Batch], rows: int, begun_ns: int) -> None:
        """It is whole; it was handed over then (ns since 1970)."""

    def failed(self, group: Sequence[Batch]) -> None:
        """It could not be written, and is tried again under the same tokens."""

    def round(self, offsets: Mapping[Partition, int], waiting: int) -> None:
        """A round has ended: the next offset of each partition that is ours, and how many records wait in memory."""

    def close(self) -> None:
        """The sink ends."""


def sink_watch_of(settings: Settings, worker: str, ends: Ends) -> SinkWatch:
    """The sink's watch. Raises FatalError."""
    instruments, spans = instruments_of(settings, worker), spans_of(settings, worker)
    if instruments is None and spans is None:
        return SinkWatch()
    return Watching(instruments or Instruments(Health(worker, settings.metrics.alive_s)), spans, ends)


class Watching(SinkWatch):
    """The sink's metrics, and its spans where there are to be some."""

    def __init__(self, instruments: Instruments, spans: "Spans | None", ends: Ends) -> None:
        self._rounds = Rounds(instruments, spans, ends)
        self._worker = instruments.health.worker
        self._written = instruments.counter("sink_rows", "Rows written to ClickHouse for the records of a topic", "topic")
        self._failures = instruments.counter("sink_failures", "Inserts that failed and are tried again", "topic")
        self._insert = instruments.histogram("sink_insert_seconds", "From handing over a batch to its end").labels(self._worker)
        self._waiting = instruments.gauge("sink_waiting_records", "Records in memory that are not written").labels(self._worker)
        for topic in FEEDS:
            self._failures.labels(self._worker, topic)  # so that the first one is a step and not a beginning

    def joined(self) -> None:
        """See SinkWatch."""
        self._rounds.joined()

    def inserting(self, group: Sequence[Batch], future: "Future[int]") -> None:  # noqa: ARG002  # the signature is SinkWatch's
        """See SinkWatch."""
        begun = time.monotonic()
        future.add_done_callback(lambda _: self._insert.observe(time.monotonic() - begun))

    def wrote(self, group: Sequence[Batch], rows: int, begun_ns: int) -> None:
        """See SinkWatch."""
        self._written.labels(self._worker, group[0].topic).inc(rows)
        self._rounds.done([batch.records for batch in group], begun_ns)

    def failed(self, group: Sequence[Batch]) -> None:
        """See SinkWatch."""
        self._failures.labels(self._worker, group[0].topic).inc()

    def round(self, offsets: Mapping[Partition, int], waiting: int) -> None:
        """See SinkWatch."""
        self._waiting.set(waiting)
        self._rounds.round(offsets)

    def close(self) -> None:
        """See SinkWatch."""
        self._rounds.close()
