"""What the sites send while faults happen: shipments of many mines, with what real sources do too: twice, wrong, out of order."""

import threading
import time
from collections.abc import Iterator
from functools import cache
from itertools import count, islice

from confluent_kafka import Producer

from runtime.clients import PARTITIONER
from runtime.partitioner import partition_of
from schemas.topics import INBOX
from tests.way.cluster import PARTITIONS
from tests.way.traffic import cycle, document, place

SMELTERS = PARTITIONS
BURSTS_PER_SECOND = 5
FLUSH_SECONDS = 120.0
BAD = {"type": "ObjectEvent", "eventID": "urn:uuid:00000000-0000-4000-8000-000000000000"}


@cache
def named(kind: str, n: int) -> str:
    """The name of the nth mine or smelter; the first four have a partition each, the next four too, and so on."""
    wanted, rank = n % PARTITIONS, n // PARTITIONS
    names = (f"{kind}{number}" for number in count())
    return next(islice((name for name in names if partition_of(place(name).encode(), PARTITIONS) == wanted), rank, None))


def documents(mines: int) -> Iterator[tuple[str, bytes, int]]:
    """Source, document and its number of events, without end: what each mine and each smelter sends of one lot after another.

    A source is called like its site, so it lives in the same-numbered partition of the inbox.
    """
    for n in count():
        for m in range(mines):
            mine, smelter = named("mine", m), named("smelter", (m + 1) % SMELTERS)
            sent, got = cycle(mine, smelter, n)
            if n % 5 == 1:
                got.reverse()  # smelted before it was received: it waits
            if n % 7 == 2:
                sent.append(BAD)
            yield place(mine), document(sent), len(sent)
            yield place(smelter), document(got), len(got)
            if n % 6 == 3:
                yield place(mine), document(sent), len(sent)


class Load:
    """Sends documents at a pace until it is stopped; a source's own stay in order. `events` are those sent so far."""

    def __init__(self, bootstrap: str, mines: int) -> None:
        settings = {"partitioner": PARTITIONER, "enable.idempotence": True, "message.max.bytes": 8 << 20, "log_level": 0}
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
