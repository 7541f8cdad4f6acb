"""Headers: CloudEvents and trace context, derived from the record alone, whatever a stranger put into its own."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from broker_tools import Playground
from hypothesis import given
from hypothesis import strategies as st

from runtime.headers import Envelope, continued, span_of, started
from runtime.processor import Record

ENVELOPE = Envelope("org.example.Thing", "/example", "application/avro", "urn:example:schema")
PARENT = ("traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")


def record(*headers: tuple[str, bytes], offset: int = 5, timestamp_ms: int = 9) -> Record:
    return Record("topic", 1, offset, timestamp_ms, b"key", b"value", headers)


def test_a_record_says_what_it_is_in_cloudevents_words() -> None:
    made = dict(ENVELOPE.headers("id-1", 1_767_225_600_000_001, "site", continued(record(PARENT), "toy")))
    assert made.pop("traceparent").startswith(b"00-0af7651916cd43dd8448eb211c80319c-")
    assert made == {
        "ce_specversion": b"1.0",
        "ce_id": b"id-1",
        "ce_type": b"org.example.Thing",
        "ce_source": b"/example",
        "ce_time": b"2026-01-01T00:00:00.000001Z",
        "ce_subject": b"site",
        "ce_dataschema": b"urn:example:schema",
        "content-type": b"application/avro",
    }


@pytest.mark.parametrize(
    ("time_us", "said"),
    [
        (-1000, b"1970-01-01T00:00:00Z"),
        (2**63, b"9999-12-31T23:59:59.999999Z"),
        (253_402_300_799_999_999, b"9999-12-31T23:59:59.999999Z"),
    ],
)
def test_any_time_can_be_said(time_us: int, said: bytes) -> None:
    assert dict(ENVELOPE.headers("id", time_us, "", ()))["ce_time"] == said


@pytest.mark.parametrize("subject", ["", "x" * 2_049])
def test_a_subject_that_nobody_limited_is_left_out(subject: str) -> None:
    assert "ce_subject" not in dict(ENVELOPE.headers("id", 0, subject, ()))


def test_a_trace_goes_on_with_a_span_of_its_own() -> None:
    state = ("tracestate", b"vendor=1")
    first, second = span_of(record(PARENT, state), "toy"), span_of(record(PARENT, state, offset=6), "toy")
    assert (first.trace_id, first.parent_id, first.sampled) == (PARENT[1][3:35], int(PARENT[1][36:52], 16), True)
    assert len({first.span_id, second.span_id, first.parent_id}) == 3
    assert span_of(record(PARENT), "other").span_id != first.span_id, "ledger and sink both read entries"
    assert dict(first.headers())["tracestate"] == b"vendor=1"
    after = span_of(Record("next", 0, 0, 0, b"", b"", first.headers()), "toy")
    assert (after.trace_id, after.parent_id) == (first.trace_id, first.span_id)


def test_a_trace_begins_where_there_is_none_and_a_replay_begins_the_same() -> None:
    traces = [span_of(one, "toy").trace_id for one in (record(), record(), record(offset=6), record(timestamp_ms=10))]
    assert traces[0] == traces[1]
    assert len(set(traces)) == 3
    assert re.fullmatch(rb"00-[0-9a-f]{32}-[0-9a-f]{16}-00", dict(continued(record(), "toy"))["traceparent"])


def test_the_part_that_is_sampled_is_the_part_asked_for() -> None:
    sampled = [started(f"document {number}", 0.25).sampled for number in range(4_000)]
    assert 900 < sum(sampled) < 1_100
    assert not any(started(f"document {number}", 0.0).sampled for number in range(500))
    assert all(started(f"document {number}", 1.0).sampled for number in range(500))


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"rubbish",
        PARENT[1].upper(),
        b"01" + PARENT[1][2:],
        PARENT[1] + b"-more",
        PARENT[1] + b"\n",
        b"00-" + b"0" * 32 + PARENT[1][35:],
        PARENT[1][:36] + b"0" * 16 + b"-01",
        None,
    ],
)
def test_a_traceparent_that_is_none_is_not_believed(bad: bytes) -> None:
    assert span_of(record(("traceparent", bad), ("tracestate", b"a=1")), "toy") == span_of(record(), "toy")


def test_a_long_tracestate_is_dropped() -> None:
    assert continued(record(PARENT, ("tracestate", b"x" * 513)), "toy")[1:] == ()
    assert continued(record(PARENT, ("tracestate", b"x" * 512)), "toy")[1:] == (("tracestate", b"x" * 512),)


def test_others_may_have_their_headers_in_another_order() -> None:
    state = ("tracestate", b"vendor=1")
    assert continued(record(state, ("x", b"y"), PARENT), "toy") == continued(record(PARENT, state), "toy")


def test_spans_of_a_trace_differ() -> None:
    """A document of many events, three workers deep, over two topics and eight partitions."""
    level = [span_of(record(PARENT), "gate")]
    seen = {level[0].span_id}
    for depth, worker in enumerate(("ledger", "ledger", "sink")):
        places = [(f"topic {depth}", n % 8, 1_000 + n // 8) for n in range(40)]
        level = [span_of(Record(*place, 0, b"", b"", up.headers()), worker) for up in level[:20] for place in places]
        made = {span.span_id for span in level}
        assert len(made) == len(level)
        assert not made & seen
        seen |= made


@given(st.lists(st.tuples(st.sampled_from(["traceparent", "tracestate", "ce_id"]), st.binary() | st.none())))
def test_no_header_trips_it(headers: list[tuple[str, bytes]]) -> None:
    made = continued(record(*headers), "toy")
    assert len(made[0][1]) == 55
    assert span_of(Record("t", 0, 0, 0, b"", b"", made), "toy").parent_id, "what we write we believe"


SENDS_A_BAD_NAME = """
import asyncio, sys
from aiokafka import AIOKafkaProducer

class Name(str):
    def encode(self, *_):
        return b"\\xff\\xfe"

async def send():
    producer = AIOKafkaProducer(bootstrap_servers=sys.argv[1])
    await producer.start()
    for _ in range(200):  # the interpreter takes a call that is warm another way
        await producer.send(sys.argv[2], b"1", b"key", headers=[("fine", b"1"), (Name("x"), b"2")])
    await producer.flush()
    await producer.stop()

asyncio.run(send())
"""


@pytest.mark.kafka
def test_a_header_whose_name_is_no_text_ends_no_worker(kafka: str, tmp_path: Path) -> None:
    """The client raises SystemError when it decodes such a name: one record of any producer would stop us for ever."""
    playground = Playground(kafka, tmp_path)
    subprocess.run(
        [sys.executable, "-c", SENDS_A_BAD_NAME, kafka, playground.source],
        env={"AIOKAFKA_NO_EXTENSIONS": "1"},  # its compiled part takes no such name
        check=True,
        timeout=60,
    )
    playground.send(("key", "2"))
    loop = playground.loop()
    with playground.running(loop):
        playground.run_until(lambda: playground.outputs() and playground.done(), loop)
