"""The writing side of ClickHouse: the one place that inserts rows and reads back how far they go."""

from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from queue import SimpleQueue

import msgspec
from clickhouse_connect.driver.client import Client
from msgspec import Struct

from runtime.errors import RefusedError
from schemas import topics
from sinks.clickhouse.connect import WRITE_SETTINGS, chdb_folder, connect, known
from sinks.clickhouse.mapping import map_records
from sinks.clickhouse.plan import Batch, Stored, token
from sinks.clickhouse.rows import BatchRow

DATABASE = "lodestream_raw"
LETTERS = "dead_letters"
MAIN_TABLES = {
    topics.ENTRIES: "entries",
    topics.TRANSACTIONS: "transactions",
    topics.REJECTED: "rejections",
    topics.CREDENTIALS: "credentials",
    topics.CREDENTIAL_STATUS: "credential_status",
}
"""The table that has one row for each record of a topic."""

INSERT_SECONDS = 60
"""How long an insert may take: well below the time after which the group gives a silent member's partitions away."""

CHUNK_RECORDS = 20
"""How many records are rows at once: they are encoded while they are in the processor's cache. An outcome took 33 us so, and 44
with a batch of 6,000 as rows whole; and what waits for its insert is bytes."""

_ENCODER = msgspec.json.Encoder()


class Lines:
    """Rows of one table, encoded: what one insert takes."""

    def __init__(self, kind: type[Struct]) -> None:
        self.columns = kind.__struct_fields__
        self.parts: list[bytes] = []
        self.rows = 0

    def take(self, rows: Sequence[Struct]) -> None:
        """Encode more rows."""
        self.parts.append(_ENCODER.encode_lines(rows))
        self.rows += len(rows)


class Store:
    """Writes batches over a few connections of its own. `write` may be called for several batches at once."""

    def __init__(self, url: str, writers: int) -> None:
        self._server = chdb_folder(url) is None
        self._clients: SimpleQueue[Client] = SimpleQueue()
        self._all: list[Client] = []
        for _ in range(writers + 1):  # one more, so that `stored` waits for none of them
            self._all.append(_writing(url))
            self._clients.put(self._all[-1])
        self._pool = ThreadPoolExecutor(writers, thread_name_prefix="clickhouse")

    def close(self) -> None:
        """Let the inserts under way end, then close the connections."""
        self._pool.shutdown()
        for client in self._all:
            client.close()

    def submit(self, *batches: Batch) -> "Future[int]":
        """Write batches of one topic together, in the background; the result is their number of rows."""
        return self._pool.submit(self.write, *batches)

    def wait_for_one(self, writing: "Sequence[Future[int]]", seconds: float) -> None:
        """Until one of these inserts has ended, at most so long."""
        wait(writing, seconds, FIRST_COMPLETED)

    def wait_for_all(self, writing: "Sequence[Future[int]]") -> None:
        """Until all of them have ended, at most as long as an insert may take."""
        wait(writing, INSERT_SECONDS)

    def write(self, *batches: Batch) -> int:
        """Insert the rows of batches of one topic, table by table, and last the rows that say that they are whole.

        What ClickHouse already has under their token it drops. Dead letters come first and the topic's main table next, so
        that the rows there tell how far a batch reached that was cut off (plan.Stored).
        """
        tables: dict[str, Lines] = {}
        whole = Lines(BatchRow)
        for batch in batches:
            whole.take([_encoded(batch, tables)])
        client = self._clients.get()
        try:
            for table, lines in sorted(tables.items(), key=lambda item: _rank(batches[0].topic, item[0])):
                self._insert(client, table, lines, token(batches, table))
            self._insert(client, BatchRow.table, whole, token(batches, BatchRow.table))
        finally:
            self._clients.put(client)
        return sum(lines.rows for lines in tables.values())

    def stored(self, topic: str, topic_id: str, *, reach: bool) -> dict[int, Stored]:
        """What there is of each partition of a topic. `reach`: also how far rows go, which reads a whole column.

        Raises RefusedError where the rows came from another topic of the same name.
        """
        client = self._clients.get()
        try:
            self._refuse_other(client, topic, topic_id)
            whole = client.query(
                f"SELECT src_partition, max(last_offset) + 1 FROM {DATABASE}.sink_batches"  # noqa: S608  # our own names
                " WHERE src_topic = {topic:String} GROUP BY src_partition",
                parameters={"topic": topic},
            ).result_rows
            reached: Mapping[int, int] = self._reached(client, topic) if reach else {}
        finally:
            self._clients.put(client)
        following = {int(partition): int(offset) for partition, offset in whole}
        return {
            partition: Stored(following.get(partition), reached.get(partition)) for partition in following.keys() | reached.keys()
        }

    def _reached(self, client: Client, topic: str) -> dict[int, int]:
        rows = client.query(
            "SELECT src_partition, max(src_offset) FROM ("  # noqa: S608  # our own names
            f"SELECT src_topic, src_partition, src_offset FROM {DATABASE}.{MAIN_TABLES[topic]}"
            f" UNION ALL SELECT src_topic, src_partition, src_offset FROM {DATABASE}.{LETTERS})"
            " WHERE src_topic = {topic:String} GROUP BY src_partition",
            parameters={"topic": topic},
        ).result_rows
        return {int(partition): int(offset) for partition, offset in rows}

    def _refuse_other(self, client: Client, topic: str, topic_id: str) -> None:
        rows = client.query(
            f"SELECT DISTINCT src_topic_id FROM {DATABASE}.sink_batches"  # noqa: S608  # our own names
            " WHERE src_topic = {topic:String} AND src_topic_id != {id:String}",
            parameters={"topic": topic, "id": topic_id},
        ).result_rows
        if rows:
            raise RefusedError(
                f"ClickHouse holds rows of another topic {topic}: its id was {rows[0][0]}, that of the broker's is {topic_id}. "
                "The topic was made anew, or this is another broker. Use an empty database (another chDB folder) for it; "
                "mixing the two would drop or double rows."
            )

    def _insert(self, client: Client, table: str, lines: "Lines", token: str) -> None:
        summary = client.raw_insert(
            f"{DATABASE}.{table}",
            column_names=lines.columns,
            insert_block=b"".join(lines.parts),
            fmt="JSONCompactEachRow",
            settings={"insert_deduplication_token": token},
        )
        if self._server and not summary.query_id():
            # A proxy's page, or where a redirect has led: taken for an answer, it would be rows that nobody has.
            raise OSError("what answered the insert is not ClickHouse: it says 200 and names no query")


def _writing(url: str) -> Client:
    """A client whose every insert has WRITE_SETTINGS: said once, since chDB takes 0.2 ms to read them with each insert."""
    client = connect(url, INSERT_SECONDS)
    for name, value in known(client, WRITE_SETTINGS).items():
        client.set_client_setting(name, value)
    return client


def _encoded(batch: Batch, tables: dict[str, Lines]) -> BatchRow:
    """Add the rows of a batch to their tables, and say what they are."""
    tombstones = 0
    counts: dict[str, int] = {}
    for begin in range(0, len(batch.records), CHUNK_RECORDS):
        mapped = map_records(batch.records[begin : begin + CHUNK_RECORDS], batch.topic_id)
        tombstones += mapped.tombstones
        for table, rows in mapped.tables.items():
            if table not in tables:
                tables[table] = Lines(type(rows[0]))
            tables[table].take(rows)
            counts[table] = counts.get(table, 0) + len(rows)
    return BatchRow(
        src_topic=batch.topic,
        src_topic_id=batch.topic_id,
        src_partition=batch.partition,
        resumed_at=batch.resumed_at,
        first_offset=batch.first,
        last_offset=batch.last,
        records=len(batch.records),
        tombstones=tombstones,
        rows=counts,
    )


def _rank(topic: str, table: str) -> int:
    """Dead letters first, then the main table, then the others as they are."""
    if table == LETTERS:
        return 0
    return 1 if table == MAIN_TABLES[topic] else 2
