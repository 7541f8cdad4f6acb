"""The ledger beside Faust, Quix Streams and the limit: the same entries, the same ledger logic, one process each, in turn.

All read the entries of one finished world, offers and answers among them, so nobody has to wait for what it makes itself; what
they make goes to topics of their own, stamped by the broker. What each wrote is compared, byte for byte, with what that world's
ledger wrote: all of it, or for a slow one what it wrote in its time.
"""

import os
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import ExitStack

from benchmarks.pipeline import books, like
from benchmarks.plan import Plan
from benchmarks.rivals import rival_python
from benchmarks.stage import MARKERS, Flow, Place, Process, cpu_seconds, need, process, rate, read
from benchmarks.world import PARTITIONS, World
from schemas.topics import ENTRIES, LEDGER_CHANGELOG, LOTS, TRANSACTIONS, declared

CHAINS = 6_000
AT_MOST_S = 12.0  # a rival is stopped after it has written for so long: it does not get faster by then
START_S = 60.0
QUIET_S = 1.5
LOOK_S = 0.1
CORES = os.cpu_count() or 1


def measure(plan: Plan, names: Iterable[str]) -> None:
    """Those of ledger_vs_faust, ledger_vs_quix, ledger_vs_limit and ledger_two_workers that are asked for."""
    found: dict[str, list[float]] = defaultdict(list)
    shares: list[float] = []
    with plan.world("race") as world:
        race = _Race(world, books(world, plan.size(CHAINS, 40)))
        for number in range(plan.rounds):
            found["ours"].append(race.ours(f"ours{number}"))
            if "ledger_vs_faust" in names:
                found["faust"].append(race.rival("faust", f"faust{number}"))
            if "ledger_vs_quix" in names:
                found["quix"].append(race.rival("quix", f"quix{number}"))
            if "ledger_vs_limit" in names:
                found["limit"].append(race.limit(f"limit{number}"))
            if "ledger_two_workers" in names:
                two, share = race.two(f"two{number}")
                found["two"].append(two)
                shares.append(share)
    for rival in ("faust", "quix", "limit"):
        if found[rival]:
            plan.say(f"ledger_vs_{rival}", found["ours"], "entries/s", found[rival])
    if found["two"]:
        plan.say("ledger_two_workers", found["two"], "entries/s", found["ours"])
        plan.say("ledger_two_workers_share", shares, "% of cores", [100.0])


class _Race:
    """The course: the entries of a finished world."""

    def __init__(self, world: World, entries: int) -> None:
        self._world = world
        self._entries = entries
        self._right = _by_site(world, world.topic(TRANSACTIONS))

    def ours(self, run: str) -> float:
        """Our worker with its topics renamed."""
        self._outputs(run)
        with self._world.running(run, "benchmarks.ours", self._world.topic(ENTRIES), topics=run) as running:
            self._wait(run, self._world.group("ledger", run), [running])
        return self._checked(run, whole=True).per_second

    def two(self, run: str) -> tuple[float, float]:
        """Two of our workers: entries a second while both have work, and their share of all cores' time in %.

        The entries come once the partitions are shared out: the group takes seconds for that, and it is not what is measured.
        """
        self._outputs(run)
        world, source, group = self._world, self._name(run, "source"), self._world.group("ledger", run)
        world.make([like(ENTRIES, f"{run}.source")])
        with ExitStack() as stack:
            workers = [
                stack.enter_context(world.running(run, "benchmarks.ours", source, topics=run, twin=twin)) for twin in ("-a", "-b")
            ]
            world.sight.wait_for_members(group, [PARTITIONS // 2] * 2)
            feed = f"{run}-feed"
            with world.running(feed, "benchmarks.copying", world.topic(ENTRIES), source):
                world.sight.wait(world.group(f"copy-{source}", feed), world.topic(ENTRIES))
            share = self._wait(run, group, workers, source)
        self._checked(run, whole=True)
        times = sorted(message.timestamp()[1] for message in read(world.settings, self._name(run, TRANSACTIONS)))
        # The partitions are not equally long: when one worker has come to its end, one core is left to the other.
        return rate(times, 0.2, 0.8), share

    def rival(self, engine: str, run: str) -> float:
        """The ledger in another engine."""
        self._outputs(run)
        world = self._world
        command = [str(rival_python()), "-m", f"benchmarks.{engine}_ledger", world.topic(ENTRIES), world.topic(run)]
        world.data_dir(run).mkdir()
        with process(run, command, world.environment(run), world.folder) as running:
            self._wait(run, world.topic(f"{run}.{engine}"), [running])
        return self._checked(run, whole=False).per_second

    def limit(self, run: str) -> float:
        """Nothing but the same bytes from topic to topic."""
        self._outputs(run)
        with self._world.running(run, "benchmarks.copying", self._world.topic(ENTRIES), self._name(run, TRANSACTIONS)) as running:
            self._wait(run, self._world.group(f"copy-{self._name(run, TRANSACTIONS)}", run), [running])
        times = sorted(message.timestamp()[1] for message in read(self._world.settings, self._name(run, TRANSACTIONS)))
        need(len(times) == self._entries, f"{len(times)} of {self._entries} entries were copied")
        return rate(times)

    # --- a run -----------------------------------------------------------------------------------------------------------

    def _outputs(self, run: str) -> None:
        changelogs = [topic for topic in declared(PARTITIONS) if topic.name == LEDGER_CHANGELOG]
        outputs = [like(name, f"{run}.{name}") for name in (TRANSACTIONS, LOTS, ENTRIES)]
        self._world.make(outputs)
        self._world.make(changelogs, f"{run}.")

    def _name(self, run: str, topic: str) -> str:
        return self._world.topic(f"{run}.{topic}")

    def _wait(self, run: str, group: str, workers: Sequence[Process], source: str = "") -> float:
        """Until the group has read all and is quiet, or the time is up. The share of all cores that the workers took, in %."""
        sight, began, first, last = self._world.sight, time.monotonic(), 0.0, 0.0
        ends, before = sight.ends(source or self._world.topic(ENTRIES)), dict[Place, int]()
        begin_cpu = end_cpu = 0.0
        while True:
            now, read_to = time.monotonic(), sight.committed(group, ends)
            if read_to != before:
                last, before, end_cpu = now, read_to, sum(map(cpu_seconds, workers))
                if not first:
                    first, begin_cpu = now, end_cpu
            done = all(end - read_to.get(place, 0) <= MARKERS for place, end in ends.items()) and now - last > QUIET_S
            if first and (done or now - first > AT_MOST_S + QUIET_S):
                return 100 * (end_cpu - begin_cpu) / max(0.001, last - first) / CORES
            alive = all(worker.poll() is None for worker in workers)
            need(alive, f"{run} ended:\n{self._world.said(run)}")
            need(bool(first) or now - began < START_S, f"{run} committed nothing in {START_S:.0f} s:\n{self._world.said(run)}")
            time.sleep(LOOK_S)

    def _checked(self, run: str, *, whole: bool) -> Flow:
        """What was written is what the world's own ledger wrote, site by site, or the beginning of it."""
        written = _by_site(self._world, self._name(run, TRANSACTIONS))
        count = sum(len(values) for values in written.values())
        need(not whole or count == self._entries, f"{run} wrote {count} outcomes of {self._entries} entries")
        for site, values in written.items():
            need(values == self._right[site][: len(values)], f"{run} wrote other outcomes of {site}")
        times = sorted(message.timestamp()[1] for message in read(self._world.settings, self._name(run, TRANSACTIONS)))
        return Flow(count, rate(times))


def _by_site(world: World, topic: str) -> dict[bytes, list[bytes]]:
    sites: dict[bytes, list[bytes]] = defaultdict(list)
    for message in read(world.settings, topic):
        sites[message.key() or b""].append(message.value() or b"")
    return sites
