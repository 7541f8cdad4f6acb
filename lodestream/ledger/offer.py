"""An offer arrives: nothing of it posts by itself; receipts that came before it are judged as if it had come first."""

from msgspec.structs import replace

from lodestream.ledger import pairs
from lodestream.ledger.draft import Draft
from lodestream.ledger.records import Offer, Parcel
from lodestream.ledger.state import Inbound, OpenPairs


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
        pair = replace(pair, offer=parcel, from_site=offer.from_site, elements=offer.elements, named=True)
        _adopt(draft, pairs.settle(draft, pair), offer, parcel)


def _adopt(draft: Draft, pair: Inbound, offer: Offer, parcel: Parcel) -> None:
    """Receipts that named no consignment, oldest first, while something of this offer is pending: they move to its pair."""
    open_pairs = draft.view.get(OpenPairs, parcel.lot)
    for consignment in list(open_pairs.consignments) if open_pairs else []:
        unnamed = draft.view.get(Inbound, pairs.key(consignment, parcel.lot))
        if unnamed is None or unnamed.named or unnamed.from_site not in {"", offer.from_site}:
            continue
        while unnamed.receipts and pairs.is_open(pair, draft):
            first, *rest = unnamed.receipts
            unnamed = pairs.settle(draft, replace(unnamed, receipts=rest))
            pair = pairs.settle(draft, replace(pair, receipts=[*pair.receipts, first]))
