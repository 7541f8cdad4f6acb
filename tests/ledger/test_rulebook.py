"""The rulebook says what the code does: its table of findings is the catalogue."""

import re
from pathlib import Path

from lodestream.ledger.catalogue import CATALOGUE

PAGE = Path(__file__).parent.parent.parent / "docs" / "rulebook.md"


def test_every_finding_is_in_the_rulebook() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (F\d+) \| (hard|hold|warn|info) \|", PAGE.read_text(), re.MULTILINE)
    assert {code: (rule, severity) for code, rule, severity in rows} == {c: (r.number, r.severity) for c, r in CATALOGUE.items()}


def test_the_files_that_it_names_are_there() -> None:
    named = set(re.findall(r"\b([a-z]+\.py)\b", PAGE.read_text()))
    ledger = PAGE.parent.parent / "lodestream" / "ledger"
    assert named <= {path.name for path in ledger.glob("*.py")}
