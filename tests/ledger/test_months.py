"""Calendar months of a zone as periods, to the microsecond (R75), and what a lot is told as (R81)."""

import pytest

from lodestream.ledger import months
from lodestream.ledger.records import LotState
from lodestream.ledger.state import Lot, Shares, Unassayed
from lodestream.ledger.telling import lot_state
from lodestream.measures import Line
from tests.ledger.making import HOUR

DAY = 24 * HOUR
MARCH, APRIL = 1_772_323_200_000_000, 1_775_001_600_000_000  # 2026, in UTC
FIRST, END = -62_135_596_800_000_000, 253_402_300_799_999_999  # 0001-01-01, and the last microsecond of 9999


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("2026-03", True), ("2026-12", True), ("2026-10", True), ("2026-13", False), ("2026-00", False), ("2026-3", False),
        ("0001-01", True), ("0000-12", False), ("9999-12", True), ("12026-03", False), ("2026-03-01", False), ("2026-20", False),
        ("on 2026-03", False), ("", False), ("2026/03", False),
    ],
)  # fmt: skip
def test_what_names_a_month(text: str, named: bool) -> None:
    assert months.is_month(text) == named


@pytest.mark.parametrize(
    ("zone", "start", "end"),
    [
        ("UTC", MARCH, APRIL),
        ("Africa/Lusaka", MARCH - 2 * HOUR, APRIL - 2 * HOUR),
        ("America/Santiago", MARCH + 3 * HOUR, APRIL + 3 * HOUR),
        ("Europe/Berlin", MARCH - HOUR, APRIL - 2 * HOUR),  # with an hour of summer time at its end
        ("Asia/Kolkata", MARCH - 11 * HOUR // 2, APRIL - 11 * HOUR // 2),
    ],
)
def test_a_month_begins_and_ends_at_its_midnights(zone: str, start: int, end: int) -> None:
    """The last microsecond before its end is in it, its end is not."""
    assert months.bounds(zone, "2026-03") == (start, end)
    at = [
        months.month_of(zone, start - 1),
        months.month_of(zone, start),
        months.month_of(zone, end - 1),
        months.month_of(zone, end),
    ]
    assert at == ["2026-02", "2026-03", "2026-03", "2026-04"]


def test_the_years_that_there_are() -> None:
    """1 to 9999: what is before belongs to the first month, what is after to the last."""
    assert months.bounds("UTC", "0001-01") == (FIRST, FIRST + 31 * DAY)
    assert months.bounds("UTC", "9999-12") == (END + 1 - 31 * DAY, END)
    for at, month in ((FIRST - 400 * DAY, "0001-01"), (FIRST, "0001-01"), (FIRST + 31 * DAY, "0001-02"),
                      (END - 31 * DAY, "9999-11"), (END, "9999-12"), (END + 400 * DAY, "9999-12")):  # fmt: skip
        assert months.month_of("UTC", at) == month
    assert [months.shifted("0001-01", -1), months.shifted("9999-12", 1)] == ["0001-01", "9999-12"]
    assert [months.shifted("0001-02", -1), months.shifted("9999-11", 1)] == ["0001-01", "9999-12"]
    assert [months.shifted("2026-12", 1), months.shifted("2026-01", -1), months.shifted("2026-03", 14)] == [
        "2027-01", "2025-12", "2027-05",
    ]  # fmt: skip
    assert months.DAY_US == DAY


def test_a_lot_as_the_log_tells_it() -> None:
    """u is that of all that entered, by the part that is left: a quarter of 8. Contacts that were taken back are none."""
    contacts = {"PE - - -": 1, "CD - - -": 2, "AR - - -": 0, "BO - - -": -1}
    lot = Lot(
        "x", 4, 30, 25, {"Cu": 5}, entered_dry_mg=100, entered_u2={"Cu": "64"}, created_us=7, loss_class="slag",
        product_class="ore", owner="urn:o", country_of_origin="CL", findings=["f"],
        inherited={"c x": ["b", "a", "f", "d"], "d x": ["a", "e", "c"]}, parents=["p"],
        shares=Shares({"Cu": {"ZM - - -": 2, "CL - - -": 3}}, 9, 8, contacts),
    )  # fmt: skip
    state = lot_state("urn:site:a", lot)
    assert state == LotState(
        "urn:site:a", "x", 4, 30, 25, True, {"Cu": 5}, {"Cu": 2}, 7, "slag", "ore", "urn:o", "CL", ["f"], list("abcdef"), ["p"],
        {"Cu": {"CL - - -": 3, "ZM - - -": 2}}, 9, 8, ["CD - - -", "PE - - -"],
    )  # fmt: skip
    assert list(state.shares["Cu"]) == ["CL - - -", "ZM - - -"]


def test_a_lot_that_nothing_entered_or_of_which_too_much_left() -> None:
    """No part of nothing is uncertain; below zero nothing is left to be."""
    bare = lot_state(
        "urn:site:a", Lot("x", dry_mg=-5, entered_u2={"Cu": "64"}, unassayed=[Unassayed("event", "e", Line("object", "x"))])
    )
    assert (bare.u_mg, bare.assayed, bare.inherited, bare.contacts) == ({}, False, [], [])
    assert lot_state("urn:site:a", Lot("x", dry_mg=-5, entered_dry_mg=10, entered_u2={"Cu": "64"})).u_mg == {"Cu": 0}
    assert lot_state("urn:site:a", Lot("x", dry_mg=1, entered_dry_mg=1, entered_u2={"Cu": "64"})).u_mg == {"Cu": 8}
