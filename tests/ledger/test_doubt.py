"""What a movement, a run and a haul add to the sums of their month, and take back where they are undone (rulebook R82)."""

from typing import Any

import pytest

from lodestream.ledger.doubt import ENTERED, Doubt
from lodestream.ledger.records import Closure
from lodestream.ledger.state import LotChange
from lodestream.ledger.timed import Haul

CAME: dict[str, Any] = {"entered_mg": {"Cu": 300, "Ni": 20}, "entered_u2": {"Cu": "49", "Ni": "16"}, "method": "belt"}


def sums(doubt: Doubt) -> dict[str, dict[str, Any]]:
    """Those that are there, by name."""
    return {name: one for name, one in vars(doubt).items() if one}


def moved(*changes: tuple[LotChange, int]) -> Doubt:
    doubt = Doubt()
    for change, sign in changes:
        doubt.moved(change, sign)
    return doubt


def test_what_comes_in_counts_by_its_method_and_its_laboratory() -> None:
    """300 mg Cu with u 7 and 20 mg Ni with u 4, over a belt; then 5 mg Cu with u 2 over nothing that is stated."""
    first = LotChange("x", account="CUSTODY c x", **CAME)
    second = LotChange("x", entered_mg={"Cu": 5}, entered_u2={"Cu": "4"}, account="SOURCE undeclared")
    assert sums(moved((first, 1), (second, 1))) == {
        "over_mg": {"Cu belt": 300, "Ni belt": 20, "Cu ": 5},
        "assayed_u_mg": {"Cu received": 9, "Ni received": 4},
    }


def test_what_a_run_makes_is_another_stream() -> None:
    """Its laboratory is that of what was made; a root is rounded: that of 63 is 8."""
    made = LotChange("x", entered_mg={"Cu": 300}, entered_u2={"Cu": "63"}, account="WIP urn:run", method="belt")
    assert sums(moved((made, 1), (made, 1))) == {"over_mg": {"Cu belt": 600}, "assayed_u_mg": {"Cu made": 16}}


def test_what_is_undone_counts_against_it() -> None:
    came, more = LotChange("x", account="SOURCE mine", **CAME), LotChange("x", entered_mg={"Cu": 1}, method="belt")
    doubt = moved((came, -1), (came, -1), (more, 1))
    assert sums(doubt) == {"over_mg": {"Cu belt": -599, "Ni belt": -40}, "assayed_u_mg": {"Cu received": -14, "Ni received": -8}}
    assert not moved((came, 1), (came, -1)), "sums of zero are nothing"


@pytest.mark.parametrize(
    ("account", "way"),
    [
        ("WIP urn:run", "made"),
        ("SOURCE end_of_life", "end_of_life"),
        ("SOURCE manufacturing_waste", "manufacturing_waste"),
        ("SOURCE scrap", "scrap"),
        ("SOURCE mine", ""),
        ("CUSTODY c x", ""),
    ],
)
def test_what_enters_as_recycled_counts_by_its_class_and_so_does_what_was_made(account: str, way: str) -> None:
    """R100: of a class that says something of it."""
    change = LotChange("x", entered_mg={"Ni": 7, "Co": 2}, account=account, product_class="black_mass")
    expected = {f"Ni {way} black_mass": 7, f"Co {way} black_mass": 2} if way else {}
    assert moved((change, 1)).by_class_mg == expected
    assert moved((change, 1), (change, -1), (change, -1)).by_class_mg == {name: -mg for name, mg in expected.items()}
    for untold in ("", "scrap"):
        assert moved((LotChange("x", entered_mg={"Ni": 7}, account=account, product_class=untold), 1)).by_class_mg == {}
    assert set(ENTERED.values()) == {"end_of_life", "manufacturing_waste", "scrap"}


def test_an_excess_has_its_own_amount_as_u() -> None:
    """A draw of 103 where 100 were: what was above; a count that found 3 more or 3 fewer: all that it moved."""
    drawn = LotChange("x", dry_mg=-103, excess_dry_mg=3, contained_mg={"Cu": -100}, above_mg={"Cu": 3, "Ni": 2})
    found = LotChange("x", dry_mg=4, excess_dry_mg=4, contained_mg={"Cu": 2})
    missing = LotChange("x", dry_mg=-5, excess_dry_mg=-5, contained_mg={"Cu": -5})
    assert sums(moved((drawn, 1))) == {"u2": {"Cu": 9, "Ni": 4}}
    assert sums(moved((drawn, 1), (found, 1), (missing, 1))) == {"u2": {"Cu": 9 + 4 + 25, "Ni": 4}}
    assert sums(moved((found, 1), (drawn, -1))) == {"u2": {"Cu": 4 - 9, "Ni": -4}}
    assert sums(moved((LotChange("x", dry_mg=-100, contained_mg={"Cu": -100}), 1))) == {}, "a draw of what was there"


def test_a_run_that_is_judged_anew_adds_what_changed() -> None:
    """In - out 10 - 7 with u 2, then 10 - 12 with u 3, then void; another run beside it."""
    doubt = Doubt()
    first, second, gone = (Closure("run", "Cu", *numbers) for numbers in ((10, 7, 2), (10, 12, 3), (0, 0, 0)))
    doubt.judged(None, first)
    assert sums(doubt) == {"gap_mg": {"Cu": 3}, "u2": {"Cu": 4}}
    doubt.judged(first, second)
    assert sums(doubt) == {"gap_mg": {"Cu": -2}, "u2": {"Cu": 9}}
    doubt.judged(None, Closure("other", "Cu", 100, 1, 5))
    assert sums(doubt) == {"gap_mg": {"Cu": 97}, "u2": {"Cu": 34}}
    doubt.judged(second, gone)
    assert sums(doubt) == {"gap_mg": {"Cu": 99}, "u2": {"Cu": 25}}


@pytest.mark.parametrize("name", ["gap_mg", "u2", "over_mg", "assayed_u_mg", "by_class_mg"])
def test_one_sum_is_enough_to_be_kept(name: str) -> None:
    doubt = Doubt()
    getattr(doubt, name)["Cu"] = 0
    assert not doubt
    getattr(doubt, name)["Cu"] = -1
    assert doubt


def test_hauls_add_up_and_end_at_nothing() -> None:
    doubt, one = Doubt(), Haul(1, 100, 2, "9", 3)
    doubt.hauled("Cu a", one)
    doubt.hauled("Cu a", Haul(1, 50, 1, "4", 2))
    doubt.hauled("Cu b", one)
    assert doubt.hauls == {"Cu a": Haul(2, 150, 3, "13", 5), "Cu b": one}
    assert doubt
    none = Doubt()
    none.hauled("Cu a", one)
    none.hauled("Cu a", Haul(-1, -100, -2, "-9", -3))
    assert not none
