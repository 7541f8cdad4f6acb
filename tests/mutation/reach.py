"""Which test reaches which line: what a mutant must be tried with, and nothing else."""

import json
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
WATCHED = str(ROOT / "lodestream") + "/"


@dataclass
class Reach:
    """One test: the lines it reaches by file under lodestream/, the seconds of a processor that it takes, watched, and digests
    of those files and of its own.
    """

    lines: dict[str, list[int]]
    seconds: float
    core: str
    tests: str


def digest(paths: Iterable[Path]) -> str:
    """A digest of files."""
    return sha256(b"\0".join(_read(path) for path in paths)).hexdigest()[:16]


def of_core(lines: dict[str, list[int]]) -> str:
    """A digest of the files under lodestream/ that a test reaches."""
    paths = [Path(WATCHED + name) for name in sorted(lines)]
    return digest(paths) if all(path.exists() for path in paths) else ""


@cache
def _read(path: Path) -> bytes:
    return path.read_bytes()


def watched(run: Callable[[], object]) -> tuple[dict[str, list[int]], float]:
    """The lines of lodestream/ that run while something runs, and how long it takes."""
    seen: dict[str, set[int]] = {}

    def line(frame: FrameType, event: str, arg: Any) -> Any:
        if event == "line":
            seen[frame.f_code.co_filename].add(frame.f_lineno)
        return line

    def call(frame: FrameType, event: str, arg: Any) -> Any:
        if not frame.f_code.co_filename.startswith(WATCHED):
            return None
        seen.setdefault(frame.f_code.co_filename, set()).add(frame.f_lineno)
        return line

    started = time.process_time()
    sys.settrace(call)
    try:
        run()
    finally:
        sys.settrace(None)
    spent = time.process_time() - started
    return {name.removeprefix(WATCHED): sorted(lines) for name, lines in sorted(seen.items())}, spent


def load(path: Path) -> dict[str, Reach]:
    """What was seen in an earlier run."""
    return {name: Reach(**one) for name, one in json.loads(path.read_text()).items()} if path.exists() else {}


def save(path: Path, reaches: dict[str, Reach]) -> None:
    """Keep what was seen."""
    path.write_text(json.dumps({name: asdict(one) for name, one in reaches.items()}))
