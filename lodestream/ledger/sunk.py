"""What went to external parties and has arrived: TRANSIT -> SINK(external:party) (ledger-rules section 2).

What is in SINK is a function of the shipments that stand and of the proofs, among them the closes of months; the difference to
what was posted before is posted. So a proof may come before its shipment, and what corrects a shipment later corrects SINK:
nothing is left in TRANSIT. Rulebook R78.
"""

from msgspec.structs import replace

from lodestream.ledger.accounts import sink, transit
from lodestream.ledger.draft import Draft
from lodestream.ledger.moving import Bound, Outbound, Shipment


def settle(draft: Draft, pair: Outbound) -> Outbound:
    """The pair with its external shipments in SINK as far as they have arrived; what was asked back before that is not."""
    if not any(s.party for s in pair.shipments):
        return pair
    first = len(draft.legs)
    shipments = [_sunk(draft, pair, s) if s.party else s for s in pair.shipments]
    draft.disown(first)  # they follow the proofs, not the event that this draft is about
    return replace(pair, shipments=shipments)


def _sunk(draft: Draft, pair: Outbound, one: Shipment) -> Shipment:
    arrived = any(p.at_us >= one.shipped_us for p in pair.proofs)
    sunk = arrived and (one.sunk or not pair.bound.get(one.to_site, Bound()).void)
    return _post(draft, pair, replace(one, sunk=sunk), one.contained_mg if sunk else {})


def release(draft: Draft, pair: Outbound, identity: str) -> None:
    """A shipment is withdrawn: what of it is in SINK is in TRANSIT again, for its own legs to be taken back."""
    for one in pair.shipments:
        if one.identity == identity:
            _post(draft, pair, one, {})


def _post(draft: Draft, pair: Outbound, one: Shipment, target: dict[str, int]) -> Shipment:
    for element in sorted({*target, *one.sunk_mg}):
        more = target.get(element, 0) - one.sunk_mg.get(element, 0)
        draft.move(element, transit(pair.consignment, pair.lot), sink(f"external:{one.party}"), more)
    return replace(one, sunk_mg=dict(target))
