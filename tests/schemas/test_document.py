"""The page about the contracts is in step with the declarations, and its links lead somewhere."""

import re
from pathlib import Path

import pytest

from schemas.catalogue import SUBJECTS
from schemas.document import START, renewed
from schemas.topics import declared

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "contracts.md").read_text("utf-8")


def test_the_page_is_in_step() -> None:
    """If this fails: run `python -m schemas.document docs/contracts.md`."""
    assert renewed(PAGE) == PAGE


def test_every_topic_and_every_link_is_on_it() -> None:
    rows = re.findall(r"^\| `([a-z.0-9]+)` \|", PAGE, re.MULTILINE)
    assert [topic.name for topic in declared()] == [name for name in rows if name.endswith(".v1")]
    headings = {heading.lower() for heading in re.findall(r"^### (\w+)$", PAGE, re.MULTILINE)}
    assert {name.lower() for name in SUBJECTS} <= headings
    assert set(re.findall(r"\]\(#(\w+)\)", PAGE)) <= headings


def test_a_page_without_the_mark_is_not_overwritten() -> None:
    with pytest.raises(ValueError, match="has no line"):
        renewed(PAGE.replace(START, ""))
