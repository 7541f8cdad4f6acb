"""Campaigns: several transformation events of one transformationID, between an opening and a closing work in process.

The first event states what was in the furnace, the last what is left in it and that the campaign is closed; both as
contained metal, at the 1 % that a dip of a furnace is worth.
"""

from collections.abc import Iterator

from connectors.economy import events as e
from connectors.economy.facts import Event, Fact
from connectors.economy.making import feed_of, keep, make, together
from connectors.economy.measuring import MG_PER_KG, Truth
from connectors.economy.parcels import Parcel, less, part
from connectors.economy.processes import Process
from connectors.economy.sites import Site
from connectors.economy.world import Works, World
from lodestream.measures.uncertainty import SCALE, STATED_CONTAINED

SHIFTS = 5
OPENING_MG = 200_000 * MG_PER_KG
TAPPED = (7, 10)  # of what is in the furnace, in each shift


def shift(world: World, site: Site, process: Process) -> Iterator[Fact]:
    """One day of the campaign, as two half-events: what is charged, and what is tapped. None while there is no feed."""
    works = world.works[site.name]
    feed = feed_of(works, process)
    if feed:
        yield _charge(world, site, feed)
        yield _tap(world, site, process)


def _charge(world: World, site: Site, feed: list[Parcel]) -> Fact:
    works, minute = world.works[site.name], world.tick(site)
    items: list[Event] = []
    evidence = {} if works.campaign or works.wip.dry_mg else {"crm:openingEvidence": f"https://{site.name}.example.com/dip/1"}
    if not works.campaign:
        items.append(_begin(world, site, works))
    inputs = [p.line() for p in feed]
    for parcel in feed:
        works.wip = together([works.wip, parcel.take(parcel.kg, 0)])
        works.stock[parcel.material.name].remove(parcel)
    event = _half(world, site, works, minute) | evidence
    event["inputQuantityList"] = [e.quantity(line) for line in inputs]
    event["crm:materials"] = items + [e.drawn(line, "input") for line in inputs]
    return Fact("campaign", site, site.name, minute, event, inputs=inputs)


def _tap(world: World, site: Site, process: Process) -> Fact:
    works, minute = world.works[site.name], world.tick(site)
    event = _half(world, site, works, minute)
    tapped = part(works.wip, *TAPPED)
    works.wip = less(works.wip, tapped)
    made, losses = make(world, site, process, tapped)
    outputs = [p.line() for p in made] + losses
    event["outputQuantityList"] = [e.quantity(line) for line in outputs]
    event["crm:materials"] = [e.measured(line, "output", site) for line in outputs]
    works.shift += 1
    if works.shift == SHIFTS:
        event["crm:materials"].append(_in_process(site, works, "wip_close", works.campaign))
        event["crm:campaignClose"] = True
        works.campaign, works.shift = "", 0
    for parcel in made:
        keep(world, site, parcel)
    return Fact("campaign", site, site.name, minute, event, outputs=outputs)


def _half(world: World, site: Site, works: Works, minute: int) -> Event:
    event = e.base("TransformationEvent", world.identity(site), site, minute, "commissioning", disposition="active")
    return event | {"transformationID": works.campaign, "bizLocation": {"id": site.id}}


def _begin(world: World, site: Site, works: Works) -> Event:
    before = works.campaign_before or f"https://{site.name}.example.com/wip/furnace"
    works.campaign = works.campaign_before = f"https://{site.name}.example.com/campaign/{site.number('campaign')}"
    if not works.wip.dry_mg:
        content = dict.fromkeys(site.kind.elements, OPENING_MG)
        works.wip = Truth(0, 2 * sum(content.values()), content)
        world.tally.add(world.tally.came, content)
    return _in_process(site, works, "wip_open", before)


def _in_process(site: Site, works: Works, role: str, campaign: str) -> Event:
    """The contained metal in the furnace, in whole kilograms, under the name of the campaign that leaves it."""
    dipped = [
        (element, site.instruments.dip(mg, mg * STATED_CONTAINED // SCALE) // MG_PER_KG)
        for element, mg in works.wip.content.items()
        if element in site.kind.elements
    ]
    contained = [{"crm:element": element, "crm:mass": str(kg), "crm:uom": "KGM"} for element, kg in dipped]
    return {"crm:role": role, "crm:id": campaign, "crm:contained": contained}
