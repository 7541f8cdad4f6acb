"""The close of a balance period (I6 to I8): who draws from which period's credits, what expires, what is carried, what is owed.

Draws are settled at close, not claim by claim, so they do not hang on the order of a period's events. A close below zero is
refused as NEGATIVE_AT_CLOSE (F32), unless the profile knows an overdraft and there is evidence for it.

Rulebook R95.
"""

from msgspec.structs import replace

from lodestream.claims.months import span
from lodestream.claims.profile import Profile
from lodestream.claims.settling import credited_mg, draw, fresh, settle, supply, total
from lodestream.claims.values import Closed, Closing, CreditPosting, Credits, Layer, Open, Period, Refusal, Step
from lodestream.measures import kg, percent
from lodestream.measures.exact import ratio


def close(profile: Profile, credits_: Credits, closing: Closing) -> Step | Refusal:
    """Close the first open period for good. What expires is posted to EXPIRED; what is left opens the next period."""
    now = credits_.open[0]
    number = now.period.number
    left, owed = settle(profile, credits_.layers, credits_.owed, now, credits_.factor)
    if owed and not profile.negative.at_close:
        refused = _judge_overdraft(profile, credits_, now, owed, closing.evidence)
        if refused is not None:
            return refused
    carried, expired, remarks = _carry(profile, number, left, closing)
    if owed:
        remarks.append(f"overdraft of {_of_input(total(owed), now)}: {closing.evidence}")
    closed = Closed(
        period=now.period,
        version=1,
        sums=now.sums,
        credited_mg=credited_mg(profile, now.sums, credits_.factor),
        claimed_mg=now.claimed_mg,
        carried=carried,
        owed=owed,
        expired=expired,
        evidence=closing.evidence if owed else "",
        remarks=remarks + _stock_gap(profile, closing),
    )
    following = credits_.open[1:] or [Open(_next(now.period))]
    after = replace(credits_, open=following, layers=carried, owed=owed, closed=[*credits_.closed, closed])
    return Step(after, [CreditPosting("EXPIRED", number, layer.number, -layer.mg, closing.ref) for layer in expired])


def _judge_overdraft(profile: Profile, credits_: Credits, now: Open, owed: list[Layer], evidence: str) -> Refusal | None:
    rule = profile.overdraft
    number, certified = now.period.number, now.sums.certified_mg
    new = total([debt for debt in owed if debt.number == number])
    late = [debt for debt in owed if debt.number < number and number - debt.number >= rule.clear_within_periods]
    allowed = ratio(rule.max_percent_of_input)
    within = new * 100 * allowed[1] <= allowed[0] * certified
    if not late and (not new or (within and evidence)):
        return None
    because = f"{profile.name} allows {rule.max_percent_of_input} %"
    if late:
        because = f"{kg(total(late))} were to be cleared within {rule.clear_within_periods} period"
    elif rule.max_percent_of_input and not evidence:
        because += f" on evidence of {rule.condition}, and there is none"
    carried, brought = total(credits_.layers) - total(credits_.owed), supply(profile, now, credits_.factor)
    return Refusal(
        "NEGATIVE_AT_CLOSE",
        f"{span(now.period)}: carried {kg(carried)} + in {kg(brought)} - claimed {kg(now.claimed_mg)} = {kg(-total(owed))}; "
        f"short {_of_input(total(owed), now)}, {because}",
    )


def _of_input(mg: int, now: Open) -> str:
    certified = now.sums.certified_mg
    return f"{kg(mg)}, {percent(mg, certified, 6)} of {kg(certified)} certified input"


def _carry(profile: Profile, number: int, left: list[Layer], closing: Closing) -> tuple[list[Layer], list[Layer], list[str]]:
    """What of the rest is carried and what expires, by period of origin, and what to say of it."""
    rule, remarks = profile.carry_forward, []
    carried = [] if closing.claimed_elsewhere else fresh(profile, number, left)
    expired = [layer for layer in left if layer not in carried]
    if left and closing.claimed_elsewhere:
        remarks.append("another method claimed from the same input: nothing is carried")
    if rule.cap == "physical_stock":
        stock = closing.book_mg if closing.counted_mg is None else closing.counted_mg
        excess = max(0, total(carried) - stock)
        if excess:
            remarks.append(f"{kg(total(carried))} left, physical stock {kg(stock)}: {kg(excess)} expire")
        kept, _ = draw(carried, excess)
        expired += [Layer(was.number, was.mg - now.mg) for was, now in zip(carried, kept, strict=True) if was.mg > now.mg]
        carried = [layer for layer in kept if layer.mg]
    return carried, sorted(expired, key=lambda layer: layer.number), remarks


def _stock_gap(profile: Profile, closing: Closing) -> list[str]:
    """I8: what to say of the stock by book and by count."""
    tolerance = profile.book_vs_physical_tolerance_percent
    if tolerance is None:
        return []
    if closing.counted_mg is None:
        return ["book, not counted"]
    gap = abs(closing.counted_mg - closing.book_mg)
    n, d = ratio(tolerance)
    if gap * 100 * d <= n * closing.book_mg:
        return []
    apart = f"{kg(gap)} apart ({percent(gap, closing.book_mg)}), {profile.name} allows {tolerance} %"
    return [f"counted {kg(closing.counted_mg)}, book {kg(closing.book_mg)}: {apart}"]


def _next(period: Period) -> Period:
    return Period(period.number + 1, period.first_month + period.months, period.months)
