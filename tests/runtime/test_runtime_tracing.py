"""Traces by setting: one from the inbox to the table, made of ids that the records carry."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from fake_log import FakeLog, Time
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from runtime.errors import AbortError
from runtime.headers import started
from runtime.health import Health
from runtime.loop import Loop
from runtime.metrics import Instruments
from runtime.observe import watch_of
from runtime.port import Partition
from runtime.processor import Processor
from runtime.settings import load
from runtime.state import MemoryStores
from runtime.tracing import Spans, Traces
from runtime.watch import Watch
from schemas.topics import ENTRIES, INBOX, TRANSACTIONS
from sinks.clickhouse.plan import Limits
from sinks.clickhouse.watch import Watching
from sinks.clickhouse.worker import Sink
from streams.gate.processor import GateProcessor
from streams.ledger import LedgerProcessor
from tests.gate.test_gate import EVENT, document
from tests.sinks.simulated import Broker, Database, Member, Steps

SAMPLED = started("document", 1.0)
IN, ON, OUT = Partition(INBOX, 0), Partition(ENTRIES, 0), Partition(TRANSACTIONS, 0)


class Kept(InMemorySpanExporter):
    """Of several workers, which end at different times."""

    def shutdown(self) -> None:
        pass


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return Kept()


def spans(worker: str, exporter: InMemorySpanExporter, sample: float = 0.0) -> Spans:
    return Spans(worker, "one", sample, SimpleSpanProcessor(exporter))


def run(processor: Processor, log: FakeLog, watch: Watch) -> None:
    loop = Loop(processor, log, MemoryStores(), Time().clock(), batch_records=100, poll_s=0.1, watch=watch)
    loop.open()
    for _ in range(6):
        loop.step()
    loop.close()


def gate(sample: float = 0.0) -> GateProcessor:
    made = GateProcessor(sample=sample)
    made.inputs = (INBOX,)  # type: ignore[assignment]  # the broker in memory knows no patterns
    return made


def told(exporter: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {span.name: span for span in exporter.get_finished_spans()}


def ids(span: ReadableSpan) -> tuple[int, int]:
    assert span.context is not None
    return span.context.trace_id, span.context.span_id


def test_one_trace_from_the_inbox_to_the_table(exporter: InMemorySpanExporter) -> None:
    log = FakeLog(partitions=1)
    log.add(IN, b"mill", document(EVENT), SAMPLED.headers())
    run(gate(), log, Traces(spans("gate", exporter)))
    run(LedgerProcessor(1), log, Traces(spans("ledger", exporter)))
    broker = Broker({OUT: log.topics[OUT]}, Steps())
    watch = Watching(Instruments(Health("sink", 60)), spans("sink", exporter), lambda _: {})
    sink = Sink(Member(broker, 10), Database(Steps()), Limits(1, 1000, 0.0), watch=watch)
    sink._source.open([], sink)
    sink.step()

    seen = told(exporter)
    way = [seen[f"gate process {INBOX}"], seen[f"ledger process {ENTRIES}"], seen[f"sink process {TRANSACTIONS}"]]
    assert {ids(span)[0] for span in way} == {int(SAMPLED.trace_id, 16)}
    parents = [span.parent.span_id for span in way if span.parent is not None]
    assert parents == [SAMPLED.span_id, ids(way[0])[1], ids(way[1])[1]]
    for span, worker in zip(way, ("gate", "ledger", "sink"), strict=True):
        assert span.resource.attributes["service.name"] == f"lodestream-{worker}"
        batch = seen[f"{worker} batch"]
        assert [(link.context.trace_id, link.context.span_id) for link in batch.links] == [ids(span)]
        assert ids(batch)[0] != ids(span)[0]
    assert way[1].attributes is not None
    assert way[1].attributes["cloudevents.event_type"] == "org.lodestream.v1.Entry"
    assert way[1].attributes["messaging.kafka.offset"] == 0


def test_what_is_not_sampled_makes_no_span(exporter: InMemorySpanExporter) -> None:
    log = FakeLog(partitions=1)
    log.add(IN, b"mill", document(EVENT), started("document", 0.0).headers())
    log.add(IN, b"mill", document(EVENT))
    run(gate(), log, Traces(spans("gate", exporter)))
    assert len(log.topics[ON]) == 2
    assert exporter.get_finished_spans() == ()


def test_a_trace_that_starts_at_the_gate_has_the_gates_span_for_its_root(exporter: InMemorySpanExporter) -> None:
    log = FakeLog(partitions=1)
    log.add(IN, b"mill", document(EVENT))
    run(gate(sample=1.0), log, Traces(spans("gate", exporter, sample=1.0)))
    root = told(exporter)[f"gate process {INBOX}"]
    assert root.parent is None
    assert dict(log.topics[ON][0].headers)["traceparent"] == f"00-{ids(root)[0]:032x}-{ids(root)[1]:016x}-01".encode()


def test_an_aborted_batch_makes_no_span_and_the_next_attempt_the_same_one(exporter: InMemorySpanExporter) -> None:
    log = FakeLog(partitions=1)
    log.add(IN, b"mill", document(EVENT), SAMPLED.headers())
    log.fault("commit", AbortError("made up", transient=True))
    run(gate(), log, Traces(spans("gate", exporter)))
    assert log.calls.count("abort") == 1
    assert sorted(told(exporter)) == ["gate batch", f"gate process {INBOX}"]
    assert len(exporter.get_finished_spans()) == 2


def test_by_default_nobody_looks_on_and_no_trace_library_is_read(tmp_path: Path) -> None:
    quiet = load({"data_dir": tmp_path})
    assert type(watch_of(quiet, "gate", lambda _: {})) is Watch
    code = "import sys, runtime.worker, sinks.clickhouse.process; sys.exit('opentelemetry' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_traces_end_with_the_worker_though_nobody_takes_them(tmp_path: Path) -> None:
    settings = load({"data_dir": tmp_path, "traces": {"endpoint": "http://127.0.0.1:9/v1/traces", "sample": 1.0}})
    log = FakeLog(partitions=1)
    log.add(IN, b"mill", document(EVENT))
    begun = time.monotonic()
    run(gate(sample=1.0), log, watch_of(settings, "gate", lambda _: {}))
    assert time.monotonic() - begun < 20
    assert len(log.topics[ON]) == 1
