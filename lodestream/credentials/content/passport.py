"""The Digital Product Passport (UNTP 0.7.0) of a lot that the ledger vouches for.

A passport asserts neither quantity nor location: no mass of the lot is in it, and of places only where it was made. What was
made of it, by whom it was supplied and at which site it was mined stays out (docs/content.md).
"""

from typing import Any

from lodestream.credentials.content.claims import claims, coverage
from lodestream.credentials.content.identified import identified
from lodestream.credentials.content.products import fractions
from lodestream.credentials.content.provenance import parts_of, provenance
from lodestream.credentials.content.saying import (
    classification,
    credential,
    day,
    documents,
    facility,
    party,
    scheme_of,
    uri,
    words,
)
from lodestream.credentials.content.text import values
from lodestream.credentials.profile import Issue, IssuerProfile, ProductProfile, Scheme, VouchedLot
from lodestream.credentials.untp.base import DPP
from lodestream.epcis.context import NAMESPACE

PRODUCT_CLASSES = Scheme(NAMESPACE + "product-classes", "Lodestream product classes")
PROVISIONAL = "Provisional: the campaign that made it is open, so its shares are those of the running pool and may change."


def passport(lot: VouchedLot, profile: IssuerProfile, issue: Issue) -> dict[str, Any]:
    """The unsigned passport of a lot. Raises CredentialError (OUTCOME): it cannot be told; its shares do not add up."""
    known = profile.product(lot.product_class)
    name = known.name or words(lot.product_class or lot.lot)
    if lot.provisional:
        name += " (provisional)"
    return credential(DPP, profile, issue, f"Passport of {name}", _product(lot, known, name, profile, issue))


def _product(lot: VouchedLot, known: ProductProfile, name: str, profile: IssuerProfile, issue: Issue) -> dict[str, Any]:
    place, parts = lot.location or lot.site, parts_of(lot)
    at = profile.facility(lot.location, lot.site)
    description = known.description
    if lot.provisional:
        description = f"{description.rstrip('.')}. {PROVISIONAL}" if description else PROVISIONAL
    found = values(fractions(lot.dry_mg, lot.contained_mg)) | coverage(lot)
    if lot.provisional:
        found["provisional"] = True
    linked = documents(issue)
    granularity, number = identified(lot.lot)
    return {
        "type": ["Product"],
        "id": uri(lot.lot, "the lot"),
        "name": name,
        **({"description": description} if description else {}),
        "idScheme": scheme_of(lot.lot),
        "idGranularity": granularity,
        f"{granularity}Number": number,
        "productCategory": _categories(lot, known),
        **({"characteristics": found} if found else {}),
        **({"relatedDocument": linked} if linked else {}),
        "relatedParty": [{"role": "producer", "party": party(profile)}],
        "producedAtFacility": facility(place, at, registered=True),
        "productionDate": day(lot.made_us),
        "countryOfProduction": {"countryCode": at.country},
        "materialProvenance": provenance(lot, parts, known),
        "performanceClaim": claims(lot, parts, issue),
    }


def _categories(lot: VouchedLot, known: ProductProfile) -> list[dict[str, str]]:
    """The codes that the profile gives, else the ledger's own product class: no code of CPC or HS is ever guessed."""
    if known.categories:
        return [classification(one.code, one.name, one.scheme) for one in known.categories]
    return [classification(lot.product_class, words(lot.product_class), PRODUCT_CLASSES)] if lot.product_class else []
