"""The credit method of mass balance: accounts of credits as pure functions of values (mass-balance sections 1.1, 1.4).

    balance at close = balance at open + credited + restated + transfers - claimed - expired

What is credited in a period is a function of its sums alone, floored to the profile's rounding unit, so the order of events
within it does not matter. A claim that the balance does not hold is refused as CREDIT_OVERDRAWN (F30).

Rulebook R92.
"""

from decimal import Decimal

from msgspec.structs import replace

from lodestream.claims.months import span
from lodestream.claims.physical import judge_form, needed, unsupported
from lodestream.claims.profile import Profile
from lodestream.claims.settling import credited_mg, missing, supply, total
from lodestream.claims.values import Closed, CreditPosting, Credits, Open, Period, Refusal, Step, Sums
from lodestream.epcis.event import Claim
from lodestream.measures import kg, percent
from lodestream.measures.exact import ratio


def start(profile: Profile, first_month: int, months: int, factor: Decimal = Decimal(1)) -> Credits:
    """A new account whose first period begins with that month. ValueError where the profile does not allow the length."""
    if not 1 <= months <= profile.period.max_months:
        raise ValueError(f"{profile.name}: a period has 1 to {profile.period.max_months} months, not {months}")
    return Credits([Open(Period(0, first_month, months))], factor)


def judge_factor(profile: Profile, factor: Decimal, recovered_mg: int, input_mg: int) -> Refusal | None:
    """I4: a conversion factor is at most the measured recovery, where the profile has one."""
    n, d = ratio(factor)
    if profile.conversion_factor == "none" or n * input_mg <= recovered_mg * d:
        return None
    return unsupported(
        f"conversion factor {factor} of {kg(input_mg)} is {kg(n * input_mg // d)}, "
        f"recovered were {kg(recovered_mg)} ({percent(recovered_mg, input_mg)}): at most that"
    )


def record(profile: Profile, credits_: Credits, month: int, flow: Sums, ref: str) -> Step:
    """Add a flow (negative to take one back) to the period of its month; one that is closed is restated (I6).

    What is older than the account counts in its first period.
    """
    closed = _closed_at(credits_, month)
    if closed is not None:
        return _restate(profile, credits_, closed, flow, ref)
    credits_, at = _reach(credits_, month)
    one = credits_.open[at]
    after = replace(one, sums=plus(one.sums, flow))
    mg = supply(profile, after, credits_.factor) - supply(profile, one, credits_.factor)
    number = one.period.number
    return _step(_put(credits_, at, after), CreditPosting("CREDIT_IN", number, number, mg, ref))


def claim(profile: Profile, credits_: Credits, month: int, asked: Claim, whole_mg: int, ref: str) -> Step | Refusal:
    """Claim credits for `asked.percent` of a lot that contains `whole_mg` of the element.

    It stands in the period of its month, in the first open one where that is closed. Where the profile forbids a balance
    below zero in mid-period, neither its own period nor a later open one may get there.
    """
    refused = judge_form(profile, asked)
    if refused is not None:
        return refused
    if asked.percent == 0:
        return unsupported(f"0 % {asked.attribute}: a mass balance cannot say what is not in a lot, only its shares can")
    need = needed(asked.percent, whole_mg)
    return _take(profile, credits_, month, need, CreditPosting("CLAIM", 0, 0, -need, ref), claimed(asked, whole_mg))


def claimed(asked: Claim, whole_mg: int) -> str:
    """What a claim is of, in words."""
    return f"{asked.percent} % {asked.attribute} of {kg(whole_mg)} {asked.element}"


def overdrawn(said: str, need: int, short: int, period: Period) -> Refusal:
    """F30: what was said needs more credits than the account has in a period."""
    have = kg(need - short)
    return Refusal("CREDIT_OVERDRAWN", f"{said} needs {kg(need)}, have {have} in {span(period)}, short {kg(short)}")


def withdraw(credits_: Credits, number: int, mg: int, ref: str) -> Step:
    """Take back a claim that stands in the period of that number: in the first open period where that one is closed.

    With `mg` below zero the claim takes its credits again, whether they are there or not.
    """
    at = next((i for i, one in enumerate(credits_.open) if one.period.number == number), None)
    if at is None:
        first = credits_.open[0]
        after = _put(credits_, 0, replace(first, restated_mg=first.restated_mg + mg))
        return _step(after, CreditPosting("WITHDRAWN", first.period.number, number, mg, ref))
    one = credits_.open[at]
    after = _put(credits_, at, replace(one, claimed_mg=one.claimed_mg - mg))
    return _step(after, CreditPosting("WITHDRAWN", number, number, mg, ref))


def transfer_out(profile: Profile, credits_: Credits, month: int, mg: int, ref: str, said: str) -> Step | Refusal:
    """Credits that leave for another account (whether they may is `transfers.judge`) or a certificate; `said` names that.

    They must be there, also where claims may bring the balance below zero until the close.
    """
    return _take(profile, credits_, month, mg, CreditPosting("TRANSFER_OUT", 0, 0, -mg, ref), said)


def transfer_in(credits_: Credits, month: int, mg: int, ref: str) -> Step:
    """Credits that another account gave: the second side of `transfer_out` (I9). They are new in the period that they reach."""
    credits_, at = _reach(credits_, month)
    one = credits_.open[at]
    number = one.period.number
    after = replace(one, moved_mg=one.moved_mg + mg)
    return _step(_put(credits_, at, after), CreditPosting("TRANSFER_IN", number, number, mg, ref))


def versions(credits_: Credits, number: int) -> list[Closed]:
    """All versions of a closed period, the first as it was closed."""
    return [one for one in credits_.closed if one.period.number == number]


def plus(one: Sums, other: Sums) -> Sums:
    """The sum of two flows."""
    return Sums(
        one.certified_mg + other.certified_mg,
        one.input_mg + other.input_mg,
        one.certified_output_mg + other.certified_output_mg,
        one.output_mg + other.output_mg,
    )


def _take(profile: Profile, credits_: Credits, month: int, need: int, posting: CreditPosting, said: str) -> Step | Refusal:
    before, at = _reach(credits_, month)
    one = before.open[at]
    number = one.period.number
    moved = posting.kind == "TRANSFER_OUT"
    taken = replace(one, moved_mg=one.moved_mg - need) if moved else replace(one, claimed_mg=one.claimed_mg + need)
    after = _put(before, at, taken)
    owed = zip(missing(profile, before)[at:], missing(profile, after)[at:], strict=True)
    short = max((now for was, now in owed if now > was), default=0)
    if short and (moved or not profile.negative.mid_period):
        return overdrawn(said, need, short, one.period)
    return _step(after, replace(posting, number=number, of=number))


def _restate(profile: Profile, credits_: Credits, closed: Closed, flow: Sums, ref: str) -> Step:
    """A closed period as version n+1; the difference stands in the first open period, and nobody is refused for a fact.

    What a period turns out never to have had is first of what it left to expire: that takes nothing from the open one.
    """
    number, sums = closed.period.number, plus(closed.sums, flow)
    worth = credited_mg(profile, sums, credits_.factor)
    lost = versions(credits_, number)[0].credited_mg - worth
    expired = [layer for one in credits_.closed if one.version == 1 for layer in one.expired if layer.number == number]
    unexpired = max(0, min(lost, total(expired)))
    first, mg, back = credits_.open[0], worth - closed.credited_mg, unexpired - closed.unexpired_mg
    after = replace(
        credits_,
        open=[replace(first, restated_mg=first.restated_mg + mg + back), *credits_.open[1:]],
        closed=[
            *credits_.closed,
            replace(closed, version=closed.version + 1, sums=sums, credited_mg=worth, unexpired_mg=unexpired),
        ],
    )
    postings = [("RESTATED", mg), ("EXPIRED", back)]
    return Step(after, [CreditPosting(kind, first.period.number, number, one, ref) for kind, one in postings if one])


def _closed_at(credits_: Credits, month: int) -> Closed | None:
    """The newest version of the closed period that a month falls into."""
    if month >= credits_.open[0].period.first_month or not credits_.closed:
        return None
    of_month = [one for one in credits_.closed if one.period.first_month <= month]
    number = max(one.period.number for one in of_month) if of_month else 0
    return versions(credits_, number)[-1]


def _reach(credits_: Credits, month: int) -> tuple[Credits, int]:
    """The account with periods open up to the month, each as long as the one before, and the place of the month's."""
    opened = list(credits_.open)
    while month >= (end := opened[-1].period.first_month + opened[-1].period.months):
        opened.append(Open(Period(opened[-1].period.number + 1, end, opened[-1].period.months)))
    at = max((i for i, one in enumerate(opened) if one.period.first_month <= month), default=0)
    return replace(credits_, open=opened), at


def _put(credits_: Credits, at: int, one: Open) -> Credits:
    return replace(credits_, open=[*credits_.open[:at], one, *credits_.open[at + 1 :]])


def _step(credits_: Credits, posting: CreditPosting) -> Step:
    return Step(credits_, [posting] if posting.mg else [])
