"""Whom we believe, and about what: the file `suppliers.toml`, and what a credential of each may speak for.

An issuer speaks for its own facilities only. That an issuer is in the list says that somebody here has looked at it; that a
facility is, that its goods may open lots in our books.
"""

import tomllib
from typing import Any

import msgspec
from msgspec import Struct

from lodestream.credentials.did import web_url
from lodestream.credentials.errors import CredentialError
from lodestream.epcis.identifiers import canonical_id

LONGEST_FILE = 4 * 1024 * 1024


class Supplier(Struct, frozen=True, forbid_unknown_fields=True):
    """An issuer whose goods come to us. `facilities` are the ids, as its credentials write them, that it may speak for.

    `did_document`: a file with its DID document that was brought by another way; empty: it is fetched (did:web) or follows
    from the DID itself (did:key).
    """

    name: str
    facilities: list[str]
    did_document: str = ""


class Assessor(Struct, frozen=True, forbid_unknown_fields=True):
    """An assessment body whose conformity credentials count; `schemes` are the ids of the schemes that it may attest."""

    name: str
    schemes: list[str]
    did_document: str = ""


class Suppliers(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole list, both kinds by DID.

    `locations`: a facility's id in credentials to its location in our register, where the two are spelled differently.
    `schemes`: a scheme's id to the name that `crm:schemes` has for it; without one it keeps its id. `allow`: what may be asked
    besides the hosts of the DIDs (did:web), such as where status lists are served: `status.example`, `localhost:8443+private`.
    """

    suppliers: dict[str, Supplier] = {}
    assessors: dict[str, Assessor] = {}
    locations: dict[str, str] = {}
    schemes: dict[str, str] = {}
    allow: list[str] = []

    def location(self, facility: str) -> str:
        """A facility's location in our book, in the one spelling that the gate gives it."""
        return canonical_id(self.locations.get(facility, facility))

    def speaks_for(self, issuer: str, facility: str) -> bool:
        """Whether an issuer may say what happened at a facility."""
        known = self.suppliers.get(issuer)
        return known is not None and canonical_id(facility) in {canonical_id(one) for one in known.facilities}

    def did_document(self, did: str) -> str:
        """The file with the DID document of a supplier or assessor; empty where none is named."""
        known = self.suppliers.get(did) or self.assessors.get(did)
        return known.did_document if known is not None else ""

    def hosts(self) -> list[str]:
        """What may be asked: `allow`, and the hosts where the DID documents of did:web are."""
        urls = [web_url(did) for did in sorted(self.issuers()) if did.startswith("did:web:")]
        return list(dict.fromkeys([*self.allow, *(url.split("/")[2] for url in urls)]))

    def issuers(self) -> frozenset[str]:
        """Everyone whose credentials are looked at."""
        return frozenset({*self.suppliers, *self.assessors})


def parse_suppliers(text: str) -> Suppliers:
    """The list in the text of `suppliers.toml`. Raises CredentialError (SUPPLIERS), which says what is wrong and where."""
    if len(text) > LONGEST_FILE:
        raise CredentialError("SUPPLIERS", f"the list of suppliers has {len(text)} characters; at most {LONGEST_FILE} are read")
    try:
        found = msgspec.convert(_read(text), type=Suppliers)
    except (msgspec.ValidationError, RecursionError) as error:
        raise CredentialError("SUPPLIERS", f"the list of suppliers cannot be used: {error}") from None
    for did in found.issuers():
        if not did.startswith("did:"):
            raise CredentialError("SUPPLIERS", f"{did[:200]!r} is no DID; a supplier is listed under the DID that it signs with")
    try:
        found.hosts()
    except CredentialError as error:
        raise CredentialError("SUPPLIERS", str(error)) from None
    owner: dict[str, str] = {}
    for did, supplier in found.suppliers.items():
        for facility in supplier.facilities:
            if owner.setdefault(canonical_id(facility), did) != did:
                other = owner[canonical_id(facility)]
                message = f"{facility[:200]} is a facility of {other} and of {did}; one of them speaks for it"
                raise CredentialError("SUPPLIERS", message)
    return found


def _read(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, ValueError, RecursionError) as error:
        raise CredentialError("SUPPLIERS", f"the list of suppliers is not TOML: {error}") from None
