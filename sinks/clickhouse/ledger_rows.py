"""The rows of ledger.transactions.v1: what each outcome says, table by table. Conventions: rows.py."""

from typing import ClassVar

from msgspec import Raw, Struct

from sinks.clickhouse.rows import Row


class TransactionRow(Row, frozen=True, kw_only=True):
    """One record of ledger.transactions.v1, whatever its outcome."""

    table: ClassVar[str] = "transactions"

    site: str
    seq: int
    outcome: str
    kind: str
    txn_id: str
    entry_id: str
    attempt: int
    rule_version: int
    record_time_us: int
    valid_time_us: int
    prev: str
    chain: str
    event_id: str
    event_hash: str
    event_type: str
    biz_step: str
    reason: str
    location: str
    event_time_zone_offset: str
    transformation_id: str
    cause: str
    due_us: int | None
    read_point: str
    transport_mode: str
    correctives: list[str]
    postings: int
    findings: int
    record: Raw


class PostingRow(Row, frozen=True, kw_only=True):
    """One leg."""

    table: ClassVar[str] = "postings"

    site: str
    element: str
    account: str
    posting_id: str
    txn_id: str
    txn_seq: int
    leg: int
    amount_mg: int
    valid_time_us: int
    record_time_us: int


class StatedItem(Struct, frozen=True):
    """An assay value of a line as the event stated it."""

    substance: str
    value: str | None
    unit: str
    basis: str
    status: str
    certificate: str


class LineRow(Row, frozen=True, kw_only=True):
    """One lot's part in a transaction."""

    table: ClassVar[str] = "lines"

    site: str
    lot: str
    txn_id: str
    txn_seq: int
    line: int
    kind: str
    role: str
    wet_mg: int
    dry_mg: int
    contained_mg: dict[str, int]
    quantity: str | None
    uom: str
    product_class: str
    loss_class: str
    tickets: list[str]
    assays: list[StatedItem]
    process: str
    valid_time_us: int


class LotRow(Row, frozen=True, kw_only=True):
    """One version of a lot."""

    table: ClassVar[str] = "lots"

    site: str
    lot: str
    seq: int
    txn_id: str
    txn_seq: int
    record_time_us: int
    wet_mg: int
    dry_mg: int
    assayed: bool
    contained_mg: dict[str, int]
    u_mg: dict[str, int]
    created_us: int
    loss_class: str
    product_class: str
    owner: str
    country_of_origin: str
    findings: list[str]
    inherited: list[str]
    parents: list[str]
    shares: dict[str, dict[str, int]]
    embodied_g_co2e: int
    uncovered_mg: int
    contacts: list[str]


class EdgeRow(Row, frozen=True, kw_only=True):
    """One edge of lineage."""

    table: ClassVar[str] = "lineage"

    to_site: str
    to_lot: str
    to_seq: int
    from_site: str
    from_lot: str
    from_seq: int
    txn_id: str
    txn_seq: int
    edge: int
    dry_mg: int
    contained_mg: dict[str, int]
    valid_time_us: int


class FindingRow(Row, frozen=True, kw_only=True):
    """One change of a finding."""

    table: ClassVar[str] = "findings"

    site: str
    finding_id: str
    txn_id: str
    txn_seq: int
    position: int
    rule: str
    code: str
    version: int
    severity: str
    state: str
    inputs: list[str]
    arithmetic: str
    lots: list[str]
    event_id: str
    record_time_us: int


class ClosureRow(Row, frozen=True, kw_only=True):
    """The balance of one element over one run, as it was judged."""

    table: ClassVar[str] = "closures"

    site: str
    txn_id: str
    txn_seq: int
    position: int
    run: str
    element: str
    inputs_mg: int
    outputs_mg: int
    u_mg: int
    valid_time_us: int
    record_time_us: int


class PeriodItem(Struct, frozen=True):
    """One account class of a period for one element."""

    element: str
    account_class: str
    opening_mg: int
    in_mg: int
    out_mg: int
    closing_mg: int
    late_mg: int


class PeriodRow(Row, frozen=True, kw_only=True):
    """One version of a closed period."""

    table: ClassVar[str] = "periods"

    site: str
    period: str
    version: int
    txn_id: str
    txn_seq: int
    begins_us: int
    ends_us: int
    counted: bool
    lines: list[PeriodItem]
    record_time_us: int
