"""How soon a ledger worker is back after kill -9."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from benchmarks.filling import fill
from benchmarks.lots import SITES, draws
from benchmarks.plan import Plan
from benchmarks.stage import Tail, kill, need, put, steadily
from benchmarks.world import World
from runtime import clients
from schemas.codec import encode
from schemas.topics import ENTRIES, TRANSACTIONS

LOTS = 100_000
KILLS = 5
PER_SECOND = 200
TRAFFIC = 20_000  # is sent again and again: what is a duplicate is a batch to commit as well
DEADLINE_S = 60.0
GOAL_S = 3.0


def measure(plan: Plan) -> None:
    """restart_s: from kill -9 to the first batch that is committed after it, with records coming in all the time."""
    per_site = plan.size(LOTS, 4 * SITES) // SITES
    found = []
    with plan.world("kill") as world, ExitStack() as stack:
        fill(world, per_site)
        stack.enter_context(_traffic(world, per_site, plan.size(TRAFFIC, 500)))
        tail = Tail(world.sight, world.topic(TRANSACTIONS))
        running = stack.enter_context(world.worker("ledger"))
        for _ in range(plan.size(KILLS, 2)):
            _first_since(tail, time.time())  # it is at work
            kill(running)
            killed = time.time()
            running = stack.enter_context(world.worker("ledger"))
            found.append(_first_since(tail, killed) - killed)
        tail.close()
    plan.say("restart_s", found, "s", [GOAL_S])


@contextmanager
def _traffic(world: World, per_site: int, count: int) -> Iterator[None]:
    """Entries at a steady pace while the block runs."""
    records = [(entry.site.encode(), encode(entry)) for entry in draws("kill", per_site, count)]
    stop = threading.Event()

    def run() -> None:
        producer = clients.producer(world.settings)
        while not stop.is_set():
            for (key, value), _ in zip(records, steadily(PER_SECOND, len(records)), strict=True):
                put(producer, world.topic(ENTRIES), key, value)
                producer.poll(0)
                if stop.is_set():
                    break
        producer.flush(30)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _first_since(tail: Tail, moment: float) -> float:
    """When the first record written after this moment can be read, committed (seconds since 1970)."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        if any(message.timestamp()[1] > moment * 1000 for message in tail.poll(0.05)):
            return time.time()
    need(False, f"nothing was committed in {DEADLINE_S:.0f} s")
    return 0.0
