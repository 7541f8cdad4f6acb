"""All raw tables that hold rows of records, by their rows."""

from sinks.clickhouse.ledger_rows import EdgeRow, FindingRow, LineRow, LotRow, PostingRow, TransactionRow
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
    RejectionRow,
    CredentialRow,
    StatusRow,
    DeadLetterRow,
)
