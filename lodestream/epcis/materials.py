"""Our extension on an event (ledger-rules section 4): the material items and the event's own terms."""

from typing import Any

from lodestream.epcis.context import NAMESPACE
from lodestream.epcis.event import Material
from lodestream.epcis.faults import Fault, shown
from lodestream.epcis.reading import Reading
from lodestream.epcis.terms import EVENT, MATERIAL, items_of, unknown

# Where an event names its lots, by the role that an item says.
_NAMES = {
    "input": (("inputEPCList",), ("inputQuantityList",), ()),
    "output": (("outputEPCList",), ("outputQuantityList",), ()),
    "object": (("epcList", "childEPCs"), ("quantityList", "childQuantityList"), ("parentID",)),
}
_IN_PROCESS = frozenset({"wip_open", "wip_close"})  # work in process is no lot that EPCIS could name
_MATERIALS = NAMESPACE + "materials"
_EVENT = {NAMESPACE + local: term for local, term in EVENT.items()}
_read_materials = items_of(Material, MATERIAL, ("role", "id"))


def read_extension(event: dict[str, Any], reading: Reading) -> dict[str, Any]:
    """The Event fields of our extension; the canonical event gets its canonical JSON.

    Raises Fault for an unknown term or value, an item whose lot the event does not name in that role, and a second
    item for the same role and lot.
    """
    fields: dict[str, Any] = {}
    for full, (key, value) in reading.ours.items():
        try:
            if full == _MATERIALS:
                fields["materials"], event[full] = _read_materials(value, reading)
                _match(fields["materials"], event)
            else:
                term = _EVENT.get(full) or unknown(full, _EVENT)
                fields[term.field], event[full] = term.read(value, reading)
        except Fault as fault:
            raise fault.under(key) from None
    return fields


def named(event: dict[str, Any], role: str) -> set[str]:
    """The canonical ids that an event names in a role."""
    lists, quantities, single = _NAMES[role]
    found: set[str] = {event[key] for key in single if key in event}
    for key in lists:
        if key in event:
            found.update(event[key])
    for key in quantities:
        if key in event:
            found.update([each["epcClass"] for each in event[key]])
    return found


def _match(materials: list[Material], event: dict[str, Any]) -> None:
    seen: set[tuple[str, str]] = set()
    names = {role: named(event, role) for role in {each.role for each in materials} - _IN_PROCESS}
    for index, material in enumerate(materials):
        if material.role not in _IN_PROCESS and material.id not in names[material.role]:
            message = f"The event names no {material.role} {shown(material.id)}. An item belongs to a lot that the event names."
            raise Fault("MATERIAL_WITHOUT_MATCH", message, index)
        if (material.role, material.id) in seen:
            message = f"There are two items for {material.role} {shown(material.id)}. Put all of it into one."
            raise Fault("MATERIAL_REPEATED", message, index)
        seen.add((material.role, material.id))
