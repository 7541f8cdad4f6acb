"""Shipping: STOCK(lot) -> TRANSIT(consignment, lot), and an offer to the receiver's book (ledger-rules sections 1, 2, 5).

Rulebook R28, R47.
"""

import re
from collections.abc import Callable

from msgspec.structs import replace

from lodestream.epcis.event import Event, TypedRef
from lodestream.ledger import attribution, containment, links, sunk
from lodestream.ledger.accounts import transit
from lodestream.ledger.containers import carriers
from lodestream.ledger.create import with_mass
from lodestream.ledger.draft import Draft, Refused
from lodestream.ledger.draw import draw, post_drawn
from lodestream.ledger.lots import refuse_unusable, told
from lodestream.ledger.moving import Bound, Consigned, Outbound, Shipment
from lodestream.ledger.pairs import key
from lodestream.ledger.records import Offer, Parcel
from lodestream.ledger.telling import inherited
from lodestream.ledger.values import Drawn, Message, Said
from lodestream.measures import Line, Measured, lines, measure, quadrature

SSCC = re.compile(r"https://id\.gs1\.org/00/\d{18}$")
GSIN = re.compile(r"https://id\.gs1\.org/402/\d{17}$")
Contents = Callable[[Draft, list[str], set[str]], tuple[list[Line], list[str]]]
MAX_UPSTREAM = 10_000  # lots that the walk for open findings visits at most


def ship(draft: Draft) -> None:
    """A shipping event at the site that holds the stock. An external party gets no offer; no destination is TRANSIT_OPEN."""
    event = draft.event
    consignment = consignment_of(event) or event.event_hash
    moved = [line for line, _ in moved_lines(draft, _inside)]
    to_location = location(event.destinations)
    party = next((ref.id for ref in event.destinations if ref.id in draft.entry.external), None)
    to_site = draft.entry.locations.get(to_location, "") if to_location and party is None else ""
    if to_site == draft.site:
        draft.reason = "from a site to itself: kept, moves nothing"
        return
    if not moved:
        draft.reason = "what is shipped is empty by its aggregations: kept, moves nothing"
        return
    draft.kind = "ship"
    along = carriers(draft, bare(draft))
    goal = (to_site, to_location or "", party or "")
    sent = [pair for line in moved if (pair := _send(draft, line, consignment, goal, along)) is not None]
    if sent:
        own = {pair.lot: [s.packed for s in pair.shipments if s.identity == event.identity] for pair in sent}
        containment.gone(draft, consignment, along, {lot: attribution.total(packed) for lot, packed in own.items()})
    if not sent:
        draft.kind, draft.reason = "link", "another source sent this shipment before: confirmed, nothing posted"
    elif not to_site and party is None:
        draft.open(without_destination(consignment, event.identity, [pair.lot for pair in sent]))
    else:
        offer(draft, sent, to_site)


def without_destination(consignment: str, identity: str, lots: list[str]) -> Said:
    """TRANSIT_OPEN of a shipment to nowhere."""
    said = f"consignment {consignment} names no destination of type location: no offer is made"
    return Said("TRANSIT_OPEN", (consignment, identity), said, lots)


def bare(draft: Draft) -> list[str]:
    """The instances that the event names without a mass: containers, or lots of their own that move whole."""
    items = {(item.role, item.id) for item in draft.event.materials}
    return [epc for epc in draft.event.epcs if ("object", epc) not in items]


def _inside(draft: Draft, names: list[str], counted: set[str]) -> tuple[list[Line], list[str]]:
    """The content of containers that leave; of one that left already, what another source told of it."""
    found, unknown = containment.contents(draft, names, counted)
    before, unknown = containment.departed(draft, consignment_of(draft.event) or draft.event.event_hash, unknown, counted)
    return found + before, unknown


def moved_lines(draft: Draft, inside: Contents) -> list[tuple[Line, Measured | None]]:
    """The lines that a move is about, as measured; None for a bare instance, which moves whole.

    What is named beside its container counts once; what is in a container at any level and not named comes by `inside`. A
    container alone whose content is not known is parked (UNKNOWN_CONTENT).
    """
    found = lines(draft.event)
    if not found:
        raise Refused(Said("NO_QUANTITY", (draft.event.identity,), "a move names nothing that is moved"))
    names = bare(draft)
    weighed = with_mass(found)
    own = weighed + [x for x in found if x.id in names and draft.lot(x.id)]
    more, unknown = inside(draft, names, {x.id for x in own})
    if unknown and not weighed:
        raise containment.unknown_content(draft, unknown)
    moved = own + more
    weighed = [x for x in moved if not (x.instance and x.material is None)]
    measured = iter(refuse_unusable(draft, weighed, [measure(x, draft.book.mass_basis) for x in weighed]))
    return [(x, None if x.instance and x.material is None else next(measured)) for x in moved]


def consignment_of(event: Event) -> str | None:
    """Our extension, else GSIN, else `bol`, else `desadv`, else the parent SSCC (ledger-rules section 2)."""
    if event.consignment_id:
        return event.consignment_id
    gsin = next((i for i in [*(t.id for t in event.biz_transactions), *event.epcs] if GSIN.match(i)), None)
    typed = [t.id for kind in ("bol", "desadv") for t in event.biz_transactions if t.type == kind]
    parents = [i for i in [event.parent_id or "", *event.epcs] if SSCC.match(i)]
    return next((i for i in [gsin, *typed, *parents] if i), None)


def location(refs: list[TypedRef]) -> str | None:
    """The first source or destination of type location."""
    return next((ref.id for ref in refs if ref.type == "location"), None)


def _send(draft: Draft, line: Line, consignment: str, goal: tuple[str, str, str], along: list[str]) -> Outbound | None:
    """One lot of a shipment; None where another source's standing shipment is confirmed by this one.

    `goal` is the site, the location and the external party that it goes to.
    """
    event = draft.event
    to_site, to_location, party = goal
    ref = key(consignment, line.id)
    known = draft.view.get(Outbound, ref)
    pair = known or Outbound(consignment, line.id)
    if any(s.source != draft.entry.source for s in pair.shipments):
        return None
    if pair.bound.get(to_site, Bound()).void:
        said = f"{line.id} of consignment {consignment} was asked back: a shipment after that needs a consignment of its own"
        raise Refused(Said("ALREADY_RESOLVED", (consignment, line.id, event.identity), said, [line.id]))
    account = transit(consignment, line.id)
    drawn = draw(draft, line, account)
    for element in drawn.contained_mg:
        post_drawn(draft, drawn, element, account)
    draft.lines.append(told(line, drawn.wet_mg, drawn.dry_mg, drawn.contained_mg))
    before = pair.bound.get(to_site, Bound())
    place = event.read_point or event.biz_location or draft.site
    bound = replace(before, from_location=place, to_location=to_location, version=before.version + 1)
    shipment = replace(_shipment(draft, drawn, to_site, along), party=party)
    pair = replace(pair, shipments=[*pair.shipments, shipment], bound={**pair.bound, to_site: bound})
    if pair.proofs:
        pair = sunk.settle(draft, pair)
    draft.view.put(pair, ref)
    draft.pairs.append(ref)
    if known is None:
        lots = (draft.view.get(Consigned, consignment) or Consigned()).lots
        draft.view.put(Consigned([*lots, line.id]), consignment)
    return pair


def _shipment(draft: Draft, drawn: Drawn, to_site: str, along: list[str]) -> Shipment:
    packed, within = containment.leaving(draft, drawn.line.id, drawn.dry_mg, along)
    return Shipment(
        draft.event.identity,
        draft.entry.source,
        drawn.dry_mg,
        drawn.wet_mg,
        drawn.contained_mg,
        drawn.u_mg,
        draft.event.event_time_us,
        to_site,
        drawn.shares,
        drawn.index,
        packed,
        within,
        links.new_owner(draft.event),
        transport_mode=draft.event.transport_mode,
    )


def offer(draft: Draft, pairs: list[Outbound], to_site: str) -> None:
    """One offer to a receiver's book, with the whole state of what goes there. None to a party without a book here."""
    if not to_site:
        return
    bound = pairs[0].bound[to_site]
    parcels = [parcel(draft, pair, to_site) for pair in pairs]
    for pair, one in zip(pairs, parcels, strict=True):
        told = replace(pair.bound[to_site], findings=one.findings)
        draft.view.put(replace(pair, bound={**pair.bound, to_site: told}), key(pair.consignment, pair.lot))
    elements = draft.book.elements or sorted({e for one in parcels for e in one.contained_mg})
    content = Offer(pairs[0].consignment, draft.site, bound.from_location, bound.to_location, elements, parcels)
    draft.messages.append(Message(to_site, content))


def offer_again(draft: Draft) -> None:
    """A new version of each offer whose shipments were told anew: one offer a consignment and receiver."""
    if draft.ends_here:
        draft.offers.clear()
    grouped: dict[tuple[str, str], list[Outbound]] = {}
    for name in sorted(draft.offers):
        ref, _, to_site = name.rpartition(" ")
        pair = draft.view.get(Outbound, ref)
        if pair is None or to_site not in pair.bound:
            continue
        bound = pair.bound[to_site]
        pair = replace(pair, bound={**pair.bound, to_site: replace(bound, version=bound.version + 1)})
        draft.view.put(pair, ref)
        grouped.setdefault((pair.consignment, to_site), []).append(pair)
    draft.offers.clear()
    draft.again = True
    for (_, to_site), changed in grouped.items():
        offer(draft, changed, to_site)


def parcel(draft: Draft, pair: Outbound, to_site: str) -> Parcel:
    """The sums over the shipments to a site that stand, with what the sender's book says of the lot."""
    shipments = [s for s in pair.shipments if s.to_site == to_site]
    elements = sorted({e for s in shipments for e in s.contained_mg})
    lot = draft.lot(pair.lot)
    assert lot is not None, "what was shipped was a lot here"
    dry, wet = sum(s.dry_mg for s in shipments), sum(s.wet_mg for s in shipments)
    u = {e: quadrature(*(s.u_mg.get(e, 0) for s in shipments)) for e in elements}
    contained = {e: sum(s.contained_mg.get(e, 0) for s in shipments) for e in elements}
    shares = attribution.NOTHING
    for one in shipments:
        shares = attribution.plus(shares, one.shares)
    draft.fit(f"what {pair.consignment} holds of {pair.lot}", dry, wet, *contained.values(), *u.values())
    return Parcel(
        lot=pair.lot,
        version=pair.bound[to_site].version,
        dry_mg=dry,
        wet_mg=wet,
        assayed=True,
        contained_mg=contained,
        u_mg=u,
        shipped_us=min((s.shipped_us for s in shipments), default=0),
        product_class=lot.product_class,
        country_of_origin=lot.country_of_origin,
        owner=next((s.owner for s in reversed(shipments) if s.owner), lot.owner),
        findings=upstream_findings(draft, pair.lot),
        lot_seq=lot.version,
        embodied_g_co2e=shares.carbon_g,
        shares=attribution.in_order(shares.vectors),
        uncovered_mg=shares.uncovered_mg,
        contacts=sorted(shares.contacts),
        path=[*draft.path, f"{draft.site} {lot.version}"] if draft.again else [],
        packed=attribution.total(s.packed for s in shipments),
        within={child: outer for s in shipments for child, outer in s.within.items()},
        void=pair.bound[to_site].void,
    )


def upstream_findings(draft: Draft, lot: str) -> list[str]:
    """The open hard and hold findings on a lot and on what it was made of at this site."""
    found: set[str] = set()
    seen: set[str] = set()
    todo = [lot]
    while todo and len(seen) < MAX_UPSTREAM:
        name = todo.pop()
        held = draft.lot(name)
        if name in seen or held is None:
            continue
        seen.add(name)
        found.update(held.findings, inherited(held))
        todo.extend(held.parents)
    return sorted(found)
