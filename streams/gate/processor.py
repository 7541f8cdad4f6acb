"""The gate as a processor: every event of every inbox record becomes an entry or a rejection, nothing else (DESIGN.md section 1).

It keeps no state and looks nothing up but the book file that it was started with, so it can run in any number.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from lodestream.epcis.faults import Fault
from lodestream.epcis.intake import Accepted, intake, rejected
from lodestream.epcis.limits import Limits
from lodestream.epcis.rejection import Rejection
from lodestream.epcis.routing import Router
from lodestream.epcis.slices import event_slices
from lodestream.ledger.book import Register
from lodestream.ledger.records import Origin
from runtime.headers import Headers, continued
from runtime.processor import Effects, Output, Record, State
from schemas.codec import encode
from schemas.topics import ENTRIES, INBOX, INBOX_PATTERN, REJECTED
from streams.headers import ENTRY_OF_GATE, REJECTION
from streams.tallies import of_codes

LOCAL = "local"
SOURCE_CHARS = 200
LATEST_MS = 253_402_300_799_999
"""The last millisecond of the year 9999 UTC."""
_TOPIC = re.compile(r"epcis\.inbox\.(.+)\.v1")


class GateProcessor:
    """From inboxes to `site.entries.v1` and `epcis.rejected.v1`.

    `sources` is the book file's closed list, source to its inbox topic; empty: any source may send. `output_bytes` is
    the longest value that is produced; what would be longer is refused TOO_LARGE, since a broker would abort on it for ever.
    `sample` is the part of the traces that start here that is recorded (runtime/headers.py).
    """

    name = "gate"
    inputs = (INBOX_PATTERN,)
    changelog = None

    def __init__(
        self,
        register: Register | None = None,
        sources: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        output_bytes: int | None = None,
        sample: float = 0.0,
    ) -> None:
        self._router = Router(register or Register())
        self._sources = dict(sources or {})
        self._limits = limits or Limits()
        self._output_bytes = output_bytes or self._limits.inbox_record_bytes
        self._sample = sample

    def process(self, records: Sequence[Record], state: State) -> Effects:  # noqa: ARG002  # the gate keeps none
        """The entries and rejections of the records, in their order."""
        codes: list[str] = []
        outputs = [output for record in records for output in self._outputs(record, codes)]
        return Effects(outputs, {}, of_codes(codes))

    def _outputs(self, record: Record, codes: list[str]) -> Iterator[Output]:
        """What becomes of a record; the codes of what is refused go into the list."""
        source = source_of(record)
        payload = record.value or b""
        trace = continued(record, self.name, self._sample)
        expected = self._sources.get(source)
        if self._sources and expected != record.topic:
            message = f"The source {source[:80]!r} may not send to {record.topic}: the book file does not list the two together."
            codes.append("UNKNOWN_SOURCE")
            yield self._refuse(rejected(Fault("UNKNOWN_SOURCE", message), payload, self._limits), record, source, trace)
            return
        slices: list[bytes] = []
        for item in intake(payload, self._limits):
            outcome = item if isinstance(item, Rejection) else self._entry(item, record, source, trace)
            if isinstance(outcome, Output):
                yield outcome
                continue
            if isinstance(item, Accepted):  # refused after it was read: its own bytes are still in the record
                slices = slices or event_slices(payload, tuple(item.pointer.split("/")[1:-1]))
                fault = Fault(outcome.code, outcome.message)
                own = rejected(fault, slices[item.index], self._limits)
                outcome = replace(own, pointer=item.pointer, index=item.index, event_id=item.event.event_id)
            codes.append(outcome.code)
            yield self._refuse(outcome, record, source, trace)

    def _entry(self, item: Accepted, record: Record, source: str, trace: Headers) -> Output | Rejection:
        origin = Origin(record.topic, record.partition, record.offset, item.index)
        entry = self._router.admit(item, source, record_time_us(record), origin)
        if isinstance(entry, Rejection):
            return entry
        value = encode(entry)
        if len(value) > self._output_bytes:
            message = f"The entry of this event has {len(value)} bytes; the limit is {self._output_bytes}. Split the event."
            return Rejection(code="TOO_LARGE", message=message)
        headers = ENTRY_OF_GATE.headers(entry.entry_id, entry.record_time_us, entry.site, trace)
        return Output(ENTRIES, entry.site.encode(), value, headers)

    def _refuse(self, rejection: Rejection, record: Record, source: str, trace: Headers) -> Output:
        """The rejection with where it came from, keyed by source."""
        placed = replace(
            rejection,
            source=source,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            record_time_us=record_time_us(record),
        )
        record_id = f"{record.topic}/{record.partition}/{record.offset}/{'' if placed.index is None else placed.index}"
        headers = REJECTION.headers(record_id, placed.record_time_us, source, trace)
        return Output(REJECTED, source.encode(), encode(placed), headers)


def record_time_us(record: Record) -> int:
    """When the record arrived, in microseconds, within the years 1970 to 9999: where a producer says it, it may say anything."""
    return min(max(record.timestamp_ms, 0), LATEST_MS) * 1000


def source_of(record: Record) -> str:
    """Who sent a record: the topic's own name, on the common inbox the key (runtime-rules section 1). A header proves nothing."""
    match = _TOPIC.fullmatch(record.topic)
    if match:
        return match[1]
    if record.topic == INBOX and record.key:
        return record.key[:SOURCE_CHARS].decode(errors="replace")
    return LOCAL
