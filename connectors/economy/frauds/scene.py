"""What every fraud is given: the site's own tools for making its papers look right, and where it is written down for us."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from math import isqrt
from typing import Any, NamedTuple

from connectors.economy import events as e
from connectors.economy.facts import MINUTES_A_DAY, Event, Fact, Line
from connectors.economy.sites import Site
from connectors.economy.world import World

LISTS = ("quantityList", "inputQuantityList", "outputQuantityList")


@dataclass(slots=True)
class Label:
    """One planted fraud: its kind, the events and lots that show it, what was done, and how much metal it is about.

    `variant` tells apart two ways of one kind; `size` is in thousandths of u, 0 where the kind has none.
    """

    kind: str
    site: str
    done: str
    event_ids: list[str]
    lots: list[str]
    element: str = ""
    magnitude_kg: str = "0"
    size: int = 0
    variant: str = ""

    def row(self) -> dict[str, object]:
        """The label as labels.json has it."""
        about = {"kind": self.kind, "variant": self.variant, "site": self.site, "eventIDs": self.event_ids, "lots": self.lots}
        return {
            **about,
            "done": self.done,
            "element": self.element,
            "magnitudeKg": self.magnitude_kg,
            "sizeThousandthsOfU": self.size,
        }


class Planted(NamedTuple):
    """What is recorded in place of the fact, and the label, once; None: it belongs to one that was given, or that will be."""

    facts: list[Fact]
    label: Label | None


@dataclass(slots=True)
class Scene:
    """The ground of one kind of fraud in one history. `memory` is the fraud's own, for those that take several events."""

    world: World
    size: int
    memory: dict[str, Any] = field(default_factory=dict)
    shipped: dict[str, int] = field(default_factory=dict)  # consignment: the minute of its shipping


Fraud = Callable[[Scene, Fact], Planted | None]


def faked(fact: Fact, **changes: Any) -> Fact:
    """A copy of a fact with an event of its own, that no honest mishap befalls."""
    whole: dict[str, Any] = {"event": deepcopy(fact.event), "honest": False, **changes}
    return replace(fact, **whole)


def again(scene: Scene, fact: Fact, minutes: int = 0) -> Fact:
    """The same event under a new eventID, so many minutes later."""
    copy = faked(fact, minute=fact.minute + minutes, written=fact.written + minutes // MINUTES_A_DAY)
    copy.event["eventID"] = scene.world.identity(fact.site)
    copy.event["eventTime"] = e.clock(copy.minute, fact.site.offset)
    return copy


def renamed(event: Event, old: str, new: str) -> None:
    """Another lot in place of one, wherever the event names it."""
    for name in LISTS:
        for entry in event.get(name, ()):
            entry["epcClass"] = new if entry["epcClass"] == old else entry["epcClass"]
    for item in event["crm:materials"]:
        item["crm:id"] = new if item["crm:id"] == old else item["crm:id"]


def reweigh(event: Event, line: Line, kg: int) -> None:
    """Another mass of a lot, as its scale would print it."""
    step = line.material.step_kg
    stated = e.quantity(line._replace(kg=max(1, (kg + step // 2) // step) * step))
    for name in ("quantityList", "outputQuantityList"):
        event[name] = [stated if entry["epcClass"] == line.lot else entry for entry in event[name]] if name in event else []
        if not event[name]:
            del event[name]


def item_of(event: Event, lot: str, role: str = "") -> Event:
    """The item of a lot."""
    items: list[Event] = event["crm:materials"]
    return next(i for i in items if i["crm:id"] == lot and role in {"", i["crm:role"]})


def fresh_tickets(event: Event, site: Site) -> None:
    """New weighbridge tickets, where there are any."""
    for item in event["crm:materials"]:
        if "crm:tickets" in item:
            item["crm:tickets"] = [f"{site.prefix}-{site.number('ticket'):07d}"]


def added(scene: Scene, fact: Fact, line: Line, **more: Any) -> Fact:
    """An ADD of a lot at the site of a fact, right before it."""
    site, minute = fact.site, fact.minute
    event = e.base("ObjectEvent", scene.world.identity(site), site, minute, "commissioning", action="ADD")
    item = e.measured(line, "object", site) | {"crm:countryOfOrigin": site.country}
    event |= {"quantityList": [e.quantity(line)], "bizLocation": {"id": site.id}, "crm:materials": [item], **more}
    return Fact("add", site, site.name, minute, event, outputs=[line], written=fact.written, honest=False)


def product_of(fact: Fact) -> tuple[Line, str]:
    """The first product of a transformation and its main element."""
    line = fact.outputs[0]
    return line, line.material.assays[0].element


def balance(fact: Fact, element: str) -> tuple[int, int, int]:
    """In, out and u of a transformation on paper, in mg."""
    into = sum(line.contained_mg.get(element, 0) for line in fact.inputs)
    out = sum(line.contained_mg.get(element, 0) for line in fact.outputs)
    return into, out, isqrt(sum(line.u_mg.get(element, 0) ** 2 for line in (*fact.inputs, *fact.outputs)))


def kilograms(mg: int) -> str:
    """A label's figure: kilograms with three decimals at most."""
    return str(e.decimal(mg // 1000, 3))


def label(kind: str, fact: Fact, done: str, lots: list[str], mg: int = 0, element: str = "", **more: Any) -> Label:
    """The label of a fraud whose event is that of a fact."""
    return Label(kind, fact.site.id, done, [fact.event["eventID"]], lots, element, kilograms(mg), **more)
