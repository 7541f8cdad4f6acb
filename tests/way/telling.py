"""What the way's parts tell of themselves, seen from outside: headers of every record, the addresses of every worker."""

import json
from collections import defaultdict
from urllib.error import HTTPError
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from lodestream.ledger.records import Entry, Outcome
from schemas.codec import decode
from schemas.topics import CREDENTIAL_STATUS, CREDENTIALS, ENTRIES, INBOX, LOTS, REJECTED, TRANSACTIONS
from tests.way.cluster import Cluster

TOPICS = (INBOX, ENTRIES, REJECTED, TRANSACTIONS, LOTS, CREDENTIALS, CREDENTIAL_STATUS)
NAMES = {"traceparent", "ce_specversion", "ce_id", "ce_type", "ce_source", "ce_subject", "content-type"}


def every_record_says_what_it_is(cluster: Cluster) -> None:
    """CloudEvents headers on every topic; one trace for each document, from the inbox on."""
    traces: dict[str, set[bytes]] = defaultdict(set)
    ids: dict[str, list[bytes]] = defaultdict(list)
    for topic in TOPICS:
        for message in (message for messages in cluster.read(topic).values() for message in messages):
            headers = dict(message.headers() or [])
            expected = NAMES if topic == INBOX else NAMES | {"ce_time", "ce_dataschema"}
            assert headers.keys() == expected, topic
            assert all(headers.values())
            traces[topic].add(headers["traceparent"][:35])
            ids[topic].append(headers["ce_id"])
            if topic in (ENTRIES, TRANSACTIONS):
                record = decode(message.value(), Entry if topic == ENTRIES else Outcome)
                own = record.entry_id if isinstance(record, Entry) else record.txn_id
                assert (headers["ce_id"], headers["ce_subject"]) == (own.encode(), record.site.encode())
        assert ids[topic], f"nothing in {topic}: nothing is shown"
    for topic in TOPICS[1:]:
        assert traces[topic] <= traces[INBOX], f"{topic} has records of traces that no document started"
    for topic in (REJECTED, LOTS):
        assert len(set(ids[topic])) == len(ids[topic]), topic


class Told:
    """The addresses of one worker, found by the line in its log."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        lines = (cluster.folder / f"{name}-one.log").read_text().splitlines()
        served = [json.loads(line) for line in lines if "metrics are served" in line]
        self._address = f"http://127.0.0.1:{served[-1]['port']}"

    def ready(self) -> bool:
        """What /ready says."""
        try:
            with urlopen(f"{self._address}/ready", timeout=10) as answer:  # noqa: S310  # http, as above
                return bool(answer.status == 200)
        except HTTPError:
            return False

    def values(self, name: str, **labels: str) -> list[float]:
        """All samples of this name that have these labels."""
        with urlopen(f"{self._address}/metrics", timeout=10) as answer:  # noqa: S310  # http, as above
            families = list(text_string_to_metric_families(answer.read().decode()))
        samples = [sample for family in families for sample in family.samples if sample.name == name]
        return [sample.value for sample in samples if labels.items() <= sample.labels.items()]


def every_worker_tells(cluster: Cluster) -> None:
    """Ready, counting what the topics hold, and behind by no more than the marks of transactions."""
    workers = {name: Told(cluster, name) for name in ("gate", "ledger", "issuer", "sink")}
    written = {topic: [m for messages in cluster.read(topic).values() for m in messages] for topic in TOPICS}
    outcomes = [decode(message.value(), Outcome) for message in written[TRANSACTIONS]]
    for name, worker in workers.items():
        assert worker.ready(), name
        cluster.wait(lambda worker=worker: max(worker.values("lodestream_lag_records")) <= 1, f"{name} to have read all")
    gate, ledger, issuer, sink = workers.values()
    assert sum(gate.values("lodestream_records_in_total")) == len(written[INBOX])
    assert sum(gate.values("lodestream_rejections_total")) == len(written[REJECTED])
    assert sum(ledger.values("lodestream_records_in_total")) == len(written[ENTRIES])
    assert sum(ledger.values("lodestream_outcomes_total")) == len(outcomes)
    opened = sum(finding.severity == "hard" and finding.state == "open" for one in outcomes for finding in one.findings)
    assert sum(ledger.values("lodestream_findings_total", severity="hard", state="open")) == opened > 0
    assert sum(issuer.values("lodestream_credentials_total", status="issued")) == len(written[CREDENTIALS])
    assert sum(sink.values("lodestream_records_in_total", topic=TRANSACTIONS)) == len(outcomes)
    assert sum(sink.values("lodestream_sink_insert_seconds_count")) > 0
