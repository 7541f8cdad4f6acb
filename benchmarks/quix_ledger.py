"""The same ledger in Quix Streams, exactly once, its outputs visible within a second: it commits when 0.9 s have passed.

    python -m benchmarks.quix_ledger INPUT-TOPIC OUTPUT-PREFIX

Its state belongs to a message key, which is the site; values are bytes, so nothing is serialised twice.
"""

import sys
from typing import Any

from quixstreams import Application, State, message_context
from quixstreams.models.serializers import BytesSerializer

from runtime.processor import Output, Record
from runtime.settings import load
from schemas.topics import ENTRIES, LOTS, TRANSACTIONS
from streams.ledger.processor import LedgerProcessor

COMMIT_SECONDS = 0.9


class ValueOfOutput(BytesSerializer):
    """Takes the value out of an output as it is written."""

    def __call__(self, value: Output, ctx: Any) -> bytes:  # noqa: ARG002  # the signature is theirs
        """The bytes."""
        return value.value or b""


class Site:
    """The state of one site as the ledger reads it."""

    def __init__(self, state: State) -> None:
        self._state = state

    def get(self, key: bytes) -> bytes | None:
        """The value of the key, or None."""
        return self._state.get_bytes(key.decode())


def main(source: str, prefix: str) -> None:
    """Run until SIGTERM."""
    settings = load()
    app = Application(
        broker_address=settings.kafka.bootstrap_servers,
        consumer_group=f"{prefix}.quix",
        auto_offset_reset="earliest",
        commit_interval=COMMIT_SECONDS,
        processing_guarantee="exactly-once",
        state_dir=settings.data_dir / "quix",
        producer_extra_config={"linger.ms": 5, "compression.type": "lz4", "message.max.bytes": 16 * 1024 * 1024},
        consumer_extra_config={"fetch.wait.max.ms": 100},
        loglevel="WARNING",
    )
    inputs = app.topic(source, key_deserializer="bytes", value_deserializer="bytes")
    outputs = {
        name: app.topic(f"{prefix}.{name}", key_serializer="bytes", value_serializer=ValueOfOutput())
        for name in (TRANSACTIONS, LOTS, ENTRIES)
    }
    ledger = LedgerProcessor(settings.partitions)

    def fold(value: bytes, key: bytes, timestamp: int, _: Any, state: State) -> list[Output]:
        at = message_context()
        effects = ledger.process([Record(at.topic, at.partition, at.offset, timestamp, key, value)], Site(state))
        for name, written in effects.writes.items():
            if written is None:
                state.delete(name.decode())
            else:
                state.set_bytes(name.decode(), written)
        return effects.outputs

    made = app.dataframe(inputs).apply(fold, stateful=True, expand=True, metadata=True)
    made = made.set_headers(lambda output, *_: list(output.headers))
    made.to_topic(lambda output, *_: outputs[output.topic], key=lambda output: output.key)
    app.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
