"""A credential of UNTP 0.7.0 as one of 0.6.1: the frame; the subjects are beside.

Each kind has a context of its own there. The id, date, name and issuer stay; the index of a status list becomes the text that
W3C has. What 0.6.1 has no field for is dropped, by the rules that each function names.
"""

from collections.abc import Callable
from typing import Any

from lodestream.credentials.content.v061.events import events
from lodestream.credentials.content.v061.parts import party
from lodestream.credentials.content.v061.subjects import attestation, facility_record, identity, passport
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.untp.base import DCC, DFR, DIA, DPP, DTE, UNTP_CONTEXT, VC_CONTEXT

SUBJECTS: dict[str, tuple[str, Callable[[dict[str, Any]], Any]]] = {
    DTE: ("dte", events),
    DPP: ("dpp", passport),
    DCC: ("dcc", attestation),
    DFR: ("dfr", facility_record),
    DIA: ("dia", identity),
}


def as_061(credential: dict[str, Any]) -> dict[str, Any]:
    """The same credential in UNTP 0.6.1, unsigned. Takes what our builders make. Raises CredentialError (STRUCTURE)."""
    types, contexts = credential.get("type", []), credential.get("@context", [])
    kind = next((name for name in SUBJECTS if name in types), None)
    if kind is None or UNTP_CONTEXT not in contexts:
        raise CredentialError("STRUCTURE", "only a credential of UNTP 0.7.0 can be told in 0.6.1")
    short, subject = SUBJECTS[kind]
    said = {
        "@context": [VC_CONTEXT, f"https://test.uncefact.org/vocabulary/untp/{short}/0.6.1/"],
        "type": credential["type"],
        "id": credential["id"],
        "issuer": _issuer(credential["issuer"]),
        "validFrom": credential["validFrom"],
        **({"validUntil": credential["validUntil"]} if "validUntil" in credential else {}),
        "name": credential["name"],
    }
    status = credential.get("credentialStatus")
    if status is not None:
        said["credentialStatus"] = status | {"statusListIndex": str(status["statusListIndex"])}
    try:
        return said | {"credentialSubject": subject(credential)}
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise CredentialError("STRUCTURE", f"the credential lacks what 0.7.0 requires: {error}") from None


def _issuer(issuer: dict[str, Any]) -> dict[str, Any]:
    said = {"type": ["CredentialIssuer"], "id": issuer["id"], "name": issuer["name"]}
    known = [party(one) for one in issuer.get("issuerAlsoKnownAs", [])]
    return said | {"issuerAlsoKnownAs": known} if known else said
