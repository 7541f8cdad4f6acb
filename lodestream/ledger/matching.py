"""Which pair a receipt belongs to: (consignment, lot), else (source site, lot) oldest first (ledger-rules section 2).

A receipt that names a consignment belongs to its pair for good. One that names none goes to the oldest offer of its lot
of which something is still pending, else to a pair of its own; that is judged anew with every change, as a function
of the offers and the receipts in their order, so that it does not matter which came first.
"""

from msgspec.structs import replace

from lodestream.ledger import listing, pairs, pending
from lodestream.ledger.draft import Draft
from lodestream.ledger.moving import Inbound, Receipt
from lodestream.ledger.values import Judged


def update(draft: Draft, pair: Inbound) -> list[Judged]:
    """Settle a pair that changed, and with it every pair that receipts without a consignment go to or come from.

    Gives the judgements of all receipts in the pairs that were settled.
    """
    if all(r.named for r in pair.receipts) and not {*listing.loose(draft, pair.lot)} - {pair.consignment}:
        return pairs.settle(draft, pair)
    others = [_pair(draft, c, pair.lot) for c in listing.open_pairs(draft, pair.lot) if c != pair.consignment]
    before = {p.consignment: p for p in [pair, *others]}
    judged = []
    for consignment, after in sorted(_assigned(draft, pair.lot, before).items()):
        if consignment == pair.consignment or after != before.get(consignment):
            judged += pairs.settle(draft, after)
    return judged


def _pair(draft: Draft, consignment: str, lot: str) -> Inbound:
    pair = draft.view.get(Inbound, pairs.key(consignment, lot))
    assert pair is not None, "what is listed is there"
    return pair


def _assigned(draft: Draft, lot: str, before: dict[str, Inbound]) -> dict[str, Inbound]:
    """The pairs of a lot with the receipts that belong to each, in order of arrival."""
    loose = [r for p in before.values() for r in p.receipts if not r.named]
    after = {c: replace(p, receipts=[r for r in p.receipts if r.named]) for c, p in before.items()}
    offers = sorted((offer.shipped_us, c) for c, p in after.items() if (offer := pending.whole(p)) is not None)
    waiting = [c for _, c in offers]
    for receipt in pairs.in_order(loose):
        senders = {c: pairs.open_senders(after[c], draft, receipt.arrival) for c in waiting}
        waiting = [c for c in waiting if senders[c]]  # what is closed stays closed
        fits = (c for c in waiting if not receipt.from_site or receipt.from_site in senders[c])
        place = next(fits, receipt.event_hash)
        pair = after.get(place) or Inbound(place, lot)
        after[place] = replace(pair, receipts=pairs.in_order([*pair.receipts, receipt]))
    return after


def confirms(draft: Draft, pair: Inbound, receipt: Receipt) -> bool:
    """Whether another source's receipt of this pair stands; one without a consignment may be in an offer's pair by now."""
    return any(r.source != receipt.source for r in [*pair.receipts, *equal(draft, pair.lot, receipt.event_hash)])


def equal(draft: Draft, lot: str, event_hash: str) -> list[Receipt]:
    """The receipts of a lot that are of events with this hash, in the pairs that hold one without a consignment."""
    found = [_pair(draft, c, lot) for c in listing.loose(draft, lot)]
    return [r for p in found for r in p.receipts if r.event_hash == event_hash]


def pairs_with(draft: Draft, lot: str, identity: str, ref: str | None = None) -> list[Inbound]:
    """The pairs that hold a receipt of this event: of its own reference, or wherever it was matched to."""
    refs = [ref] if ref else []
    refs += [pairs.key(c, lot) for c in listing.loose(draft, lot)]
    found = [draft.view.get(Inbound, r) for r in dict.fromkeys(refs)]
    return [p for p in found if p is not None and any(r.identity == identity for r in p.receipts)]
