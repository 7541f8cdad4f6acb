"""Mass balance by the rolling average percentage: one percentage for all outputs of the boundary in the window (rulebook R93).

    p = sum of certified input / sum of all input, over the last whole periods that fit into the window

The flows are kept by period as for credits (credit.record); claims take nothing, they are at most p (F5).
"""

from lodestream.claims.credit import versions
from lodestream.claims.physical import judge_form, judge_share, unsupported
from lodestream.claims.profile import Profile
from lodestream.claims.values import Credits, Period, Refusal, Sums
from lodestream.epcis.event import Claim


def window(profile: Profile, credits_: Credits, month: int) -> tuple[int, int]:
    """Certified and all input of the window that ends with the month's period, in mg."""
    known = _periods(credits_)
    ends = [period for period, _ in known if period.first_month <= month]
    if not ends:
        return 0, 0
    last = max(ends, key=lambda period: period.number)
    until = last.first_month + last.months
    inside = [
        sums for period, sums in known if period.number <= last.number and until - period.first_month <= profile.period.max_months
    ]
    return sum(one.certified_mg for one in inside), sum(one.input_mg for one in inside)


def claim(profile: Profile, credits_: Credits, month: int, asked: Claim) -> Refusal | None:
    """Judge a claim: at most the percentage of the window, the same for every output."""
    refused = judge_form(profile, asked)
    if refused is not None:
        return refused
    if asked.percent == 0:
        return unsupported(f"0 % {asked.attribute}: a mass balance cannot say what is not in a lot, only its shares can")
    certified, everything = window(profile, credits_, month)
    return judge_share(profile, asked, certified, everything)


def _periods(credits_: Credits) -> list[tuple[Period, Sums]]:
    """Every period with its sums, closed ones in their newest version."""
    numbers = sorted({one.period.number for one in credits_.closed})
    newest = [versions(credits_, number)[-1] for number in numbers]
    return [(one.period, one.sums) for one in newest] + [(one.period, one.sums) for one in credits_.open]
