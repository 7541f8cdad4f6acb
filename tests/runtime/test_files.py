"""Files are whole or not there, and a folder is one process's."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.files import take, write_whole

HOLD = (
    "import os, sys; from runtime.files import take; print(take(os.open(sys.argv[1], os.O_RDONLY)), flush=True); sys.stdin.read()"
)


def test_a_file_is_replaced_whole_and_has_the_mode_that_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "file"
    write_whole(path, b"first", 0o600)
    write_whole(path, b"second", 0o644)
    assert path.read_bytes() == b"second"
    assert path.stat().st_mode & 0o777 == 0o644
    assert [each.name for each in path.parent.iterdir()] == ["file"]


def test_what_is_there_stays_where_it_must_not_be_replaced(tmp_path: Path) -> None:
    write_whole(tmp_path / "secret", b"first", 0o600, replace=False)
    write_whole(tmp_path / "secret", b"second", 0o600, replace=False)
    assert (tmp_path / "secret").read_bytes() == b"first"


def test_what_cannot_be_moved_leaves_nothing_beside(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="taken"):
        write_whole(tmp_path / "taken", b"data", 0o600)
    assert [each.name for each in tmp_path.iterdir()] == ["taken"]


def test_a_folder_is_one_process_s_until_it_dies(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdin=-1, stdout=-1, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "True\n"
        mine = os.open(tmp_path, os.O_RDONLY)
        assert not take(mine)
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(mine)
        other.kill()
        other.wait()
    again = os.open(tmp_path, os.O_RDONLY)
    assert take(again)
    os.close(again)
