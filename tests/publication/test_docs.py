"""The programs of docs/publishing.md do what the page says."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lodestream.credentials.access import Access, lock, lot_key, qr_text
from tests.publication.making import CATHODE, ROOT, SECRET, credential

PAGE = (Path(__file__).resolve().parent.parent.parent / "docs" / "publishing.md").read_text()
RECORD = credential(1, "dte", access="private")


@pytest.mark.parametrize(("language", "program", "name"), [("js", "node", "open.mjs"), ("python", sys.executable, "open.py")])
def test_a_locked_copy_is_opened(language: str, program: str, name: str, tmp_path: Path) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    [text] = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / name).write_text(text)
    key = lot_key(SECRET, CATHODE)
    locked = lock(RECORD.envelope.encode(), key)
    (tmp_path / "locked.json").write_bytes(locked)
    command = [program, tmp_path / name, qr_text(Access(f"{ROOT}/01/09521321102026/10/K1", key)), tmp_path / "locked.json"]
    root = Path(__file__).resolve().parent.parent.parent
    done = subprocess.run(command, capture_output=True, check=True, cwd=root, env={"PYTHONPATH": str(root)}, timeout=60)
    assert done.stdout == RECORD.envelope.encode()
    envelope = json.loads(locked)
    envelope["tag"] = ("B" if envelope["tag"][0] == "A" else "A") + envelope["tag"][1:]
    (tmp_path / "locked.json").write_text(json.dumps(envelope))
    assert subprocess.run(
        command, capture_output=True, check=False, cwd=root, env={"PYTHONPATH": str(root)}, timeout=60
    ).returncode
