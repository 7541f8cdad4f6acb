"""The sink as a process that kills itself, with SIGKILL, at a chosen step.

Arguments: what (insert or commit) and the how-manieth, or none. Run as a module. Settings come from the environment, as always.
"""

import os
import signal
import sys
from collections.abc import Mapping, Sequence

from clickhouse_connect.driver.client import Client
from msgspec import Struct

from runtime.port import Partition
from runtime.settings import load
from sinks.clickhouse import process
from sinks.clickhouse.plan import Committed
from sinks.clickhouse.source import KafkaSource
from sinks.clickhouse.store import Store

STEPS = {"insert": 0, "commit": 0}


def step(what: str) -> None:
    """One more step of this kind; perhaps the last."""
    STEPS[what] += 1
    if sys.argv[1:] == [what, str(STEPS[what])]:
        os.kill(os.getpid(), signal.SIGKILL)


class KillingStore(Store):
    """Dies after an insert, before its answer is used."""

    def _insert(self, client: Client, table: str, rows: Sequence[Struct], token: str) -> None:
        super()._insert(client, table, rows, token)
        step("insert")


class KillingSource(KafkaSource):
    """Dies after a commit, before its answer is used."""

    def commit(self, offsets: Mapping[Partition, Committed]) -> None:
        """As the real one, perhaps for the last time."""
        super().commit(offsets)
        if offsets:
            step("commit")


if __name__ == "__main__":
    process.Store = KillingStore  # type: ignore[misc]
    process.KafkaSource = KillingSource  # type: ignore[misc]
    sys.exit(process.run_sink(load()))
