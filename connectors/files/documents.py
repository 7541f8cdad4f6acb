"""Files and folders to documents, one at a time: never more than one document in memory, never more of it than the limit.

A `.jsonl` or `.ndjson` file holds a document or an event a line; any other file is one document. Within a folder
(and its folders) files that end in .json, .jsonld, .jsonl or .ndjson are taken, in the order of their paths.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

SUFFIXES = frozenset({".json", ".jsonld", ".jsonl", ".ndjson"})
LINED = frozenset({".jsonl", ".ndjson"})
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Document:
    """One document as it stands in a file. `name` is the path as given, with `:line` (from 1) where a line is a document.

    `payload` is None where the document's `size` in bytes is above the limit: it was measured, not kept.
    """

    name: str
    payload: bytes | None
    size: int


def expand(paths: Iterable[Path]) -> list[Path]:
    """The files that `paths` name, folders searched through. A file that is named itself is taken whatever its suffix."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files.extend(sorted(p for p in path.rglob("*") if p.suffix in SUFFIXES and p.is_file()))
        else:
            files.append(path)
    return files


def documents(path: Path, limit: int) -> Iterator[Document]:
    """The documents of one file, in order. Raises OSError where the file cannot be read."""
    with path.open("rb") as file:
        if path.suffix not in LINED:
            payload = file.read(limit + 1)
            yield _document(str(path), payload, len(payload) + _measure_rest(file), limit)
            return
        number = 0
        while start := file.readline(limit + 2):  # room for the line's end
            number += 1
            size, blank = _measure_line(file, start)
            if not blank:
                yield _document(f"{path}:{number}", start.rstrip(b"\r\n"), size, limit)


def _document(name: str, payload: bytes, size: int, limit: int) -> Document:
    return Document(name, payload if size <= limit else None, size)


def _measure_rest(file: BinaryIO) -> int:
    size = 0
    while chunk := file.read(CHUNK):
        size += len(chunk)
    return size


def _measure_line(file: BinaryIO, chunk: bytes) -> tuple[int, bool]:
    """A line's bytes without its end, and whether it is blank. `chunk` is its start; the rest is read past and forgotten."""
    size, returns, blank = 0, 0, True
    while chunk:
        body = chunk.rstrip(b"\r\n")
        if body:
            size += returns + len(body)
            returns = 0
        returns += len(chunk) - len(body)  # the line's end, unless the line goes on
        blank = blank and not body.strip()
        if chunk.endswith(b"\n"):
            break
        chunk = file.readline(CHUNK)
    return size, blank
