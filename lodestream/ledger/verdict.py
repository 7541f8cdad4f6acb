"""What a pair (consignment, lot) at the receiver is said to be: unmatched, refused, too early, a gain or a loss on the way.

F27, F4, F8, F20 and F35; the mistakes of basis and unit (F14, F15) are in confusion.py. Rulebook R30, R34.
"""

from lodestream.ledger import confusion, pending
from lodestream.ledger.draft import Draft
from lodestream.ledger.moving import Inbound, Receipt
from lodestream.ledger.records import Parcel
from lodestream.ledger.values import Judged, Said, Weighed
from lodestream.measures import kg, percent, percent_of, quadrature


def unmatched(pair: Inbound) -> Said:
    """F27: received, and no offer of it has come."""
    arithmetic = f"received {pair.lot} of consignment {pair.consignment}, no offer of it yet"
    return Said("UNMATCHED", (pair.consignment, pair.lot), arithmetic, [pair.lot])


def weighed(pair: Inbound, offer: Parcel | None, judged: list[Judged]) -> dict[str, Weighed]:
    """What was sent and what came of each element that both sides know, once the pair is final; nothing before."""
    if offer is None or not pending.is_final(pair, judged):
        return {}
    taken = [j for j in judged if not j.refused]
    found = {}
    for element, sent in pending.tracked(pair).items():
        if all(element in j.got_mg for j in taken):
            u = quadrature(offer.u_mg.get(element, 0), *(j.u_mg.get(element, 0) for j in taken))
            found[element] = Weighed(sent, sum(j.got_mg[element] for j in taken), u)
    return found


def said(draft: Draft, pair: Inbound, offer: Parcel | None, judged: list[Judged], both: dict[str, Weighed]) -> list[Said]:
    """All findings that the pair stands for; `offer` sums up what its senders offer, `both` is what was weighed at both ends."""
    taken = [j for j in judged if not j.refused]
    found = [_refused(pair, j.receipt) for j in judged if j.refused]
    if offer is None:
        return [*found, unmatched(pair)] if taken else found
    skew = draft.book.clock_skew_minutes
    early = [j.receipt for j in taken if j.receipt.received_us < offer.shipped_us - skew * 60_000_000]
    found += [_too_early(pair, receipt, offer, skew) for receipt in early]
    if pending.is_final(pair, judged):
        found += _in_transit(draft, pair, both)
        found += confusion.said(pair.consignment, pair.lot, offer, taken)
    return found


def _refused(pair: Inbound, receipt: Receipt) -> Said:
    back = any(o.void_at is not None and receipt.arrival >= o.void_at for o in pair.offers)
    before = "given back to its sender" if back else "received in full"
    arithmetic = f"{pair.lot} of consignment {pair.consignment} was {before} before {receipt.identity}: pending 0 kg"
    return Said("ALREADY_RESOLVED", (pair.consignment, pair.lot, receipt.identity), arithmetic, [pair.lot])


def _too_early(pair: Inbound, receipt: Receipt, offer: Parcel, skew: int) -> Said:
    arithmetic = (
        f"received at {receipt.received_us} us, shipped at {offer.shipped_us} us (microseconds since 1970, UTC); "
        f"clocks may differ by {skew} min"
    )
    return Said("TIME_ORDER", (pair.consignment, pair.lot, receipt.identity), arithmetic, [pair.lot])


def _in_transit(draft: Draft, pair: Inbound, both: dict[str, Weighed]) -> list[Said]:
    """F20 where more came than was shipped + 3u, F35 where less came than the tolerance + 3u allows, over the whole pair."""
    said = []
    for element, one in both.items():
        sent, came, u = one.sent_mg, one.came_mg, one.u_mg
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
