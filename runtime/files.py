"""Files that stay whole, and folders that one process works in: what the disk is asked for, in one place."""

import fcntl
import os
import tempfile
from pathlib import Path


def take(handle: int) -> bool:
    """Lock an open file or folder for this process; False, and the handle is closed, where another one has it.

    The kernel lets go of it when the process dies, however it dies: no lock outlives its owner.
    """
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return False
    return True


def write_whole(path: Path, data: bytes, mode: int, *, replace: bool = True) -> None:
    """Write the whole file beside its place (mkstemp makes it 0600), then move it there: readers see the old or the new.

    The folder is made where it lacks, and the file outlasts a power cut. `replace` False leaves a file that is there as it is.
    Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(mode)
        if replace:
            temporary.replace(path)
        else:
            _link(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder outlast a power cut. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _link(temporary: Path, path: Path) -> None:
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        return
