"""A ledger's changelog with very many live lots, written in a minute."""

from multiprocessing import get_context

import msgspec
from confluent_kafka import Producer

from benchmarks.lots import SITES, LotForm, site
from benchmarks.stage import put
from benchmarks.world import PARTITIONS, World
from runtime import clients
from runtime.partitioner import partition_of
from runtime.settings import Settings
from runtime.state import OFFSET_KEY, Progress
from schemas.topics import ENTRIES, LEDGER_CHANGELOG

CHECKED = 5  # lots of each site whose state is compared with what the ledger writes
PROCESSES = 2


def fill(world: World, lots_per_site: int) -> None:
    """So many live lots at each site, as if the ledger stood before the first record of its input."""
    jobs = [(world.settings, world.topic(LEDGER_CHANGELOG), first, lots_per_site) for first in range(PROCESSES)]
    with get_context("spawn").Pool(PROCESSES) as pool:
        pool.starmap(_fill_sites, jobs)
    producer = clients.producer(world.settings)
    topic_id, _ = clients.topic_id(world.sight.admin, world.topic(ENTRIES))
    progress = msgspec.json.encode(Progress(world.topic(ENTRIES), topic_id, 0))
    for partition in range(PARTITIONS):
        put(producer, world.topic(LEDGER_CHANGELOG), OFFSET_KEY, progress, partition)
    producer.flush(60)


def _fill_sites(settings: Settings, changelog: str, first: int, lots_per_site: int) -> None:
    producer = clients.producer(settings)
    for number in range(first, SITES, PROCESSES):
        form = LotForm(site(number))
        for lot in range(2, lots_per_site, max(1, lots_per_site // CHECKED)):
            form.check(lot)
        _fill_site(producer, changelog, form, lots_per_site)
    producer.flush(60)


def _fill_site(producer: Producer, changelog: str, form: LotForm, lots: int) -> None:
    partition = partition_of(form.site.encode(), PARTITIONS)
    for key, value in form.first:
        put(producer, changelog, key, value, partition)
    for number in range(2, lots):
        for key, value in form.writes(number):
            put(producer, changelog, key, value, partition)
        producer.poll(0)
