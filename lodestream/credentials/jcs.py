"""JSON in its one canonical form, for hashing: JCS (RFC 8785), by the library rfc8785.

JCS writes numbers as ECMAScript does, which holds each as a double. A number is taken only where that changes nothing: where
the shortest text of its double is the number itself. All others are refused, on signing and on verification, since their
hash would be that of another number (0.12345678901234567890 would be signed as 0.12345678901234568).
"""

from decimal import Decimal
from typing import Any

import rfc8785

from lodestream.credentials.errors import CredentialError


def canonical(value: Any) -> bytes:
    """The canonical bytes of a JSON value whose numbers are int or Decimal.

    Raises CredentialError: JCS_NUMBER where a number has no exact double in the sense above (at most 15 significant digits always
    have one), JCS where a text is no Unicode.
    """
    try:
        return rfc8785.dumps(_exact(value))
    except ValueError:  # of the library, and of a text with half a surrogate pair
        raise CredentialError("JCS", "it has no canonical form (RFC 8785): a text in it is no Unicode") from None


def _exact(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _exact(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_exact(item) for item in value]
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return value
    return _double(value)


def _double(number: int | Decimal) -> float:
    """The double that ECMAScript reads for the number and writes back as the same number."""
    try:
        double = float(number)
        same = Decimal(repr(double)) == number
    except OverflowError:  # an int above the largest double
        same = False
    if not same:
        raise CredentialError(
            "JCS_NUMBER",
            f"the number {str(number)[:40]} has no exact double, so its canonical form (RFC 8785) would be another number;"
            " write it with at most 15 significant digits, or secure the credential as vc+jwt",
        )
    return double
