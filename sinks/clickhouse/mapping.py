"""Records of the topics to rows of the tables: pure, in both senses. One function for each kind of record."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, TypedDict

import msgspec
from msgspec import Struct

from lodestream.credentials.record import CredentialRecord, StatusRecord
from lodestream.epcis.event import Assay, Event, Material, Quantity, TypedRef
from lodestream.epcis.rejection import Rejection
from lodestream.ledger.records import Entry, Outcome
from runtime.processor import Record
from schemas import topics
from schemas.codec import UndecodableError, decode
from sinks.clickhouse.rows import (
    AssayItem,
    ContainedItem,
    CredentialRow,
    DeadLetterRow,
    EdgeRow,
    EntryRow,
    EventRow,
    FindingRow,
    LineRow,
    LotRow,
    MaterialRow,
    PostingRow,
    QuantityItem,
    RefItem,
    RejectionRow,
    Row,
    StatusRow,
    TransactionRow,
    column,
)

DEAD_LETTER_BYTES = 64 * 1024
RECORD = msgspec.json.Encoder(order="sorted", decimal_format="string")
"""How a whole record is kept beside its columns: the canonical JSON of the ledger's chain."""


class Src(TypedDict):
    """The columns that say where a row came from."""

    src_topic: str
    src_topic_id: str
    src_partition: int
    src_offset: int


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
    """The rows of records of one topic partition. What cannot be decoded becomes a dead letter."""
    mapped = Mapped()
    for record in records:
        if record.value is None:
            mapped.tombstones += 1
            continue
        feed = FEEDS[record.topic]
        src = Src(src_topic=record.topic, src_topic_id=topic_id, src_partition=record.partition, src_offset=record.offset)
        try:
            value = decode(record.value, feed.kind)
        except UndecodableError as error:
            mapped.add([_dead_letter(record, record.value, error, src)])
        else:
            mapped.add(feed.rows(value, src))
    return mapped


def entry_rows(entry: Entry, src: Src) -> list[Row]:
    """The entry; for an event also the event and what it says about lots."""
    origin, event = entry.origin, entry.event
    row = EntryRow(
        **src,
        site=entry.site,
        entry_id=entry.entry_id,
        kind=entry.kind,
        record_time_us=entry.record_time_us,
        source=entry.source,
        cause=entry.cause or "",
        origin_topic=origin.topic if origin else "",
        origin_partition=origin.partition if origin else None,
        origin_offset=origin.offset if origin else None,
        origin_index=origin.index if origin else None,
        event_id=(event.event_id or "") if event else "",
        event_hash=event.event_hash if event else "",
        record=RECORD.encode(entry).decode(),
    )
    if event is None:
        return [row]
    return [row, _event_row(entry, event, src), *(_material_row(entry, event, item, src) for item in event.materials)]


def outcome_rows(outcome: Outcome, src: Src) -> list[Row]:
    """The outcome; its legs, lines, lots after, lineage and findings."""
    rows: list[Row] = [_transaction_row(outcome, src)]
    txn_id, seq, site, valid, recorded = outcome.txn_id, outcome.seq, outcome.site, outcome.valid_time_us, outcome.record_time_us
    rows += [
        PostingRow(
            **src,
            site=site,
            element=posting.element,
            account=posting.account,
            posting_id=posting.posting_id,
            txn_id=txn_id,
            txn_seq=seq,
            leg=posting.leg,
            amount_mg=posting.amount_mg,
            valid_time_us=valid,
            record_time_us=recorded,
        )
        for posting in outcome.postings
    ]
    rows += [
        LineRow(
            **src,
            site=site,
            lot=line.lot,
            txn_id=txn_id,
            txn_seq=seq,
            line=number,
            kind=outcome.kind,
            role=line.role,
            wet_mg=line.wet_mg,
            dry_mg=line.dry_mg,
            contained_mg=line.contained_mg,
            quantity=column(line.quantity),
            uom=line.uom or "",
            product_class=line.product_class or "",
            loss_class=line.loss_class or "",
            valid_time_us=valid,
        )
        for number, line in enumerate(outcome.lines)
    ]
    rows += [
        LotRow(
            **src,
            site=lot.site,
            lot=lot.lot,
            seq=lot.seq,
            txn_id=txn_id,
            txn_seq=seq,
            record_time_us=recorded,
            wet_mg=lot.wet_mg,
            dry_mg=lot.dry_mg,
            assayed=lot.assayed,
            contained_mg=lot.contained_mg,
            u_mg=lot.u_mg,
            created_us=lot.created_us,
            loss_class=lot.loss_class or "",
            product_class=lot.product_class or "",
            owner=lot.owner or "",
            country_of_origin=lot.country_of_origin or "",
            findings=lot.findings,
            inherited=lot.inherited,
            parents=lot.parents,
        )
        for lot in outcome.lots
    ]
    rows += [
        EdgeRow(
            **src,
            to_site=edge.to_site,
            to_lot=edge.to_lot,
            to_seq=edge.to_seq,
            from_site=edge.from_site,
            from_lot=edge.from_lot,
            from_seq=edge.from_seq,
            txn_id=txn_id,
            txn_seq=seq,
            edge=number,
            dry_mg=edge.dry_mg,
            contained_mg=edge.contained_mg,
            valid_time_us=valid,
        )
        for number, edge in enumerate(outcome.edges)
    ]
    rows += [
        FindingRow(
            **src,
            site=site,
            finding_id=finding.id,
            txn_id=txn_id,
            txn_seq=seq,
            position=number,
            rule=finding.rule,
            code=finding.code,
            version=finding.version,
            severity=finding.severity,
            state=finding.state,
            inputs=finding.inputs,
            arithmetic=finding.arithmetic,
            lots=finding.lots,
            event_id=outcome.event_id or "",
            record_time_us=recorded,
        )
        for number, finding in enumerate(outcome.findings)
    ]
    return rows


def rejection_rows(rejection: Rejection, src: Src) -> list[Row]:
    """The refusal."""
    return [
        RejectionRow(
            **src,
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
            **src,
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
        )
    ]


def status_rows(status: StatusRecord, src: Src) -> list[Row]:
    """The status."""
    return [
        StatusRow(
            **src,
            credential_id=status.credential_id,
            status=status.status,
            reason=status.reason,
            record_time_us=status.record_time_us,
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


def _event_row(entry: Entry, event: Event, src: Src) -> EventRow:
    declared = event.error_declaration
    return EventRow(
        **src,
        site=entry.site,
        entry_id=entry.entry_id,
        event_id=event.event_id or "",
        event_hash=event.event_hash,
        content_digest=event.content_digest,
        event_type=event.type,
        action=event.action or "",
        biz_step=event.biz_step or "",
        disposition=event.disposition or "",
        event_time_us=event.event_time_us,
        event_time_zone_offset=event.event_time_zone_offset,
        record_time_us=entry.record_time_us,
        source=entry.source,
        read_point=event.read_point or "",
        biz_location=event.biz_location or "",
        epcs=event.epcs,
        input_epcs=event.input_epcs,
        output_epcs=event.output_epcs,
        parent_id=event.parent_id or "",
        child_epcs=event.child_epcs,
        quantities=[
            *_quantities("object", event.quantities),
            *_quantities("input", event.input_quantities),
            *_quantities("output", event.output_quantities),
            *_quantities("child", event.child_quantities),
        ],
        transformation_id=event.transformation_id or "",
        biz_transactions=_refs(event.biz_transactions),
        sources=_refs(event.sources),
        destinations=_refs(event.destinations),
        error_declared_us=declared.declaration_time_us if declared else None,
        error_reason=(declared.reason or "") if declared else "",
        consignment_id=event.consignment_id or "",
        receipt=event.receipt or "",
        campaign_close=event.campaign_close,
        opening=event.opening,
        period_close=event.period_close or "",
        process_emissions_g_co2e=event.process_emissions_g_co2e,
        content=event.content,
    )


def _material_row(entry: Entry, event: Event, item: Material, src: Src) -> MaterialRow:
    return MaterialRow(
        **src,
        site=entry.site,
        entry_id=entry.entry_id,
        role=item.role,
        lot=item.id,
        event_time_us=event.event_time_us,
        mass=column(item.mass),
        uom=item.uom or "",
        mass_basis=item.mass_basis or "",
        gross=column(item.gross),
        tare=column(item.tare),
        moisture_percent=column(item.moisture_percent),
        volume=column(item.volume),
        volume_uom=item.volume_uom or "",
        mass_method=item.mass_method or "",
        mass_uncertainty_percent=column(item.mass_uncertainty_percent),
        moisture_uncertainty_points=column(item.moisture_uncertainty_points),
        tickets=item.tickets,
        seals=item.seals,
        assays=[_assay(assay) for assay in item.assays],
        contained=[ContainedItem(each.element, column(each.mass), each.uom) for each in item.contained],
        chemical_form=item.chemical_form or "",
        process=item.process or "",
        product_class=item.product_class or "",
        source_class=item.source_class or "",
        country_of_origin=item.country_of_origin or "",
        site_of_origin=item.site_of_origin or "",
        unfc_class=item.unfc_class or "",
        loss_class=item.loss_class or "",
        embodied_g_co2e=item.embodied_g_co2e,
        owner=item.owner or "",
    )


def _transaction_row(outcome: Outcome, src: Src) -> TransactionRow:
    return TransactionRow(
        **src,
        site=outcome.site,
        seq=outcome.seq,
        outcome=outcome.outcome,
        kind=outcome.kind,
        txn_id=outcome.txn_id,
        entry_id=outcome.entry_id,
        attempt=outcome.attempt,
        rule_version=outcome.rule_version,
        record_time_us=outcome.record_time_us,
        valid_time_us=outcome.valid_time_us,
        prev=outcome.prev,
        chain=outcome.chain,
        event_id=outcome.event_id or "",
        event_hash=outcome.event_hash or "",
        event_type=outcome.event_type or "",
        biz_step=outcome.biz_step or "",
        reason=outcome.reason,
        location=outcome.location or "",
        event_time_zone_offset=outcome.event_time_zone_offset or "",
        transformation_id=outcome.transformation_id or "",
        cause=outcome.cause or "",
        postings=len(outcome.postings),
        findings=len(outcome.findings),
        record=RECORD.encode(outcome).decode(),
    )


def _assay(assay: Assay) -> AssayItem:
    return AssayItem(
        substance=assay.substance,
        value=column(assay.value),
        unit=assay.unit,
        basis=assay.basis,
        method=assay.method or "",
        laboratory=assay.laboratory or "",
        certificate=assay.certificate or "",
        status=assay.status,
        uncertainty=column(assay.uncertainty),
    )


def _quantities(role: str, quantities: Sequence[Quantity]) -> list[QuantityItem]:
    return [
        QuantityItem(role, each.epc_class, "" if each.quantity is None else format(each.quantity, "f"), each.uom or "")
        for each in quantities
    ]


def _refs(refs: Sequence[TypedRef]) -> list[RefItem]:
    return [RefItem(ref.type or "", ref.id) for ref in refs]


def _dead_letter(record: Record, value: bytes, error: UndecodableError, src: Src) -> DeadLetterRow:
    return DeadLetterRow(
        **src,
        reason=error.code,
        message=str(error),
        record_key_base64=record.key or b"",
        value_base64=value[:DEAD_LETTER_BYTES],
        value_bytes=len(value),
        value_sha256=sha256(value).hexdigest(),
        record_time_us=record.timestamp_ms * 1000,
    )
