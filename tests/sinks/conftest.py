"""chDB for the tests of the sink.

A process has one chDB folder open at a time, and starting the engine takes longer than most tests: one folder stays
open for the whole package and is closed behind it. A test that needs another folder works in another process.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from sinks.clickhouse.connect import connect
from sinks.clickhouse.migrate import migrate
from sinks.clickhouse.plan import Batch
from sinks.clickhouse.store import Store
from tests.sinks.made import TOPIC_ID, plant
from tests.sinks.served import Served


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The chDB folder of this package."""
    pytest.importorskip("chdb", reason="no chDB: the package is not installed")
    return tmp_path_factory.mktemp("sink") / "clickhouse"


@pytest.fixture
def url(folder: Path) -> str:
    """The folder's address."""
    return f"chdb://{folder}"


@pytest.fixture(scope="package")
def engine(folder: Path) -> Iterator[tuple[Client, Store]]:
    """A client and a store on our tables, open while the tests of this package run."""
    client = connect(f"chdb://{folder}")
    migrate(client)
    store = Store(f"chdb://{folder}", writers=2)
    yield client, store
    store.close()
    client.close()


@pytest.fixture
def client(engine: tuple[Client, Store]) -> Client:
    """A client on empty tables."""
    client, _ = engine
    empty(client)
    return client


def empty(client: Client) -> None:
    """Take all rows away, and what the tables remember of tokens."""
    tables = "SELECT name FROM system.tables WHERE database = 'lodestream_raw' AND name != 'schema_migrations' AND total_rows > 0"
    for (table,) in client.query(tables).result_rows:
        client.command(f"TRUNCATE TABLE lodestream_raw.{table}")


@pytest.fixture
def store(client: Client, engine: tuple[Client, Store]) -> Store:
    """A store on the empty tables."""
    return engine[1]


@pytest.fixture
def seeded(client: Client, store: Store) -> Client:
    """A client on the tables of the plant."""
    sow(store)
    return client


def sow(store: Store) -> None:
    """Write the plant."""
    batches = [Batch(records[0].topic, TOPIC_ID, records[0].partition, 0, tuple(records)) for records in plant()]
    for future in [store.submit(batch) for batch in batches]:
        future.result()


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A ClickHouse at http:// with our tables (http_front says what of a real one it is)."""
    pytest.importorskip("chdb", reason="no chDB: the package is not installed")
    server = Served(tmp_path_factory.mktemp("served") / "clickhouse")
    client = connect(server.url)
    migrate(client)
    client.close()
    yield server
    server.stop()


@pytest.fixture
def served(server: Served) -> Served:
    """That server, with empty tables and in good health."""
    server.misbehave("")
    client = connect(server.url)
    empty(client)
    client.close()
    return server
