"""docs/findings says of every finding what the catalogue says, and its worked examples are what the ledger says."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lodestream.ledger import exclusion
from lodestream.ledger.book import Exclusion, Process, SiteBook
from lodestream.ledger.catalogue import CATALOGUE
from lodestream.ledger.values import Said
from lodestream.watch.reading import finding
from tests.ledger import making

PAGES = Path(__file__).parent.parent.parent / "docs" / "findings"
RULES = [f"F{n}" for n in range(1, 52)]
ROW = re.compile(r"^\| `([A-Z_]+)` \| (\d+) \| (hard|hold|warn|info|outcome) \| [^|]+ \|$", re.MULTILINE)
SECTIONS = ["Rule", "Thresholds", "Example", "What to do", "Limits"]
EXAMPLE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
SAID = re.compile(r"^```finding\n(.*?)^```", re.MULTILINE | re.DOTALL)
NAMES = {name: value for name, value in vars(making).items() if not name.startswith("_")} | {
    "A": "urn:site:a",
    "B": "urn:site:b",
    "MINE": "urn:site:mine",
    "SMELTER": "urn:site:smelter",
    "SiteBook": SiteBook,
    "Process": Process,
    "Exclusion": Exclusion,
    "Decimal": Decimal,
    "exclusion": exclusion,
    "finding": finding,
}


def page(rule: str) -> str:
    return (PAGES / f"{rule}.md").read_text(encoding="utf-8")


def test_there_is_a_page_for_each_rule_and_no_other() -> None:
    assert {path.stem for path in PAGES.glob("*.md")} == {*RULES, "README"}


@pytest.mark.parametrize("rule", RULES)
def test_a_page_says_it_all_and_is_short(rule: str) -> None:
    text = page(rule)
    assert re.match(rf"# {rule}: \w", text)
    assert ROW.findall(text), "id, version, severity and effect"
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    assert 20 <= len(text.splitlines()) <= 70


def test_every_code_of_the_catalogue_has_its_page() -> None:
    said = {code: (rule, int(version), severity) for rule in RULES for code, version, severity in ROW.findall(page(rule))}
    known = {code: (rule.number, rule.version, rule.severity) for code, rule in CATALOGUE.items()}
    assert {code: said.get(code) for code in known} == known


def test_the_index_names_each() -> None:
    expected = []
    for rule in RULES:
        text = page(rule)
        rows = ROW.findall(text)
        title = text.splitlines()[0].split(": ", 1)[1]
        codes, severities = ", ".join(f"`{c}`" for c, _, _ in rows), ", ".join(dict.fromkeys(s for _, _, s in rows))
        expected.append(f"| [{rule}]({rule}.md) | {codes} | {severities} | {title} |")
    index = page("README")
    assert [line for line in index.splitlines() if line.startswith("| [F")] == expected


def replayed(rule: str) -> set[str]:
    """What the example of a page says when it is run: "CODE severity: arithmetic" for each finding that opened."""
    found = EXAMPLE.search(page(rule))
    assert found is not None
    names: dict[str, Any] = dict(NAMES)
    exec(found.group(1), names)  # noqa: S102  # our own page
    if "said" in names:
        said: list[Said] = names["said"]
        return {f"{one.code} {one.severity or CATALOGUE[one.code].severity}: {one.arithmetic}" for one in said}
    opened = [f for o in names["books"].outcomes for f in o.findings if f.state == "open"]
    return {f"{f.code} {f.severity}: {f.arithmetic}" for f in opened}


WORKED = [rule for rule in RULES if EXAMPLE.search(page(rule))]


@pytest.mark.parametrize("rule", WORKED)
def test_a_worked_example_is_what_the_ledger_says(rule: str) -> None:
    said = replayed(rule)
    block = SAID.search(page(rule))
    lines = block.group(1).splitlines() if block else []
    for line in lines:
        if line.endswith("..."):
            assert any(one.startswith(line.removesuffix("...")) for one in said), said
        else:
            assert line in said
    codes = {code for code, _, _ in ROW.findall(page(rule))} & set(CATALOGUE)
    assert not codes or codes & {line.split(" ")[0] for line in lines}, "the example shows a code of its page"


def test_most_pages_are_replayed() -> None:
    assert len(WORKED) >= 30
