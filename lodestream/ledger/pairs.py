"""A pair (consignment, lot) at the receiver: what its offer and its receipts come to (ledger-rules section 5).

What a pair posts is a function of the offer and the receipts in their order, whichever came first; `settle` posts the
difference to what it posted before. So offer and receipt commute, and a withdrawn offer or a void receipt needs no
rule of its own.

Rulebook R29, R30, R31, R32, R34, R35.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from lodestream.ledger import attribution, haulage, listing, pending, verdict
from lodestream.ledger.accounts import SINK_UNTRACKED, SOURCE_UNTRACKED, TRANSIT_VAR, custody, stock
from lodestream.ledger.draft import Draft
from lodestream.ledger.lots import ensure, method_of, moisture, unassayed_finding
from lodestream.ledger.moves import exchange, receipt_key
from lodestream.ledger.moving import Inbound, Offered, Receipt, Received
from lodestream.ledger.pending import Pending
from lodestream.ledger.records import Answer, Parcel, SettledParcel
from lodestream.ledger.state import LotChange, Move, Shares, Unassayed
from lodestream.ledger.telling import inherited
from lodestream.ledger.values import Account, Judged, Message, Said, Settled, Weighed
from lodestream.ledger.variance import squared
from lodestream.measures import Measured, Refusal, measure, percent_of, quadrature, share


def key(consignment: str, lot: str) -> str:
    """The reference of a pair in the state; canonical ids hold no space."""
    return f"{consignment} {lot}"


def in_order(receipts: Iterable[Receipt]) -> list[Receipt]:
    """Receipts by their place in the book, the lines of one event by their number."""
    return sorted(receipts, key=lambda r: (r.arrival, r.number))


def open_senders(pair: Inbound, draft: Draft, arrival: int) -> list[str]:
    """The senders of whose offers something is still pending when the receipt of that place in the book comes."""
    offers = [Pending(o) for o in pair.offers]
    for receipt in pair.receipts:
        if receipt.arrival <= arrival:
            _judged(receipt, offers, draft)
    return [p.from_site for p in offers if p.is_open(arrival)]


# -- the judgement, a function of values ----------------------------------------------------------------------------


def judge(pair: Inbound, draft: Draft) -> list[Judged]:
    """Each receipt in its order against what is pending then: final settles all that is left, partial what came."""
    offers = [Pending(o) for o in pair.offers]
    return [_judged(receipt, offers, draft) for receipt in pair.receipts]


def _judged(receipt: Receipt, offers: list[Pending], draft: Draft) -> Judged:
    """One receipt; what it settles is pending no more."""
    there = [p for p in offers if p.is_open(receipt.arrival)]
    refused = not there and any(p.ended(receipt.arrival) for p in offers)
    among = there or [p for p in offers if p.parcel.dry_mg > 0]
    tolerance = draft.book.transit_tolerance_percent
    allowed = {p.from_site: percent_of(tolerance, p.parcel.dry_mg) for p in among} if len(among) > 1 else {}
    wet, dry, got, u, u_dry, known = _measured(receipt, among, allowed, draft)
    if refused:
        return Judged(receipt, wet, dry, got, u, u_dry, refused=True, known=known)
    shares = _own_shares(receipt, got, dry, draft.site)
    if not there or not known:
        return Judged(receipt, wet, dry, got, u, u_dry, refused=False, known=known, shares=shares)
    met = pending.scope(receipt, there, dry, allowed)
    left = sum(p.dry_mg for p in met) - dry
    final = receipt.final or left <= percent_of(tolerance, sum(p.parcel.dry_mg for p in met))
    parts = pending.shared_out(met, dry)
    before = pending.shares_of([p.shares for p in met])
    settles, taken = pending.settle(parts, got, final=final)
    shares = _offered_shares(shares, before, taken, receipt, got, parts)
    return Judged(receipt, wet, dry, got, u, u_dry, refused=False, known=known, settles=settles, shares=shares)


def _own_shares(receipt: Receipt, got: dict[str, int], dry_mg: int, site: str) -> Shares:
    """What the receipt itself says of origins and carbon: all there is while no offer has come."""
    return attribution.of_item(receipt.line.material, got, dry_mg, site)


def _offered_shares(
    own: Shares, before: Shares, taken: Shares, receipt: Receipt, got: dict[str, int], parts: list[tuple[Pending, int]]
) -> Shares:
    """The shares of what was settled, brought to what came; the receipt's own where the offer says none, and its own carbon.

    Of more than was pending they are those of all that was offered (ledger-rules section 5, empty pools).
    """
    vectors = dict(own.vectors)
    for element, mg in got.items():
        settled, left = taken.vectors.get(element, {}), before.vectors.get(element, {})
        if sum(left.values()) < mg:
            settled = pending.shares_of([Shares(p.parcel.shares) for p, _ in parts]).vectors.get(element, {})
        if mg and settled:
            vectors[element] = settled if sum(settled.values()) == mg else attribution.scaled(settled, mg)
    item = receipt.line.material
    told = {contact for p, dry in parts if dry for contact in p.parcel.contacts}
    contacts = dict.fromkeys({*told, *taken.contacts}, 1)
    if item is not None and item.embodied_g_co2e is not None:
        return Shares(vectors, item.embodied_g_co2e, 0, contacts)
    uncovered = sum(share(p.parcel.uncovered_mg, dry, p.parcel.dry_mg) for p, dry in parts)
    return Shares(vectors, taken.carbon_g, uncovered, contacts)


Measurement = tuple[int, int, dict[str, int], dict[str, int], int, bool]


def _measured(receipt: Receipt, among: list[Pending], allowed: dict[str, int], draft: Draft) -> Measurement:
    """Wet, dry, content, its u, that of the dry mass, whether all is known. What the receipt lacks it takes from the offers."""
    by = [p.parcel for p in pending.concerned(receipt, among)]
    measured = measure(receipt.line, None, moisture(sum(p.wet_mg for p in by), sum(p.dry_mg for p in by)))
    if isinstance(measured, Refusal):  # its own grade on what the offer's moisture leaves dry is above 100 %
        measured = measure(receipt.line, None)
    assert isinstance(measured, Measured), "a receipt that cannot be measured was refused when it came"
    elements = draft.book.elements
    dry = measured.dry_mg
    if dry is None:
        return 0, 0, {}, {}, 0, False
    wet = measured.wet_mg if measured.wet_mg is not None else dry
    if measured.assayed:
        got = {e: mg for e, mg in measured.contained_mg.items() if not elements or e in elements}
        got |= {e: 0 for e in elements if e not in got}
        return wet, dry, got, {e: measured.u_mg.get(e, 0) for e in got}, measured.u_dry_mg, True
    if not among:
        return wet, dry, {}, {}, measured.u_dry_mg, False
    got, u = _as_offered(pending.shared_out(pending.scope(receipt, among, dry, allowed), dry), elements)
    return wet, dry, got, u, measured.u_dry_mg, True


def _as_offered(parts: list[tuple[Pending, int]], elements: list[str]) -> tuple[dict[str, int], dict[str, int]]:
    """The content of dry masses of offers by their grades, and its u."""
    got: dict[str, int] = {}
    u: dict[str, int] = {}
    for one, dry in parts:
        parcel = one.parcel
        for element, mg in parcel.contained_mg.items():
            if not elements or element in elements:
                got[element] = got.get(element, 0) + share(mg, dry, parcel.dry_mg)
                u[element] = quadrature(u.get(element, 0), share(parcel.u_mg.get(element, 0), dry, parcel.dry_mg))
    return got, u


# -- the difference, posted -----------------------------------------------------------------------------------------


def settle(draft: Draft, pair: Inbound) -> list[Judged]:
    """Post what the pair comes to now beyond what it posted before; write it, and answer the sender. Gives the judgements."""
    judged = judge(pair, draft)
    offer = pending.whole(pair)
    both = verdict.weighed(pair, offer, judged)
    _masses(draft, pair, offer, judged)
    pair = _legs(draft, pair, offer, judged)
    pair = _findings(draft, pair, offer, judged, both)
    pair = replace(pair, u_mg=haulage.counted(pair, both))
    haulage.note(draft, draft.view.get(Inbound, key(pair.consignment, pair.lot)), pair)
    pair = replace(pair, offers=[_told(draft, pair, one, judged) for one in pair.offers])
    loose = not all(r.named for r in pair.receipts)
    closed = pending.is_final(pair, judged) and not loose
    idle = not pair.receipts and offer is None
    pair = listing.enlist(draft, pair, is_open=not (closed or idle), loose=loose)
    draft.view.put(pair, key(pair.consignment, pair.lot))
    return judged


def _masses(draft: Draft, pair: Inbound, offer: Parcel | None, judged: list[Judged]) -> None:
    """The lot's masses, what entered it, what waits for an assay there, and what the offer says of it."""
    taken = [j for j in judged if not j.refused]
    for one in judged:  # also what is refused: what the lot is known by must not depend on whether it counted for a while
        ensure(draft, one.receipt.line, one.receipt.received_us)
    for one in judged:
        _put_received(draft, pair, one)
    _waiting(draft, pair, taken)
    _described(draft, pair, offer if taken else None)  # before anything came, it says nothing of what is here


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
            method=method_of(receipt.line),
        )
    old = known.change if known is not None else LotChange(name, slot=slot)
    if known is None:
        draft.change_lot(change)
        draft.view.put(Received(change), ref)
        if slot < lot.moved:
            draft.stale(name, slot)
    elif change != old:
        exchange(draft, old, change)
        draft.view.put(Received(change), ref)
        draft.retold[receipt.identity, name, -1 - receipt.number] = None


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


def _described(draft: Draft, pair: Inbound, offer: Parcel | None) -> None:
    """What the offers know of the lot and the receipts did not say; the senders' open findings travel with them."""
    lot = draft.lot(pair.lot)
    if lot is None:
        return
    told = {ref: found for ref, found in lot.inherited.items() if ref != key(pair.consignment, pair.lot)}
    if offer is not None and offer.findings:
        told[key(pair.consignment, pair.lot)] = offer.findings
    by = [o.parcel for o in pair.offers]  # what one of them told, the first that stands tells now
    known = lot.product_class if all(p.product_class != lot.product_class for p in by) else None
    country = lot.country_of_origin if all(p.country_of_origin != lot.country_of_origin for p in by) else None
    owner = lot.owner if all(p.owner != lot.owner for p in by) else None
    described = replace(
        lot,
        product_class=known or (offer.product_class if offer is not None else None),
        country_of_origin=country or (offer.country_of_origin if offer is not None else None),
        owner=owner or (offer.owner if offer is not None else None),
        inherited=told,
    )
    if described != lot:
        draft.put_lot(described)
    if inherited(described) != inherited(lot):
        draft.spread[pair.lot] = 0


def _targets(offer: Parcel | None, judged: list[Judged]) -> dict[tuple[str, str], int]:
    """What the pair should have posted in all, by element and account; SINK and SOURCE take what only one side tracks."""
    targets: dict[tuple[str, str], int] = {}

    def add(element: str, account: str, mg: int) -> None:
        targets[element, account] = targets.get((element, account), 0) + mg

    for one in judged:
        if one.refused:
            continue
        all_settled = one.settled_mg
        for element in {*one.got_mg, *all_settled}:
            came, settled = one.got_mg.get(element, 0), all_settled.get(element)
            add(element, "STOCK", came)
            if offer is None:
                add(element, "CUSTODY", -came)
            elif settled is None:
                add(element, "SOURCE", -came)
            else:
                add(element, "CUSTODY", -settled)
                add(element, "VAR" if element in one.got_mg else "SINK", settled - came)
    return targets


def _legs(draft: Draft, pair: Inbound, offer: Parcel | None, judged: list[Judged]) -> Inbound:
    lot = draft.lot(pair.lot)
    accounts: dict[str, Account] = {
        "STOCK": stock(pair.lot, lot.loss_class if lot else None),
        "VAR": TRANSIT_VAR,
        "CUSTODY": custody(pair.consignment, pair.lot),
        "SINK": SINK_UNTRACKED,
        "SOURCE": SOURCE_UNTRACKED,
    }
    first = len(draft.legs)
    targets = {f"{element} {account}": mg for (element, account), mg in _targets(offer, judged).items()}
    for name in sorted({*targets, *pair.posted}, key=lambda n: (n.split(" ")[0], list(accounts).index(n.split(" ")[1]))):
        element, account = name.split(" ")
        draft.post(element, accounts[account], targets.get(name, 0) - pair.posted.get(name, 0))
    draft.disown(first)  # the pair takes them back itself
    return replace(pair, posted={name: mg for name, mg in targets.items() if mg})


def _findings(draft: Draft, pair: Inbound, offer: Parcel | None, judged: list[Judged], both: dict[str, Weighed]) -> Inbound:
    """The findings that the pair stands for now; those that it no longer stands for are resolved or superseded."""
    said = verdict.said(draft, pair, offer, judged, both)
    ids = [draft.open(one) for one in said]
    draft.managed.update(ids)
    unmatched = draft.finding_id(verdict.unmatched(pair))
    for finding in pair.findings:
        if finding not in ids:
            draft.close_finding(finding, superseded=finding != unmatched)
    return replace(pair, findings=ids)


def _told(draft: Draft, pair: Inbound, offer: Offered, judged: list[Judged]) -> Offered:
    """One sender's offer, with its lineage and its answer as they are now."""
    settles = [s for j in judged for s in j.settles if s.from_site == offer.from_site]
    return _answered(draft, pair, _linked(draft, pair, offer, settles), settles)


def _linked(draft: Draft, pair: Inbound, offer: Offered, settles: list[Settled]) -> Offered:
    """The edge from the sender's lot, once both sides are there; a later part is an edge of its own."""
    if offer.parcel.dry_mg <= 0:
        return offer
    dry = sum(s.dry_mg for s in settles)
    got = attribution.total(s.got_mg for s in settles)
    if dry == offer.edged_dry_mg and got == offer.edged_mg:
        return offer
    more = {e: got.get(e, 0) - offer.edged_mg.get(e, 0) for e in {**offer.edged_mg, **got}}
    draft.edge((offer.from_site, pair.lot, offer.parcel.lot_seq), pair.lot, dry - offer.edged_dry_mg, more)
    return replace(offer, edged_dry_mg=dry, edged_mg=got)


def _answered(draft: Draft, pair: Inbound, offer: Offered, settles: list[Settled]) -> Offered:
    """Tell the sender what is settled of its offer, whenever that changed."""
    parcel = offer.parcel
    if parcel.dry_mg <= 0:
        return replace(offer, answered=None)
    settled = attribution.total(s.settled_mg for s in settles)
    dry = sum(s.dry_mg for s in settles)
    final = any(s.final for s in settles)
    returned = parcel.void and not final
    answer = SettledParcel(pair.lot, parcel.version, dry, dict(sorted(settled.items())), final, returned)
    nothing_yet = offer.answered is None and not settled and dry == 0 and not returned
    if answer == offer.answered or nothing_yet:
        return offer
    draft.messages.append(Message(offer.from_site, Answer(pair.consignment, draft.site, [answer])))
    return replace(offer, answered=answer)
