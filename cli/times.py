"""Points in time on the command line."""

from datetime import UTC, datetime, timedelta
from typing import Any

import click

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Time(click.ParamType):
    """ISO 8601, such as 2026-03-03T23:59Z, as microseconds since 1970; without an offset in UTC, a date from its first moment."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """See the class."""
        if isinstance(value, int):
            return value
        try:
            time = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no time in ISO 8601: write 2026-03-03T23:59Z", param, ctx)
        return to_us(time)


def to_us(time: datetime) -> int:
    """Microseconds since 1970; without an offset the time is UTC."""
    time = time if time.tzinfo else time.replace(tzinfo=UTC)
    return (time - EPOCH) // timedelta(microseconds=1)


def said(us: int) -> str:
    """A time as people read it, in UTC; fractions of a second where there are some."""
    return (EPOCH + timedelta(microseconds=us)).isoformat().replace("+00:00", "Z")
