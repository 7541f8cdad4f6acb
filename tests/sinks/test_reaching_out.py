"""A question reads the tables and nothing else: no file, no address, no other program, however it is spelt."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from sinks.clickhouse.readonly import DirectReader, QueryError


@pytest.fixture
def asking(client: Client, url: str) -> Iterator[DirectReader]:
    reader = DirectReader(url)
    yield reader
    reader.close()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "key.pem"
    path.write_text("SECRET")
    return path


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT file('{secret}')",
        "SELECT `file`('{secret}')",
        "SELECT `\\x66ile`('{secret}')",
        "SELECT /* */ file /* */ ('{secret}')",
        "SELECT arrayMap(file, ['{secret}'])",
        "SELECT arrayMap(path -> file(path), ['{secret}'])",
        "SELECT * APPLY(file) FROM (SELECT '{secret}' AS path)",
        "SELECT * APPLY(path -> file(path)) FROM (SELECT '{secret}' AS path)",
        "WITH x AS (SELECT file('{secret}')) SELECT * FROM x",
        "SELECT 1 INTERSECT SELECT length(file('{secret}'))",
        "EXPLAIN QUERY TREE SELECT file('{secret}')",
        "SELECT * FROM eval('SELECT 1')",
        "SELECT * FROM file('{secret}', 'LineAsString')",
        "SELECT * FROM `\\x66ile`('{secret}', 'LineAsString')",
        "DESCRIBE TABLE file('{secret}', 'CSV')",
        "DESC url('http://127.0.0.1:9/x')",
        "DESC s3('http://127.0.0.1:9/bucket/x')",
        "SELECT * FROM URL('http://127.0.0.1:9/x', 'LineAsString')",
        "SELECT * FROM `\\x70ython`(secret)",
        "SELECT * FROM sqlite('{secret}.db', 'x')",
        "SELECT * FROM executable('id', 'LineAsString', 'x String')",
        "SELECT * FROM merge('system', '.*')",
        "SELECT * FROM view(SELECT * FROM remote('127.0.0.1:9', system.one))",
        "SELECT aiGenerate('x')",
    ],
)
def test_nothing_beyond_the_tables_can_be_reached(asking: DirectReader, secret: Path, sql: str) -> None:
    with pytest.raises(QueryError) as caught:
        asking.query(sql.replace("{secret}", str(secret)))
    assert caught.value.code == "NOT_READ_ONLY"
    assert "SECRET" not in str(caught.value)
    assert [path.name for path in secret.parent.iterdir()] == ["key.pem"]


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("SELECT sum(number) FROM numbers(10)", 45),
        ("SELECT file FROM (SELECT 7 AS x) AS file", None),
        ("SELECT 'file(x) url(y)'", "file(x) url(y)"),
        ("SELECT arrayMap(x -> x * 2, [1, 2])", [2, 4]),
        ("SELECT format('{} and {}', 'a', 'b')", "a and b"),
        ("FROM view(SELECT 3 AS three) SELECT three", 3),
    ],
)
def test_what_reaches_for_nothing_is_answered(asking: DirectReader, sql: str, value: object) -> None:
    if value is None:  # a name alone may be a function that is handed on, so this one is taken for one
        with pytest.raises(QueryError, match="file cannot be used here"):
            asking.query(sql)
    else:
        assert asking.query(sql).value() == value
