"""What carriers see on the way: it moves nothing, and the watch holds it against how fast goods travel (F9).

An ObjectEvent OBSERVE `arriving`, `departing` or `transporting` tells at which place a lot of a consignment, or a container or
other single thing, was seen. The outcome names them, whatever becomes of the event in this book; of a shipment or a receipt it
names the single things, its lots being in its postings.

Rulebook R4, R89.
"""

from lodestream.epcis.event import Event

SEEN = frozenset({"arriving", "departing", "transporting"})
MOVED = frozenset({"shipping", "consigning", "receiving", "accepting"})


def is_observation(event: Event) -> bool:
    """Whether an event tells where goods were on their way."""
    return event.biz_step in SEEN and event.action == "OBSERVE" and event.error_declaration is None


def lots(event: Event) -> list[str]:
    """The lots of an observation."""
    return sorted({q.epc_class for q in event.quantities})


def things(event: Event) -> list[str]:
    """The single things that an event names, if it tells where they are."""
    if event.action != "OBSERVE" or event.error_declaration is not None:
        return []
    return sorted(event.epcs) if event.biz_step in SEEN or event.biz_step in MOVED else []
