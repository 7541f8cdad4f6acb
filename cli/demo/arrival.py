"""Whether everything has arrived: every event has a fate, every entry an outcome, and those behind have read to the end."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import TracebackType

from confluent_kafka import Consumer, KafkaException, TopicPartition

from lodestream.credentials.record import CredentialRecord
from lodestream.epcis.rejection import Rejection
from lodestream.ledger.records import Entry, Outcome
from runtime import clients
from runtime.settings import Settings
from schemas.codec import decode
from schemas.topics import CREDENTIAL_STATUS, CREDENTIALS, ENTRIES, REJECTED, TRANSACTIONS

READ_RECORDS = 500
READ_SECONDS = 0.1
ASK_SECONDS = 5.0
TOPICS = (ENTRIES, TRANSACTIONS, REJECTED, CREDENTIALS, CREDENTIAL_STATUS)
ISSUER, SINK = "issuer", "sink"


@dataclass(slots=True)
class Tally:
    """What has been read so far. An event's place is (topic, partition, offset, index in its document)."""

    fates: set[tuple[str, int, int, int | None]] = field(default_factory=set)
    entries: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)
    parked: set[str] = field(default_factory=set)
    outcomes: int = 0
    rejections: int = 0
    credentials: list[CredentialRecord] = field(default_factory=list)

    def take(self, topic: str, value: bytes) -> None:
        """Count one record."""
        if topic == ENTRIES:
            entry = decode(value, Entry)
            self.entries[entry.entry_id] += 1
            if (origin := entry.origin) is not None:
                self.fates.add((origin.topic, origin.partition, origin.offset, origin.index))
        elif topic == REJECTED:
            refused = decode(value, Rejection)
            self.rejections += 1
            self.fates.add((refused.topic, refused.partition, refused.offset, refused.index))
        elif topic == TRANSACTIONS:
            self._answer(decode(value, Outcome))
        elif topic == CREDENTIALS:
            self.credentials.append(decode(value, CredentialRecord))

    def _answer(self, outcome: Outcome) -> None:
        self.outcomes += 1
        if outcome.outcome == "PARKED":
            self.parked.add(outcome.entry_id)
        elif outcome.outcome == "TRANSACTION" and outcome.entry_id in self.parked:
            # What was parked is posted at last: a second outcome of the same entry, not another entry's.
            self.parked.discard(outcome.entry_id)
            return
        self.answered[outcome.entry_id] += 1

    @property
    def settled(self) -> bool:
        """Every entry that was read has its outcome."""
        return all(self.answered[entry_id] >= count for entry_id, count in self.entries.items())


class Arrival:
    """Reads along what the workers write. A context manager."""

    def __init__(self, settings: Settings, expected: int) -> None:
        """`expected` is the number of events and refused documents that were captured."""
        self.tally = Tally()
        self.expected = expected
        self._consumer: Consumer = clients.reader(settings)
        self._onlookers = {group: clients.onlooker(settings, group) for group in (ISSUER, SINK)}
        self._ends: dict[tuple[str, int], int] = {}
        topics = self._consumer.list_topics(timeout=ASK_SECONDS).topics
        self._partitions = [TopicPartition(name, number, 0) for name in TOPICS for number in topics[name].partitions]
        self._consumer.assign(self._partitions)

    def __enter__(self) -> "Arrival":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for consumer in (self._consumer, *self._onlookers.values()):
            consumer.close()

    def complete(self) -> bool:
        """Read what is new; whether all has arrived, in ClickHouse too."""
        quiet = not self._read()
        return (
            quiet
            and len(self.tally.fates) >= self.expected
            and self.tally.settled
            and self._has_read(ISSUER, (TRANSACTIONS,))
            and self._has_read(SINK, TOPICS)
        )

    def _read(self) -> int:
        """Count what has come; how many records it was."""
        records = [message for message in self._consumer.consume(READ_RECORDS, READ_SECONDS) if message.error() is None]
        for message in records:
            topic, partition, offset, value = message.topic(), message.partition(), message.offset(), message.value()
            if topic is not None and partition is not None and offset is not None:
                self._ends[topic, partition] = offset + 1
                self.tally.take(topic, value or b"")
        return len(records)

    def _has_read(self, group: str, topics: Iterable[str]) -> bool:
        """Whether a group has committed to behind the last record that we have seen of these topics."""
        ends = {place: end for place, end in self._ends.items() if place[0] in topics}
        if not ends:
            return True
        try:
            answer = self._onlookers[group].committed([TopicPartition(*place) for place in ends], ASK_SECONDS)
        except KafkaException:
            return False  # its coordinator is not there yet
        committed = {(each.topic, each.partition): each.offset for each in answer}
        return all(committed.get(place, -1) >= end for place, end in ends.items())
