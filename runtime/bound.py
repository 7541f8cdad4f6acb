"""A program that does not outlive who started it, not even where that one is killed and can say nothing any more.

Linux tells a process when the thread that started it has ended (prctl(2), PR_SET_PDEATHSIG). It must ask for that itself, so this
file runs first, as a script, asks, and becomes the program. Elsewhere a program is started as it is.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1


def bound(command: Sequence[str]) -> list[str]:
    """The command, so that what it starts is killed when the thread that started it has ended: start it from one that stays."""
    if sys.platform != "linux":
        return [*command]
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *command]


def _become(parent: int, command: list[str]) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:
        sys.exit(128 + signal.SIGKILL)  # it ended before we asked, and nobody will tell us
    os.execvp(command[0], command)  # noqa: S606  # what the caller would have started


if __name__ == "__main__":
    _become(int(sys.argv[1]), sys.argv[2:])
