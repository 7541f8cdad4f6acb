"""Between sites: splitting, shipping, what carriers see, and receiving.

A receiver weighs what comes, and assays what is bought by its own assay (`resampled`); finished products go by the
seller's certificate. A little is lost on the way, and water comes and goes.
"""

from collections.abc import Iterator

from connectors.economy import events as e
from connectors.economy.facts import MINUTES_A_DAY, Event, Fact, Line
from connectors.economy.materials import Material
from connectors.economy.measuring import Truth
from connectors.economy.parcels import Parcel, part, usual
from connectors.economy.plants import OPENING_KG, USUAL_KG, provisional
from connectors.economy.sites import MARKET, Lane, Site, lane
from connectors.economy.world import Arrival, World

SPLIT_ABOVE = 30  # steps of the scale: what is lighter goes as it is
LOST_PER_100000 = (20, 150)
CARRIERS = 3


def ship(world: World, site: Site, day: int) -> Iterator[Fact]:
    """Ship all goods: some lots are split first; what nobody here buys goes to the market."""
    goods, world.works[site.name].goods = world.works[site.name].goods, []
    for whole in goods:
        parcels = [whole]
        if whole.kg > SPLIT_ABOVE * whole.material.step_kg and world.chance.one_in(4):
            split, parcels = _split(world, site, whole)
            yield split
        for parcel in parcels:
            yield _ship(world, site, parcel, day)


def _split(world: World, site: Site, whole: Parcel) -> tuple[Fact, list[Parcel]]:
    """Two lots of one, without assays of their own."""
    minute, before, step = world.tick(site), whole.line(), whole.material.step_kg
    kg = whole.kg // step * world.chance.between(35, 65) // 100 * step
    weights, parts = [kg, whole.kg - kg], []
    all_mg = whole.truth.water_mg + whole.truth.dry_mg
    for weight in weights:
        truth = whole.take(weight, all_mg * weight // sum(weights))
        reading = whole.readings[-1]._replace(kg=weight)
        parts.append(Parcel(site.lot(whole.material), whole.material, truth, [reading]))
    lines = [p.line() for p in parts]
    event = e.base("TransformationEvent", world.identity(site), site, minute, "repackaging", disposition="active")
    event |= {"inputQuantityList": [e.quantity(before)], "outputQuantityList": [e.quantity(x) for x in lines]}
    event["bizLocation"] = {"id": site.id}
    event["crm:materials"] = [e.drawn(before, "input"), *(e.drawn(x, "output") for x in lines)]
    return Fact("split", site, site.name, minute, event, [before], lines), parts


def _ship(world: World, site: Site, parcel: Parcel, day: int) -> Fact:
    minute, line = world.tick(site), parcel.line()
    number = site.number("consignment")
    consignment = f"urn:epc:id:gsin:{site.prefix}.{number:09d}"
    candidates = [b for b in world.buyers.get(parcel.material.name, []) if b is not site]
    near = [b for b in candidates if b.country == site.country] if parcel.material.method == "belt" else candidates
    buyer = world.chance.pick(near or candidates) if candidates else None
    way = lane(site, buyer) if buyer else None
    papers = {
        "bizTransactionList": [{"type": "bol", "bizTransaction": f"https://{site.name}.example.com/bol/{number}"}],
        "sourceList": [e.location("source", site.id)],
        "destinationList": [e.location("destination", buyer.id if buyer else MARKET)],
        "crm:consignmentId": consignment,
        "crm:transportMode": way.mode if way else "ship",
    }
    item = e.drawn(line, "object") | {"crm:seals": [f"S{site.prefix}{number:06d}"]}
    event = e.base("ObjectEvent", world.identity(site), site, minute, "shipping", action="OBSERVE", disposition="in_transit")
    event |= {"quantityList": [e.quantity(line)], "readPoint": {"id": site.id}, **papers, "crm:materials": [item]}
    if buyer and way:
        _send(world, Arrival(parcel, site, buyer, consignment, papers), way, minute, day)
    else:
        world.tally.add(world.tally.gone, parcel.truth.content)
    return Fact("ship", site, site.name, minute, event, inputs=[line], consignment=consignment)


def _send(world: World, arrival: Arrival, way: Lane, minute: int, day: int) -> None:
    """Put it on its way: lost and wetted a little, seen at the hubs, there some days later, one in ten in two convoys."""
    due = day + world.chance.between(*way.days)
    _lose(world, arrival.parcel)
    convoys = [arrival]
    if arrival.parcel.kg > SPLIT_ABOVE * arrival.parcel.material.step_kg and world.chance.one_in(10):
        convoys = _convoys(arrival)
    for n, convoy in enumerate(convoys):
        world.under_way.setdefault(due + n, []).append(convoy)
    carrier = f"carrier-{world.chance.between(1, CARRIERS)}"
    if due - day > 1:
        _see(world, arrival, carrier, "transporting", way.hubs[0], minute + world.chance.between(200, 500))
    _see(world, arrival, carrier, "arriving", way.hubs[1], due * MINUTES_A_DAY + world.chance.between(60, 240))


def _lose(world: World, parcel: Parcel) -> None:
    truth = parcel.truth
    lost = part(truth, world.chance.between(*LOST_PER_100000), 100_000) if parcel.material.resampled else part(truth, 0, 1)
    water = truth.water_mg - lost.water_mg
    water += water * world.chance.between(-20, 10) // 1000
    left = {el: mg - lost.content[el] for el, mg in truth.content.items()}
    world.tally.add(world.tally.gone, lost.content)
    parcel.truth = Truth(water, truth.dry_mg - lost.dry_mg, left)


def _convoys(arrival: Arrival) -> list[Arrival]:
    whole, step = arrival.parcel, arrival.parcel.material.step_kg
    kg = whole.kg // step // 2 * step
    first = whole.take(kg, (whole.truth.water_mg + whole.truth.dry_mg) * kg // whole.kg)
    second = whole.take(whole.kg, 0)
    parcels = [Parcel(whole.lot, whole.material, truth, whole.readings) for truth in (first, second)]
    papers = arrival.papers
    made = [Arrival(p, arrival.sender, arrival.receiver, arrival.consignment, papers) for p in parcels]
    made[0].final, made[1].before = False, parcels[0]
    return made


def _see(world: World, arrival: Arrival, carrier: str, step: str, hub: str, minute: int) -> None:
    """A carrier's observation: which lot of which consignment was where. It moves nothing."""
    site = arrival.sender
    event = e.base("ObjectEvent", world.identity(site), site, minute, step, action="OBSERVE", disposition="in_transit")
    event |= {"quantityList": [{"epcClass": arrival.parcel.lot}], "readPoint": {"id": hub}}
    event |= {k: v for k, v in arrival.papers.items() if k.startswith("crm:")}
    fact = Fact("observe", site, carrier, minute, event, consignment=arrival.consignment)
    world.seen.setdefault(fact.written, []).append(fact)


def receive(world: World, site: Site, arrivals: list[Arrival], day: int) -> Iterator[Fact]:
    """What came today, and what is bought outside because nobody here makes it."""
    for arrival in arrivals:
        yield _receive(world, arrival, day)
    for process in site.kind.processes:
        for material in process.feeds:
            if _is_made_here(world, material) or len(world.works[site.name].stock.get(material.name, ())) > 3:
                continue
            yield _buy(world, site, material)


def _is_made_here(world: World, material: Material) -> bool:
    makers = (s.kind for s in world.sites)
    return any(
        kind.wins == material or any(p.material == material for q in kind.processes for p in q.products) for kind in makers
    )


def _receive(world: World, arrival: Arrival, day: int) -> Fact:
    site, parcel = arrival.receiver, arrival.parcel
    minute, material = world.tick(site), parcel.material
    early = material.resampled and world.chance.one_in(3)
    reading = site.instruments.read(material, parcel.truth, early)
    if not material.resampled:
        reading = reading._replace(grades=parcel.readings[-1].grades)
    parcel.readings, parcel.kg = [reading], reading.kg
    line = parcel.line()
    if early:
        provisional(world, site, parcel, day)
    _put(world, site, arrival)
    event = _receiving(world, site, line, minute, arrival.papers, material.resampled)
    event["crm:receipt"] = "final" if arrival.final else "partial"
    return Fact("receive", site, site.name, minute, event, outputs=[line], consignment=arrival.consignment)


def _put(world: World, site: Site, arrival: Arrival) -> None:
    """Into the stock; the second convoy onto the first, or, where that is used up already, as a parcel by itself."""
    parcel, first = arrival.parcel, arrival.before
    if not arrival.final:
        world.waiting.append(parcel)
        return
    if first is not None:
        content = {el: mg + first.truth.content[el] for el, mg in parcel.truth.content.items()}
        dry, water = parcel.truth.dry_mg + first.truth.dry_mg, parcel.truth.water_mg + first.truth.water_mg
        parcel.truth = Truth(water, dry, content)
        parcel.readings = [*first.readings, *parcel.readings]
        parcel.kg = sum(r.kg for r in parcel.readings)
        world.waiting.remove(first)
    world.stock(site, parcel)


def _receiving(world: World, site: Site, line: Line, minute: int, papers: Event, assayed: bool) -> Event:
    event = e.base("ObjectEvent", world.identity(site), site, minute, "receiving", action="OBSERVE", disposition="in_progress")
    event |= {"quantityList": [e.quantity(line)], "bizLocation": {"id": site.id}, **papers}
    return event | {"crm:materials": [e.measured(line, "object", site, assayed)]}


def _buy(world: World, site: Site, material: Material) -> Fact:
    """From the market: SOURCE of an external party."""
    kg = OPENING_KG.get(material.product_class, USUAL_KG)
    parcel = usual(material, site, world.chance, world.chance.between(kg * 8 // 10, kg))
    world.tally.add(world.tally.came, parcel.truth.content)
    world.stock(site, parcel)
    minute, line = world.tick(site), parcel.line()
    papers: Event = {"sourceList": [e.location("source", MARKET)], "destinationList": [e.location("destination", site.id)]}
    papers |= {"crm:consignmentId": f"urn:epc:id:gsin:{site.prefix}.{site.number('consignment'):09d}"}
    event = _receiving(world, site, line, minute, papers, assayed=True)
    event["crm:receipt"] = "final"
    return Fact("buy", site, site.name, minute, event, outputs=[line])
