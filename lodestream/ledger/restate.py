"""Restatement: what a correction, a late offer or the close of a campaign changes in all that was built on it.

Draws keep their mass; what they took follows the lot as it now was (ledger-rules section 5, corrections). A lot's movements
are told anew in their order, each from what the lot held before it; what changes there goes on to the runs and shipments that
took it, and from those to other lots. One entry does a bounded number of movements; the rest is told by CONTINUE entries.

Rulebook R46, R47.
"""

from msgspec.structs import replace

from lodestream.ledger import attribution, exclusion, provisional, runs, ship, void
from lodestream.ledger.accounts import STOCK_ADJ, STOCK_ADJ_ASSAY
from lodestream.ledger.attribution import Vector
from lodestream.ledger.draft import Draft
from lodestream.ledger.lots import BY_BOOK
from lodestream.ledger.moves import account_of, amend, change_of, entered, is_own, move_at
from lodestream.ledger.moving import Outbound
from lodestream.ledger.parcels import put_part
from lodestream.ledger.running import Run
from lodestream.ledger.state import Journal, Lot, LotChange, Move, Restating, Shares
from lodestream.ledger.values import Said
from lodestream.measures import share

MAX_MOVES = 2_000  # told anew in one entry; the movements of one lot are never parted


def finish(draft: Draft) -> None:
    """Settle the runs and tell the lots anew that this entry touched, as far as one entry may; then offer what changed."""
    told = 0
    provisional.follow(draft)
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
    stand = Stand(held)
    for change in changes:
        stand.take(change, -1)
    for (slot, move), change in zip(moves, changes, strict=True):
        new = change
        if change.dry_mg < 0:
            new, part = redrawn(draft, change, stand, slot)
            if new != change:
                _amend_draw(draft, lot, move, change, new, part)
        stand.take(new, 1)
    return len(moves)


class Stand:
    """What a lot holds between two of its movements: shares, dry mass and content in mg, and what had entered it by then."""

    def __init__(self, lot: Lot) -> None:
        """After all of them."""
        self.shares = lot.shares
        self.dry_mg = lot.dry_mg
        self.content_mg: Vector = dict(lot.contained_mg)
        self.entered_dry_mg = lot.entered_dry_mg
        self.entered_mg: Vector = dict(lot.entered_mg)
        self.waits = bool(lot.unassayed)
        self.by_book = sum(bool(parcel.graded) for parcel in lot.unassayed)

    @property
    def known(self) -> bool:
        """Whether something stands in it of which the content is known: else draws keep what they took."""
        return self.entered_dry_mg > 0 and (any(self.entered_mg.values()) or not self.waits)

    def take(self, change: LotChange, sign: int) -> None:
        """With a movement more, or one less."""
        self.shares = attribution.plus(self.shares, change.shares, sign)
        self.dry_mg += sign * change.dry_mg
        self.content_mg = attribution.added(self.content_mg, change.contained_mg, sign)
        self.entered_dry_mg += sign * change.entered_dry_mg
        self.entered_mg = attribution.added(self.entered_mg, change.entered_mg, sign)
        if change.status == BY_BOOK and change.dry_mg > 0:
            self.by_book += sign


def _spread(draft: Draft, lot: str, first: int, met: set[str], most: int) -> int:
    """Where a lot went whose open findings changed: what was shipped is offered anew, what was made of it is looked at next.

    Gives the number of movements looked at, which is not above `most`.
    """
    held = draft.lot(lot)
    assert held is not None, "what holds a lot is told of a lot that is there"
    met.add(lot)
    last = min(held.moved, first + most)
    if last < held.moved:
        draft.spread[lot] = last
    for slot in range(first, last):
        move = move_at(draft, lot, slot)
        journal = draft.view.get(Journal, move.identity) if move is not None and move.index >= 0 else None
        if move is None or journal is None or journal.changes[move.index].dry_mg > 0:  # a draw of nothing makes a parent too
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


def redrawn(draft: Draft, change: LotChange, stand: Stand, slot: int) -> tuple[LotChange, Shares]:
    """A draw as it is from a lot with this content, and what it takes of its shares.

    It is of its mass as before, with the grade that the lot now had, also what was above the book. From a lot in which nothing
    stood then, or nothing with an assay, it keeps its grade.
    """
    dry = max(stand.dry_mg, 0)
    change = _within(change, dry)
    drawn = -change.dry_mg
    taken = {e: -mg for e, mg in change.contained_mg.items()}
    if dry and stand.known:
        taken = {e: share(max(0, mg), drawn, dry) for e, mg in stand.content_mg.items()}
    taken = {e: mg for e, mg in taken.items() if mg}
    above = change.above_mg
    if change.weighed_mg and stand.known:
        above = {e: share(mg, change.excess_dry_mg, stand.entered_dry_mg) for e, mg in stand.entered_mg.items()}
    part = attribution.drawn(stand.shares, taken, min(drawn, dry), dry, lambda: entered(draft, change.lot, slot))
    new = replace(
        change,
        contained_mg={e: -mg for e, mg in taken.items()},
        shares=attribution.outgoing(part, stand.shares, whole=drawn == dry),
        above_mg={e: mg for e, mg in above.items() if mg},
        touched=sorted(part.contacts),
        status=BY_BOOK if stand.by_book and not change.stated_mg else "",
    )
    return new, part


def _within(change: LotChange, dry_mg: int) -> LotChange:
    """A draw above the book of which the book has more by now: less of it is above, or nothing."""
    if not change.weighed_mg:
        return change
    wanted = change.excess_dry_mg - change.dry_mg
    excess = min(change.excess_dry_mg, max(0, wanted - dry_mg))
    if excess == change.excess_dry_mg:
        return change
    wet = change.weighed_mg - share(change.weighed_mg, excess, wanted)
    return replace(change, dry_mg=excess - wanted, wet_mg=-wet, excess_dry_mg=excess)


def _amend_draw(draft: Draft, lot: str, move: Move, old: LotChange, new: LotChange, part: Shares) -> None:
    """Change a draw, and what it went into. STOCK_ADJ gives what is above the book, its assay account what was stated."""
    amend(draft, lot, move, new)
    if old.excess_dry_mg and not new.excess_dry_mg:
        draft.close_finding(draft.finding_id(Said("BOOK_EXCEEDED", (lot, move.identity), "")), superseded=True)
    first, account = len(draft.legs), account_of(new)
    for element in sorted({*old.above_mg, *new.above_mg, *new.stated_mg}):
        above = new.above_mg.get(element, 0) - old.above_mg.get(element, 0)
        draft.move(element, STOCK_ADJ, account, above)
        if element in new.stated_mg:
            taken = old.contained_mg.get(element, 0) - new.contained_mg.get(element, 0)
            draft.move(element, account, STOCK_ADJ_ASSAY, taken + above)
    content = parcel_of(new)
    shares = attribution.parcel(part, content)
    if is_own(draft, move.identity):
        _retell(draft, lot, move.index, content)
        run, pairs = draft.run, draft.pairs
    else:
        journal = draft.view.get(Journal, move.identity)
        assert journal is not None, "who has slots has a journal"
        if len(draft.legs) > first:
            draft.view.put(replace(journal, legs=[*journal.legs, *draft.disown(first)]), move.identity)
        run, pairs = journal.run, journal.pairs
    if run:
        put_part(
            draft,
            run,
            (move.identity, move.index, "input"),
            lambda p: replace(p, contained_mg=content, shares=shares, assayed=new.status != BY_BOOK),
        )
    for ref in pairs:
        if ref.rsplit(" ", 1)[1] == lot:
            _reship(draft, ref, move, content, shares)


def _retell(draft: Draft, lot: str, index: int, content: dict[str, int]) -> None:
    """The line of this event's own draw, which took of what was there before other movements; a count's is signed."""
    nth = sum(change.lot == lot for change in draft.changes[:index])
    places = [n for n, line in enumerate(draft.lines) if line.lot == lot]  # draws come before what is made
    told = {e: -mg for e, mg in content.items()} if draft.kind == "count" else content
    draft.lines[places[nth]] = replace(draft.lines[places[nth]], contained_mg=told)


def parcel_of(change: LotChange) -> dict[str, int]:
    """The content of what a draw brought: taken and above the book, or as it was assayed by itself."""
    content = attribution.added({e: -mg for e, mg in change.contained_mg.items()}, change.above_mg)
    return dict(sorted({**content, **change.stated_mg}.items()))


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
