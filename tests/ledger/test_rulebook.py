"""The rulebook says what the code does: its table of findings is the catalogue, and its rules are cited where they live."""

import ast
import re
from collections import Counter
from pathlib import Path

from lodestream.ledger import catalogue
from tests.ledger.page import PAGE, RULE, rules, worked

ROOT = PAGE.parent.parent
TEXT = PAGE.read_text()
TESTS = [ROOT / "tests" / room for room in ("ledger", "claims", "measures", "watch", "checker")]
NUMBER = re.compile(r"\bR\d+\b")
NOT_IN_FIGURES = {"R1", "R3", "R24"}  # their worked lines are of places and halves


def cited(folders: list[Path]) -> dict[str, set[str]]:
    """By rule number: the files whose docstrings cite it."""
    found: dict[str, set[str]] = {}
    for path in (path for folder in folders for path in folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                for number in NUMBER.findall(ast.get_docstring(node) or ""):
                    found.setdefault(number, set()).add(path.name)
    return found


def test_every_finding_is_in_the_rulebook() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (F\d+) \| (hard|hold|warn|info) \|", TEXT, re.MULTILINE)
    found = {code: (rule.number, rule.severity) for code, rule in catalogue.CATALOGUE.items()}
    assert {code: (rule, severity) for code, rule, severity in rows} == found
    assert {"hard", "hold"} == catalogue.BLOCKING


def test_the_files_that_it_names_are_there() -> None:
    named = set(re.findall(r"\b([a-z]+\.py)\b", TEXT))
    assert named <= {path.name for path in (ROOT / "lodestream" / "ledger").glob("*.py")}


def test_no_rule_is_there_twice_and_numbers_rise_within_a_section() -> None:
    numbers = [int(number[1:]) for number in RULE.findall(TEXT)]
    assert [n for n, times in Counter(numbers).items() if times > 1] == []
    assert numbers == sorted(numbers)


def test_every_rule_has_one_worked_line_with_numbers() -> None:
    assert [number for number, text in rules().items() if text.count("*Worked") != 1] == []
    assert [number for number in rules() if number not in NOT_IN_FIGURES and not re.search(r"\d", worked(number))] == []


def test_every_worked_line_is_replayed() -> None:
    """A test asserts its numbers of the ledger and, by `page.says`, of the page."""
    said = {
        n for folder in TESTS for path in folder.rglob("*.py") for n in re.findall(r"\bsays\(\s*\"(R\d+)\"", path.read_text())
    }
    assert set(rules()) - said == set()


def test_every_rule_is_cited_where_it_lives_or_is_tested() -> None:
    there = cited([ROOT / "lodestream", *TESTS])
    assert set(rules()) - set(there) == set(), "no docstring cites these"
    assert {n: files for n, files in there.items() if n not in rules()} == {}, "the rulebook has no such rule"


def test_the_page_names_no_rule_that_it_does_not_have() -> None:
    assert set(NUMBER.findall(TEXT)) <= set(rules())


def test_the_code_cites_every_rule() -> None:
    """By file, so that a reader of the page finds where it is done."""
    assert set(rules()) - set(cited([ROOT / "lodestream"])) == set()
