"""The Digital Identity Anchor (UNTP 0.7.0): a register says which of its entries the owner of a DID is."""

import re
from datetime import date
from typing import Any

from lodestream.credentials.content.saying import credential, identifier_scheme, uri
from lodestream.credentials.content.values import Registration
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.profile import Issue, IssuerProfile
from lodestream.credentials.untp.base import DIA

TYPES = ("product", "facility", "business", "trademark", "land", "accreditation")


def identity_anchor(entry: Registration, profile: IssuerProfile, issue: Issue) -> dict[str, Any]:
    """The unsigned anchor; the issuer is the register. Raises CredentialError (DID, OUTCOME): no DID, or no such date or type."""
    if not re.fullmatch(r"did:[a-z0-9]+:\S+", entry.subject):
        raise CredentialError("DID", f"an identity anchor is about a DID; {entry.subject!r} is none")
    if entry.register_type not in TYPES:
        raise CredentialError("OUTCOME", f"{entry.register_type!r} is no type of register: {', '.join(TYPES)}")
    subject: dict[str, Any] = {
        "type": ["RegisteredIdentity"],
        "id": uri(entry.subject, "the subject"),
        "registeredName": entry.name,
        "registeredId": entry.registered_id,
        "registeredDate": _day(entry.date),
        "idScheme": identifier_scheme(entry.register),
        "registrar": {"type": ["Party"], "id": profile.did, "name": profile.name},
        "registerType": entry.register_type,
    }
    if entry.public_information:
        subject["publicInformation"] = uri(entry.public_information, "the page about the subject")
    if entry.scope:
        subject["registrationScope"] = [uri(one, "the scope") for one in entry.scope]
    return credential(DIA, profile, issue, f"Identity of {entry.name} in {entry.register.name}", subject)


def _day(text: str) -> str:
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise CredentialError("OUTCOME", f"{text!r} is no date: write it as 2025-03-05")
