"""Calendar months as integers, and how a period reads in a sentence."""

from lodestream.claims.values import Period


def month_of(year: int, month: int) -> int:
    """The integer of a calendar month (1 to 12)."""
    return year * 12 + month - 1


def month_named(text: str) -> int:
    """The integer of `2026-03`."""
    return month_of(int(text[:4]), int(text[5:7]))


def named(month: int) -> str:
    """`2026-03`."""
    return f"{month // 12:04}-{month % 12 + 1:02}"


def span(period: Period) -> str:
    """`2026-01 to 2026-03`, or the one month."""
    last = period.first_month + period.months - 1
    return named(period.first_month) if period.months == 1 else f"{named(period.first_month)} to {named(last)}"
