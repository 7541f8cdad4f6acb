"""Floods on real Kafka: neither a backlog nor a ClickHouse that is stalled or away fills a worker's memory or slows another.

The bounds are for one worker process with default settings. What it may hold at once is a batch (16 MiB) and what comes of it,
what is fetched ahead (32 MiB), and for the sink what waits for ClickHouse (64 MiB).
"""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.topics import ENTRIES
from sinks.clickhouse.connect import connect
from sinks.clickhouse.migrate import migrate
from tests.faults_data.place import Place, peak_mb
from tests.faults_data.test_state_folder import lots
from tests.sinks.served import Served
from tests.way.traffic import cycle, document

pytestmark = [pytest.mark.kafka, pytest.mark.embedded]

GATE_MIB, LEDGER_MIB, ISSUER_MIB, SINK_MIB = 320, 768, 512, 640
"""Measured: 134, 390, 240 and 350."""
PADDED = 240
AWAY_SECONDS = 8.0


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A ClickHouse at http:// with our tables."""
    served = Served(tmp_path / "served")
    client = connect(served.url)
    migrate(client)
    client.close()
    yield served
    served.stop()


def test_a_big_inbox_fills_no_memory_of_the_gate(place: Place) -> None:
    """Many times what it may hold at once."""
    documents = [document(cycle("mine", "smelter", n)[0][:1]) + b" " * 1_000_000 for n in range(PADDED)]
    place.capture(documents)
    gate = place.start("gate")
    place.wait(lambda: place.count(ENTRIES) == PADDED, "the gate to work through the inbox")
    assert peak_mb(gate) < GATE_MIB
    place.stop(gate)


def test_a_clickhouse_that_is_stalled_or_away_fills_no_memory_and_slows_the_sink_alone(place: Place, served: Served) -> None:
    place.settings["LODESTREAM_CLICKHOUSE__URL"] = served.url
    # Names of 50,000 characters stand in every row, so that 1 MiB of records is 20 of rows: smaller batches, as the page advises.
    place.settings["LODESTREAM_WORKER__BATCH_BYTES"] = str(2 << 20)
    ledger, issuer, sink = place.start("ledger"), place.start("issuer"), place.start("sink")
    place.send(lots("before"))
    place.wait_for_rows()
    assert served._process is not None
    served._process.send_signal(signal.SIGSTOP)  # it takes connections and never answers
    place.send(lots("flood", 100, 50_000))
    place.wait(place.all_done, "the ledger to work through the flood")
    place.wait(lambda: place.committed("issuer") == place.ends(), "the issuer to work through the flood")
    served.kill()
    until = time.monotonic() + AWAY_SECONDS
    place.wait(lambda: time.monotonic() > until, "the sink to have tried for a while")
    place.wait(lambda: bool(place.said("sink", "sink cannot write")), "the sink to say so")
    served.start()
    place.wait_for_rows()
    peaks = {"ledger": peak_mb(ledger), "issuer": peak_mb(issuer), "sink": peak_mb(sink)}
    assert peaks["ledger"] < LEDGER_MIB
    assert peaks["issuer"] < ISSUER_MIB
    assert peaks["sink"] < SINK_MIB
    for worker in (ledger, issuer, sink):
        place.stop(worker)
    assert all(line["alert"] for line in place.said("sink", "sink cannot write"))
    place.holds()
    place.tables_hold()
