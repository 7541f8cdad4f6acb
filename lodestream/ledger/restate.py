"""Restatement: what a correction, a late offer or the close of a campaign changes in all that was built on it.

Draws keep their mass; what they took follows the lot as it now was (ledger-rules section 5, corrections). A lot's movements
are told anew in their order, each from what the lot held before it; what changes there goes on to the runs and shipments that
took it, and from those to other lots. One entry does a bounded number of movements; the rest is told by CONTINUE entries.
"""

from msgspec.structs import replace

from lodestream.ledger import attribution, exclusion, runs, ship, void
from lodestream.ledger.accounts import STOCK_ADJ_ASSAY
from lodestream.ledger.attribution import Vector
from lodestream.ledger.draft import Draft
from lodestream.ledger.moves import account_of, amend, change_of, entered, move_at
from lodestream.ledger.moving import Outbound
from lodestream.ledger.running import Run
from lodestream.ledger.state import Journal, LotChange, Move, Restating, Shares
from lodestream.measures import share

MAX_MOVES = 2_000  # told anew in one entry; the movements of one lot are never parted


def finish(draft: Draft) -> None:
    """Settle the runs and tell the lots anew that this entry touched, as far as one entry may; then offer what changed."""
    told = 0
    while draft.runs or draft.dirty or void.follow(draft):
        if draft.runs:
            runs.settle(draft, draft.runs.popitem()[0])
        elif told >= MAX_MOVES:
            _leave(draft)
        else:
            lot = min(draft.dirty, key=lambda name: (_seq(draft, name, draft.dirty[name]), name))
            told += _tell(draft, lot, draft.dirty.pop(lot))
    draft.check_signs()
    exclusion.judge(draft)
    met: set[str] = set()
    while draft.spread:
        if told >= MAX_MOVES:
            _leave(draft)
        else:
            told += _spread(draft, *draft.spread.popitem(), met, MAX_MOVES - told)
    ship.offer_again(draft)


def _seq(draft: Draft, lot: str, slot: int) -> int:
    """The transaction in which the movement of a slot was: what comes first is told first, so most lots are told once."""
    move = move_at(draft, lot, slot)
    return move.seq if move is not None else 0


def _leave(draft: Draft) -> None:
    """Keep what is still to be told; a CONTINUE entry takes it up."""
    waiting = draft.view.get(Restating)
    slots = dict(waiting.slots) if waiting is not None else {}
    for lot, slot in draft.dirty.items():
        slots[lot] = min(slot, slots.get(lot, slot))
    held = {**(waiting.held if waiting is not None else {}), **draft.spread}
    draft.dirty.clear()
    draft.spread.clear()
    draft.view.put(Restating(slots, draft.path, held))
    draft.goes_on = True


def resume(draft: Draft) -> None:
    """A CONTINUE entry: take up what was left."""
    draft.kind = "restate"
    waiting = draft.view.get(Restating)
    if waiting is not None:
        draft.view.drop(Restating, "")
        draft.dirty.update(waiting.slots)
        draft.spread.update(waiting.held)
        draft.path = waiting.path


def _tell(draft: Draft, lot: str, first: int) -> int:
    """Tell the movements of a lot from a slot on. Gives how many there were."""
    held = draft.lot(lot)
    assert held is not None, "who has slots is there"
    moves = [(slot, move) for slot in range(first, held.moved) if (move := move_at(draft, lot, slot)) is not None]
    changes = [change_of(draft, lot, move) for _, move in moves]
    pool, dry, content = held.shares, held.dry_mg, dict(held.contained_mg)
    for change in changes:
        pool = attribution.plus(pool, change.shares, -1)
        dry -= change.dry_mg
        content = attribution.added(content, change.contained_mg, -1)
    for (slot, move), change in zip(moves, changes, strict=True):
        new = change
        if change.dry_mg < 0 or (change.account and not change.entered_mg and change.contained_mg):
            new = redrawn(draft, change, pool, dry, content, slot)
            if new != change:
                _amend_draw(draft, lot, move, change, new)
        pool = attribution.plus(pool, new.shares)
        dry += new.dry_mg
        content = attribution.added(content, new.contained_mg)
    return len(moves)


def _spread(draft: Draft, lot: str, first: int, met: set[str], most: int) -> int:
    """Where a lot went whose open findings changed: what was shipped is offered anew, what was made of it is looked at next.

    Gives the number of movements looked at, which is not above `most`.
    """
    held = draft.lot(lot)
    if held is None or (lot in met and not first):
        return 0
    met.add(lot)
    last = min(held.moved, first + most)
    if last < held.moved:
        draft.spread[lot] = last
    for slot in range(first, last):
        move = move_at(draft, lot, slot)
        journal = draft.view.get(Journal, move.identity) if move is not None and move.index >= 0 else None
        if move is None or journal is None or journal.changes[move.index].dry_mg >= 0:
            continue
        run = draft.view.get(Run, journal.run) if journal.run else None
        for part in run.parts if run is not None else []:
            if part.role == "output" and part.lot not in met:
                draft.spread.setdefault(part.lot, 0)
        for ref in journal.pairs:
            _tell_receivers(draft, ref, lot, move)
    return last - first + 1


def _tell_receivers(draft: Draft, ref: str, lot: str, move: Move) -> None:
    pair = draft.view.get(Outbound, ref)
    if pair is None or pair.lot != lot:
        return
    found = ship.upstream_findings(draft, lot)
    for shipment in pair.shipments:
        if shipment.identity == move.identity and shipment.to_site and pair.bound[shipment.to_site].findings != found:
            draft.offers[f"{ref} {shipment.to_site}"] = None


def redrawn(draft: Draft, change: LotChange, pool: Shares, dry: int, content: Vector, slot: int) -> LotChange:
    """A draw as it is from a lot with this content: of its mass as before, with the grade that the lot now had.

    From a lot that held nothing then, it keeps its grade.
    """
    drawn = -change.dry_mg
    taken = {e: -mg for e, mg in change.contained_mg.items()}
    if dry > 0 and any(content.values()):
        taken = {e: share(max(0, mg), drawn, dry) for e, mg in content.items()}
    taken = {e: mg for e, mg in taken.items() if mg}
    part = attribution.drawn(pool, taken, min(drawn, max(dry, 0)), max(dry, 0), lambda: entered(draft, change.lot, slot))
    return replace(
        change, contained_mg={e: -mg for e, mg in taken.items()}, shares=attribution.plus(attribution.NOTHING, part, -1)
    )


def _amend_draw(draft: Draft, lot: str, move: Move, old: LotChange, new: LotChange) -> None:
    """Change a draw, and what it went into. Where the parcel has an assay of its own, the adjustment takes the difference."""
    amend(draft, lot, move, new)
    first = len(draft.legs)
    for element in new.stated_mg:
        more = old.contained_mg.get(element, 0) - new.contained_mg.get(element, 0)
        draft.move(element, account_of(new), STOCK_ADJ_ASSAY, more)
    journal = draft.view.get(Journal, move.identity)
    if len(draft.legs) > first and journal is not None:
        draft.view.put(replace(journal, legs=[*journal.legs, *draft.disown(first)]), move.identity)
    content = parcel_of(new)
    shares = attribution.parcel(attribution.plus(attribution.NOTHING, new.shares, -1), content)
    if journal is None:
        return
    if journal.run:
        _feed(draft, journal.run, move, content, shares)
    for ref in journal.pairs:
        if ref.rsplit(" ", 1)[1] == lot:
            _reship(draft, ref, move, content, shares)


def parcel_of(change: LotChange) -> dict[str, int]:
    """The content of what a draw brought: taken and above the book, or as it was assayed by itself."""
    content = attribution.added({e: -mg for e, mg in change.contained_mg.items()}, change.above_mg)
    return dict(sorted({**content, **change.stated_mg}.items()))


def _feed(draft: Draft, name: str, move: Move, content: dict[str, int], shares: Shares) -> None:
    run = draft.view.get(Run, name)
    if run is None:
        return
    parts = [
        replace(p, contained_mg=content, shares=shares)
        if (p.identity, p.index, p.role) == (move.identity, move.index, "input")
        else p
        for p in run.parts
    ]
    draft.view.put(replace(run, parts=parts), name)
    draft.runs[name] = None


def _reship(draft: Draft, ref: str, move: Move, content: dict[str, int], shares: Shares) -> None:
    pair = draft.view.get(Outbound, ref)
    if pair is None:
        return
    shipments = [
        replace(s, contained_mg=content, shares=shares) if (s.identity, s.index) == (move.identity, move.index) else s
        for s in pair.shipments
    ]
    if shipments != pair.shipments:
        draft.view.put(replace(pair, shipments=shipments), ref)
        for to_site in {s.to_site for s in shipments if s.identity == move.identity}:
            draft.offers[f"{ref} {to_site}"] = None
