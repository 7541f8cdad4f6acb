"""What the author of a history believes of its lots, parcels and campaigns, roughly, and how it corrects itself."""

from dataclasses import dataclass

from msgspec.structs import replace

from lodestream.epcis.event import Event
from tests.ledger.making import hashed


@dataclass
class Heap:
    """What the author believes of a lot: dry mass in tenths of a tonne, moisture, elements; `last` event that touched it."""

    tenths: int
    moisture: str | None
    elements: tuple[str, ...]
    assayed: bool = True
    last: int = 0
    awaited: bool = False  # a draw that may be parked waits for it


@dataclass
class Sent:
    """A parcel under way; what of it has been received so far, in tenths of a tonne."""

    origin: str
    lot: str
    consignment: str
    to: str
    heap: Heap
    received: int = 0


@dataclass
class Campaign:
    """A run over several events: where, what it took so far, and which elements."""

    site: str
    name: str
    tenths: int = 0
    elements: tuple[str, ...] = ()


def corrected(wrong: Event) -> Event:
    """What stands in its place: a tenth less of what it made, added or moved."""
    less = [replace(q, quantity=None if q.quantity is None else q.quantity * 9 / 10) for q in wrong.quantities]
    made = [replace(q, quantity=None if q.quantity is None else q.quantity * 9 / 10) for q in wrong.output_quantities]
    return hashed(replace(wrong, event_id=f"{wrong.event_id}:corrected", quantities=less, output_quantities=made))
