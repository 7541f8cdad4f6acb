"""The lots that an event moves, each with what its item of our `materials` extension says about it (rulebook R11)."""

from decimal import Decimal

import msgspec

from lodestream.epcis.event import Assay, Event, Material, Quantity, Role
from lodestream.measures.units import COUNTS
from lodestream.measures.values import Line


def lines(event: Event) -> list[Line]:
    """The lines of an event as listed: inputs, outputs, then objects (an aggregation's children), classes before instances.

    Entries of one class and role in the same unit are one line; a count beside a measured entry of the same lot says nothing
    more. A sensor's assays count where the event names exactly one lot and its item has none (ledger-rules 3).
    """
    items = {(item.role, item.id): item for item in event.materials}
    found = [
        *_of_role("input", event.input_quantities, event.input_epcs, items),
        *_of_role("output", event.output_quantities, event.output_epcs, items),
        *_of_role("object", event.quantities, event.epcs, items),
        *_of_role("object", event.child_quantities, event.child_epcs, items),
    ]
    if event.sensor_assays and len(found) == 1:
        found[0] = _with_assays(found[0], event.sensor_assays)
    return found


def _of_role(role: Role, quantities: list[Quantity], epcs: list[str], items: dict[tuple[Role, str], Material]) -> list[Line]:
    return [
        *_classes(role, quantities, items),
        *(Line(role, epc, material=items.get((role, epc)), instance=True) for epc in epcs),
    ]


def _classes(role: Role, quantities: list[Quantity], items: dict[tuple[Role, str], Material]) -> list[Line]:
    if len(quantities) == 1:
        only = quantities[0]
        return [Line(role, only.epc_class, only.quantity, only.uom, items.get((role, only.epc_class)))]
    merged: dict[str, dict[str | None, Decimal | None]] = {}
    for entry in quantities:
        units = merged.setdefault(entry.epc_class, {})
        units[entry.uom] = _plus(units.get(entry.uom), entry.quantity)
    result = []
    for lot, units in merged.items():
        measured = {uom: quantity for uom, quantity in units.items() if uom is not None and uom not in COUNTS} or units
        for place, (uom, quantity) in enumerate(measured.items()):
            # An item speaks of the lot once: a second entry in another unit stands alone.
            result.append(Line(role, lot, quantity, uom, items.get((role, lot)) if place == 0 else None))
    return result


def _plus(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    if one is None or other is None:
        return other if one is None else one
    return one + other


def _with_assays(line: Line, assays: list[Assay]) -> Line:
    item = line.material or Material(role=line.role, id=line.id)
    return line if item.assays else msgspec.structs.replace(line, material=msgspec.structs.replace(item, assays=assays))
