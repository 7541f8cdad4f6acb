"""Small disks: a full one and one that cannot be written are made of memory, where that is permitted."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


class Disk:
    """A file system of a few MiB."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self) -> None:
        """Leave not one byte."""
        with contextlib.suppress(OSError), (self.folder / "filling").open("ab", buffering=0) as file:
            for block in (1 << 16, 1 << 12, 1):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(b"\0" * block)

    def relieve(self) -> None:
        """Give the space back."""
        (self.folder / "filling").unlink()

    def writable(self, yes: bool) -> None:
        """Let it be written, or not."""
        _run("mount", "-o", f"remount,{'rw' if yes else 'ro'}", str(self.folder))


@contextlib.contextmanager
def small_disk(folder: Path, mib: int) -> Iterator[Disk]:
    """A disk at the folder; the test is skipped where none can be mounted."""
    folder.mkdir()
    if not _run("mount", "-t", "tmpfs", "-o", f"size={mib}m", "none", str(folder)):
        pytest.skip("no small disk: mounting one takes the rights of root")
    try:
        yield Disk(folder)
    finally:
        _run("umount", "--lazy", str(folder))


def _run(*command: str) -> bool:
    with contextlib.suppress(OSError):
        return subprocess.run(command, check=False, capture_output=True, timeout=20).returncode == 0
    return False
