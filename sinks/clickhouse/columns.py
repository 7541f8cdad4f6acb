"""The columns and side tables beside the whole records: each says what its record says, or the first row that does not is named.

The records are what the audit proves; whoever asks ClickHouse reads the columns. One query a table compares both, record by
record, by a hash over all columns; where these differ the values are fetched. A row belongs to the record at its partition and
offset. ClickHouse parses a text anew for each function that asks it, so one takes all fields of a record (`head`) and one all of
an item of it (`told`).
"""

# ruff: noqa: S608  # every name in these queries is our own

from collections.abc import Mapping
from typing import NamedTuple

from lodestream.audit.values import Difference
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
from sinks.clickhouse.readonly import Reader
from sinks.clickhouse.rows import EntryRow, Row

TYPES = {
    "str": "String",
    "int": "Int64",
    "int | None": "Nullable(Int64)",
    "bool": "Bool",
    "list[str]": "Array(String)",
    "dict[str, int]": "Map(String, Int64)",
    "dict[str, dict[str, int]]": "Map(String, Map(String, Int64))",
    str(list[PeriodItem]): "Array(Tuple(element String, account_class String, opening_mg Int64, in_mg Int64, out_mg Int64,"
    " closing_mg Int64, late_mg Int64))",
    str(list[StatedItem]): "Array(Tuple)",  # said by an expression of its own
}
PLACE = frozenset({"src_topic", "src_topic_id", "src_partition", "src_offset", "record"})
HEADS = {
    "entries": "Tuple(origin Tuple(topic String, partition Nullable(Int64), offset Nullable(Int64), index Nullable(Int64)),"
    " event Tuple(event_id String, event_hash String), finding Tuple(id String, code String))",
    "transactions": "Tuple(txn_id String, seq Int64, record_time_us Int64, valid_time_us Int64, site String, kind String,"
    " event_id String)",
}
TXN = {"txn_id": "head.txn_id", "txn_seq": "head.seq"} | {name: f"head.{name}" for name in ("record_time_us", "valid_time_us")}
SITE = {"site": "head.site"}
# A Decimal(38, 9) is rounded half to even, and none where its 29 digits do not do; the record has every digit (rows.column).


def _decimal(within: str, name: str) -> str:
    rounded = f"roundBankers(toDecimal256OrNull(JSONExtractString({within}, '{name}'), 40), 9)"
    return f"if(abs({rounded}) < toDecimal256('1{29 * '0'}', 0), {rounded}, NULL)"


_STATED = ", ".join(
    _decimal("a", name) if name == "value" else f"JSONExtractString(a, '{name}')" for name in StatedItem.__struct_fields__
)
ASSAYS = f"arrayMap(a -> tuple({_STATED}), JSONExtractArrayRaw(item, 'assays'))"
PERIOD = {"begins": "from", "ends": "until"}
ORIGIN = {f"origin_{name}": f"head.origin.{name}" for name in ("topic", "partition", "offset", "index")}


class Table(NamedTuple):
    """A table of rows: the column of records it came from, its array in them ("": the record itself), and what is not by name."""

    row: type[Row]
    records: str
    items: str
    special: Mapping[str, str] = {}


TABLES = (
    Table(
        EntryRow,
        "entries",
        "",
        ORIGIN
        | {name: f"head.event.{name}" for name in ("event_id", "event_hash")}
        | {f"finding_{name}": f"head.finding.{name}" for name in ("id", "code")}
        | {"tick_us": "nullIf(JSONExtractInt(item, 'tick_us'), 0)"},
    ),
    Table(
        TransactionRow,
        "transactions",
        "",
        {name: f"length(JSONExtractArrayRaw(item, '{name}'))" for name in ("postings", "findings")}
        | {"due_us": "nullIf(JSONExtractInt(item, 'due_us'), 0)"},
    ),
    Table(PostingRow, "transactions", "postings", TXN | SITE),
    Table(
        LineRow,
        "transactions",
        "lines",
        TXN
        | SITE
        | {
            "line": "number",
            "kind": "head.kind",
            "quantity": _decimal("item", "quantity"),
            "assays": ASSAYS,
        },
    ),
    Table(LotRow, "transactions", "lots", TXN),
    Table(EdgeRow, "transactions", "edges", TXN | {"edge": "number"}),
    Table(
        FindingRow,
        "transactions",
        "findings",
        TXN
        | SITE
        | {
            "finding_id": "JSONExtractString(item, 'id')",
            "position": "number",
            "event_id": "head.event_id",
        },
    ),
    Table(ClosureRow, "transactions", "closures", TXN | SITE | {"position": "number"}),
    Table(
        PeriodRow,
        "transactions",
        "periods",
        TXN | SITE | {f"{ours}_us": f"JSONExtractInt(item, '{theirs}_us')" for ours, theirs in PERIOD.items()},
    ),
)


def differing_columns(reader: Reader) -> Difference | None:
    """The first row of a table whose columns are not what its record says. Raises QueryError."""
    return next((found for table in TABLES if (found := _differing(reader, table)) is not None), None)


def _differing(reader: Reader, table: Table) -> Difference | None:
    names = [name for name in table.row.__struct_fields__ if name not in PLACE]
    said = ", ".join(_said(table, name) for name in names)
    there = ", ".join(_there(table, name) for name in names)
    source = _source(table, names)
    first = reader.query(
        "SELECT src_partition, src_offset FROM ("
        f"SELECT src_partition, src_offset, 1 AS side, {_hash(there)} AS h FROM lodestream_raw.{table.row.table} FINAL"
        f" UNION ALL SELECT src_partition, src_offset, -1 AS side, {_hash(said)} AS h FROM {source})"
        " GROUP BY src_partition, src_offset HAVING sum(side) != 0 OR sumIf(h, side = 1) != sumIf(h, side = -1)"
        " ORDER BY src_partition, src_offset LIMIT 1"
    ).rows
    if not first:
        return None
    partition, offset = first[0]
    place = {"partition": partition, "offset": offset}
    where = "WHERE src_partition = {partition:UInt32} AND src_offset = {offset:UInt64}"
    stored = reader.query(f"SELECT [{there}] AS row FROM lodestream_raw.{table.row.table} FINAL {where} ORDER BY row", place).rows
    expected = reader.query(f"SELECT [{said}] AS row FROM {source} {where} ORDER BY row", place).rows
    return _named(table, names, f"offset {partition}/{offset}", [row for (row,) in stored], [row for (row,) in expected])


def _named(table: Table, names: list[str], place: str, stored: list[list[str]], expected: list[list[str]]) -> Difference:
    """The rows of one record, each side without what both have."""
    there = [row for row in stored if row not in expected] or ([] if len(stored) <= len(expected) else stored[-1:])
    missing = [row for row in expected if row not in stored]
    where = f"{table.row.table}, {place}"
    says = f"the columns of {table.row.table} are those of the records in {table.records}"
    if there and missing:
        nearest = min(there, key=lambda row: sum(a != b for a, b in zip(row, missing[0], strict=True)))
        differ = [n for n, (a, b) in enumerate(zip(nearest, missing[0], strict=True)) if a != b]
        key = ", ".join(f"{names[n]} {missing[0][n]}" for n in range(len(names)) if names[n] in {"site", "txn_id", "lot", "leg"})
        left, right = (", ".join(f"{names[n]} {row[n]}" for n in differ) for row in (nearest, missing[0]))
        return Difference("COLUMNS", f"{where}: {key}", left, right, says)
    if missing:
        return Difference("COLUMNS", where, "-", _row(names, missing[0]), says)
    return Difference("COLUMNS", where, _row(names, there[0]), "-", says)


def _row(names: list[str], row: list[str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in zip(names, row, strict=True) if value not in {"", "0", "{}", "[]"})


def _source(table: Table, names: list[str]) -> str:
    """The items of each record as a query in brackets: partition and offset, `head`, `item`, its `number`, and `told`."""
    fields = ", ".join(f"{name} {_kind(table, name)}" for name in names if name not in table.special)
    items, numbers = "[record]", "[0]"
    if table.items:
        items = f"JSONExtractArrayRaw(record, '{table.items}')"
        numbers = f"arrayMap(n -> n - 1, arrayEnumerate({items}))"
    return (
        f"(SELECT src_partition, src_offset, head, item, number, JSONExtract(item, 'Tuple({fields})') AS told FROM"
        f" (SELECT src_partition, src_offset, JSONExtract(record, '{HEADS[table.records]}') AS head, {items} AS items,"
        f" {numbers} AS numbers FROM lodestream_raw.{table.records} FINAL) ARRAY JOIN items AS item, numbers AS number)"
    )


def _hash(columns: str) -> str:
    return f"reinterpretAsUInt128(sipHash128({columns}))"


def _said(table: Table, name: str) -> str:
    kind = _kind(table, name)
    return _text(table.special.get(name) or f"told.{name}", kind)


def _there(table: Table, name: str) -> str:
    """The column; a time is kept without the ending of the input that it is made of."""
    stored = f"toUnixTimestamp64Micro({name.removesuffix('_us')})" if name.endswith("_us") else name
    kind = _kind(table, name)
    # The table's words are of low cardinality, which changes how a map of them is written.
    return _text(f"CAST({stored}, '{kind}')" if kind.startswith("Map") else stored, kind)


def _kind(table: Table, name: str) -> str:
    annotation = table.row.__annotations__[name]
    text = annotation.__name__ if isinstance(annotation, type) and not hasattr(annotation, "__args__") else str(annotation)
    return "Decimal" if text == "str | None" else TYPES[text]


def _text(expression: str, kind: str) -> str:
    """A value as text, the same for the same value: maps in the order of their keys, none as nothing."""
    if kind.startswith("Map(String, Map"):
        return f"toString(mapSort(mapApply((k, v) -> (k, mapSort(v)), {expression})))"
    if kind.startswith("Map"):
        return f"toString(mapSort({expression}))"
    if kind == "Decimal" or kind.startswith("Nullable"):
        return f"ifNull(toString({expression}), '')"
    return f"toString({expression})"
