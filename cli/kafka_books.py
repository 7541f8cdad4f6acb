"""The books as Kafka holds them: entries and outcomes of a partition as the audit takes them."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from lodestream.audit.audit import audit
from lodestream.audit.values import Asked, Difference, Told, Verdict, Written
from lodestream.ledger.records import Outcome
from runtime import clients
from runtime.kafka import record_of
from runtime.kafka_errors import END_OF_PARTITION
from runtime.processor import Record
from runtime.settings import Settings
from schemas.codec import UndecodableError, decode, encode
from schemas.topics import ENTRIES, TRANSACTIONS
from streams.ledger.processor import read_entry

FETCH = 500
WAIT_MS = 50  # all of a partition is soon fetched ahead, and until it is folded the client asks for more again and again
SILENCE_S = 60.0
ASK_S = 10.0


@dataclass(frozen=True)
class Books:
    """Where the books are: the topics, and the group whose commits tell how far the ledger has come."""

    entries: str = ENTRIES
    transactions: str = TRANSACTIONS
    group: str = "ledger"


def sizes(settings: Settings, books: Books) -> dict[int, int]:
    """The partitions of the entries, each with about how many there are. Raises KafkaException."""
    consumer = clients.reader(settings)
    try:
        known = consumer.list_topics(books.entries, ASK_S).topics[books.entries]
        if known.error is not None:
            raise KafkaException(known.error)
        ends = {
            number: consumer.get_watermark_offsets(TopicPartition(books.entries, number), ASK_S) for number in known.partitions
        }
        return {number: last - first for number, (first, last) in ends.items()}
    finally:
        consumer.close()


def audit_partition(
    settings: Settings, books: Books, partition: int, skips: dict[str, str], as_of_us: int | None, about_us: int | None
) -> Verdict:
    """Audit the sites of one partition. Raises KafkaException.

    How far the ledger has come is asked first and the end of its outcomes next, so every outcome up to there has an entry that is
    read, and every entry below the first has an outcome that is read, while all of them go on working.
    """
    done = _committed(settings, books, partition)
    told, asked = (clients.reader(settings, fetch_wait_max_ms=WAIT_MS) for _ in range(2))
    try:
        ends = [c.get_watermark_offsets(TopicPartition(t, partition), ASK_S) for c, t in _both(told, asked, books)]
        for (first, _), topic in zip(ends, (books.transactions, books.entries), strict=True):
            if first > 0:
                says = "the topic keeps everything (retention.ms=-1), so somebody deleted what was before"
                place = _place(topic, partition, 0)
                return Verdict(difference=Difference("MISSING", place, f"it begins at offset {first}", "a record at 0", says))
        return audit(
            _asked(asked, books.entries, partition, settings.partitions, done),
            _told(told, books.transactions, partition, ends[0][1]),
            skips,
            as_of_us,
            about_us,
        )
    finally:
        told.close()
        asked.close()


def _both(told: Consumer, asked: Consumer, books: Books) -> list[tuple[Consumer, str]]:
    return [(told, books.transactions), (asked, books.entries)]


def _committed(settings: Settings, books: Books, partition: int) -> int | None:
    """How far the ledger has committed; None where the broker does not know: then it has come to the end."""
    onlooker = clients.onlooker(settings, books.group)
    try:
        (answer,) = onlooker.committed([TopicPartition(books.entries, partition)], ASK_S)
        return int(answer.offset) if answer.offset >= 0 else None
    finally:
        onlooker.close()


def _asked(consumer: Consumer, topic: str, partition: int, count: int, done: int | None) -> Iterator[Asked]:
    for record in records(consumer, topic, partition):
        settled = done is None or record.offset < done
        yield Asked(_place(topic, partition, record.offset), read_entry(record, count), settled)


def _told(consumer: Consumer, topic: str, partition: int, end: int) -> Iterator[Told]:
    for record in records(consumer, topic, partition, end):
        yield Written(_place(topic, partition, record.offset), record.value or b"", encode, _outcome)


def _outcome(data: bytes) -> Outcome | str:
    try:
        return decode(data, Outcome)
    except UndecodableError as error:
        return str(error)


def records(consumer: Consumer, topic: str, partition: int, end: int | None = None) -> Iterator[Record]:
    """The committed records of a partition from its beginning to `end` (exclusive), without one to where it ends now."""
    consumer.assign([TopicPartition(topic, partition, 0)])
    heard = time.monotonic()
    while True:
        messages = consumer.consume(1, 0.5)
        for message in messages + (consumer.consume(FETCH, 0) if messages else []):
            heard = time.monotonic()
            error = message.error()
            if error is None:
                record = record_of(message, headers=False)
                if end is not None and record.offset >= end:
                    return
                yield record
            elif error.code() == END_OF_PARTITION:
                return
            else:
                raise KafkaException(error)
        if time.monotonic() - heard > SILENCE_S:
            said = f"{topic}/{partition} was silent for {SILENCE_S:.0f} s"
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT, said))  # noqa: SLF001  # where the library keeps the name


def _place(topic: str, partition: int, offset: int) -> str:
    return f"{topic}/{partition}/{offset}"
