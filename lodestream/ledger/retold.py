"""What a transaction changed of earlier events, as it leaves it: so that whoever spoke of them can say it anew (rulebook R46).

A correction, a late offer, a later assay or the close of a campaign changes what earlier events drew and made. Each such movement
is told once an entry, as it stands in the end; a movement of an event that is void by now is not told.
"""

from msgspec.structs import replace

from lodestream.ledger import attribution, restate
from lodestream.ledger.draft import Draft
from lodestream.ledger.moves import receipt_key
from lodestream.ledger.moving import Received
from lodestream.ledger.records import Retold
from lodestream.ledger.state import Journal, LotChange, Shares


def retold(draft: Draft) -> list[Retold]:
    """The movements of earlier events that this draft has changed, in the order in which it came to them."""
    own = draft.entry.event.identity if draft.entry.event is not None else ""
    found = [(identity, _change(draft, identity, lot, index)) for identity, lot, index in draft.retold if identity != own]
    return [_told(identity, change) for identity, change in found if change is not None]


def _change(draft: Draft, identity: str, lot: str, index: int) -> LotChange | None:
    """The movement as it stands; None where its event is void. Below zero an index is that of a receipt (state.Move)."""
    if index < 0:
        received = draft.view.get(Received, receipt_key(identity, lot, -1 - index))
        return received.change if received is not None else None
    journal = draft.view.get(Journal, identity)
    return journal.changes[index] if journal is not None else None


def _told(identity: str, change: LotChange) -> Retold:
    drawn = change.dry_mg < 0 or change.excess_dry_mg > 0
    if not drawn:
        known = Shares(change.shares.vectors, change.shares.carbon_g, change.shares.uncovered_mg)
        return _with(Retold(identity, change.lot, False, change.wet_mg, change.dry_mg, change.contained_mg), known)
    content = restate.parcel_of(change)
    known = attribution.parcel(attribution.plus(attribution.NOTHING, change.shares, -1), content)
    wet, dry = change.weighed_mg or -change.wet_mg, change.excess_dry_mg - change.dry_mg
    return _with(Retold(identity, change.lot, True, wet, dry, content), known)


def _with(one: Retold, shares: Shares) -> Retold:
    content = {element: mg for element, mg in sorted(one.contained_mg.items()) if mg}
    vectors = {element: dict(sorted(vector.items())) for element in content if (vector := shares.vectors.get(element))}
    known = {"embodied_g_co2e": shares.carbon_g, "uncovered_mg": shares.uncovered_mg}
    return replace(one, contained_mg=content, shares=vectors, **known)
