"""One event's whole way on real components: real Kafka, worker processes, ClickHouse's engine, a credential that verifies."""

import json
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from lodestream.credentials.record import CredentialRecord
from lodestream.epcis.intake import Accepted, intake
from lodestream.epcis.routing import entry_for, route
from lodestream.ledger.book import Register
from lodestream.ledger.fold import Fold
from lodestream.ledger.records import Outcome
from schemas.topics import CREDENTIALS, TRANSACTIONS
from tests.way.cluster import ROOT, Cluster, agrees_with_the_log
from tests.way.scenarios import NUMBERS, PRECURSOR, QUESTION
from tests.way.telling import every_record_says_what_it_is, every_worker_tells
from tests.way.traffic import traffic

pytestmark = pytest.mark.kafka


def straight(documents: list[bytes]) -> Fold:
    """The same documents through gate and ledger as pure functions, nothing else in between; recorded now, as by the broker."""
    fold, now = Fold(), time.time_ns() // 1000
    for one in documents:
        for item in intake(one):
            if isinstance(item, Accepted):
                where = route(item.event, Register())
                fold.submit(entry_for(item.event, where, "test", now, None))
    return fold


def state(fold: Fold) -> tuple[object, object, object]:
    """Accounts, lots and open findings: what two runs of the same inbox must agree on."""
    findings = sorted((site, f.id, f.severity) for site, f in fold.open_findings())
    return fold.accounts(), [replace(lot, seq=0) for lot in fold.lots()], findings


def test_from_documents_to_credentials_and_tables(cluster: Cluster, tmp_path: Path) -> None:
    """The examples, through every worker; ClickHouse agrees with the ledger and has the numbers of the worked scenarios; a
    credential verifies, a changed one does not."""
    workers = [cluster.start(name) for name in ("gate", "ledger", "issuer", "sink")]
    cluster.lodestream("capture", "examples")
    rows = [
        json.loads(line)
        for line in cluster.lodestream("validate", "--json", *sorted(ROOT.glob("examples/*/*.json")), code=1).splitlines()
    ]
    cluster.wait_for_outcomes(sum(row["status"] == "accepted" for row in rows))
    agrees_with_the_log(cluster)

    def issued() -> list[CredentialRecord]:
        return cluster.values(CREDENTIALS, CredentialRecord)

    def landed() -> bool:
        answer = cluster.ask("SELECT count() AS n FROM transactions")
        return answer is not None and int(answer["n"]) >= len(cluster.values(TRANSACTIONS, Outcome))

    cluster.wait(lambda: len(issued()) >= 3, "credentials")
    cluster.wait(landed, "rows")
    every_record_says_what_it_is(cluster)
    every_worker_tells(cluster)
    for worker in workers:
        cluster.stop(worker)
    cluster.lodestream("sink", "verify")
    told = {int(row["n"]): int(row["value"]) for row in cluster.rows(QUESTION)}
    assert [told[n] for n in range(len(NUMBERS))] == [one.value for one in NUMBERS]
    nickel = next(row for row in map(json.loads, cluster.lodestream("article8", "--json", "--site", PRECURSOR).splitlines())
                  if row["element"] == "Ni")  # fmt: skip
    assert (nickel["total_mg"], nickel["recycled_percent"]) == ("46736000000", "35.411021")
    for held_by in ("kafka", "clickhouse"):
        head = json.loads(cluster.lodestream("audit", "--from", held_by, "--json").splitlines()[0])
        assert (head["ok"], head["waiting"], head["outcomes"]) == (True, 0, len(cluster.values(TRANSACTIONS, Outcome)))
    credential = tmp_path / "credential.json"
    credential.write_text(issued()[0].envelope)
    assert cluster.lodestream("verify", credential).startswith("VERIFIED")
    credential.write_text(issued()[0].envelope.replace("vc+jwt,ey", "vc+jwt,ez"))
    cluster.lodestream("verify", credential, code=1)


@pytest.mark.parametrize("receipts_first", [False, True])
def test_two_ledgers_one_leaving_and_either_order(cluster: Cluster, receipts_first: bool) -> None:
    """Offers and receipts in either order, two ledger workers of which one leaves: the books are those of the pure fold."""
    documents = traffic(4, 12, receipts_first=receipts_first)
    one, _two, _gate = cluster.start("ledger", "one"), cluster.start("ledger", "two"), cluster.start("gate")
    cluster.capture(documents[: len(documents) // 2])
    cluster.wait_for_outcomes(len(documents) // 4 * 5)
    cluster.capture(documents[len(documents) // 2 :])
    cluster.stop(one)
    cluster.wait_for_outcomes(len(documents) // 2 * 5)
    assert state(agrees_with_the_log(cluster)) == state(straight(documents)) == state(straight(traffic(4, 12)))


def test_a_killed_ledger_doubles_and_loses_nothing(cluster: Cluster) -> None:
    """kill -9 while it works, and again; then it goes on from what is committed."""
    documents = traffic(4, 25)
    cluster.start("gate")
    cluster.capture(documents)
    for _ in range(3):
        worker = cluster.start("ledger")
        seen = len(cluster.values(TRANSACTIONS, Outcome))
        cluster.wait(lambda seen=seen: len(cluster.values(TRANSACTIONS, Outcome)) > seen or seen >= 500, "some work")
        worker.kill()
        worker.wait(30)
        cluster.workers.remove(worker)
    cluster.start("ledger")
    cluster.wait_for_outcomes(len(documents) // 2 * 5)
    assert state(agrees_with_the_log(cluster)) == state(straight(documents))
