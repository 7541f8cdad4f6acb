"""Receiving: a receipt joins the pair (consignment, lot) that it belongs to, and the pair is settled (ledger-rules section 5).

Rulebook R5, R30.
"""

from msgspec.structs import replace

from lodestream.epcis.event import Material
from lodestream.ledger import create, manifests, matching, pairs, place
from lodestream.ledger.accounts import source
from lodestream.ledger.draft import Draft
from lodestream.ledger.lots import refuse_unusable, told, wet_and_dry
from lodestream.ledger.moves import receipt_key
from lodestream.ledger.moving import Inbound, Receipt
from lodestream.ledger.ship import SSCC, bare, consignment_of, location, moved_lines
from lodestream.ledger.values import Judged
from lodestream.measures import Line, Measured, lines, measure


def receive(draft: Draft) -> None:
    """A receiving event at a booked site; at a place other than its destination it is linked only."""
    event = draft.event
    to_location = location(event.destinations)
    if to_location is not None and draft.entry.locations.get(to_location, draft.site) != draft.site:
        draft.reason = f"received at {draft.site}, destined for {to_location}: kept, moves nothing"
        return
    moved = moved_lines(draft, manifests.expected)
    if not moved:
        draft.reason = "what is received is empty by its offer: kept, moves nothing"
        return
    known = [one or measure(line, draft.book.mass_basis) for line, one in moved]
    measured = refuse_unusable(draft, [line for line, _ in moved], known)
    party = next((ref.id for ref in event.sources if ref.id in draft.entry.external), None)
    draft.kind = "receive"
    names = bare(draft)
    offered = manifests.consignments(draft, names)
    came: dict[str, int] = {}
    for (line, _), one in zip(moved, measured, strict=True):
        if party is not None:
            create.put(draft, line, one, source(f"external:{party}"))
            dry = wet_and_dry(one)[1]
        else:
            dry = _take(draft, line, one, offered.get(line.id))
        came[line.id] = came.get(line.id, 0) + dry
    if any(came.values()):
        manifests.remember(draft, names, list(came))
        manifests.arrive(draft, names, came)
    if party is None and not draft.pairs:
        draft.kind, draft.reason = "link", "another source received this before: confirmed, nothing posted"


def _take(draft: Draft, line: Line, measured: Measured, offered: str | None) -> int:
    """The receipt of one lot, unless another source's stands: then it confirms that one. Gives the dry mass that came.

    What came in a container belongs to the consignment that this was offered under (`offered`), unless the event names one.
    """
    event = draft.event
    named = consignment_of(event)
    if offered is not None and (named is None or SSCC.match(named) or all(line.id != x.id for x in lines(event))):
        named = offered
    origin = location(event.sources)
    stands = place.take(draft, line.id)
    number = sum(1 for known in draft.taken if known == line.id)
    if stands is not None:
        draft.slots[receipt_key(event.identity, line.id, number)] = stands.slot
    receipt = Receipt(
        event.identity,
        draft.entry.source,
        event.receipt == "final",
        event.event_time_us,
        _based(draft, line),
        event.event_hash,
        named is not None,
        draft.head.seq if stands is None or stands.arrival < 0 else stands.arrival,
        draft.entry.locations.get(origin, "") if origin else "",
        number,
    )
    draft.taken.append(line.id)
    consignment = named or event.event_hash
    pair = draft.view.get(Inbound, pairs.key(consignment, line.id)) or Inbound(consignment, line.id)
    if matching.confirms(draft, pair, receipt):
        return 0
    draft.pairs.append(pairs.key(consignment, line.id))
    judged = matching.update(draft, replace(pair, receipts=pairs.in_order([*pair.receipts, receipt])))
    counted = next(j for j in judged if j.receipt == receipt)
    _tell(draft, counted, line, measured)
    return 0 if counted.refused else counted.dry_mg


def _tell(draft: Draft, judged: Judged, line: Line, measured: Measured) -> None:
    """The line as the pair takes it: with what the offer says where the receipt does not."""
    wet, dry = wet_and_dry(measured)
    draft.lines.append(told(line, judged.wet_mg or wet, judged.dry_mg or dry, {} if judged.refused else judged.got_mg))
    if judged.refused:
        draft.reason = "ALREADY_RESOLVED"


def _based(draft: Draft, line: Line) -> Line:
    """The line with the book's basis made explicit, so that the receipt reads the same under a later book."""
    default = draft.book.mass_basis
    if default is None or (line.material is not None and line.material.mass_basis is not None):
        return line
    item = line.material or Material(role=line.role, id=line.id)
    explicit = replace(line, material=replace(item, mass_basis=default))
    return explicit if isinstance(measure(explicit, None), Measured) else line
