"""Scalar values of EPCIS JSON: URIs, times and numbers, checked and brought into one form."""

import re
from decimal import Decimal
from ipaddress import AddressValueError, IPv6Address

from msgspec import Struct

from lodestream.epcis.remember import remembered

_UNRESERVED = r"A-Za-z0-9\-._~"
_SUB_DELIMS = r"!$&'()*+,;="


def _run(chars: str) -> str:
    """Any number of `chars` and percent escapes; unrolled, since one alternative a character is slow."""
    return rf"[{chars}]*(?:%[0-9A-Fa-f]{{2}}[{chars}]*)*"


_PCHARS = rf"{_UNRESERVED}{_SUB_DELIMS}:@"
_URI = re.compile(  # RFC 3986, appendix A
    rf"[A-Za-z][A-Za-z0-9+.\-]*:"
    rf"(?://(?:{_run(_UNRESERVED + _SUB_DELIMS + ':')}@)?"
    rf"(?:\[(?:(?P<ipv6>[0-9A-Fa-f:.]+)|[vV][0-9A-Fa-f]+\.[{_UNRESERVED}{_SUB_DELIMS}:]+)\]"
    rf"|{_run(_UNRESERVED + _SUB_DELIMS)})(?::[0-9]*)?(?:/{_run(_PCHARS + '/')})?"
    rf"|(?!//){_run(_PCHARS + '/')})"
    rf"(?:\?{_run(_PCHARS + '/?')})?(?:\#{_run(_PCHARS + '/?')})?"
)
_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DAY = 86_400


@remembered(32_768)
def is_uri(text: str) -> bool:
    """Whether `text` is a URI with a scheme (RFC 3986), which a CURIE `prefix:name` is too."""
    match = _URI.fullmatch(text)
    if match is None:
        return False
    if match["ipv6"] is None:
        return True
    try:
        IPv6Address(match["ipv6"])
    except AddressValueError:
        return False
    return True


class Instant(Struct, frozen=True):
    """A point in time: microseconds since 1970 (further digits cut), exact UTC text, and UTC text in milliseconds.

    `millis` is rounded half up, as the CBV 2.0 event hash wants it.
    """

    us: int
    text: str
    millis: str


@remembered(8_192)
def instant(text: str) -> Instant | None:
    """The instant that an RFC 3339 date-time names, or None. A leap second counts as the first of the next minute."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    fraction, sign, zone_hour, zone_minute = match[7] or "", match[8], int(match[9] or 0), int(match[10] or 0)
    if not (1 <= month <= 12 and 1 <= day <= _days_in(year, month)):
        return None
    if hour > 23 or minute > 59 or second > 60 or zone_hour > 23 or zone_minute > 59:
        return None
    offset = (zone_hour * 60 + zone_minute) * (-60 if sign == "-" else 60)
    start = _days_from_civil(year, month, day) * _DAY + hour * 3600 + minute * 60 - offset
    if second == 60 and start % _DAY != _DAY - 60:  # leap seconds come at the end of a UTC day only
        return None
    seconds = start + second
    digits = fraction.rstrip("0")
    millis = seconds * 1000 + (int(fraction[:4].ljust(4, "0")) + 5) // 10
    return Instant(
        us=seconds * 1_000_000 + int(fraction[:6].ljust(6, "0")),
        text=f"{_date_time(seconds)}{'.' if digits else ''}{digits}Z",
        millis=f"{_date_time(millis // 1000)}.{millis % 1000:03d}Z",
    )


def _days_in(year: int, month: int) -> int:
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return _DAYS[month - 1] + leap


def _days_from_civil(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01 in the proleptic Gregorian calendar; unlike `datetime` it knows the year 0."""
    year -= month <= 2
    era, of_era = divmod(year, 400)
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


def _date_time(seconds: int) -> str:
    days, rest = divmod(seconds, _DAY)
    era, of_era = divmod(days + 719_468, 146_097)
    year = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    shifted = (5 * of_year + 2) // 153
    day = of_year - (153 * shifted + 2) // 5 + 1
    month = shifted + 3 if shifted < 10 else shifted - 9
    year += era * 400 + (month <= 2)
    return f"{year:04d}-{month:02d}-{day:02d}T{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"


def plain(number: Decimal | int) -> str:
    """A number in plain decimal notation: no exponent, no trailing zeros, no sign of zero. Exact, never rounded."""
    if type(number) is int:
        return str(number)
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
