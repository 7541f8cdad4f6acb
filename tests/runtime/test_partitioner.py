"""Kafka's own test values of murmur2 (org.apache.kafka.common.utils.UtilsTest), and where keys live."""

import pytest

from runtime.partitioner import murmur2, partition_of


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_as_kafka_hashes(key: bytes, value: int) -> None:
    assert murmur2(key) == value & 0xFFFFFFFF


def test_partition_is_in_range() -> None:
    assert {partition_of(str(n).encode(), 4) for n in range(200)} == {0, 1, 2, 3}
