"""Modify events: lots that were counted or inspected and stay what they are."""

from typing import Any

from lodestream.credentials.content.products import Products
from lodestream.credentials.content.saying import facility
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.profile import IssuerProfile
from lodestream.ledger.records import Line, LotState, Outcome

STEPS = {"count": "stock_taking", "assay": "inspecting"}


def modified(outcome: Outcome, profile: IssuerProfile) -> tuple[str, dict[str, Any], str]:
    """A stock-take with what was counted, or an assay with the mass of the book and the grades that came.

    Raises CredentialError (OUTCOME): the transaction does not say the state of a lot that it names.
    """
    place = outcome.location or outcome.site
    at = facility(place, profile.facility(place, outcome.site))
    products, states = Products(outcome, profile), {lot.lot: lot for lot in outcome.lots}
    told = [_told(outcome, products, line, states.get(line.lot)) for line in outcome.lines]
    return STEPS[outcome.kind], {"type": "ModifyEvent", "modifiedProduct": told, "modifiedAtFacility": at}, at["name"]


def _told(outcome: Outcome, products: Products, line: Line, lot: LotState | None) -> dict[str, Any]:
    """Of a count the line has the mass that was counted, and as dry mass the difference to the book (ledger/stocktake.py)."""
    if outcome.kind == "count":
        return products.of_lot(line, lot, line.wet_mg)
    if lot is None:
        raise CredentialError("OUTCOME", f"transaction {outcome.txn_id} does not say how much of {line.lot} there is")
    return products.of_lot(line, lot, lot.wet_mg or lot.dry_mg)
