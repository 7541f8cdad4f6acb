"""What an identifier says of itself: whether it is of a batch or of one item, and its number."""

import re
from functools import lru_cache
from typing import NamedTuple

from lodestream.credentials.encoding import percent_decoded

_KEY = re.compile(r"/(?P<ai>10|21)/(?P<value>[^/?#]+)")


class Identified(NamedTuple):
    """How fine an identifier is, batch or item; the name that UNTP has for its number, and the number."""

    granularity: str
    name: str
    value: str


@lru_cache(maxsize=10_000)
def last_part(identifier: str) -> str:
    """What follows the last separator of an identifier, decoded."""
    return percent_decoded(re.split(r"[/:#=]", identifier.rstrip("/:#="))[-1]) or identifier


@lru_cache(maxsize=10_000)
def identified(lot: str) -> Identified:
    """A lot is a batch unless its identifier has a serial number. The batch number is the GS1 lot, else the id's last part."""
    found = {match["ai"]: percent_decoded(match["value"]) for match in _KEY.finditer(lot)} if "/" in lot else {}
    if "21" in found:
        return Identified("item", "itemNumber", found["21"])
    return Identified("batch", "batchNumber", found.get("10") or last_part(lot))
