"""What an event states of a lot: masses and contents as fractions of a milligram, nothing rounded (ledger-rules 3)."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from lodestream.epcis.event import Event, Material, Quantity

MASS = {
    "KGM": Fraction(10**6),
    "TNE": Fraction(10**9),
    "GRM": Fraction(10**3),
    "MGM": Fraction(1),
    "KTN": Fraction(10**12),
    "LBR": Fraction("453592.37"),
    "STN": Fraction("907184740"),
    "LTN": Fraction("1016046908.8"),
    "APZ": Fraction("31103.4768"),
    "MND": Fraction(10**6),
    "GDW": Fraction(10**3),
    "W2": Fraction(10**6),
}
BASIS = {"MND": "dry", "GDW": "dry", "W2": "wet"}
GRADE = {
    "P1": Fraction(1, 100),
    "60": Fraction(1, 100),
    "NX": Fraction(1, 10**3),
    "59": Fraction(1, 10**6),
    "NA": Fraction(1, 10**6),
    "61": Fraction(1, 10**9),
}
LITRES = {"LTR": 1, "MTQ": 1000}
CONCENTRATION = {"GL": Fraction(1000), "M1": Fraction(1)}  # mg a litre


@dataclass
class Stated:
    """One lot of an event. `dry` is None where only a wet mass is stated, both masses where none is."""

    lot: str
    item: Material | None
    wet: Fraction | None
    dry: Fraction | None
    moist: bool  # a moisture is stated, so that both masses are known

    @property
    def assayed(self) -> bool:
        return self.item is not None and bool(self.item.assays or self.item.contained)

    def contents(self, wet: Fraction, dry: Fraction) -> dict[str, int]:
        """Contained mg by element of this statement, for masses that it may have taken from elsewhere: one rounding."""
        item = self.item
        if item is None:
            return {}
        found = {c.element: round(Fraction(c.mass) * MASS[c.uom]) for c in item.contained}
        for a in item.assays:
            if a.unit in CONCENTRATION:
                assert item.volume is not None
                litres = Fraction(item.volume) * LITRES[item.volume_uom or "LTR"]
                found[a.substance] = round(litres * Fraction(a.value) * CONCENTRATION[a.unit])
            else:
                found[a.substance] = round((dry if a.basis == "dry" else wet) * Fraction(a.value) * GRADE[a.unit])
        return found


def stated(quantity: Quantity | None, item: Material | None, lot: str, default_basis: str | None) -> Stated:
    """Wet, dry or both, as far as the statement goes."""
    uom = (item.uom if item and item.uom else None) or (quantity.uom if quantity else None) or ""
    mass = item.mass if item and item.mass is not None else quantity.quantity if quantity else None
    if item and item.gross is not None and item.tare is not None:
        mass = item.gross - item.tare
    if mass is None or uom not in MASS:
        return Stated(lot, item, None, None, False)
    amount = Fraction(mass) * MASS[uom]
    basis = (item.mass_basis if item else None) or BASIS.get(uom) or default_basis
    water = None if item is None or item.moisture_percent is None else Fraction(item.moisture_percent) / 100
    if basis == "dry":
        return Stated(lot, item, None if water is None else amount / (1 - water), amount, water is not None)
    if water is not None:
        return Stated(lot, item, amount, amount * (1 - water), True)
    if item and item.assays and all(a.basis == "as_received" for a in item.assays):
        return Stated(lot, item, amount, amount, False)  # it counts as it was weighed
    return Stated(lot, item, amount, None, False)


def lots(event: Event, role: str, default_basis: str | None) -> Iterator[Stated]:
    """The lots of a role in the order the event lists them; work in process only its items name."""
    named = {"input": event.input_quantities, "output": event.output_quantities, "object": event.quantities}.get(role, [])
    items = {m.id: m for m in event.materials if m.role == role}
    for quantity in named:
        yield stated(quantity, items.pop(quantity.epc_class, None), quantity.epc_class, default_basis)
    for item in items.values():
        if item.assays or item.contained or item.mass is not None:
            yield stated(None, item, item.id, default_basis)
