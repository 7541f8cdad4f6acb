"""Void by asking: A asks its consignment back, B answers with what is still pending, A posts TRANSIT -> STOCK on the answer.

The event names lots of the consignment, or containers that left with it, or the consignment alone: then all of it that is out.

The receiver's book is the arbiter (ledger-rules section 5): what it has received stays settled, nothing comes back of
what is final there, and later receipts are refused (F4). Where no book answers, what is on its way comes back at once.
What is back is a function of what was sent, settled and answered; the difference to what was posted before is posted. It is
the lot's again, whose owner a shipment does not change. Where nothing of it had come it goes back into its containers; of what
came in part nobody has told which containers came, so the rest is loose until an aggregation packs it.

Rulebook R36, R37, R38.
"""

from msgspec.structs import replace

from lodestream.ledger import aging, attribution, containers, ship, sunk
from lodestream.ledger.accounts import transit
from lodestream.ledger.draft import Draft
from lodestream.ledger.held import Arranged, Manifest
from lodestream.ledger.moves import exchange, post_difference, receipt_key
from lodestream.ledger.moves import named as named_account
from lodestream.ledger.moving import Consigned, Outbound, Received
from lodestream.ledger.pairs import key
from lodestream.ledger.records import Line
from lodestream.ledger.ship import SSCC
from lodestream.ledger.state import LotChange, Move
from lodestream.measures import lines, share

KIND = "void"


def ask(draft: Draft) -> None:
    """A `void_shipping` event: what it names of its consignment, as far as that was sent and not asked back."""
    consignment = ship.consignment_of(draft.event) or ""
    refs = [ref for ref in named(draft, consignment) if _is_out(draft.view.get(Outbound, ref))]
    if not refs:
        what = "with these lots" if lines(draft.event) else "that could be asked back"
        draft.reason = f"nothing of consignment {consignment or '(none named)'} is on its way from here {what}: kept"
        return
    draft.kind = KIND
    draft.pairs += refs
    draft.lines += [Line("object", ref.rsplit(" ", 1)[1], 0, 0, {}) for ref in refs]  # it names them, and moves nothing
    _turn(draft, refs, asked=True)


def withdraw(draft: Draft, refs: list[str]) -> None:
    """The void was an error: the offers stand again, and what came back is on its way again."""
    _turn(draft, list(dict.fromkeys(refs)), asked=False)


def named(draft: Draft, consignment: str) -> list[str]:
    """The pairs that the event names: its lots and what left in its containers; where it names none, all of the consignment."""
    refs = [key(consignment, line.id) for line in lines(draft.event)]
    names = ship.bare(draft)
    for name in names:
        left = draft.view.get(Manifest, f"out {name}")
        if left is not None and (consignment in {"", left.consignment} or SSCC.match(consignment)):
            refs += [key(left.consignment, lot) for lot in left.lots]
            names += [child for child in left.children if child not in names]
    if not any(draft.view.get(Outbound, ref) is not None for ref in refs) and all(x.id in names for x in lines(draft.event)):
        refs = [key(consignment, lot) for lot in (draft.view.get(Consigned, consignment) or Consigned()).lots]
    return list(dict.fromkeys(refs))


def _is_out(pair: Outbound | None) -> bool:
    return pair is not None and any(not pair.bound[s.to_site].void for s in pair.shipments)


def _turn(draft: Draft, refs: list[str], *, asked: bool) -> None:
    sites: dict[tuple[str, str], list[str]] = {}
    nowhere: dict[tuple[str, str], None] = {}
    for ref in refs:
        pair = draft.view.get(Outbound, ref)
        assert pair is not None, "a pair stays for good"
        for site, bound in pair.bound.items():
            turned = replace(bound, void=asked, version=bound.version + 1, resolved=asked and not site)
            pair = replace(pair, bound={**pair.bound, site: turned})
            give_back(draft, pair, site)
            pair = sunk.settle(draft, pair)
            sites.setdefault((pair.consignment, site), []).append(ref)
        nowhere |= {(pair.consignment, s.identity): None for s in pair.shipments if not s.to_site and not s.party}
        pair = aging.clear(draft, pair)
        draft.view.put(pair, ref)
        for site in {} if asked else pair.bound:
            aging.look_again(draft, pair, site)
    for consignment, identity in nowhere:
        aging.without_destination(draft, consignment, identity)
    for (_, site), offered in sorted(sites.items()):
        ship.offer(draft, [pair for ref in offered if (pair := draft.view.get(Outbound, ref)) is not None], site)


def give_back(draft: Draft, pair: Outbound, site: str) -> None:
    """Make what has come back from a site what it is by now: all that was sent there and is not settled, if that is resolved.

    It is a movement of the lot with a slot of its own, since what was drawn later may be of it.
    """
    name = f"void {pair.consignment} {site}"
    ref = receipt_key(name, pair.lot, 0)
    known, lot = draft.view.get(Received, ref), draft.lot(pair.lot)
    assert lot is not None, "what was shipped was a lot here"
    old = known.change if known is not None else LotChange(pair.lot, slot=lot.moved)
    new = replace(_pending(pair, site), slot=old.slot) if pair.bound[site].resolved else LotChange(pair.lot, slot=old.slot)
    if new == old:
        return
    if known is None:
        draft.view.put(Move(draft.head.seq + 1, name, -1), f"{pair.lot} {old.slot}")
    draft.view.put(Received(new), ref)
    _unpack(draft, ref)
    exchange(draft, old, new)
    first = len(draft.legs)
    post_difference(draft, old, new, transit(pair.consignment, pair.lot))
    draft.disown(first)  # they follow the answers, not the event that this draft is about
    if pair.bound[site].resolved and not pair.bound[site].settled_dry_mg:
        _pack(draft, pair, site, ref)


def _unpack(draft: Draft, ref: str) -> None:
    """What came back is taken out of the containers that it came back in."""
    done = draft.view.get(Arranged, ref)
    if done is not None:
        packings, nestings = len(draft.packings), len(draft.nestings)
        containers.undo(draft, done)
        draft.view.drop(Arranged, ref)
        del draft.packings[packings:], draft.nestings[nestings:]


def _pack(draft: Draft, pair: Outbound, site: str, ref: str) -> None:
    """Everything is back as it left. Its containment follows the answers, like its postings."""
    packings, nestings = len(draft.packings), len(draft.nestings)
    for one in pair.shipments:
        if one.to_site != site or one.sunk:
            continue
        for name, mg in one.packed.items():
            lot = draft.lot(pair.lot)
            assert lot is not None, "what was shipped was a lot here"
            containers.move(draft, name, pair.lot, min(mg, max(0, containers.loose(lot))))
            containers.know(draft, name)
        for child, outer in one.within.items():
            containers.nest(draft, outer, child, into=True)
            containers.know(draft, outer)
    if len(draft.packings) > packings or len(draft.nestings) > nestings:
        draft.view.put(Arranged(draft.packings[packings:], draft.nestings[nestings:]), ref)
        del draft.packings[packings:], draft.nestings[nestings:]


def _pending(pair: Outbound, site: str) -> LotChange:
    """What was sent to a site less what is settled there: masses, content, and of its shares those that were not taken."""
    bound = pair.bound[site]
    sent = [s for s in pair.shipments if s.to_site == site and not s.sunk]
    whole = attribution.NOTHING
    content: dict[str, int] = {}
    for one in sent:
        whole = attribution.plus(whole, one.shares)
        content = attribution.added(content, one.contained_mg)
    all_dry = sum(s.dry_mg for s in sent)
    dry = max(0, all_dry - bound.settled_dry_mg)
    wet = share(sum(s.wet_mg for s in sent), dry, all_dry) if all_dry else 0
    taken = attribution.drawn(whole, bound.settled_mg, all_dry - dry, all_dry, lambda: whole)
    left = attribution.plus(whole, replace(taken, contacts={}), -1)
    back, account = attribution.added(content, bound.settled_mg, -1), named_account(transit(pair.consignment, pair.lot))
    return LotChange(pair.lot, wet, dry, contained_mg=back, shares=left, account=account)


def follow(draft: Draft) -> bool:
    """Shipments that no book answers for were told anew: what is in SINK or came back of them follows. Whether lots changed."""
    for name in [name for name in draft.offers if name.endswith(" ")]:
        del draft.offers[name]
        pair = draft.view.get(Outbound, name[:-1])
        assert pair is not None, "a pair stays for good"
        draft.view.put(pair := sunk.settle(draft, pair), name[:-1])
        if pair.bound[""].void:
            give_back(draft, pair, "")
    return bool(draft.dirty)
