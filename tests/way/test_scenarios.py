"""What tests/way asks of the worked scenarios is what the reference data say; the tables are asked in test_the_whole_way.py."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.way.scenarios import NUMBERS, Number

GOLDEN = [one for one in NUMBERS if one.golden[0]]


@pytest.mark.parametrize("number", GOLDEN, ids=lambda one: " ".join(one.golden))
def test_it_is_golden(shared: Path, number: Number) -> None:
    key, within = number.golden
    said = json.loads((shared / "data" / "scenarios" / "golden.json").read_text())[key]
    if within:
        said = said[int(within)][-1] if isinstance(said, list) else said[within]
    assert Decimal(str(said).split(" ")[0].replace(",", "")) * number.unit == number.value


def test_most_of_them_are() -> None:
    assert len(GOLDEN) > 40
