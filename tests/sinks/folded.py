"""EPCIS documents through gate and ledger as pure functions, and what they wrote into the tables."""

from collections import deque
from collections.abc import Iterable

from msgspec import Struct

from lodestream.epcis.intake import Accepted, intake
from lodestream.epcis.routing import admit
from lodestream.ledger.book import BookFile
from lodestream.ledger.fold import Fold
from lodestream.ledger.records import Entry, Outcome
from runtime.partitioner import partition_of
from runtime.processor import Record
from schemas import topics
from schemas.codec import encode
from sinks.clickhouse.plan import Batch
from sinks.clickhouse.store import Store
from tests.sinks.made import TOPIC_ID

PARTITIONS = 4


class Written:
    """The books of some documents, with every entry and outcome in order."""

    def __init__(self, documents: Iterable[bytes], entries: Iterable[Entry] = ()) -> None:
        """Events are recorded when they happened."""
        self.fold = Fold()
        self.entries: list[Entry] = []
        self.outcomes: list[Outcome] = []
        for document in documents:
            for item in intake(document):
                if isinstance(item, Accepted):
                    entry = admit(item, BookFile().register, "local", item.event.event_time_us, None)
                    assert isinstance(entry, Entry), entry
                    self.submit(entry)
        for entry in entries:
            self.submit(entry)

    def submit(self, entry: Entry) -> None:
        """An entry, and all that follows from it at other sites."""
        todo = deque([entry])
        while todo:
            self.entries.append(todo[0])
            outcomes, made = self.fold.apply(todo.popleft())
            self.outcomes += outcomes
            todo += made

    def sow(self, store: Store) -> None:
        """Write all of it, as the sink would."""
        for topic, values in ((topics.ENTRIES, self.entries), (topics.TRANSACTIONS, self.outcomes)):
            _sow(store, topic, values)


def _sow(store: Store, topic: str, values: Iterable[Struct]) -> None:
    by_partition: dict[int, list[Record]] = {}
    for value in values:
        site = getattr(value, "site", "").encode()
        number = partition_of(site, PARTITIONS)
        into = by_partition.setdefault(number, [])
        into.append(Record(topic, number, len(into), 0, site, encode(value)))
    for number, records in by_partition.items():
        store.write(Batch(topic, TOPIC_ID, number, 0, tuple(records)))
