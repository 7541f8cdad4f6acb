"""What an identifier says of itself: whether it is of a batch or of one item, and its number."""

import re

from lodestream.credentials.encoding import percent_decoded

SEPARATORS = "/:#="
_KEY = re.compile(r"/(?P<ai>10|21)/(?P<value>[^/?#]+)")


def last_part(identifier: str) -> str:
    """What follows the last separator of an identifier, decoded."""
    part = identifier.rstrip(SEPARATORS)
    for separator in SEPARATORS:
        part = part[part.rfind(separator) + 1 :]
    return percent_decoded(part) or identifier


def identified(lot: str) -> tuple[str, str]:
    """How fine it is, as UNTP says it, and its number: a lot is a batch unless its identifier has a serial number.

    The batch number is the GS1 lot, else the id's last part.
    """
    found: dict[str, str] = {}
    if "/10/" in lot or "/21/" in lot:
        found = {match["ai"]: percent_decoded(match["value"]) for match in _KEY.finditer(lot)}
    if "21" in found:
        return "item", found["21"]
    return "batch", found.get("10") or last_part(lot)
