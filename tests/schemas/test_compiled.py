"""The encoders and decoders by Struct, as functions and as a walk, say what fastavro and msgspec say, or leave it to them."""

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schema_strategies import of

from lodestream.credentials.record import StatusRecord
from lodestream.epcis.event import Event, Material, Quantity
from lodestream.ledger.records import Entry, LotState
from schemas import compiled, walk
from schemas.catalogue import SUBJECTS, packaged
from schemas.codec import HEADER_BYTES, KINDS, Codec, UndecodableError, UnencodableError, encode
from schemas.primitives import Decoder, Encoder, UnusualError, unusual

QUIET = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
EVERY_KIND = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
LOT = LotState("s", "l", 1, 2, 3, True, {"Cu": 4}, {}, 5)


def schema_of(kind: type[msgspec.Struct]) -> Any:
    return packaged().schema_of(packaged().id_of(SUBJECTS[kind.__name__]))


class Way(NamedTuple):
    """A way to write and read: how it makes an encoder and a decoder."""

    encoder: Callable[[Any, type[msgspec.Struct]], Encoder]
    decoder: Callable[[Any, type[msgspec.Struct]], Decoder]


GENERAL = Way(lambda schema, kind: unusual, lambda schema, kind: unusual)
FUNCTIONS, WALK = Way(compiled.encoder, compiled.decoder), Way(walk.encoder, walk.decoder)
EVERY_WAY = pytest.mark.parametrize("way", [FUNCTIONS, WALK], ids=["functions", "walk"])


@cache
def codec(way: Way) -> Codec:
    """A codec that goes this way, and the general one where it has to."""
    made = Codec(packaged())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("schemas.codec.encoder", way.encoder)
        patch.setattr("schemas.codec.decoder", way.decoder)
        for kind in KINDS:
            made._writer(kind)
            made._reader(packaged().id_of(SUBJECTS[kind.__name__]), kind)
    return made


def outcome(way: Way, data: bytes, kind: type[msgspec.Struct]) -> object:
    """What comes of decoding: the value with its types, or the words of the error."""
    try:
        return repr(codec(way).decode(data, kind))
    except UndecodableError as error:
        return str(error)


@EVERY_WAY
@EVERY_KIND
@QUIET
@given(data=st.data())
def test_the_bytes_are_fastavros(kind: type[msgspec.Struct], way: Way, data: st.DataObject) -> None:
    value = data.draw(of(kind))
    assert codec(way).encode(value) == codec(GENERAL).encode(value)


@EVERY_WAY
@EVERY_KIND
@QUIET
@given(data=st.data())
def test_damaged_bytes_are_read_or_refused_in_the_same_words(kind: type[msgspec.Struct], way: Way, data: st.DataObject) -> None:
    good = encode(data.draw(of(kind)))
    at = data.draw(st.integers(HEADER_BYTES, len(good) - 1))
    damage = data.draw(
        st.sampled_from([b"", b"\x00", b"\x01", b"\x02", b"\x80\x00", b"\x81\x00", b"\xff" * 9 + b"\x01", b"\xff" * 11])
    )
    bad = good[:at] + damage + good[at + data.draw(st.integers(0, 2)) :]
    assert outcome(way, bad, kind) == outcome(GENERAL, bad, kind)


@EVERY_WAY
def test_an_end_of_a_list_in_two_bytes_is_an_end(way: Way) -> None:
    good = encode(Entry("", "", "", 0))
    for at in range(HEADER_BYTES, len(good)):
        bad = good[:at] + b"\x80\x00" + good[at:]
        assert outcome(way, bad, Entry) == outcome(GENERAL, bad, Entry)


@EVERY_WAY
@EVERY_KIND
@settings(QUIET, max_examples=30)
@given(data=st.data())
def test_what_is_usual_does_not_need_the_general_way(kind: type[msgspec.Struct], way: Way, data: st.DataObject) -> None:
    """Else the tests above would compare it with itself. Unusual are integers of ten bytes and Decimals with an exponent."""
    value = data.draw(of(kind))
    parts: list[bytes] = []
    try:
        way.encoder(schema_of(kind), kind)(value, parts)
        body = b"".join(parts)
        assert way.decoder(schema_of(kind), kind)(body, 0) == (value, len(body))
    except UnusualError:
        text = repr(value)
        assert "E" in text or any(abs(number) >= 2**55 for number in integers(msgspec.to_builtins(value)))


def integers(value: Any) -> list[int]:
    if isinstance(value, dict | list):
        return [found for each in (value.values() if isinstance(value, dict) else value) for found in integers(each)]
    return [value] if isinstance(value, int) else []


@pytest.mark.parametrize("size", [0, 63, 64, 8_191, 8_192, 1_048_576, 20_000_000])
@EVERY_WAY
def test_a_text_of_any_length(size: int, way: Way) -> None:
    value = StatusRecord("c", "issued", 1, "x" * size)
    assert codec(way).decode(codec(way).encode(value), StatusRecord) == value


@pytest.mark.parametrize("bits", range(64))
@EVERY_WAY
def test_an_integer_of_any_length(bits: int, way: Way) -> None:
    for value in {2**bits - 1, -(2**bits), max(-(2**63), -(2**bits) - 1), 2**bits - 2}:
        lot = msgspec.structs.replace(LOT, dry_mg=value)
        assert codec(way).encode(lot) == codec(GENERAL).encode(lot)
        assert codec(way).decode(codec(way).encode(lot), LotState) == lot


@EVERY_WAY
def test_a_word_that_is_none_of_the_literals_is_a_bad_value(way: Way) -> None:
    event = Event("ObjectEvent", "ni:///sha-256;x", "00", 1, "+00:00", materials=[Material("input", "id")])
    data = encode(Entry("id", "site", "EVENT", 1, event=event))
    with pytest.raises(UndecodableError, match=r"BAD_VALUE.*role"):
        codec(way).decode(data.replace(b"input", b"inpud"), Entry)


@pytest.mark.parametrize(
    "value",
    [
        StatusRecord("c", None, 1),  # type: ignore[arg-type]
        StatusRecord("c", "issued", None),  # type: ignore[arg-type]
        msgspec.structs.replace(LOT, contained_mg={"Cu": None}),
        msgspec.structs.replace(LOT, contained_mg=None),
        Entry("id", "site", "EVENT", 1, event=Event("t", "h", "d", 1, "o", quantities=[Quantity("c", Decimal("NaN"))])),
    ],
    ids=["text", "integer", "in-a-map", "map", "decimal"],
)
@EVERY_WAY
def test_a_value_of_a_wrong_type_is_not_written_as_another(value: msgspec.Struct, way: Way) -> None:
    with pytest.raises(UnencodableError, match=type(value).__name__):
        codec(way).encode(value)


@EVERY_WAY
def test_a_schema_that_does_not_mirror_its_struct_is_left_to_the_general_way(way: Way) -> None:
    schema = schema_of(StatusRecord)
    first, *rest = schema["fields"]
    for fields in (
        rest,
        [*rest, first, {**first, "name": "more"}],
        [{**first, "type": "long"}, *rest],
        [{**first, "type": "x"}, *rest],
    ):
        assert way.encoder({**schema, "fields": fields}, StatusRecord) is unusual
        assert way.decoder({**schema, "fields": fields}, StatusRecord) is unusual
    swapped = {**schema, "fields": [*rest, first]}
    parts: list[bytes] = []
    value = StatusRecord("c", "issued", 7, "why")
    way.encoder(swapped, StatusRecord)(value, parts)
    assert way.decoder(swapped, StatusRecord)(b"".join(parts), 0) == (value, len(b"".join(parts)))


@EVERY_WAY
def test_a_number_without_end_takes_no_time(way: Way) -> None:
    """Each further byte of a varint shifts a growing integer: unbounded, this body would take hours."""
    with pytest.raises(UndecodableError, match="BAD_BODY"):
        codec(way).decode(encode(StatusRecord("c", "issued", 1))[:HEADER_BYTES] + b"\xff" * 4_000_000, StatusRecord)
