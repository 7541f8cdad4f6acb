"""Documents to the inbox and findings to the books, over Kafka: what `Desk` hands on, and what counts as arrived.

Documents go the way of `lodestream capture`. A finding goes to its site's partition of `site.entries.v1` as the watch's do: it is
said under an id of its own, so once more is a DUPLICATE.
"""

from collections.abc import Sequence

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from connectors.credentials.desk import NotSentError
from connectors.files.capture import Capture, DeliveryError
from connectors.files.documents import Document
from lodestream.ledger.records import Entry
from runtime.headers import Headers, avro, started
from runtime.partitioner import partition_of
from schemas.codec import encode
from schemas.topics import ENTRIES, INBOX

TIMEOUT_S = 30.0
ENTRY = avro("Entry", "suppliers")


class KafkaOut:
    """Over one idempotent producer. `partitions` is the count of the entries' topic, `sample` the part of traces recorded."""

    def __init__(
        self, producer: Producer, source: str, partitions: int, sample: float = 0.0, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._producer = producer
        self._source = source
        self._partitions = partitions
        self._sample = sample
        self._timeout_s = timeout_s

    def documents(self, documents: Sequence[tuple[str, bytes]]) -> None:
        """All of them, in their order. Raises NotSentError."""
        capture = Capture(self._producer, INBOX, self._source, timeout_seconds=self._timeout_s, sample=self._sample)
        try:
            for name, payload in documents:
                capture.send(Document(name, payload, len(payload)))
            capture.finish(lambda _: None)
        except DeliveryError as error:
            raise NotSentError(str(error)) from error

    def entries(self, entries: Sequence[Entry]) -> None:
        """All of them. Raises NotSentError."""
        failures: list[KafkaError] = []

        def arrived(error: KafkaError | None, _: Message) -> None:
            if error is not None:
                failures.append(error)

        try:
            for entry in entries:
                key = entry.site.encode()
                place = partition_of(key, self._partitions)
                self._producer.produce(
                    ENTRIES, key=key, value=encode(entry), partition=place, headers=list(_headers(entry)), on_delivery=arrived
                )
        except (KafkaException, BufferError) as error:
            raise NotSentError(f"a finding could not be sent: {error}") from error
        left = self._producer.flush(self._timeout_s)
        if failures or left:
            raise NotSentError(f"the broker did not take a finding: {failures[0] if failures else f'{left} wait'}")


def _headers(entry: Entry) -> Headers:
    return ENTRY.headers(entry.entry_id, entry.record_time_us, entry.site, started(entry.entry_id).headers())
