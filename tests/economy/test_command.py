"""`lodestream simulate` and what the other commands make of its files."""

import json
from pathlib import Path

from tests.cli.conftest import Run, lodestream

__all__ = ["lodestream"]


def test_an_honest_economy_is_accepted_and_replays_with_nothing_against_it(lodestream: Run, tmp_path: Path) -> None:
    out = tmp_path / "e"
    said = lodestream("simulate", "--seed", "3", "--days", "10", "--out", out)
    assert said.code == 0
    assert "honest" in said.out
    assert sorted(p.name for p in out.iterdir()) == ["book.toml", "documents", "labels.json", "manifest.json"]
    manifest = json.loads((out / "manifest.json").read_bytes())
    assert lodestream("validate", "--book", out / "book.toml", out / "documents").code == 0
    replayed = lodestream("replay", "--json", "--book", out / "book.toml", out / "documents")
    assert replayed.code == 0
    rows = [row for row in replayed.rows if row["kind"] in {"transaction", "parked", "duplicate"} and row["file"]]
    first_fates = {(row["file"], row["index"]) for row in rows}
    assert len(first_fates) == manifest["events"]


def test_frauds_are_counted_and_found(lodestream: Run, tmp_path: Path) -> None:
    out = tmp_path / "e"
    said = lodestream("simulate", "--days", "10", "--fraud", "f1", "--fraud", "F4", "--out", out)
    assert said.code == 0
    assert "frauds planted" in said.out
    assert {label["kind"] for label in json.loads((out / "labels.json").read_bytes())} == {"F1", "F4"}
    assert lodestream("replay", "--json", "--book", out / "book.toml", out / "documents").code == 1


def test_wrong_usage_says_what_to_do(lodestream: Run, tmp_path: Path) -> None:
    assert lodestream("simulate", "--days", "1", "--fraud", "F99", "--out", tmp_path / "e").code == 2
    assert lodestream("simulate", "--days", "1", "--out", tmp_path / "e").code == 0
    again = lodestream("simulate", "--days", "1", "--out", tmp_path / "e")
    assert again.code == 2
    assert "name another folder" in again.err
