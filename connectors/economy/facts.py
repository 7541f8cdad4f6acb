"""What happened at a site, with the event that says so: what flows, what clerks get wrong and what is faked all hand on facts."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from connectors.economy.materials import Material
from connectors.economy.measuring import Reading, contained_mg, u_mg
from connectors.economy.sites import Site

Event = dict[str, Any]
MINUTES_A_DAY = 1440


class Line(NamedTuple):
    """One lot in an event, as it is on paper. `kg` is what the event moves of it, `readings` what the lot was measured as."""

    lot: str
    material: Material
    kg: int
    readings: tuple[Reading, ...]
    loss_class: str = ""

    @property
    def contained_mg(self) -> dict[str, int]:
        """Contained mg on paper; of a part of the lot, its share."""
        return self._share([contained_mg(self.material, r) for r in self.readings])

    @property
    def u_mg(self) -> dict[str, int]:
        """One standard uncertainty of each element in mg (of several parcels the sum: a bound, and they are few)."""
        return self._share([u_mg(self.material, r) for r in self.readings])

    def _share(self, parts: list[dict[str, int]]) -> dict[str, int]:
        whole = sum(r.kg for r in self.readings)
        return {e: sum(p[e] for p in parts) * self.kg // whole for e in parts[0]} if parts else {}


@dataclass(slots=True)
class Fact:
    """An event of a site: when (minutes since the start), in which document (`written`, a day), and what is in it.

    `kind`: add, opening, buy, transform, campaign, split, ship, receive, assay, observe.
    """

    kind: str
    site: Site
    source: str
    minute: int
    event: Event
    inputs: list[Line] = field(default_factory=list)
    outputs: list[Line] = field(default_factory=list)
    consignment: str = ""
    written: int = -1
    honest: bool = True

    def __post_init__(self) -> None:
        """Without a day of its own an event is written on the day on which it happened."""
        if self.written < 0:
            self.written = self.minute // MINUTES_A_DAY
