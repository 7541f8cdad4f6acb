"""The questions of the command line, on the plant."""

from collections.abc import Iterator

# ruff: noqa: S608  # every name in these queries is our own
import pytest
from clickhouse_connect.driver.client import Client
from msgspec.structs import replace

from lodestream.ledger.records import Edge, Outcome
from schemas import topics
from sinks.clickhouse import queries
from sinks.clickhouse.plan import Batch
from sinks.clickhouse.readonly import DirectReader, Reader
from sinks.clickhouse.store import Store
from sinks.clickhouse.trace import trace
from tests.sinks.made import CATHODE, CONCENTRATE, CREDENTIAL, KG, MINE, REJECTION, SLAG, SMELTER, START, lot, records

pytestmark = pytest.mark.embedded


@pytest.fixture
def reader(client: Client, url: str) -> Iterator[Reader]:
    reader = DirectReader(url)
    yield reader
    reader.close()


def test_balances(seeded: Client, reader: Reader) -> None:
    found = {(b.site, b.account): b.balance_mg for b in queries.balances(reader)}
    assert found[MINE, "UNACCOUNTED"] == 150 * KG
    assert found[SMELTER, f"STOCK({CATHODE})"] == 27_480 * KG
    assert (MINE, "WIP(urn:heat:1)") not in found
    assert {b.site for b in queries.balances(reader, SMELTER)} == {SMELTER}
    assert ("WIP(urn:heat:1)", 0) in {(b.account, b.balance_mg) for b in queries.balances(reader, zeros=True)}
    assert queries.balances(reader, "urn:nowhere") == []


def test_site_balances(seeded: Client, reader: Reader) -> None:
    mine, smelter = queries.site_balances(reader)
    assert (mine.entered_mg, mine.losses_mg, mine.unaccounted_mg) == (28_500 * KG, 850 * KG, 150 * KG)
    assert smelter.stock_mg == 27_480 * KG


def test_lots(seeded: Client, reader: Reader) -> None:
    assert [(one.site, one.lot) for one in queries.lots(reader)] == [(MINE, SLAG), (SMELTER, CATHODE)]
    assert len(queries.lots(reader, empty=True)) == 4
    (slag,) = queries.lots(reader, MINE)
    assert (slag.contained_mg, slag.loss_class, slag.assayed, slag.parents) == ({"Cu": 850 * KG}, "slag", True, [CONCENTRATE])


def test_findings(seeded: Client, reader: Reader) -> None:
    assert [f.code for f in queries.findings(reader)] == ["IMPOSSIBLE", "DRIFT", "LOSS_UNEXPLAINED", "NO_BOOK"]
    assert [f.code for f in queries.findings(reader, state="resolved")] == ["PHANTOM_STOCK"]
    assert [f.code for f in queries.findings(reader, severity="hard")] == ["IMPOSSIBLE"]
    assert [f.code for f in queries.findings(reader, code="NO_BOOK")] == ["NO_BOOK"]
    assert queries.findings(reader, SMELTER, state=None) == []


def test_credentials(seeded: Client, reader: Reader) -> None:
    (found,) = queries.credentials(reader, lot=CATHODE)
    assert (found.credential_id, found.status, found.status_reason) == (CREDENTIAL.id, "revoked", "finding IMPOSSIBLE")
    assert queries.credentials(reader, lot=SLAG) == []
    assert queries.envelope(reader, CREDENTIAL.id) == CREDENTIAL.envelope
    assert queries.envelope(reader, "none") is None


def test_rejections(seeded: Client, reader: Reader) -> None:
    (found,) = queries.rejections(reader)
    assert (found.code, found.event_index, found.pointer, found.source) == (REJECTION.code, 0, REJECTION.pointer, "mes")
    assert queries.rejections(reader, source="carrier") == []


def test_counts(seeded: Client, reader: Reader) -> None:
    found = queries.counts(reader)
    assert found.outcomes == {"DUPLICATE": 1, "PARKED": 1, "TRANSACTION": 10}
    assert (found.entries, found.events, found.postings, found.lots) == (11, 6, 13, 4)
    assert found.open_findings == {"hard": 1, "info": 1, "warn": 2}
    assert (found.rejections, found.credentials, found.dead_letters) == (1, 1, 0)


def test_a_lot_is_traced_over_the_sites(seeded: Client, reader: Reader) -> None:
    received = trace(reader, CATHODE, SMELTER)
    assert [(e.step, e.from_site, e.from_lot, e.to_site, e.to_lot) for e in received.upstream] == [
        (1, MINE, CATHODE, SMELTER, CATHODE),
        (2, MINE, CONCENTRATE, MINE, CATHODE),
    ]
    assert received.upstream[1].contained_mg == {"Cu": 27_500 * KG}
    assert (received.downstream, received.complete) == ([], True)
    ore = trace(reader, CONCENTRATE)
    assert {(e.step, e.to_site, e.to_lot) for e in ore.downstream} == {(1, MINE, CATHODE), (1, MINE, SLAG), (2, SMELTER, CATHODE)}
    assert trace(reader, "urn:unknown").lots == []


def test_a_link_says_its_event_and_the_origins_of_what_went(client: Client, store: Store, reader: Reader) -> None:
    shares = {"Cu": {"ZM mine mine -": 2, "CL - mine -": 1}, "Co": {"CD - mine -": 5}, "Ni": {"ZZ - - -": 0}}
    from_lot = replace(lot(MINE, "a", 3, 1, 3), shares=shares)
    edge = Edge(MINE, "a", 3, SMELTER, "b", 1, KG, {"Cu": 1_000_000, "Ni": 0})
    first = Outcome(
        "TRANSACTION", "e", "t1", 1, MINE, 1, START, START, "create", 1, lots=[from_lot, replace(from_lot, seq=4, shares={})]
    )
    second = Outcome(
        "TRANSACTION", "f", "t2", 1, SMELTER, 1, START, START, "receive", 1, event_id="urn:e:2", biz_step="receiving",
        lots=[lot(SMELTER, "b", 1, 1, 1)], edges=[edge],
    )  # fmt: skip
    write(store, [first, second])
    (link,) = trace(reader, "b").upstream
    assert (link.event_id, link.biz_step, link.kind, link.txn_id, link.txn_seq) == ("urn:e:2", "receiving", "receive", "t2", 1)
    assert link.shares_percent == {"Cu": {"ZM mine mine -": "66.6667", "CL - mine -": "33.3333"}}
    assert trace(reader, "a").downstream == [link]


def test_a_step_reads_a_few_granules_of_a_long_lineage(client: Client, store: Store, reader: Reader) -> None:
    """Both ways by a key or an index: as a share of all granules, so that a million lots take no longer than a thousand."""
    client.command(
        "INSERT INTO lodestream_raw.lineage (to_site, to_lot, to_seq, from_site, from_lot, from_seq, txn_id, txn_seq)"
        " SELECT 's', hex(sipHash64(number)), 1, 's', hex(sipHash64(number + 1)), 1, toString(number), 1 FROM numbers(200000)"
    )
    client.command("OPTIMIZE TABLE lodestream_raw.lineage FINAL")
    for near in ("to", "from"):
        plan = reader.query(
            "EXPLAIN indexes = 1 SELECT txn_id FROM lodestream.lineage"
            f" WHERE ({near}_site, {near}_lot) IN (SELECT 's', hex(sipHash64(100000)))"
        ).rows
        read, of = next(reversed([line.split("Granules: ")[1].split("/") for (line,) in plan if "Granules: " in line]))
        assert int(of) > 20 or near == "from"
        assert int(read) <= 2, plan


def lineage(*edges: tuple[str, int, str, int]) -> list[Outcome]:
    """Outcomes at the mine with these edges, and the lots that they name."""
    made = [Edge(MINE, a, a_seq, MINE, b, b_seq, KG, {"Cu": KG}) for a, a_seq, b, b_seq in edges]
    lots = [
        lot(MINE, name, seq, 1, 1) for name, seq in sorted({(a, s) for a, s, _, _ in edges} | {(b, s) for _, _, b, s in edges})
    ]
    return [Outcome("TRANSACTION", "e", "t", 1, MINE, 1, START, START, edges=made, lots=lots)]


def write(store: Store, outcomes: list[Outcome]) -> None:
    made = records(topics.TRANSACTIONS, outcomes)
    store.write(Batch(topics.TRANSACTIONS, "lineage", 0, 0, tuple(made)))


def test_what_came_later_is_no_origin(client: Client, store: Store, reader: Reader) -> None:
    """b(2) was drawn before c went into it: c is no origin of d."""
    write(store, lineage(("a", 1, "b", 1), ("b", 1, "d", 1), ("c", 1, "b", 2), ("b", 2, "e", 1)))
    assert {e.from_lot for e in trace(reader, "d").upstream} == {"a", "b"}
    assert {e.from_lot for e in trace(reader, "e").upstream} == {"a", "b", "c"}
    assert {e.to_lot for e in trace(reader, "c").downstream} == {"b", "e"}
    assert {e.to_lot for e in trace(reader, "a").downstream} == {"b", "d", "e"}


def test_a_diamond_and_a_return_end(client: Client, store: Store, reader: Reader) -> None:
    """Thirty diamonds in a row have 2^30 paths and 90 edges; the last lot goes back into the first."""
    edges = []
    for n in range(30):
        edges += [(f"x{n}", 1, f"l{n}", 1), (f"x{n}", 1, f"r{n}", 1), (f"l{n}", 1, f"x{n + 1}", 1), (f"r{n}", 1, f"x{n + 1}", 1)]
    write(store, lineage(*edges, ("x30", 1, "x0", 2)))
    found = trace(reader, "x30")
    assert (len(found.upstream), found.complete) == (120, True)
    assert [e.to_lot for e in found.downstream] == ["x0"]
    bounded = trace(reader, "x30", steps=4)
    assert (len(bounded.upstream), bounded.complete) == (8, False)
    few = trace(reader, "x30", edges=5)
    assert (len(few.upstream), few.complete) == (5, False)
