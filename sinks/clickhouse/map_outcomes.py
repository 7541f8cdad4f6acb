"""An outcome of the ledger to rows: itself, its legs, lines, lots after, lineage, findings, judged balances and periods."""

from msgspec import Raw

from lodestream.ledger.records import Outcome
from sinks.clickhouse.ledger_rows import (
    ClosureRow,
    EdgeRow,
    FindingRow,
    LineRow,
    LotRow,
    PeriodItem,
    PeriodRow,
    PostingRow,
    StatedItem,
    TransactionRow,
)
from sinks.clickhouse.rows import RECORD, Row, Src, column


def outcome_rows(outcome: Outcome, src: Src) -> list[Row]:
    """The outcome and all that it says."""
    return [
        _transaction_row(outcome, src),
        *_posting_rows(outcome, src),
        *_line_rows(outcome, src),
        *_lot_rows(outcome, src),
        *_edge_rows(outcome, src),
        *_finding_rows(outcome, src),
        *_closure_rows(outcome, src),
        *_period_rows(outcome, src),
    ]


def _transaction_row(outcome: Outcome, src: Src) -> TransactionRow:
    return TransactionRow(
        src_topic=src.topic,
        src_topic_id=src.topic_id,
        src_partition=src.partition,
        src_offset=src.offset,
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
        due_us=outcome.due_us or None,
        read_point=outcome.read_point or "",
        transport_mode=outcome.transport_mode or "",
        correctives=outcome.correctives,
        postings=len(outcome.postings),
        findings=len(outcome.findings),
        record=Raw(RECORD.encode(outcome)),
    )


def _posting_rows(outcome: Outcome, src: Src) -> list[PostingRow]:
    return [
        PostingRow(
            src_topic=src.topic,
            src_topic_id=src.topic_id,
            src_partition=src.partition,
            src_offset=src.offset,
            site=outcome.site,
            element=posting.element,
            account=posting.account,
            posting_id=posting.posting_id,
            txn_id=outcome.txn_id,
            txn_seq=outcome.seq,
            leg=posting.leg,
            amount_mg=posting.amount_mg,
            valid_time_us=outcome.valid_time_us,
            record_time_us=outcome.record_time_us,
        )
        for posting in outcome.postings
    ]


def _line_rows(outcome: Outcome, src: Src) -> list[LineRow]:
    return [
        LineRow(
            src_topic=src.topic,
            src_topic_id=src.topic_id,
            src_partition=src.partition,
            src_offset=src.offset,
            site=outcome.site,
            lot=line.lot,
            txn_id=outcome.txn_id,
            txn_seq=outcome.seq,
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
            tickets=line.tickets,
            assays=[
                StatedItem(each.substance, column(each.value), each.unit, each.basis, each.status, each.certificate or "")
                for each in line.assays
            ],
            process=line.process or "",
            valid_time_us=outcome.valid_time_us,
        )
        for number, line in enumerate(outcome.lines)
    ]


def _lot_rows(outcome: Outcome, src: Src) -> list[LotRow]:
    return [
        LotRow(
            src_topic=src.topic,
            src_topic_id=src.topic_id,
            src_partition=src.partition,
            src_offset=src.offset,
            site=lot.site,
            lot=lot.lot,
            seq=lot.seq,
            txn_id=outcome.txn_id,
            txn_seq=outcome.seq,
            record_time_us=outcome.record_time_us,
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
            shares=lot.shares,
            embodied_g_co2e=lot.embodied_g_co2e,
            uncovered_mg=lot.uncovered_mg,
            contacts=lot.contacts,
        )
        for lot in outcome.lots
    ]


def _edge_rows(outcome: Outcome, src: Src) -> list[EdgeRow]:
    return [
        EdgeRow(
            src_topic=src.topic,
            src_topic_id=src.topic_id,
            src_partition=src.partition,
            src_offset=src.offset,
            to_site=edge.to_site,
            to_lot=edge.to_lot,
            to_seq=edge.to_seq,
            from_site=edge.from_site,
            from_lot=edge.from_lot,
            from_seq=edge.from_seq,
            txn_id=outcome.txn_id,
            txn_seq=outcome.seq,
            edge=number,
            dry_mg=edge.dry_mg,
            contained_mg=edge.contained_mg,
            valid_time_us=outcome.valid_time_us,
        )
        for number, edge in enumerate(outcome.edges)
    ]


def _finding_rows(outcome: Outcome, src: Src) -> list[FindingRow]:
    return [
        FindingRow(
            src_topic=src.topic,
            src_topic_id=src.topic_id,
            src_partition=src.partition,
            src_offset=src.offset,
            site=outcome.site,
            finding_id=finding.id,
            txn_id=outcome.txn_id,
            txn_seq=outcome.seq,
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
            record_time_us=outcome.record_time_us,
        )
        for number, finding in enumerate(outcome.findings)
    ]


def _closure_rows(outcome: Outcome, src: Src) -> list[ClosureRow]:
    return [
        ClosureRow(
            src_topic=src.topic,
            src_topic_id=src.topic_id,
            src_partition=src.partition,
            src_offset=src.offset,
            site=outcome.site,
            txn_id=outcome.txn_id,
            txn_seq=outcome.seq,
            position=number,
            run=closure.run,
            element=closure.element,
            inputs_mg=closure.inputs_mg,
            outputs_mg=closure.outputs_mg,
            u_mg=closure.u_mg,
            valid_time_us=outcome.valid_time_us,
            record_time_us=outcome.record_time_us,
        )
        for number, closure in enumerate(outcome.closures)
    ]


def _period_rows(outcome: Outcome, src: Src) -> list[PeriodRow]:
    return [
        PeriodRow(
            src_topic=src.topic,
            src_topic_id=src.topic_id,
            src_partition=src.partition,
            src_offset=src.offset,
            site=outcome.site,
            period=period.period,
            version=period.version,
            txn_id=outcome.txn_id,
            txn_seq=outcome.seq,
            begins_us=period.from_us,
            ends_us=period.until_us,
            counted=period.counted,
            lines=[
                PeriodItem(
                    line.element,
                    line.account_class,
                    line.opening_mg,
                    line.in_mg,
                    line.out_mg,
                    line.closing_mg,
                    line.late_mg,
                )
                for line in period.lines
            ],
            record_time_us=outcome.record_time_us,
        )
        for period in outcome.periods
    ]
