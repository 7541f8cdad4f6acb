"""A pair (consignment, lot) at the receiver: what its offer and its receipts come to (ledger-rules section 5).

What a pair posts is a function of the offer and the receipts in their order, whichever came first; `settle` posts the
difference to what it posted before. So offer and receipt commute, and a withdrawn offer or a void receipt needs no
rule of its own.

Rulebook R29, R30, R31, R32, R34, R35.
"""

from msgspec.structs import replace

from lodestream.ledger import attribution, confusion, listing
from lodestream.ledger.accounts import SINK_UNTRACKED, SOURCE_UNTRACKED, TRANSIT_VAR, Account, custody, stock
from lodestream.ledger.draft import Draft
from lodestream.ledger.lots import ensure, moisture, unassayed_finding
from lodestream.ledger.moves import receipt_key
from lodestream.ledger.moving import Inbound, Receipt, Received
from lodestream.ledger.records import Answer, Parcel, SettledParcel
from lodestream.ledger.state import LotChange, Move, Shares, Unassayed, squared
from lodestream.ledger.telling import inherited
from lodestream.ledger.values import Judged, Message, Said
from lodestream.measures import Measured, Refusal, kg, measure, percent, percent_of, quadrature, share

NOTHING_SHARED = Shares()


def key(consignment: str, lot: str) -> str:
    """The reference of a pair in the state; canonical ids hold no space."""
    return f"{consignment} {lot}"


def offered(pair: Inbound) -> Parcel | None:
    """The offer, if it stands: a withdrawn one was never made."""
    return pair.offer if pair.offer is not None and pair.offer.dry_mg > 0 else None


def is_open(pair: Inbound, draft: Draft) -> bool:
    """Whether an offer stands here of which something is still pending."""
    return offered(pair) is not None and not any(j.final for j in judge(pair, draft))


def too_late(pair: Inbound, arrival: int) -> bool:
    """Whether the sender had asked the pair back when a receipt of that place in the book came: this book is the arbiter."""
    return pair.void_at is not None and arrival >= pair.void_at


# -- the judgement, a function of values ----------------------------------------------------------------------------


def judge(pair: Inbound, draft: Draft) -> list[Judged]:
    """Each receipt in its order against what is pending then: final settles all that is left, partial what came."""
    offer = offered(pair)
    left_dry = offer.dry_mg if offer else 0
    left = _sent(pair, offer) if offer else {}
    pending = Shares(offer.shares, offer.embodied_g_co2e or 0, offer.uncovered_mg) if offer else NOTHING_SHARED
    closed, judged = False, []
    for receipt in pair.receipts:
        wet, dry, got, u, u_dry, known = _measured(receipt, offer, draft)
        if closed or too_late(pair, receipt.arrival):
            judged.append(Judged(receipt, wet, dry, got, {}, u, u_dry, refused=True, known=known, final=False))
            continue
        final = False
        settled: dict[str, int] = {}
        shares = _own_shares(receipt, got, dry, draft.site)
        if offer is not None and known:
            final = receipt.final or left_dry - dry <= percent_of(draft.book.transit_tolerance_percent, offer.dry_mg)
            settled = dict(left) if final else _part(left, left_dry, got, dry)
            taken = attribution.drawn(
                pending, settled, left_dry if final else min(dry, left_dry), left_dry, lambda: NOTHING_SHARED
            )
            shares = _offered_shares(shares, pending, taken, receipt, got, dry, offer)
            pending = attribution.plus(pending, taken, -1)
            left = {e: mg - settled.get(e, 0) for e, mg in left.items()}
            left_dry -= dry
            closed = final
        judged.append(Judged(receipt, wet, dry, got, settled, u, u_dry, refused=False, known=known, final=final, shares=shares))
    return judged


def _own_shares(receipt: Receipt, got: dict[str, int], dry_mg: int, site: str) -> Shares:
    """What the receipt itself says of origins and carbon: all there is while no offer has come."""
    return attribution.of_item(receipt.line.material, got, dry_mg, site)


def _offered_shares(
    own: Shares, pending: Shares, taken: Shares, receipt: Receipt, got: dict[str, int], dry_mg: int, offer: Parcel
) -> Shares:
    """The shares of what was settled, brought to what came; the receipt's own where the offer says none, and its own carbon.

    Of more than was pending they are those of all that was offered (ledger-rules section 5, empty pools).
    """
    vectors = dict(own.vectors)
    for element, mg in got.items():
        settled, left = taken.vectors.get(element, {}), pending.vectors.get(element, {})
        if sum(left.values()) < mg:
            settled = offer.shares.get(element, {})
        if mg and settled:
            vectors[element] = settled if sum(settled.values()) == mg else attribution.scaled(settled, mg)
    item = receipt.line.material
    contacts = dict.fromkeys(sorted({*offer.contacts, *taken.contacts}), 1)
    if item is not None and item.embodied_g_co2e is not None:
        return Shares(vectors, item.embodied_g_co2e, 0, contacts)
    uncovered = share(offer.uncovered_mg, dry_mg, offer.dry_mg) if offer.uncovered_mg else 0
    return Shares(vectors, taken.carbon_g, uncovered, contacts)


def _sent(pair: Inbound, offer: Parcel) -> dict[str, int]:
    """What was offered by element; of one that the sender tracks and does not name, nothing."""
    return {**dict.fromkeys(pair.elements, 0), **offer.contained_mg}


def _part(left: dict[str, int], left_dry: int, got: dict[str, int], dry: int) -> dict[str, int]:
    """What a partial receipt settles: what came, never more than is pending; of an element not weighed here its share."""
    return {e: min(mg, got[e] if e in got else share(mg, dry, left_dry)) for e, mg in left.items()}


def _measured(receipt: Receipt, offer: Parcel | None, draft: Draft) -> tuple[int, int, dict[str, int], dict[str, int], int, bool]:
    """Wet, dry, content, its u, that of the dry mass, whether all is known. What the receipt lacks it takes from the offer."""
    measured = measure(receipt.line, None, moisture(offer.wet_mg, offer.dry_mg) if offer else None)
    if isinstance(measured, Refusal):  # its own grade on what the offer's moisture leaves dry is above 100 %
        measured = measure(receipt.line, None)
    assert isinstance(measured, Measured), "a receipt that cannot be measured was refused when it came"
    elements = draft.book.elements
    dry = measured.dry_mg
    if dry is None:
        return measured.wet_mg or 0, 0, {}, {}, 0, False
    wet = measured.wet_mg if measured.wet_mg is not None else dry
    if measured.assayed:
        got = {e: mg for e, mg in measured.contained_mg.items() if not elements or e in elements}
        got |= {e: 0 for e in elements if e not in got}
        return wet, dry, got, {e: measured.u_mg.get(e, 0) for e in got}, measured.u_dry_mg, True
    if offer is None:
        return wet, dry, {}, {}, measured.u_dry_mg, False
    taken = {e: mg for e, mg in offer.contained_mg.items() if not elements or e in elements}
    got = {e: share(mg, dry, offer.dry_mg) for e, mg in taken.items()}
    return wet, dry, got, {e: share(offer.u_mg.get(e, 0), dry, offer.dry_mg) for e in got}, measured.u_dry_mg, True


# -- the difference, posted -----------------------------------------------------------------------------------------


def settle(draft: Draft, pair: Inbound) -> list[Judged]:
    """Post what the pair comes to now beyond what it posted before; write it, and answer the sender. Gives the judgements."""
    judged = judge(pair, draft)
    pair = _masses(draft, pair, judged)
    pair = _legs(draft, pair, judged)
    pair = _findings(draft, pair, judged)
    pair = _lineage(draft, pair, judged)
    pair = _answer(draft, pair, judged)
    loose = not all(r.named for r in pair.receipts)
    closed = any(j.final for j in judged) and not loose
    idle = not pair.receipts and offered(pair) is None
    pair = listing.enlist(draft, pair, is_open=not (closed or idle), loose=loose)
    draft.view.put(pair, key(pair.consignment, pair.lot))
    return judged


def _masses(draft: Draft, pair: Inbound, judged: list[Judged]) -> Inbound:
    """The lot's masses, what entered it, what waits for an assay there, and what the offer says of it."""
    taken = [j for j in judged if not j.refused]
    for one in judged:  # also what is refused: what the lot is known by must not depend on whether it counted for a while
        ensure(draft, one.receipt.line, one.receipt.received_us)
    for one in judged:
        _put_received(draft, pair, one)
    _waiting(draft, pair, taken)
    _described(draft, pair)
    return pair


def _put_received(draft: Draft, pair: Inbound, one: Judged) -> None:
    """The movement that a receipt is: none where it is refused or its mass is not known, but it keeps its slot."""
    receipt, name = one.receipt, pair.lot
    ref = receipt_key(receipt.identity, name, receipt.number)
    lot, known = draft.lot(name), draft.view.get(Received, ref)
    assert lot is not None, "a receipt makes its lot"
    if known is None:
        slot = draft.slots.get(ref, lot.moved)
        draft.view.put(Move(draft.head.seq + 1, receipt.identity, -1 - receipt.number), f"{name} {slot}")
    else:
        slot = known.change.slot
    counts = not one.refused and (one.known or bool(one.dry_mg))
    change = LotChange(name, slot=slot)
    if counts:
        change = LotChange(
            name,
            one.wet_mg,
            one.dry_mg,
            one.dry_mg,
            one.got_mg,
            squared(one.u_mg),
            str(one.u_dry_mg**2),
            contained_mg={e: mg for e, mg in one.got_mg.items() if mg},
            shares=one.shares,
            slot=slot,
        )
    old = known.change if known is not None else LotChange(name, slot=slot)
    if known is None:
        draft.change_lot(change)
        draft.view.put(Received(change), ref)
        if slot < lot.moved:
            draft.stale(name, slot)
    elif change != old:
        draft.change_lot(old, undo=True)
        draft.change_lot(change)
        draft.view.put(Received(change), ref)
        if slot + 1 < lot.moved:
            draft.stale(name, slot + 1)


def _waiting(draft: Draft, pair: Inbound, taken: list[Judged]) -> None:
    """The parcels of this pair that wait for an assay or for the offer; their F40 opens and resolves with them."""
    lot = draft.lot(pair.lot)
    if lot is None:
        return
    ref = key(pair.consignment, pair.lot)
    wanted = [Unassayed("receipt", ref, j.receipt.line) for j in taken if not j.known]
    held = [p for p in lot.unassayed if p.ref == ref and p.origin == "receipt"]
    if wanted == held:
        return
    others = [p for p in lot.unassayed if not (p.ref == ref and p.origin == "receipt")]
    draft.put_lot(replace(lot, unassayed=[*others, *wanted]))
    if wanted:
        draft.managed.add(draft.find(*unassayed_finding(pair.lot, wanted[0])))
    else:
        draft.close_finding(draft.finding_id(Said(*unassayed_finding(pair.lot, held[0]))))


def _described(draft: Draft, pair: Inbound) -> None:
    """What the offer knows of the lot and the receipts did not say; the sender's open findings travel with it."""
    offer, lot = offered(pair), draft.lot(pair.lot)
    if offer is None or lot is None:
        return
    told = {ref: found for ref, found in lot.inherited.items() if ref != key(pair.consignment, pair.lot)}
    if offer.findings:
        told[key(pair.consignment, pair.lot)] = offer.findings
    described = replace(
        lot,
        product_class=lot.product_class or offer.product_class,
        country_of_origin=lot.country_of_origin or offer.country_of_origin,
        owner=lot.owner or offer.owner,
        inherited=told,
    )
    if described != lot:
        draft.put_lot(described)
    if inherited(described) != inherited(lot):
        draft.spread[pair.lot] = 0


def _targets(pair: Inbound, judged: list[Judged]) -> dict[tuple[str, str], int]:
    """What the pair should have posted in all, by element and account; SINK and SOURCE take what only one side tracks."""
    offer = offered(pair)
    targets: dict[tuple[str, str], int] = {}

    def add(element: str, account: str, mg: int) -> None:
        targets[element, account] = targets.get((element, account), 0) + mg

    for one in judged:
        if one.refused:
            continue
        for element in {*one.got_mg, *one.settled_mg}:
            got, settled = one.got_mg.get(element), one.settled_mg.get(element)
            add(element, "STOCK", got or 0)
            if offer is None or not one.known:
                add(element, "CUSTODY", -(got or 0))
            elif settled is None:
                add(element, "SOURCE", -(got or 0))
            else:
                add(element, "CUSTODY", -settled)
                add(element, "SINK" if got is None else "VAR", settled - (got or 0))
    return targets


def _legs(draft: Draft, pair: Inbound, judged: list[Judged]) -> Inbound:
    lot = draft.lot(pair.lot)
    accounts: dict[str, Account] = {
        "STOCK": stock(pair.lot, lot.loss_class if lot else None),
        "VAR": TRANSIT_VAR,
        "CUSTODY": custody(pair.consignment, pair.lot),
        "SINK": SINK_UNTRACKED,
        "SOURCE": SOURCE_UNTRACKED,
    }
    first = len(draft.legs)
    targets = {f"{element} {account}": mg for (element, account), mg in _targets(pair, judged).items()}
    for name in sorted({*targets, *pair.posted}, key=lambda n: (n.split(" ")[0], list(accounts).index(n.split(" ")[1]))):
        element, account = name.split(" ")
        draft.post(element, accounts[account], targets.get(name, 0) - pair.posted.get(name, 0))
    draft.disown(first)  # the pair takes them back itself
    return replace(pair, posted={name: mg for name, mg in sorted(targets.items()) if mg})


def _findings(draft: Draft, pair: Inbound, judged: list[Judged]) -> Inbound:
    """The findings that the pair stands for now; those that it no longer stands for are resolved or superseded."""
    said = _said(draft, pair, judged)
    ids = [draft.open(one) for one in said]
    draft.managed.update(ids)
    unmatched = draft.finding_id(_unmatched(pair))
    for finding in pair.findings:
        if finding not in ids:
            draft.close_finding(finding, superseded=finding != unmatched)
    return replace(pair, findings=ids)


def _unmatched(pair: Inbound) -> Said:
    arithmetic = f"received {pair.lot} of consignment {pair.consignment}, no offer of it yet"
    return Said("UNMATCHED", (pair.consignment, pair.lot), arithmetic, [pair.lot])


def _said(draft: Draft, pair: Inbound, judged: list[Judged]) -> list[Said]:
    offer = offered(pair)
    taken = [j for j in judged if not j.refused]
    said = [_refused(pair, j.receipt) for j in judged if j.refused]
    if offer is None:
        return [*said, _unmatched(pair)] if taken else said
    skew = draft.book.clock_skew_minutes
    early = [j.receipt for j in taken if j.receipt.received_us < offer.shipped_us - skew * 60_000_000]
    said += [_too_early(pair, receipt, offer, skew) for receipt in early]
    if any(j.final for j in taken):
        said += _in_transit(draft, pair, offer, taken)
        said += confusion.said(pair.consignment, pair.lot, offer, taken)
    return said


def _refused(pair: Inbound, receipt: Receipt) -> Said:
    before = "given back to its sender" if too_late(pair, receipt.arrival) else "received in full"
    arithmetic = f"{pair.lot} of consignment {pair.consignment} was {before} before {receipt.identity}: pending 0 kg"
    return Said("ALREADY_RESOLVED", (pair.consignment, pair.lot, receipt.identity), arithmetic, [pair.lot])


def _too_early(pair: Inbound, receipt: Receipt, offer: Parcel, skew: int) -> Said:
    arithmetic = (
        f"received at {receipt.received_us} us, shipped at {offer.shipped_us} us (microseconds since 1970, UTC); "
        f"clocks may differ by {skew} min"
    )
    return Said("TIME_ORDER", (pair.consignment, pair.lot, receipt.identity), arithmetic, [pair.lot])


def _in_transit(draft: Draft, pair: Inbound, offer: Parcel, taken: list[Judged]) -> list[Said]:
    """F20 where more came than was shipped + 3u, F35 where less came than the tolerance + 3u allows, over the whole pair."""
    said = []
    for element, sent in _sent(pair, offer).items():
        if not all(element in j.got_mg for j in taken):
            continue
        came = sum(j.got_mg[element] for j in taken)
        u = quadrature(offer.u_mg.get(element, 0), *(j.u_mg.get(element, 0) for j in taken))
        allowed = percent_of(draft.book.transit_tolerance_percent, sent) + 3 * u
        inputs = (pair.consignment, pair.lot, element)
        if came > sent + 3 * u:
            arithmetic = f"{element}: received {kg(came)} > shipped {kg(sent)} + 3u {kg(3 * u)} ({percent(came, sent)})"
            said.append(Said("TRANSIT_GAIN", inputs, arithmetic, [pair.lot]))
        elif sent - came > allowed:
            arithmetic = (
                f"{element}: shipped {kg(sent)} - received {kg(came)} = {kg(sent - came)} "
                f"> {draft.book.transit_tolerance_percent} % + 3u = {kg(allowed)}"
            )
            said.append(Said("TRANSIT_LOSS", inputs, arithmetic, [pair.lot]))
    return said


def _lineage(draft: Draft, pair: Inbound, judged: list[Judged]) -> Inbound:
    """The edge from the sender's lot, once both sides are there; a later part is an edge of its own."""
    offer = offered(pair)
    if offer is None or draft.lot(pair.lot) is None:
        return pair
    taken = [j for j in judged if not j.refused and j.known]
    dry = sum(j.dry_mg for j in taken)
    got: dict[str, int] = {}
    for one in taken:
        for element, mg in one.got_mg.items():
            got[element] = got.get(element, 0) + mg
    if dry == pair.edged_dry_mg and got == pair.edged_mg:
        return pair
    more = {e: mg - pair.edged_mg.get(e, 0) for e, mg in got.items()}
    draft.edge((pair.from_site, pair.lot, offer.lot_seq), pair.lot, dry - pair.edged_dry_mg, more)
    return replace(pair, edged_dry_mg=dry, edged_mg=got)


def _answer(draft: Draft, pair: Inbound, judged: list[Judged]) -> Inbound:
    """Tell the sender what is settled of its offer, whenever that changed."""
    offer = offered(pair)
    if offer is None:
        return replace(pair, answered=None)
    settled: dict[str, int] = {}
    for one in judged:
        for element, mg in one.settled_mg.items():
            settled[element] = settled.get(element, 0) + mg
    dry = sum(j.dry_mg for j in judged if j.known and not j.refused)
    final = any(j.final for j in judged)
    returned = offer.void and not final
    answer = SettledParcel(pair.lot, offer.version, dry, dict(sorted(settled.items())), final, returned)
    nothing_yet = pair.answered is None and not settled and dry == 0 and not returned
    if answer == pair.answered or nothing_yet:
        return pair
    draft.messages.append(Message(pair.from_site, Answer(pair.consignment, draft.site, [answer])))
    return replace(pair, answered=answer)
