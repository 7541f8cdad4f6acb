"""The watch and the ledger on real Kafka: a finding stands in its site's transactions and holds its lots; ticks go round."""

import pytest
from confluent_kafka import Producer
from msgspec.structs import replace

from lodestream.epcis.event import Event
from lodestream.ledger.records import Entry, Outcome
from schemas.codec import encode
from schemas.topics import ENTRIES, TRANSACTIONS
from tests.ledger.making import START, add, entry, hashed, ship
from tests.way.cluster import Cluster, agrees_with_the_log

pytestmark = pytest.mark.kafka
A, B = "urn:a", "urn:b"


def submit(cluster: Cluster, *events: Event) -> None:
    producer = Producer({"bootstrap.servers": cluster.bootstrap, "partitioner": "murmur2_random"})
    for one in events:
        made = entry(one)
        producer.produce(ENTRIES, encode(made), made.site.encode())
    assert producer.flush(30) == 0


def outcomes(cluster: Cluster, kind: str) -> list[Outcome]:
    return [one for one in cluster.values(TRANSACTIONS, Outcome) if one.kind == kind]


def ticks(cluster: Cluster) -> set[str]:
    return {one.entry_id for one in cluster.values(ENTRIES, Entry) if one.kind == "TICK"}


def test_findings_and_ticks_go_round(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LODESTREAM_WATCH__TICK_S", "1")
    original = add("x", "24", A, cu="28", event_time_us=START)
    copied = hashed(replace(original, biz_location=B))
    ledger, watch = cluster.start("ledger"), cluster.start("watch")
    submit(cluster, original, copied)
    cluster.wait(lambda: len(outcomes(cluster, "finding")) == 2, "the findings in both books")
    found = outcomes(cluster, "finding")
    assert {(one.site, one.findings[0].code, one.findings[0].severity) for one in found} == {
        (A, "MUTATED_EVENT", "hard"),
        (B, "MUTATED_EVENT", "hard"),
    }
    assert all(one.seq and one.chain for one in found)
    assert all(one.findings[0].id in one.lots[0].findings for one in found), "the lot is held"

    submit(cluster, ship("x", "4", A, B, consignment_id="c", event_time_us=START + 1))
    cluster.wait(lambda: bool(ticks(cluster)), "a tick: the shipment's grace has long passed")
    cluster.stop(watch)  # no tick comes any more
    cluster.wait(lambda: ticks(cluster) <= {one.entry_id for one in cluster.values(TRANSACTIONS, Outcome)}, "the ticks' outcomes")
    cluster.stop(ledger)
    agrees_with_the_log(cluster)
