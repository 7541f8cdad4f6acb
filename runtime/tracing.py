"""OpenTelemetry traces of a worker, by setting: a span for each record whose `traceparent` says sampled, and one for their batch.

The ids of a record's span are those that its outputs carry on (runtime/headers.py): the spans of gate, ledger, issuer and sink
find together without any of them knowing of the others. Spans are made after the commit; an aborted batch makes none. Needs the
extra `otel`; with traces off, this file is not even read.
"""

import time
from collections.abc import Sequence
from importlib.metadata import version

from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, TraceFlags, set_span_in_context

from runtime.checkpoint import Plan
from runtime.headers import Span, span_of
from runtime.processor import Record
from runtime.watch import Watch

LINKS = 128
"""As many as the SDK keeps of one span."""
EXPORT_SECONDS = 5


class Spans:
    """Makes the spans of what one worker has done. `sample`: as the gate is told, for traces that start here."""

    def __init__(self, worker: str, instance: str, sample: float, processor: SpanProcessor) -> None:
        told = {"service.name": f"lodestream-{worker}", "service.instance.id": instance, "service.version": version("lodestream")}
        self._worker = worker
        self._sample = sample
        self._ids = _Given()
        self._provider = TracerProvider(ALWAYS_ON, Resource.create(told), id_generator=self._ids)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("lodestream")

    def done(self, batches: Sequence[Sequence[Record]], start_ns: int) -> None:
        """These records, by partition, were done together between `start_ns` (since 1970) and now."""
        end_ns = time.time_ns()
        sampled = [(record, span_of(record, self._worker, self._sample)) for records in batches for record in records]
        sampled = [(record, span) for record, span in sampled if span.sampled]
        if not sampled:
            return
        for record, span in sampled:
            self._record(record, span, start_ns, end_ns)
        links = [Link(_context(int(span.trace_id, 16), span.span_id)) for _, span in sampled[:LINKS]]
        attributes: dict[str, str | int] = {"messaging.system": "kafka", "messaging.batch.message_count": sum(map(len, batches))}
        name = f"{self._worker} batch"
        whole = self._tracer.start_span(name, Context(), SpanKind.CONSUMER, attributes, links, start_ns)
        whole.end(end_ns)

    def close(self) -> None:
        """Send what waits; give up after a few seconds."""
        self._provider.shutdown()

    def _record(self, record: Record, span: Span, start_ns: int, end_ns: int) -> None:
        said = {name: value for name, value in record.headers if name in {"ce_id", "ce_type", "ce_subject"} and value}
        attributes: dict[str, str | int] = {
            "messaging.system": "kafka",
            "messaging.operation.type": "process",
            "messaging.consumer.group.name": self._worker,
            "messaging.destination.name": record.topic,
            "messaging.destination.partition.id": str(record.partition),
            "messaging.kafka.offset": record.offset,
            **{f"cloudevents.event_{name[3:]}": value.decode(errors="replace") for name, value in said.items()},
        }
        parent = Context()
        if span.parent_id:
            parent = set_span_in_context(NonRecordingSpan(_context(int(span.trace_id, 16), span.parent_id)), parent)
        self._ids.give(span)
        made = self._tracer.start_span(
            f"{self._worker} process {record.topic}", parent, SpanKind.CONSUMER, attributes, start_time=start_ns
        )
        made.end(end_ns)


class Traces(Watch):
    """The spans of a worker on the loop."""

    def __init__(self, spans: Spans) -> None:
        self._spans = spans
        self._begun_ns = time.time_ns()

    def begun(self, records: Sequence[Record]) -> None:  # noqa: ARG002  # the signature is Watch's
        """See Watch."""
        self._begun_ns = time.time_ns()

    def committed(self, plans: Sequence[Plan]) -> None:
        """See Watch."""
        self._spans.done([plan.records for plan in plans], self._begun_ns)

    def close(self) -> None:
        """See Watch."""
        self._spans.close()


class _Given(RandomIdGenerator):
    """The SDK's own ids but for the next span, whose ids are given."""

    def __init__(self) -> None:
        self._span: Span | None = None

    def give(self, span: Span) -> None:
        """The next span that starts has these ids."""
        self._span = span

    def generate_trace_id(self) -> int:
        """Asked first, and only where a trace starts."""
        return super().generate_trace_id() if self._span is None else int(self._span.trace_id, 16)

    def generate_span_id(self) -> int:
        """Asked last."""
        span, self._span = self._span, None
        return super().generate_span_id() if span is None else span.span_id


def _context(trace_id: int, span_id: int) -> SpanContext:
    return SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))


def exporting(endpoint: str) -> SpanProcessor:
    """Sends spans to an OTLP/HTTP endpoint from a thread of its own; what the collector does not take in time is dropped."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    exporter: SpanExporter = OTLPSpanExporter(endpoint, timeout=EXPORT_SECONDS)
    return BatchSpanProcessor(exporter)
