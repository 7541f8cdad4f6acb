"""Whatever arrives, the gate gives one clear answer to each event or document, in bounded time and memory, and goes on."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lodestream.epcis.faults import CODES
from lodestream.epcis.limits import Limits
from lodestream.epcis.rejection import Rejection
from lodestream.ledger.records import Entry
from runtime.processor import Output, Record
from runtime.state import Nothing
from schemas.codec import decode
from schemas.topics import ENTRIES, INBOX, REJECTED
from streams.gate.processor import GateProcessor
from tests.epcis.making import CONTEXT, documents, mutated
from tests.gate.hostile.corpus import BYTES, ENTRY, EVENT, HEAVY, SITE, bare, small

ROOT = Path(__file__).resolve().parent.parent.parent.parent
SECONDS = 10.0
MEMORY_MIB = 1_024
"""The bounds that docs/security.md states for one record, and for a gate process that reads them."""
GATE = GateProcessor()


def outputs(payload: bytes) -> list[Output]:
    return GATE.process([Record(INBOX, 0, 0, 1_772_352_000_000, b"mill", payload)], Nothing()).outputs


def answer(output: Output) -> str:
    if output.topic == REJECTED:
        return decode(output.value or b"", Rejection).code
    assert output.topic == ENTRIES
    assert decode(output.value or b"", Entry).site == SITE
    return ENTRY


@pytest.mark.parametrize(("expected", "payload"), [pytest.param(code, payload, id=name) for name, code, payload in small()])
def test_one_answer_by_name(expected: str, payload: bytes) -> None:
    (output,) = outputs(payload)
    assert answer(output) == expected
    if expected != ENTRY:
        rejection = decode(output.value or b"", Rejection)
        assert rejection.message
        assert len(rejection.message) < 1_000
        assert rejection.message.isprintable()
        assert rejection.pointer.startswith("/") or not rejection.pointer


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_every_event_of_a_document_has_one_answer(data: st.DataObject) -> None:
    """Documents that are a little wrong, and then damaged: as many answers as events, or one for the whole."""
    payload = bytearray(json.dumps(data.draw(documents().flatmap(mutated))).encode())
    for _ in range(data.draw(st.integers(0, 2))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.sampled_from(b'"{}[]:,0\\e-\xff\x00\n'))
    found = outputs(bytes(payload))
    refused = [decode(output.value or b"", Rejection) for output in found if output.topic == REJECTED]
    entries = [decode(output.value or b"", Entry) for output in found if output.topic == ENTRIES]
    assert {rejection.code for rejection in refused} <= set(CODES)
    if len(found) == 1 and refused and refused[0].index is None:
        return
    places = [entry.origin.index for entry in entries if entry.origin] + [rejection.index for rejection in refused]
    assert sorted(place for place in places if place is not None) == list(range(len(found)))
    assert len(found) == _events(bytes(payload))


def _events(payload: bytes) -> int:
    """How many events a document that was opened holds."""
    value: Any = json.loads(payload)
    if value["type"] == "EPCISDocument":
        return len(value["epcisBody"]["eventList"])
    return len(value["epcisBody"]["queryResults"]["resultsBody"]["eventList"]) if value["type"] == "EPCISQueryDocument" else 1


def test_the_heaviest_documents_are_answered_in_bounded_time_and_memory() -> None:
    """One process reads them all, one after the other, as a gate does; it ends the same gate as before."""
    code = "import tests.gate.hostile.test_answers as it; it.feed()"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [name for name, *_ in found] == [*HEAVY, "a good event"]
    wrong = {name: codes for name, codes, _, _ in found[:-1] if not set(codes) <= HEAVY[name][0]}
    assert not wrong
    assert found[-1][1] == [ENTRY]
    slow = {name: seconds for name, _, seconds, _ in found if seconds > SECONDS}
    assert not slow
    assert found[-1][3] < MEMORY_MIB


def feed() -> None:
    """Print a line a document: its name, the codes of the answer, seconds of processor time, and the peak of memory in MiB."""
    for name, make in [*((name, make) for name, (_, make) in HEAVY.items()), ("a good event", bare)]:
        payload = make()
        assert len(payload) <= BYTES or name == "more bytes than the limit"
        began = time.process_time()
        found = outputs(payload)
        seconds = time.process_time() - began
        codes = sorted({answer(each) for each in found if each.topic == REJECTED} or {ENTRY})
        sys.stdout.write(json.dumps([name, codes, seconds, _peak()]) + "\n")


def _peak() -> int:
    """The most memory that this process has had at once."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


def test_the_bounds_are_those_of_the_page() -> None:
    page = (ROOT / "docs" / "security.md").read_text()
    assert f"within {SECONDS:.0f} s of processor time" in page
    assert f"below {MEMORY_MIB:,} MiB" in page


def test_events_after_a_flood_in_the_same_document_are_told_to_split() -> None:
    """What was read before the limit of a document stays read; what comes behind is refused, each for itself."""
    events = [{**EVENT, "ex:a": [1] * 9}] * 5
    head = {"@context": CONTEXT, "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2026-03-01T00:00:00Z"}
    payload = json.dumps({**head, "epcisBody": {"eventList": events}}).encode()
    gate = GateProcessor(limits=Limits(document_items=33))
    found = gate.process([Record(INBOX, 0, 0, 0, b"mill", payload)], Nothing()).outputs
    assert [answer(each) for each in found] == [ENTRY] * 3 + ["TOO_MANY_ELEMENTS"] * 2
