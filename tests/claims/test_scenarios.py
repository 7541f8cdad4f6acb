"""S1 F1c, S2 F2d and S4 of the reference: claims judged by a lot's shares, and by credits."""

from decimal import Decimal

import pytest

from lodestream.claims.closing import close
from lodestream.claims.credit import claim, judge_factor, record, start
from lodestream.claims.library import profiles
from lodestream.claims.methods import clash, judge, note
from lodestream.claims.methods import judge_lot as judge_twice
from lodestream.claims.physical import judge_lot, needed
from lodestream.claims.settling import balance, credited_mg
from lodestream.claims.values import Closing, Layer, Period, Sums
from tests.claims.making import CL, KG, Q1, REC, ZM, asked, posted, profile, refused
from tests.ledger.page import says

L1 = {ZM: 316_457_157_079, CL: 166_831_660_387, REC: 16_661_182_534}
L2 = {ZM: 503_799_794_071, CL: 265_596_003_335, REC: 26_524_602_594}
COBALT = {"CD X mine -": 25_218_253_968, "CD Y mine -": 9_924_603_175, "ID Z mine -": 732_142_857}
NI = {"ZZ - end_of_life -": 11_584_786_269, "ZZ - manufacturing_waste -": 4_964_908_401, "ID - mine -": 30_186_305_330}


def test_f1c_by_shares() -> None:
    """The worked line of R91."""
    fails = refused(judge_lot(profile("controlled-blending"), asked("controlled-blending", "country:ZM", "100"), L1, []))
    assert fails.code == "ORIGIN_UNSUPPORTED"
    assert fails.arithmetic == (
        "100 % country:ZM of 499,950 kg Cu needs 499,950 kg, have 316,457.157079 kg (63.297761 %), short 183,492.842921 kg"
    )
    for part, ok in (("63.297761", True), ("63.3", False)):
        asked_for = asked("controlled-blending", "country:ZM", part)
        assert (judge_lot(profile("controlled-blending"), asked_for, L1, []) is None) == ok
        says("R91", f"{part} %")


def test_f1c_by_credits() -> None:
    strict = profile("credit-strict")
    credits_ = start(strict, Q1, 3)
    for lot in (L1, L2):
        credits_ = posted(record(strict, credits_, Q1, Sums(0, 0, lot[ZM], sum(lot.values())), "cathode"))
    assert balance(strict, credits_) == 820_256_951_150
    all_of_it = asked("credit-strict", "country:ZM", "100")
    credits_ = posted(claim(strict, credits_, Q1, all_of_it, 499_950_000_000, "L1"))
    assert balance(strict, credits_) == 320_306_951_150
    fails = refused(claim(strict, credits_, Q1, all_of_it, 795_920_400_000, "L2"))
    assert fails.code == "CREDIT_OVERDRAWN"
    assert fails.arithmetic == (
        "100 % country:ZM of 795,920.4 kg Cu needs 795,920.4 kg, have 320,306.95115 kg in 2026-01 to 2026-03, "
        "short 475,613.44885 kg"
    )


def test_f2d_a_share_is_not_nothing() -> None:
    nothing = asked("controlled-blending", "site:Y", "0", "Co")
    fails = refused(judge_lot(profile("controlled-blending"), nothing, COBALT, []))
    assert fails.code == "ORIGIN_UNSUPPORTED"
    assert fails.arithmetic == "0 % site:Y of 35,875 kg Co allows 0 kg, have 9,924.603175 kg (27.664399 %)"
    assert judge_lot(profile("controlled-blending"), asked("controlled-blending", "site:W", "0", "Co"), COBALT, []) is None
    by_contact = judge_lot(profile("controlled-blending"), asked("", "site:W", "0", "Co"), COBALT, ["CD W mine -"])
    assert "contact with CD W mine -" in refused(by_contact).arithmetic
    unknown = judge_lot(profile("controlled-blending"), asked("", "site:W", "0", "Co"), COBALT | {"CD - mine -": KG}, [])
    assert "1 kg of unknown origin" in refused(unknown).arithmetic


def test_f2d_a_credit_account_cannot_say_what_is_not_there() -> None:
    strict = profile("credit-strict")
    fails = refused(claim(strict, start(strict, Q1, 3), Q1, asked("credit-strict", "site:Y", "0", "Co"), 35_875 * KG, "lot"))
    assert fails.code == "ORIGIN_UNSUPPORTED"


def test_s4_a_recycled_share_is_claimed_up_to_what_is_there() -> None:
    blending = profile("controlled-blending")
    assert judge_lot(blending, asked("controlled-blending", "recycled", "35.411021", "Ni"), NI, []) is None
    fails = refused(judge_lot(blending, asked("controlled-blending", "recycled", "35.42", "Ni"), NI, []))
    assert "have 16,549.69467 kg (35.411021 %)" in fails.arithmetic


def test_f4a_credits_by_conversion_factor() -> None:
    """The worked line of R92."""
    strict, factor = profile("credit-strict-input"), Decimal("0.96")
    credits_ = posted(record(strict, start(strict, Q1, 3, factor), Q1, Sums(17_640 * KG, 49_815 * KG), "black mass"))
    assert balance(strict, credits_) == 16_934_400_000
    assert balance(strict, credits_) * 10_000 // 5_080 == 33_335_433_070  # mg of pCAM at 50.80 % Ni: 33,335.433071 kg
    fails = refused(claim(strict, credits_, Q1, asked("credit-strict-input", "recycled", "100", "Ni"), 20_320 * KG, "pCAM"))
    assert fails.code == "CREDIT_OVERDRAWN"
    assert fails.arithmetic == (
        "100 % recycled of 20,320 kg Ni needs 20,320 kg, have 16,934.4 kg in 2026-01 to 2026-03, short 3,385.6 kg"
    )
    says("R92", "17,640 kg", "16,934.4 kg", "20,320 kg", "3,385.6 kg", "50.80 %")


def test_f4a2_the_same_input_by_another_method() -> None:
    """The worked line of R94."""
    strict, quarter, known = profile("credit-strict-input"), Period(0, Q1, 3), profiles()
    uses = note([], strict, "recycled", quarter, 16_934_400_000)
    rest = 46_736 * KG - 16_934_400_000
    blended = asked("controlled-blending", "recycled", "35.4", "Ni")
    fails = refused(judge(profile("controlled-blending"), blended, rest, Period(0, Q1 + 2, 1), uses, known))
    assert fails.code == "DOUBLE_CLAIM"
    assert fails.arithmetic == (
        "credit-strict-input already claims 16,934.4 kg Ni by recycled in 2026-01 to 2026-03; controlled-blending would claim "
        "10,549.7664 kg more of the same input by recycled: one method per product group and period"
    )
    assert judge(profile("controlled-blending"), blended, rest, Period(0, Q1 + 3, 1), uses, known) is None
    assert judge(profile("controlled-blending"), blended, rest, Period(0, Q1 - 1, 1), uses, known) is None
    assert note(uses, strict, "recycled", quarter, -16_934_400_000) == []
    says("R94", "16,934.4 kg", "35.4 %")


@pytest.mark.parametrize(
    ("other", "kind", "clashes"),
    [
        ("credit-strict-input", "recycled", False),  # the same method again
        ("credit-strict-input", "country", True),  # the same unit by two kinds of attribute
        ("credit-strict", "recycled", True),
        ("controlled-blending", "class", True),  # end of life is a part of recycled
        ("controlled-blending", "country", False),  # what is in the lot is no credit
    ],
)
def test_which_methods_bar_each_other(other: str, kind: str, clashes: bool) -> None:
    uses = note([], profile("credit-strict-input"), "recycled", Period(0, Q1, 3), KG)
    assert (clash(profile(other), kind, Period(0, Q1, 1), uses, profiles()) is not None) is clashes
    physical = note([], profile("identity-preserved"), "country", Period(0, Q1, 1), KG)
    assert clash(profile("controlled-blending"), "country", Period(0, Q1, 1), physical, profiles()) is None


def test_a_lot_is_not_claimed_for_more_than_it_contains() -> None:
    assert judge_twice("country:ZM", 600 * KG, 1_000 * KG, 400 * KG) is None
    fails = refused(judge_twice("country:ZM", 600 * KG, 1_000 * KG, 500 * KG))
    assert fails.code == "DOUBLE_CLAIM"
    assert fails.arithmetic == (
        "500 kg of the lot are claimed already, country:ZM needs 600 kg more, there are 1,000 kg: 100 kg would be claimed twice"
    )


def test_f4b_run_around_never_counts() -> None:
    primary, share = {"ID - mine -": 100 * KG}, Decimal(0)
    lot = primary
    for _ in range(3):  # a fifth of the output comes back, relabelled by nobody
        lot = {"ID - mine -": 80 * KG, "ID - run_around -": 20 * KG}
        share = Decimal(20) + Decimal("0.8") * share  # what would be counted if it were recycled
        for percent in ("0.001", str(share)):
            fails = refused(judge_lot(profile("controlled-blending"), asked("", "recycled", percent, "Ni"), lot, []))
            assert "have 0 kg (0 %)" in fails.arithmetic
    assert share == Decimal("48.8")
    assert judge_lot(profile("controlled-blending"), asked("", "recycled", "0", "Ni"), lot, []) is None


def test_identity_preserved_is_one_origin_and_no_contact() -> None:
    rules, all_of_it = profile("identity-preserved"), asked("identity-preserved", "country:ZM", "100")
    assert judge_lot(rules, all_of_it, {ZM: KG}, []) is None
    assert "here are 2" in refused(judge_lot(rules, all_of_it, {ZM: KG, "ZM M9 mine -": KG}, [])).arithmetic
    assert "here are 2" in refused(judge_lot(rules, all_of_it, {ZM: KG}, [CL])).arithmetic
    assert "needs 1 kg, have 0 kg" in refused(judge_lot(rules, asked("", "country:CL", "100"), {ZM: KG}, [])).arithmetic
    assert "100 % of a lot or nothing" in refused(judge_lot(rules, asked("", "country:ZM", "50"), {ZM: KG}, [])).arithmetic


def test_segregated_is_every_mg() -> None:
    rules, all_of_it = profile("segregated"), asked("segregated", "scheme:irma-50", "100")
    clean = {"ZM M1 mine irma-50": KG, "CL M2 mine a,irma-50": KG}
    assert judge_lot(rules, all_of_it, clean, []) is None
    assert "short 0.000001 kg" in refused(judge_lot(rules, all_of_it, clean | {ZM: 1}, [])).arithmetic


def test_a_profile_speaks_only_of_what_it_certifies() -> None:
    asi = profile("asi-coc")
    fails = refused(claim(asi, start(asi, Q1, 12), Q1, asked("asi-coc", "country:ZM", "100"), KG, "lot"))
    assert fails.arithmetic == "asi-coc certifies scheme:asi-coc: nothing in it backs country:ZM"


def test_a_conversion_factor_is_at_most_the_measured_recovery() -> None:
    rules = profile("credit-strict-input")
    assert judge_factor(rules, Decimal("0.96"), 98_672, 100_000) is None
    assert judge_factor(rules, Decimal("0.98672"), 98_672, 100_000) is None
    assert "at most that" in refused(judge_factor(rules, Decimal("0.99"), 98_672, 100_000)).arithmetic
    assert judge_factor(profile("asi-coc"), Decimal("0.99"), 98_672, 100_000) is None


def test_strict_credits_expire_after_one_more_period() -> None:
    strict = profile("credit-strict")
    credits_ = posted(record(strict, start(strict, Q1, 3), Q1, Sums(0, 0, KG, KG), "in"))
    credits_ = posted(close(strict, credits_, Closing("Q1")))
    assert credits_.layers == [Layer(0, KG)]
    assert posted(close(strict, credits_, Closing("Q2"))).layers == []


def test_a_claim_rounds_up_and_credits_round_down() -> None:
    assert [needed(Decimal(percent), 10) for percent in ("30", "30.0001", "100")] == [3, 4, 10]
    strict = profile("copper-mark")
    assert credited_mg(strict, Sums(1, 3, 0, 2), Decimal(1)) == 0
    assert credited_mg(strict, Sums(2, 3, 0, 2), Decimal(1)) == 1


def test_no_more_is_credited_than_came_in() -> None:
    """I2: old stock that is shipped with it makes no input worth more than itself."""
    assert credited_mg(profile("copper-mark"), Sums(40 * KG, 100 * KG, 0, 150 * KG), Decimal(1)) == 40 * KG


def test_a_stock_at_the_tolerance_is_within_it() -> None:
    iscc = profile("iscc-plus")
    for counted, remarks in ((995, 0), (994, 1), (1005, 0), (1006, 1)):
        closed = posted(close(iscc, start(iscc, Q1, 3), Closing("Q1", book_mg=1_000 * KG, counted_mg=counted * KG))).closed[0]
        assert len(closed.remarks) == remarks
