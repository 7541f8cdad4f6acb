"""A lot as the transactions log tells it (rulebook R81)."""

from lodestream.ledger.attribution import in_order
from lodestream.ledger.records import LotState
from lodestream.ledger.state import Lot
from lodestream.ledger.variance import entered_u_mg
from lodestream.measures import share


def inherited(lot: Lot) -> list[str]:
    """The open findings that came with the offers of a lot."""
    return sorted({finding for told in lot.inherited.values() for finding in told}) if lot.inherited else []


def lot_state(site: str, lot: Lot) -> LotState:
    """A lot as the transactions log tells it."""
    return LotState(
        site=site,
        lot=lot.id,
        seq=lot.version,
        wet_mg=lot.wet_mg,
        dry_mg=lot.dry_mg,
        assayed=not lot.unassayed,
        contained_mg=lot.contained_mg,
        u_mg={e: share(u, max(0, lot.dry_mg), lot.entered_dry_mg) for e, u in entered_u_mg(lot).items()}
        if lot.entered_dry_mg > 0
        else {},
        created_us=lot.created_us,
        loss_class=lot.loss_class,
        product_class=lot.product_class,
        owner=lot.owner,
        country_of_origin=lot.country_of_origin,
        findings=lot.findings,
        inherited=inherited(lot),
        parents=lot.parents,
        shares=in_order(lot.shares.vectors),
        embodied_g_co2e=lot.shares.carbon_g,
        uncovered_mg=lot.shares.uncovered_mg,
        contacts=sorted(k for k, times in lot.shares.contacts.items() if times > 0),
    )
