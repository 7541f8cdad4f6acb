"""The same, changed, void: what an event is to the events that the book already knows (ledger-rules section 7).

Rulebook R41, R42, R43.
"""

from lodestream.epcis.event import Event
from lodestream.ledger.claimed import Acts
from lodestream.ledger.state import Journal, SameHash, Seen
from lodestream.ledger.values import Said
from lodestream.ledger.view import View

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


def replay_suspect(view: View, event: Event, *, posting: bool) -> Said | None:
    """F11 by equal hash: of the events with this hash that moved metal or credits and stand, two that no ticket ids tell apart.

    `posting`: the event itself is about to be one of them.
    """
    others = [(i, seen) for i, seen in _standing(view, event.event_hash) if i != event.identity]
    rows = [(i, seen.tickets) for i, seen in others if view.get(Journal, i) or view.get(Acts, i)]
    if posting:
        rows.append((event.identity, tickets(event)))
    bare: str | None = None
    known: dict[str, str] = {}
    for identity, own in rows:
        other = bare or next((known[ticket] for ticket in own if ticket in known), None)
        other = other or (rows[0][0] if known and not own else None)
        if other is not None:
            compared = f"event hash {event.event_hash} is that of {other} and of {identity}; no ticket ids tell them apart"
            return Said("REPLAY_SUSPECT", (event.event_hash,), compared)
        bare = None if own else identity
        known |= dict.fromkeys(own, identity)
    return None


def named_by(view: View, event: Event) -> str | None:
    """The identity of the event that a declaration names: by eventID, else by hash, where one of the two has no eventID."""
    if view.get(Seen, event.identity) is not None:
        return event.identity
    if event.event_id is not None:
        unnamed = view.get(Seen, event.event_hash)
        return event.event_hash if unnamed is not None else None
    same = view.get(SameHash, event.event_hash)
    known = [i for i in (same.identities if same else []) if (seen := view.get(Seen, i)) and seen.hash == event.event_hash]
    return next((i for i, _ in _standing(view, event.event_hash)), known[0] if known else None)


def _standing(view: View, event_hash: str) -> list[tuple[str, Seen]]:
    """The events of a hash that are neither void nor refused, in order of arrival.

    An eventID whose event was refused may name other content by now.
    """
    same = view.get(SameHash, event_hash)
    known = ((i, view.get(Seen, i)) for i in (same.identities if same else []))
    return [(i, s) for i, s in known if s is not None and s.hash == event_hash and s.status not in {"void", "refused"}]


def _same_without_id(view: View, event: Event) -> bool:
    """Whether an equal event stands, of which one of the two names no eventID: it could not be told from a repeat."""
    return any(not (seen.explicit and event.event_id) for _, seen in _standing(view, event.event_hash))
