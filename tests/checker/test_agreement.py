"""The ledger and the checker keep the same books: every account and lot to the milligram, over random histories."""

import random
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lodestream.epcis.event import Event
from lodestream.ledger.book import CarbonKey, Price, ProvisionalGrade, SiteBook
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
    sites = {SITES[0]: SiteBook(elements=["Cu"]), SITES[1]: SiteBook(elements=["Ni", "Cu"])}
    assert differences(events, sites=sites, shares=True) == []


GRADES = [ProvisionalGrade(e, Decimal(percent), Decimal(1), "concentrate") for e, percent in (("Cu", "12.34"), ("Ni", "3.3"))]
PRICES = [Price(Decimal(kg), e) for e, kg in (("Cu", "9.37"), ("Ni", "16.5"), ("Co", "0"))]
KEYS = [CarbonKey("economic", prices=PRICES), CarbonKey("mass"), CarbonKey("economic", prices=PRICES[:2])]


@settings(max_examples=60, deadline=None)
@given(histories(14, graded=True, moved_on=True))
def test_draws_by_the_grade_of_the_book(events: list[Event]) -> None:
    """R97: drawn before the assay, which may come, be void, or never come."""
    assert differences(events, sites={site: SiteBook(provisional_grades=GRADES) for site in SITES}, shares=True) == []


@settings(max_examples=60, deadline=None)
@given(histories(14, elements=("cu", "ni", "co")), st.sampled_from(KEYS))
def test_carbon_by_other_keys(events: list[Event], declared: CarbonKey) -> None:
    """R98: by mass and by value, also where a product has no price."""
    sites = {site: SiteBook(carbon_keys=[declared]) for site in SITES}
    assert differences(events, sites=sites, shares=True, carbon=True, contacts=True) == []


@pytest.mark.parametrize("seed", range(12))
def test_carbon_of_campaigns_by_other_keys(seed: int) -> None:
    """R98: of one element, as in `test_carbon_of_campaigns`; what stays in process keeps its part by content."""
    author = Author(random.Random(seed).randint, 1 + seed % 3, campaigns=True, elements=("cu",))  # noqa: S311
    sites = {site: SiteBook(carbon_keys=[KEYS[seed % 3]]) for site in SITES}
    assert differences(author.write_all(25), sites=sites, shares=True, carbon=True, contacts=True) == []
