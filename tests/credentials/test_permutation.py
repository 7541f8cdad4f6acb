"""The places of credentials in a status list: each its own, the same on each replay, and in no order."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodestream.credentials.permutation import ENTRIES, place

KEY = bytes(range(32))
WORKED = [122490, 38339, 20595, 121375]


def test_every_number_has_a_place_of_its_own() -> None:
    assert sorted(place(KEY, "a-1", number) for number in range(ENTRIES)) == list(range(ENTRIES))


@given(number=st.integers(0, ENTRIES - 1))
def test_the_same_on_each_replay_and_another_in_each_list(number: int) -> None:
    assert place(KEY, "a-1", number) == place(KEY, "a-1", number)
    assert 0 <= place(KEY, "a-2", number) < ENTRIES


def test_worked() -> None:
    """What was issued keeps its place: a change of these numbers would revoke the wrong credentials."""
    assert [place(KEY, "a-1", number) for number in range(4)] == WORKED


def test_what_comes_next_stands_anywhere() -> None:
    """Of 10,000 pairs that follow each other, half go up: 5,000 within five standard deviations (50 each). Distances are far."""
    places = [place(KEY, "a-1", number) for number in range(10_001)]
    steps = [after - before for before, after in pairwise(places)]
    assert abs(sum(step > 0 for step in steps) - 5_000) < 250
    assert sum(abs(step) < ENTRIES // 100 for step in steps) < 400, "of near ones there are 2 in 100"


def test_another_key_is_another_order() -> None:
    other = [place(bytes(32), "a-1", number) for number in range(1_000)]
    same = sum(one == place(KEY, "a-1", number) for number, one in enumerate(other))
    assert same < 5


@pytest.mark.parametrize("number", [-1, ENTRIES])
def test_no_place_beyond_the_list(number: int) -> None:
    with pytest.raises(AssertionError, match="the next one"):
        place(KEY, "a-1", number)


def test_the_key_has_32_bytes() -> None:
    with pytest.raises(AssertionError, match="fills its place"):
        place(bytes(31), "a-1", 0)
