"""The flow of material, day by day: what is won, made, shipped and received."""

from collections.abc import Iterator

from connectors.economy.carriage import receive, ship
from connectors.economy.facts import MINUTES_A_DAY, Fact
from connectors.economy.plants import final_assays, open_stock, run_processes, win
from connectors.economy.world import Arrival, World


def day_of(world: World, day: int) -> Iterator[Fact]:
    """The facts of one day, each site's in the order of its clock."""
    yield from world.seen.pop(day, ())
    arrivals: dict[str, list[Arrival]] = {}
    for arrival in world.under_way.pop(day, ()):
        arrivals.setdefault(arrival.receiver.name, []).append(arrival)
    for site in world.sites:
        world.works[site.name].minute = day * MINUTES_A_DAY + 300 + world.chance.between(0, 60)
        if day == 0:
            yield from open_stock(world, site)
        yield from receive(world, site, arrivals.get(site.name, []), day)
        yield from final_assays(world, site, day)
        yield from win(world, site)
        yield from run_processes(world, site, day)
        yield from ship(world, site, day)
    yield from world.seen.pop(day, ())  # what left today and was seen at once
