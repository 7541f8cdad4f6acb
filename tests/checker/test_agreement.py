"""The ledger and the checker keep the same books: every account and lot to the milligram, over random histories."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lodestream.epcis.event import Event
from tests.checker.compare import differences
from tests.checker.histories import SITES, Author


@st.composite
def histories(draw: st.DrawFn, length: int, **kinds: Any) -> list[Event]:
    """A history of one to three sites."""
    author = Author(lambda low, high: draw(st.integers(low, high)), draw(st.integers(1, 3)), **kinds)
    return author.write_all(draw(st.integers(1, length)))


@settings(max_examples=120, deadline=None)
@given(histories(14))
def test_short_histories(events: list[Event]) -> None:
    assert differences(events, shares=True) == []


@pytest.mark.parametrize("seed", range(20))
def test_long_histories(seed: int) -> None:
    """Hypothesis likes its histories short; these are not."""
    author = Author(random.Random(seed).randint, 1 + seed % 3)  # noqa: S311
    assert differences(author.write_all(25), shares=True) == []


@settings(max_examples=60, deadline=None)
@given(histories(14, campaigns=True))
def test_campaigns(events: list[Event]) -> None:
    assert differences(events, shares=True) == []


@settings(max_examples=60, deadline=None)
@given(histories(14, moved_on=True))
def test_corrections_after_the_metal_has_moved_on(events: list[Event]) -> None:
    assert differences(events, shares=True) == []


@settings(max_examples=60, deadline=None)
@given(histories(14))
def test_carbon_and_contacts(events: list[Event]) -> None:
    assert differences(events, shares=True, carbon=True, contacts=True) == []


@settings(max_examples=60, deadline=None)
@given(histories(14, campaigns=True, elements=("cu",)))
def test_carbon_of_campaigns(events: list[Event]) -> None:
    """Of one element: which one is the main one may change while a campaign is open, and with it what is provisional."""
    assert differences(events, shares=True, carbon=True, contacts=True) == []


@settings(max_examples=60, deadline=None)
@given(histories(14))
def test_books_that_list_elements(events: list[Event]) -> None:
    """One site keeps copper, one copper and nickel, one what it finds."""
    assert differences(events, elements={SITES[0]: ["Cu"], SITES[1]: ["Ni", "Cu"]}, shares=True) == []


GRADES = {site: {"concentrate": {"Cu": "12.34", "Ni": "3.3"}} for site in SITES}


@settings(max_examples=60, deadline=None)
@given(histories(14, graded=True, moved_on=True))
def test_draws_by_the_grade_of_the_book(events: list[Event]) -> None:
    """R97: drawn before the assay, which may come, be void, or never come."""
    assert differences(events, grades=GRADES, shares=True) == []
