"""A real publication worker that kills itself at a chosen step: `python -m tests.publication.dying NTH`.

Steps are what a death can part: before and after a file, in the midst of one, and around a transaction of the memory. Settings
come from the environment.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cli.main import main
from sinks.publication import folder, process
from sinks.publication.folder import Folder
from sinks.publication.memory import Memory

left = int(sys.argv[1]) if len(sys.argv) > 1 else 0


def step() -> None:
    """One more; perhaps the last."""
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)


class DyingFolder(Folder):
    """The real folder, in steps."""

    def put(self, path: str, data: bytes) -> bool:
        step()
        changed = super().put(path, data)
        step()
        return changed


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
    real = os.fsync

    def fsync(handle: Any) -> None:
        step()
        real(handle)

    folder.os.fsync = fsync  # type: ignore[attr-defined]
    process.Folder = DyingFolder  # type: ignore[misc]
    process.Memory = DyingMemory  # type: ignore[misc]


if __name__ == "__main__":
    put_in_place()
    main(["worker", "publication"])
