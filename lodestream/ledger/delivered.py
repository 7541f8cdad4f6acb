"""What went to external parties: TRANSIT -> SINK(external:party), on proof of delivery or at the close of its month.

A proof is an ObjectEvent OBSERVE `arriving`, `receiving` or `accepting`, seen at an external location or giving the goods to
an external owner, that names its source location and the consignment, with the lots or alone (ledger-rules section 2). It is
seen where the sender's book is not, so it is told there as an event of the sender's site. Any source may say it: who is outside
of the register has no source that the sender's book could name, and a proof only brings forward what the close of the month
posts anyway, what the sender itself says that it has sent; nothing of the proof's own masses counts. Declared void, it is
taken back. Rulebook R78.
"""

from msgspec.structs import replace

from lodestream.ledger import sunk, void
from lodestream.ledger.draft import Draft
from lodestream.ledger.moving import Outbound, Proof
from lodestream.ledger.pairs import key
from lodestream.ledger.ship import consignment_of, location
from lodestream.ledger.values import Message

KIND = "deliver"
STEPS = frozenset({"arriving", "receiving", "accepting"})
CLOSED = "close"
MINUTE_US = 60_000_000


def tell(draft: Draft) -> None:
    """Tell the sender's site of a proof that was seen here, and of its declaration."""
    event, entry = draft.event, draft.entry
    if event.type != "ObjectEvent" or event.action != "OBSERVE" or event.biz_step not in STEPS or entry.cause is not None:
        return
    owners = {ref.id for ref in event.destinations if ref.type == "owning_party"}
    place = location(event.sources)
    sender = entry.locations.get(place, "") if place else ""
    if sender not in {"", draft.site, *entry.external} and not {draft.site, *owners}.isdisjoint(entry.external):
        draft.messages.append(Message(sender, event))


def take(draft: Draft) -> None:
    """A proof in the sender's book: what it names of the consignment leaves, as far as it went to an external party."""
    event = draft.event
    consignment = consignment_of(event)
    refs = void.named(draft, consignment) if consignment else []
    if not refs:
        draft.reason = f"proof of delivery of consignment {consignment or '(none named)'}: nothing of it was sent from here"
        return
    draft.kind = KIND
    draft.pairs += refs
    proof = Proof(event.event_time_us + draft.book.clock_skew_minutes * MINUTE_US, event.identity)
    for ref in refs:
        consigned, lot = ref.rsplit(" ", 1)
        prove(draft, draft.view.get(Outbound, ref) or Outbound(consigned, lot), proof)
    if not draft.legs:
        draft.reason = f"proof of delivery of consignment {consignment}: nothing of it waits here for one"


def prove(draft: Draft, pair: Outbound, proof: Proof) -> None:
    """What was shipped by the time of a proof has arrived. Of the closes of months the last counts."""
    others = [p for p in pair.proofs if p.by != proof.by]
    at_us = max([proof.at_us, *(p.at_us for p in pair.proofs if p.by == proof.by)])
    pair = sunk.settle(draft, replace(pair, proofs=[*others, replace(proof, at_us=at_us)]))
    draft.view.put(pair, key(pair.consignment, pair.lot))


def withdraw(draft: Draft, refs: list[str], identity: str) -> None:
    """The proof was an error: what no other proof and no close stands for is on its way again, or back if it was asked back."""
    for ref in refs:
        pair = draft.view.get(Outbound, ref)
        if pair is None:
            continue
        pair = sunk.settle(draft, replace(pair, proofs=[p for p in pair.proofs if p.by != identity]))
        draft.view.put(pair, ref)
        if "" in pair.bound:
            void.give_back(draft, pair, "")
