"""The parts of the sink that fall dead: its ways to ClickHouse and Kafka. Only in a process of tests/faults/process.py."""

import os
from collections.abc import Mapping, Sequence

from clickhouse_connect.driver.client import Client
from msgspec import Struct

from runtime.port import Partition
from sinks.clickhouse import process
from sinks.clickhouse import store as storing
from sinks.clickhouse.plan import Committed, pending
from sinks.clickhouse.rows import BatchRow
from sinks.clickhouse.source import KafkaSource
from sinks.clickhouse.store import Store
from tests.faults.death import DEATH


class DyingTables(Store):
    """The sink's real way to ClickHouse; dies after an insert, before its answer is used."""

    def _insert(self, client: Client, table: str, rows: Sequence[Struct], token: str) -> None:
        super()._insert(client, table, rows, token)
        if table != BatchRow.table:
            DEATH.at("insert")


class DyingSource(KafkaSource):
    """The sink's real way to Kafka."""

    def commit(self, offsets: Mapping[Partition, Committed]) -> None:
        """See Source."""
        intents = [pending(each.metadata) for each in offsets.values()]
        whole = bool(offsets) and not any(intents)
        if whole:
            DEATH.at("written")
        super().commit(offsets)
        if any(intents):
            DEATH.at("intent")
        if whole:
            DEATH.at("commit")


def put_in_place() -> None:
    """From now on a sink of this process is made of these parts."""
    assert (process.Store, process.KafkaSource) == (Store, KafkaSource)
    process.Store = DyingTables  # type: ignore[misc]
    process.KafkaSource = DyingSource  # type: ignore[misc]
    storing.INSERT_SECONDS = int(os.environ.get("INSERT_SECONDS", storing.INSERT_SECONDS))
