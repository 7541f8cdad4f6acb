"""What a worker with a loop of its own tells of its rounds: lag and life for the metrics, spans of what it has done."""

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from runtime.assignment import Phase
from runtime.health import Picture
from runtime.metrics import PICTURE_SECONDS, Ends, Instruments
from runtime.port import Partition
from runtime.processor import Record

if TYPE_CHECKING:
    from runtime.tracing import Spans


class Rounds:
    """The sinks' part of runtime/watch.py, which is that of the workers with a transactional loop."""

    def __init__(self, instruments: Instruments, spans: "Spans | None", ends: Ends) -> None:
        self._instruments = instruments
        self._spans = spans
        self._ends = ends
        self._pictured = 0.0
        self._joined = False

    def joined(self) -> None:
        """The group has decided what is ours."""
        self._pictured, self._joined = 0.0, True

    def done(self, batches: Sequence[Sequence[Record]], begun_ns: int) -> None:
        """These records are where they belong; the work on them began then (ns since 1970)."""
        self._instruments.done(batches)
        if self._spans is not None:
            self._spans.done(batches, begun_ns)

    def round(self, offsets: Mapping[Partition, int]) -> None:
        """A round has ended: the next offset of each partition that is ours."""
        now = time.monotonic()
        if now - self._pictured < PICTURE_SECONDS:
            self._instruments.health.beat()
            return
        self._pictured = now
        lags = {partition: max(end - offsets[partition], 0) for partition, end in self._ends(offsets).items()}
        picture = Picture(dict.fromkeys(offsets, Phase.RUNNING), dict.fromkeys(offsets, now), lags)
        self._instruments.health.beat(picture, joined=self._joined)

    def close(self) -> None:
        """The worker ends."""
        self._instruments.close()
        if self._spans is not None:
            self._spans.close()
