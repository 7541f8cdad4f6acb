"""Which watch a worker has, by its settings: metrics with their server, traces, both, or none."""

from typing import TYPE_CHECKING

from runtime.errors import FatalError
from runtime.health import Health
from runtime.metrics import Ends, Instruments, Metrics
from runtime.settings import Settings
from runtime.watch import Watch, Watches

if TYPE_CHECKING:
    from runtime.tracing import Spans


def watch_of(settings: Settings, worker: str, ends: Ends) -> Watch:
    """The watch of a worker on the loop. Raises FatalError."""
    watches: list[Watch] = []
    if (instruments := instruments_of(settings, worker)) is not None:
        watches.append(Metrics(instruments, ends))
    if (spans := spans_of(settings, worker)) is not None:
        from runtime.tracing import Traces

        watches.append(Traces(spans))
    return Watches(*watches) if watches else Watch()


def instruments_of(settings: Settings, worker: str) -> Instruments | None:
    """The metrics of a worker, served from now on; None where they are off. Raises FatalError."""
    if settings.metrics.port is None:
        return None
    instruments = Instruments(Health(worker, settings.metrics.alive_s))
    instruments.serve(settings.metrics.address, settings.metrics.port)
    return instruments


def spans_of(settings: Settings, worker: str) -> "Spans | None":
    """Where a worker's spans go; None where traces are off. Raises FatalError."""
    if not settings.traces.endpoint:
        return None
    try:
        from runtime.tracing import Spans, exporting
    except ImportError as missing:
        raise FatalError(f"traces.endpoint is set, but {missing.name} is not installed: install lodestream[otel]") from None
    return Spans(worker, settings.instance, settings.traces.sample, exporting(settings.traces.endpoint))
