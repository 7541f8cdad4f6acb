"""Who looks on while the publication works: its metrics and traces, by the settings."""

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from runtime.assignment import Phase
from runtime.health import Health, Picture
from runtime.metrics import PICTURE_SECONDS, Ends, Instruments
from runtime.observe import instruments_of, spans_of
from runtime.port import Partition
from runtime.processor import Record
from runtime.settings import Settings

if TYPE_CHECKING:
    from runtime.tracing import Spans


class PublicationWatch:
    """Does nothing: that is a publication with metrics and traces off."""

    def joined(self) -> None:
        """The group has decided what is ours."""

    def published(self, batches: Sequence[Sequence[Record]], begun_ns: int) -> None:
        """These records are in the folder; their writing began then (ns since 1970)."""

    def round(self, offsets: Mapping[Partition, int]) -> None:
        """A round has ended: the next offset of each partition that is ours."""

    def close(self) -> None:
        """The publication ends."""


def publication_watch_of(settings: Settings, worker: str, ends: Ends) -> PublicationWatch:
    """The publication's watch. Raises FatalError."""
    instruments, spans = instruments_of(settings, worker), spans_of(settings, worker)
    if instruments is None and spans is None:
        return PublicationWatch()
    return Watching(instruments or Instruments(Health(worker, settings.metrics.alive_s)), spans, ends)


class Watching(PublicationWatch):
    """The publication's metrics, and its spans where there are to be some."""

    def __init__(self, instruments: Instruments, spans: "Spans | None", ends: Ends) -> None:
        self._instruments = instruments
        self._spans = spans
        self._ends = ends
        self._pictured = 0.0
        self._joined = False

    def joined(self) -> None:
        """See PublicationWatch."""
        self._pictured, self._joined = 0.0, True

    def published(self, batches: Sequence[Sequence[Record]], begun_ns: int) -> None:
        """See PublicationWatch."""
        self._instruments.done(batches)
        if self._spans is not None:
            self._spans.done(batches, begun_ns)

    def round(self, offsets: Mapping[Partition, int]) -> None:
        """See PublicationWatch."""
        now = time.monotonic()
        if now - self._pictured < PICTURE_SECONDS:
            self._instruments.health.beat()
            return
        self._pictured = now
        lags = {partition: max(end - offsets[partition], 0) for partition, end in self._ends(offsets).items()}
        picture = Picture(dict.fromkeys(offsets, Phase.RUNNING), dict.fromkeys(offsets, now), lags)
        self._instruments.health.beat(picture, joined=self._joined)

    def close(self) -> None:
        """See PublicationWatch."""
        self._instruments.close()
        if self._spans is not None:
            self._spans.close()
