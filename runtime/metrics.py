"""A worker's metrics, for Prometheus. docs/operators.md says what each means; a test holds page, dashboard and alerts to them.

What is counted is counted once a batch, after its commit: an aborted batch leaves no trace but the count of aborts. A scrape
reads numbers and the last picture, and holds up nothing. All of it takes 0.06 ms of processor for a batch of 960 records of 64
partitions (7 interleaved pairs), and the ledger needs 60 ms for that.
"""

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from runtime.assignment import Assigned, Phase
from runtime.checkpoint import Plan
from runtime.errors import AbortError
from runtime.health import Health, Picture
from runtime.port import Partition
from runtime.processor import Record, Tally
from runtime.serve import Server
from runtime.watch import Watch

WORK_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
AGE_SECONDS = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 3600.0)
PICTURE_SECONDS = 0.1
"""How old the picture may be: to look at 64 partitions takes 0.1 ms, and a round may take less than one."""

Ends = Callable[[Collection[Partition]], Mapping[Partition, int]]
"""For partitions, the offset after the last record that may be read, where the client knows it. Must not wait."""


class Instruments:
    """A registry of one worker, and what is in every worker's. Each metric has the label `worker`: gate, ledger and so on."""

    def __init__(self, health: Health) -> None:
        self.registry = CollectorRegistry()
        self.health = health
        self._worker = health.worker
        self._server: Server | None = None
        self._tallies: dict[Tally, Counter] = {}
        ProcessCollector(registry=self.registry)
        self.registry.register(_Pictured(health))
        build = self.gauge("build", "1, with the version of the program", "version")
        build.labels(self._worker, version("lodestream")).set(1)
        self._records = self.counter("records_in", "Records of a topic that are done", "topic")
        self._age = self.histogram("record_age_seconds", "Age of a batch's oldest record when the batch was whole", AGE_SECONDS)

    def serve(self, address: str, port: int) -> int:
        """Serve them until `close`; the port, which is a free one where 0 is asked for. Raises FatalError."""
        self._server = Server(address, port, self.registry, self.health)
        return self._server.port

    def close(self) -> None:
        """End the server."""
        if self._server is not None:
            self._server.close()

    def counter(self, name: str, doc: str, *labels: str) -> Counter:
        """A new counter; `_total` is added to its name."""
        return Counter(f"lodestream_{name}", doc, ("worker", *labels), registry=self.registry)

    def gauge(self, name: str, doc: str, *labels: str) -> Gauge:
        """A new gauge."""
        return Gauge(f"lodestream_{name}", doc, ("worker", *labels), registry=self.registry)

    def histogram(self, name: str, doc: str, buckets: Sequence[float] = WORK_SECONDS) -> Histogram:
        """A new histogram, in seconds."""
        return Histogram(f"lodestream_{name}", doc, ("worker",), registry=self.registry, buckets=buckets)

    def done(self, batches: Sequence[Sequence[Record]]) -> None:
        """These records, by partition, were done together."""
        counts: dict[str, int] = {}
        for records in batches:  # a label is looked up once a topic: once a partition, 64 of them took 0.3 ms a batch
            topic = records[0].topic
            counts[topic] = counts.get(topic, 0) + len(records)
        for topic, count in counts.items():
            self._records.labels(self._worker, topic).inc(count)
        oldest_ms = min(records[0].timestamp_ms for records in batches)
        # A producer's clock may be ahead of ours, or say anything.
        self._age.labels(self._worker).observe(max(time.time() - oldest_ms / 1000, 0.0))

    def tell(self, tallies: Mapping[tuple[Tally, tuple[str, ...]], int]) -> None:
        """Add up what a processor counted."""
        for (tally, values), count in tallies.items():
            if tally not in self._tallies:
                self._tallies[tally] = self.counter(tally.name, tally.doc, *tally.labels)
            self._tallies[tally].labels(self._worker, *values).inc(count)


class Metrics(Watch):
    """The metrics of a worker on the loop (runtime/loop.py). `ends` tells how far there is to go."""

    def __init__(self, instruments: Instruments, ends: Ends) -> None:
        worker = instruments.health.worker
        self._instruments = instruments
        self._health = instruments.health
        self._ends = ends
        self._out = instruments.counter("records_out", "Records written to topics other than the changelog").labels(worker)
        self._batch = instruments.histogram("batch_seconds", "From the records of a batch to its commit").labels(worker)
        self._plan = instruments.histogram("plan_seconds", "Part of a batch in which the processor works").labels(worker)
        self._commit = instruments.histogram("commit_seconds", "Part of a batch in which it is written").labels(worker)
        self._aborts = instruments.counter("aborts", "Transactions taken back", "transient")
        self._restored = instruments.counter("restored_records", "Changelog records read into local state").labels(worker)
        self._restore = instruments.histogram("restore_seconds", "From a partition's assignment to its start").labels(worker)
        for transient in ("yes", "no"):
            self._aborts.labels(worker, transient)  # so that the first one is a step and not a beginning
        self._worker = worker
        self._begun = self._lap = self._pictured = time.monotonic()
        self._planned = 0.0
        self._joined = False

    def joined(self) -> None:
        """See Watch."""
        self._pictured, self._joined = 0.0, True

    def begun(self, records: Sequence[Record]) -> None:
        """See Watch."""
        if records:
            self._begun = self._lap = time.monotonic()
            self._planned = 0.0

    def planned(self, plan: Plan) -> None:  # noqa: ARG002  # the signature is Watch's
        """See Watch."""
        self._planned += self._since_last()

    def committed(self, plans: Sequence[Plan]) -> None:
        """See Watch."""
        self._commit.observe(self._since_last())
        self._plan.observe(self._planned)
        self._batch.observe(self._lap - self._begun)
        self._begun, self._planned = self._lap, 0.0
        self._instruments.done([plan.records for plan in plans])
        self._out.inc(sum(len(plan.effects.outputs) for plan in plans))
        for plan in plans:
            self._instruments.tell(plan.effects.tallies)

    def aborted(self, plans: Sequence[Plan], reason: AbortError) -> None:  # noqa: ARG002  # the signature is Watch's
        """See Watch."""
        self._aborts.labels(self._worker, "yes" if reason.transient else "no").inc()
        self._begun, self._planned = self._lap, 0.0

    def round(self, partitions: Mapping[Partition, Assigned]) -> None:
        """See Watch."""
        now = time.monotonic()
        if now - self._pictured < PICTURE_SECONDS:
            self._health.beat()
            return
        self._pictured = now
        before = self._health.picture
        phases = {at: assigned.phase for at, assigned in partitions.items()}
        since = {at: before.since[at] if before.phases.get(at) is phase else now for at, phase in phases.items()}
        restored = {at: assigned.restored for at, assigned in partitions.items()}
        ends = self._ends(phases)
        lags = {at: max(end - partitions[at].next_offset, 0) for at, end in ends.items() if phases[at] is not Phase.RESTORING}
        for at, phase in phases.items():
            self._restored.inc(max(restored[at] - before.restored.get(at, 0), 0))
            if phase is Phase.RUNNING and before.phases.get(at) is not Phase.RUNNING:
                self._restore.observe(now - before.since.get(at, now))
        self._health.beat(Picture(phases, since, lags, restored), joined=self._joined)

    def close(self) -> None:
        """See Watch."""
        self._instruments.close()

    def _since_last(self) -> float:
        before, self._lap = self._lap, time.monotonic()
        return self._lap - before


class _Pictured(Collector):
    """What the last picture shows, at the moment of a scrape."""

    def __init__(self, health: Health) -> None:
        self._health = health

    def collect(self) -> Iterable[Metric]:
        """Called by the registry, in the thread of the scrape."""
        picture, worker = self._health.picture, self._health.worker
        phases = GaugeMetricFamily("lodestream_partitions", "Partitions that are ours, by phase", labels=("worker", "phase"))
        for phase in Phase:
            phases.add_metric((worker, phase.value), len(picture.of(phase)))
        lag = GaugeMetricFamily(
            "lodestream_lag_records", "Records not yet taken of a partition", labels=("worker", "topic", "partition")
        )
        for (topic, number), records in picture.lags.items():
            lag.add_metric((worker, topic, str(number)), records)
        ready = GaugeMetricFamily("lodestream_ready", "Whether every partition that is ours runs", labels=("worker",))
        ready.add_metric((worker,), float(self._health.ready().well))
        restoring = GaugeMetricFamily(
            "lodestream_restoring_seconds", "For how long a partition has been in restore; 0: none is", labels=("worker",)
        )
        restoring.add_metric((worker,), self._health.restoring_s())
        return phases, lag, ready, restoring
