"""An offer arrives: nothing of it posts by itself; receipts that came before it are judged as if it had come first.

Rulebook R29.
"""

from msgspec.structs import replace

from lodestream.ledger import manifests, matching, pairs
from lodestream.ledger.draft import Draft
from lodestream.ledger.moving import Inbound, Offered
from lodestream.ledger.records import Parcel


def take(draft: Draft) -> None:
    """Keep the offer as pending and settle its pairs. An older version than the one known of this sender is ignored."""
    offer = draft.entry.offer
    assert offer is not None
    draft.kind = "offer"
    for parcel in offer.parcels:
        ref = pairs.key(offer.consignment, parcel.lot)
        pair = draft.view.get(Inbound, ref) or Inbound(offer.consignment, parcel.lot)
        known = next((o for o in pair.offers if o.from_site == offer.from_site), None)
        if known is not None and parcel.version <= known.parcel.version:
            draft.reason = "an older version of the offer: ignored"
            continue
        if any(step.startswith(f"{draft.site} ") for step in parcel.path):
            parcel = _kept(draft, pair, known, parcel)  # noqa: PLW2901  # what counts here of it
        elif parcel.path:
            draft.path = parcel.path
        manifests.expect(draft, offer.consignment, known.parcel if known is not None else None, parcel)
        asked = known.void_at if known is not None and known.void_at is not None else draft.head.seq
        now = replace(
            known or Offered(offer.from_site, [], parcel),
            elements=offer.elements,
            parcel=parcel,
            void_at=asked if parcel.void else None,
        )
        matching.update(draft, replace(pair, offers=_in_order([*(o for o in pair.offers if o is not known), now])))
    manifests.arrange(draft, offer.parcels)


def _in_order(offers: list[Offered]) -> list[Offered]:
    """In the order of shipping, in which receipts settle them; ties by sender."""
    return sorted(offers, key=lambda o: (o.parcel.shipped_us, o.from_site)) if len(offers) > 1 else offers


def _kept(draft: Draft, pair: Inbound, before: Offered | None, parcel: Parcel) -> Parcel:
    """A restatement that went through this site already: its shares are kept and it goes no further (runtime-rules section 2)."""
    draft.ends_here = True
    said = f"{parcel.lot}: a restatement came back by {' > '.join(parcel.path)}: shares are kept, and nothing is sent on"
    draft.find("CYCLE", (pair.consignment, parcel.lot), said, [parcel.lot])
    if before is None:
        return parcel
    known = before.parcel
    return replace(
        parcel,
        shares=known.shares,
        embodied_g_co2e=known.embodied_g_co2e,
        uncovered_mg=known.uncovered_mg,
        contacts=known.contacts,
        findings=known.findings,
    )
