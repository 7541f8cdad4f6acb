"""Exact arithmetic of the ledger: rationals as pairs of integers, one rounding, and how amounts read in a sentence.

A `Ratio` is (numerator, denominator > 0), not reduced: the products of a measurement are short, and reducing after
each of them costs more than the whole measurement.
"""

from decimal import Decimal
from math import isqrt

Ratio = tuple[int, int]

INT64_MAX = 2**63 - 1
_MAX_EXPONENT = 120  # what the gate lets through has at most 60 digits, before and behind the point


class NotExactError(ValueError):
    """A number that is no quantity: not finite, or of more digits than a mass can have."""


def ratio(value: Decimal) -> Ratio:
    """The exact rational of a decimal as stated. NotExactError keeps 1E+999999999 from eating the memory."""
    if not value.is_finite():
        raise NotExactError(f"{value} is not a number")
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -_MAX_EXPONENT or value.adjusted() > _MAX_EXPONENT:
        raise NotExactError(f"{value:.6E} has more digits than a quantity can have")
    return value.as_integer_ratio()


def times(*factors: Ratio) -> Ratio:
    """The product."""
    numerator = denominator = 1
    for n, d in factors:
        numerator *= n
        denominator *= d
    return numerator, denominator


def complement(value: Ratio) -> Ratio:
    """One minus the value: the dry part of a moisture."""
    return value[1] - value[0], value[1]


def rounded(value: Ratio) -> int:
    """Rounded once, half to even (mass-balance 2.2)."""
    quotient, rest = divmod(value[0], value[1])
    twice = 2 * rest
    return quotient + 1 if twice > value[1] or (twice == value[1] and quotient & 1) else quotient


def percent_of(percent: Decimal, amount: int) -> int:
    """That percentage of an amount, rounded once, half to even."""
    n, d = ratio(percent)
    return rounded((n * amount, 100 * d))


def share(total: int, part: int, whole: int) -> int:
    """`total` x `part` / `whole`, rounded half to even: what a draw takes of a lot (ledger-rules 5). `whole` must not be 0."""
    return rounded((total * part, whole) if whole > 0 else (-total * part, -whole))


def root(square: int) -> int:
    """The integer nearest to the square root of a non-negative integer."""
    return (isqrt(4 * square) + 1) // 2


def quadrature(*uncertainties: int) -> int:
    """The root of the sum of squares: the combined standard uncertainty of independent amounts, to the nearest integer."""
    return root(sum(u * u for u in uncertainties))


def kg(amount_mg: int) -> str:
    """An amount for an arithmetic text, exact: 855855000000 -> "855,855 kg"."""
    return _scaled(amount_mg, 6, "kg")


def tonnes(amount_mg: int) -> str:
    """An amount for an arithmetic text, exact: 517504117600 -> "517.5041176 t"."""
    return _scaled(amount_mg, 9, "t")


def percent(part: int, whole: int, places: int = 4) -> str:
    """`part` of `whole` for an arithmetic text, rounded half to even to at most `places`: "111.1 %"."""
    if whole == 0:
        return "- %"
    return f"{_scaled(share(part, 100 * 10**places, whole), places)} %"


def decimal(value: Ratio, places: int = 6) -> str:
    """A rational as a decimal of at most `places`, for an arithmetic text."""
    return _scaled(rounded((value[0] * 10**places, value[1])), places)


def _scaled(amount: int, places: int, unit: str = "") -> str:
    whole, rest = divmod(abs(amount), 10**places)
    digits = f"{rest:0{places}d}".rstrip("0")
    number = f"{'-' if amount < 0 else ''}{whole:,}{'.' + digits if digits else ''}"
    return f"{number} {unit}" if unit else number
