"""What the sites send while faults happen, with what real sources do too: twice, wrong, out of order.

Mines ship concentrate to smelters (tests/way/traffic.py); plants make it in campaigns that are corrected when the metal has moved
on, and assay it later, and their buyers take the second lot two rounds late (tests/way/turns.py); yards ship pallets, make claims
and take a lot back (tests/way/asides.py).
"""

import threading
import time
from collections.abc import Iterator
from functools import cache
from itertools import count, islice
from typing import Any

from confluent_kafka import Producer

from lodestream.ids import derive
from lodestream.ledger.records import Entry
from runtime.clients import PARTITIONER
from runtime.partitioner import partition_of
from schemas.topics import INBOX
from tests.way.asides import PROFILES, aside, book_of
from tests.way.cluster import PARTITIONS
from tests.way.traffic import cycle, document, place
from tests.way.turns import turn

SMELTERS = PARTITIONS
LATE_ROUNDS = 2
Document = tuple[str, bytes, int]
"""Source, document and its number of events."""
BURSTS_PER_SECOND = 5
FLUSH_SECONDS = 120.0
BAD = {"type": "ObjectEvent", "eventID": "urn:uuid:00000000-0000-4000-8000-000000000000"}


@cache
def named(kind: str, n: int) -> str:
    """The name of the nth mine or smelter; the first four have a partition each, the next four too, and so on."""
    wanted, rank = n % PARTITIONS, n // PARTITIONS
    names = (f"{kind}{number}" for number in count())
    return next(islice((name for name in names if partition_of(place(name).encode(), PARTITIONS) == wanted), rank, None))


def documents(mines: int) -> Iterator[Document]:
    """Without end: what each mine, plant and yard and those that they ship to send of one lot after another.

    A source is called like its site, so it lives in the same-numbered partition of the inbox.
    """
    for n in count():
        for m in range(mines):
            yield from _straight(m, n)
            yield from _turned(m, n)
            yield from _beside(m, n)


def _straight(m: int, n: int) -> Iterator[Document]:
    mine, smelter = named("mine", m), named("smelter", (m + 1) % SMELTERS)
    sent, got = cycle(mine, smelter, n)
    if n % 5 == 1:
        got.reverse()  # smelted before it was received: it waits
    if n % 7 == 2:
        sent.append(BAD)
    yield _from(mine, sent)
    yield _from(smelter, got)
    if n % 6 == 3:
        yield _from(mine, sent)


def _turned(m: int, n: int) -> Iterator[Document]:
    plant, buyer = named("plant", m), named("buyer", (m + 1) % SMELTERS)
    sent, got, _ = turn(plant, buyer, n)
    both = [_from(plant, sent), _from(buyer, got)]
    yield from reversed(both) if n % 3 == 2 else both
    if n >= LATE_ROUNDS:
        yield _from(buyer, turn(plant, buyer, n - LATE_ROUNDS)[2])


def _beside(m: int, n: int) -> Iterator[Document]:
    yard, buyer = named("yard", m), named("buyer", (m + 2) % SMELTERS)
    sent, got = aside(yard, buyer, _profile(m), n)
    yield _from(yard, sent)
    yield _from(buyer, got)


def _profile(m: int) -> str:
    return PROFILES[m % len(PROFILES)]


def _from(name: str, events: list[Any]) -> Document:
    return place(name), document(events), len(events)


def books(mines: int) -> list[Entry]:
    """What must be in the yards' books before they claim anything."""
    return [book_of(named("yard", m), _profile(m)) for m in range(mines)]


def ticks(mines: int, until_us: int) -> list[Entry]:
    """The clock tells every site that it is so late."""
    names = [named(kind, m) for kind in ("mine", "plant", "yard") for m in range(mines)]
    sites = map(place, names + [named(kind, m) for kind in ("smelter", "buyer") for m in range(SMELTERS)])
    return [Entry(derive("tick", site, str(until_us)), site, "TICK", until_us, tick_us=until_us) for site in sites]


class Load:
    """Sends documents at a pace until it is stopped; a source's own stay in order. `events` are those sent so far."""

    def __init__(self, bootstrap: str, mines: int) -> None:
        settings = {"partitioner": PARTITIONER, "enable.idempotence": True, "message.max.bytes": 8 << 20, "log_level": 0}
        self.mines = mines
        self._producer = Producer({"bootstrap.servers": bootstrap, **settings})
        self._documents = documents(mines)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.events = 0

    def start(self, events_per_second: float) -> None:
        """Send at this rate, in bursts, in the background."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, args=(events_per_second,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Send no more; everything that was sent is in the inbox."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        assert self._producer.flush(FLUSH_SECONDS) == 0, "the inbox did not take everything"

    def send(self, events: int) -> None:
        """At least so many at once."""
        until = self.events + events
        while self.events < until:
            self.document(*next(self._documents))

    def document(self, source: str, value: bytes, events: int) -> None:
        """One document, of so many events."""
        self._producer.produce(INBOX, value, source.encode())
        self._producer.poll(0)
        self.events += events

    def _run(self, events_per_second: float) -> None:
        began, before = time.monotonic(), self.events
        while not self._stop.wait(1 / BURSTS_PER_SECOND):
            due = int((time.monotonic() - began) * events_per_second)
            self.send(due - (self.events - before))
