"""The tables: every column says what it is, migrations run once, in order, and are never edited."""

# ruff: noqa: S608  # every name in these queries is our own

import subprocess
import sys
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from sinks.clickhouse.migrate import MigrationError, in_order, migrate, packaged, parse, pending
from sinks.clickhouse.rows import BatchRow, Row
from sinks.clickhouse.tables import ROWS

pytestmark = pytest.mark.embedded

OURS = "database IN ('lodestream', 'lodestream_raw')"


def test_every_table_and_every_column_has_a_comment(client: Client) -> None:
    assert client.query(f"SELECT database, table, name FROM system.columns WHERE {OURS} AND comment = ''").result_rows == []
    assert client.query(f"SELECT database, name FROM system.tables WHERE {OURS} AND comment = ''").result_rows == []
    assert client.command(f"SELECT count() FROM system.tables WHERE {OURS}") > 25


def test_every_raw_table_keeps_tokens_and_merges_by_deterministic_keys(client: Client) -> None:
    rows = client.query(
        "SELECT name, engine, engine_full FROM system.tables WHERE database = 'lodestream_raw' AND name != 'schema_migrations'"
    ).result_rows
    assert rows
    for name, engine, full in rows:
        assert engine == "ReplacingMergeTree", name
        assert "non_replicated_deduplication_window = 10000" in full, name


@pytest.mark.parametrize("row", [*ROWS, BatchRow], ids=lambda row: row.table)
def test_a_row_names_the_columns_of_its_table(client: Client, row: type[Row]) -> None:
    columns = client.query(
        "SELECT name, default_kind, default_expression FROM system.columns"
        " WHERE database = 'lodestream_raw' AND table = {table:String}",
        parameters={"table": row.table},
    ).result_rows
    made = {name for name, kind, _ in columns if kind in {"MATERIALIZED", "DEFAULT"}}
    assert {name for name, _, _ in columns} - made == set(row.__struct_fields__)
    for name in made - {"written", "account_kind", "arrival"}:
        assert any(used in expression for column, _, expression in columns if column == name for used in row.__struct_fields__), (
            name
        )


def test_no_raw_column_of_a_quantity_is_a_float(client: Client) -> None:
    floats = client.query(f"SELECT table, name FROM system.columns WHERE {OURS} AND type ILIKE '%float%'").result_rows
    assert floats == []


def test_migrations_run_once(client: Client) -> None:
    assert migrate(client) == []


def test_each_statement_is_safe_to_repeat(client: Client) -> None:
    before = client.command(f"SELECT count() FROM system.columns WHERE {OURS}")
    for migration in packaged():
        for _, statement in migration.statements:
            client.command(statement)
    assert client.command(f"SELECT count() FROM system.columns WHERE {OURS}") == before


DIED = """
import sys
from sinks.clickhouse.connect import connect
from sinks.clickhouse.migrate import migrate, packaged
client = connect(sys.argv[1])
client.command("CREATE DATABASE lodestream_raw")
client.command(packaged()[1].statements[0][1])  # as if it had died after the first statement of a file
assert migrate(client) == list(packaged())
assert migrate(client) == []
"""


def test_a_new_folder_gets_all_of_them_and_a_run_that_died_is_run_again(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", DIED, f"chdb://{tmp_path / 'clickhouse'}"], check=True, timeout=60)


def test_an_edited_file_is_refused() -> None:
    one = parse("0001_a.sql", "-- statement: x\nSELECT 1\n")
    edited = parse("0001_a.sql", "-- statement: x\nSELECT 2\n")
    with pytest.raises(MigrationError, match="0001_a was edited") as error:
        pending((edited,), {1: (one.name, one.checksum)})
    assert error.value.code == "EDITED"


def test_a_database_of_a_newer_version_is_refused() -> None:
    with pytest.raises(MigrationError, match="update Lodestream") as error:
        pending((), {1: ("a", "x")})
    assert error.value.code == "NEWER_DATABASE"


def test_a_migration_that_was_put_between_is_refused() -> None:
    one, two = parse("0001_a.sql", "-- statement: x\nSELECT 1"), parse("0002_b.sql", "-- statement: x\nSELECT 1")
    with pytest.raises(MigrationError, match="0001_a comes before 0002") as error:
        pending((one, two), {2: (two.name, two.checksum)})
    assert error.value.code == "OUT_OF_ORDER"


@pytest.mark.parametrize("name", ["1_a.sql", "0001-a.sql", "0001_A.sql"])
def test_a_badly_named_file_is_refused(name: str) -> None:
    with pytest.raises(MigrationError, match="NNNN_name"):
        parse(name, "-- statement: x\nSELECT 1")


def test_a_file_without_sections_is_refused() -> None:
    with pytest.raises(MigrationError, match="-- statement:"):
        parse("0001_a.sql", "SELECT 1")


def test_numbers_have_no_gap() -> None:
    with pytest.raises(MigrationError, match="without gap") as error:
        in_order([parse("0001_a.sql", "-- statement: x\nSELECT 1"), parse("0003_b.sql", "-- statement: x\nSELECT 1")])
    assert error.value.code == "NUMBERING"
