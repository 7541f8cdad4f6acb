"""What a measurement takes and hands on: a line, the bulk of a line, its grades and amounts, and what it comes to.

They stand apart from the rules because mypyc compiles those, and does not know how msgspec makes a class.
"""

from decimal import Decimal
from fractions import Fraction

from msgspec import Struct

from lodestream.epcis.event import Material, Role
from lodestream.measures.exact import Ratio


class MassUnit(Struct, frozen=True, gc=False):
    """A mass unit: milligrams in one of it, exact, and the basis that its name implies (dry, wet or none)."""

    code: str
    mg: Ratio
    basis: str | None = None


class Line(Struct, frozen=True, gc=False):
    """One lot in one role of an event. Without `uom` the quantity is a count; an `instance` (serial, SSCC) has none at all."""

    role: Role
    id: str
    quantity: Decimal | None = None
    uom: str | None = None
    material: Material | None = None
    instance: bool = False


class Body(Struct, frozen=True, gc=False):
    """The bulk of a line: wet and dry mass in mg, moisture, litres; `weighed` is the basis that its mass was stated on."""

    wet: Ratio | None
    dry: Ratio | None
    moisture: Ratio | None
    litres: Ratio | None
    weighed: str | None


class Grade(Struct, frozen=True, gc=False):
    """One element's grade: a mass fraction (on `basis`) with its absolute uncertainty in units of 1/SCALE."""

    element: str
    fraction: Ratio
    basis: str
    u: int


class Amount(Struct, frozen=True, gc=False):
    """A contained mass in mg with its standard uncertainty."""

    contained: Ratio
    u_mg: int


class Note(Struct, frozen=True, gc=False):
    """A finding that does not stop the posting: a grade above what the declared chemical form allows (F13, hold)."""

    code: str
    rule: str
    arithmetic: str


class Measured(Struct, frozen=True, gc=False):
    """What a line amounts to, in mg. A mass that is not known is None: the dry mass of wet material without a moisture.

    `u_mg` and `u_dry_mg` are standard uncertainties. `assayed`: every element that the item states is in `contained_mg`, and
    it states one; else `remarks` say what is missing. `statuses` holds the status of the assay taken for each element.
    """

    wet_mg: int | None
    dry_mg: int | None
    contained_mg: dict[str, int]
    u_mg: dict[str, int]
    u_dry_mg: int
    assayed: bool
    statuses: dict[str, str]
    notes: list[Note] = []
    remarks: list[str] = []
    dry_ratio: Ratio | None = None
    moisture_ratio: Ratio | None = None

    @property
    def dry_exact(self) -> Fraction | None:
        """The dry mass in mg before rounding."""
        return None if self.dry_ratio is None else Fraction(*self.dry_ratio)

    @property
    def moisture(self) -> Fraction | None:
        """Water over wet mass."""
        return None if self.moisture_ratio is None else Fraction(*self.moisture_ratio)


class ClassDefault(Struct, frozen=True, gc=False):
    """What a product class is known to: its mass (relative) and its grades (absolute points, or relative where `relative`)."""

    mass: int
    grade: int
    relative: bool = False
