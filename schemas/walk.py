"""What schemas/compiled.py does, as a walk over the schema.

`make compiled` compiles this file as it stands, and then the codec takes it; without a compiler it takes the functions that
schemas/compiled.py makes. Like them this knows only what is usual and raises whatever it runs into at anything else. Tests hold
all ways to the same bytes and values, and this one works interpreted too.

CPU time, the functions and this walk compiled, interleaved, in microseconds: encode Entry 11 and 7, Outcome 15 and 10, LotState
2.5 and 1.6; decode 17 and 6.5, 23 and 7.7, 3.4 and 1.0. Interpreted it takes twice as long as the functions.
"""

import typing
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import astuple, fields

from schemas.catalogue import Schema
from schemas.primitives import SHORT, SHORTS, Decoder, Encoder, UnusualError, inner, long, plain, shape, unusual


class Body:
    """Bytes, and how far they are read."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data: Final = data
        self.at = at

    def varint(self) -> int:
        """A varint of at most nine bytes; most have one or two."""
        data, at = self.data, self.at
        byte = data[at]
        at += 1
        z = byte & 127
        shift = 7
        while byte > 127:
            if shift == 63:
                raise UnusualError
            byte = data[at]
            at += 1
            z |= (byte & 127) << shift
            shift += 7
        self.at = at
        return z

    def size(self) -> int:
        """A length or a count, which is not below zero. A block of a list that states its size in bytes has a negative count."""
        z = self.varint()
        if z & 1:
            raise UnusualError
        return z >> 1

    def slice(self) -> bytes:
        """Bytes behind their length."""
        end = self.size() + self.at
        found = self.data[self.at : end]
        self.at = end
        return found


class Node:
    """What one Avro type is to the Struct's field: how to write a value onto the parts of a body, and how to read one."""

    def write(self, value: Any, parts: list[bytes]) -> None:
        """Put the value's bytes behind the parts."""
        raise NotImplementedError

    def read(self, body: Body) -> Any:
        """The value that comes next."""
        raise NotImplementedError


class _Text(Node):
    def write(self, value: Any, parts: list[bytes]) -> None:
        text: str = value
        data = text.encode()
        parts.append(long(len(data)))
        parts.append(data)

    def read(self, body: Body) -> Any:
        return body.slice().decode()


class _Word(_Text):
    """A text that is one of some."""

    def __init__(self, words: tuple[Any, ...]) -> None:
        self._words: Final = frozenset(words)

    def read(self, body: Body) -> Any:
        word = body.slice().decode()
        if word not in self._words:
            raise UnusualError
        return word


class _Bytes(Node):
    def write(self, value: Any, parts: list[bytes]) -> None:
        data: bytes = value
        parts.append(long(len(data)))
        parts.append(data)

    def read(self, body: Body) -> Any:
        return body.slice()


class _Long(Node):
    def write(self, value: Any, parts: list[bytes]) -> None:
        number: int = value
        parts.append(SHORTS[number] if 0 <= number < SHORT else long(number))

    def read(self, body: Body) -> Any:
        z = body.varint()
        return z >> 1 ^ -(z & 1)


class _Boolean(Node):
    def write(self, value: Any, parts: list[bytes]) -> None:
        parts.append(b"\1" if value else b"\0")

    def read(self, body: Body) -> Any:
        byte = body.data[body.at]
        if byte > 1:
            raise UnusualError
        body.at += 1
        return byte == 1


class _Decimal(Node):
    def write(self, value: Any, parts: list[bytes]) -> None:
        number: Decimal = value
        parts.append(plain(number))

    def read(self, body: Body) -> Any:
        return Decimal(body.slice().decode())


class _Nullable(Node):
    def __init__(self, some: Node) -> None:
        self._some: Final = some

    def write(self, value: Any, parts: list[bytes]) -> None:
        if value is None:
            parts.append(b"\0")
        else:
            parts.append(b"\2")
            self._some.write(value, parts)

    def read(self, body: Body) -> Any:
        branch = body.data[body.at]
        body.at += 1
        if branch == 0:
            return None
        if branch != 2:
            raise UnusualError
        return self._some.read(body)


def _some(body: Body) -> int:
    """How many items a block has. None in it is the end, which usually is one byte."""
    size = body.size()
    if not size:
        raise UnusualError
    return size


class _Array(Node):
    def __init__(self, item: Node) -> None:
        self._item: Final = item

    def write(self, value: Any, parts: list[bytes]) -> None:
        items: list[Any] = value
        size = len(items)
        if size:
            parts.append(long(size))
            for item in items:
                self._item.write(item, parts)
        parts.append(b"\0")

    def read(self, body: Body) -> Any:
        items: list[Any] = []
        while body.data[body.at]:
            for _ in range(_some(body)):
                items.append(self._item.read(body))  # noqa: PERF401  # mypyc compiles it to a plain loop
        body.at += 1
        return items


class _Map(Node):
    def __init__(self, item: Node) -> None:
        self._item: Final = item
        self._key: Final = _Text()

    def write(self, value: Any, parts: list[bytes]) -> None:
        items: dict[str, Any] = value
        size = len(items)
        if size:
            parts.append(long(size))
            for key, item in items.items():
                self._key.write(key, parts)
                self._item.write(item, parts)
        parts.append(b"\0")

    def read(self, body: Body) -> Any:
        items: dict[str, Any] = {}
        while body.data[body.at]:
            for _ in range(_some(body)):
                key: str = self._key.read(body)
                items[key] = self._item.read(body)
        body.at += 1
        return items


class _Record(Node):
    """A Struct. `places` says where each field of the schema stands among those of the Struct."""

    def __init__(self, kind: type[Struct]) -> None:
        self._kind: Final[Any] = kind
        self._size: Final = len(kind.__struct_fields__)
        self.nodes: list[Node] = []
        self.places: list[int] = []

    def write(self, value: Any, parts: list[bytes]) -> None:
        if type(value) is not self._kind:
            raise UnusualError
        values = astuple(value)  # 4 ns a field; getattr takes 16
        for number, node in enumerate(self.nodes):
            node.write(values[self.places[number]], parts)

    def read(self, body: Body) -> Any:
        values: list[Any] = [None] * self._size
        for number, node in enumerate(self.nodes):
            values[self.places[number]] = node.read(body)
        return self._kind(*values)


def encoder(schema: Schema, kind: type[Struct]) -> Encoder:
    """The encoder of a kind."""
    try:
        return Walk(schema, kind).encode
    except (UnusualError, LookupError):
        return unusual


def decoder(schema: Schema, kind: type[Struct]) -> Decoder:
    """The decoder of a kind, for data that was written with the same schema."""
    try:
        return Walk(schema, kind).decode
    except (UnusualError, LookupError):
        return unusual


class Walk:
    """The walk over one kind of record, to encode and to decode it."""

    def __init__(self, schema: Schema, kind: type[Struct]) -> None:
        """Raises UnusualError, LookupError where the schema does not mirror the Struct."""
        self._records: dict[type[Struct], _Record] = {}
        self._root: Final = self._record(schema, kind)

    def encode(self, value: Any, parts: list[bytes]) -> None:
        """Put the body of a value behind the parts. Raises anything."""
        self._root.write(value, parts)

    def decode(self, data: bytes, at: int) -> tuple[Any, int]:
        """The value whose body begins there, and where it ends. Raises anything."""
        body = Body(data, at)
        return self._root.read(body), body.at

    def _record(self, node: Any, kind: Any) -> Node:
        if not (isinstance(kind, type) and issubclass(kind, Struct)):
            raise UnusualError
        if kind in self._records:
            return self._records[kind]
        if not isinstance(node, dict):
            raise UnusualError
        annotations = {field.name: field.type for field in fields(kind)}
        record = self._records[kind] = _Record(kind)
        names = [field["name"] for field in node["fields"]]
        if sorted(names) != sorted(annotations):
            raise UnusualError
        record.places = [kind.__struct_fields__.index(name) for name in names]
        record.nodes = [self._node(field["type"], annotations[field["name"]]) for field in node["fields"]]
        return record

    def _node(self, node: Any, kind: Any) -> Node:
        match shape(node, kind):
            case "nullable":
                return _Nullable(self._node(node[1], inner(kind)))
            case "array":
                return _Array(self._node(node["items"], inner(kind)))
            case "map":
                return _Map(self._node(node["values"], inner(kind)))
            case "string":
                words = typing.get_args(kind)  # of a Literal
                return _Word(words) if words else _Text()
            case "bytes":
                return _Bytes()
            case "lodestream-decimal":
                return _Decimal()
            case "long":
                return _Long()
            case "boolean":
                return _Boolean()
        return self._record(node, kind)
