"""An offer arrives: nothing of it posts by itself; receipts that came before it are judged as if it had come first."""

from msgspec.structs import replace

from lodestream.ledger import matching, pairs
from lodestream.ledger.draft import Draft
from lodestream.ledger.state import Inbound


def take(draft: Draft) -> None:
    """Keep the offer as pending and settle its pairs. An older version than the known one is ignored."""
    offer = draft.entry.offer
    assert offer is not None
    draft.kind = "offer"
    for parcel in offer.parcels:
        ref = pairs.key(offer.consignment, parcel.lot)
        pair = draft.view.get(Inbound, ref) or Inbound(offer.consignment, parcel.lot)
        if pair.offer is not None and parcel.version <= pair.offer.version:
            draft.reason = "an older version of the offer: ignored"
            continue
        matching.update(draft, replace(pair, offer=parcel, from_site=offer.from_site, elements=offer.elements))
