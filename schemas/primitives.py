"""What both ways to write and read a record by its Struct share: which Avro type is which annotation, and integers as bytes.

`make compiled` compiles this file and schemas/walk.py together, so that one calls the other without Python in between.
"""

import typing
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, NoReturn

Encoder = Callable[[Any, list[bytes]], None]
"""A function of a value and the parts of the Avro body so far, onto which it puts more. It raises anything."""
Decoder = Callable[[bytes, int], tuple[Any, int]]
"""A function of data and where the body begins in it: the value, and where the body ends. It raises anything."""

_KINDS: Final = {"string": str, "long": int, "boolean": bool, "bytes": bytes, "lodestream-decimal": Decimal}


class UnusualError(Exception):
    """What only the general way can read, write or complain about."""


def unusual(*_: Any) -> NoReturn:
    """The encoder or decoder of a schema that does not mirror the Struct of its kind."""
    raise UnusualError


def shape(node: Any, kind: Any) -> str:
    """The name of an Avro type that is annotated as `kind`. A union here is null or one other; a decimal is a string of its own.

    Raises UnusualError where the annotation is of something else.
    """
    name = _name(node)
    if _KINDS.get(name, kind) is not (str if typing.get_origin(kind) is typing.Literal else kind):
        raise UnusualError
    return name


def _name(node: Any) -> str:
    if isinstance(node, list):
        return "nullable" if len(node) == 2 and node[0] == "null" else "union"
    if isinstance(node, str):
        return node
    return str(node["logicalType"] if node.get("logicalType") == "lodestream-decimal" else node["type"])


def inner(kind: Any) -> Any:
    """What is in a list, what are the values of a dict, or what it is that may be None."""
    return [each for each in typing.get_args(kind) if each is not type(None)][-1]


def _varint(z: int) -> bytes:
    out = bytearray()
    while z > 0x7F:
        out.append(z & 0x7F | 0x80)
        z >>= 7
    out.append(z)
    return bytes(out)


_TABLE: Final = 1 << 14
_LAST: Final = [_varint(z) for z in range(_TABLE)]  # the last one or two bytes of a varint, by their value
_NEXT: Final = [bytes((z & 0x7F | 0x80, z >> 7 | 0x80)) for z in range(_TABLE)]  # two bytes that are not the last
SHORT: Final = _TABLE // 2
SHORTS: Final = _LAST[::2]
"""The longs from 0 to below SHORT."""


def long(value: int) -> bytes:
    """An Avro long: a zigzag varint."""
    if 0 <= value < SHORT:
        return SHORTS[value]
    if not -(2**63) <= value < 2**63:
        raise UnusualError
    z = (value << 1) ^ (value >> 63)
    out = b""
    while z >= _TABLE:
        out += _NEXT[z & _TABLE - 1]
        z >>= 14
    return out + _LAST[z]


def plain(value: Decimal) -> bytes:
    """A Decimal whose text is plain as it is, as an Avro string."""
    text = str(value)
    if "E" in text or len(text) > 100 or not value.is_finite():
        raise UnusualError
    return SHORTS[len(text)] + text.encode()


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """A varint of at most nine bytes, and where it ends."""
    z = 0
    for shift in range(0, 63, 7):
        byte = data[at]
        at += 1
        if byte < 128:
            return z | byte << shift, at
        z |= (byte & 127) << shift
    raise UnusualError
