"""What is encoded comes back exactly, and bytes that are no record of ours are refused by one error with a code."""

from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO

import fastavro
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schema_strategies import of

from lodestream.credentials.record import StatusRecord
from lodestream.epcis.event import Event, Quantity
from lodestream.epcis.rejection import Rejection
from lodestream.ledger.book import SiteBook
from lodestream.ledger.records import Entry, LotState, Outcome
from schemas.catalogue import SUBJECTS, Schema, packaged
from schemas.codec import KINDS, Codec, UndecodableError, UnencodableError, decode, encode

STATUS = StatusRecord("urn:uuid:1", "issued", 1_700_000_000_000_000)
LOT = LotState("s", "l", 1, 2, 3, True, {"Cu": 4}, {}, 5)


def entry(**event: object) -> Entry:
    full = Event("ObjectEvent", "ni:///sha-256;x", "00", 1, "+00:00", **event)  # type: ignore[arg-type]
    return Entry("id", "site", "EVENT", 1, event=full)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_comes_back_as_it_was(kind: type[msgspec.Struct], data: st.DataObject) -> None:
    value = data.draw(of(kind))
    bytes_ = encode(value)
    assert decode(bytes_, kind) == value
    assert encode(decode(bytes_, kind)) == bytes_


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_another_reader_of_avro_reads_the_same(kind: type[msgspec.Struct], data: st.DataObject) -> None:
    """The body against the released schema as any Avro reader has it, and the times as real times of day there."""
    value = data.draw(of(kind))
    bytes_ = encode(value)
    schema = packaged().schema_of(packaged().id_of(SUBJECTS[kind.__name__]))
    body = BytesIO(bytes_[5:])
    read = fastavro.schemaless_reader(body, fastavro.parse_schema(without_logical_types(schema)))  # type: ignore[call-arg]
    assert body.read() == b""
    assert msgspec.convert(read, kind, builtin_types=(bytes,)) == value


def without_logical_types(node: object) -> object:
    if isinstance(node, list):
        return [without_logical_types(each) for each in node]
    if isinstance(node, dict):
        return {key: without_logical_types(value) for key, value in node.items() if key != "logicalType"}
    return node


def test_the_wire_format_is_confluents() -> None:
    data = encode(STATUS)
    assert data[0] == 0
    assert int.from_bytes(data[1:5], "big") == packaged().id_of(SUBJECTS["StatusRecord"])


@pytest.mark.parametrize(
    ("decimal", "plain"), [("1E+3", "1000"), ("1E-7", "0.0000001"), ("0.10", "0.10"), ("-0.00", "-0.00"), ("100", "100")]
)
def test_a_decimal_travels_in_plain_notation_digit_by_digit(decimal: str, plain: str) -> None:
    data = encode(entry(quantities=[Quantity("c", Decimal(decimal))]))
    event = decode(data, Entry).event
    assert event is not None
    assert str(event.quantities[0].quantity) in (plain, str(Decimal(plain)))
    assert plain.encode() in data


@pytest.mark.parametrize("decimal", ["NaN", "sNaN", "Infinity", "-Infinity", "1E+999999", "1E-999999", "1E+1000"])
def test_a_decimal_that_is_no_number_or_has_no_end_is_not_encoded(decimal: str) -> None:
    with pytest.raises(UnencodableError, match="Entry"):
        encode(entry(quantities=[Quantity("c", Decimal(decimal))]))


def test_integers_go_as_far_as_64_bits() -> None:
    for edge in (-(2**63), 2**63 - 1):
        assert decode(encode(msgspec.structs.replace(LOT, dry_mg=edge)), LotState).dry_mg == edge
    for beyond in (-(2**63) - 1, 2**63, 10**30):
        with pytest.raises(UnencodableError):
            encode(msgspec.structs.replace(LOT, dry_mg=beyond))
        with pytest.raises(UnencodableError):
            encode(msgspec.structs.replace(LOT, contained_mg={"Cu": beyond}))


def test_text_that_is_no_unicode_is_not_encoded() -> None:
    with pytest.raises(UnencodableError):
        encode(msgspec.structs.replace(STATUS, reason="\ud800"))


def test_null_and_a_default_are_two_things() -> None:
    assert decode(encode(Entry("e", "s", "BOOK", 1, book=SiteBook())), Entry).book == SiteBook()
    assert decode(encode(Entry("e", "s", "BOOK", 1)), Entry).book is None
    assert decode(encode(Rejection("C", "m", event_id="")), Rejection).event_id == ""


def test_what_does_not_travel_is_not_encoded() -> None:
    with pytest.raises(TypeError, match="SiteBook"):
        encode(SiteBook())


def refused(data: bytes, kind: type[msgspec.Struct] = StatusRecord) -> str:
    with pytest.raises(UndecodableError) as caught:
        decode(data, kind)
    assert str(caught.value).startswith(caught.value.code)
    return caught.value.code


def test_every_kind_of_bad_bytes_has_its_code() -> None:
    good = encode(STATUS)
    assert refused(b"") == "TOO_SHORT"
    assert refused(good[:4]) == "TOO_SHORT"
    assert refused(b'{"id": "json"}') == "WRONG_MAGIC"
    assert refused(b"\x01" + good[1:]) == "WRONG_MAGIC"
    assert refused(b"\x00\xff\xff\xff\xff" + good[5:]) == "UNKNOWN_SCHEMA"
    assert refused(good + b"\x00") == "TRAILING_BYTES"
    assert refused(good, Outcome) == "WRONG_KIND"
    # a string's length is negative, and so is the count of a list that has no size: neither is read as "the rest"
    assert refused(good[:5] + b"\x01" + good[6:]) == "BAD_BODY"


def test_a_decimal_that_is_none_is_a_bad_value() -> None:
    data = encode(entry(quantities=[Quantity("c", Decimal("1234567"))]))
    assert refused(data.replace(b"1234567", b"12x4567"), Entry) == "BAD_VALUE"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_beginning_of_a_record_is_a_record(kind: type[msgspec.Struct], data: st.DataObject) -> None:
    whole = encode(data.draw(of(kind)))
    for length in range(len(whole)):
        assert refused(whole[:length], kind) in ("TOO_SHORT", "BAD_BODY")


@settings(max_examples=300, deadline=None)
@given(kind=st.sampled_from(KINDS), body=st.binary(max_size=60))
def test_noise_is_refused_and_nothing_else_is_raised(kind: type[msgspec.Struct], body: bytes) -> None:
    header = b"\x00" + packaged().id_of(SUBJECTS[kind.__name__]).to_bytes(4, "big")
    try:
        value = decode(header + body, kind)
    except UndecodableError:
        return
    assert decode(encode(value), kind) == value


@dataclass(frozen=True)
class TwoVersions:
    """A catalogue as it will be one day: `old` has id 1, `new` id 2."""

    old: Schema
    new: Schema

    def id_of(self, subject: str) -> int:
        return 2

    def schema_of(self, schema_id: int) -> Schema:
        return {1: self.old, 2: self.new}[schema_id]


def test_data_of_an_earlier_version_is_resolved_to_the_newest() -> None:
    """The earlier one lacked a field (its default is taken) and had one more (it is passed over)."""
    new = packaged().schema_of(packaged().id_of(SUBJECTS["StatusRecord"]))
    gone = {"name": "remark", "type": "string", "default": "", "doc": "A remark."}
    old = {**new, "fields": [gone, *(field for field in new["fields"] if field["name"] != "reason")]}
    body = BytesIO()
    row = {"remark": "x" * 20, "credential_id": "c", "status": "revoked", "record_time_us": 5}
    fastavro.schemaless_writer(body, fastavro.parse_schema(old), row)
    codec = Codec(TwoVersions(old, new))
    assert codec.decode(b"\x00\x00\x00\x00\x01" + body.getvalue(), StatusRecord) == StatusRecord("c", "revoked", 5)
    assert codec.encode(STATUS)[:5] == b"\x00\x00\x00\x00\x02"
