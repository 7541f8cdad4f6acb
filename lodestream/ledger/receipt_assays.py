"""The assays of a received parcel, in their order: the last one stands on the receipt, and each knows the one before it.

So a declaration of any of them leaves what the others say, whichever came first (ledger-rules section 5, corrections; rulebook
R44, R48).
"""

from msgspec.structs import replace

from lodestream.epcis.event import Material
from lodestream.ledger import matching
from lodestream.ledger.draft import Draft
from lodestream.ledger.moving import Inbound, Receipt
from lodestream.ledger.parcels import with_assay
from lodestream.ledger.state import Assayed, Journal, Unassayed
from lodestream.measures import Line


def put_on(draft: Draft, pair: Inbound, receipt: Receipt, parcel: Unassayed, item: Material) -> None:
    """The receipt has this assay now, and its pair is settled anew."""
    draft.assayed.append(Assayed(pair.lot, receipt.identity, parcel, item=item, previous=receipt.assay))
    _settle(draft, pair, receipt, with_assay(receipt.line, item), draft.event.identity)


def take_off(draft: Draft, void: Assayed, identity: str) -> None:
    """The receipt without the void assay: as it was before it, with all that assayed it since."""
    for pair in matching.pairs_with(draft, void.lot, void.identity, void.parcel.ref):
        for receipt in pair.receipts:
            if receipt.identity == void.identity and receipt.assay:
                line, last = void.parcel.line, void.previous
                for later in _since(draft, void, receipt, identity):
                    line, last = _moved(draft, later, void, line, last), later
                _settle(draft, pair, receipt, line, last)
                return


def _since(draft: Draft, void: Assayed, receipt: Receipt, identity: str) -> list[str]:
    """The events that assayed a receipt after this one, the first first."""
    found: list[str] = []
    later = receipt.assay
    while later != identity:
        found.insert(0, later)
        journal, place = _entry(draft, later, void)
        later = journal.assayed[place].previous
    return found


def _entry(draft: Draft, identity: str, void: Assayed) -> tuple[Journal, int]:
    """The journal of an event that assayed the receipt of a void assay too, and where in it that stands."""
    journal = draft.view.get(Journal, identity)
    assert journal is not None, "what a receipt was assayed by stands"
    of = (void.lot, void.identity)
    return journal, next(n for n, one in enumerate(journal.assayed) if (one.lot, one.identity) == of)


def _moved(draft: Draft, identity: str, void: Assayed, line: Line, previous: str) -> Line:
    """An assay that follows another line and assay than before; gives what the line is with it."""
    journal, place = _entry(draft, identity, void)
    one = journal.assayed[place]
    assert one.item is not None, "put_on keeps what was stated"
    moved = replace(one, parcel=replace(one.parcel, line=line), previous=previous)
    draft.view.put(replace(journal, assayed=[*journal.assayed[:place], moved, *journal.assayed[place + 1 :]]), identity)
    return with_assay(line, one.item)


def _settle(draft: Draft, pair: Inbound, receipt: Receipt, line: Line, assay: str) -> None:
    receipts = [replace(r, line=line, assay=assay) if r is receipt else r for r in pair.receipts]
    matching.update(draft, replace(pair, receipts=receipts))
