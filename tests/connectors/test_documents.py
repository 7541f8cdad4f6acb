"""Files to documents: order, names, and that nothing above the limit is kept."""

import tracemalloc
from pathlib import Path

from connectors.files.documents import Document, documents, expand


def test_a_file_is_one_document(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b'{\n "a": 1\n}\n')
    assert list(documents(path, 100)) == [Document(str(path), b'{\n "a": 1\n}\n', 12)]


def test_an_empty_file_is_a_document_for_the_gate_to_refuse(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.touch()
    assert list(documents(path, 100)) == [Document(str(path), b"", 0)]


def test_a_lined_file_is_a_document_a_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"a":1}\r\n\n{"b":2}\n   \n{"c":3}')
    assert [(d.name, d.payload) for d in documents(path, 100)] == [
        (f"{path}:1", b'{"a":1}'),
        (f"{path}:3", b'{"b":2}'),
        (f"{path}:5", b'{"c":3}'),
    ]


def test_the_limit_is_exact_and_what_is_above_is_measured_not_kept(tmp_path: Path) -> None:
    path, lined = tmp_path / "a.json", tmp_path / "a.ndjson"
    for length in range(8, 14):
        path.write_bytes(b"x" * length)
        lined.write_bytes(b"x" * length + b"\n" + b"y" * length + b"\r\n" + b"z" * length)
        expected = length if length <= 10 else None
        for document in [*documents(path, 10), *documents(lined, 10)]:
            assert document.size == length, document.name
            assert (None if document.payload is None else len(document.payload)) == expected
        assert len(list(documents(lined, 10))) == 3


def test_a_very_long_line_is_not_read_into_memory(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    with path.open("wb") as file:
        for _ in range(40):
            file.write(b"x" * 1_000_000)
        file.write(b'\n{"good":1}\n')
    tracemalloc.start()
    found = list(documents(path, 1_000_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [(d.size, d.payload) for d in found] == [(40_000_000, None), (10, b'{"good":1}')]
    assert peak < 8_000_000


def test_folders_are_searched_in_order_and_named_files_are_taken_as_they_are(tmp_path: Path) -> None:
    for name in ("b.jsonld", "a.json", "sub/c.ndjson", "book.toml", "README.md", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = [str(path.relative_to(tmp_path)) for path in expand([tmp_path, tmp_path / "notes.txt"])]
    assert found == ["a.json", "b.jsonld", "sub/c.ndjson", "notes.txt"]
