"""Two sources that report one move: the first counts, the second confirms it (ledger-rules section 1; rulebook R39).

The book may name the source that counts (`counting_source`). When its event comes second it takes the place of the first: the
first's postings are reversed and its own stand, in one transaction. An event is taken back as a whole, so only where the
counting one names all lots that it moved; else the first stands and is confirmed. Declared void, the counting event leaves the
move unreported: what the other source said does not come back by itself.
"""

from lodestream.ledger import containment, correct, manifests, matching
from lodestream.ledger.draft import Draft
from lodestream.ledger.moving import Inbound, Outbound
from lodestream.ledger.pairs import key
from lodestream.ledger.ship import bare, consignment_of
from lodestream.ledger.state import Journal
from lodestream.measures import lines


def make_way(draft: Draft, *, ships: bool) -> None:
    """Take back what another source reported of this move, where this entry's source is the one that counts."""
    if not draft.book.counting_source or draft.entry.source != draft.book.counting_source:
        return
    refs = _shipped(draft) if ships else _received(draft)
    others = dict.fromkeys(identity for ref in refs for identity in _others(draft, ref, ships))
    for identity in others:
        journal = draft.view.get(Journal, identity)
        if journal is None or not {*journal.pairs} <= {*refs}:
            continue
        first = len(draft.legs)
        correct.take_back(draft, identity)
        draft.disown(first)
        draft.packings.clear()
        draft.nestings.clear()


def _shipped(draft: Draft) -> list[str]:
    """The pairs of a shipment, those in containers that have left already among them."""
    consignment = consignment_of(draft.event) or draft.event.event_hash
    inner = [lot for name in bare(draft) for one in containment.left_with(draft, consignment, name).values() for lot in one.lots]
    return [key(consignment, lot) for lot in dict.fromkeys([*(x.id for x in lines(draft.event)), *inner])]


def _received(draft: Draft) -> list[str]:
    """The pairs of a receipt, those in containers among them."""
    consignment = consignment_of(draft.event) or draft.event.event_hash
    offered = manifests.consignments(draft, bare(draft))
    pairs = [key(consignment, x.id) for x in lines(draft.event)]
    return list(dict.fromkeys([*pairs, *(key(at, lot) for lot, at in offered.items())]))


def _others(draft: Draft, ref: str, ships: bool) -> list[str]:
    """The events of other sources that stand for a pair."""
    own = draft.entry.source
    if ships:
        sent = draft.view.get(Outbound, ref)
        return [s.identity for s in sent.shipments if s.source != own] if sent is not None else []
    came = draft.view.get(Inbound, ref)
    consignment, lot = ref.rsplit(" ", 1)
    loose = matching.equal(draft, lot, consignment) if consignment == draft.event.event_hash else []
    return [r.identity for r in [*(came.receipts if came is not None else []), *loose] if r.source != own]
