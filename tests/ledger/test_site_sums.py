"""The balance of a site over a period, as values: what its u is made of, and how U is told so that a reader redoes it (R82)."""

import pytest

from lodestream.ledger import site_balance
from lodestream.ledger.draft import Draft
from lodestream.ledger.records import Entry, Finding, PeriodLine, PeriodState
from lodestream.ledger.timed import Period
from lodestream.ledger.view import View

A = "urn:site:a"
KG = 10**6


def state(*lines: PeriodLine, counted: bool = False) -> PeriodState:
    return PeriodState("2026-03", 1, 0, 1, list(lines), counted)


def line(account: str, going_in: int = 0, out: int = 0, *, opening: int = 0, late: int = 0, element: str = "Cu") -> PeriodLine:
    """A line in kg, closed."""
    kg = [KG * n for n in (opening, going_in, out, opening + late + going_in - out, late)]
    return PeriodLine(element, account, *kg)


def draft() -> Draft:
    return Draft(View(A, {}), Entry("e", A, "TICK", 0))


# -- u --------------------------------------------------------------------------------------------------------------


def test_the_systematic_part_is_by_method_and_laboratory() -> None:
    """Half of 0.1 % of 4,000 mg, of 0.25 % of 8,000 and of 0.1 % of 60,000; a quarter of 31 mg and of 18: 2, 10, 30, 7 and 4."""
    over = {"Cu weighbridge": 60_000, "Cu belt": -8_000, "Cu ": 4_000, "Cu hopper": 0, "Ni belt": 10**9, "Cu sight": 1}
    assayed = {"Cu received": 31, "Cu made": -18, "Ni made": 10**6}
    random, systematic, said = site_balance._doubt(Period(over_mg=over, assayed_u_mg=assayed, u2={"Cu": "145", "Ni": "9"}), "Cu")
    assert (random, systematic) == (12, 33), "root of 145, root of 4 + 100 + 900 + 49 + 16 and of nothing for the sight"
    assert said == (
        "method not stated: 0.000002 kg on 0.004 kg, belt: 0.00001 kg on -0.008 kg, sight: 0 kg on 0.000001 kg, "
        "weighbridge: 0.00003 kg on 0.06 kg, assays of what was received: 0.000007 kg, assays of what was made: 0.000004 kg"
    )


def test_what_a_quarter_of_u_rounds_down_to() -> None:
    """3 mg are none, and not told; 4 mg are one."""
    assert site_balance._doubt(Period(assayed_u_mg={"Cu received": 3, "Cu made": 3}), "Cu") == (0, 0, "")
    made = site_balance._doubt(Period(assayed_u_mg={"Cu made": 4}), "Cu")
    assert made == (0, 1, "assays of what was made: 0.000001 kg")


@pytest.mark.parametrize(("u2", "random"), [("1", 1), ("0", 0), ("-4", 0), ("6", 2), ("7", 3)])
def test_the_random_part_is_the_root_of_a_variance(u2: str, random: int) -> None:
    """To the nearest; what corrections took below zero is none."""
    assert site_balance._doubt(Period(u2={"Cu": u2}), "Cu") == (random, 0, "")
    assert site_balance._doubt(Period(u2={"Ni": u2}), "Cu") == (0, 0, "")


# -- U --------------------------------------------------------------------------------------------------------------

FULL = [
    line("STOCK", 900, 500, opening=100, late=7),
    line("WIP", 300, 250, opening=20, late=1),
    line("SOURCE", 30, 1030, opening=-50),
    line("TRANSIT", 400, 300),
    line("CUSTODY", 90, 40),
    line("TRANSIT_VAR", 5, 3),
    line("SINK", 80, 10),
    line("LOSS", 60, 4),
    line("UNACCOUNTED", 40, 2),
    line("STOCK_ADJ", 6, 9),
    line("STOCK", 10**6, 1, element="Ni"),
    line("STOCK_ADJ", 500, 1, element="Ni"),
]


def test_u_is_told_by_account_classes() -> None:
    """Opening 128, supplied 1,000, sent 100 + 50 + 2 + 70, losses 56, closing 507 + 71: U 35, and 237 are not judged yet."""
    assert site_balance._sums(state(*FULL), "Cu", 35 * KG) == (
        "Cu in 2026-03: stock and work in process 128 kg + supplied 1,000 kg - sent less received 222 kg - losses 56 kg "
        "- closing 578 kg (not counted) - not judged yet 237 kg = U 35 kg"
    )
    assert site_balance._sums(state(*FULL, counted=True), "Cu", 272 * KG).endswith("- closing 578 kg (counted) = U 272 kg")
    assert site_balance._sums(state(), "Cu", 0) == (
        "Cu in 2026-03: stock and work in process 0 kg + supplied 0 kg - sent less received 0 kg - losses 0 kg "
        "- closing 0 kg (not counted) = U 0 kg"
    )


def test_what_was_adjusted_counts_with_what_runs_left() -> None:
    """38 kg of runs and -3 kg adjusted are 35; u 12 kg: within 3u. With u 11 kg it is beyond, as a loss."""
    within = site_balance._said(Period(gap_mg={"Cu": 38 * KG}, u2={"Cu": str((12 * KG) ** 2)}), state(*FULL), "Cu")
    beyond = site_balance._said(Period(gap_mg={"Cu": 38 * KG}, u2={"Cu": str((11 * KG) ** 2)}), state(*FULL), "Cu")
    assert within is None
    assert beyond is not None
    assert (beyond.code, beyond.inputs, beyond.lots, beyond.severity) == (
        "LOSS_UNEXPLAINED", ("period", "2026-03", "Cu"), (), None,
    )  # fmt: skip
    assert beyond.arithmetic.endswith("= U 35 kg; u 11 kg of random 11 kg and systematic 0 kg (nothing measured), |U| > 3u 33 kg")
    bare = site_balance._said(Period(u2={"Cu": "1"}), state(), "Cu")
    assert bare is None


@pytest.mark.parametrize(("u", "severity"), [(11, "hold"), (8, "hard")])
def test_created_metal_is_graver_beyond_four_u(u: int, severity: str) -> None:
    """-35 kg: beyond 3 x 11, and beyond 4 x 8."""
    said = site_balance._said(Period(gap_mg={"Cu": -32 * KG}, u2={"Cu": str((u * KG) ** 2)}), state(*FULL), "Cu")
    assert said is not None
    assert (said.code, said.severity) == ("IMPOSSIBLE", severity)


def test_both_parts_of_u_count_together() -> None:
    """3 kg random, 4 kg systematic (8,000 kg over a scale of 0.1 %): 5 kg."""
    period = Period(gap_mg={"Cu": 19 * KG}, u2={"Cu": str((3 * KG) ** 2)}, over_mg={"Cu hopper": 8_000 * KG})
    said = site_balance._said(period, state(*FULL), "Cu")
    assert said is not None
    assert "; u 5 kg of random 3 kg and systematic 4 kg (hopper: 4 kg on 8,000 kg), |U| > 3u 15 kg" in said.arithmetic
    assert site_balance._said(Period(gap_mg={"Cu": 18 * KG}, u2=period.u2, over_mg=period.over_mg), state(*FULL), "Cu") is None


def test_each_element_has_its_balance_and_a_later_version_ends_what_is_not_so_any_more() -> None:
    """Cu is lost and Ni created; in the next version Cu is created too and Ni balances."""
    both = state(line("STOCK"), line("STOCK", element="Ni"))
    one = draft()
    site_balance.judge(one, Period(gap_mg={"Cu": KG, "Ni": -KG}), both)
    assert [(f.code, f.inputs, f.state) for f in one.findings] == [
        ("LOSS_UNEXPLAINED", ["period", "2026-03", "Cu"], "open"),
        ("IMPOSSIBLE", ["period", "2026-03", "Ni"], "open"),
    ]
    again = Draft(one.view, one.entry)
    site_balance.judge(again, Period(gap_mg={"Cu": -KG}), both)
    assert [(f.code, f.inputs[2], f.state) for f in again.findings] == [
        ("IMPOSSIBLE", "Cu", "open"),
        ("LOSS_UNEXPLAINED", "Cu", "superseded"),
        ("IMPOSSIBLE", "Ni", "superseded"),
    ]
    (left,) = again.findings[:1]
    assert again.view.get(Finding, left.id) == left
    assert again.managed == {left.id}
