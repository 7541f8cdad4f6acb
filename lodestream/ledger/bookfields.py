"""What the fields of a book file may be, with messages that say what was expected (bookfile.py)."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from lodestream.epcis.identifiers import canonical_id


def matching(pattern: str, what: str) -> AfterValidator:
    """A check by regular expression that says in words what was expected."""
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if not compiled.fullmatch(text):
            raise PydanticCustomError("mismatch", what)
        return text

    return AfterValidator(check)


Percent = Annotated[Decimal, Field(ge=0, le=100, max_digits=9, strict=False)]
Uri = Annotated[
    str,
    matching(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]{1,2040}", "should be a URI, as the events write it"),
    AfterValidator(canonical_id),
]
Element = Annotated[str, matching(r"[A-Z][a-z]?", "should be the symbol of an element, such as Cu")]
SourceName = Annotated[str, matching(r"[a-z0-9][a-z0-9-]{0,62}", "should be a source's name: small letters, digits and -")]
InboxTopic = Annotated[
    str, matching(r"epcis\.inbox\.([a-z0-9][a-z0-9-]*\.)?v1", "should be epcis.inbox.v1 or epcis.inbox.<source>.v1")
]


Party = Annotated[
    str,
    matching(r"[A-Z]{2}|[A-Za-z][A-Za-z0-9+.-]*:[!-~]{1,2040}", "should be a country code or a URI"),
    AfterValidator(canonical_id),
]
Amount = Annotated[Decimal, Field(ge=0, max_digits=18, strict=False)]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _zoned(time: datetime) -> datetime:
    if time.tzinfo is None:
        raise PydanticCustomError("mismatch", "should say its offset from UTC, as in 2026-07-01T00:00:00Z")
    return time


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise PydanticCustomError("mismatch", "should be an IANA time zone, such as Africa/Lusaka")
    return name


Time = Annotated[datetime, AfterValidator(_zoned)]
Zone = Annotated[str, AfterValidator(_known_zone)]


class Model(BaseModel):
    """A table of the file: nothing but its fields, each of its own type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
