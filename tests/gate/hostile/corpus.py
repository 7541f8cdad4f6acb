"""Hostile documents, each made by code, and what the gate must answer: one rejection by the name that is given, or an entry.

`small` are about what they say, `heavy` about what they cost: each of these is as large as an inbox record may be.
"""

import gzip
import json
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

from lodestream.epcis.limits import Limits
from tests.epcis.making import CONTEXT

SITE = "https://x.example/site"
EVENT: dict[str, Any] = {
    "type": "ObjectEvent",
    "eventTime": "2026-03-01T08:00:00Z",
    "eventTimeZoneOffset": "+00:00",
    "action": "OBSERVE",
    "epcList": ["https://x.example/1"],
    "readPoint": {"id": SITE},
}
BYTES = Limits().inbox_record_bytes
ENTRY = "entry"


def bare(**more: Any) -> bytes:
    """One event without an envelope; `more` replaces and adds fields."""
    return json.dumps({"@context": CONTEXT, **EVENT, **more}, separators=(",", ":")).encode()


def with_text(member: str) -> bytes:
    """One event with a member as it is written here, be it JSON or not."""
    return bare()[:-1] + b"," + member.encode() + b"}"


def document(events: str) -> bytes:
    """An EPCISDocument around the text of its events."""
    head = {"@context": CONTEXT, "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2026-03-01T00:00:00Z"}
    return json.dumps(head)[:-1].encode() + b',"epcisBody":{"eventList":[' + events.encode() + b"]}}"


def quantity(number: str) -> bytes:
    """One event with a quantity as it is written here."""
    return with_text(f'"quantityList":[{{"epcClass":"https://x.example/c","quantity":{number},"uom":"KGM"}}]')


def small() -> Iterator[tuple[str, str, bytes]]:
    """Name, expected answer, bytes of one record with one event."""
    yield from _encodings()
    yield from _keys()
    yield from _numbers()
    yield from _texts()
    yield from _times()


def _encodings() -> Iterator[tuple[str, str, bytes]]:
    event = bare().decode()
    yield "nothing", "EMPTY", b""
    yield "a byte order mark", ENTRY, b"\xef\xbb\xbf" + bare()
    yield "a byte order mark alone", "EMPTY", b"\xef\xbb\xbf"
    yield "UTF-16 with a mark", "NOT_UTF8", event.encode("utf-16")
    yield "UTF-16 without", "NOT_JSON", event.encode("utf-16-le")
    yield "UTF-32", "NOT_UTF8", event.encode("utf-32")
    yield "Latin-1", "NOT_UTF8", with_text('"ex:a":"\u00e9"').decode().encode("latin-1")
    yield "an overlong slash", "NOT_UTF8", bare()[:-1] + b',"ex:a":"\xc0\xaf"}'
    yield "a surrogate in UTF-8", "NOT_UTF8", bare()[:-1] + b',"ex:a":"\xed\xa0\x80"}'
    # Nothing is decompressed at the door: compression on the way to the broker is Kafka's, and bounded by its record.
    yield "gzip", "NOT_UTF8", gzip.compress(bare())


def _keys() -> Iterator[tuple[str, str, bytes]]:
    yield "a key twice", "DUPLICATE_KEY", with_text('"action":"ADD"')
    yield "a key twice behind an escape", "DUPLICATE_KEY", with_text('"\\u0061ction":"ADD"')
    yield "a key twice further in", "DUPLICATE_KEY", with_text('"ex:a":{"ex:b":[{"ex:c":1,"ex:c":1}]}')
    yield "a key twice further in, behind an escape", "DUPLICATE_KEY", with_text('"ex:a":{"ex:b":1,"ex:\\u0062":1}')
    yield "a key twice under two prefixes", "DUPLICATE_KEY", with_text('"ex:a":1,"https://example.org/ns/a":2')
    yield "the context twice", "DUPLICATE_KEY", with_text('"@context":[]')
    yield "a prefix twice", "DUPLICATE_KEY", bare().replace(b'{"crm":', b'{"ex":"https://one.example/","crm":')
    yield "no key", "UNKNOWN_FIELD", with_text('"":1')
    yield "a key of Python", "UNKNOWN_FIELD", with_text('"__class__":1')


def _numbers() -> Iterator[tuple[str, str, bytes]]:
    for number in ("NaN", "Infinity", "-Infinity", "0x10", "1_000", "01", "1.", "+1"):
        yield f"the number {number}", "NOT_JSON", quantity(number)
    beyond = ("1e400", "1E+999999999", "1E-999999999", "1E+99999999999999999999999", "9" * 61, "9" * 100_000, "0." + "9" * 61)
    for number in (*beyond, "9" * 40, "0." + "1" * 40, "1e16"):
        yield f"the quantity {number[:24]}", "NUMBER_OUT_OF_RANGE", quantity(number)
    yield "the largest quantity", ENTRY, quantity("999999999999999." + "9" * 30)
    yield "a quantity below zero", "NEGATIVE_QUANTITY", quantity("-1e-30")
    yield "the quantity -0", ENTRY, quantity("-0.0")


def _texts() -> Iterator[tuple[str, str, bytes]]:
    characters = {"a null": 0, "a newline": 10, "an escape sequence": 27, "DEL": 0x7F, "NEL": 0x85, "LS": 0x2028, "PS": 0x2029,
                  "right to left": 0x202E, "a zero width space": 0x200B, "a Cyrillic a": 0x430}  # fmt: skip
    for name, code in characters.items():
        yield f"{name} in an id", "NOT_A_URI", with_text(f'"eventID":"https://x.example/\\u{code:04x}1"')
        yield f"{name} in a lot", "NOT_A_URI", bare(epcList=[f"https://x.example/{chr(code)}1"])
        yield f"{name} in a free text", ENTRY, with_text(f'"ex:a":"\\u{code:04x}"')
        yield f"{name} in a key", "UNKNOWN_FIELD", with_text(f'"ex:\\u{code:04x}":1')
        yield f"{name} in a word", "UNKNOWN_WORD", with_text(f'"bizStep":"shipping\\u{code:04x}"')
    yield "a control character as it is", "NOT_JSON", with_text('"ex:a":"\n"')
    for half in ("\\ud800", "\\udfff", "\\udc00\\ud800"):
        yield f"the half {half}", "NOT_UTF8", with_text(f'"ex:a":"{half}"')
    yield "a long id", "TOO_LONG", bare(epcList=["https://x.example/" + "1" * 5_000_000])
    yield "a long key", "TOO_LONG", with_text(f'"ex:{"a" * 5_000_000}":1')
    yield "deep", "TOO_DEEP", with_text(f'"ex:a":{"[" * 65}{"]" * 65}')


def _times() -> Iterator[tuple[str, str, bytes]]:
    good = ("0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59-23:59", "0000-01-01T00:00:00+23:59")
    for time in (*good, "2016-12-31T23:59:60Z", "2017-01-01T01:59:60+02:00"):
        yield f"the time {time}", ENTRY, bare(eventTime=time)
    bad = (
        "10000-01-01T00:00:00Z",
        "-001-01-01T00:00:00Z",
        "2016-12-31T23:59:61Z",
        "2016-12-31T12:00:60Z",
        "2025-02-29T00:00:00Z",
    )
    for time in (*bad, "2026-03-01T08:00:00+99:99", "2026-03-01T24:00:00Z", "2026-03-01T08:00:00", "\u0662026-03-01T08:00:00Z"):
        yield f"the time {time}", "BAD_TIME", bare(eventTime=time)
    for offset in ("+99:99", "+14:01", "-00:60", "Z", "+1:00", "+01:00\n", ""):
        yield f"the offset {offset!r}", "BAD_OFFSET", bare(eventTimeZoneOffset=offset)


def filled(pattern: str, count: int) -> str:
    """`count` numbered copies of a pattern with `%x` in it, with commas between."""
    return ",".join([pattern % n for n in range(count)])


def _colliding(count: int) -> str:
    """Keys of one hash under the multiplicative hashes of older programs (`Ez` and `FY` are 31 times one plus the other)."""
    names = ("".join(pair) for pair in product(("Ez", "FY"), repeat=20))
    return ",".join([f'"ex:{name}":0' for name, _ in zip(names, range(count), strict=False)])


PREFIX = {"p": f"https://x.example/{'a' * 2000}/"}
HEAVY: dict[str, tuple[set[str], Callable[[], bytes]]] = {
    "more bytes than the limit": ({"TOO_LARGE"}, lambda: bare() + b" " * BYTES),
    "spaces": ({"EMPTY"}, lambda: b" " * BYTES),
    "open brackets": ({"TOO_DEEP"}, lambda: b"[" * BYTES),
    "open objects": ({"TOO_DEEP"}, lambda: b'{"a":' * (BYTES // 5)),
    "zeros, as gzip has them a thousandfold": ({"NOT_UTF8"}, lambda: (gzip.compress(bytes(1 << 26)) * 129)[:BYTES]),
    "a million events": ({"TOO_MANY_EVENTS"}, lambda: document(",".join(["{}"] * 1_000_000))),
    "the limit of events, all wrong": ({"MISSING_FIELD"}, lambda: document(",".join([json.dumps({"x": "y" * 780})] * 10_000))),
    "600,000 keys": ({"TOO_MANY_ELEMENTS"}, lambda: with_text(filled('"ex:%x":0', 600_000))),
    "600,000 undeclared keys": ({"TOO_MANY_ELEMENTS"}, lambda: with_text(filled('"p%x:a":0', 600_000))),
    "keys of one hash, and a pattern that sorts badly": ({"TOO_MANY_ELEMENTS"}, lambda: with_text(_colliding(160_000))),
    "keys in the envelope": (
        {ENTRY},
        lambda: document(json.dumps(EVENT))[:-1] + b"," + filled('"x:%x":0', 700_000).encode() + b"}",
    ),
    "a key twice among 600,000": (
        {"DUPLICATE_KEY", "NOT_AN_EVENT"},
        lambda: with_text(filled('"ex:%x":0', 600_000) + ',"ex:1":1'),
    ),
    "lists of nothing": ({"TOO_MANY_ELEMENTS"}, lambda: with_text('"ex:a":[' + ",".join(["[]"] * 2_700_000) + "]")),
    "numbers": ({"TOO_MANY_ELEMENTS"}, lambda: with_text('"ex:a":[' + ",".join(["1e9"] * 2_000_000) + "]")),
    "a number of 8 million digits": ({"NUMBER_OUT_OF_RANGE"}, lambda: quantity("9" * 8_000_000)),
    "numbers of 4,000 digits": ({"TOO_MANY_ELEMENTS"}, lambda: with_text('"ex:a":[' + ",".join(["9" * 4_000] * 2_000) + "]")),
    "events full of lists": (
        {ENTRY, "TOO_MANY_ELEMENTS"},
        lambda: document(",".join([json.dumps({**EVENT, "ex:a": [[]] * 998}, separators=(",", ":"))] * 2_600)),
    ),
    "events full of items to sort": (
        {ENTRY, "TOO_MANY_ELEMENTS"},
        lambda: document(",".join([json.dumps({**EVENT, "ex:a": [{"ex:b": n} for n in range(400)]})] * 1_100)),
    ),
    "events full of identifiers": (
        {ENTRY, "TOO_MANY_ELEMENTS"},
        lambda: document(",".join([json.dumps({**EVENT, "epcList": [f"a:{n:x}" for n in range(990)]})] * 780)),
    ),
    "events full of materials": (
        {"MATERIAL_WITHOUT_MATCH", "TOO_MANY_ELEMENTS", "MISSING_FIELD"},
        lambda: document(",".join([json.dumps({**EVENT, "crm:materials": [{"crm:role": "object"}] * 300})] * 1_000)),
    ),
    "master data": (
        {ENTRY},
        lambda: (
            document(json.dumps(EVENT))[:-1]
            + b',"epcisHeader":{"epcisMasterData":{"vocabularyList":[{"type":"a:b","vocabularyElementList":['
            + filled('{"id":"a:%x"}', 460_000).encode()
            + b"]}]}}}"
        ),
    ),
    "short names of a long prefix": (
        {"TOO_LARGE", "TOO_MANY_ELEMENTS"},
        lambda: bare(**{"@context": [PREFIX], **{f"p:{n:x}": 0 for n in range(500_000)}}),
    ),
    "one long text": ({ENTRY, "TOO_LARGE"}, lambda: with_text(f'"ex:a":"{"x" * 8_000_000}"')),
    "one long text to be escaped": (
        {"TOO_LARGE", ENTRY},
        lambda: with_text(f'"ex:a":"{chr(92) + "u0001"}' + "\\u0001" * 1_300_000 + '"'),
    ),
    "escapes that end nowhere": ({"NOT_JSON"}, lambda: b'{"a":"' + b"\\" * (BYTES - 7)),
    "a digital link of many keys": ({ENTRY}, lambda: with_text(f'"ex:a":"https://id.gs1.org/{"01/00000000000000/" * 400_000}z"')),
}
