"""Who looks on while the publication works: its metrics and traces, by the settings."""

from collections.abc import Mapping, Sequence

from runtime.health import Health
from runtime.metrics import Ends, Instruments
from runtime.observe import instruments_of, spans_of
from runtime.port import Partition
from runtime.processor import Record
from runtime.rounds import Rounds
from runtime.settings import Settings


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
    return Watching(Rounds(instruments or Instruments(Health(worker, settings.metrics.alive_s)), spans, ends))


class Watching(PublicationWatch):
    """The publication's metrics, and its spans where there are to be some."""

    def __init__(self, rounds: Rounds) -> None:
        self._rounds = rounds

    def joined(self) -> None:
        """See PublicationWatch."""
        self._rounds.joined()

    def published(self, batches: Sequence[Sequence[Record]], begun_ns: int) -> None:
        """See PublicationWatch."""
        self._rounds.done(batches, begun_ns)

    def round(self, offsets: Mapping[Partition, int]) -> None:
        """See PublicationWatch."""
        self._rounds.round(offsets)

    def close(self) -> None:
        """See PublicationWatch."""
        self._rounds.close()
