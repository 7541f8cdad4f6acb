"""The canonical JSON of an event and the content digest over it (ledger-rules section 7)."""

import re
from hashlib import sha256
from typing import Any

import rfc8785
from msgspec.json import Encoder

_NOT_IN_DIGEST = frozenset({"recordTime", "errorDeclaration", "@context"})
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


def content_and_digest(event: dict[str, Any], *, several: bool) -> tuple[str, str]:
    """The canonical event as JSON text, and the content digest: SHA-256 (hex) over the JCS of the event as it settles.

    `several`: whether any list of it has two elements. Where none has, it settles as it is, which takes 5 us to find out.
    """
    content = jcs(event)
    settled = settle(event) if several else event
    if not _NOT_IN_DIGEST.isdisjoint(event):
        settled = {key: value for key, value in settled.items() if key not in _NOT_IN_DIGEST}
    # Most events settle as they are. To see that, and write JSON once instead of twice, takes 13.3 to 9.7 us an event.
    return content.decode(), sha256(content if settled is event else jcs(settled)).hexdigest()


def settle(value: Any) -> Any:
    """The value with every list in it sorted by the canonical JSON of its elements; itself where no list has two.

    EPCIS calls its lists sets, and the event hash sorts every one of them that it reads.
    """
    if type(value) is dict:
        moved: dict[str, Any] | None = None
        for key, each in value.items():
            if type(each) is not str and (settled := settle(each)) is not each:
                moved = moved or dict(value)
                moved[key] = settled
        return value if moved is None else moved
    return _settle_list(value) if type(value) is list else value


def _settle_list(items: list[Any]) -> list[Any]:
    if len(items) > 1:
        if all(type(each) is str for each in items):
            return sorted(items)
        return sorted([settle(each) for each in items], key=jcs)
    if items and (settled := settle(items[0])) is not items[0]:
        return [settled]
    return items
