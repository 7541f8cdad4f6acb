"""How the tests of the command line run it."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

from cli.main import cli
from runtime.settings import CONFIG_VARIABLE

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLES = ROOT / "examples"


class Said(NamedTuple):
    """What a command said and left with."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Its output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Said]


@pytest.fixture
def lodestream(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a command in an empty folder, with no settings but its own."""
    for name in [name for name in os.environ if name.startswith("LODESTREAM_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv(CONFIG_VARIABLE, "")  # what a command sets it to goes with the test
    monkeypatch.setenv("LODESTREAM_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object, stdin: str | None = None) -> Said:
        done = CliRunner().invoke(cli, [str(argument) for argument in arguments], input=stdin)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Said(done.exit_code, done.stdout, done.stderr)

    return run
