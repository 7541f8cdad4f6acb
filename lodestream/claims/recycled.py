"""What a report of recycled content is made of and says, as data."""

from msgspec import Struct


class Output(Struct, frozen=True, gc=False):
    """An output of a plant: when it was made (calendar year), and its shares, mg by element and origin key.

    Shares below zero are an output that a run of the plant used up again, in the year in which it did.

    `active_material`: whether it is one; of lead (Pb), the whole battery counts.
    """

    plant: str
    year: int
    lot: str
    active_material: bool
    shares: dict[str, dict[str, int]]


class Check(Struct, frozen=True, gc=False):
    """A minimum share from a year on, and whether the report's share reaches it."""

    from_year: int
    minimum_percent: str
    met: bool
    arithmetic: str


class RecycledContent(Struct, frozen=True, gc=False):
    """One element of one plant and calendar year. Percentages are printed to six places, half to even; the mg are exact.

    `run_around_mg` was returned to the process that made it: it is in `total_mg` and never recycled. `unknown_mg` has no
    source class, and counts as primary.
    """

    method: str
    plant: str
    year: int
    element: str
    total_mg: int
    end_of_life_mg: int
    manufacturing_waste_mg: int
    run_around_mg: int
    unknown_mg: int
    end_of_life_percent: str
    manufacturing_waste_percent: str
    recycled_percent: str
    lots: int
    checks: list[Check]
