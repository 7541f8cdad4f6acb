"""The worker processes of `demo` and `dev`: started, watched, and stopped whatever happens.

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
from runtime.bound import bound

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


@dataclass(frozen=True, slots=True)
class Death:
    """A worker that has ended without being told to: its exit code (negative: the signal), and the end of its log."""

    name: str
    code: int
    log: Path
    last: tuple[str, ...]

    def __str__(self) -> str:
        said = "\n".join(f"  {line}" for line in self.last) or "  (it wrote nothing)"
        return f"the worker {self.name} {self.how}; {self.log} ends with:\n{said}"

    @property
    def how(self) -> str:
        """How it ended, in words."""
        if self.code < 0:
            return f"was killed by {signal.Signals(-self.code).name}"
        return f"ended with exit code {self.code}"


@dataclass(slots=True)
class Workers:
    """Worker processes of this program, each with its log file in `log_folder`. A context manager: it stops all at the end.

    They are killed where this process is killed. `flags` stand before the command, as `--set` does.
    """

    environment: dict[str, str]
    log_folder: Path
    flags: tuple[str, ...] = ()
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def start(self, name: str) -> int:
        """Start `lodestream worker NAME` in a session of its own: Ctrl-C reaches us, and we tell it to stop. Its process id."""
        command = bound([sys.executable, "-m", "cli.main", *self.flags, "worker", name])
        with self.log(name).open("ab") as log:
            self._running[name] = subprocess.Popen(  # noqa: S603  # this very program
                command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        return self._running[name].pid

    def log(self, name: str) -> Path:
        """Where a worker's log is."""
        return self.log_folder / f"{name}.log"

    def died(self) -> list[Death]:
        """The workers that have ended on their own since the last look. They are ours no more until they are started again."""
        deaths = []
        for name, process in [*self._running.items()]:
            if (code := process.poll()) is not None:
                del self._running[name]
                last = self.log(name).read_text(errors="replace").splitlines()[-LOG_LINES:]
                deaths.append(Death(name, code, self.log(name), tuple(last)))
        return deaths

    def check(self) -> None:
        """Raise Unreachable where a worker has ended on its own, with the end of its log."""
        for death in self.died():
            raise Unreachable(str(death))

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
