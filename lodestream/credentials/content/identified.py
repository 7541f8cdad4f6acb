"""What an identifier says of itself: whether it is of a batch or of one item, and its number."""

import re
from functools import lru_cache
from typing import NamedTuple

from lodestream.credentials.encoding import percent_decoded

_KEY = re.compile(r"/(?P<ai>10|21)/(?P<value>[^/?#]+)")


class Identified(NamedTuple):
    """How fine an identifier is, and its number: of a batch, or of one item."""

    granularity: str
    number: str

    def said(self) -> dict[str, str]:
        """As UNTP says it."""
        return {"idGranularity": self.granularity, f"{self.granularity}Number": self.number}


def last_part(identifier: str) -> str:
    """What follows the last separator of an identifier, decoded."""
    return percent_decoded(re.split(r"[/:#=]", identifier.rstrip("/:#="))[-1]) or identifier


@lru_cache(maxsize=10_000)
def identified(lot: str) -> Identified:
    """A lot is a batch unless its identifier has a serial number. The batch number is the GS1 lot, else the id's last part."""
    found = {match["ai"]: percent_decoded(match["value"]) for match in _KEY.finditer(lot)} if "/" in lot else {}
    if "21" in found:
        return Identified("item", found["21"])
    return Identified("batch", found.get("10") or last_part(lot))
