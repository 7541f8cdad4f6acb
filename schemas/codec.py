"""Records to bytes and back: Avro in the Confluent wire format (0x00, schema id as 4 bytes big-endian, body).

Data is read with the schema that wrote it, resolved to the newest that we know (Avro 1.12, Schema Resolution). Times
stay integers: the logical type of the schemas is for other readers. A Decimal travels as its plain notation.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from io import BytesIO
from typing import Any, TypeVar

import msgspec
from fastavro import parse_schema, schemaless_reader, schemaless_writer
from fastavro.write import LOGICAL_WRITERS
from msgspec import Struct

from lodestream.credentials.record import CredentialRecord, StatusRecord
from lodestream.epcis.rejection import Rejection
from lodestream.ledger.records import Entry, LotState, Outcome
from schemas import compiled, walk
from schemas.catalogue import SUBJECTS, Schema, SchemaCatalogue, packaged
from schemas.primitives import Decoder, Encoder, unusual

T = TypeVar("T", bound=Struct)

KINDS: tuple[type[Struct], ...] = (Entry, Outcome, LotState, Rejection, CredentialRecord, StatusRecord)
"""What travels, each on its own topic."""

DECIMAL_DIGITS_MAX = 1_000
"""The longest plain notation of a Decimal. 1E+999999999 is ten characters, and a gigabyte in plain notation."""

MAGIC = 0
HEADER_BYTES = 5

# Compiled by mypyc (`make compiled`) the walk is the fastest way, interpreted it is slower than functions made at start.
COMPILED = not walk.__file__.endswith(".py")
encoder, decoder = (walk.encoder, walk.decoder) if COMPILED else (compiled.encoder, compiled.decoder)

_chosen: list[SchemaCatalogue] = []


class UndecodableError(Exception):
    """Bytes that are no record of the kind asked for. `code` is stable, the message says what was wrong and where.

    Codes: TOO_SHORT, WRONG_MAGIC, UNKNOWN_SCHEMA, WRONG_KIND, BAD_BODY, TRAILING_BYTES, BAD_VALUE.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class UnencodableError(Exception):
    """A value that the wire cannot carry: an integer beyond 64 bits, a Decimal that is no number or is too long."""

    code = "UNENCODABLE"


def encode(value: Struct) -> bytes:
    """The record in the wire format, with the newest schema of its kind. Raises UnencodableError."""
    return default_codec().encode(value)


def decode(data: bytes, kind: type[T]) -> T:
    """The record of that kind that the bytes are. Raises UndecodableError."""
    return default_codec().decode(data, kind)


def use(catalogue: SchemaCatalogue) -> None:
    """Number schemas by another catalogue in this process: for a program's start, before its first record."""
    _chosen[:] = [catalogue]
    default_codec.cache_clear()


@cache
def default_codec() -> "Codec":
    """The codec of this process: over the schemas that come with this package, unless `use` chose another catalogue."""
    return Codec(_chosen[0] if _chosen else packaged())


@dataclass(frozen=True, slots=True)
class Codec:
    """Encodes and decodes with the schemas of a catalogue, each parsed once."""

    catalogue: SchemaCatalogue
    _writers: "dict[type[Struct], _Writer]" = field(default_factory=dict)
    _readers: "dict[tuple[int, type[Struct]], _Reader]" = field(default_factory=dict)

    def encode(self, value: Struct) -> bytes:
        """See the module's function."""
        kind = type(value)
        writer = self._writers.get(kind) or self._writer(kind)
        parts = [writer.header]
        try:
            writer.encode(value, parts)
            return b"".join(parts)
        except Exception:  # noqa: BLE001  # whatever it was, the general way knows what to do with it, or how to say it
            return _encode(value, writer)

    def decode(self, data: bytes, kind: type[T]) -> T:
        """See the module's function."""
        if len(data) < HEADER_BYTES:
            raise UndecodableError("TOO_SHORT", f"{len(data)} bytes; a record has at least a header of {HEADER_BYTES}")
        if data[0] != MAGIC:
            raise UndecodableError("WRONG_MAGIC", f"byte 0 is 0x{data[0]:02x}, in the Confluent wire format it is 0x00")
        schema_id = int.from_bytes(data[1:HEADER_BYTES], "big")
        reader = self._readers.get((schema_id, kind)) or self._reader(schema_id, kind)
        value: T
        try:
            value, end = reader.decode(data, HEADER_BYTES)
        except Exception:  # noqa: BLE001  # as above
            end = -1
        return value if end == len(data) else _decode(data, kind, reader)

    def _writer(self, kind: type[Struct]) -> "_Writer":
        schema_id = self.catalogue.id_of(_subject(kind))
        schema = self.catalogue.schema_of(schema_id)
        header = bytes([MAGIC]) + schema_id.to_bytes(4, "big")
        writer = _Writer(header, encoder(schema, kind), _parse(schema), _nullable_records(schema))
        return self._writers.setdefault(kind, writer)

    def _reader(self, schema_id: int, kind: type[Struct]) -> "_Reader":
        try:
            schema = self.catalogue.schema_of(schema_id)
        except KeyError:
            raise UndecodableError(
                "UNKNOWN_SCHEMA",
                f"schema id {schema_id} is not in the catalogue; was it written by a newer version of Lodestream?",
            ) from None
        if schema["name"] != kind.__name__:
            raise UndecodableError("WRONG_KIND", f"schema id {schema_id} is of {schema['name']}, not of {kind.__name__}")
        newest = self.catalogue.id_of(_subject(kind))
        if newest == schema_id:
            reader = _Reader(decoder(schema, kind), _parse(schema), None)
        else:
            reader = _Reader(unusual, _parse(schema), _parse(self.catalogue.schema_of(newest)))
        return self._readers.setdefault((schema_id, kind), reader)


@dataclass(frozen=True, slots=True)
class _Writer:
    header: bytes
    encode: Encoder
    schema: Schema
    nullable_records: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Reader:
    decode: Decoder
    writer_schema: Schema
    reader_schema: Schema | None  # None: the writer's is the newest


def _encode(value: Struct, writer: _Writer) -> bytes:
    """The general way, through fastavro's walk over plain values."""
    datum = msgspec.to_builtins(value, builtin_types=(bytes, Decimal))
    for name, record in writer.nullable_records:
        if datum.get(name) is not None:
            datum[name] = (record, datum[name])
    out = BytesIO()
    out.write(writer.header)
    try:
        schemaless_writer(out, writer.schema, datum)
    except (ValueError, TypeError, OverflowError, AttributeError) as error:
        raise UnencodableError(f"{type(value).__name__} cannot be encoded: {error}") from error
    return out.getvalue()


def _decode(data: bytes, kind: type[T], reader: _Reader) -> T:
    """The general way: fastavro, resolving the writer's schema to the newest, then msgspec."""
    body = BytesIO(data)
    body.seek(HEADER_BYTES)
    try:
        datum = schemaless_reader(body, reader.writer_schema, reader.reader_schema)
    except Exception as error:  # whatever the body makes fastavro raise, it is the body that is bad
        schema_id = int.from_bytes(data[1:HEADER_BYTES], "big")
        raise UndecodableError("BAD_BODY", f"the body is no {kind.__name__} of schema id {schema_id}: {error!r}") from error
    if body.tell() != len(data):
        raise UndecodableError("TRAILING_BYTES", f"{len(data) - body.tell()} bytes follow the {kind.__name__}")
    try:
        return msgspec.convert(datum, kind, builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise UndecodableError("BAD_VALUE", f"the {kind.__name__} holds a value that it cannot: {error}") from error


def _subject(kind: type[Struct]) -> str:
    if kind not in KINDS:
        raise TypeError(f"{kind.__name__} is not a kind of record that travels; these are: {', '.join(SUBJECTS)}")
    return SUBJECTS[kind.__name__]


def _nullable_records(schema: Schema) -> tuple[tuple[str, str], ...]:
    """Fields that are null or a record, with the record's full name: naming it spares fastavro a search through its fields."""
    found = []
    for each in schema["fields"]:
        union = each["type"]
        if isinstance(union, list) and isinstance(union[-1], dict) and union[-1]["type"] == "record":
            found.append((each["name"], f"{schema['namespace']}.{union[-1]['name']}"))
    return tuple(found)


def _parse(schema: Schema) -> Schema:
    parsed: Schema = parse_schema(_integers(schema))  # type: ignore[assignment]
    return parsed


def _integers(node: Any) -> Any:
    """The schema without the logical type of times: fastavro would make a datetime of each."""
    if isinstance(node, list):
        return [_integers(item) for item in node]
    if isinstance(node, dict):
        if node.get("logicalType") == "timestamp-micros":
            return node["type"]
        return {key: _integers(value) if key in ("type", "fields", "items", "values") else value for key, value in node.items()}
    return node


def _plain(value: Any, _schema: Any = None) -> Any:
    """A Decimal in plain notation ("1000", never "1E+3"), so that readers in any language agree on the digits."""
    if not isinstance(value, Decimal):
        return value
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        raise ValueError(f"{value} is no number")  # it is a Decimal: NaN or Infinity
    if max(value.adjusted(), -exponent, 0) >= DECIMAL_DIGITS_MAX:
        raise ValueError(f"a Decimal of exponent {exponent} has more than {DECIMAL_DIGITS_MAX} digits")
    return format(value, "f")


LOGICAL_WRITERS["string-lodestream-decimal"] = _plain
