"""The open pairs of a lot at its receiver: on which page each stands, and which hold a receipt without a consignment."""

import pytest

from lodestream.ledger.draft import Draft
from lodestream.ledger.listing import enlist, loose, open_pairs
from lodestream.ledger.moving import Inbound, OpenPage, OpenPairs
from lodestream.ledger.view import View
from tests.ledger.making import START, tick

B = "urn:site:b"
NAMES = [f"c{n:02}" for n in range(64)]


@pytest.fixture
def draft() -> Draft:
    return Draft(View(B, {}), tick(B, START))


def put(draft: Draft, name: str, page: int = -1, *, is_open: bool = True, is_loose: bool = False) -> int:
    """The page on which a pair of x stands then."""
    return enlist(draft, Inbound(name, "x", page=page), is_open=is_open, loose=is_loose).page


def pages(draft: Draft) -> list[list[str]]:
    held = [draft.view.get(OpenPage, f"x {page}") for page in range(4)]
    return [one.consignments for one in held if one is not None]


def test_a_page_holds_sixty_four_in_order(draft: Draft) -> None:
    assert {put(draft, name) for name in reversed(NAMES)} == {0}
    assert (pages(draft), draft.view.get(OpenPairs, "x")) == ([NAMES], None), "nothing but the page is written"
    assert [put(draft, name) for name in ("z", "y")] == [1, 1]
    assert (pages(draft), draft.view.get(OpenPairs, "x")) == ([NAMES, ["y", "z"]], OpenPairs(last=1))
    assert open_pairs(draft, "x") == [*NAMES, "y", "z"]
    assert open_pairs(draft, "another") == []
    for n in range(62):
        assert put(draft, f"w{n}") == 1
    assert put(draft, "v") == 2
    assert draft.view.get(OpenPairs, "x") == OpenPairs(last=2)


def test_who_is_listed_stays_where_it_is_and_who_is_closed_leaves_its_page(draft: Draft) -> None:
    for name in [*NAMES, "y", "z"]:
        put(draft, name)
    assert (put(draft, "c05", 0), put(draft, "y", 1)) == (0, 1)
    assert put(draft, "c05", 0, is_open=False) == -1
    assert put(draft, "c05", -1, is_open=False) == -1
    assert pages(draft) == [[name for name in NAMES if name != "c05"], ["y", "z"]]
    assert draft.view.get(OpenPairs, "x") == OpenPairs(last=1), "what comes next still goes to the last page"
    assert put(draft, "c05") == 1
    assert pages(draft)[1] == ["c05", "y", "z"]


def test_loose_ones_are_known_by_name(draft: Draft) -> None:
    """In order; a pair may be loose and closed, or open and not loose."""
    names = ["k", "c", "q", "a", "z", "m", "b", "x"]
    for name in names:
        put(draft, name, is_loose=True)
    assert (loose(draft, "x"), loose(draft, "another")) == (sorted(names), [])
    put(draft, "q", 0, is_loose=False)
    put(draft, "z", 0, is_open=False, is_loose=True)
    put(draft, "new", is_loose=False)
    assert loose(draft, "x") == sorted({*names} - {"q"})
    assert open_pairs(draft, "x") == sorted({*names, "new"} - {"z"})
    put(draft, "z", -1, is_open=False, is_loose=False)
    assert loose(draft, "x") == sorted({*names} - {"q", "z"})
