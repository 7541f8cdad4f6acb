"""Calendar months as accounting periods, in the book's time zone: "2026-03" (ledger-rules section 8; rulebook R75).

The zones are those of the IANA database that Python reads; a month is a function of it and of the time alone.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from lodestream.claims.months import month_named, named

DAY_US = 86_400_000_000
FIRST, LAST = "0001-01", "9999-12"
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])$")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAYS = ((datetime.min.replace(tzinfo=UTC) - _EPOCH).days, (datetime.max.replace(tzinfo=UTC) - _EPOCH).days)
_END_US = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


def is_month(text: str) -> bool:
    """Whether a text names a month."""
    return _MONTH.match(text) is not None and text >= FIRST


def month_of(zone: str, at_us: int) -> str:
    """The month of a time."""
    guess = _utc_month(at_us // DAY_US)
    start, end = bounds(zone, guess)
    if at_us < start:
        return shifted(guess, -1)
    return shifted(guess, 1) if at_us >= end else guess


def shifted(month: str, more: int) -> str:
    """The month so many months later, within the years 1 to 9999."""
    return named(min(max(month_named(month) + more, month_named(FIRST)), month_named(LAST)))


@lru_cache(maxsize=4096)
def bounds(zone: str, month: str) -> tuple[int, int]:
    """Start and end of a month in microseconds since 1970-01-01 UTC; the end is not in it."""
    return _start_us(zone, month), _END_US if month == LAST else _start_us(zone, shifted(month, 1))


def _start_us(zone: str, month: str) -> int:
    local = datetime(int(month[:4]), int(month[5:]), 1)  # noqa: DTZ001  # of the zone, and it may be out of range in UTC
    offset = local.replace(tzinfo=ZoneInfo(zone)).utcoffset()
    assert offset is not None, "every zone has an offset"
    return (local - _EPOCH.replace(tzinfo=None) - offset) // timedelta(microseconds=1)


@lru_cache(maxsize=4096)
def _utc_month(day: int) -> str:
    at = _EPOCH + timedelta(days=min(max(day, _DAYS[0]), _DAYS[1]))
    return f"{at.year:04d}-{at.month:02d}"
