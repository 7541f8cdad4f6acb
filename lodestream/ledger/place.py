"""The place of a corrective event: it stands where the original stood (ledger-rules section 5, corrections; rulebook R45).

A void event leaves the slots that it had in the lots, a receipt its place in the order of receipts too. The corrective that its
declaration announces takes them, whichever of the two comes first; and what had assayed the original's parcel assays its.
"""

from msgspec.structs import replace

from lodestream.ledger.draft import Draft
from lodestream.ledger.moves import change_of, move_at, vacate
from lodestream.ledger.state import Corrective, LotChange, Move, Place, Vacant


def leave(draft: Draft, identity: str, change: LotChange, arrival: int = -1) -> None:
    """The void event leaves its slot in a lot, to its corrective where one is announced."""
    vacate(draft, change.lot, change.slot)
    keep(draft, f"{identity} {change.lot}", Place(change.slot, arrival, change.assay))


def keep(draft: Draft, ref: str, place: Place) -> None:
    """Keep a place under "<original> <lot or run>" for a corrective, where the declaration announces one."""
    declaration = draft.event.error_declaration
    if declaration is not None and declaration.corrective_event_ids:
        vacant = draft.view.get(Vacant, ref)
        draft.view.put(Vacant([*(vacant.places if vacant is not None else []), place]), ref)


def take(draft: Draft, lot: str) -> Place | None:
    """The place in a lot, or in a run, that this event takes of the one that it corrects; None: it stands at the end."""
    corrected = draft.view.get(Corrective, draft.event.identity)
    return taken(draft, f"{corrected.original} {lot}") if corrected is not None else None


def taken(draft: Draft, ref: str) -> Place | None:
    """The first place under "<original> <lot>", which is vacant no more."""
    vacant = draft.view.get(Vacant, ref)
    if vacant is None:
        return None
    if len(vacant.places) > 1:
        draft.view.put(Vacant(vacant.places[1:]), ref)
    else:
        draft.view.drop(Vacant, ref)
    return vacant.places[0]


def occupy(draft: Draft, lot: str, slot: int, place: int) -> None:
    """Move what is in a slot to another, which its original left: claims count it where that counted."""
    own = move_at(draft, lot, slot)
    assert own is not None, "what moved has its slot"
    change = change_of(draft, lot, own)
    draft.flows += [(change, -1), (replace(change, slot=place), 1)]
    draft.view.put(Move(own.seq, own.identity, own.index), f"{lot} {place}")
    draft.view.put(Move(0), f"{lot} {slot}")
    draft.stale(lot, min(place, slot))
