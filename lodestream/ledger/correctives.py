"""Correctives that came before their declaration: they move to the place of their original (place.py; rulebook R45)."""

from msgspec.structs import replace

from lodestream.ledger import matching, pairs
from lodestream.ledger.draft import Draft
from lodestream.ledger.moves import receipt_key
from lodestream.ledger.moving import Inbound, Received
from lodestream.ledger.place import occupy, taken
from lodestream.ledger.running import Run
from lodestream.ledger.state import Corrective, Journal, LotChange


def announce(draft: Draft, identity: str, announced: list[str]) -> None:
    """The announced correctives stand where the original stood; one that came before its declaration moves there now."""
    for corrective in announced:
        draft.view.put(Corrective(identity), corrective)
        journal = draft.view.get(Journal, corrective)
        if journal is None:
            continue
        if journal.kind == "receive" and journal.pairs:
            for ref in journal.pairs:
                _move_receipts(draft, identity, corrective, ref)
        else:
            changes = [_moved(draft, identity, corrective, change) for change in journal.changes]
            draft.view.put(replace(journal, changes=changes), corrective)
            _move_parts(draft, identity, corrective, journal.run)


def _moved(draft: Draft, original: str, corrective: str, change: LotChange) -> LotChange:
    """A corrective's movement in the slot that its original left in the same lot."""
    place = taken(draft, f"{original} {change.lot}")
    if place is None:
        return change
    occupy(draft, change.lot, change.slot, place.slot)
    if place.assay:
        draft.inherits.append((change.lot, place.assay, corrective))
    return replace(change, slot=place.slot)


def _move_parts(draft: Draft, original: str, corrective: str, name: str) -> None:
    """The parts of a corrective in the place of its original's among those of their campaign."""
    place = taken(draft, f"{original} {name}")
    if place is not None:
        run = draft.view.get(Run, name)
        assert run is not None, "the corrective is part of it"
        own = [p for p in run.parts if p.identity == corrective]
        others = [p for p in run.parts if p.identity != corrective]
        draft.view.put(replace(run, parts=[*others[: place.slot], *own, *others[place.slot :]]), name)
        draft.runs[name] = None


def _move_receipts(draft: Draft, original: str, corrective: str, ref: str) -> None:
    """A corrective receipt in the place of its original, among the movements of the lot and the receipts of its pair."""
    lot = ref.rsplit(" ", 1)[1]
    had: set[int] = set()  # the lines that had their turn: settling a pair may move one of them to another
    while pair := next((p for p in matching.pairs_with(draft, lot, corrective, ref) if _lines(p, corrective) - had), None):
        receipts = list(pair.receipts)
        for n, receipt in enumerate(receipts):
            if receipt.identity != corrective or receipt.number in had:
                continue
            had.add(receipt.number)
            place = taken(draft, f"{original} {lot}")
            if place is not None:
                key = receipt_key(corrective, lot, receipt.number)
                received = draft.view.get(Received, key)
                assert received is not None, "each receipt of a pair is a movement"
                occupy(draft, lot, received.change.slot, place.slot)
                draft.view.put(Received(replace(received.change, slot=place.slot)), key)
                receipts[n] = replace(receipt, arrival=place.arrival)
        if receipts != pair.receipts:
            matching.update(draft, replace(pair, receipts=pairs.in_order(receipts)))


def _lines(pair: Inbound, identity: str) -> set[int]:
    return {receipt.number for receipt in pair.receipts if receipt.identity == identity}
