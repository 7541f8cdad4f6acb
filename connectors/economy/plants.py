"""What plants do: win ore, collect batteries, run their processes, and send the final assay after a provisional one."""

from collections.abc import Iterator

from connectors.economy import campaigns
from connectors.economy import events as e
from connectors.economy.facts import Fact
from connectors.economy.making import feed_of, keep, make, together
from connectors.economy.materials import Material
from connectors.economy.measuring import MG_PER_KG
from connectors.economy.parcels import Parcel, usual
from connectors.economy.processes import Process, Reagent
from connectors.economy.sites import Site
from connectors.economy.world import Works, World

OPENING_LOTS = 8
OPENING_KG = {"ore": 6_000_000, "concentrate": 600_000, "hydroxide": 150_000, "sulphate": 40_000, "black_mass": 60_000}
USUAL_KG = 25_000


def open_stock(world: World, site: Site) -> Iterator[Fact]:
    """The first day: what was there before the books began, with its stock-take."""
    for process in site.kind.processes:
        made = [p.material for other in site.kind.processes for p in other.products]
        wanted = [m for m in process.feeds if m not in made and m != site.kind.wins]
        wanted += list(process.reagent.materials[:1]) if process.reagent else []
        for material in wanted:
            for _ in range(OPENING_LOTS):
                yield _opened(world, site, material)


def _opened(world: World, site: Site, material: Material) -> Fact:
    kg = OPENING_KG.get(material.product_class, USUAL_KG)
    parcel = usual(material, site, world.chance, world.chance.between(kg * 8 // 10, kg))
    fact = _added(world, site, parcel, "opening")
    fact.event |= {"crm:openingBalance": True, "crm:openingEvidence": f"https://{site.name}.example.com/stock-take/2026-01-01"}
    world.stock(site, parcel)
    return fact


def win(world: World, site: Site) -> Iterator[Fact]:
    """A mine's ore, or what a recycler collected; one lot in eight gets its assay later in the day."""
    material = site.kind.wins
    for _ in range(site.kind.lots if material else 0):
        assert material is not None  # noqa: S101
        parcel = usual(material, site, world.chance, world.chance.between(*site.kind.kg))
        late_assay = world.chance.one_in(8)
        yield _added(world, site, parcel, "add", assayed=not late_assay)
        if late_assay:
            yield assay(world, site, parcel)
        if site.kind.processes:
            world.stock(site, parcel)
        else:
            world.works[site.name].goods.append(parcel)


def _added(world: World, site: Site, parcel: Parcel, kind: str, assayed: bool = True) -> Fact:
    world.tally.add(world.tally.came, parcel.truth.content)
    minute, line = world.tick(site), parcel.line()
    item = e.measured(line, "object", site, assayed)
    if kind == "add":
        item |= {"crm:sourceClass": site.kind.source_class, "crm:siteOfOrigin": site.id}
    item |= {"crm:countryOfOrigin": site.country}
    event = e.base("ObjectEvent", world.identity(site), site, minute, "commissioning", action="ADD")
    event |= {"quantityList": [e.quantity(line)], "bizLocation": {"id": site.id}, "crm:materials": [item]}
    return Fact(kind, site, site.name, minute, event, outputs=[line])


def assay(world: World, site: Site, parcel: Parcel) -> Fact:
    """An assay by itself: the lot and its certificate, no mass."""
    minute, line = world.tick(site), parcel.line()
    item = {"crm:role": "object", "crm:id": parcel.lot, "crm:assays": e.assays(parcel.material, parcel.readings[-1], site)}
    event = e.base("ObjectEvent", world.identity(site), site, minute, "inspecting", action="OBSERVE")
    event |= {"quantityList": [{"epcClass": parcel.lot}], "bizLocation": {"id": site.id}, "crm:materials": [item]}
    return Fact("assay", site, site.name, minute, event, outputs=[line])


def final_assays(world: World, site: Site, day: int) -> Iterator[Fact]:
    """The final certificate of what was assayed provisionally some days ago, whether the lot is still there or not."""
    works = world.works[site.name]
    due = [parcel for when, parcel in works.finals if when <= day]
    works.finals = [(when, parcel) for when, parcel in works.finals if when > day]
    for parcel in due:
        yield assay(world, site, parcel)


def provisional(world: World, site: Site, parcel: Parcel, day: int) -> None:
    """Keep, for some days from now, what the laboratory will say in the end of a parcel that it has seen provisionally."""
    figures = site.instruments.assay(parcel.material, parcel.truth)
    final = parcel.readings[-1]._replace(grades=figures, provisional=False)
    copy = Parcel(parcel.lot, parcel.material, parcel.truth, [final])
    world.works[site.name].finals.append((day + world.chance.between(3, 7), copy))


def run_processes(world: World, site: Site, day: int) -> Iterator[Fact]:
    """Each process with the feed that is there; in a site of campaigns all of it belongs to one."""
    works = world.works[site.name]
    for process in site.kind.processes:
        if site.campaigns:
            yield from campaigns.shift(world, site, process)
            continue
        for _ in range(2):
            feed = feed_of(works, process)
            if feed and (fact := _run(world, site, process, feed, day)) is not None:
                yield fact


def _run(world: World, site: Site, process: Process, feed: list[Parcel], day: int) -> Fact | None:
    works = world.works[site.name]
    reagent = _reagent(works, process.reagent, feed) if process.reagent else None
    if process.reagent and reagent is None:
        return None
    inputs = [p.line() for p in feed]
    truths = [p.take(p.kg, 0) for p in feed]
    for parcel in feed:
        works.stock[parcel.material.name].remove(parcel)
    if reagent is not None:
        parcel, kg = reagent
        inputs.append(parcel.line(kg))
        truths.append(parcel.take(kg, site.instruments.weigh(kg * MG_PER_KG, parcel.material)))
        if not parcel.kg:
            works.stock[parcel.material.name].remove(parcel)
    made, losses = make(world, site, process, together(truths))
    minute = world.tick(site)
    event = e.base("TransformationEvent", world.identity(site), site, minute, "commissioning", disposition="active")
    event["inputQuantityList"] = [e.quantity(line) for line in inputs]
    outputs = [p.line() for p in made] + losses
    event["outputQuantityList"] = [e.quantity(line) for line in outputs]
    event["bizLocation"] = {"id": site.id}
    items = [e.drawn(line, "input") for line in inputs] + [e.measured(line, "output", site) for line in outputs]
    event["crm:materials"] = [items[0] | {"crm:process": process.name}, *items[1:]]
    event["crm:processEmissionsGCO2e"] = str(sum(line.kg for line in inputs) * 100)
    for parcel in made:
        if parcel.readings[-1].provisional:
            provisional(world, site, parcel, day)
        keep(world, site, parcel)
    return Fact("transform", site, site.name, minute, event, inputs, outputs)


def _reagent(works: Works, reagent: Reagent, feed: list[Parcel]) -> tuple[Parcel, int] | None:
    """A lot that holds what the feed takes by the book, and how many kg of it; None: wait."""
    wanted = sum(sum(p.line().contained_mg.get(el, 0) for el in reagent.of) for p in feed) * reagent.mg // 1000
    for material in reagent.materials:
        for parcel in works.stock.get(material.name, []):
            holds = parcel.line().contained_mg[reagent.element]
            if holds >= wanted:
                kg = max(1, parcel.kg * wanted // holds)
                return parcel, parcel.kg if parcel.kg - kg < parcel.kg // 20 else kg
    return None
