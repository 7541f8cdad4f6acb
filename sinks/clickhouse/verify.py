"""`lodestream sink verify`: what ClickHouse holds is what the ledger wrote, all of it, each thing once.

It may run while the sink works: what belongs to a batch that is not whole yet is left out.

The checks need ClickHouse only. They prove it against what the ledger wrote of itself: sequences without gap, the hash chain over
the recorded transactions, sums of zero, lots that hold what was posted.
"""

import re
from collections.abc import Iterator
from importlib.resources import files

import msgspec
from msgspec import Struct

from lodestream.ledger.chain import chain_value
from lodestream.ledger.records import Outcome
from sinks.clickhouse.readonly import Parameters, Reader
from sinks.clickhouse.tables import ROWS

PAGE = 2_000
TABLE = re.compile(r"lodestream_raw\.(\w+) FINAL")
_CHAIN = """
SELECT site, seq, txn_id, chain, record FROM lodestream_raw.transactions FINAL
WHERE outcome = 'TRANSACTION' AND (site, seq, txn_id) > ({site:String}, {seq:UInt64}, {txn:String})
ORDER BY site, seq, txn_id LIMIT {page:UInt32}
"""
_OUTCOME = msgspec.json.Decoder(Outcome)


class Check(Struct, frozen=True):
    """One check: how many things it looked at, how many were at fault, and the first of these in words."""

    name: str
    says: str
    ok: bool
    checked: int
    faults: int
    first: str = ""


class Question(Struct, frozen=True):
    """A check that is one query; `says` is what holds where it finds no fault. It answers (checked, faults, first fault)."""

    name: str
    says: str
    sql: str


class Report(Struct, frozen=True):
    """All checks. `unmerged` rows stand twice in the raw tables until ClickHouse merges them; no view shows them."""

    checks: list[Check]
    unmerged: int

    @property
    def ok(self) -> bool:
        """Whether every check holds."""
        return all(check.ok for check in self.checks)


def verify(reader: Reader) -> Report:
    """Check everything. Raises QueryError."""
    whole = {"whole": msgspec.json.encode(_whole(reader)).decode()}
    checks = []
    for question in questions():
        checked, faults, first = reader.query(TABLE.sub(_within, question.sql), whole).rows[0]
        checks.append(Check(question.name, question.says, not faults, checked, faults, first if faults else ""))
    checks.append(_chain_values(reader, whole))
    return Report(checks, _rows(reader, "") - _rows(reader, "FINAL"))


def questions() -> list[Question]:
    """The queries of sinks/clickhouse/checks, in order: NN_name.sql, of which the first line says what holds."""
    found = sorted((path.name, path.read_text(encoding="utf-8")) for path in (files("sinks.clickhouse") / "checks").iterdir())
    return [
        Question(name[3:].removesuffix(".sql"), text.partition("\n")[0].removeprefix("-- "), text)
        for name, text in found
        if name.endswith(".sql")
    ]


def _whole(reader: Reader) -> list[tuple[str, int]]:
    """The last offset of the last whole batch of each topic partition."""
    rows = reader.query("SELECT topic, partition, next_offset - 1 FROM lodestream.sink_progress ORDER BY topic, partition").rows
    return [(f"{topic}/{partition}", last) for topic, partition, last in rows]


def _within(table: re.Match[str]) -> str:
    """The table without what belongs to batches that are not whole; the parameter `whole` is what `_whole` gives."""
    offset = "last_offset" if table[1] == "sink_batches" else "src_offset"
    ends = "JSONExtract({whole:String}, 'Array(Tuple(String, Int64))')"
    place = "concat(src_topic, '/', toString(src_partition))"
    last = f"transform({place}, {ends}.1, {ends}.2, toInt64(-1))"
    return f"(SELECT * FROM lodestream_raw.{table[1]} FINAL WHERE toInt64({offset}) <= {last})"  # noqa: S608  # our own names


def _rows(reader: Reader, final: str) -> int:
    """How many rows there are in all tables, as they stand or as FINAL shows them."""
    each = " UNION ALL ".join(f"SELECT count() AS n FROM lodestream_raw.{row.table} {final}" for row in ROWS)  # noqa: S608  # our own names
    return int(reader.query(f"SELECT sum(n) FROM ({each})").value())  # noqa: S608  # our own names


def _chain_values(reader: Reader, whole: Parameters) -> Check:
    """Compute each transaction's chain value anew, from the record that stands beside its columns."""
    checked, bad = 0, []
    for site, seq, txn_id, chain, record in _transactions(reader, whole):
        checked += 1
        try:
            outcome = _OUTCOME.decode(record)
            same = (outcome.site, outcome.seq, outcome.txn_id, outcome.chain, chain_value(outcome)) == (
                site,
                seq,
                txn_id,
                chain,
                chain,
            )
        except msgspec.DecodeError:
            same = False
        if not same:
            bad.append(f"transaction {seq} of {site}")
    says = "the chain value of each transaction is that of its record"
    return Check("chain_values", says, not bad, checked, len(bad), bad[0] if bad else "")


def _transactions(reader: Reader, whole: Parameters) -> Iterator[tuple[str, int, str, str, str]]:
    """All transactions by site and sequence, a page at a time."""
    after: tuple[str, int, str] = ("", 0, "")
    while True:
        rows = reader.query(
            TABLE.sub(_within, _CHAIN), {**whole, "site": after[0], "seq": after[1], "txn": after[2], "page": PAGE}
        ).rows
        yield from rows
        if len(rows) < PAGE:
            return
        after = rows[-1][:3]
