"""What a process makes of its feed: products to a grade, declared losses, and what nobody measures."""

from connectors.economy.facts import Line
from connectors.economy.measuring import Truth
from connectors.economy.parcels import MILLION, Parcel, wetted
from connectors.economy.processes import Process
from connectors.economy.sites import Site
from connectors.economy.world import Works, World

SHARE = 10_000


def feed_of(works: Works, process: Process) -> list[Parcel]:
    """The oldest lots of feed, at most as many as go in at once, and one of each material before a second of any."""
    queues = [works.stock.get(m.name, []) for m in process.feeds]
    turns = [p for n in range(process.lots) for queue in queues for p in queue[n : n + 1]]
    return turns[: process.lots]


def together(truths: list[Truth]) -> Truth:
    """The sum of what went in."""
    elements = sorted({element for t in truths for element in t.content})
    content = {element: sum(t.content.get(element, 0) for t in truths) for element in elements}
    return Truth(sum(t.water_mg for t in truths), sum(t.dry_mg for t in truths), content)


def keep(world: World, site: Site, parcel: Parcel) -> None:
    """A product is feed of another process of the site, or goods."""
    wanted = [m for process in site.kind.processes for m in process.feeds]
    if parcel.material in wanted:
        world.stock(site, parcel)
    else:
        world.works[site.name].goods.append(parcel)


def make(world: World, site: Site, process: Process, feed: Truth) -> tuple[list[Parcel], list[Line]]:
    """Products and declared losses of a feed; what is never measured is gone, and so, for us, is what the losses hold."""
    chance = world.chance
    left = dict(feed.content)
    gone = {el: mg * chance.between(*process.unmeasured) // SHARE for el, mg in left.items()}
    made, products_dry = [], 0
    for product in process.products:
        content = {el: feed.content.get(el, 0) * chance.between(*share) // SHARE for el, share in product.shares.items()}
        main = next(iter(product.shares))
        dry = content[main] * MILLION // chance.between(*product.material.natural[main])
        products_dry += dry
        truth = wetted(dry, product.material, chance, content)
        early = product.material.resampled and chance.one_in(3)
        reading = site.instruments.read(product.material, truth, early)
        made.append(Parcel(site.lot(product.material), product.material, truth, [reading]))
        left = {el: mg - content.get(el, 0) for el, mg in left.items()}
    left = {el: mg - gone[el] for el, mg in left.items()}
    world.tally.add(world.tally.gone, gone)
    lines = []
    for loss in process.losses:
        content = {el: mg * loss.part // 100 for el, mg in left.items()}
        left = {el: mg - content[el] for el, mg in left.items()}
        dry = feed.dry_mg * loss.mass // 1000 if loss.mass else feed.dry_mg - products_dry
        reading = site.instruments.read(loss.material, Truth(0, dry, content))
        lines.append(Line(site.lot(loss.material), loss.material, reading.kg, (reading,), loss.loss_class))
        world.tally.add(world.tally.gone, content)
    assert not any(left.values()), f"{process.name} at {site.name}: the last loss takes what is left"  # noqa: S101
    return made, lines
