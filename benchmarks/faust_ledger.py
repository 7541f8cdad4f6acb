"""The same ledger as a Faust agent with a table, with Faust at its best: memory store, `producer_linger`, no web server.

    python -m benchmarks.faust_ledger INPUT-TOPIC OUTPUT-PREFIX

At least once, since Faust's exactly-once mode does not hold together; so it does less than we do. One event at a time, since a
table cannot be written from `take()`.
"""

import sys
from typing import Any

import faust

from runtime.processor import Record
from runtime.settings import load
from schemas.topics import ENTRIES, LOTS, TRANSACTIONS
from streams.ledger.processor import LedgerProcessor


def make(source: str, prefix: str) -> faust.App:
    """The app with its agent."""
    settings = load()
    app = faust.App(
        f"{prefix}.faust",
        broker=f"kafka://{settings.kafka.bootstrap_servers}",
        store="memory://",
        datadir=str(settings.data_dir / "faust"),
        processing_guarantee="at_least_once",
        key_serializer="raw",
        value_serializer="raw",
        producer_linger=0.02,
        producer_compression_type="lz4",
        producer_max_request_size=2 * settings.limits.inbox_record_bytes,
        consumer_auto_offset_reset="earliest",
        broker_max_poll_records=500,
        topic_partitions=settings.partitions,
        topic_replication_factor=1,
        table_standby_replicas=0,
        stream_wait_empty=False,
        web_enabled=False,
    )
    inputs = app.topic(source, key_type=bytes, value_type=bytes)
    outputs = {name: app.topic(f"{prefix}.{name}", key_type=bytes, value_type=bytes) for name in (TRANSACTIONS, LOTS, ENTRIES)}
    table = app.Table("state", key_type=bytes, value_type=bytes, partitions=settings.partitions)
    ledger = LedgerProcessor(settings.partitions)

    @app.agent(inputs)
    async def fold(entries: Any) -> None:
        async for event in entries.events():
            message = event.message
            record = Record(
                message.topic, message.partition, message.offset, int(message.timestamp * 1000), message.key, message.value
            )
            effects = ledger.process([record], table)
            for key, value in effects.writes.items():
                if value is None:
                    table.pop(key, None)
                else:
                    table[key] = value
            for output in effects.outputs:
                await outputs[output.topic].send(key=output.key, value=output.value, headers=list(output.headers))

    return app


if __name__ == "__main__":
    faust.Worker(make(*sys.argv[1:]), loglevel="WARNING").execute_from_commandline()
