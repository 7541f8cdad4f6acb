"""Documents made to cost more than they weigh: each is answered at once and in bounded memory, by one refusal that says why."""

import json
import resource
import subprocess
import sys
import tracemalloc
from typing import Any

import pytest

from lodestream.epcis.intake import Accepted, intake
from lodestream.epcis.limits import Limits
from lodestream.epcis.rejection import Rejection
from tests.epcis.making import CONTEXT

GS1 = "https://id.gs1.org/"
SECONDS = 10
MEMORY = 1 << 30
EVENT: dict[str, Any] = {
    "type": "ObjectEvent",
    "eventTime": "2026-03-01T08:00:00Z",
    "eventTimeZoneOffset": "+00:00",
    "action": "OBSERVE",
    "epcList": ["https://x.example/1"],
    "readPoint": {"id": "https://x.example/site"},
}


def bare(context: list[Any], **more: Any) -> bytes:
    return json.dumps({"@context": context, **EVENT, **more}, separators=(",", ":")).encode()


def document(context: list[Any], events: list[dict[str, Any]]) -> bytes:
    head = {"@context": context, "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2026-03-01T00:00:00Z"}
    return json.dumps({**head, "epcisBody": {"eventList": events}}, separators=(",", ":")).encode()


def a_key_twice_at_the_end() -> bytes:
    return b"{" + b",".join(b'"%x":0' % n for n in range(700_000)) + b',"0":1}'


def contexts_of_one_hash() -> bytes:
    return bare([*CONTEXT, *({"a": n * (2**61 - 1)} for n in range(1, 150_000))])


def many_short_names_of_a_long_prefix() -> bytes:
    return bare([{"p": f"https://x.example/{'a' * 2000}/"}], **{f"p:{n:x}": 0 for n in range(500_000)})


def many_short_ids_of_a_long_prefix() -> bytes:
    event = {**EVENT, "epcList": [f"p:{n:x}" for n in range(990)]}
    return document([{"p": f"https://x.example/{'a' * 2000}/"}], [event] * 700)


def many_texts_of_a_long_prefix() -> bytes:
    return bare([{"p": f"https://x.example/{'a' * 2000}/"}], **{"p:x": {f"p:{n:x}": "p:y" for n in range(300_000)}})


def a_gigantic_prefix() -> bytes:
    return document([{"p": f"https://x.example/{'a' * 4_000_000}/"}], [{**EVENT, "bizStep": "p:x"}] * 10_000)


def a_digital_link_of_a_thousand_keys() -> bytes:
    return bare([{"q": "https://q.example/"}], **{"q:x": f"{GS1}{'01/00000000000000/' * 400_000}z"})


def a_word_of_a_thousand_keys() -> bytes:
    return bare(CONTEXT, bizStep=f"{GS1}{'01/00000000000000/' * 400_000}z")


@pytest.mark.parametrize(
    ("attack", "codes"),
    [
        (a_key_twice_at_the_end, {"DUPLICATE_KEY", "NOT_AN_EVENT"}),
        (contexts_of_one_hash, {"TOO_LONG"}),
        (many_short_names_of_a_long_prefix, {"TOO_MANY_ELEMENTS"}),
        (many_short_ids_of_a_long_prefix, {"TOO_LARGE", "TOO_MANY_ELEMENTS", "accepted"}),
        (many_texts_of_a_long_prefix, {"TOO_MANY_ELEMENTS"}),
        (a_gigantic_prefix, {"TOO_LONG"}),
        (a_digital_link_of_a_thousand_keys, {"accepted"}),
        (a_word_of_a_thousand_keys, {"TOO_LONG"}),
    ],
)
def test_what_costs_more_than_it_weighs(attack: Any, codes: set[str]) -> None:
    """In a process of its own, so that one that hangs or swells is ended, not this one."""
    code = f"import tests.epcis.test_hostile as it; it.answer(it.{attack.__name__})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert set(json.loads(done.stdout)) <= codes


def answer(attack: Any) -> None:
    """Print the codes that the gate answers with, within the limits of a worker."""
    payload = attack()
    assert len(payload) <= Limits().inbox_record_bytes
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    used = int(resource.getrusage(resource.RUSAGE_SELF).ru_utime)
    resource.setrlimit(resource.RLIMIT_CPU, (used + SECONDS, used + SECONDS))
    found = {item.code if isinstance(item, Rejection) else "accepted" for item in intake(payload)}
    sys.stdout.write(json.dumps(sorted(found)))


def test_what_a_document_may_grow_by_is_counted_over_all_its_events() -> None:
    prefix = {"p": f"https://x.example/{'a' * 100}/"}
    own = {**EVENT, "@context": [prefix], "epcList": [f"p:{n}" for n in range(10)]}
    items = intake(document(CONTEXT, [own] * 5), Limits(expansion_chars=3_000))
    assert [isinstance(item, Accepted) for item in items] == [True, True, False, False, False]
    assert {item.code for item in items if isinstance(item, Rejection)} == {"TOO_LARGE"}
    # The next document begins anew.
    assert isinstance(intake(document(CONTEXT, [own]), Limits(expansion_chars=3_000))[0], Accepted)


def test_no_document_leaves_anything_behind_in_the_gate() -> None:
    """What is remembered of keys is a document's own: strangers' keys would fill the memory of a worker in time."""
    # Names that are too long for the caches of a fixed size.
    documents = [bare([CONTEXT[0]], **{f"zz:{number}-{n}{'-' * 300}": 0 for n in range(100)}) for number in range(100)]
    intake(documents[0])
    tracemalloc.start()
    try:
        for each in documents:
            intake(each)
        assert tracemalloc.get_traced_memory()[0] < 1 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "time",
    ["0000-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "9999-12-31T23:59:60Z", "2016-12-31T23:59:60.9999999Z"],
)
def test_times_at_the_ends_of_the_calendar_in_every_field(time: str) -> None:
    report = {"type": "Mass", "time": time}
    sensors = [{"sensorMetadata": {"time": time, "startTime": time, "endTime": time}, "sensorReport": [report]}]
    declared = {"declarationTime": time}
    event = {"eventTime": time, "recordTime": time, "errorDeclaration": declared, "sensorElementList": sensors}
    (item,) = intake(bare(CONTEXT, **event))
    assert isinstance(item, Accepted)
    assert item.event.error_declaration is not None
    assert item.event.error_declaration.declaration_time_us == item.event.event_time_us


def test_a_prefix_longer_than_an_identifier_is_refused() -> None:
    (item,) = intake(document([{"p": "https://x.example/" + "a" * 3000}], [EVENT]))
    assert isinstance(item, Rejection)
    assert (item.code, item.pointer) == ("TOO_LONG", "/@context")
