"""The movements of a lot, slot by slot: where each is kept, and how one is changed after the fact.

A movement is a `LotChange` in the journal of its event, or of a receipt, in `Received`. When one changes, what the lot holds
changes with it, the legs of the difference are posted, and all later movements of the lot are told anew (restate.py).
"""

from msgspec.structs import replace

from lodestream.ledger import attribution
from lodestream.ledger.accounts import stock
from lodestream.ledger.draft import Draft
from lodestream.ledger.moving import Received
from lodestream.ledger.state import Journal, Leg, Lot, LotChange, Move, Shares
from lodestream.ledger.values import Account


def receipt_key(identity: str, lot: str, number: int) -> str:
    """The reference of a receipt's movement: the event, the lot, and which of the event's lines of that lot."""
    return f"{identity} {lot} {number}"


def move_at(draft: Draft, lot: str, slot: int) -> Move | None:
    """What moved in a slot; None where it is vacant."""
    move = draft.view.get(Move, f"{lot} {slot}")
    return move if move is not None and move.identity else None


def change_of(draft: Draft, lot: str, move: Move) -> LotChange:
    """The change that a slot points to."""
    if move.index < 0:
        received = draft.view.get(Received, receipt_key(move.identity, lot, -1 - move.index))
        assert received is not None, "a receipt's slot is vacated before the receipt goes"
        return received.change
    if is_own(draft, move.identity):
        return draft.changes[move.index]
    journal = draft.view.get(Journal, move.identity)
    assert journal is not None, "an event's slots are vacated before its journal goes"
    return journal.changes[move.index]


def is_own(draft: Draft, identity: str) -> bool:
    """Whether it is the event that this draft is about, whose journal is not written yet."""
    event = draft.entry.event
    return event is not None and event.identity == identity and bool(draft.changes)


def amend(draft: Draft, lot: str, move: Move, new: LotChange) -> None:
    """Put another change in a slot: the lot's masses, shares and content follow, with legs that are the changed event's."""
    old = change_of(draft, lot, move)
    if new == old:
        return
    held = draft.lot(lot)
    assert held is not None, "who has slots is there"
    first = len(draft.legs)
    if new == replace(old, shares=new.shares):  # as at the end of every run: its outputs get their shares
        draft.flow(old, -1)
        draft.flow(new, 1)
        draft.put_lot(replace(held, shares=attribution.plus(attribution.plus(held.shares, old.shares, -1), new.shares)))
        _stale_after(draft, held, new.slot)
    else:
        exchange(draft, old, new)
    if new.contained_mg != old.contained_mg:
        post_difference(draft, old, new, account_of(new))
    _store(draft, move, new, draft.disown(first))
    draft.retold[move.identity, lot, move.index] = None


def exchange(draft: Draft, old: LotChange, new: LotChange) -> None:
    """One change of a lot in the place of another, in the same slot."""
    held = draft.lot(new.lot)
    assert held is not None, "masses change only in a lot that is there"
    draft.change_lot(old, undo=True)
    draft.change_lot(new)
    _stale_after(draft, held, new.slot)


def _stale_after(draft: Draft, lot: Lot, slot: int) -> None:
    if slot + 1 < lot.moved:
        draft.stale(lot.id, slot + 1)


def post_difference(draft: Draft, old: LotChange, new: LotChange, account: Account) -> None:
    """The legs between a lot and the other side of its movement, of what one change brings more than another."""
    lot = draft.lot(new.lot)
    assert lot is not None, "masses change only in a lot that is there"
    for element in sorted({*old.contained_mg, *new.contained_mg}):
        more = new.contained_mg.get(element, 0) - old.contained_mg.get(element, 0)
        draft.move(element, account, stock(lot.id, lot.loss_class), more)


def _store(draft: Draft, move: Move, new: LotChange, legs: list[Leg]) -> None:
    assert move.index >= 0, "a receipt's movement changes with its pair (pairs.py)"
    if is_own(draft, move.identity):
        draft.changes[move.index] = new
        draft.keep_legs(legs)
    else:
        journal = draft.view.get(Journal, move.identity)
        assert journal is not None
        changes = [*journal.changes[: move.index], new, *journal.changes[move.index + 1 :]]
        draft.view.put(replace(journal, changes=changes, legs=[*journal.legs, *legs]), move.identity)


def account_of(change: LotChange) -> Account:
    """The account on the other side of a movement."""
    kind, _, ref = change.account.partition(" ")
    return Account(kind, ref)


def named(account: Account) -> str:
    """An account as a change keeps it."""
    return f"{account.kind} {account.ref}" if account.ref else account.kind


def vacate(draft: Draft, lot: str, slot: int) -> None:
    """A slot whose event is void: nothing moves there any more."""
    draft.view.put(Move(0), f"{lot} {slot}")
    held = draft.lot(lot)
    if held is not None:
        _stale_after(draft, held, slot)


def entered(draft: Draft, lot: str, before: int) -> Shares:
    """The shares of all that entered a lot before a slot; walked only where the remaining vector cannot answer."""
    whole = attribution.NOTHING
    for slot in range(before):
        move = move_at(draft, lot, slot)
        if move is not None:
            change = change_of(draft, lot, move)
            if change.entered_mg:
                whole = attribution.plus(whole, change.shares)
    return whole
