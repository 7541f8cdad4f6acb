"""From entry to transaction: how long each takes, seen by a reader of committed records while faults happen."""

import threading
import time
from typing import NamedTuple

from confluent_kafka import TopicPartition

from lodestream.ledger.records import Entry, Outcome
from schemas.codec import decode
from schemas.topics import ENTRIES, TRANSACTIONS
from tests.faults.reading import read_topic, reader
from tests.faults.stage import Stage


class Passage(NamedTuple):
    """One entry: its partition, when it was written, when its outcome was seen (both seconds since 1970)."""

    partition: int
    written: float
    seen: float

    @property
    def took(self) -> float:
        return self.seen - self.written


class Probe:
    """Watches the outcomes from now on, in the background."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._begin = stage.ends(ENTRIES, TRANSACTIONS)
        self._seen: dict[str, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> list[Passage]:
        """The passages of all entries since the beginning, by the time of their writing; call it when all is settled."""
        self._stop.set()
        self._thread.join()
        found = []
        for record in read_topic(self._stage.bootstrap, ENTRIES, begin=self._begin[ENTRIES]):
            seen = self._seen.get(decode(record.value or b"", Entry).entry_id)
            if seen is not None:
                found.append(Passage(record.partition, record.timestamp_ms / 1000, seen))
        return sorted(found, key=lambda passage: passage.written)

    def _watch(self) -> None:
        consumer = reader(self._stage.bootstrap)
        consumer.assign([TopicPartition(TRANSACTIONS, n, at) for n, at in self._begin[TRANSACTIONS].items()])
        while not self._stop.is_set():
            for message in consumer.consume(500, 0.02):
                if message.error() is None:
                    self._seen.setdefault(decode(message.value() or b"", Outcome).entry_id, time.time())
        consumer.close()


def p99(passages: list[Passage]) -> float:
    """In seconds; of at least one."""
    return sorted(passage.took for passage in passages)[int(len(passages) * 0.99)]
