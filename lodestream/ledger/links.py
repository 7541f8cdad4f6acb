"""Transaction and association events, linked to the lots that they name; and ownership (ledger-rules section 2).

A TransactionEvent ties goods to a contract, an order, an invoice; an AssociationEvent ties them to an asset or a sensor.
Neither moves metal. The lots that they name, and those in containers that they name, get a version of their own in the log.
The owner is an attribute of a lot: who the last event (by event time) with a destination of type `owning_party` gave it to.

Rulebook R59, R68.
"""

from msgspec.structs import replace

from lodestream.epcis.event import Event
from lodestream.ledger.containers import carriers, container
from lodestream.ledger.draft import Draft
from lodestream.ledger.held import Arranged, Owners, Ownership
from lodestream.ledger.lots import told
from lodestream.measures import Line, lines

_LEAVES = frozenset({"shipping", "departing", "consigning", "void_shipping"})


def link(draft: Draft) -> None:
    """Link the event to the lots of the site that it names."""
    for line in _named(draft):
        lot = draft.lot(line.id)
        if lot is not None:
            draft.put_lot(lot)
            draft.lines.append(told(line, 0, 0, {}))


def _named(draft: Draft) -> list[Line]:
    """The lines of the event, its parent, and what is in the containers that it names."""
    event = draft.event
    found = [x for x in lines(event) if x.role != "input"]
    known = {x.id for x in found}
    parents = [event.parent_id] if event.parent_id and event.type != "AggregationEvent" else []
    names = carriers(draft, parents + [x.id for x in found if x.instance and x.material is None])
    inner = [lot for name in names for lot in [name, *container(draft, name).lots]]
    return found + [Line("object", x) for x in dict.fromkeys(inner) if x not in known]


def new_owner(event: Event) -> str | None:
    """Who owns it afterwards: the destination of type `owning_party`."""
    return next((ref.id for ref in event.destinations if ref.type == "owning_party"), None)


def own(draft: Draft) -> None:
    """Give the lots of the event the owner that it names. What is shipped takes its new owner along; what stays keeps its own.

    A transaction that is taken off (action DELETE) gives nothing. The former owner (source of type `owning_party`) is
    noted where nobody was known.
    """
    event = draft.event
    owner = new_owner(event)
    before = next((ref.id for ref in event.sources if ref.type == "owning_party"), None)
    if event.error_declaration is not None or event.action == "DELETE" or (owner is None and before is None):
        return
    for line in _named(draft):
        lot = draft.lot(line.id)
        if lot is None:
            continue
        if before is not None and lot.owner is None:
            draft.put_lot(lot := replace(lot, owner=before))
        if owner is None or event.biz_step in _LEAVES or line.id in draft.owned:
            continue
        known = draft.view.get(Owners, line.id) or Owners(lot.owner, [])
        change = Ownership(event.event_time_us, event.identity, owner)
        _set(draft, line.id, replace(known, changes=sorted([*known.changes, change], key=lambda c: (c.at_us, c.identity))))
        draft.owned.append(line.id)


def disown(draft: Draft, identity: str, done: Arranged) -> None:
    """The event is void: its lots are whose they would be without it."""
    for name in done.owned:
        known = draft.view.get(Owners, name)
        if known is not None:
            _set(draft, name, replace(known, changes=[c for c in known.changes if c.identity != identity]))


def _set(draft: Draft, name: str, known: Owners) -> None:
    lot = draft.lot(name)
    assert lot is not None, "a lot that had an owner is there"
    draft.put_lot(replace(lot, owner=known.changes[-1].owner if known.changes else known.before))
    if known.changes:
        draft.view.put(known, name)
    else:
        draft.view.drop(Owners, name)
