"""The canonical JSON of an event and the content digest over it (ledger-rules section 7)."""

import re
from hashlib import sha256
from typing import Any

import rfc8785
from msgspec.json import Encoder

_NOT_IN_DIGEST = ("recordTime", "errorDeclaration", "@context")
_encode = Encoder(order="sorted").encode
_BEYOND_BMP = re.compile("[\U00010000-\U0010ffff]")


def jcs(value: Any) -> bytes:
    """RFC 8785 (JCS) of a value of objects, lists, texts, booleans and null.

    Without numbers, JCS is compact JSON with sorted keys. The fast encoder sorts them by code point where JCS sorts by
    UTF-16 unit, which differs only beyond the basic plane.
    """
    data = _encode(value)
    if not data.isascii() and _BEYOND_BMP.search(data.decode()):
        return rfc8785.dumps(value)
    return data


def content_digest(event: dict[str, Any]) -> str:
    """SHA-256 (hex) over the JCS of the canonical event without recordTime, errorDeclaration and @context.

    Lists are sorted: EPCIS calls them sets, and the event hash sorts every one of them that it reads.
    """
    return sha256(jcs({key: settle(value) for key, value in event.items() if key not in _NOT_IN_DIGEST})).hexdigest()


def settle(value: Any) -> Any:
    """The value with every list in it sorted by the canonical JSON of its elements."""
    if type(value) is list:
        if len(value) == 1:
            return [settle(value[0])]
        if all(type(each) is str for each in value):
            return sorted(value)
        return sorted((settle(each) for each in value), key=jcs)
    if type(value) is dict:
        return {key: settle(each) for key, each in value.items()}
    return value
