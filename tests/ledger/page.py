"""The rulebook as the tests read it."""

import re
from pathlib import Path

PAGE = Path(__file__).parent.parent.parent / "docs" / "rulebook.md"
RULE = re.compile(r"^\*\*(R\d+) ", re.MULTILINE)


def rules() -> dict[str, str]:
    """The text of each rule by its number, with its worked line."""
    parts = RULE.split(PAGE.read_text())[1:]
    return {number: text.split("\n\n", 1)[0] for number, text in zip(parts[::2], parts[1::2], strict=True)}


def worked(number: str) -> str:
    """The worked line of a rule, on one line."""
    return " ".join(rules()[number].partition("*Worked")[2].split())


def says(number: str, *amounts: int | str) -> None:
    """The worked line of a rule has each of these amounts (mg, or as they are written there): page and test cannot part."""
    line = worked(number)
    for amount in amounts:
        text = f"{amount:,}" if isinstance(amount, int) else amount
        assert re.search(rf"(?<![\d,.]){re.escape(text)}(?![\d]|,\d|\.\d)", line), f"{number} does not say {text}: {line}"
