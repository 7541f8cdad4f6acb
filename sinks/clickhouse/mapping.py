"""Records of the topics to rows of the tables: pure, in both senses. One function for each kind of record."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from msgspec import Struct

from lodestream.credentials.record import CredentialRecord, StatusRecord
from lodestream.epcis.rejection import Rejection
from lodestream.ledger.records import Entry, Outcome
from runtime.processor import Record
from schemas import topics
from schemas.codec import UndecodableError, decode
from sinks.clickhouse.map_entries import entry_rows
from sinks.clickhouse.map_outcomes import outcome_rows
from sinks.clickhouse.rows import CredentialRow, DeadLetterRow, RejectionRow, Row, Src, StatusRow

DEAD_LETTER_BYTES = 64 * 1024
FOREIGN_KEY = "FOREIGN_KEY"


@dataclass(frozen=True, slots=True)
class Feed:
    """What travels on a topic and which rows it makes."""

    kind: type[Struct]
    rows: Callable[[Any, Src], list[Row]]


@dataclass(slots=True)
class Mapped:
    """The rows of some records by table, in the order in which the tables are to be written."""

    tables: dict[str, list[Row]] = field(default_factory=dict)
    tombstones: int = 0

    def add(self, rows: Iterable[Row]) -> None:
        """Put rows into their tables."""
        for row in rows:
            self.tables.setdefault(row.table, []).append(row)


def map_records(records: Sequence[Record], topic_id: str) -> Mapped:
    """The rows of records of one topic partition. What cannot be decoded, or is no entry of its key, becomes a dead letter."""
    mapped = Mapped()
    for record in records:
        if record.value is None and record.topic != topics.ENTRIES:  # there the ledger calls it an entry that cannot be read
            mapped.tombstones += 1
            continue
        feed = FEEDS[record.topic]
        src = Src(record.topic, topic_id, record.partition, record.offset)
        try:
            value = decode(record.value or b"", feed.kind)
        except UndecodableError as error:
            mapped.add([_dead_letter(record, error.code, str(error), src)])
            continue
        if (
            isinstance(value, Entry) and record.key != value.site.encode()
        ):  # the ledger has not booked it: it must not look like that site's
            mapped.add([_dead_letter(record, FOREIGN_KEY, "its key is not its site", src)])
        else:
            mapped.add(feed.rows(value, src))
    return mapped


def rejection_rows(rejection: Rejection, src: Src) -> list[Row]:
    """The refusal."""
    return [
        RejectionRow(
            src_topic=src.topic,
            src_topic_id=src.topic_id,
            src_partition=src.partition,
            src_offset=src.offset,
            code=rejection.code,
            message=rejection.message,
            pointer=rejection.pointer,
            event_index=rejection.index,
            event_id=rejection.event_id or "",
            payload_base64=rejection.payload,
            payload_sha256=rejection.payload_sha256,
            payload_truncated=rejection.payload_truncated,
            source=rejection.source,
            inbox_topic=rejection.topic,
            inbox_partition=rejection.partition,
            inbox_offset=rejection.offset,
            record_time_us=rejection.record_time_us,
        )
    ]


def credential_rows(credential: CredentialRecord, src: Src) -> list[Row]:
    """The credential."""
    return [
        CredentialRow(
            src_topic=src.topic,
            src_topic_id=src.topic_id,
            src_partition=src.partition,
            src_offset=src.offset,
            site=credential.site,
            credential_id=credential.id,
            kind=credential.kind,
            txn_id=credential.txn_id,
            issuer=credential.issuer,
            lots=credential.lots,
            valid_from_us=credential.valid_from_us,
            record_time_us=credential.record_time_us,
            envelope=credential.envelope,
            sha256=credential.sha256,
            name=credential.name,
            access=credential.access,
            about=credential.about,
            facility=credential.facility,
            status_list=credential.status_list,
            status_index=credential.status_index,
            replaces=credential.replaces,
        )
    ]


def status_rows(status: StatusRecord, src: Src) -> list[Row]:
    """The status."""
    return [
        StatusRow(
            src_topic=src.topic,
            src_topic_id=src.topic_id,
            src_partition=src.partition,
            src_offset=src.offset,
            credential_id=status.credential_id,
            status=status.status,
            reason=status.reason,
            record_time_us=status.record_time_us,
            replaced_by=status.replaced_by,
        )
    ]


FEEDS: dict[str, Feed] = {
    topics.ENTRIES: Feed(Entry, entry_rows),
    topics.TRANSACTIONS: Feed(Outcome, outcome_rows),
    topics.REJECTED: Feed(Rejection, rejection_rows),
    topics.CREDENTIALS: Feed(CredentialRecord, credential_rows),
    topics.CREDENTIAL_STATUS: Feed(StatusRecord, status_rows),
}
"""The topics that the sink reads. `ledger.lots.v1` is not among them: each of its states is in a transaction."""


def _dead_letter(record: Record, reason: str, message: str, src: Src) -> DeadLetterRow:
    value = record.value or b""
    return DeadLetterRow(
        src_topic=src.topic,
        src_topic_id=src.topic_id,
        src_partition=src.partition,
        src_offset=src.offset,
        reason=reason,
        message=message,
        record_key_base64=record.key or b"",
        value_base64=value[:DEAD_LETTER_BYTES],
        value_bytes=len(value),
        value_sha256=sha256(value).hexdigest(),
        record_time_us=record.timestamp_ms * 1000,
    )
