"""The publication worker: from the issuer's two topics to the folder, each record at least once, with the same effect.

A round takes what has come, remembers it with its offsets in one transaction (memory.py), and writes the files that follow from
it. The offsets in the memory decide where to begin; those that are committed to Kafka are for whoever watches the lag. Linksets
and status lists are first written when all that there was has been read: a folder that is written anew never shows a list in
which revocations are still missing.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from threading import Event

import structlog

from lodestream.credentials.record import CredentialRecord, StatusRecord
from runtime.errors import RefusedError, RetryError
from runtime.port import Partition
from runtime.processor import Record
from schemas.codec import UndecodableError, decode
from schemas.topics import CREDENTIAL_STATUS, CREDENTIALS
from sinks.clickhouse.plan import Committed
from sinks.clickhouse.source import Source
from sinks.publication.memory import Memory
from sinks.publication.publisher import Publisher
from sinks.publication.watch import PublicationWatch

GROUP = "publication"
POLL_RECORDS = 1_000
OWN_SECONDS = 10.0
"""How often did.json is looked at: after a key is rotated the new document is published within this time."""

_log = structlog.get_logger(__name__)


class Publication:
    """One worker. `step` does one round; `run` goes on until the event is set. It listens to the group itself."""

    def __init__(
        self,
        source: Source,
        publisher: Publisher,
        memory: Memory,
        poll_s: float,
        clock: Callable[[], float] = time.monotonic,
        watch: PublicationWatch | None = None,
    ) -> None:
        self._source = source
        self._publisher = publisher
        self._memory = memory
        self._poll_s = poll_s
        self._clock = clock
        self._watch = watch or PublicationWatch()
        self._next: dict[Partition, int] = {}
        self._topic_ids: dict[str, str] = {}
        self._unread: set[Partition] = set()  # of these the end was not seen yet
        self._owed: dict[Partition, Committed] = {}
        self._joined = self._closing = False
        self._own_at = 0.0

    def run(self, stop: Event) -> None:
        """Work until `stop`. Raises FatalError."""
        self._source.open([CREDENTIALS, CREDENTIAL_STATUS], self)
        try:
            # What a process before us had remembered and not written.
            self._publisher.write(derived=self._memory.caught_up)
            while not stop.is_set():
                self.step()
        finally:
            self._closing = True
            self._source.close()

    def step(self) -> None:
        """One round."""
        signs_anew = False
        if self._clock() >= self._own_at:
            signs_anew = self._publisher.write_own()
            self._own_at = self._clock() + OWN_SECONDS
        polled = self._source.poll(POLL_RECORDS, self._poll_s)
        batches = self._batches(polled.records)
        self._unread -= {partition for partition in polled.ends if partition in self._next}
        if batches:
            self._remember(batches)
        if batches or signs_anew or not self._memory.caught_up:
            self._publish(batches)
        self._pay()
        self._watch.round(self._next)

    # --- the group's decisions (inside poll and close only) ----------------------------------------------------------------

    def assigned(self, partitions: Sequence[Partition]) -> Mapping[Partition, int]:
        """Ours now: each goes on where the memory says, else it is read from its beginning."""
        begin: dict[Partition, int] = {}
        for partition in partitions:
            if partition.topic not in self._topic_ids:
                self._topic_ids[partition.topic] = self._source.topic_id(partition.topic)
            known = self._memory.position(partition, self._topic_ids[partition.topic])
            begin[partition] = max(known or 0, self._source.low(partition))
            if known is None:
                _log.info("a partition is read from its beginning", topic=partition.topic, partition=partition.number)
        self._next |= begin
        self._unread |= begin.keys()
        self._joined = True
        self._watch.joined()
        return begin

    def revoked(self, partitions: Sequence[Partition]) -> None:
        """Not ours any more: that is how it ends, or a second publication worker has come."""
        for partition in partitions:
            self._next.pop(partition, None)
            self._owed.pop(partition, None)
        self._unread -= set(partitions)
        if not self._closing:
            _log.warning(
                "partitions were taken away: where another publication worker runs, each publishes only a part",
                partitions=[f"{topic}/{number}" for topic, number in partitions],
            )

    # --- one batch ---------------------------------------------------------------------------------------------------------

    def _batches(self, records: Sequence[Record]) -> dict[Partition, list[Record]]:
        batches: dict[Partition, list[Record]] = {}
        for record in records:
            partition = Partition(record.topic, record.partition)
            if partition in self._next:  # what was fetched of one that is not ours any more comes again
                batches.setdefault(partition, []).append(record)
        return batches

    def _remember(self, batches: Mapping[Partition, list[Record]]) -> None:
        values = [_value(record) for records in batches.values() for record in records if record.value is not None]
        with self._memory.together():
            self._publisher.take(values)
            for partition, records in batches.items():
                self._next[partition] = records[-1].offset + 1
                self._memory.move(partition, self._topic_ids[partition.topic], self._next[partition])
        self._owed |= {partition: Committed(self._next[partition], "") for partition in batches}

    def _publish(self, batches: Mapping[Partition, list[Record]]) -> None:
        if not self._memory.caught_up and self._joined and not self._unread:
            self._memory.catch_up()
            _log.info("all that there was has been read; linksets and status lists are published from now on")
        begun_ns = time.time_ns()
        changed = self._publisher.write(derived=self._memory.caught_up)
        if batches:
            self._watch.published(list(batches.values()), begun_ns)
            _log.debug("published", records=sum(map(len, batches.values())), files=changed)

    def _pay(self) -> None:
        """Tell Kafka how far we are; nothing depends on it."""
        if self._owed:
            try:
                self._source.commit(self._owed)
            except RetryError as reason:
                _log.info("publication could not commit", reason=str(reason))
                return
            self._owed = {}


def _value(record: Record) -> CredentialRecord | StatusRecord:
    value = record.value or b""
    try:
        return decode(value, CredentialRecord) if record.topic == CREDENTIALS else decode(value, StatusRecord)
    except UndecodableError as reason:
        raise RefusedError(
            f"{record.topic}/{record.partition}, offset {record.offset}: {reason}. A newer version may have written it; to pass "
            "it over would leave out a credential or a revocation"
        ) from None
