"""What a publication worker tells of itself."""

from prometheus_client import CollectorRegistry

from runtime.health import Health
from runtime.metrics import Instruments
from runtime.port import Partition
from runtime.processor import Record
from runtime.rounds import Rounds
from schemas.topics import CREDENTIALS
from sinks.publication.watch import Watching

PLACE = Partition(CREDENTIALS, 0)


def value(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(f"lodestream_{name}", {"worker": "publication", **labels})


def test_records_lag_and_readiness() -> None:
    instruments = Instruments(Health("publication", 60.0))
    watch = Watching(Rounds(instruments, None, lambda partitions: {PLACE: 7}))
    assert not instruments.health.ready().well
    watch.joined()
    watch.published([[Record(*PLACE, 0, 0, b"", b""), Record(*PLACE, 1, 0, b"", b"")]], 0)
    watch.round({PLACE: 2})
    assert instruments.health.ready().well
    assert value(instruments.registry, "records_in_total", topic=CREDENTIALS) == 2
    assert value(instruments.registry, "lag_records", topic=CREDENTIALS, partition="0") == 5
    watch.close()
