"""The ledger with very many live lots: how fast it works, what memory it takes, how soon it is back."""

import shutil
import time
from collections.abc import Iterable

from benchmarks.filling import fill
from benchmarks.lots import SITES, draws
from benchmarks.plan import Plan
from benchmarks.stage import peak_mb, rate, read, send
from benchmarks.world import PARTITIONS, World
from lodestream.ledger.records import Entry
from schemas.codec import encode
from schemas.topics import ENTRIES, TRANSACTIONS

MANY, FEW = 1_000_000, 10_000
TRAFFIC = 12_000
LOOK_S = 0.05
DEADLINE_S = 300.0
GOAL_RSS_MB, GOAL_RESTORE_S = 1_500.0, 30.0


def measure(plan: Plan) -> None:
    """restore_million_lots_s, ledger_million_lots and ledger_million_lots_rss_mb: a large book beside a small one."""
    lots = {"few": plan.size(FEW, 4 * SITES) // SITES, "many": plan.size(MANY, 8 * SITES) // SITES}
    paces: dict[str, list[float]] = {"few": [], "many": []}
    peaks: list[float] = []
    with plan.world("few") as few, plan.world("many") as many:
        for world in (few, many):
            fill(world, lots[world.name])
            _send(world, draws("first", lots[world.name], 4 * SITES))  # so that each partition has something to commit
        restores = [restore(many) for _ in range(plan.rounds)]
        restore(few)
        for number in range(plan.rounds):
            for world in (few, many):
                traffic = draws(f"round{number}", lots[world.name], plan.size(TRAFFIC, 200))
                per_second, peak = _pace(world, traffic)
                paces[world.name].append(per_second)
                if world is many:
                    peaks.append(peak)
    plan.say("restore_million_lots_s", restores, "s", [GOAL_RESTORE_S])
    plan.say("ledger_million_lots", paces["many"], "entries/s", paces["few"])
    plan.say("ledger_million_lots_rss_mb", [max(peaks)], "MB", [GOAL_RSS_MB])


def restore(world: World) -> float:
    """Seconds from the start of a worker without local state to the first record committed in its last partition."""
    shutil.rmtree(world.data_dir("one") / "state", ignore_errors=True)
    before = _committed(world)
    _send(world, draws(f"restore{time.time_ns()}", 4, 4 * SITES))
    began = time.monotonic()
    with world.worker("ledger"):
        while True:
            now = _committed(world)
            if all(now.get(partition, 0) > before.get(partition, 0) for partition in range(PARTITIONS)):
                return time.monotonic() - began
            if time.monotonic() - began > DEADLINE_S:
                raise TimeoutError(f"nothing was restored in {DEADLINE_S:.0f} s; see {world.folder}")
            time.sleep(LOOK_S)


def _pace(world: World, traffic: Iterable[Entry]) -> tuple[float, float]:
    """Entries a second of a worker that starts with its state and this traffic before it, and its peak memory in MB."""
    topic = world.topic(TRANSACTIONS)
    begin = int(time.time() * 1000)
    _send(world, traffic)
    with world.worker("ledger") as running:
        world.sight.wait(world.group("ledger"), world.topic(ENTRIES))
        peak = peak_mb(running)
    return rate(sorted(at for message in read(world.settings, topic) if (at := message.timestamp()[1]) > begin)), peak


def _send(world: World, entries: Iterable[Entry]) -> None:
    send(world.settings, world.topic(ENTRIES), ((entry.site.encode(), encode(entry)) for entry in entries))


def _committed(world: World) -> dict[int, int]:
    topic = world.topic(ENTRIES)
    found = world.sight.committed(world.group("ledger"), [(topic, number) for number in range(PARTITIONS)])
    return {partition: offset for (_, partition), offset in found.items()}
