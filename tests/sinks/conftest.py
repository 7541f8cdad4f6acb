"""chDB for the tests of the sink. A process has one chDB folder open at a time, so every fixture closes what it opened."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from sinks.clickhouse.connect import connect
from sinks.clickhouse.migrate import migrate
from sinks.clickhouse.plan import Batch
from sinks.clickhouse.store import Store
from tests.sinks.made import TOPIC_ID, plant


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chDB folder with our tables, made once."""
    pytest.importorskip("chdb", reason="no chDB: the package is not installed")
    made = tmp_path_factory.mktemp("sink") / "clickhouse"
    client = connect(f"chdb://{made}")
    migrate(client)
    client.close()
    return made


@pytest.fixture
def url(folder: Path) -> str:
    """The folder's address; whoever opens it closes it."""
    return f"chdb://{folder}"


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    """A client on empty tables."""
    client = connect(url)
    tables = "SELECT name FROM system.tables WHERE database = 'lodestream_raw' AND name != 'schema_migrations'"
    for (table,) in client.query(tables).result_rows:
        client.command(f"TRUNCATE TABLE lodestream_raw.{table}")
    yield client
    client.close()


@pytest.fixture
def store(client: Client, url: str) -> Iterator[Store]:
    """A store on the empty tables."""
    store = Store(url, writers=2)
    yield store
    store.close()


@pytest.fixture
def seeded(client: Client, store: Store) -> Client:
    """A client on the tables of the plant."""
    for records in plant():
        first = records[0]
        store.write(Batch(first.topic, TOPIC_ID, first.partition, first.offset, tuple(records)))
    return client
