"""The command itself: quick help, lazy commands, exit codes of the process."""

import subprocess
import sys
from pathlib import Path

import pytest

from cli.main import COMMANDS

from .conftest import Run


def process(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "cli.main", *arguments], capture_output=True, text=True, cwd=cwd, timeout=60)


def test_help_names_every_command_and_loads_none() -> None:
    program = "import sys; from cli.main import main\ntry: main(['--help'])\nexcept SystemExit: print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    *said, modules = done.stdout.splitlines()
    assert all(any(line.split()[:1] == [name] for line in said) for name in COMMANDS)
    assert not {"confluent_kafka", "clickhouse_connect", "pydantic", "rich", "runtime.settings"} & set(modules.split())


def test_an_unknown_command_is_wrong_usage(tmp_path: Path) -> None:
    done = process("fly", cwd=tmp_path)
    assert done.returncode == 2
    assert "No such command" in done.stderr


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    program = f"{sys.executable} -m cli.main topics list --json | head -n 1"
    done = subprocess.run(program, shell=True, capture_output=True, text=True, cwd=tmp_path, timeout=60)  # noqa: S602  # our own text
    assert done.returncode == 0
    assert done.stdout.startswith('{"name":"epcis.inbox.v1"')
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_every_command(lodestream: Run, name: str) -> None:
    said = lodestream(name, "--help")
    assert said.code == 0
    assert "Usage:" in said.out
