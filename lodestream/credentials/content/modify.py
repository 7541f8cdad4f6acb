"""Modify events: lots that were counted or inspected and stay what they are."""

from lodestream.credentials.content.products import Products
from lodestream.credentials.content.saying import facility_text
from lodestream.credentials.content.text import Json
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.profile import IssuerProfile
from lodestream.ledger.records import Line, LotState, Outcome

STEPS = {"count": "stock_taking", "assay": "inspecting"}


def modified(outcome: Outcome, profile: IssuerProfile) -> tuple[str, str, Json, str]:
    """A stock-take with what was counted, or an assay with the mass of the book and the grades that came.

    Raises CredentialError (OUTCOME): the transaction does not say the state of a lot that it names.
    """
    place = outcome.location or outcome.site
    name = profile.facility(place, outcome.site).name or place
    products, states = Products(outcome, profile), {lot.lot: lot for lot in outcome.lots}
    told = ",".join([_told(outcome, products, line, states.get(line.lot)) for line in outcome.lines])
    said = f'"modifiedProduct":[{told}],"modifiedAtFacility":{facility_text(place, name)}'
    return STEPS[outcome.kind], "ModifyEvent", Json(said), name


def _told(outcome: Outcome, products: Products, line: Line, lot: LotState | None) -> Json:
    """Of a count the line has the mass that was counted, and as dry mass the difference to the book (ledger/stocktake.py)."""
    if outcome.kind == "count":
        return products.of_lot(line, lot, line.wet_mg)
    if lot is None:
        raise CredentialError("OUTCOME", f"transaction {outcome.txn_id} does not say how much of {line.lot} there is")
    return products.of_lot(line, lot, lot.wet_mg or lot.dry_mg)
