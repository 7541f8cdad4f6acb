"""The way to a server: all that works on a folder works over HTTP, and a server that misbehaves costs no row and doubles none.

The server is http_front: chDB's engine behind ClickHouse's HTTP interface. Its docstring says what it cannot show.
"""

import time
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from click.testing import CliRunner
from clickhouse_connect.driver.client import Client

from cli.main import cli
from runtime.embedded import EmbeddedBroker, EmbeddedBrokerError
from runtime.port import Partition
from runtime.processor import Record
from sinks.clickhouse import store as storing
from sinks.clickhouse.connect import UnreachableError, connect
from sinks.clickhouse.mapping import map_records
from sinks.clickhouse.migrate import MigrationError, migrate, packaged
from sinks.clickhouse.plan import DONE, Committed, Limits
from sinks.clickhouse.process import prepare
from sinks.clickhouse.readside import open_reader
from sinks.clickhouse.store import Store
from sinks.clickhouse.verify import verify
from sinks.clickhouse.worker import Sink
from tests.sinks.conftest import sow
from tests.sinks.http_front import MISHAPS
from tests.sinks.made import LOT, MINE, busy, plant
from tests.sinks.served import Served
from tests.sinks.simulated import Broker, Member, Steps
from tests.sinks.test_killed import EVENTS, SITES, Place, make_topics, until, write
from tests.sinks.test_views import every_view

pytestmark = pytest.mark.embedded

DEADLINE_S = 60.0


@pytest.fixture
def writing(served: Served) -> Iterator[Store]:
    """A store on the server."""
    store = Store(served.url, writers=2)
    yield store
    store.close()


def log() -> dict[Partition, list[Record]]:
    return {Partition(records[0].topic, records[0].partition): records for records in plant()}


class Working:
    """A sink between a simulated broker and a real server."""

    def __init__(self, store: Store) -> None:
        self.broker = Broker(log(), Steps(), topic_id="served")
        member = Member(self.broker, chunk=6)
        clock = count()  # a second a look, so that no test waits for the next try of what failed
        self.sink = Sink(member, store, Limits(records=6, linger_s=0.01), clock=lambda: float(next(clock)))
        member.open([], self.sink)

    def step(self) -> bool:
        """One round; whether all is written."""
        self.sink.step()
        ends = {place: Committed(records[-1].offset + 1, DONE) for place, records in self.broker.records.items()}
        return self.broker.committed == ends

    def finish(self) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while not self.step():
            assert time.monotonic() < deadline, self.broker.committed


def all_is_there_once(url: str) -> None:
    """Every check holds, and no row stands twice even in the raw tables, where nothing has been merged away."""
    reader = open_reader(url)
    try:
        assert [check for check in verify(reader).checks if not check.ok] == []
        tables = Counter(
            row.table for records in log().values() for rows in map_records(records, "").tables.values() for row in rows
        )
        for table in tables.keys() - {"events", "materials"}:  # of these the first arrival alone stays
            raw = reader.query(f"SELECT count() FROM lodestream_raw.{table}").value()  # noqa: S608  # our own names
            assert raw == tables[table], table
    finally:
        reader.close()


def test_a_server_is_made_ready_by_its_operator(tmp_path: Path) -> None:
    new = Served(tmp_path / "clickhouse")
    try:
        with pytest.raises(UnreachableError, match="lodestream migrate"):
            open_reader(new.url)
        with pytest.raises(MigrationError, match="lodestream migrate") as error:
            prepare(new.url)
        assert "127.0.0.1" in str(error.value)
        assert "text@" not in str(error.value)
        client = connect(new.url)
        assert migrate(client) == list(packaged())
        assert migrate(client) == []
        client.close()
        prepare(new.url)
    finally:
        new.stop()


def test_a_wrong_password_is_told(served: Served) -> None:
    with pytest.raises(UnreachableError, match="Authentication failed"):
        connect(served.url.replace("sink:", "sink:x"))


def test_a_server_says_what_a_folder_says(served: Served, writing: Store, seeded: Client) -> None:
    sow(writing)
    client = connect(served.url)
    assert every_view(client) == every_view(seeded)
    client.close()


def test_every_insert_says_what_bears_on_its_token(served: Served, writing: Store) -> None:
    sow(writing)
    inserts = served.inserts()
    assert len({one["insert_deduplication_token"] for one in inserts}) == len(inserts) > 20
    for one in inserts:
        assert (one["async_insert"], one["insert_deduplicate"], one["deduplicate_insert"]) == ("0", "1", "enable")
        assert one["deduplicate_blocks_in_dependent_materialized_views"] == "1"
        assert one["table"].removeprefix("lodestream_raw.") in one["insert_deduplication_token"]


@pytest.mark.parametrize("kind", [kind for kind in MISHAPS if not kind.startswith("late")])
def test_after_an_insert_that_went_wrong_all_is_there_once(served: Served, writing: Store, kind: str) -> None:
    """In the first table of a batch, in one between and in the last, each time oftener than the driver tries by itself."""
    tables = ("transactions", "postings", "sink_batches")
    served.misbehave(kind, tables, times=3)
    Working(writing).finish()
    assert [one["mishap"] for one in served.inserts()].count(kind) == 3 * len(tables)
    all_is_there_once(served.url)


@pytest.mark.parametrize("kind", ["late", "later"])
def test_after_an_answer_that_came_too_late_all_is_there_once(served: Served, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """`later` inserts when the sink has written the same rows again: the token alone tells them."""
    monkeypatch.setattr(storing, "INSERT_SECONDS", 1)
    store = Store(served.url, writers=2)
    served.misbehave(kind, ["postings"], times=2)
    working = Working(store)
    working.finish()
    assert [one["mishap"] for one in served.inserts()].count(kind) == 2
    store.close()
    served.let_the_late_go_on()
    all_is_there_once(served.url)


def test_a_server_that_is_away_for_a_while_is_waited_for(served: Served, writing: Store) -> None:
    working = Working(writing)
    assert not working.step()
    served.kill()
    for _ in range(3):
        assert not working.step()
    served.start()
    working.finish()
    all_is_there_once(served.url)


def test_a_sink_works_and_every_reading_command_reads_over_http(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker as a process, on the embedded broker, with inserts that fail; then the commands, as a person types them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LODESTREAM_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("LODESTREAM_CLICKHOUSE__URL", served.url)
    broker = EmbeddedBroker()
    try:
        broker.start()
    except EmbeddedBrokerError as reason:
        pytest.skip(f"no embedded broker: {reason}")
    try:
        make_topics(broker.bootstrap_servers)
        write(broker.bootstrap_servers, [busy(site, EVENTS) for site in SITES], transactional=False)
        served.misbehave("cut_after", ["entries", "lots"], times=3)
        sink = Place(broker.bootstrap_servers, tmp_path).start()
        reader = open_reader(served.url)
        wanted = len(SITES) * EVENTS
        taken = "SELECT sum(records) FROM lodestream.sink_progress"
        until(lambda: True if reader.query(taken).value() == 2 * wanted else sink.poll())
        reader.close()
        sink.terminate()
        said, _ = sink.communicate(timeout=30)
        assert sink.returncode == 0, said
    finally:
        broker.stop()
    assert len([one for one in served.inserts() if one["mishap"]]) == 6
    assert ask("sink", "verify").count("✓") == 14
    assert ask("sql", "--json", "SELECT count() AS n FROM postings") == f'{{"n":{2 * wanted}}}\n'
    assert ask("balance", "--json").count(f'"stock_mg":"{EVENTS * (EVENTS + 1) // 2}"') == len(SITES)
    assert len(ask("lots", "--json").splitlines()) == wanted
    assert len(ask("findings", "--json").splitlines()) == wanted
    assert MINE in ask("trace", f"{LOT}{MINE[-1]}0").replace("\n", "")
    assert "up to date" in ask("migrate")


def ask(*arguments: str) -> str:
    """What a command says, which must go well."""
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 0, done.output
    return done.stdout
