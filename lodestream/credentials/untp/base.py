"""What all UNTP 0.7.0 models rest on: names, exact scalars, and the two kinds of class, closed and open.

Ours, not generated: what the official schema closes (`additionalProperties: false`) is closed here, what it leaves
open keeps what it does not know, and `type`, which the schema forgets to require, is required where JSON-LD needs it.
Numbers are `Decimal`; a float is refused, so no quantity passes through one.
"""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

VC_CONTEXT = "https://www.w3.org/ns/credentials/v2"
UNTP_CONTEXT = "https://vocabulary.uncefact.org/untp/0.7.0/context/"
CONTEXTS = [VC_CONTEXT, UNTP_CONTEXT]
VC = "VerifiableCredential"
DTE = "DigitalTraceabilityEvent"
DPP = "DigitalProductPassport"
DCC = "DigitalConformityCredential"
DFR = "DigitalFacilityRecord"
DIA = "DigitalIdentityAnchor"

_CHAR = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})"
_HOST = rf"(?:\[[0-9A-Fa-f:.]+\](?::\d*)?|{_CHAR}*)"
_URI = re.compile(rf"[A-Za-z][A-Za-z0-9+.-]*:(?!//)(?:{_CHAR}|/)*(?:\?(?:{_CHAR}|[/?])*)?(?:#(?:{_CHAR}|[/?])*)?")
_URI_AT_HOST = re.compile(_URI.pattern.replace(":(?!//)", f"://{_HOST}(?![^/?#])", 1))
# XML Schema 1.1 dateTimeStamp as VCDM 2.0 section 4.9 wants it: always with a zone. Years of four digits.
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)")
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def time_us(text: str) -> int:
    """Microseconds since 1970 of a date-time with zone; finer digits are cut off. Raises ValueError."""
    if not _DATE_TIME.fullmatch(text):
        raise ValueError("is no date-time with a zone, such as 2025-03-05T06:00:00Z")
    moment = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text)) - _EPOCH
    return (moment.days * 86_400 + moment.seconds) * 1_000_000 + moment.microseconds


def uri(text: str) -> str:
    """The text, where it is a URI. Raises ValueError."""
    if not (_URI.fullmatch(text) or _URI_AT_HOST.fullmatch(text)):
        raise ValueError("is no URI (RFC 3986)")
    return text


def _date_time(text: str) -> str:
    time_us(text)
    return text


def _date(text: str) -> str:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        raise ValueError("is no date, such as 2025-03-05")
    date.fromisoformat(text)
    return text


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("is no exact number")
    return Decimal(value)


def contains(*names: str) -> AfterValidator:
    """A list of types names these."""

    def check(types: list[str]) -> list[str]:
        missing = [name for name in names if name not in types]
        if missing:
            raise ValueError(f"does not name {', '.join(missing)}")
        return types

    return AfterValidator(check)


Uri = Annotated[str, AfterValidator(uri)]
DateTime = Annotated[str, AfterValidator(_date_time)]
Date = Annotated[str, AfterValidator(_date)]
Number = Annotated[Decimal, BeforeValidator(_number)]
Types = list[str]


class Closed(BaseModel):
    """A class to which nothing may be added."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, populate_by_name=True, hide_input_in_errors=True)


class Open(BaseModel):
    """A class that may carry more than is named here; what it carries is kept."""

    model_config = ConfigDict(strict=True, extra="allow", frozen=True, populate_by_name=True, hide_input_in_errors=True)
