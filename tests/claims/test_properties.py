"""What holds for every account, whatever happens to it."""

from decimal import Decimal
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from lodestream.claims.closing import close
from lodestream.claims.credit import claim, record, start, versions, withdraw
from lodestream.claims.profile import Profile
from lodestream.claims.settling import balance, project, total
from lodestream.claims.values import Closing, CreditPosting, Credits, Refusal, Step, Sums
from tests.claims.making import Q1, asked, posted, profile

BASES = ["output_share", "input_cf", "input_percent"]
FACTOR = Decimal("0.96")
AMOUNT = st.integers(0, 10**12)


class Act(NamedTuple):
    what: str
    month: int
    first: int
    second: int
    third: int


@st.composite
def rules(draw: st.DrawFn) -> Profile:
    """A credit profile with any basis, draw order, expiry and overdraft."""
    base = profile(draw(st.sampled_from(["credit-strict", "iscc-plus", "iscc-eu", "asi-coc"])))
    return replace(
        base,
        attributes=["recycled"],
        claim_granularity="fractional",
        credit_basis=draw(st.sampled_from(BASES)),
        rounding_unit_mg=draw(st.sampled_from([1, 7, 10**6])),
        draw_order=draw(st.sampled_from(["oldest_first", "newest_first"])),
        carry_forward=replace(base.carry_forward, expires_after_periods=draw(st.sampled_from([None, 0, 1, 2]))),
    )


ACTS = st.lists(
    st.builds(Act, st.sampled_from(["flow", "flow", "claim", "withdraw", "close"]), st.integers(0, 14), AMOUNT, AMOUNT, AMOUNT),
    min_size=3,
    max_size=40,
)


def flow(act: Act) -> Sums:
    """A flow in which what has the attribute is a part of the whole."""
    return Sums(act.first, act.first + act.second, min(act.first, act.third), act.third)


class Run:
    """An account and all that was posted to it, while acts befall it."""

    def __init__(self, rules: Profile) -> None:
        self.rules = rules
        self.credits = start(rules, Q1, 3, FACTOR)
        self.postings: list[CreditPosting] = []
        self.claims: list[CreditPosting] = []

    def do(self, act: Act) -> None:
        match act.what:
            case "flow":
                self.take(record(self.rules, self.credits, Q1 + act.month, flow(act), "flow"))
            case "claim":
                wanted = asked(self.rules.name, "recycled", "100")
                self.claims += self.take(claim(self.rules, self.credits, Q1 + act.month, wanted, act.first // 4, "claim"))
            case "withdraw" if self.claims:
                undone = self.claims.pop(act.first % len(self.claims))
                self.take(withdraw(self.credits, undone.number, -undone.mg, "undo"))
            case "close":
                self.take(close(self.rules, self.credits, Closing("close", "evidence", act.first, act.second)))

    def take(self, step: Step | Refusal) -> list[CreditPosting]:
        if isinstance(step, Refusal):
            assert step.arithmetic
            return []
        self.credits = step.credits
        self.postings += step.postings
        return step.postings

    def sum_of(self, *kinds: str) -> int:
        return sum(posting.mg for posting in self.postings if posting.kind in kinds)


def worth(rules: Profile, credits_: Credits) -> list[tuple[Sums, int]]:
    """The flows of every period and what they are worth at most, before any rounding to the unit."""
    numbers = sorted({one.period.number for one in credits_.closed})
    sums = [versions(credits_, number)[-1].sums for number in numbers] + [one.sums for one in credits_.open]
    found = []
    for one in sums:
        match rules.credit_basis:
            case "output_share":
                most = one.certified_output_mg
            case "input_cf":
                most = int(Decimal(one.certified_mg) * FACTOR)
            case _:
                most = one.certified_mg * one.output_mg // one.input_mg if one.input_mg else 0
        found.append((one, most))
    return found


@settings(max_examples=800)
@given(rules(), ACTS)
def test_credits_are_never_created_and_none_is_lost(rules: Profile, acts: list[Act]) -> None:
    run = Run(rules)
    for act in acts:
        run.do(act)
        came_in = run.sum_of("CREDIT_IN", "RESTATED")
        assert 0 <= came_in <= sum(most for _, most in worth(rules, run.credits))
        claimed, expired = -run.sum_of("CLAIM", "WITHDRAWN"), -run.sum_of("EXPIRED")
        opened = sum(posting.mg for posting in run.postings if posting.number > run.credits.open[0].period.number)
        here = came_in - claimed - expired - opened
        assert here == balance(rules, run.credits)  # in = claimed + expired + carried, as of the first open period
        assert claimed == sum(-posting.mg for posting in run.claims)


@settings(max_examples=400)
@given(rules(), ACTS)
def test_a_strict_account_is_never_below_zero_by_a_claim(rules: Profile, acts: list[Act]) -> None:
    run = Run(replace(rules, negative=replace(rules.negative, mid_period=False)))
    for act in acts:
        if act.what in {"flow", "claim"}:
            run.do(act)
            # Other than by output in percent of input, which more uncertified input lowers, flows only add.
            if run.rules.credit_basis != "input_percent":
                assert not any(owed for _, owed in project(run.rules, run.credits))


@settings(max_examples=400)
@given(rules(), ACTS, st.randoms(use_true_random=False))
def test_the_order_within_a_period_does_not_matter(rules: Profile, acts: list[Act], random: object) -> None:
    free = replace(rules, negative=replace(rules.negative, mid_period=True))
    one, other = Run(free), Run(free)
    quarter = [act._replace(month=act.month % 3) for act in acts if act.what in {"flow", "claim"}]
    for act in quarter:
        one.do(act)
    random.shuffle(quarter)  # type: ignore[attr-defined]  # random.Random
    for act in quarter:
        other.do(act)
    assert one.credits == other.credits
    both = [close(free, run.credits, Closing("close", "evidence")) for run in (one, other)]
    assert both[0] == both[1]


@settings(max_examples=400)
@given(rules(), st.lists(st.builds(Act, st.just("flow"), st.integers(0, 2), AMOUNT, AMOUNT, AMOUNT), min_size=1, max_size=8))
def test_a_flow_after_the_close_is_worth_what_it_was_before(rules: Profile, acts: list[Act]) -> None:
    """Late or in time, the credits of all periods add up to the same."""
    in_time, late = Run(rules), Run(rules)
    for act in acts:
        in_time.do(act)
    for act in acts[:-1]:
        late.do(act)
    late.do(Act("close", 0, 0, 0, 0))
    late.do(acts[-1])
    assert in_time.sum_of("CREDIT_IN") == late.sum_of("CREDIT_IN", "RESTATED")
    assert [one.version for one in versions(late.credits, 0)] == [1, 2]
    taken_back = posted(record(rules, late.credits, Q1 + acts[-1].month, negative(flow(acts[-1])), "back"))
    assert taken_back.open == posted(close(rules, before_last(rules, acts), Closing("close", "evidence", 0, 0))).open
    assert total(taken_back.layers) >= 0


def negative(one: Sums) -> Sums:
    return Sums(-one.certified_mg, -one.input_mg, -one.certified_output_mg, -one.output_mg)


def before_last(rules: Profile, acts: list[Act]) -> Credits:
    run = Run(rules)
    for act in acts[:-1]:
        run.do(act)
    return run.credits
