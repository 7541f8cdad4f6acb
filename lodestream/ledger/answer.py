"""The receiver's answer: only it moves what is in transit, TRANSIT -> CUSTODY (ledger-rules section 5; rulebook R33)."""

from msgspec.structs import replace

from lodestream.ledger import accounts, aging, pairs, void
from lodestream.ledger.draft import Draft
from lodestream.ledger.moving import Outbound


def take(draft: Draft) -> None:
    """Post what the receiver has settled beyond what was posted before. An answer to an older offer is ignored."""
    answer = draft.entry.answer
    assert answer is not None
    draft.kind = "answer"
    for settled in answer.parcels:
        ref = pairs.key(answer.consignment, settled.lot)
        pair = draft.view.get(Outbound, ref)
        bound = pair.bound.get(answer.receiver) if pair is not None else None
        if pair is None or bound is None or settled.version != bound.version:
            draft.reason = "an answer to an older version of the offer: ignored"
            continue
        for element in sorted({*settled.contained_mg, *bound.settled_mg}):
            more = settled.contained_mg.get(element, 0) - bound.settled_mg.get(element, 0)
            on_its_way = accounts.transit(pair.consignment, pair.lot)
            draft.move(element, on_its_way, accounts.custody(pair.consignment, pair.lot), more)
        if settled.dry_mg < bound.settled_dry_mg or (bound.final, bound.resolved) > (settled.final, settled.returned):
            aging.look_again(draft, pair, answer.receiver)
        bound = replace(
            bound,
            settled_mg=dict(settled.contained_mg),
            settled_dry_mg=settled.dry_mg,
            final=settled.final,
            resolved=settled.returned,
        )
        pair = replace(pair, bound={**pair.bound, answer.receiver: bound})
        void.give_back(draft, pair, answer.receiver)
        draft.view.put(aging.clear(draft, pair), ref)
