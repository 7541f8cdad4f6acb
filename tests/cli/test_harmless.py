"""What others wrote is shown and does nothing: no escape sequence reaches the terminal, no line is forged, nothing stops it."""

import json
import os
from pathlib import Path

import pytest

from cli.output import cell, console, print_json, short, table
from lodestream.credentials.did import document_bytes
from tests.cli.conftest import Run
from tests.credentials.telling import signer

ATTACK = "x\x1b[2J\x07\x9b31m\u202e\u2028\ud800\naccepted  everything.json"
CONTROLS = set("\x1b\x07\x9b\u202e\u2028\ud800")


def event(consignment: str) -> dict[str, object]:
    return {
        "@context": [
            "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
            {"crm": "https://w3id.org/lodestream/crm/v1/"},
        ],
        "type": "ObjectEvent",
        "eventTime": "2026-03-01T08:00:00Z",
        "eventTimeZoneOffset": "+00:00",
        "action": "ADD",
        "bizStep": "commissioning",
        "bizLocation": {"id": "https://x.example/site"},
        "quantityList": [{"epcClass": "https://x.example/lot", "quantity": 1, "uom": "TNE"}],
        "crm:consignmentId": consignment,
    }


def test_a_terminal_gets_no_command_of_a_stranger(capsys: pytest.CaptureFixture[str]) -> None:
    console().print(ATTACK)
    console().print(table("", ("what",), [(cell(ATTACK),), (short(ATTACK),)]))
    shown = capsys.readouterr().out
    assert not set(shown) & CONTROLS
    # A cell is one line, whatever stands in it.
    assert len(shown.splitlines()) == 2 + 1 + 2


def test_json_says_the_same_without_a_control_character(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": ATTACK, "é": "é"})
    (line,) = capsys.readouterr().out.splitlines()
    assert not set(line) & CONTROLS
    assert json.loads(line) == {"a": ATTACK, "é": "é"}
    assert "é" in line


def test_a_hostile_key_forges_no_line_of_validate(lodestream: Run, tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(json.dumps({**event("c"), "no\x1b[2J\naccepted everything": 1}))
    said = lodestream("validate", "one.json")
    assert said.code == 1
    assert not set(said.out) & CONTROLS
    assert not any(line.startswith("accepted") for line in said.out.splitlines())


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_a_hostile_file_name_stops_no_command(lodestream: Run, tmp_path: Path, flags: tuple[str, ...]) -> None:
    name = os.fsencode(tmp_path) + b"/\xff\x1b[2J\naccepted.json"
    with open(name, "w", encoding="utf-8") as file:  # noqa: PTH123  # a name that is no text
        json.dump(event("c"), file)
    said = lodestream("validate", *flags, str(tmp_path))
    assert said.code == 0
    assert not set(said.out) & CONTROLS


def test_replay_shows_hostile_texts_as_texts(lodestream: Run, tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(json.dumps(event(ATTACK.replace("\ud800", ""))))
    for flags in ((), ("--json",)):
        assert not set(lodestream("replay", *flags, "one.json").out) & CONTROLS


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_verify_shows_what_a_stranger_wrote_as_text(lodestream: Run, tmp_path: Path, flags: tuple[str, ...]) -> None:
    (tmp_path / "did.json").write_bytes(document_bytes(signer()))
    (tmp_path / "vc.json").write_text(json.dumps({"@context": 1, "id": "x", "a\x1b[2J\ud800\n  VERIFIED": 1}))
    said = lodestream("verify", *flags, "--did-document", "did.json", "vc.json")
    assert said.code == 1
    assert not set(said.out) & CONTROLS
    assert "VERIFIED" not in {line.strip() for line in said.out.splitlines()}
