"""A second, independent implementation verifies what we sign: the script of docs/credentials.md, on Node.js alone."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from lodestream.credentials.content.event import event_text
from lodestream.credentials.did import document_bytes
from lodestream.credentials.securing import compact, seal
from tests.credentials.telling import PROFILE, signer, smelting

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "credentials.md"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The script as a reader would copy it, with a credential and its DID document."""
    if shutil.which("node") is None:
        pytest.skip("no Node.js on this machine")
    found = re.search(r"```js\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    (tmp_path / "check.mjs").write_text(found[1])
    (tmp_path / "did.json").write_bytes(document_bytes(signer()))
    (tmp_path / "credential.json").write_bytes(seal(compact(event_text(smelting(), PROFILE)[1], signer())))
    return tmp_path


def checked(folder: Path) -> subprocess.CompletedProcess[str]:
    command = ["node", "check.mjs", "credential.json", "did.json"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def test_node_accepts_it(folder: Path) -> None:
    result = checked(folder)
    assert result.returncode == 0, result.stderr
    assert result.stdout == f"holds: {PROFILE.credential_id('dte', smelting().txn_id)}\n"


def test_node_refuses_it_changed(folder: Path) -> None:
    sealed = json.loads((folder / "credential.json").read_text())
    header, payload, signature = sealed["id"].split(".")
    place = len(payload) // 2
    payload = payload[:place] + ("A" if payload[place] != "A" else "B") + payload[place + 1 :]
    (folder / "credential.json").write_text(json.dumps(sealed | {"id": f"{header}.{payload}.{signature}"}))
    assert checked(folder).returncode == 1
