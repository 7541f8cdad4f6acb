"""Short ways to say what a line of an event states."""

from decimal import Decimal
from typing import Any

from lodestream.epcis.event import Assay, Material
from lodestream.measures import Line, Measured, measure


def line(
    quantity: str | None, unit: str | None, basis: str | None = None, *, assays: list[Assay] | None = None, **item: Any
) -> Line:
    """A line of one class with an item; strings of the item that are numbers become decimals."""
    numbers = {"mass", "gross", "tare", "moisture_percent", "volume", "mass_uncertainty_percent", "moisture_uncertainty_points"}
    fields = {name: Decimal(value) if name in numbers else value for name, value in item.items()}
    material = Material(role="object", id="lot", mass_basis=basis, assays=assays or [], **fields)
    return Line("object", "lot", None if quantity is None else Decimal(quantity), unit, material)


def assay(substance: str, value: str, unit: str = "P1", basis: str = "dry", **more: Any) -> Assay:
    if "uncertainty" in more:
        more["uncertainty"] = Decimal(more["uncertainty"])
    return Assay(substance, Decimal(value), unit, basis, **more)


def measured(*args: Any, **item: Any) -> Measured:
    """The measurement of a line that must be one."""
    result = measure(line(*args, **item))
    assert isinstance(result, Measured), result
    return result
