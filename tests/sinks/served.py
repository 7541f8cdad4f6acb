"""A ClickHouse at http:// for tests: starts http_front in a process of its own, stops it, and tells it to misbehave."""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen

from tests.sinks.http_front import PASSWORD, USER

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS = 30


class Served:
    """A server on a folder of its own. Its address stays the same when it is away and comes back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self._process: subprocess.Popen[str] | None = None
        self.start()

    @property
    def url(self) -> str:
        """The address, with user and password."""
        return f"http://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{self.port}"

    def start(self) -> None:
        """Come (back)."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.sinks.http_front", str(self.port), str(self.folder)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def kill(self) -> None:
        """Be away at once, in the middle of whatever it does."""
        assert self._process is not None
        self._process.kill()
        self._process.communicate(timeout=SECONDS)

    def stop(self) -> None:
        """Leave orderly."""
        assert self._process is not None
        self._process.communicate(timeout=SECONDS)  # closes its input, at which it ends

    def misbehave(self, kind: str, tables: Sequence[str] = (), times: int = 1) -> None:
        """So often the next inserts into each of the tables go wrong: MISHAPS of http_front."""
        self._tell({"kind": kind, "times": {f"lodestream_raw.{table}": times for table in tables}})

    def let_the_late_go_on(self) -> None:
        """Nobody waits for them any more; returns when they have done what they were late with."""
        self._tell({"gone": True})
        deadline = time.monotonic() + SECONDS
        while self._tell({})["waiting"]:
            assert time.monotonic() < deadline, "an insert does not end"
            time.sleep(0.02)

    def inserts(self) -> list[dict[str, str]]:
        """The inserts since it was last told to misbehave: their parameters, `table`, and `mishap` if one struck."""
        return list(self._tell({})["inserts"])

    def _tell(self, what: dict[str, Any]) -> dict[str, Any]:
        request = Request(f"http://127.0.0.1:{self.port}/trouble", json.dumps(what).encode())
        with urlopen(request, timeout=SECONDS) as answer:  # noqa: S310  # our own server
            return dict(json.loads(answer.read()))
