"""All raw tables that hold rows of records, by their rows."""

from sinks.clickhouse.ledger_rows import (
    ClosureRow,
    EdgeRow,
    FindingRow,
    LineRow,
    LotRow,
    PeriodRow,
    PostingRow,
    TransactionRow,
)
from sinks.clickhouse.rows import CredentialRow, DeadLetterRow, EntryRow, EventRow, MaterialRow, RejectionRow, Row, StatusRow

ROWS: tuple[type[Row], ...] = (
    EntryRow,
    EventRow,
    MaterialRow,
    TransactionRow,
    PostingRow,
    LineRow,
    LotRow,
    EdgeRow,
    FindingRow,
    ClosureRow,
    PeriodRow,
    RejectionRow,
    CredentialRow,
    StatusRow,
    DeadLetterRow,
)
