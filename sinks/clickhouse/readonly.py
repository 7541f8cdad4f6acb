"""Questions only: what may be asked, and a connection that can do nothing else.

ClickHouse's own read-only mode refuses writes and settings, but in chDB it lets a query read any file of this process (`file`),
ask any address (`DESCRIBE url(...)`), make a file (`sqlite`) and run a text as a query (`eval`). So ClickHouse's own parser is
asked first which functions a question calls. Limits of time, memory and size hold for every question.
"""

import re
import threading
from collections.abc import Mapping
from typing import Protocol

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from sinks.clickhouse.connect import UnreachableError, connect
from sinks.clickhouse.result import READ_SETTINGS, Result, parse

DATABASE = "lodestream"
LIMITS = {
    "max_execution_time": "30",
    "max_result_rows": "1000000",
    "max_result_bytes": str(256 * 1024 * 1024),
    "result_overflow_mode": "throw",
    "max_memory_usage": str(4 * 1024**3),
}
SQL_BYTES = 256 * 1024

Parameters = Mapping[str, str | int]

_FIRST = re.compile(r"(?:\s+|--[^\n]*(?:\n|\Z)|/\*.*?\*/|\()*(\w+)", re.DOTALL)
_READING = frozenset({"SELECT", "WITH", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "EXISTS", "FROM"})
# ClickHouse lets both through in read-only mode, and in chDB they act in the process of the sink: one writes files, the
# other reads its variables. As words they are forbidden anywhere, since only ClickHouse itself can tell where text begins.
_NEVER = re.compile(r"\b(outfile|python)\b", re.IGNORECASE)
# The table functions that make their rows of nothing but their arguments; all others reach out of the tables.
_HARMLESS = "format generateSeries generate_series null numbers numbers_mt primes values view zeros zeros_mt"
# A function may be called, or handed to another by its bare name. Whom APPLY calls the syntax tree does not tell.
_CALLED = re.compile(r"\s*(Function|Identifier) (\S+)|\s*(ColumnsApplyTransformer)")
_REACHES_OUT = re.compile(r"file|ai[A-Z]\w*|AI[A-Z]\w*")


class QueryError(Exception):
    """A question that cannot be answered. `code` is stable: NOT_READ_ONLY, TOO_LONG, REFUSED (by ClickHouse), NO_TABLES."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Reader(Protocol):
    """Answers questions. May be used by several threads."""

    def query(self, sql: str, parameters: Parameters | None = None) -> Result:
        """The answer; `{name:Type}` in the text takes a parameter. Raises QueryError or UnreachableError."""
        ...

    def close(self) -> None:
        """Give back the connection."""
        ...


class DirectReader:
    """Reads over a connection of its own that can only read."""

    def __init__(self, url: str) -> None:
        self._lock = threading.Lock()
        self._client = _read_only(url)
        known = parse(self._client.raw_query("SELECT name FROM system.table_functions", fmt="JSONCompact"))
        self._refused = {name.lower() for (name,) in known.rows} - set(_HARMLESS.lower().split())

    def query(self, sql: str, parameters: Parameters | None = None) -> Result:
        """See Reader."""
        return parse(self.text(sql, parameters))

    def text(self, sql: str, parameters: Parameters | None = None) -> bytes:
        """The answer in JSONCompact. Raises QueryError."""
        statement = read_only(sql)
        try:
            with self._lock:
                tree = self._client.raw_query(f"EXPLAIN AST {statement}", parameters=dict(parameters or {}), fmt="TSV")
                self._stay_inside(tree.decode(errors="replace"))
                return self._client.raw_query(statement, parameters=dict(parameters or {}), fmt="JSONCompact")
        except ClickHouseError as error:
            raise QueryError("REFUSED", _said(error)) from None

    def _stay_inside(self, tree: str) -> None:
        """Raise QueryError where a question calls what reaches out of the tables, by ClickHouse's own syntax tree."""
        for line in tree.split("\n"):
            called = _CALLED.match(line)
            if called is None:
                continue
            kind, name, apply = called.groups()
            if apply or _REACHES_OUT.fullmatch(name) or (kind == "Function" and name.lower() in self._refused):
                raise QueryError("NOT_READ_ONLY", f"{name or 'APPLY'} cannot be used here: only the tables can be read")

    def close(self) -> None:
        """Give back the connection."""
        self._client.close()


def read_only(sql: str) -> str:
    """The one statement of the text, if it is a question. Raises QueryError. ClickHouse's own read-only mode holds too."""
    if len(sql) > SQL_BYTES:
        raise QueryError("TOO_LONG", f"the query is longer than {SQL_BYTES} characters")
    statement = sql.strip().removesuffix(";").rstrip()
    if ";" in statement:
        raise QueryError("NOT_READ_ONLY", "send one statement; a ';' inside a text is written char(59) here")
    first = _FIRST.match(statement)
    if first is None or first[1].upper() not in _READING:
        raise QueryError("NOT_READ_ONLY", "only questions are answered here: SELECT, WITH, SHOW, DESCRIBE, EXPLAIN, EXISTS")
    if never := _NEVER.search(statement):
        raise QueryError("NOT_READ_ONLY", f"the word {never[0]} cannot be used here, not even in a name or a text")
    return statement


def _read_only(url: str) -> Client:
    client = connect(url)
    try:
        if not client.command("EXISTS DATABASE lodestream"):
            raise UnreachableError("there are no tables of Lodestream there yet; make them with `lodestream migrate`")
        client.database = DATABASE
        for name, value in {**READ_SETTINGS, **LIMITS}.items():
            client.set_client_setting(name, value)
        if client.server_settings["readonly"].value == "0":
            client.set_client_setting("readonly", "1")  # last: nothing can be set after it
    except BaseException:
        client.close()
        raise
    return client


def _said(error: ClickHouseError) -> str:
    """What ClickHouse said, without the driver's frame, the version and the stack."""
    text = str(error)
    found = re.search(r"DB::Exception: (?:Code: \d+\. DB::Exception: )?(.*?)(?: \(version [^)]*\).*)?$", text, re.DOTALL)
    return (found[1] if found else text).strip()[:2000]
