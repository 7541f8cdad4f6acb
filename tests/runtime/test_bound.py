"""A program that must not outlive who started it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from runtime.bound import bound

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux tells a process that its parent has ended")

CHILD = "import os, sys, time; print(os.getpid(), flush=True); time.sleep(120)"


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 20
    while lives(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def parent_of(command: str) -> tuple["subprocess.Popen[str]", int]:
    """A process that starts the program and waits, and the program's id."""
    script = f"import subprocess, sys; from runtime.bound import bound; subprocess.run({command})"
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    return parent, int(parent.stdout.readline())


def test_it_goes_when_its_parent_is_killed() -> None:
    parent, child = parent_of(f"bound([sys.executable, '-c', {CHILD!r}]), start_new_session=True")
    assert lives(child)
    parent.kill()
    parent.wait()
    assert gone(child)


def test_the_test_can_tell() -> None:
    """Without it the program stays."""
    parent, child = parent_of(f"[sys.executable, '-c', {CHILD!r}], start_new_session=True")
    parent.kill()
    parent.wait()
    assert lives(child)
    os.kill(child, signal.SIGKILL)


def test_it_is_the_program_itself_with_its_words_and_its_exit_code() -> None:
    script = "import os, sys; print(os.getppid(), sys.argv[1:]); sys.exit(7)"
    done = subprocess.run(bound([sys.executable, "-c", script, "a b", "-c"]), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (7, f"{os.getpid()} ['a b', '-c']\n")


def test_it_does_not_begin_where_its_parent_has_ended_already() -> None:
    command = bound(["/bin/echo", "begun"])
    command[command.index(str(os.getpid()))] = "1"  # the id of a parent that is not ours any more
    done = subprocess.run(command, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (137, b"")
