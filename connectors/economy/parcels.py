"""Parcels: what is true of a lot, beside what was written down of it."""

from dataclasses import dataclass, field

from connectors.economy.chance import Chance
from connectors.economy.facts import Line
from connectors.economy.materials import Material
from connectors.economy.measuring import MG_PER_KG, Reading, Truth
from connectors.economy.sites import Site

MILLION = 10**6


@dataclass(slots=True, eq=False)
class Parcel:
    """A lot at a site: its truth in mg, its readings, and the kilograms of it that the book still has."""

    lot: str
    material: Material
    truth: Truth
    readings: list[Reading]
    kg: int = -1
    ready: int = 0  # the minute from which it may be used
    seals: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """At first all of it is there."""
        if self.kg < 0:
            self.kg = sum(r.kg for r in self.readings)

    def line(self, kg: int | None = None) -> Line:
        """The parcel, or `kg` of it, as an event has it."""
        return Line(self.lot, self.material, self.kg if kg is None else kg, tuple(self.readings))

    def take(self, kg: int, true_mg: int) -> Truth:
        """Take `kg` on paper and `true_mg` of its mass in truth; who takes all that the book has takes all that is there."""
        if kg >= self.kg:
            taken, self.kg = self.truth, 0
            self.truth = Truth(0, 0, dict.fromkeys(self.truth.content, 0))
            return taken
        self.kg -= kg
        taken = part(self.truth, true_mg, self.truth.water_mg + self.truth.dry_mg)
        self.truth = less(self.truth, taken)
        return taken


def part(truth: Truth, n: int, d: int) -> Truth:
    """n/d of a truth, rounded down to the milligram."""
    assert 0 <= n <= d, f"{n}/{d} of a parcel"  # noqa: S101
    return Truth(truth.water_mg * n // d, truth.dry_mg * n // d, {e: mg * n // d for e, mg in truth.content.items()})


def less(truth: Truth, taken: Truth) -> Truth:
    """What is left."""
    left = {e: mg - taken.content[e] for e, mg in truth.content.items()}
    return Truth(truth.water_mg - taken.water_mg, truth.dry_mg - taken.dry_mg, left)


def wetted(dry: int, material: Material, chance: Chance, content: dict[str, int]) -> Truth:
    """A dry mass with the water that such material has."""
    low, high = material.moisture or (0, 0)
    moisture = chance.between(low, high)
    return Truth(dry * moisture // (10_000 - moisture), dry, content)


def natural(material: Material, dry_kg: int, chance: Chance) -> Truth:
    """New material, as rich as it usually is."""
    dry = dry_kg * MG_PER_KG
    content = {e: dry * chance.between(low, high) // MILLION for e, (low, high) in material.natural.items()}
    return wetted(dry, material, chance, content)


def usual(material: Material, site: Site, chance: Chance, dry_kg: int, provisional: bool = False) -> Parcel:
    """A new lot at a site, measured there."""
    truth = natural(material, dry_kg, chance)
    return Parcel(site.lot(material), material, truth, [site.instruments.read(material, truth, provisional)])
