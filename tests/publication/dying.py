"""A real publication worker that kills itself at a chosen step: `python -m tests.publication.dying NTH`.

A death can part any two files, and stand in the midst of one, or before or after the end of a transaction of the memory. Settings
come from the environment.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cli.main import main
from sinks.publication import folder, process
from sinks.publication.memory import Memory

left = int(sys.argv[1]) if len(sys.argv) > 1 else 0


def step() -> None:
    """One more; perhaps the last."""
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)


class DyingMemory(Memory):
    """The real memory, in steps."""

    @contextmanager
    def together(self) -> Iterator[None]:
        with super().together():
            yield
            step()
        step()


def put_in_place() -> None:
    """From now on a publication of this process is made of these parts."""
    fsync, replace = os.fsync, Path.replace

    def dying_fsync(handle: Any) -> None:
        step()
        fsync(handle)

    def dying_replace(self: Path, target: Path) -> Path:
        step()
        return replace(self, target)

    folder.os.fsync = dying_fsync  # type: ignore[attr-defined]
    Path.replace = dying_replace  # type: ignore[method-assign,assignment]
    process.Memory = DyingMemory  # type: ignore[misc]


if __name__ == "__main__":
    put_in_place()
    main(["worker", "publication"])
