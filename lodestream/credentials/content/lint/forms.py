"""The forms of single values wherever they stand: URIs, times with a zone, digests, countries.

They go by the names of properties, so that they hold for every version of UNTP.
"""

import binascii
import re
from base64 import b64decode, urlsafe_b64decode
from collections.abc import Iterator
from datetime import date
from typing import Any

from lodestream.credentials.content.lint.countries import is_country
from lodestream.credentials.content.lint.faults import Fault, Node, Scope
from lodestream.credentials.encoding import from_base58btc
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.untp.base import time_us, uri

URIS = frozenset((
    "id", "linkURL", "schemeId", "schemeID", "statusListCredential", "consignmentId", "productId", "plusCode",
    "publicInformation",
))  # fmt: skip
TIMES = frozenset(("eventDate", "eventTime"))
VALIDITY = frozenset(("validFrom", "validUntil"))
"""Of the credential itself; a scheme within one may be valid from a day."""
DATES = frozenset((
    "claimDate", "assessmentDate", "productionDate", "expiryDate", "registeredDate", "startDate", "endDate",
))  # fmt: skip
COUNTRY_CODES = frozenset((
    "countryCode", "originCountry", "countryOfProduction", "countryOfOperation", "addressCountry",
))  # fmt: skip
DIGESTS = {b"\x12\x20": 32, b"\x13\x40": 64}
"""Multihash codes: sha2-256 and sha2-512, each with its length (VC Data Integrity 1.0, section 2.6)."""


def forms(node: Node, _scope: Scope) -> Iterator[Fault]:
    """The faults of an object's own texts."""
    for name, value in node.value.items():
        if isinstance(value, str):
            yield from _text(node, name, value)


def _text(node: Node, name: str, value: str) -> Iterator[Fault]:
    if name in URIS and not _holds(uri, value):
        yield Fault("NOT_A_URI", node.at(name), f"{value[:80]!r} is no absolute URI", "RFC 3986; VCDM 2.0 section 4.4")
    if (name in TIMES or (name in VALIDITY and "@context" in node.value)) and not _holds(time_us, value):
        said = f"{value[:40]!r} is no date-time with a zone"
        yield Fault("DATE_ZONE", node.at(name), said, "VCDM 2.0 section 4.9: dateTimeStamp")
    if name in DATES and not (re.fullmatch(r"\d{4}-\d\d-\d\d", value) and _holds(date.fromisoformat, value)):
        yield Fault("DATE", node.at(name), f"{value[:40]!r} is no date", "UNTP schema: format date")
    if name in COUNTRY_CODES and not is_country(value):
        yield Fault("COUNTRY", node.at(name), f"{value[:20]!r} is no country code", "UNTP Country: ISO 3166-1 alpha-2")
    if name == "digestMultibase" and not is_digest(value):
        said = f"{value[:80]!r} is no multibase of a SHA-256 or SHA-512 multihash"
        yield Fault("DIGEST", node.at(name), said, "VC Data Integrity 1.0 section 2.6")
    if name == "hashDigest" and not re.fullmatch(r"[0-9a-fA-F]{40}|[0-9a-fA-F]{64}", value):
        yield Fault("DIGEST", node.at(name), f"{value[:80]!r} is no hexadecimal digest", "UNTP 0.6 SecureLink")


def _holds(check: Any, value: str) -> bool:
    try:
        check(value)
    except (ValueError, OverflowError):
        return False
    return True


def is_digest(text: str) -> bool:
    """Whether it is a multibase (base58btc, base64 or base64url) of a multihash of SHA-256 or SHA-512."""
    try:
        match text[:1]:
            case "z":
                raw = from_base58btc(text[1:])
            case "m":
                raw = b64decode(text[1:] + "=" * (-len(text[1:]) % 4), validate=True)
            case "u":
                raw = urlsafe_b64decode(text[1:] + "=" * (-len(text[1:]) % 4))
            case _:
                return False
    except (CredentialError, binascii.Error, ValueError):
        return False
    return DIGESTS.get(raw[:2]) == len(raw) - 2
