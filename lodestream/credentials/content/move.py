"""Move events: what is shipped and what is received, each told by whoever did it; both carry the consignment's id."""

from typing import Any

from lodestream.credentials.content.products import Products
from lodestream.credentials.content.saying import facility, uri
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.profile import FacilityProfile, IssuerProfile
from lodestream.ledger.records import Outcome

STEPS = {"ship": "shipping", "receive": "receiving"}
DISPOSITIONS = {"ship": "inTransit", "receive": "active"}
ACCOUNTS = ("TRANSIT(", "CUSTODY(")


def moved(outcome: Outcome, profile: IssuerProfile) -> tuple[str, dict[str, Any], str]:
    """A shipment or a receipt. Raises CredentialError (OUTCOME): it is not known where from or where to."""
    ships = outcome.kind == "ship"
    here = outcome.location or outcome.site
    origin = outcome.from_location or (outcome.read_point or here if ships else None)
    target = outcome.to_location or (None if ships else here)
    if origin is None or target is None:
        end = "where from" if origin is None else "where to"
        raise CredentialError("OUTCOME", f"transaction {outcome.txn_id} moves {outcome.lines[0].lot}, and does not say {end}")
    at = [facility(place, _place(profile, place, outcome, own=own)) for place, own in ((origin, ships), (target, not ships))]
    products = Products(outcome, profile)
    said: dict[str, Any] = {
        "type": "MoveEvent",
        "movedProduct": [products.of_line(line, DISPOSITIONS[outcome.kind]) for line in outcome.lines],
        "fromFacility": at[0],
        "toFacility": at[1],
    }
    consignment = consignment_of(outcome)
    if consignment is not None:
        said["consignmentId"] = uri(consignment, "the consignment")
    return STEPS[outcome.kind], said, at[0 if ships else 1]["name"]


def consignment_of(outcome: Outcome) -> str | None:
    """The consignment that the transaction names: said, or in the names of the accounts that it posts to.

    A move that names none is known by its event's hash, which is no consignment of anybody else's.
    """
    found = outcome.consignment
    if found is None:
        refs = (p.account.partition("(")[2].split(" ")[0] for p in outcome.postings if p.account.startswith(ACCOUNTS))
        found = next((ref for ref in refs if ref != outcome.event_hash), None)
    return None if found == outcome.event_hash else found


def _place(profile: IssuerProfile, place: str, outcome: Outcome, *, own: bool) -> FacilityProfile:
    """The place as the profile knows it; the site's profile stands in at the issuer's own end alone."""
    return profile.facility(place, outcome.site if own else "")
