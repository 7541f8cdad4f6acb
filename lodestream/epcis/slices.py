"""The exact bytes of each event of a document, for rejections: only looked for when there is something to reject."""

import json
from collections.abc import Iterator

_DECODER = json.JSONDecoder(parse_float=str, parse_int=str)
_SPACE = " \t\n\r"


def event_slices(payload: bytes, path: tuple[str, ...]) -> list[bytes]:
    """The bytes of the events in the list at `path` of a document that has been parsed; the whole for a bare event."""
    text = payload.decode("utf-8-sig")
    start, end = _skip(text, 0), len(text.rstrip(_SPACE))
    for step in path:
        start, end = next((low, high) for key, low, high in _members(text, start) if key == step)
    if not path:
        return [text[start:end].encode()]
    return [text[low:high].encode() for low, high in _elements(text, start)]


def _members(text: str, start: int) -> Iterator[tuple[str, int, int]]:
    """The members of the object that begins at `start`: key, and where the value begins and ends."""
    position = _skip(text, start + 1)
    while text[position] != "}":
        key, position = _DECODER.raw_decode(text, position)
        low = _skip(text, _skip(text, position) + 1)
        high = _DECODER.raw_decode(text, low)[1]
        yield key, low, high
        position = _next(text, high)


def _elements(text: str, start: int) -> Iterator[tuple[int, int]]:
    position = _skip(text, start + 1)
    while text[position] != "]":
        high = _DECODER.raw_decode(text, position)[1]
        yield position, high
        position = _next(text, high)


def _next(text: str, position: int) -> int:
    """Past the white space after a value and the comma that may follow."""
    position = _skip(text, position)
    return _skip(text, position + 1) if text[position] == "," else position


def _skip(text: str, position: int) -> int:
    while position < len(text) and text[position] in _SPACE:
        position += 1
    return position
