"""Random histories of one to three sites, as the events that a test submits in order.

The author keeps a rough book of its own, in tenths of a tonne, so that most draws find something to draw from. Masses,
moistures and grades have few digits, and few lots are mixed, split, shipped and drawn again: so parts do not divide evenly.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from lodestream.epcis.event import ContainedMass, Event, Material, OriginPart, Quantity
from tests.checker.beliefs import Campaign, Heap, Sent, corrected
from tests.ledger.making import add, assay, declared, event, item, receive, ship, transform

SITES = ("urn:site:a", "urn:site:b", "urn:site:c")
ELEMENTS = ("cu", "ni", "co")
MOISTURES = (None, "8", "9.25", "12.5")
KINDS = (
    "add",
    "add",
    "run",
    "run",
    "split",
    "rebag",
    "ship",
    "ship",
    "receive",
    "receive",
    "destroy",
    "assay",
    "repeat",
    "void",
    "late",
)


@dataclass
class Author:
    """Writes one history.

    `pick` chooses a whole number between two; `moved_on`: events on which others were built are taken back too;
    `campaigns`: runs over several events; `graded`: what has no assay yet is drawn too, by the grade of the book for concentrate.
    """

    pick: Callable[[int, int], int]
    sites: int = 3
    moved_on: bool = False
    campaigns: bool = False
    graded: bool = False
    elements: tuple[str, ...] = ELEMENTS
    events: list[Event] = field(default_factory=list)
    heaps: dict[tuple[str, str], Heap] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    touched: dict[int, list[Heap]] = field(default_factory=dict)  # event -> what it touched
    taken_back: set[int] = field(default_factory=set)
    running: list[Campaign] = field(default_factory=list)
    names: int = 0

    def write_all(self, length: int) -> list[Event]:
        """A history of about so many events."""
        kinds = KINDS + (("feed", "feed", "tap", "close") if self.campaigns else ())
        for _ in range(length):
            getattr(self, self.one(*kinds))()
        return self.events

    def one(self, *choices: Any) -> Any:
        """One of the choices."""
        return choices[self.pick(0, len(choices) - 1)]

    def number(self, low: int, high: int) -> int:
        """A whole number between the two."""
        return self.pick(low, high)

    def name(self, prefix: str) -> str:
        """A name that was not there yet."""
        self.names += 1
        return f"{prefix}{self.names}"

    def site(self) -> str:
        """One of the sites."""
        return str(self.one(*SITES[: self.sites]))

    def write(self, made: Event, *heaps: Heap) -> None:
        """Append an event that touches these."""
        self.touched[len(self.events)] = list(heaps)
        for heap in heaps:
            heap.last = len(self.events)
        self.events.append(made)

    def grades(self, elements: tuple[str, ...], low: int = 1, high: int = 3000) -> dict[str, str]:
        """An assay of each element, in percent with two digits."""
        return {e: f"{self.number(low, high) / 100:.2f}" for e in elements}

    def mass(self, tenths: int, moisture: str | None) -> tuple[str, dict[str, Any]]:
        """A draw of so much dry mass: as dry, or nearly, as wet."""
        if moisture is None or self.pick(0, 1):
            return f"{tenths / 10:.1f}", {"mass_basis": "dry"}
        wet = f"{tenths / 10 / (1 - float(moisture) / 100):.2f}"
        return wet, {"moisture": moisture} if self.pick(0, 1) else {"mass_basis": "wet"}

    def stocked(self, site: str | None = None) -> list[tuple[str, str]]:
        """Lots that can be drawn from."""
        return [k for k, h in self.heaps.items() if (h.assayed or self.graded) and h.tenths > 5 and site in {None, k[0]}]

    def take(self, place: tuple[str, str]) -> tuple[int, str, dict[str, Any]]:
        """A draw: part of a lot, all that is left, a little too much or much too much."""
        heap = self.heaps[place]
        how = self.one("part", "part", "part", "all", "much", "shovel")
        tenths = {"part": lambda: self.number(1, heap.tenths - 1), "all": lambda: heap.tenths}.get(how, lambda: heap.tenths)()
        if how == "much":
            heap.awaited = True
            return 0, f"{heap.tenths / 10 * 3 + 50:.1f}", {"mass_basis": "dry"}
        if how == "shovel":
            heap.tenths = 0
            if heap.moisture is None:
                return tenths, f"{tenths / 10 * 1.002:.3f}", {"mass_basis": "dry"}
            return tenths, f"{tenths / 10 * 1.002 / (1 - float(heap.moisture) / 100):.3f}", {"moisture": heap.moisture}
        heap.tenths -= tenths
        mass, more = self.mass(tenths, heap.moisture)
        if heap.moisture is not None and 10 * heap.tenths < tenths:
            more["moisture"] = heap.moisture  # it may be a little more than there is
        if self.number(0, 9) == 0:
            more |= self.grades(heap.elements)
        return tenths, mass, more

    # -- the kinds ----------------------------------------------------------------------------------------------------

    def add(self) -> None:
        """A new lot, or more of one."""
        site = self.site()
        mine = [k for k in self.stocked(site) if k[1].startswith("x")]
        if mine and self.number(0, 3) == 0:
            place = self.one(*mine)
            heap = self.heaps[place]
        else:
            place = (site, self.name("x"))
            size = self.number(1, len(self.elements))
            heap = Heap(0, self.one(*MOISTURES), self.elements[:size], self.number(0, 5) > 0, 0)
            self.heaps[place] = heap
        tenths = self.number(10, 999)
        more: dict[str, Any] = {"moisture": heap.moisture} if heap.moisture else {}
        if heap.assayed:
            more |= self.grades(heap.elements)
        elif self.graded:
            more["product_class"] = "concentrate"
        country, source = self.one("ZM", "CL", None), self.one("mine", "end_of_life", None)
        more |= {
            "country_of_origin": country,
            "source_class": source,
            "site_of_origin": site if source == "mine" else self.one(site, None),
        }
        carbon = self.one(None, self.number(0, 10**6))
        heap.tenths += tenths * (100 - int(float(heap.moisture or 0)) - 1) // 100
        self.write(add(place[1], f"{tenths / 10:.1f}", site, embodied_g_co2e=carbon, **more), heap)

    def run(self) -> None:
        """One to three lots become one to three others, some of them losses."""
        site = self.site()
        places = self.stocked(site)
        if not places:
            return
        chosen = sorted({self.one(*places) for _ in range(self.number(1, 3))})
        inputs, heaps, elements, whole = [], [], [], 0
        for place in chosen:
            tenths, mass, more = self.take(place)
            whole += tenths
            inputs.append((place[1], mass, more))
            heaps.append(self.heaps[place])
            elements.extend(self.heaps[place].elements)
        outputs = []
        for n in range(self.number(1, 3)):
            kept = tuple(sorted(set(elements)))[: self.number(1, len(ELEMENTS))]
            loss = {"loss_class": self.one("slag", "tailings")} if n and self.pick(0, 1) else {}
            tenths = max(whole // (n + 2), 3)
            moisture = None if loss else self.one(*MOISTURES)
            made = Heap(tenths * 9 // 10, moisture, kept)
            name = self.name("y")
            outputs.append((name, f"{tenths / 10:.1f}", {"moisture": moisture} | self.grades(kept) | loss))
            self.heaps[site, name] = made
            heaps.append(made)
        self.write(transform(site, inputs, outputs, process_emissions_g_co2e=self.one(None, 12345)), *heaps)

    def split(self) -> None:
        """A lot in two or three, all of it or nearly."""
        places = self.stocked()
        if not places:
            return
        place = self.one(*places)
        heap = self.heaps[place]
        tenths, mass, more = self.take(place)
        more = {k: v for k, v in more.items() if k not in ELEMENTS}
        outputs, heaps, left = [], [heap], tenths
        for last in [False] * self.number(0, 2) + [True]:
            part = left if last else self.number(0, left)
            if part:
                made = Heap(part, heap.moisture, heap.elements)
                name = self.name("p")
                outputs.append((name, f"{part / 10:.1f}", {"mass_basis": "dry"}))
                self.heaps[place[0], name] = made
                heaps.append(made)
                left -= part
        if outputs:
            self.write(transform(place[0], [(place[1], mass, more)], outputs), *heaps)

    def rebag(self) -> None:
        """Two lots are put together into two others."""
        places = [place for place in self.stocked() if self.heaps[place].moisture is None]
        first = self.one(*places) if places else ("", "")
        others = [place for place in places if place[0] == first[0] and place != first]
        if not others:
            return
        chosen = [first, self.one(*others)]
        taken = [self.take(place) for place in chosen]
        inputs = [
            (place[1], mass, {k: v for k, v in more.items() if k not in ELEMENTS})
            for place, (_, mass, more) in zip(chosen, taken, strict=True)
        ]
        whole = sum(tenths for tenths, _, _ in taken)
        if whole <= 1:
            return
        part = self.number(1, whole - 1)
        elements = tuple(sorted({e for place in chosen for e in self.heaps[place].elements}))
        bags = {self.name("b"): Heap(tenths, None, elements) for tenths in (part, whole - part)}
        outputs = [(name, f"{bag.tenths / 10:.1f}", {"mass_basis": "dry"}) for name, bag in bags.items()]
        self.heaps |= {(first[0], name): bag for name, bag in bags.items()}
        heaps = [self.heaps[place] for place in chosen] + list(bags.values())
        self.write(transform(first[0], inputs, outputs, biz_step="repackaging"), *heaps)

    def ship(self) -> None:
        """Part of a lot leaves for another site."""
        places = self.stocked()
        if not places or self.sites == 1:
            return
        place = self.one(*places)
        heap = self.heaps[place]
        to = self.one(*(s for s in SITES[: self.sites] if s != place[0]))
        tenths, mass, more = self.take(place)
        again = [s for s in self.sent if (s.origin, s.lot, s.to) == (*place, to) and not s.received]
        consignment = again[-1].consignment if again and self.pick(0, 1) else self.name("c")
        under_way = Heap(tenths, heap.moisture, heap.elements)
        if again and consignment == again[-1].consignment:
            again[-1].heap.tenths += tenths
            under_way = again[-1].heap
        elif tenths:
            self.sent.append(Sent(*place, consignment, to, under_way))
        left = ship(place[1], mass, place[0], to, consignment_id=consignment, **more)
        if tenths and not again and self.number(0, 3) == 0:
            self.ahead(self.sent[-1])
        self.write(left, heap, under_way)

    def ahead(self, sent: Sent) -> None:
        """A receipt that is there before the shipment."""
        heap = self.heaps.setdefault((sent.to, sent.lot), Heap(0, sent.heap.moisture, sent.heap.elements))
        heap.tenths += sent.heap.tenths
        sent.received = sent.heap.tenths
        more: dict[str, Any] = self.grades(sent.heap.elements) | {"receipt": self.one(None, "final")}
        if sent.heap.moisture is not None:
            more["moisture"] = sent.heap.moisture
        came = receive(sent.lot, f"{sent.heap.tenths / 10:.1f}", sent.to, consignment_id=sent.consignment, **more)
        self.write(came, sent.heap, heap)

    def receive(self) -> None:
        """What is under way comes: all, part, or more than all; weighed and assayed, or not."""
        open_ = [s for s in self.sent if s.received < s.heap.tenths]
        if not open_:
            return
        sent = self.one(*open_)
        pending = sent.heap.tenths - sent.received
        tenths = self.one(pending, max(1, pending - 1), self.number(1, pending))
        how = self.one("own", "own", "offer", "moisture")
        moisture = sent.heap.moisture
        mass, more = f"{tenths / 10:.1f}", {"mass_basis": "dry"}
        if moisture is not None and how != "offer":
            mass, more = f"{tenths / 10 / (1 - float(moisture) / 100):.2f}", {"moisture": moisture}
        receipt = self.one(None, None, "final", "partial")
        if how == "own":
            more |= self.grades(sent.heap.elements)
        more |= {"receipt": receipt, "embodied_g_co2e": self.one(None, None, 777)}
        sent.received += tenths if more["receipt"] != "final" else pending
        heap = self.heaps.setdefault((sent.to, sent.lot), Heap(0, moisture, sent.heap.elements))
        heap.tenths += tenths
        self.write(receive(sent.lot, mass, sent.to, consignment_id=sent.consignment, **more), sent.heap, heap)

    def destroy(self) -> None:
        """Part of a lot is gone."""
        places = self.stocked()
        if places:
            place = self.one(*places)
            _, mass, more = self.take(place)
            more = {k: v for k, v in more.items() if k not in ELEMENTS}
            gone = [item("object", place[1], mass, **more)]
            step = self.one("destroying", "decommissioning")
            self.write(event("ObjectEvent", gone, action="DELETE", biz_step=step, biz_location=place[0]), self.heaps[place])

    def assay(self) -> None:
        """The first assay of a lot."""
        waiting = [k for k, h in self.heaps.items() if not h.assayed]
        if waiting:
            site, name = self.one(*waiting)
            heap = self.heaps[site, name]
            heap.assayed = True
            self.write(assay(name, site, **self.grades(heap.elements)), heap)

    def repeat(self) -> None:
        """An event is sent again."""
        if self.events:
            self.events.append(self.one(*self.events))
            self.touched[len(self.events) - 1] = []

    def void(self) -> None:
        """An event is declared in error, with or without another in its place."""
        free = [
            n
            for n, heaps in self.touched.items()
            if heaps and n not in self.taken_back and (self.moved_on or all(h.last == n and not h.awaited for h in heaps))
        ]
        if not free:
            return
        n = self.one(*free)
        self.taken_back.add(n)
        wrong = self.events[n]
        corrective = corrected(wrong) if self.pick(0, 1) else None
        named = (corrective.event_id or "",) if corrective else ()
        both = [declared(wrong, 1, named), *([corrective] if corrective else [])]
        for one in both:
            self.write(one, *self.touched[n])
        for heap in self.touched[n]:
            heap.tenths = heap.tenths if corrective else 0

    def late(self) -> None:
        """What comes before what it needs: a draw from a lot that is added afterwards."""
        site, name = self.site(), self.name("z")
        heap = Heap(0, None, ("cu",))
        self.heaps[site, name] = heap
        made = Heap(20, None, ("cu",))
        out = self.name("y")
        self.heaps[site, out] = made
        self.write(transform(site, [(name, "5", {})], [(out, "2.5", self.grades(("cu",)))]), heap, made)
        self.write(add(name, f"{self.number(40, 90) / 10:.1f}", site, **self.grades(("cu",))), heap)

    # -- campaigns ----------------------------------------------------------------------------------------------------

    def feed(self) -> None:
        """A lot goes into a campaign, a new one or one that runs; a new one may open with work in process."""
        places = self.stocked()
        if not places:
            return
        place = self.one(*places)
        heap = self.heaps[place]
        here = [c for c in self.running if c.site == place[0]]
        run = self.one(*here) if here and self.pick(0, 1) else Campaign(place[0], self.name("urn:run:"))
        items = []
        if run not in self.running:
            self.running.append(run)
            if self.pick(0, 1):
                opening = self.held("wip_open", self.name("wip"), heap.elements)
                opening.origins.extend([OriginPart(Decimal(1), None, "PE"), OriginPart(Decimal(2), "Cu", "AU")])
                items.append((Quantity(opening.id), opening))
        tenths, mass, more = self.take(place)
        run.tenths += tenths
        run.elements = tuple(sorted({*run.elements, *heap.elements}))
        items.append(item("input", place[1], mass, **more))
        self.write(event("TransformationEvent", items, biz_location=run.site, transformation_id=run.name), heap)

    def held(self, role: str, name: str, elements: tuple[str, ...]) -> Material:
        """Work in process whose contained masses are stated."""
        contained = [ContainedMass(e.capitalize(), Decimal(self.number(1, 999)), "KGM") for e in elements]
        return Material(role, name, contained=contained)  # type: ignore[arg-type]

    def tap(self) -> None:
        """A product or a loss comes out of a campaign."""
        if not self.running:
            return
        run = self.one(*self.running)
        name, tenths = self.name("t"), max(run.tenths // 3, 2)
        loss = {"loss_class": "slag"} if self.number(0, 3) == 0 else {}
        made = [item("output", name, f"{tenths / 10:.1f}", **self.grades(run.elements), **loss)]
        heap = self.heaps[run.site, name] = Heap(tenths, None, run.elements)
        emitted = self.one(None, 54321)
        more: dict[str, Any] = {"transformation_id": run.name, "process_emissions_g_co2e": emitted}
        self.write(event("TransformationEvent", made, biz_location=run.site, **more), heap)

    def close(self) -> None:
        """A campaign ends, with or without work in process."""
        if self.running:
            run = self.running.pop(self.number(0, len(self.running) - 1))
            closing = self.held("wip_close", self.name("wip"), run.elements)
            items = [(Quantity(closing.id), closing)] if self.pick(0, 1) else []
            more: dict[str, Any] = {"transformation_id": run.name, "campaign_close": True}
            self.write(event("TransformationEvent", items, biz_location=run.site, **more), Heap(0, None, ()))
