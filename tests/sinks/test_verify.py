"""`sink verify` is quiet over what is right, and finds what was taken away, doubled or edited."""

# ruff: noqa: S608  # every name in these queries is our own

import pytest
from clickhouse_connect.driver.client import Client
from msgspec.structs import replace

from runtime.processor import Record
from schemas import topics
from schemas.codec import encode
from sinks.clickhouse.plan import Batch
from sinks.clickhouse.readonly import DirectReader
from sinks.clickhouse.store import Store
from sinks.clickhouse.tables import ROWS
from sinks.clickhouse.verify import Report, questions, verify
from streams.ledger import LedgerProcessor
from tests.sinks.made import CATHODE, MINE, SLAG, SMELTER, TOPIC_ID, mine, plant

pytestmark = pytest.mark.embedded

RAW = "lodestream_raw"
_FORGED = """replaceOne(record, '"amount_mg":150000000', '"amount_mg":140000000')"""
FORGE = f"ALTER TABLE {RAW}.transactions UPDATE record = {_FORGED} WHERE kind = 'transform'"


def report(url: str) -> Report:
    reader = DirectReader(url)
    try:
        return verify(reader)
    finally:
        reader.close()


def faults(url: str) -> dict[str, str]:
    return {check.name: check.first for check in report(url).checks if not check.ok}


def test_the_plant_is_in_order(seeded: Client, url: str) -> None:
    found = report(url)
    assert [check for check in found.checks if not check.ok] == []
    assert found.ok
    assert found.unmerged == 0
    looked = {check.name: check.checked for check in found.checks}
    assert looked.pop("all_decoded") == sum(len(records) for records in plant())
    assert all(looked.values()), looked


def test_empty_tables_are_in_order(client: Client, url: str) -> None:
    assert report(url).ok


def test_each_table_is_counted() -> None:
    (counting,) = [question.sql for question in questions() if question.name == "rows_arrived"]
    for row in ROWS:
        assert row.table in {"events", "materials"} or f"lodestream_raw.{row.table} FINAL" in counting


def test_rows_that_stand_twice_are_told_and_are_no_fault(seeded: Client, url: str) -> None:
    seeded.command("SYSTEM STOP MERGES")
    try:
        seeded.command(f"INSERT INTO {RAW}.postings SELECT * FROM {RAW}.postings")
        found = report(url)
        assert found.ok
        assert found.unmerged > 0
    finally:
        seeded.command("SYSTEM START MERGES")


def where(**columns: object) -> str:
    return " AND ".join(f"{name} = {value!r}" for name, value in columns.items())


@pytest.mark.parametrize(
    ("tamper", "expected"),
    [
        (f"DELETE FROM {RAW}.postings WHERE account = 'UNACCOUNTED'", {"rows_arrived", "sums_are_zero", "postings_as_recorded"}),
        (f"DELETE FROM {RAW}.postings WHERE {where(account=f'STOCK({CATHODE})', site=SMELTER)}", {"lots_hold_their_postings"}),
        (f"DELETE FROM {RAW}.transactions WHERE seq = 2", {"sequence", "chain_links", "rows_arrived", "outcomes"}),
        (f"DELETE FROM {RAW}.transactions WHERE outcome = 'DUPLICATE'", {"outcomes", "rows_arrived"}),
        (f"DELETE FROM {RAW}.entries WHERE kind = 'EVENT' AND {where(site=MINE)}", {"rows_arrived", "events_arrived"}),
        (f"DELETE FROM {RAW}.events WHERE event_id LIKE '%3'", {"events_arrived"}),
        (f"DELETE FROM {RAW}.lots WHERE {where(lot=SLAG)}", {"lots_as_recorded", "lots_hold_their_postings", "rows_arrived"}),
        (f"DELETE FROM {RAW}.findings WHERE code = 'IMPOSSIBLE'", {"rows_arrived"}),
        (f"DELETE FROM {RAW}.credentials WHERE 1", {"rows_arrived"}),
        (f"ALTER TABLE {RAW}.postings UPDATE amount_mg = amount_mg + 1 WHERE leg = 0", {"sums_are_zero", "postings_as_recorded"}),
        (f"ALTER TABLE {RAW}.postings UPDATE amount_mg = 2 * amount_mg WHERE 1", {"lots_hold_their_postings"}),
        (f"ALTER TABLE {RAW}.lots UPDATE dry_mg = dry_mg + 1 WHERE {where(lot=SLAG)}", {"lots_as_recorded"}),
        (f"ALTER TABLE {RAW}.transactions UPDATE prev = 'x' WHERE seq = 3", {"chain_links"}),
        (FORGE, {"chain_values", "postings_as_recorded"}),
        (f"ALTER TABLE {RAW}.transactions UPDATE record = 'x' WHERE seq = 3", {"chain_values"}),
    ],
)  # fmt: skip
def test_what_was_tampered_with_is_found(seeded: Client, url: str, tamper: str, expected: set[str]) -> None:
    seeded.command(tamper, settings={"mutations_sync": "2", "lightweight_deletes_sync": "2"})
    found = faults(url)
    assert expected <= found.keys()
    assert all(found[name] for name in expected)


def test_a_transaction_that_the_log_holds_twice_is_found(seeded: Client, store: Store, url: str) -> None:
    outcome = mine().outcomes[0]
    record = Record(topics.TRANSACTIONS, 0, 100, 0, b"", encode(outcome))
    store.write(Batch(topics.TRANSACTIONS, TOPIC_ID, 0, 13, (record,)))
    assert {"no_double", "sequence", "outcomes"} <= faults(url).keys()


def test_an_entry_that_the_log_holds_twice_is_found(seeded: Client, store: Store, url: str) -> None:
    record = Record(topics.ENTRIES, 0, 100, 0, MINE.encode(), encode(mine().entries[0]))
    store.write(Batch(topics.ENTRIES, TOPIC_ID, 0, 13, (record,)))
    assert "no_double" in faults(url)


def test_a_batch_that_was_passed_over_is_found(seeded: Client, store: Store, url: str) -> None:
    record = Record(topics.ENTRIES, 5, 100, 0, MINE.encode(), encode(mine().entries[0]))
    store.write(Batch(topics.ENTRIES, TOPIC_ID, 5, 90, (record,)))
    assert "no_gap" not in faults(url)
    after = Record(topics.ENTRIES, 5, 120, 0, MINE.encode(), encode(mine().entries[1]))
    store.write(Batch(topics.ENTRIES, TOPIC_ID, 5, 110, (after,)))
    assert faults(url)["no_gap"] == f"{topics.ENTRIES}/5: after 101 comes 110"


def test_what_a_batch_has_written_before_it_is_whole_is_left_out(seeded: Client, store: Store, url: str) -> None:
    """A sink at work, or one that died: legs are there and their lots are not, and no batch says that they should be."""
    book = mine()
    book.post(book.entries[0], "create", [("Cu", "SOURCE(mine)", -1), ("Cu", f"STOCK({CATHODE})", 1)])
    record = Record(topics.TRANSACTIONS, 0, 100, 0, b"", encode(book.outcomes[-1]))
    store.write(Batch(topics.TRANSACTIONS, TOPIC_ID, 0, 13, (record,)))
    assert "lots_hold_their_postings" in faults(url)
    waits = {"mutations_sync": "2", "lightweight_deletes_sync": "2"}
    seeded.command(f"DELETE FROM {RAW}.sink_batches WHERE first_offset = 100", settings=waits)
    assert faults(url) == {}


def test_a_record_that_could_not_be_decoded_is_told(seeded: Client, store: Store, url: str) -> None:
    store.write(Batch(topics.REJECTED, TOPIC_ID, 3, 0, (Record(topics.REJECTED, 3, 4, 0, None, b"?"),)))
    assert faults(url)["all_decoded"].startswith(f"{topics.REJECTED}/3 offset 4: TOO_SHORT")


def test_entries_that_the_ledger_calls_unreadable_are_no_fault_and_without_its_word_they_are(
    seeded: Client, store: Store, url: str
) -> None:
    """Rubbish, twice, and nothing at all; an entry under a foreign key, and one in a partition that is not its site's."""
    first = 1000
    entry = encode(replace(mine().entries[0], entry_id="astray", origin=None))
    bad = [
        (b"\xff\x00", b"?"),
        (b"\xff\x00", b"?"),
        (b"k", None),
        (SMELTER.encode(), entry),
        (None, entry),
        (MINE.encode(), entry),
    ]
    asked = [Record(topics.ENTRIES, 7, first + n, 0, key, value) for n, (key, value) in enumerate(bad)]
    outputs = LedgerProcessor(64).process(asked, {}).outputs
    assert [output.partition for output in outputs] == [7] * len(bad)
    told = [Record(topics.TRANSACTIONS, 7, first + n, 0, output.key, output.value) for n, output in enumerate(outputs)]
    store.write(Batch(topics.ENTRIES, TOPIC_ID, 7, first, tuple(asked)))
    assert set(faults(url)) >= {"all_decoded"}
    for part in (told[:-1], told[-1:]):
        store.write(Batch(topics.TRANSACTIONS, TOPIC_ID, 7, part[0].offset, tuple(part)))
    assert faults(url) == {}
    letters = "SELECT src_offset, reason FROM lodestream_raw.dead_letters WHERE src_partition = 7 ORDER BY src_offset"
    assert seeded.query(letters).result_rows == [
        *((first + n, "TOO_SHORT") for n in range(3)),
        *((first + n, "FOREIGN_KEY") for n in (3, 4)),
    ]
    again = tuple(Record(one.topic, 7, one.offset + len(bad), 0, one.key, one.value) for one in told)
    store.write(Batch(topics.TRANSACTIONS, TOPIC_ID, 7, first + len(bad), again))
    assert set(faults(url)) == {"outcomes"}, "one too many of each"


def test_two_topics_of_one_name_are_found(seeded: Client, store: Store, url: str) -> None:
    store.write(Batch(topics.REJECTED, "another", 3, 0, (Record(topics.REJECTED, 3, 4, 0, None, None),)))
    assert set(faults(url)) == {"one_topic"}


def test_entries_that_are_not_judged_yet_are_no_fault(client: Client, store: Store, url: str) -> None:
    for records in plant():
        first = records[0]
        late = {topics.TRANSACTIONS: -2, topics.ENTRIES: len(records)}.get(first.topic, len(records))
        store.write(Batch(first.topic, TOPIC_ID, first.partition, first.offset, tuple(records[:late] or records)))
    assert "outcomes" not in faults(url)


def test_outcomes_whose_entries_have_not_come_are_no_fault(client: Client, store: Store, url: str) -> None:
    """A sink at work takes topics in any order: how far one partition's entries have come says nothing of another's."""
    for records in plant():
        first = records[0]
        if (first.topic, first.partition) != (topics.ENTRIES, 1):
            store.write(Batch(first.topic, TOPIC_ID, first.partition, first.offset, tuple(records)))
    assert "outcomes" not in faults(url)
