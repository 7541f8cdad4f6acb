"""An offer arrives: nothing of it posts by itself; receipts that came before it are judged as if it had come first.

Rulebook R29.
"""

from msgspec.structs import replace

from lodestream.ledger import manifests, matching, pairs
from lodestream.ledger.draft import Draft
from lodestream.ledger.moving import Inbound
from lodestream.ledger.records import Parcel


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
        if any(step.startswith(f"{draft.site} ") for step in parcel.path):
            parcel = _kept(draft, pair, parcel)  # noqa: PLW2901  # what counts here of it
        elif parcel.path:
            draft.path = parcel.path
        manifests.expect(draft, offer.consignment, pair.offer, parcel)
        asked = draft.head.seq if pair.void_at is None else pair.void_at
        pair = replace(pair, offer=parcel, from_site=offer.from_site, elements=offer.elements)
        matching.update(draft, replace(pair, void_at=asked if parcel.void else None))
    manifests.arrange(draft, offer.parcels)


def _kept(draft: Draft, pair: Inbound, parcel: Parcel) -> Parcel:
    """A restatement that went through this site already: its shares are kept and it goes no further (runtime-rules section 2)."""
    draft.ends_here = True
    said = f"{parcel.lot}: a restatement came back by {' > '.join(parcel.path)}: shares are kept, and nothing is sent on"
    draft.find("CYCLE", (pair.consignment, parcel.lot), said, [parcel.lot])
    known = pair.offer
    if known is None:
        return parcel
    return replace(
        parcel,
        shares=known.shares,
        embodied_g_co2e=known.embodied_g_co2e,
        uncovered_mg=known.uncovered_mg,
        contacts=known.contacts,
        findings=known.findings,
    )
