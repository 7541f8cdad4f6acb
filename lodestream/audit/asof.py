"""Balances in two times: "as known at r, about time v" (DESIGN.md section 3, Time; mass-balance section 7, S5).

A posting has a valid time, when it happened, and a record time, when the book learnt of it. Nothing is ever updated, so what
was known at r is the sum of what was recorded until then, and of that, what was there at v is the sum of what had happened.
"""

from collections.abc import Iterable

from lodestream.audit.values import Leg
from lodestream.ledger.records import Outcome

Account = tuple[str, str, str]


def counts(leg: Leg, as_of_us: int | None, about_us: int | None) -> bool:
    """Whether a leg belongs to what was known at `as_of_us` about `about_us`; both inclusive, None: without bound."""
    return (as_of_us is None or leg.record_time_us <= as_of_us) and (about_us is None or leg.valid_time_us <= about_us)


def balances(legs: Iterable[Leg], as_of_us: int | None = None, about_us: int | None = None) -> dict[Account, int]:
    """The accounts (site, element, account) that are not at zero, in mg. The order of the legs does not matter."""
    sums: dict[Account, int] = {}
    for leg in legs:
        if counts(leg, as_of_us, about_us):
            key = (leg.site, leg.element, leg.account)
            sums[key] = sums.get(key, 0) + leg.amount_mg
    return {key: mg for key, mg in sorted(sums.items()) if mg}


def legs(outcome: Outcome) -> list[Leg]:
    """The legs of a transaction with its two times."""
    return [
        Leg(outcome.site, p.element, p.account, p.amount_mg, outcome.valid_time_us, outcome.record_time_us)
        for p in outcome.postings
    ]
