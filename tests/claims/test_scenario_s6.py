"""Worked scenario S6: three quarters of credits under each profile, in tonnes; every number is the reference's."""

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from lodestream.claims.closing import close
from lodestream.claims.credit import claim, record, start, versions
from lodestream.claims.profile import Profile
from lodestream.claims.settling import balance, supply
from lodestream.claims.values import Closing, CreditPosting, Credits, Layer, Refusal, Step, Sums
from lodestream.measures import percent
from tests.claims.making import Q1, Q2, Q3, T, asked, posted, profile, refused
from tests.ledger.page import says

EVIDENCE = "urn:doc:flood-2026-05"


def basis(name: str, **changed: object) -> Profile:
    """A scheme's rules over the scenario's own basis: input percent, floored to 1 t."""
    return replace(profile(name), credit_basis="input_percent", rounding_unit_mg=T, **changed)


ISCC, ASI, STRICT = basis("iscc-plus"), profile("asi-coc"), basis("credit-strict")


def claims(rules: Profile, credits_: Credits, month: int, tonnes: int) -> Step | Refusal:
    attribute = "scheme:x" if "scheme" in rules.attributes else next(a for a in rules.attributes if a.startswith("scheme:"))
    return claim(rules, credits_, month, asked(rules.name, attribute, "100", "Al"), tonnes * T, f"lot {month}")


def flow(certified: int, everything: int, output: int) -> Sums:
    return Sums(certified_mg=certified * T, input_mg=everything * T, output_mg=output * T)


def first_quarter(rules: Profile) -> Credits:
    credits_ = posted(record(rules, start(rules, Q1, 3), Q1, flow(400, 1000, 950), "in"))
    assert balance(rules, credits_) == 380 * T
    credits_ = posted(claims(rules, credits_, Q1 + 2, 350))
    credits_ = posted(close(rules, credits_, Closing("close Q1")))
    assert credits_.layers == [Layer(0, 30 * T)]
    return posted(record(rules, credits_, Q2, flow(300, 1000, 960), "in"))


@pytest.mark.parametrize("rules", [ISCC, ASI, STRICT], ids=lambda p: p.name)
def test_two_quarters(rules: Profile) -> None:
    credits_ = first_quarter(rules)
    assert supply(rules, credits_.open[0], credits_.factor) == 288 * T
    assert balance(rules, credits_) == 318 * T


def test_iscc_like_lets_the_balance_run_negative_and_refuses_the_close() -> None:
    credits_ = posted(claims(ISCC, first_quarter(ISCC), Q2, 340))
    assert balance(ISCC, credits_) == -22 * T
    fails = refused(close(ISCC, credits_, Closing("close Q2", EVIDENCE)))
    assert fails.code == "NEGATIVE_AT_CLOSE"
    assert fails.arithmetic == (
        "2026-04 to 2026-06: carried 30,000 kg + in 288,000 kg - claimed 340,000 kg = -22,000 kg; "
        "short 22,000 kg, 7.333333 % of 300,000 kg certified input, iscc-plus allows 0 %"
    )


def test_asi_like_with_evidence_opens_the_next_period_below_zero() -> None:
    credits_ = posted(close(ASI, posted(claims(ASI, first_quarter(ASI), Q2, 340)), Closing("close Q2", EVIDENCE)))
    assert credits_.owed == [Layer(1, 22 * T)]
    assert balance(ASI, credits_) == -22 * T
    closed = versions(credits_, 1)[0]
    assert closed.evidence == EVIDENCE
    assert closed.remarks == [f"overdraft of 22,000 kg, 7.333333 % of 300,000 kg certified input: {EVIDENCE}"]


def test_asi_like_without_evidence_fails() -> None:
    fails = refused(close(ASI, posted(claims(ASI, first_quarter(ASI), Q2, 340)), Closing("close Q2")))
    assert fails.code == "NEGATIVE_AT_CLOSE"
    assert fails.arithmetic.endswith(
        "short 22,000 kg, 7.333333 % of 300,000 kg certified input, "
        "asi-coc allows 20 % on evidence of force_majeure, and there is none"
    )


def test_asi_like_overdraft_is_cleared_in_the_next_period_or_its_close_fails() -> None:
    overdrawn = posted(close(ASI, posted(claims(ASI, first_quarter(ASI), Q2, 340)), Closing("close Q2", EVIDENCE)))
    cleared = posted(record(ASI, overdrawn, Q3, flow(100, 1000, 1000), "in"))
    assert posted(close(ASI, cleared, Closing("close Q3"))).layers == [Layer(2, 78 * T)]
    late = posted(record(ASI, overdrawn, Q3, flow(10, 1000, 1000), "in"))
    fails = refused(close(ASI, late, Closing("close Q3", EVIDENCE)))
    assert fails.arithmetic.endswith("12,000 kg were to be cleared within 1 period")


@pytest.mark.parametrize(("tonnes", "fails"), [(378, False), (379, True)])
def test_asi_like_overdraft_is_at_most_a_fifth_of_the_certified_input(tonnes: int, fails: bool) -> None:
    overdrawn = posted(claims(ASI, first_quarter(ASI), Q2, tonnes))  # 318 + 60, which is 20 % of 300
    assert isinstance(close(ASI, overdrawn, Closing("close Q2", EVIDENCE)), Refusal) is fails


def test_strict_refuses_the_claim_itself() -> None:
    fails = refused(claims(STRICT, first_quarter(STRICT), Q2, 340))
    assert fails.code == "CREDIT_OVERDRAWN"
    assert fails.arithmetic == (
        "100 % scheme:x of 340,000 kg Al needs 340,000 kg, have 318,000 kg in 2026-04 to 2026-06, short 22,000 kg"
    )


@pytest.mark.parametrize(
    ("order", "carried", "expired"),
    [("oldest_first", [Layer(1, 18 * T)], []), ("newest_first", [], [Layer(0, 18 * T)])],
)
def test_the_draw_order_decides_what_is_left(order: str, carried: list[Layer], expired: list[Layer]) -> None:
    rules = replace(ASI, draw_order=order)
    step = close(rules, posted(claims(rules, first_quarter(rules), Q2, 300)), Closing("close Q2"))
    assert posted(step).layers == carried
    assert versions(posted(step), 1)[0].expired == expired
    assert isinstance(step, Step)
    assert step.postings == [CreditPosting("EXPIRED", 1, layer.number, -layer.mg, "close Q2") for layer in expired]


def test_a_late_input_restates_the_old_period_and_posts_the_difference_in_the_open_one() -> None:
    """The worked line of R95."""
    credits_ = posted(close(ASI, posted(claims(ASI, first_quarter(ASI), Q2, 300)), Closing("close Q2")))
    before = balance(ASI, credits_)
    step = record(ASI, credits_, Q1 + 1, Sums(certified_mg=40 * T, input_mg=40 * T), "late")
    credits_ = posted(step)
    assert isinstance(step, Step)
    assert step.postings == [CreditPosting("RESTATED", 2, 0, 21 * T, "late")]
    assert balance(ASI, credits_) == before + 21 * T
    one, two = versions(credits_, 0)
    assert (one.version, one.credited_mg, one.sums.certified_mg) == (1, 380 * T, 400 * T)
    assert (two.version, two.credited_mg, two.sums.certified_mg) == (2, 401 * T, 440 * T)
    assert percent(two.sums.certified_mg, two.sums.input_mg, 6) == "42.307692 %"
    assert percent(two.sums.certified_mg * two.sums.output_mg, two.sums.input_mg * 100 * T, 3) == "401.923 %"  # of 1 t
    assert (two.claimed_mg, two.carried) == (one.claimed_mg, one.carried)
    says("R95", "40 t", "440 of 1,040", "401 t", "380 t", "+21 t")


def test_the_numbers_are_those_of_the_golden_file(shared: Path) -> None:
    golden = json.loads((shared / "data/scenarios/golden.json").read_text())
    credits_ = first_quarter(ISCC)
    assert golden["S6.Q1 eligible"] * T == versions(credits_, 0)[0].credited_mg
    assert golden["S6.Q1 carry"] * T == credits_.layers[0].mg
    assert golden["S6.Q2 eligible"] * T == supply(ISCC, credits_.open[0], credits_.factor)
    assert golden["S6.Q2 avail"] * T == balance(ISCC, credits_)
    assert golden["S6.Q2 overdraft at 340"] * T == -balance(ISCC, posted(claims(ISCC, credits_, Q2, 340)))


def test_a_physical_cap_and_another_method_let_the_rest_expire() -> None:
    rules = replace(ISCC, carry_forward=profile("iscc-eu").carry_forward)
    left = posted(record(rules, start(rules, Q1, 3), Q1, flow(400, 1000, 950), "in"))
    capped = posted(close(rules, left, Closing("close", book_mg=210 * T, counted_mg=200 * T)))
    assert (capped.layers, capped.closed[0].expired) == ([Layer(0, 200 * T)], [Layer(0, 180 * T)])
    assert capped.closed[0].remarks == [
        "380,000 kg left, physical stock 200,000 kg: 180,000 kg expire",
        "counted 200,000 kg, book 210,000 kg: 10,000 kg apart (4.7619 %), iscc-plus allows 0.5 %",
    ]
    shared_input = posted(close(ISCC, left, Closing("close", claimed_elsewhere=True)))
    assert (shared_input.layers, shared_input.closed[0].expired) == ([], [Layer(0, 380 * T)])
