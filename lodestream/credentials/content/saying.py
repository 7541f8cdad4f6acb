"""How all credentials say the same things: identifiers, times, masses, links, who issues, and the frame around the subject.

No model is run here: what cannot be said is refused by cheap checks, since issuing must keep pace with signing. The tests
hold what comes out against models, official schemas and strict JSON-LD.
"""

import re
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from lodestream.credentials.content.text import FRACTION_DIGITS, Json, common, number, values, written
from lodestream.credentials.encoding import to_uri
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.profile import Document, FacilityProfile, Issue, IssuerProfile, Scheme
from lodestream.credentials.untp.base import CONTEXTS, VC
from lodestream.credentials.untp.base import uri as checked_uri

LINK_TYPES = "https://test.uncefact.org/vocabulary/linkTypes/"
PREDECESSOR = "https://www.iana.org/assignments/relation/predecessor-version"

_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")
_WEB = re.compile(r"(?P<scheme>[a-z]+)://(?P<host>[^/?#]+)")
_EPOCH = date(1970, 1, 1)
_FIRST_US = (date.min - _EPOCH).days * 86_400_000_000
_END_US = ((date.max - _EPOCH).days + 1) * 86_400_000_000
_TWO = [f"{minute:02d}" for minute in range(60)]
_SIMPLE_URI = re.compile(  # possessive: nothing that is taken would have to be given back, and so it is a fifth faster
    r"(?:https?://[A-Za-z0-9.-]++/|urn:[a-z0-9-]++:|did:[a-z]++:)[A-Za-z0-9._~!$&'()*+,;=:@/-]*+(?:#[A-Za-z0-9._~-]*+)?+"
).fullmatch


def uri(identifier: str, what: str) -> str:
    """An identifier as a URI (RFC 3986). Raises CredentialError (OUTCOME): it has no scheme, or is none after escaping."""
    if _SIMPLE_URI(identifier):
        return identifier
    text = to_uri(identifier)
    try:
        return checked_uri(text)
    except ValueError:
        raise CredentialError("OUTCOME", f"{what} {identifier!r} is no URI, so a credential cannot name it") from None


def time(us: int, offset: str | None = None) -> str:
    """A time (µs since 1970) as date-time, in its own zone where the offset is known. Raises CredentialError (OUTCOME)."""
    minutes = _minutes(offset) if offset else 0
    local_us = us + minutes * 60_000_000
    second = local_us // 1_000_000 % 86_400
    fraction = local_us % 1_000_000
    if not (_FIRST_US <= us < _END_US and _FIRST_US <= local_us < _END_US):  # in UTC too: whoever reads it compares in it
        raise CredentialError("OUTCOME", f"{us} µs since 1970 is in no year that a date-time can have")
    day = _date(local_us // 86_400_000_000)
    digits = f".{fraction:06d}".rstrip("0") if fraction else ""
    zone = offset if minutes else "Z"
    return f"{day}T{_TWO[second // 3600]}:{_TWO[second // 60 % 60]}:{_TWO[second % 60]}{digits}{zone}"


@lru_cache(maxsize=1_000)
def _minutes(offset: str) -> int:
    """What is ahead of UTC in minutes; 0 where the text is no offset."""
    match = _OFFSET.fullmatch(offset)
    return (int(match[2]) * 60 + int(match[3])) * (-1 if match[1] == "-" else 1) if match else 0


@lru_cache(maxsize=1_000)
def _date(days: int) -> str:
    """The date so many days after 1970 began: most of what is told is of few days."""
    return (_EPOCH + timedelta(days=days)).isoformat()


def day(us: int) -> str:
    """The day (UTC) of a time in µs since 1970. Raises CredentialError (OUTCOME)."""
    return time(us)[:10]


def kg(mg: int) -> dict[str, Any]:
    """A mass in mg as a measure in kg, exact: a whole number is an int."""
    return {"value": scaled(mg, 6), "unit": "KGM"}


def percent(part: int, whole: int) -> dict[str, Any]:
    """Part of whole as a measure in percent, seven digits after the point, half to even: nine of the fraction."""
    return {"value": rounded(Fraction(100 * part, whole), FRACTION_DIGITS - 2), "unit": "P1"}


def rounded(ratio: Fraction, digits: int) -> Decimal:
    """A ratio to so many digits after the point, half to even."""
    return Decimal(scaled(round(ratio * 10**digits), digits))


def scaled(units: int, digits: int) -> Decimal | int:
    """A number of units of 10^-digits: a whole number is an int."""
    text = number(units, digits)
    return Decimal(text) if "." in text else int(text)


@lru_cache(maxsize=1_000)
def words(code: str) -> str:
    """A code as words: `creating_class_instance` is "Creating class instance"; an identifier stays as it is."""
    return code if ":" in code else code.replace("_", " ").capitalize()


def scheme_of(identifier: str) -> dict[str, Any]:
    """The scheme that an identifier is of, read off itself: GS1 Digital Link, the owner of a web address, a URN namespace."""
    if identifier.startswith("https://id.gs1.org/"):
        return identifier_scheme(Scheme("https://id.gs1.org", "GS1 Digital Link"))
    web = _WEB.match(identifier)
    if web:
        return identifier_scheme(Scheme(f"{web['scheme']}://{web['host']}", f"Identifiers of {web['host']}"))
    name = ":".join(identifier.split(":")[:2])
    return identifier_scheme(Scheme(name, f"Identifiers {name}"))


def identifier_scheme(scheme: Scheme) -> dict[str, Any]:
    """A register or scheme."""
    return {"type": ["IdentifierScheme"], "id": uri(scheme.id, "the scheme"), "name": scheme.name}


def named(kind: str, thing: Scheme) -> dict[str, Any]:
    """A thing that is only named, as what kind of thing."""
    return {"type": [kind], "id": uri(thing.id, f"the {kind}"), "name": thing.name}


def classification(code: str, name: str, scheme: Scheme) -> dict[str, str]:
    """A code of a scheme."""
    return {"code": code, "name": name, "schemeId": uri(scheme.id, "the scheme"), "schemeName": scheme.name}


def facility(place: str, known: FacilityProfile, *, registered: bool = False) -> dict[str, Any]:
    """A place by its id and name; `registered` adds its number in its register."""
    said = {"type": ["Facility"], "id": uri(place, "the place"), "name": known.name or place}
    return said | {"registeredId": known.registered_id} if registered and known.registered_id else said


@lru_cache(maxsize=1_000)
def facility_text(place: str, name: str) -> Json:
    """A place by its id and name, as text."""
    return written(facility(place, FacilityProfile(name)))


def registered_uri(register: Scheme, registered_id: str) -> str:
    """An entry of a register as a URI: `urn:gtr:<the register's domain>:<number>`, as UNTP names what is in a register."""
    web = _WEB.match(register.id)
    domain = web["host"] if web else register.id.removeprefix("urn:")
    return uri(f"urn:gtr:{domain}:{registered_id}", "the registered identity")


@lru_cache(maxsize=100)
def _issuer(did: str, name: str, register: Scheme | None, registered_id: str) -> Json:
    """Who issues, with its entry in a register of businesses where one is stated."""
    said: dict[str, Any] = {"type": ["CredentialIssuer"], "id": did, "name": name}
    if register is not None and registered_id:
        said["issuerAlsoKnownAs"] = [registered_party(name, register, registered_id)]
    return written(said)


def registered_party(name: str, register: Scheme, registered_id: str) -> dict[str, Any]:
    """A party by its entry in a register."""
    return {
        "type": ["Party"],
        "id": registered_uri(register, registered_id),
        "name": name,
        "registeredId": registered_id,
        "idScheme": identifier_scheme(register),
    }


def party(profile: IssuerProfile) -> dict[str, Any]:
    """The issuer as a party to what happened."""
    return {"type": ["Party"], "id": profile.did, "name": profile.name}


def link(document: Document, link_type: str = "") -> dict[str, str]:
    """A credential as a link, with the digest of its bytes where it is known."""
    said = {"linkURL": uri(document.url, "the document"), "linkName": document.name}
    if document.digest:
        said["digestMultibase"] = document.digest
    return said | {"linkType": link_type or f"{LINK_TYPES}{document.kind}"}


def documents(issue: Issue) -> list[dict[str, str]]:
    """What the credential links to, and what it replaces (IANA link relation predecessor-version)."""
    said = [link(one) for one in issue.documents]
    return [*said, link(issue.replaces, PREDECESSOR)] if issue.replaces is not None else said


def frame(kind: str, profile: IssuerProfile, issue: Issue, name: str) -> Json:
    """The members of a UNTP 0.7.0 credential but for its subject, unsigned. Its place in a status list is an integer there."""
    said = (
        f'{_kind(kind)},"id":"{uri(issue.id, "the credential")}",'
        f'"issuer":{_issuer(profile.did, profile.name, profile.register, profile.registered_id)},'
        f'"validFrom":"{time(issue.valid_from_us)}","name":{common(name)}'
    )
    if not issue.status_list:
        return Json(said)
    url, index = _list(issue.status_list), issue.status_index
    return Json(
        f'{said},"credentialStatus":{{"type":"BitstringStatusListEntry","id":"{url}#{index}","statusPurpose":"revocation",'
        f'"statusListIndex":{index},"statusListCredential":"{url}"}}'
    )


@lru_cache(maxsize=1_000)
def _list(url: str) -> str:
    return uri(url, "the status list")


@lru_cache(maxsize=100)
def _kind(kind: str) -> Json:
    return Json(written({"@context": CONTEXTS, "type": [kind, VC]})[1:-1])


def credential(kind: str, profile: IssuerProfile, issue: Issue, name: str, subject: Any) -> dict[str, Any]:
    """The frame with its subject, as values."""
    return values([frame(kind, profile, issue, name)]) | {"credentialSubject": subject}
