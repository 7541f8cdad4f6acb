"""Hostile and broken bytes: a clear refusal, never an exception, whatever arrives."""

import json
import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lodestream.epcis.intake import Accepted, intake
from lodestream.epcis.limits import Limits
from lodestream.epcis.parse import is_number, parse, too_deep
from lodestream.epcis.rejection import Rejection
from tests.epcis.making import CONTEXT

EVENT = {
    "@context": CONTEXT,
    "type": "ObjectEvent",
    "eventTime": "2026-03-01T08:00:00Z",
    "eventTimeZoneOffset": "+00:00",
    "action": "OBSERVE",
    "epcList": [],
}


def refusal(payload: bytes, limits: Limits | None = None) -> Rejection:
    (item,) = intake(payload, limits or Limits())
    assert isinstance(item, Rejection)
    return item


def with_member(member: str) -> bytes:
    return json.dumps(EVENT)[:-1].encode() + b"," + member.encode() + b"}"


@pytest.mark.parametrize(
    ("code", "payload"),
    [
        ("EMPTY", b""),
        ("EMPTY", b" \n\t"),
        ("EMPTY", b"\xef\xbb\xbf"),
        ("NOT_JSON", b"{"),
        ("NOT_JSON", b"]"),
        ("NOT_JSON", b'{"type":"ObjectEvent"} {}'),
        ("NOT_JSON", b'{"type":NaN}'),
        ("NOT_JSON", b'{"type":-Infinity}'),
        ("NOT_JSON", b'{"a":01}'),
        ("NOT_JSON", b'{"a":"\n"}'),
        ("NOT_JSON", b"{'a':1}"),
        ("NOT_JSON", b'{"a":"\\x"}'),
        ("NOT_UTF8", b'{"a":"\xff"}'),
        ("NOT_UTF8", '{"a":"b"}'.encode("utf-16")),
        ("NOT_UTF8", b'{"a":"\\ud800"}'),
        ("NOT_UTF8", b'{"a\\udfff":1}'),
        ("TOO_DEEP", b"[" * 100_000),
        ("TOO_DEEP", b'{"a":' * 100_000),
        ("TOO_DEEP", b'{"a":' * 100 + b"1" + b"}" * 100),
        ("NOT_AN_EVENT", b"null"),
        ("NOT_AN_EVENT", b"[]"),
        ("NOT_AN_EVENT", b"[{}]"),
        ("NOT_AN_EVENT", b'"ObjectEvent"'),
        ("NOT_AN_EVENT", b"1E999999999"),
        ("NOT_AN_EVENT", b"{}"),
        ("NOT_AN_EVENT", b'{"type":7}'),
        ("MISSING_FIELD", b'{"type":"EPCISDocument"}'),
        ("DUPLICATE_KEY", b'{"type":"EPCISDocument","type":"EPCISDocument"}'),
    ],
)
def test_documents_that_are_refused_as_a_whole(code: str, payload: bytes) -> None:
    item = refusal(payload)
    assert (item.code, item.index) == (code, None)
    assert item.message


@pytest.mark.parametrize(
    ("code", "pointer", "member"),
    [
        ("DUPLICATE_KEY", "", '"action":"ADD"'),
        ("DUPLICATE_KEY", "/ex:a", '"ex:a":{"ex:b":1,"ex:b":1}'),
        ("DUPLICATE_KEY", "/ex:a/0", '"ex:a":[{"b":1,"b":2}]'),
        ("DUPLICATE_KEY", "/readPoint", '"readPoint":{"id":"ex:a","id":"ex:a"}'),
        ("NUMBER_OUT_OF_RANGE", "/ex:a", '"ex:a":1E999999999'),
        ("NUMBER_OUT_OF_RANGE", "/ex:a/0", '"ex:a":[1E-99999999999999999999]'),
        ("NUMBER_OUT_OF_RANGE", "/ex:a", f'"ex:a":{"9" * 5000}'),
        ("NUMBER_OUT_OF_RANGE", "/quantityList/0/quantity", '"quantityList":[{"epcClass":"ex:a","quantity":1e400}]'),
        ("WRONG_TYPE", "/bizStep", '"bizStep":1E999999999'),
    ],
)
def test_events_that_are_refused(code: str, pointer: str, member: str) -> None:
    item = refusal(with_member(member))
    assert (item.code, item.index, item.pointer) == (code, 0, pointer)


def test_only_the_faulty_event_of_a_document_is_refused() -> None:
    event = json.dumps({key: value for key, value in EVENT.items() if key != "@context"})
    huge = event[:-1] + ',"ex:a":1e999}'
    double = event[:-1] + ',"action":"ADD"}'
    head = json.dumps(
        {"@context": CONTEXT, "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2026-03-01T00:00:00Z"}
    )
    listed = f" [ {event} , {huge},\n{double} ,7,{event}]"
    items = intake(f'{head[:-1]}, "epcisBody" : {{"eventList":{listed}}} }}'.encode())
    assert [item.index for item in items] == [0, 1, 2, 3, 4]
    assert [item.code for item in items if isinstance(item, Rejection)] == ["NUMBER_OUT_OF_RANGE", "DUPLICATE_KEY", "WRONG_TYPE"]
    # Each carries its own bytes, exactly, and says where it stood.
    refused = [item for item in items if isinstance(item, Rejection)]
    assert [item.payload for item in refused] == [huge.encode(), double.encode(), b"7"]
    assert [item.pointer for item in refused] == [
        "/epcisBody/eventList/1/ex:a",
        "/epcisBody/eventList/2",
        "/epcisBody/eventList/3",
    ]


def test_numbers_are_exact() -> None:
    value = parse(b"[0.1, 1E2, 12345678901234567890.123, -0, 1e-7]", Limits())
    assert value == [Decimal("0.1"), Decimal(100), Decimal("12345678901234567890.123"), Decimal(0), Decimal("0.0000001")]
    assert [type(each) for each in value] == [Decimal, Decimal, Decimal, int, Decimal]


JSON_TEXTS = st.recursive(
    st.sampled_from(['"a:b"', '":"', '""', "1", "-0", "1.50", "1e5", "1E400", "9" * 61, "true", "null", '"é"']),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.lists(st.tuples(st.sampled_from(['"a"', '"b:"', '":"']), inner), max_size=3).map(
            lambda pairs: "{" + ",".join(f"{key} :{value}" for key, value in pairs) + "}"
        ),
    ),
    max_leaves=8,
)


def seen(value: Any) -> Any:
    """What a reader of the value gets to see: types, the objects with a key twice, the order of members."""
    if isinstance(value, dict):
        return (type(value), [(key, seen(each)) for key, each in value.items()], getattr(value, "key", None))
    if isinstance(value, list):
        return [seen(each) for each in value]
    return (is_number(value), str(value))


@settings(max_examples=500)
@given(JSON_TEXTS)
def test_a_text_with_an_escape_is_read_as_one_without(text: str) -> None:
    """An escape takes the exact reader, which sees every member; without one the fast reader must have seen the same."""
    plain, escaped = (parse(f"[{text},{other}]".encode(), Limits()) for other in ('"A"', '"\\u0041"'))
    assert seen(plain) == seen(escaped)


def test_a_byte_order_mark_is_no_fault() -> None:
    assert isinstance(intake(b"\xef\xbb\xbf" + json.dumps(EVENT).encode())[0], Accepted)


def test_limits() -> None:
    payload = json.dumps(EVENT).encode()
    assert refusal(payload, Limits(inbox_record_bytes=100)).code == "TOO_LARGE"
    elements = json.dumps({**EVENT, "epcList": [f"ex:{n}" for n in range(600)], "ex:a": [1] * 401}).encode()
    assert refusal(elements).code == "TOO_MANY_ELEMENTS"
    long = refusal(json.dumps({**EVENT, "x" * 100_000: 1}).encode())
    assert (long.code, len(long.message) < 1000, len(long.pointer) < 200) == ("UNKNOWN_FIELD", True, True)


def test_a_rejection_carries_at_most_64_kib() -> None:
    payload = json.dumps({**EVENT, "action": "NONE", "ex:a": "x" * 100_000}).encode()
    item = refusal(payload)
    assert (item.payload, item.payload_truncated) == (payload[:65536], True)


def in_seconds(payload: bytes, limit: float) -> None:
    start = time.process_time()
    intake(payload)
    assert time.process_time() - start < limit


def test_hostile_events_are_judged_in_linear_time() -> None:
    """Each of these took minutes with an algorithm that is quadratic in the keys, prefixes or events."""
    many_prefixes = json.dumps({**EVENT, **{f"p{n}:x": n for n in range(100_000)}})
    in_seconds(many_prefixes.encode(), 20)
    declared = {f"p{n}": f"https://example.org/{n}/" for n in range(90)}
    event = {**EVENT, "@context": {"ex": "https://example.org/"}, "p1:x": 1}
    head = {"@context": declared, "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2026-03-01T00:00:00Z"}
    in_seconds(json.dumps({**head, "epcisBody": {"eventList": [event] * 5_000}}).encode(), 20)
    in_seconds(json.dumps({**head, "epcisBody": {"eventList": [{**event, "action": "NO"}] * 5_000}}).encode(), 20)
    text: Any = "x" * 3_000_000
    for _ in range(40):
        text = {"ex:a": [text, text[:10] if isinstance(text, str) else 1]}
    in_seconds(json.dumps({**EVENT, "ex:a": text}).encode(), 20)


@pytest.mark.parametrize("unit", [b"[]", b"{}", b"[[]]", b'"[[["', b'"\\"["', b"[", b'{"a":[', b'"'])
def test_big_documents_are_judged_in_linear_time(unit: bytes) -> None:
    payload = b"[" + unit * (4_000_000 // len(unit))
    start = time.process_time()
    intake(payload)
    assert time.process_time() - start < 20


TEXTS = st.text(max_size=3)
NESTED = st.recursive(
    TEXTS, lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(TEXTS, inner, max_size=2)), max_leaves=12
)


@given(NESTED, st.integers(0, 6))
def test_depth(value: Any, limit: int) -> None:
    def depth(each: Any) -> int:
        inner = each.values() if isinstance(each, dict) else each if isinstance(each, list) else None
        return 0 if inner is None else 1 + max(map(depth, inner), default=0)

    assert too_deep(json.dumps(value).encode(), limit) == (depth(value) > limit)


@settings(max_examples=500)
@given(st.one_of(st.binary(max_size=60), st.text(max_size=60).map(str.encode)))
def test_no_bytes_raise(payload: bytes) -> None:
    assert all(isinstance(item, Rejection) for item in intake(payload))


@settings(max_examples=500)
@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=3))
def test_no_damaged_event_raises(place: int, damage: bytes) -> None:
    payload = with_member('"ex:a":{"ex:b":[1,"\\u00e9",true,null]},"bizStep":"shipping"')
    place %= len(payload)
    for item in intake(payload[:place] + damage + payload[place:]):
        assert isinstance(item, Accepted) or item.code
