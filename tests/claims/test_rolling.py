"""The rolling average: one percentage for every output of the window."""

from msgspec.structs import replace

from lodestream.claims.closing import close
from lodestream.claims.credit import record, start
from lodestream.claims.rolling import claim, window
from lodestream.claims.values import Closing, Sums
from tests.claims.making import Q1, T, asked, posted, profile, refused
from tests.ledger.page import says

RULES = replace(profile("rolling-average"), period=replace(profile("rolling-average").period, max_months=3))


def test_the_window_moves_on_by_whole_periods() -> None:
    """The worked line of R93."""
    credits_ = start(RULES, Q1, 1)
    for month, certified in enumerate((60, 30, 0, 0)):
        credits_ = posted(record(RULES, credits_, Q1 + month, Sums(certified * T, 100 * T), "in"))
        if month < 2:
            credits_ = posted(close(RULES, credits_, Closing("close")))
    assert [window(RULES, credits_, Q1 + month) for month in range(4)] == [
        (60 * T, 100 * T),
        (90 * T, 200 * T),
        (90 * T, 300 * T),
        (30 * T, 300 * T),
    ]
    assert claim(RULES, credits_, Q1 + 2, asked("rolling-average", "recycled", "30")) is None
    assert claim(RULES, credits_, Q1 + 3, asked("rolling-average", "recycled", "10")) is None
    fails = refused(claim(RULES, credits_, Q1 + 3, asked("rolling-average", "recycled", "30")))
    assert (fails.code, fails.arithmetic) == (
        "ORIGIN_UNSUPPORTED",
        "30 % recycled of 300,000 kg Cu needs 90,000 kg, have 30,000 kg (10 %), short 60,000 kg",
    )
    says("R93", "60, 30 and 0 t", "30 %", "10 %")


def test_a_late_input_of_a_closed_period_moves_the_average() -> None:
    credits_ = posted(record(RULES, start(RULES, Q1, 1), Q1, Sums(50 * T, 100 * T), "in"))
    credits_ = posted(close(RULES, credits_, Closing("close")))
    credits_ = posted(record(RULES, credits_, Q1, Sums(0, 100 * T), "late"))
    assert window(RULES, credits_, Q1) == (50 * T, 200 * T)


def test_nothing_in_backs_nothing_out() -> None:
    assert refused(claim(RULES, start(RULES, Q1, 1), Q1, asked("rolling-average", "recycled", "1"))).code == "ORIGIN_UNSUPPORTED"
