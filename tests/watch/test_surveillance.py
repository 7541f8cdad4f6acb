"""What the watch does with records, and when something is wrong with one of them, with a rule, or with the broker."""

import asyncio
import ssl
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from aiokafka.coordinator.protocol import ConsumerProtocolMemberMetadata
from faust.auth import SASLCredentials, SSLCredentials

from lodestream.ledger.book import BookFile
from lodestream.ledger.records import Entry, Outcome
from lodestream.watch.drift import Drift
from runtime.errors import FatalError
from runtime.port import Partition
from runtime.processor import Record
from runtime.settings import load
from schemas.codec import encode
from schemas.topics import TRANSACTIONS
from streams.watch.app import _Work
from streams.watch.driver import AllToOne
from streams.watch.security import credentials_of
from streams.watch.surveillance import Surveillance
from tests.watch.watching import outcome, run

MG = 1_000_000


@pytest.fixture
def surveillance() -> Surveillance:
    return Surveillance(BookFile(), 60_000_000)


def record(one: Outcome | bytes, offset: int, partition: int = 0) -> Record:
    return Record(TRANSACTIONS, partition, offset, 7, b"a", one if isinstance(one, bytes) else encode(one))


def drifting(site: str, first: int) -> list[Outcome]:
    return [run(site, first + n, 1_000 * MG, 990 * MG, 5 * MG) for n in range(4)]


def test_it_remembers_how_far_it_is_and_gives_each_finding_once(surveillance: Surveillance) -> None:
    runs = drifting("a", 1)
    times = [surveillance.take(record(one, 10 + n)) for n, one in enumerate(runs)]
    assert times == [one.record_time_us for one in runs]
    assert surveillance.taken == {Partition(TRANSACTIONS, 0): 14}
    (entry,) = surveillance.unsent()
    assert entry.finding is not None
    assert entry.finding.code == "DRIFT"
    assert surveillance.found == {("DRIFT", "warn"): 1}
    assert surveillance.unsent() == []
    surveillance.take(record(runs[-1], 13))
    assert surveillance.unsent() == [], "again"


def test_what_the_log_holds_is_not_sent_again(surveillance: Surveillance) -> None:
    for n, one in enumerate(drifting("a", 1)):
        surveillance.take(record(one, n))
    twin = Surveillance(BookFile(), 60_000_000)
    for n, one in enumerate(drifting("a", 1)):
        twin.take(record(one, n))
    (entry,) = surveillance.unsent()
    twin.take(record(outcome("a", 5, "finding", entry_id=entry.entry_id), 4))
    assert twin.unsent() == []


def test_a_record_that_nobody_can_read_is_passed_over(surveillance: Surveillance) -> None:
    with structlog.testing.capture_logs() as logged:
        assert surveillance.take(record(b"rubbish", 0)) == 0
    assert [(line["alert"], line["offset"]) for line in logged] == [(True, 0)]
    for n, one in enumerate(drifting("a", 1)):
        surveillance.take(record(one, n + 1))
    assert len(surveillance.unsent()) == 1


def test_a_rule_that_raises_costs_its_findings_and_no_more(surveillance: Surveillance, monkeypatch: pytest.MonkeyPatch) -> None:
    def planted(self: Drift, *_: Any) -> None:
        raise ZeroDivisionError("planted")

    with monkeypatch.context() as broken, structlog.testing.capture_logs() as logged:
        broken.setattr(Drift, "_cusum", planted)
        assert surveillance.take(record(run("a", 1, 2, 1, 1), 0)) == 0
    assert [(line["alert"], line["offset"]) for line in logged] == [(True, 0)]
    for n, one in enumerate(drifting("a", 2)):
        surveillance.take(record(one, n + 1))
    assert len(surveillance.unsent()) == 1


def test_an_entry_that_cannot_be_written_ends_the_process(surveillance: Surveillance) -> None:
    """Nothing leaves the agent: the app crashes with the reason, and whoever starts it again finds the entry again."""
    reasons: list[BaseException] = []

    async def crash(reason: BaseException) -> None:
        reasons.append(reason)

    async def send(**_: Any) -> None:
        raise TimeoutError("planted")

    app = SimpleNamespace(crash=crash, topic=lambda *_, **__: SimpleNamespace(send=send))
    work = _Work(app, load(), surveillance)  # type: ignore[arg-type]
    asyncio.run(work._send([Entry("e", "a", "TICK", 1, tick_us=1)]))
    assert isinstance(reasons[0], FatalError)
    assert "planted" in str(reasons[0])


def test_one_member_gets_every_partition() -> None:
    members = {name: ConsumerProtocolMemberMetadata(0, ["t"], b"") for name in ("b", "a", "c")}
    cluster = SimpleNamespace(partitions_for_topic=lambda topic: {2, 0, 1})
    given = AllToOne.assign(cluster, members)
    assert {name: [tp.partition for tp in each.partitions()] for name, each in given.items()} == {
        "a": [0, 1, 2],
        "b": [],
        "c": [],
    }


def test_security_is_that_of_the_other_clients() -> None:
    assert credentials_of({}) is None
    assert isinstance(credentials_of({"security.protocol": "ssl"}), SSLCredentials)
    options = {"security.protocol": "SASL_SSL", "sasl.mechanism": "SCRAM-SHA-512", "sasl.username": "u", "sasl.password": "p"}
    made = credentials_of(options)
    assert isinstance(made, SASLCredentials)
    assert (made.username, made.password, made.mechanism.value) == ("u", "p", "SCRAM-SHA-512")
    assert isinstance(made.ssl_context, ssl.SSLContext)
    assert made.ssl_context.check_hostname
    with pytest.raises(FatalError, match="GSSAPI"):
        credentials_of({"security.protocol": "SASL_PLAINTEXT"})
    with pytest.raises(FatalError, match="certificates"):
        credentials_of({"security.protocol": "SSL", "ssl.ca.location": "/nowhere.pem"})
