"""The same, changed, void: what an event is to the events that the book already knows (ledger-rules section 7)."""

from lodestream.epcis.event import Event
from lodestream.ledger.draft import Said
from lodestream.ledger.state import SameHash, Seen, View

NEW = "new"
DUPLICATE = "duplicate"


def tickets(event: Event) -> list[str]:
    """All ticket ids of an event: two equal bags weighed in one second are two bags if their tickets differ."""
    return sorted({ticket for material in event.materials for ticket in material.tickets})


def judge(view: View, event: Event) -> str | Said:
    """NEW, DUPLICATE, or the MUTATED_EVENT finding. Error declarations are not judged here: they repeat an eventID by right."""
    seen = view.get(Seen, event.identity)
    if seen is None:
        return DUPLICATE if _same_without_id(view, event) else NEW
    if seen.status == "refused":
        return NEW
    if seen.hash != event.event_hash:
        compared = f"eventID {event.identity}: event hash {seen.hash} before, {event.event_hash} now, no errorDeclaration"
        return Said("MUTATED_EVENT", (event.identity, seen.digest, event.content_digest), compared, seen.lots)
    if seen.digest != event.content_digest:
        compared = f"event {event.identity}: equal hash, content digest {seen.digest} before, {event.content_digest} now"
        return Said("MUTATED_EVENT", (event.identity, seen.digest, event.content_digest), compared, seen.lots, "warn")
    return DUPLICATE


def replay_suspect(view: View, event: Event) -> Said | None:
    """F11 by equal hash: another explicit eventID with this hash that stands, unless the ticket ids differ."""
    same = view.get(SameHash, event.event_hash)
    own = set(tickets(event))
    for identity in same.identities if same else []:
        seen = view.get(Seen, identity)
        if seen is None or identity == event.identity or seen.status in {"void", "refused"}:
            continue
        if own and seen.tickets and own.isdisjoint(seen.tickets):
            continue
        compared = f"event hash {event.event_hash} is that of {identity} and of {event.identity}; no ticket ids tell them apart"
        return Said("REPLAY_SUSPECT", (event.event_hash, identity, event.identity), compared)
    return None


def _same_without_id(view: View, event: Event) -> bool:
    """Whether an equal event stands, of which one of the two names no eventID: it could not be told from a repeat."""
    same = view.get(SameHash, event.event_hash)
    for identity in same.identities if same else []:
        seen = view.get(Seen, identity)
        if seen is not None and seen.status not in {"void", "refused"} and not (seen.explicit and event.event_id):
            return True
    return False
