"""The worker processes of the demonstration: started, watched, and stopped whatever happens.

Signals do not raise here, they are looked at: an exception out of nowhere between a process's start and its entry in the
list would leave an orphan. Whoever waits calls `Interruption.check` between two looks.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType

import click

from cli.exits import Unreachable

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
POLL_SECONDS = 0.05
STOP_SECONDS = 15.0
LOG_LINES = 15


class Interruption:
    """Whether somebody asked us to stop. A context manager; inside it Ctrl-C, SIGTERM and SIGHUP are requests, not exceptions."""

    def __init__(self) -> None:
        """Nobody has asked yet."""
        self._asked = False
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> "Interruption":
        self._before = {number: signal.signal(number, self._ask) for number in SIGNALS}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what signal.signal gave us

    def _ask(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002  # the signature is Python's
        self._asked = True

    def check(self) -> None:
        """Raise click.Abort where somebody has asked us to stop."""
        if self._asked:
            raise click.Abort

    def wait(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Wait until `holds()`, at most `seconds`; whether it does. Raises click.Abort where somebody asks us to stop."""
        deadline = time.monotonic() + seconds
        while True:
            self.check()
            if holds():
                return True
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)


@dataclass(slots=True)
class Workers:
    """Worker processes of this program, each with its log file in `log_folder`. A context manager: it stops all at the end."""

    environment: dict[str, str]
    log_folder: Path
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def start(self, name: str) -> None:
        """Start `lodestream worker NAME` in a session of its own: Ctrl-C reaches us, and we tell it to stop, in our order."""
        command = [sys.executable, "-m", "cli.main", "worker", name]
        with self.log(name).open("ab") as log:
            self._running[name] = subprocess.Popen(  # noqa: S603  # this very program
                command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def log(self, name: str) -> Path:
        """Where a worker's log is."""
        return self.log_folder / f"{name}.log"

    def check(self) -> None:
        """Raise Unreachable where a worker has ended on its own, with the end of its log."""
        for name, process in self._running.items():
            if process.poll() is not None:
                last = self.log(name).read_text(errors="replace").splitlines()[-LOG_LINES:]
                said = "\n".join(f"  {line}" for line in last) or "  (it wrote nothing)"
                raise Unreachable(
                    f"the worker {name} ended with exit code {process.returncode}; {self.log(name)} ends with:\n{said}"
                )

    def stop(self) -> list[str]:
        """Stop all: SIGTERM, so that each can finish its transaction, then SIGKILL. The names of those that had to be killed."""
        for process in self._running.values():
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        killed = []
        for name, process in self._running.items():
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                killed.append(name)
                process.kill()
                process.wait()
        self._running.clear()
        return killed
