"""The open pairs of a lot at the receiver, listed on pages: an offer costs the same however many others are open."""

from msgspec.structs import replace

from lodestream.ledger.draft import Draft
from lodestream.ledger.moving import Inbound, OpenPage, OpenPairs

ON_A_PAGE = 64


def enlist(draft: Draft, pair: Inbound, *, is_open: bool, loose: bool) -> Inbound:
    """Keep a pair listed where receipts without a consignment are matched, unless it can neither take nor hold (`loose`) one."""
    known = draft.view.get(OpenPairs, pair.lot) or OpenPairs()
    held = known
    if loose != (pair.consignment in known.loose):
        others = {*known.loose} - {pair.consignment}
        held = replace(held, loose=sorted({*others, pair.consignment} if loose else others))
    listed = -1 if not is_open else pair.page if pair.page >= 0 else _with_room(draft, pair.lot, known.last)
    if listed != pair.page:
        page = max(listed, pair.page)
        consignments = {*_on(draft, pair.lot, page)} ^ {pair.consignment}
        draft.view.put(OpenPage(sorted(consignments)), f"{pair.lot} {page}")
        held = replace(held, last=max(held.last, page))
    if held != known:
        draft.view.put(held, pair.lot)
    return replace(pair, page=listed)


def _with_room(draft: Draft, lot: str, last: int) -> int:
    """The last page, or a new one where that is full."""
    return last + 1 if len(_on(draft, lot, last)) >= ON_A_PAGE else last


def _on(draft: Draft, lot: str, page: int) -> list[str]:
    held = draft.view.get(OpenPage, f"{lot} {page}")
    return held.consignments if held is not None else []


def open_pairs(draft: Draft, lot: str) -> list[str]:
    """The consignments of all open pairs of a lot."""
    known = draft.view.get(OpenPairs, lot) or OpenPairs()
    return [c for page in range(known.last + 1) for c in _on(draft, lot, page)]


def loose(draft: Draft, lot: str) -> list[str]:
    """The consignments of the pairs of a lot that hold a receipt without a consignment."""
    known = draft.view.get(OpenPairs, lot)
    return known.loose if known is not None else []
