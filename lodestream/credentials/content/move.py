"""Move events: what is shipped and what is received, each told by whoever did it; both carry the consignment's id."""

from lodestream.credentials.content.products import Products
from lodestream.credentials.content.saying import facility_text, uri
from lodestream.credentials.content.text import Json
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.profile import FacilityProfile, IssuerProfile
from lodestream.ledger.records import Outcome

STEPS = {"ship": "shipping", "receive": "receiving"}
DISPOSITIONS = {"ship": "inTransit", "receive": "active"}
ACCOUNTS = ("TRANSIT(", "CUSTODY(")


def moved(outcome: Outcome, profile: IssuerProfile) -> tuple[str, str, Json, str]:
    """A shipment or a receipt. Raises CredentialError (OUTCOME): it is not known where from or where to."""
    ships = outcome.kind == "ship"
    here = outcome.location or outcome.site
    origin = outcome.from_location or (outcome.read_point or here if ships else None)
    target = outcome.to_location or (None if ships else here)
    if origin is None or target is None:
        end = "where from" if origin is None else "where to"
        raise CredentialError("OUTCOME", f"transaction {outcome.txn_id} moves {outcome.lines[0].lot}, and does not say {end}")
    names = [_place(profile, place, outcome, own=own).name or place for place, own in ((origin, ships), (target, not ships))]
    products = Products(outcome, profile)
    told = ",".join([products.of_line(line, DISPOSITIONS[outcome.kind]) for line in outcome.lines])
    ends = f'"fromFacility":{facility_text(origin, names[0])},"toFacility":{facility_text(target, names[1])}'
    said = f'"movedProduct":[{told}],{ends}'
    consignment = consignment_of(outcome)
    if consignment is not None:
        said += f',"consignmentId":"{uri(consignment, "the consignment")}"'
    return STEPS[outcome.kind], "MoveEvent", Json(said), names[0 if ships else 1]


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
