"""A real worker process on real Kafka, seen from outside only: by its three addresses."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from broker_tools import HERE, Playground, wait
from prometheus_client.parser import text_string_to_metric_families

pytestmark = pytest.mark.kafka

CHANGELOG_RECORDS = 60_000  # about a second of restoring


@dataclass
class Seen:
    """A worker process and the port that its log names."""

    process: "subprocess.Popen[bytes]"
    log: Path
    port: int = 0

    def find(self) -> bool:
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        self.port = next((line["port"] for line in lines if line["event"] == "metrics are served"), 0)
        return self.port > 0

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()

    def value(self, name: str, **labels: str) -> float:
        """The sum over all samples of this name that have these labels."""
        families = text_string_to_metric_families(self.get("/metrics")[1])
        samples = [sample for family in families for sample in family.samples if sample.name == name]
        return sum(sample.value for sample in samples if labels.items() <= sample.labels.items())


@pytest.fixture
def playground(kafka: str, tmp_path: Path) -> Playground:
    return Playground(kafka, tmp_path)


@pytest.fixture
def worker(playground: Playground) -> Iterator[Seen]:
    """Started on a changelog that takes a while to restore."""
    playground.send(*((f"key-{number}", "1") for number in range(CHANGELOG_RECORDS)), topic=playground.changelog, partition=0)
    log = playground.folder / "seen.log"
    command = [sys.executable, str(HERE / "worker_process.py"), playground.bootstrap, str(playground.folder), playground.name]
    with log.open("ab") as target:
        process = subprocess.Popen(
            [*command, "one", "run"], cwd=HERE.parent.parent, stderr=target, env={**os.environ, "LODESTREAM_METRICS__PORT": "0"}
        )
    try:
        yield Seen(process, log)
    finally:
        process.kill()
        process.wait(30)


def test_a_worker_is_ready_once_it_has_restored_and_tells_what_it_does(playground: Playground, worker: Seen) -> None:
    wait("the worker to serve", worker.find)
    answers: list[tuple[int, str]] = []

    def ready() -> bool:
        answers.append(worker.get("/ready"))
        assert worker.get("/health")[0] == 200
        return answers[-1][0] == 200

    wait("the worker to be ready", ready)
    not_yet = [json.loads(body) for status, body in answers if status == 503]
    assert any(body["reason"] == "partitions are being restored" for body in not_yet)
    assert any(f"{playground.source}/0" in body.get("restoring", {}) for body in not_yet)
    assert json.loads(answers[-1][1])["running"] == 2
    assert worker.value("lodestream_restored_records_total") >= CHANGELOG_RECORDS
    assert worker.value("lodestream_partitions", phase="running") == 2

    playground.send(*((f"k{number % 7}", "1") for number in range(100)))
    wait("what was sent to be counted", lambda: worker.value("lodestream_records_in_total") == 100)
    assert worker.value("lodestream_records_out_total") == 100
    batches = worker.value("lodestream_batch_seconds_count")
    assert 1 <= batches <= 100
    assert worker.value("lodestream_record_age_seconds_count") >= batches
    assert worker.value("lodestream_batch_seconds_sum") >= worker.value("lodestream_commit_seconds_sum") > 0

    playground.send(("k", "poison"), partition=1)
    wait("the partition to stop", lambda: worker.get("/ready")[0] == 503)
    assert json.loads(worker.get("/ready")[1])["stopped"] == [f"{playground.source}/1"]
    assert worker.get("/health")[0] == 200
    assert worker.value("lodestream_partitions", phase="stopped") == 1
    wait("its records to be seen as left", lambda: worker.value("lodestream_lag_records", partition="1") >= 1)
    worker.process.terminate()
    assert worker.process.wait(30) == 0
