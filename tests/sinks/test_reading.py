"""Questions: answered alike by the folder, through the socket and by a server, and nothing but questions."""

import json
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from sinks.clickhouse import readsocket
from sinks.clickhouse.connect import SocketError, UnreachableError, chdb_folder, connect, without_password
from sinks.clickhouse.readonly import DirectReader, QueryError, Reader, read_only
from sinks.clickhouse.readside import open_reader
from sinks.clickhouse.readsocket import ReadServer, SocketReader, socket_path
from sinks.clickhouse.result import Result, parse

VALUES = (
    "SELECT toInt128('170141183460469231731687303715884105727') AS big, toInt64(-9007199254740993) AS amount,"
    " toUInt8(7) AS small,"
    " toDecimal128('1.000001', 6) AS kg,"
    " CAST(NULL AS Nullable(UInt64)) AS none, 'a\\n\"é\\\\' AS text, [1, 2]::Array(Int64) AS list,"
    " map('Cu', toInt64(9007199254740993)) AS by_element, tuple(toInt64(1), 'x') AS pair,"
    " CAST(('u', 2), 'Tuple(name String, `with space` Int64)') AS named, true AS yes, toDate('2026-01-02') AS day,"
    " toDateTime64('2026-01-02 03:04:05.678901', 6, 'UTC') AS at,"
    " toLowCardinality('lc') AS low,"
    " toDateTime64('2299-01-01', 6, 'UTC') AS far"
)
EXPECTED = (
    2**127 - 1,
    -9007199254740993,
    7,
    Decimal("1.000001"),
    None,
    'a\n"é\\',
    [1, 2],
    {"Cu": 9007199254740993},
    (1, "x"),
    {"name": "u", "with space": 2},
    True,
    datetime(2026, 1, 2, tzinfo=UTC).date(),
    datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
    "lc",
    datetime(2299, 1, 1, tzinfo=UTC),
)


@pytest.fixture
def readside(client: Client, url: str, folder: Path) -> Iterator[ReadServer]:
    with ReadServer(url, folder) as readside:
        yield readside


@pytest.fixture(params=["folder", "socket", "http"])
def reader(request: pytest.FixtureRequest, client: Client, url: str) -> Iterator[Reader]:
    if request.param == "socket":
        request.getfixturevalue("readside")
    if request.param == "http":
        url = request.getfixturevalue("served").url
    reader = open_reader(url)
    assert isinstance(reader, SocketReader if request.param == "socket" else DirectReader)
    yield reader
    reader.close()


@pytest.mark.embedded
def test_values_arrive_with_their_types(reader: Reader) -> None:
    result = reader.query(VALUES)
    assert result.rows == [EXPECTED]
    assert [type(value) for value in result.rows[0]] == [type(value) for value in EXPECTED]
    assert result.columns[:2] == ("big", "amount")


@pytest.mark.embedded
@pytest.mark.parametrize("text", ["", "plain", "it's", "a\tb\nc", "\\", "{x:String}", "%s %(a)s", "é\u2028", "'; DROP TABLE x"])
def test_a_parameter_is_a_value_and_never_sql(reader: Reader, text: str) -> None:
    assert reader.query("SELECT {text:String} AS text, {number:Int64} AS number", {"text": text, "number": -(2**63)}).rows == [
        (text, -(2**63))
    ]


@pytest.mark.embedded
@pytest.mark.parametrize(
    "sql", ["SHOW TABLES FROM lodestream", "DESCRIBE lodestream.postings", "EXISTS lodestream.postings", "select 1;"]
)
def test_questions_of_every_kind(reader: Reader, sql: str) -> None:
    assert reader.query(sql).rows


@pytest.mark.embedded
def test_names_need_no_database(reader: Reader) -> None:
    assert reader.query("SELECT count() FROM postings").value() == 0


@pytest.mark.embedded
@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO lodestream_raw.dead_letters (message) VALUES ('x')",
        "WITH 1 AS a SELECT a INTO OUTFILE '/tmp/x'",
        "SELECT 1 INTO/**/OUTFILE '/tmp/x'",
        "SELECT * FROM Python(x)",
        "SELECT 1; SELECT 2",
        "SET readonly = 0",
        "KILL QUERY WHERE 1",
        "SELECT 1) ; (SELECT 2",
        "-- only a comment",
        "",
        "DROP TABLE lodestream_raw.postings",
    ],
)
def test_nothing_but_one_question(reader: Reader, sql: str) -> None:
    with pytest.raises(QueryError) as error:
        reader.query(sql)
    assert error.value.code == "NOT_READ_ONLY"


@pytest.mark.embedded
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 SETTINGS readonly = 0",
        "SELECT 1 SETTINGS max_execution_time = 0",
        "SELECT nonsense",
        "SELECT number FROM numbers(2000000)",
    ],
)
def test_clickhouse_refuses_the_rest(reader: Reader, sql: str) -> None:
    with pytest.raises(QueryError) as error:
        reader.query(sql)
    assert error.value.code == "REFUSED"
    assert "version 2" not in str(error.value)


@pytest.mark.parametrize(
    "sql", ["select 1", " (SELECT 1)", "/* a */ -- b\n WITH x AS (SELECT 1) SELECT * FROM x", "Explain SELECT 1"]
)
def test_what_is_a_question(sql: str) -> None:
    assert read_only(sql + " ; ") == sql.strip()


def test_a_query_has_a_length() -> None:
    with pytest.raises(QueryError) as error:
        read_only("SELECT '" + "x" * 300_000 + "'")
    assert error.value.code == "TOO_LONG"


@pytest.mark.embedded
def test_the_socket_is_for_its_user_only(readside: ReadServer, folder: Path) -> None:
    path = socket_path(folder)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    readside.close()
    assert not path.exists()


@pytest.mark.embedded
def test_a_socket_that_nobody_serves_is_taken_over(client: Client, url: str, folder: Path) -> None:
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(socket_path(folder)))
    dead.close()
    reader = open_reader(url)
    assert isinstance(reader, DirectReader)
    reader.close()
    with ReadServer(url, folder):
        assert SocketReader.to(socket_path(folder)) is not None


@pytest.mark.embedded
@pytest.mark.parametrize("line", [b"no json\n", b"[]\n", b'{"sql":1}\n', b'{"sql":"SELECT 1","x":1}\n', b"\xff\n", b"\n"])
def test_what_is_no_request_is_answered(readside: ReadServer, folder: Path, line: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as raw:
        raw.settimeout(10)
        raw.connect(str(socket_path(folder)))
        raw.sendall(line)
        with raw.makefile("rb") as lines:
            assert json.loads(lines.readline())["error"]["code"] == "BAD_REQUEST"
            raw.sendall(b'{"sql":"SELECT 1 AS one"}\n')
            assert json.loads(lines.readline())["ok"]["data"] == [[1]]


@pytest.mark.embedded
def test_a_folder_whose_socket_has_no_address_is_refused(
    client: Client, url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A unix socket's address holds about a hundred bytes: who runs the sink is told to choose a shorter folder."""
    monkeypatch.setattr(readsocket, "PATH_BYTES_MAX", 3)
    with pytest.raises(SocketError, match="choose a shorter data_dir") as refused:
        ReadServer(url, folder)
    assert refused.value.code == "CLICKHOUSE_NO_SOCKET"


@pytest.mark.embedded
def test_several_ask_at_once(readside: ReadServer, url: str) -> None:
    found: list[int] = []

    def ask(number: int) -> None:
        reader = open_reader(url)
        found.append(reader.query("SELECT {n:UInt32} AS n", {"n": number}).value())
        reader.close()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(found) == list(range(8))


ANOTHER = """
import sys
from sinks.clickhouse.connect import UnreachableError, connect
from sinks.clickhouse.readside import open_reader
print(open_reader(sys.argv[1]).query("SELECT 1 + 1 AS two").value())
try:
    connect(sys.argv[1])
except UnreachableError as error:
    print(error)
"""


@pytest.mark.embedded
def test_another_process_reads_through_the_socket_and_cannot_open_the_folder(readside: ReadServer, url: str) -> None:
    done = subprocess.run([sys.executable, "-c", ANOTHER, url], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[0] == "2"
    assert "another process has it" in done.stdout


def test_an_answer_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="JSONCompact"):
        parse(b"Ok.")


def test_a_result_by_name() -> None:
    assert Result(("a", "b"), ("UInt8", "UInt8"), [(1, 2)]).dicts() == [{"a": 1, "b": 2}]


@pytest.mark.parametrize("url", ["postgres://x", "chdb:relative", "chdb://host/x", "http://h:8123/other_database"])
def test_an_address_of_something_else_is_refused(url: str) -> None:
    with pytest.raises(UnreachableError):
        chdb_folder(url)


def test_an_address_is_shown_without_its_password() -> None:
    assert without_password("https://me:secret@host:8443/lodestream?x=secret") == "https://host:8443/lodestream"


def test_a_server_that_is_not_there_is_told_without_its_password() -> None:
    with pytest.raises(UnreachableError) as error:
        connect("http://me:secret@127.0.0.1:9")
    assert "127.0.0.1:9" in str(error.value)
    assert "secret" not in str(error.value)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match="there is no ClickHouse folder"):
        open_reader(f"chdb://{tmp_path / 'none'}")
