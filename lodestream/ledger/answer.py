"""The receiver's answer: only it moves what is in transit, TRANSIT -> CUSTODY (ledger-rules section 5)."""

from msgspec.structs import replace

from lodestream.ledger import pairs
from lodestream.ledger.accounts import custody, transit
from lodestream.ledger.draft import Draft
from lodestream.ledger.state import Outbound


def take(draft: Draft) -> None:
    """Post what the receiver has settled beyond what was posted before. An answer to an older offer is ignored."""
    answer = draft.entry.answer
    assert answer is not None
    draft.kind = "answer"
    for settled in answer.parcels:
        ref = pairs.key(answer.consignment, settled.lot)
        pair = draft.view.get(Outbound, ref)
        if pair is None or settled.version != pair.version:
            draft.reason = "an answer to an older version of the offer: ignored"
            continue
        for element in sorted({*settled.contained_mg, *pair.settled_mg}):
            more = settled.contained_mg.get(element, 0) - pair.settled_mg.get(element, 0)
            draft.move(element, transit(pair.consignment, pair.lot), custody(pair.consignment, pair.lot), more)
        draft.view.put(replace(pair, settled=settled, settled_mg=dict(settled.contained_mg)), ref)
