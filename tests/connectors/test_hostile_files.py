"""Hostile files on the way in: nothing above the limit is kept, whatever it is made of, and all that fits goes on as it is."""

import gzip
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.files.documents import documents
from lodestream.epcis.limits import Limits
from tests.gate.hostile.corpus import small
from tests.way.cluster import ROOT, Cluster

LIMIT = Limits().inbox_record_bytes
LINE = 100_000_000
MEMORY_MIB = 64


def peak_of(path: Path) -> tuple[int, list[str]]:
    """Read a file in a process of its own: by how much its memory grew at most, in MiB, and what it said of each document."""
    code = """
import sys
from pathlib import Path
from connectors.files.documents import documents

def peak():
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) // 1024

before = peak()
found = [f"{each.size} {each.payload is not None}" for each in documents(Path(sys.argv[1]), int(sys.argv[2]))]
print(peak() - before, *found, sep="\\n")
"""
    command = [sys.executable, "-c", code, str(path), str(LIMIT)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    peak, *found = done.stdout.split("\n")[:-1]
    return int(peak), found


@pytest.mark.parametrize("name", ["line.jsonl", "whole.json", "no-suffix"])
def test_a_hundred_megabytes_are_measured_not_kept(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with path.open("wb") as file:
        for _ in range(LINE // 1_000_000):
            file.write(b"x" * 1_000_000)
    peak, found = peak_of(path)
    assert found == [f"{LINE} False"]
    assert peak < MEMORY_MIB


def test_after_a_hundred_megabytes_the_next_line_is_read(tmp_path: Path) -> None:
    path = tmp_path / "lines.ndjson"
    path.write_bytes(b"{}\n" + b"[" * LINE + b"\n{}\n")
    peak, found = peak_of(path)
    assert found == ["2 True", f"{LINE} False", "2 True"]
    assert peak < MEMORY_MIB


def test_nothing_is_decompressed(tmp_path: Path) -> None:
    """A gzip bomb is the bytes that it is: the gate refuses them as no UTF-8."""
    bomb = gzip.compress(bytes(50_000_000))
    for name in ("bomb.json", "bomb.json.gz", "bomb.gz"):
        path = tmp_path / name
        path.write_bytes(bomb)
        assert [each.payload for each in documents(path, LIMIT)] == [bomb]


@given(st.lists(st.binary(max_size=30), max_size=5), st.integers(0, 20))
@example([b"\0\r\0"], 0)  # a return where the first chunk ends is a byte of the line
@example([b"   {}", b" \r \r"], 1)  # blank as far as it is kept, and not blank
def test_every_byte_of_a_lined_file_is_in_one_document(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], limit: int
) -> None:
    """Any bytes: lines that hold something, in their order, their ends left off; what is above the limit by its size alone."""
    path = tmp_path_factory.mktemp("lines") / "any.jsonl"
    path.write_bytes(b"\n".join(lines))
    expected = [line.rstrip(b"\r") for line in b"\n".join(lines).split(b"\n")]
    found = list(documents(path, limit))
    assert [each.size for each in found] == [len(line) for line in expected if line.strip()]
    assert all(each.payload is None if each.size > limit else each.payload in expected for each in found)


@pytest.mark.kafka
def test_capture_sends_what_fits_and_names_what_does_not(cluster: Cluster, tmp_path: Path) -> None:
    """The command: one line for each document that is refused here, exit code 1, the rest is in the inbox byte by byte."""
    folder = tmp_path / "hostile\x1b[2J\nfolder"
    folder.mkdir()
    sent = [payload for *_, payload in small()]
    for number, payload in enumerate(sent):
        (folder / f"{number:04}.json").write_bytes(payload)
    (folder / "9999.jsonl").write_bytes(b"{}\n" + b"x" * (LIMIT + 1) + b"\n{}")
    command = [sys.executable, "-m", "cli.main", "capture", folder]
    done = subprocess.run(command, cwd=ROOT, env=cluster.environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    (refusal,) = done.stderr.splitlines()
    assert refusal.startswith("refused ")
    assert refusal.isprintable()
    assert done.stdout.splitlines()[-1] == f"{len(sent) + 2:,} documents captured, 1 refused"
    arrived = [message.value() or b"" for messages in cluster.read("epcis.inbox.v1").values() for message in messages]
    assert arrived == [*sent, b"{}", b"{}"]
