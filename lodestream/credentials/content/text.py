"""JSON put together as text: how traceability events are made, of which a ledger has thousands a second.

To make values first and JSON of them then costs as much as the signature over it, text at once half as much (docs/performance.md,
Issuing). Whoever needs values reads the text. It is safe by what writes it: what somebody named goes through `quoted`, and
between quotes stands nothing but what `saying.uri` and `saying.time` give, of which JSON escapes nothing.
"""

from functools import lru_cache
from typing import Any, Final, NewType

from lodestream.credentials.jsontext import parse_object, write

Json = NewType("Json", str)
"""A value in JSON, or members of an object with commas between them."""

FRACTION_DIGITS: Final = 9
_POWERS: list[int] = [10**digits for digits in range(FRACTION_DIGITS + 1)]


def quoted(text: str) -> Json:
    """A text as a JSON string."""
    return Json(write(text).decode())


@lru_cache(maxsize=1_000)
def common(name: str) -> Json:
    """As `quoted`, of a name that many credentials have: a product's, a step's, a place's."""
    return quoted(name)


def written(value: Any) -> Json:
    """A value as JSON."""
    return Json(write(value).decode())


def values(members: list[Json]) -> dict[str, Any]:
    """The object that has these members, its numbers as int or Decimal."""
    return parse_object(f"{{{','.join(members)}}}".encode(), "what is told")


def number(units: int, digits: int) -> Json:
    """A number of units of 10^-digits in its one shortest form: 1500000 of 6 digits is 1.5. At most nine digits."""
    power = _POWERS[digits]
    whole = abs(units) // power
    rest = abs(units) - whole * power
    sign = "-" if units < 0 else ""
    if rest == 0:
        return Json(f"{sign}{whole}")
    return Json(f"{sign}{whole}.{str(power + rest)[1:].rstrip('0')}")  # the power keeps the zeros before the rest


def kg(mg: int) -> Json:
    """A mass in mg as a measure in kg, exact."""
    return Json(f'{{"value":{number(mg, 6)},"unit":"KGM"}}')


def mass_fraction(contained_mg: int, dry_mg: int) -> Json:
    """Contained over dry mass, rounded half to even to nine digits. The dry mass is above 0."""
    parts = contained_mg // dry_mg
    rest = contained_mg - parts * dry_mg
    for _ in range(FRACTION_DIGITS // 3):  # three digits at a time: numbers of one machine word, where one division has two
        rest *= 1_000
        more = rest // dry_mg
        rest -= more * dry_mg
        parts = parts * 1_000 + more
    if 2 * rest > dry_mg or (2 * rest == dry_mg and parts % 2):
        parts += 1
    return number(parts, FRACTION_DIGITS)
