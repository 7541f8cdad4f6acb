"""What a worker tells of itself: counted after the commit only, ready when every partition runs, served to whoever asks."""

import http.client
import json
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest
from broker_tools import wait
from fake_log import FakeLog, Time
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families
from toy import Summing

from runtime.assignment import Phase
from runtime.errors import AbortError, FatalError
from runtime.health import Health, Picture
from runtime.loop import Loop
from runtime.metrics import Instruments, Metrics
from runtime.port import Partition
from runtime.processor import Effects, Record, State, Tally
from runtime.serve import CLIENTS, Server
from runtime.state import MemoryStores

ZERO, ONE = Partition("in", 0), Partition("in", 1)
ODD = Tally("odd", "Values that are odd, by last digit", ("digit",))


class Counting(Summing):
    """Sums, and counts what is odd."""

    def process(self, records: Sequence[Record], state: State) -> Effects:
        effects = super().process(records, state)
        for record in records:
            if int(record.value or b"0") % 2:
                key = ODD, ((record.value or b"0").decode()[-1],)
                effects.tallies[key] = effects.tallies.get(key, 0) + 1
        return effects


@dataclass
class Bench:
    """A loop with metrics; every round makes a new picture."""

    log: FakeLog = field(default_factory=FakeLog)
    health: Health = field(default_factory=lambda: Health("toy", 120))

    def __post_init__(self) -> None:
        self.instruments = Instruments(self.health)
        self.metrics = Metrics(self.instruments, lambda partitions: {at: len(self.log.topics.get(at, [])) for at in partitions})
        processor = Counting("toy", "in", "out", "changelog")
        clock = Time().clock()
        self.loop = Loop(processor, self.log, MemoryStores(), clock, batch_records=3, poll_s=0.1, watch=self.metrics)
        self.loop.open()

    def steps(self, count: int) -> None:
        for _ in range(count):
            self.metrics._pictured = 0.0
            self.loop.step()

    def value(self, name: str, **labels: str) -> float | None:
        return self.instruments.registry.get_sample_value(f"lodestream_{name}", {"worker": "toy", **labels})


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_batch_is_counted_once_it_is_committed(bench: Bench) -> None:
    for value in (b"1", b"2", b"11", b"3", b"4"):
        bench.log.add(ZERO, b"k", value)
    bench.log.fault("commit", AbortError("made up", transient=True))
    bench.steps(3)
    assert bench.value("records_in_total", topic="in") is None
    bench.steps(5)
    assert bench.value("records_in_total", topic="in") == 5
    assert bench.value("records_out_total") == 5
    assert (bench.value("odd_total", digit="1"), bench.value("odd_total", digit="3")) == (2, 1)
    assert (bench.value("aborts_total", transient="yes"), bench.value("aborts_total", transient="no")) == (1, 0)
    for name in ("batch_seconds", "plan_seconds", "commit_seconds"):
        assert bench.value(f"{name}_count") == 2
    assert bench.value("plan_seconds_sum") + bench.value("commit_seconds_sum") == pytest.approx(bench.value("batch_seconds_sum"))  # type: ignore[operator]


def test_lag_is_what_is_left_of_each_partition(bench: Bench) -> None:
    for _ in range(7):
        bench.log.add(ZERO, b"k", b"1")
    bench.steps(3)
    seen = {bench.value("lag_records", topic="in", partition="0")}
    for _ in range(4):
        bench.steps(1)
        seen.add(bench.value("lag_records", topic="in", partition="0"))
    assert {4, 1, 0} <= seen
    assert bench.value("lag_records", topic="in", partition="1") == 0


def test_ready_is_who_has_every_partition_running(bench: Bench) -> None:
    for number in range(5):
        bench.log.add(Partition("changelog", 0), b"k%d" % number, b"1")
    assert bench.health.ready().body["reason"] == "the group has not decided yet"
    bench.steps(1)
    restoring = bench.health.ready()
    assert not restoring.well
    assert restoring.body["restoring"] == {"in/0": 5, "in/1": 0}
    assert (bench.value("partitions", phase="restoring"), bench.value("ready")) == (2, 0)
    assert bench.health.restoring_s() > 0
    bench.steps(6)
    assert bench.health.ready().well
    assert (bench.value("partitions", phase="running"), bench.value("ready")) == (2, 1)
    assert bench.value("restored_records_total") == 5
    assert bench.value("restore_seconds_count") == 2
    assert bench.value("restoring_seconds") == 0


def test_a_stopped_partition_is_not_ready_and_says_so(bench: Bench) -> None:
    bench.log.add(ONE, b"k", b"poison")
    bench.steps(8)
    told = bench.health.ready()
    assert (told.well, told.body["stopped"]) == (False, ["in/1"])
    assert bench.value("partitions", phase="stopped") == 1


def test_what_is_taken_away_is_not_told_of_any_more(bench: Bench) -> None:
    bench.steps(8)
    bench.log.rebalances.append(("revoked", [ZERO]))
    bench.steps(1)
    assert bench.value("lag_records", topic="in", partition="0") is None
    assert bench.health.ready().body["running"] == 1
    bench.log.rebalances.append(("revoked", [ONE]))
    bench.steps(1)
    assert bench.health.ready().well, "a worker with nothing to do is ready to do it"


def test_a_loop_that_does_not_come_round_is_dead() -> None:
    now = [0.0]
    health = Health("toy", 30, lambda: now[0])
    assert health.alive().well
    now[0] = 29
    assert health.alive().well
    now[0] = 30
    assert not health.alive().well
    health.beat()
    assert health.alive().well


# --- over HTTP -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def served() -> Iterator[tuple[Health, Server]]:
    health = Health("toy", 30)
    server = Server("127.0.0.1", 0, Instruments(health).registry, health)
    try:
        yield health, server
    finally:
        server.close()


def get(server: Server, path: str, method: str = "GET") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_health_and_metrics_are_served(served: tuple[Health, Server]) -> None:
    health, server = served
    assert get(server, "/health")[0] == 200
    status, body = get(server, "/ready")
    assert (status, json.loads(body)["reason"]) == (503, "the group has not decided yet")
    health.beat(Picture({ZERO: Phase.RUNNING}, {ZERO: 0.0}), joined=True)
    assert get(server, "/ready?verbose=1") == (200, b'{"worker": "toy", "running": 1}')
    status, body = get(server, "/metrics")
    found = {family.name: family for family in text_string_to_metric_families(body.decode())}
    assert status == 200
    assert found["lodestream_ready"].samples[0].value == 1
    assert found["process_resident_memory_bytes"].samples[0].value > 1_000_000


@pytest.mark.parametrize(
    ("path", "method", "status"), [("/", "GET", 404), ("/../metrics", "GET", 404), ("/metrics", "POST", 501)]
)
def test_nothing_else_is_served(served: tuple[Health, Server], path: str, method: str, status: int) -> None:
    assert get(served[1], path, method)[0] == status


def test_silent_clients_hold_up_so_many_and_no_more(served: tuple[Health, Server]) -> None:
    _, server = served
    silent = [socket.create_connection(("127.0.0.1", server.port), timeout=10) for _ in range(CLIENTS + 4)]
    try:
        for hung_up_on in silent[CLIENTS:]:
            assert hung_up_on.recv(1) == b""
    finally:
        for each in silent:
            each.close()

    def answered() -> bool:
        try:
            return get(server, "/health")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    wait("the places of those who left", answered)


def test_an_address_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(FatalError, match="cannot be served"):
        Server("127.0.0.1", taken.getsockname()[1], CollectorRegistry(), Health("toy", 30))
