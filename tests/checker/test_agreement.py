"""The ledger and the checker keep the same books: every account and lot to the milligram, over random histories."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lodestream.epcis.event import Event
from tests.checker.compare import differences
from tests.checker.histories import Author
from tests.checker.probes import keeps_shares, posts_campaigns, restates


@st.composite
def histories(draw: st.DrawFn, length: int, *, moved_on: bool = False, campaigns: bool = False) -> list[Event]:
    """A history of one to three sites."""
    sites = draw(st.integers(1, 3))
    author = Author(lambda low, high: draw(st.integers(low, high)), sites, moved_on, campaigns)
    return author.write_all(draw(st.integers(1, length)))


@settings(max_examples=150, deadline=None)
@given(histories(14))
def test_short_histories(events: list[Event]) -> None:
    assert differences(events, shares=keeps_shares()) == []


@pytest.mark.parametrize("seed", range(40))
def test_long_histories(seed: int) -> None:
    """Hypothesis likes its histories short; these are not."""
    author = Author(random.Random(seed).randint, 1 + seed % 3)  # noqa: S311
    assert differences(author.write_all(25), shares=keeps_shares()) == []


@pytest.mark.skipif(not posts_campaigns(), reason="the ledger does not post campaigns yet")
@settings(max_examples=60, deadline=None)
@given(histories(14, campaigns=True))
def test_campaigns(events: list[Event]) -> None:
    assert differences(events, shares=keeps_shares()) == []


@pytest.mark.skipif(not restates(), reason="the ledger does not restate what was drawn since a correction yet")
@settings(max_examples=60, deadline=None)
@given(histories(14, moved_on=True))
def test_corrections_after_the_metal_has_moved_on(events: list[Event]) -> None:
    assert differences(events, shares=keeps_shares()) == []
