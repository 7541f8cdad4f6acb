"""The topic catalogue: every topic of Lodestream, declared once. `lodestream topics apply` makes a cluster agree with it.

Why a topic is as it is stands in its `doc`; docs/contracts.md is generated from here. Names end in a version: a
change that no reader can bridge (another partition count, another meaning of the key) is a new topic beside the old.
"""

import re

from msgspec import Struct

INBOX = "epcis.inbox.v1"
REJECTED = "epcis.rejected.v1"
ENTRIES = "site.entries.v1"
TRANSACTIONS = "ledger.transactions.v1"
LOTS = "ledger.lots.v1"
CREDENTIALS = "credentials.issued.v1"
CREDENTIAL_STATUS = "credentials.status.v1"
SKIPS = "ledger.skips.v1"
LEDGER_CHANGELOG = "ledger.changelog.v1"
ISSUER_CHANGELOG = "issuer.changelog.v1"

INBOX_PATTERN = r"^epcis\.inbox\.([a-z0-9-]+\.)?v1$"
"""Every inbox, ours and those of direct producers, as a pattern for a consumer's subscription."""
SOURCE_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")

PARTITIONS = 64
PARTITIONS_EMBEDDED = 4
"""Entries, transactions and the changelogs share one count for ever: a site lives in the same-numbered partition of all."""

INBOX_RECORD_BYTES = 8 * 1024 * 1024
"""The longest value of an inbox record (a setting). A larger document is split or refused by the connector."""
EVENTS_PER_DOCUMENT = 10_000
LIST_ELEMENTS = 1_000
"""The list elements of one event, all its lists together (EPCs, quantities, materials, assays)."""
LEDGER_RECORD_BYTES = 16 * 1024 * 1024
"""The longest value behind the gate. What would be longer the core refuses TOO_LARGE: Kafka would abort it for ever."""
REJECTION_PAYLOAD_BYTES = 64 * 1024
"""A rejection carries at most so much of its own event."""
FRAMING_BYTES = 64 * 1024
"""Room in `max.message.bytes` for key, headers and the frame of a record batch, over the longest value."""

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
CHANGELOG_DELETE_RETENTION_MS = 14 * DAY_MS
"""How long a changelog keeps a deletion. A local store older than half of it is discarded: it may have missed one."""


class Topic(Struct, frozen=True):
    """One topic as declared. `retention_ms` None keeps everything; it has no meaning where the topic is compacted.

    `key` and `value` say what a record's key means and what its value is: the name of an Avro record of
    `schemas/avro`, or "JSON" or "bytes" where it is none of ours.
    """

    name: str
    partitions: int
    key: str
    value: str
    doc: str
    retention_ms: int | None = None
    compacted: bool = False
    max_message_bytes: int = LEDGER_RECORD_BYTES + FRAMING_BYTES
    log_append_time: bool = False
    delete_retention_ms: int | None = None

    def configs(self, min_insync_replicas: int = 1) -> dict[str, str]:
        """The topic's configuration in Kafka's own names and spellings."""
        configs = {
            "cleanup.policy": "compact" if self.compacted else "delete",
            "max.message.bytes": str(self.max_message_bytes),
            "message.timestamp.type": "LogAppendTime" if self.log_append_time else "CreateTime",
            "min.insync.replicas": str(min_insync_replicas),
            "unclean.leader.election.enable": "false",
        }
        if not self.compacted:
            configs["retention.ms"] = "-1" if self.retention_ms is None else str(self.retention_ms)
            configs["retention.bytes"] = "-1"  # a default of the cluster must not shorten a log that is kept by time
        if self.delete_retention_ms is not None:
            configs["delete.retention.ms"] = str(self.delete_retention_ms)
        return configs


def source_inbox(source: str, inbox_record_bytes: int = INBOX_RECORD_BYTES) -> Topic:
    """The inbox of one direct producer. A source is its topic: who may write to it is the cluster's ACL, not a header.

    Raises ValueError where `source` is no name for a topic.
    """
    if not SOURCE_NAME.fullmatch(source):
        raise ValueError(
            f"{source!r} is no name for a source: use lower-case letters, digits and hyphens, at most 63, no hyphen first"
        )
    doc = f"EPCIS documents from the source {source}. One partition, so that the source's order is kept."
    return _inbox(f"epcis.inbox.{source}.v1", 1, inbox_record_bytes, "free", doc)


def _inbox(name: str, partitions: int, record_bytes: int, key: str, doc: str) -> Topic:
    return Topic(
        name,
        partitions,
        key,
        "JSON",
        doc + " The broker's clock stamps the record: that is the record time of all that comes of it.",
        retention_ms=30 * DAY_MS,
        max_message_bytes=record_bytes + FRAMING_BYTES,
        log_append_time=True,
    )


def declared(partitions: int = PARTITIONS, inbox_record_bytes: int = INBOX_RECORD_BYTES) -> tuple[Topic, ...]:
    """Every topic that an installation has from the start. `partitions` is the one count that cannot change later."""
    return (
        _inbox(INBOX, partitions, inbox_record_bytes, "source", "EPCIS documents as received by our own connectors."),
        Topic(
            REJECTED,
            partitions,
            "source",
            "Rejection",
            "What the gate refused: a document or one of its events, with code, place and its first bytes.",
            retention_ms=365 * DAY_MS,
        ),
        Topic(
            ENTRIES,
            partitions,
            "site",
            "Entry",
            "Everything that enters a site's book, in the one order that counts. Kept for ever: the ledger is its fold.",
        ),
        Topic(
            TRANSACTIONS,
            partitions,
            "site",
            "Outcome",
            "What became of each entry: postings, findings, lots after, the site's hash chain. Kept for ever: the audit log.",
        ),
        Topic(
            LOTS,
            partitions,
            "H(site, lot)",
            "LotState",
            "The latest state of every lot. The key is `lodestream.ids.derive(site, lot)`; the transactions can rebuild it.",
            compacted=True,
        ),
        Topic(
            CREDENTIALS,
            partitions,
            "credential id",
            "CredentialRecord",
            "Issued credentials as published. Kept for ever: a revoked credential is evidence too.",
        ),
        Topic(
            CREDENTIAL_STATUS,
            partitions,
            "credential id",
            "StatusRecord",
            "The latest status of every credential.",
            compacted=True,
        ),
        Topic(
            SKIPS,
            1,
            "entry id",
            "JSON",
            "Entries that an operator told the ledger to pass over, and why. Every ledger worker and the audit read it.",
        ),
        _changelog(LEDGER_CHANGELOG, partitions, "The ledger's state by site, from which a worker restores its store."),
        _changelog(ISSUER_CHANGELOG, partitions, "The issuer's state, from which a worker restores its store."),
    )


def _changelog(name: str, partitions: int, doc: str) -> Topic:
    return Topic(
        name,
        partitions,
        "state key",
        "bytes",
        doc + " Partition n belongs to partition n of the input.",
        compacted=True,
        delete_retention_ms=CHANGELOG_DELETE_RETENTION_MS,
    )
