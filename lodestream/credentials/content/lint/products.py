"""Products: how much, which batch, what they are made of, and that what moves goes somewhere."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, TypeGuard

from lodestream.credentials.content.lint.faults import Fault, Node, Scope
from lodestream.measures.units import UnitRefusedError, mass_unit

EVENT_PRODUCTS = frozenset(("inputProduct", "outputProduct", "movedProduct", "modifiedProduct"))
PROVENANCE = {"materialProvenance": "UNTP DPP", "materialsProvenance": "UNTP 0.6 DPP"}
MATERIALS = (*PROVENANCE, "materialConsumed", "materialUsed")
ROUNDING = Decimal("0.005")
"""By how much the mass fractions of others may miss 1."""
TRAPS = frozenset({"DMT", "WMT", "DT", "WE"})
"""Codes that people take for tonnes: two are no units of mass, two have no factor."""
OUR_PROFILE = "docs/content.md, our profile"


def products(node: Node, scope: Scope) -> Iterator[Fault]:
    """The faults of an object that is a product, holds materials, or moves something."""
    if node.key in EVENT_PRODUCTS:
        yield from _quantity(node, scope)
    if "idGranularity" in node.value:
        yield from _batch(node)
    for name, clause in PROVENANCE.items():
        if isinstance(node.value.get(name), list):
            yield from _fractions(node, name, clause, scope)
    if node.key in MATERIALS and node.value.get("hazardous") is True and not node.value.get("materialSafetyInformation"):
        said = "is hazardous and links to no safety information"
        yield Fault("SAFETY_MISSING", node.pointer, said, "UNTP Material: hazardous needs materialSafetyInformation")
    types = node.value.get("type")
    if isinstance(types, list):
        yield from _event(node, types, scope)


def _quantity(node: Node, scope: Scope) -> Iterator[Fault]:
    measure = node.value.get("quantity")
    if not isinstance(measure, dict):
        if scope == "ours":
            yield Fault("QUANTITY_MISSING", node.pointer, "says not how much of it there is", OUR_PROFILE, "ours")
        return
    unit, value = measure.get("unit"), measure.get("value")
    if _is_number(value) and value < 0:
        yield Fault("QUANTITY_NEGATIVE", node.at("quantity", "value"), f"{value} is less than nothing", "UNTP Measure")
    if not isinstance(unit, str):
        return
    try:
        mass_unit(unit)
    except UnitRefusedError as error:
        if unit in TRAPS:
            yield Fault("UNIT_TRAP", node.at("quantity", "unit"), str(error)[:200], "UN/CEFACT Recommendation 20")
        elif scope == "ours":
            said = f"{unit[:20]!r} cannot be turned into kilograms"
            yield Fault("UNIT_NO_MASS", node.at("quantity", "unit"), said, OUR_PROFILE, "ours")


def _batch(node: Node) -> Iterator[Fault]:
    granularity = node.value["idGranularity"]
    for name in ("batch", "item"):
        if granularity == name and not node.value.get(f"{name}Number"):
            said = f"is of granularity {name} and has no {name}Number"
            yield Fault("NUMBER_MISSING", node.pointer, said, "UNTP Product: idGranularity")
    if granularity == "model" and (node.value.get("batchNumber") or node.value.get("itemNumber")):
        said = "names a batch or an item, and says that its id is of a model: the id is shared by all of them"
        yield Fault("GRANULARITY", node.at("idGranularity"), said, "UNTP Product: idGranularity")


def _fractions(node: Node, name: str, clause: str, scope: Scope) -> Iterator[Fault]:
    found = [one.value.get("massFraction") for one in node.objects(name)]
    stated = [Decimal(value) for value in found if _is_number(value)]
    if not stated:
        return
    total = sum(stated, Decimal(0))
    if abs(total - 1) > ROUNDING:
        yield Fault("FRACTIONS", node.at(name), f"the mass fractions sum to {total}, not to 1", f"{clause}: should sum to 1")
    elif total != 1 and scope == "ours":
        yield Fault("FRACTIONS", node.at(name), f"the mass fractions sum to {total}, not to exactly 1", OUR_PROFILE, "ours")


def _event(node: Node, types: list[Any], scope: Scope) -> Iterator[Fault]:
    if "MoveEvent" in types:
        ends = [node.value.get(end) for end in ("fromFacility", "toFacility")]
        where = [end.get("id") if isinstance(end, dict) else None for end in ends]
        if not where[0] or not where[1]:
            said = "moves something and does not say where from and where to"
            yield Fault("MOVE_ENDS", node.pointer, said, "UNTP MoveEvent: fromFacility, toFacility")
        elif where[0] == where[1]:
            yield Fault("MOVE_NOWHERE", node.pointer, f"moves from {str(where[0])[:80]} to itself", "UNTP MoveEvent")
    if "MakeEvent" in types and node.value.get("inputProduct") == [] and scope == "ours":
        for one in node.objects("outputProduct"):
            inner = one.value.get("product")
            found = inner.get("characteristics") if isinstance(inner, dict) else None
            if not isinstance(found, dict) or "sourceClass" not in found:
                said = "is made of nothing and does not say that it was mined or collected"
                yield Fault("MADE_OF_NOTHING", one.pointer, said, OUR_PROFILE, "ours")


def _is_number(value: Any) -> TypeGuard[int | Decimal]:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)
