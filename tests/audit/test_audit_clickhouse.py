"""The same in ClickHouse: whoever edits, deletes, inserts or moves a row of any table is found, and the row is named."""

# ruff: noqa: S608  # every name in these queries is our own

from collections.abc import Iterator
from decimal import Decimal

import pytest
from clickhouse_connect.driver.client import Client
from msgspec.structs import replace

from lodestream.audit.audit import merged
from lodestream.audit.values import Difference, Verdict
from lodestream.ledger.chain import chain_value
from lodestream.ledger.records import Entry, Line, Outcome, StatedAssay
from lodestream.ledger.unreadable import unreadable
from runtime.partitioner import partition_of
from runtime.processor import Record
from schemas import topics
from schemas.codec import encode
from sinks.clickhouse import audit as books
from sinks.clickhouse.columns import TABLES, differing_columns
from sinks.clickhouse.plan import Batch
from sinks.clickhouse.readonly import DirectReader
from sinks.clickhouse.store import Store
from tests.audit.histories import LOT, MINE, SMELTER, honest
from tests.sinks.made import TOPIC_ID, mine

pytestmark = pytest.mark.embedded

RAW = "lodestream_raw"
PARTITIONS = 4
ENTRIES, OUTCOMES = honest(2)
WAIT = {"mutations_sync": "2", "lightweight_deletes_sync": "2"}


def sow(store: Store, topic: str, values: list[Entry] | list[Outcome], token: str = TOPIC_ID) -> None:
    by_partition: dict[int, list[Record]] = {}
    for value in values:
        number = partition_of(value.site.encode(), PARTITIONS)
        into = by_partition.setdefault(number, [])
        into.append(Record(topic, number, 2 * len(into), 0, value.site.encode(), encode(value)))
    for number, records in by_partition.items():
        store.write(Batch(topic, token, number, 0, tuple(records)))


@pytest.fixture
def kept(client: Client, store: Store) -> Client:
    """A client on the tables of honest books."""
    sow(store, topics.ENTRIES, ENTRIES)
    sow(store, topics.TRANSACTIONS, OUTCOMES)
    return client


@pytest.fixture
def reader(client: Client, url: str) -> Iterator[DirectReader]:
    reader = DirectReader(url)
    yield reader
    reader.close()


def verdict(reader: DirectReader, processes: int = 2) -> Verdict:
    skips = books.skipped(reader)
    return merged(books.audit_range(reader, one, PARTITIONS, skips) for one in books.ranges(reader, processes))


def found(reader: DirectReader) -> Difference:
    difference = verdict(reader).difference or differing_columns(reader)
    assert difference is not None
    return difference


@pytest.mark.parametrize("page", [1, 4_000])
@pytest.mark.parametrize("processes", [1, 9])
def test_honest_tables_are_in_order(
    kept: Client, reader: DirectReader, monkeypatch: pytest.MonkeyPatch, page: int, processes: int
) -> None:
    for name in ("_ENTRIES", "_CHAINED", "_OTHERS"):
        monkeypatch.setattr(books, name, getattr(books, name).replace("LIMIT 4000", f"LIMIT {page}"))
    monkeypatch.setattr(books, "PAGE", page)
    said = verdict(reader, processes)
    assert said.difference is None
    assert (said.entries, said.outcomes) == (len(ENTRIES), len(OUTCOMES))
    assert differing_columns(reader) is None


def test_every_column_of_the_plant_is_what_its_record_says(client: Client, store: Store, reader: DirectReader) -> None:
    """All kinds of values: shares, carbon, decimals with more digits than the column, an origin, findings."""
    book = mine()
    odd = Decimal("1234567890123456789012345678.00000000150000000001")
    line = Line(
        "input", LOT + "X", 1, 1, {"Zn": 1, "Cu": 2}, odd, "KGM", assays=[StatedAssay("Zn", odd, "P1", "dry", "final", "'\\")]
    )
    book.outcomes[0] = replace(
        book.outcomes[0], lines=[line, replace(line, quantity=Decimal("1E+30")), replace(line, quantity=None)]
    )
    sow(store, topics.ENTRIES, book.entries)
    sow(store, topics.TRANSACTIONS, book.outcomes)
    assert differing_columns(reader) is None
    for table in TABLES:
        assert client.command(f"SELECT count() FROM {RAW}.{table.row.table}") > 0, table.row.table


def test_rows_that_stand_twice_until_they_merge_are_no_difference(kept: Client, store: Store, reader: DirectReader) -> None:
    kept.command("SYSTEM STOP MERGES")
    try:
        sow(store, topics.TRANSACTIONS, OUTCOMES, "another")
        assert verdict(reader).difference is None
        assert differing_columns(reader) is None
    finally:
        kept.command("SYSTEM START MERGES")


ALTER = f"ALTER TABLE {RAW}"
MILLED = next(one for one in OUTCOMES if one.site == MINE and one.seq == 2)
SECOND = f"site = '{MINE}' AND seq = 2"


@pytest.mark.parametrize(
    ("tamper", "code", "named"),
    [
        (f"{ALTER}.transactions UPDATE record = replaceOne(record, '\"leg\":1', '\"leg\":7') WHERE {SECOND}", "EDITED", "leg 7"),
        (f"DELETE FROM {RAW}.transactions WHERE {SECOND}", "MISSING", "transaction 2"),
        (f"DELETE FROM {RAW}.transactions WHERE outcome = 'DUPLICATE'", "MISSING", "DUPLICATE"),
        (f"{ALTER}.transactions UPDATE record = 'x' WHERE {SECOND}", "UNDECODABLE", "transactions ("),
        (f"{ALTER}.entries UPDATE record = replaceOne(record, '000', '1') WHERE kind = 'OFFER'", "ENTRY_EDITED", "entries ("),
        (f"DELETE FROM {RAW}.entries WHERE entry_id = '{MILLED.entry_id}'", "ENTRY_MISSING", MILLED.entry_id),
        (f"{ALTER}.entries UPDATE record = '[' WHERE kind = 'OFFER'", "UNDECODABLE", "entries ("),
        (f"{ALTER}.transactions UPDATE kind = 'x' WHERE {SECOND}", "COLUMNS", "transactions, offset"),
        (f"{ALTER}.transactions UPDATE reason = 'x' WHERE outcome = 'PARKED'", "COLUMNS", "reason x"),
        (f"{ALTER}.entries UPDATE source = 'x' WHERE kind = 'OFFER'", "COLUMNS", "source x"),
        (f"{ALTER}.postings UPDATE amount_mg = amount_mg + 1 WHERE leg = 1", "COLUMNS", "amount_mg"),
        (f"{ALTER}.postings UPDATE valid_time = valid_time + 1 WHERE leg = 1", "COLUMNS", "valid_time_us"),
        (f"DELETE FROM {RAW}.postings WHERE leg = 1 AND site = '{SMELTER}'", "COLUMNS", "leg 1"),
        (f"INSERT INTO {RAW}.postings (site, element, amount_mg) VALUES ('s', 'Cu', 5)", "COLUMNS", "amount_mg 5"),
        (f"{ALTER}.postings UPDATE src_offset = src_offset + 2 WHERE leg = 0 AND txn_seq = 2", "COLUMNS", "postings"),
        (f"{ALTER}.lots UPDATE dry_mg = dry_mg + 1 WHERE lot = '{LOT}TAILS0'", "COLUMNS", f"lot {LOT}TAILS0"),
        (f"{ALTER}.lots UPDATE shares = map('Cu', map('ZM - mine -', 5)) WHERE lot = '{LOT}TAILS0'", "COLUMNS", "shares"),
        (f"{ALTER}.lots UPDATE contacts = ['x'] WHERE lot = '{LOT}TAILS0'", "COLUMNS", "contacts ['x']"),
        (f"DELETE FROM {RAW}.lots WHERE lot = '{LOT}CONC1'", "COLUMNS", f"lot {LOT}CONC1"),
        (f"{ALTER}.lineage UPDATE contained_mg = map('Cu', 1) WHERE edge = 0", "COLUMNS", "lineage"),
        (f"{ALTER}.findings UPDATE severity = 'info' WHERE severity = 'hold'", "COLUMNS", "severity info"),
        (f"DELETE FROM {RAW}.findings WHERE state = 'resolved'", "COLUMNS", "state resolved"),
        (f"{ALTER}.lines UPDATE wet_mg = 0 WHERE role = 'input'", "COLUMNS", "wet_mg 0"),
        (f"{ALTER}.lines UPDATE quantity = 1 WHERE role = 'input'", "COLUMNS", "quantity 1"),
    ],
)  # fmt: skip
def test_what_was_tampered_with_is_named(kept: Client, reader: DirectReader, tamper: str, code: str, named: str) -> None:
    kept.command(tamper, settings=WAIT)
    difference = found(reader)
    assert difference.code == code
    assert named in f"{difference.place} {difference.there} {difference.expected} {difference.says}"


def test_transactions_in_another_order_are_named(kept: Client, store: Store, reader: DirectReader) -> None:
    at_mine = [n for n, one in enumerate(OUTCOMES) if one.site == MINE and one.outcome == "TRANSACTION"]
    moved = [*OUTCOMES]
    moved[at_mine[1]], moved[at_mine[2]] = moved[at_mine[2]], moved[at_mine[1]]
    kept.command(f"TRUNCATE TABLE {RAW}.transactions")
    sow(store, topics.TRANSACTIONS, moved, "moved")
    difference = found(reader)
    assert difference.code == "REORDERED"
    assert difference.place.startswith("transactions (")


def test_a_forged_transaction_with_a_chain_of_its_own_is_named(kept: Client, store: Store, reader: DirectReader) -> None:
    """Who inserts metal at the end, chain and all, has no entry for it."""
    last = [one for one in OUTCOMES if one.site == MINE and one.outcome == "TRANSACTION"][-1]
    forged = replace(last, entry_id="ff" * 32, txn_id="ee" * 32, seq=last.seq + 1, prev=last.chain, chain="")
    forged = replace(forged, chain=chain_value(forged))
    number = partition_of(MINE.encode(), PARTITIONS)
    record = Record(topics.TRANSACTIONS, number, 1_000, 0, MINE.encode(), encode(forged))
    store.write(Batch(topics.TRANSACTIONS, TOPIC_ID, number, 999, (record,)))
    difference = found(reader)
    assert (difference.code, difference.expected) == ("ENTRY_MISSING", f"entry {'ff' * 32}")
    assert f"{number}/1000" in difference.says


def test_what_is_no_entry_has_the_outcome_that_its_bytes_give(kept: Client, store: Store, reader: DirectReader) -> None:
    number = partition_of(MINE.encode(), PARTITIONS)
    letter = Record(topics.ENTRIES, number, 500, 7, MINE.encode(), b"?")
    store.write(Batch(topics.ENTRIES, TOPIC_ID, number, 499, (letter,)))
    assert found(reader).code == "MISSING"
    digest = "8a8de823d5ed3e12746a62ef169bcf372be0ca44f0a1236abc35df05d96928e1"
    outcome = unreadable(MINE.encode(), digest, 7_000, "cannot be decoded: TOO_SHORT")
    written = Record(topics.TRANSACTIONS, number, 500, 7, MINE.encode(), encode(outcome))
    store.write(Batch(topics.TRANSACTIONS, TOPIC_ID, number, 499, (written,)))
    assert verdict(reader).difference is None


def test_an_entry_of_another_partition_is_left_to_sink_verify(kept: Client, store: Store, reader: DirectReader) -> None:
    number = (partition_of(MINE.encode(), PARTITIONS) + 1) % PARTITIONS
    stray = Record(topics.ENTRIES, number, 500, 7, MINE.encode(), encode(ENTRIES[0]))
    store.write(Batch(topics.ENTRIES, TOPIC_ID, number, 499, (stray,)))
    outcome = unreadable(MINE.encode(), "00" * 32, 7_000, "its site does not live in this partition")
    written = Record(topics.TRANSACTIONS, number, 500, 7, MINE.encode(), encode(outcome))
    store.write(Batch(topics.TRANSACTIONS, TOPIC_ID, number, 499, (written,)))
    assert verdict(reader).difference is None
