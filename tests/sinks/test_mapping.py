"""Records to rows and back: nothing that a record says is lost or bent on its way into ClickHouse."""

from decimal import Decimal

import msgspec
import pytest
from clickhouse_connect.driver.client import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lodestream.ledger.chain import chain_value
from lodestream.ledger.records import Entry, LotState, Outcome, Posting
from runtime.processor import Record
from schemas import topics
from sinks.clickhouse.mapping import DEAD_LETTER_BYTES, map_records
from sinks.clickhouse.plan import Batch
from sinks.clickhouse.rows import column
from sinks.clickhouse.store import Store
from tests.sinks.made import REJECTION, TOPIC_ID, mine, records

INT64 = st.integers(-(2**63), 2**63 - 1)
TEXT = st.text(st.characters(codec="utf-8"), max_size=40)


def write(store: Store, written: list[Record]) -> None:
    store.write(Batch(written[0].topic, TOPIC_ID, written[0].partition, written[0].offset, tuple(written)))


def test_an_outcome_becomes_a_row_for_each_thing_that_it_says() -> None:
    book = mine()
    tables = map_records(records(topics.TRANSACTIONS, book.outcomes), TOPIC_ID).tables
    assert {table: len(rows) for table, rows in tables.items()} == {
        "transactions": len(book.outcomes),
        "postings": sum(len(o.postings) for o in book.outcomes),
        "lines": sum(len(o.lines) for o in book.outcomes),
        "lots": sum(len(o.lots) for o in book.outcomes),
        "lineage": sum(len(o.edges) for o in book.outcomes),
        "findings": sum(len(o.findings) for o in book.outcomes),
        "closures": sum(len(o.closures) for o in book.outcomes),
        "periods": sum(len(o.periods) for o in book.outcomes),
    }
    for rows in tables.values():
        assert {(row.src_topic, row.src_topic_id, row.src_partition) for row in rows} == {(topics.TRANSACTIONS, TOPIC_ID, 0)}
    assert {row.src_offset for row in tables["transactions"]} == {2 * n for n in range(len(book.outcomes))}


def test_only_an_event_makes_an_event() -> None:
    book = mine()
    offer = msgspec.structs.replace(book.entries[0], kind="OFFER", event=None)
    tables = map_records(records(topics.ENTRIES, [book.entries[0], offer]), TOPIC_ID).tables
    assert (len(tables["entries"]), len(tables["events"]), len(tables["materials"])) == (2, 1, 1)


def test_what_cannot_be_decoded_is_kept_and_the_rest_goes_on() -> None:
    good = records(topics.TRANSACTIONS, mine().outcomes)
    broken = Record(topics.TRANSACTIONS, 0, 1, 5, b"\xff", b"\x00\x00\x00\x00\x01" + b"\xff" * 2 * DEAD_LETTER_BYTES)
    mapped = map_records([good[0], broken, good[1]], TOPIC_ID)
    assert len(mapped.tables["transactions"]) == 2
    (letter,) = mapped.tables["dead_letters"]
    assert (letter.src_offset, letter.value_bytes, len(letter.value_base64)) == (1, len(broken.value or b""), DEAD_LETTER_BYTES)  # type: ignore[attr-defined]
    assert letter.reason  # type: ignore[attr-defined]


def test_a_tombstone_is_counted() -> None:
    mapped = map_records([Record(topics.CREDENTIAL_STATUS, 0, 1, 5, b"x", None)], TOPIC_ID)
    assert (mapped.tables, mapped.tombstones) == ({}, 1)


@pytest.mark.embedded
def test_a_dead_letter_arrives_with_its_bytes(client: Client, store: Store) -> None:
    write(store, [Record(topics.ENTRIES, 0, 7, 1_000, b"\xff", b"\x01\xfe\x00")])
    found = client.query(
        "SELECT reason, hex(value), hex(record_key), toUnixTimestamp(record_time) FROM lodestream.dead_letters"
    ).result_rows
    assert found == [("TOO_SHORT", "01FE00", "FF", 1)]


@pytest.mark.embedded
def test_a_rejection_arrives_with_its_bytes(client: Client, store: Store) -> None:
    write(store, records(topics.REJECTED, [REJECTION, msgspec.structs.replace(REJECTION, index=None, offset=10)]))
    found = client.query("SELECT event_index, hex(payload) FROM lodestream.rejections ORDER BY inbox_offset").result_rows
    assert found == [(0, REJECTION.payload.hex().upper()), (None, REJECTION.payload.hex().upper())]


@pytest.mark.embedded
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXT, mg=INT64, time_us=INT64, elements=st.dictionaries(TEXT, INT64, max_size=3), texts=st.lists(TEXT, max_size=3))
def test_any_text_amount_and_time_arrive_exactly(
    client: Client, store: Store, text: str, mg: int, time_us: int, elements: dict[str, int], texts: list[str]
) -> None:
    client.command("TRUNCATE TABLE lodestream_raw.postings")
    client.command("TRUNCATE TABLE lodestream_raw.lots")
    client.command("TRUNCATE TABLE lodestream_raw.transactions")
    state = LotState(text, text, 1, mg, mg, True, elements, {}, time_us, findings=texts, owner=text)
    shares = {text: elements}
    state = msgspec.structs.replace(state, shares=shares, embodied_g_co2e=mg, uncovered_mg=mg, contacts=texts)
    posting = Posting("p", 0, text, text, mg)
    outcome = Outcome("TRANSACTION", "e", text, 1, text, 1, time_us, time_us, reason=text, postings=[posting], lots=[state])
    outcome = msgspec.structs.replace(outcome, chain=chain_value(outcome))
    (record,) = records(topics.TRANSACTIONS, [outcome])
    store.write(Batch(record.topic, outcome.chain, 0, 0, (record,)))  # a token of its own
    posted = client.query(
        "SELECT site, element, account, amount_mg, toDecimal128(amount_mg, 6) / 1000000 = amount_kg,"
        " toUnixTimestamp64Micro(valid_time) FROM lodestream.postings"
    ).result_rows
    assert posted == [(text, text, text, mg, 1, time_us)]
    kept = client.query("SELECT owner, contained_mg, findings, dry_mg FROM lodestream.current_lots").result_rows
    assert kept == [(text, elements, texts, mg)]
    origins = client.query("SELECT shares, embodied_g_co2e, uncovered_mg, contacts FROM lodestream.current_lots").result_rows
    assert origins == [(shares, mg, mg, texts)]
    (said,) = client.query("SELECT record FROM lodestream.transactions").result_rows[0]
    assert msgspec.json.decode(said, type=Outcome) == outcome


@given(st.builds(lambda entry: entry, st.sampled_from(mine().entries)))
def test_the_record_of_an_entry_is_the_whole_entry(entry: Entry) -> None:
    row = map_records(records(topics.ENTRIES, [entry]), TOPIC_ID).tables["entries"][0]
    assert msgspec.json.decode(row.record, type=Entry) == entry  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (Decimal("1.5"), "1.5"),
        (Decimal("-0.000000001"), "-0.000000001"),
        (Decimal("9999999999999999999999999999"), "9999999999999999999999999999"),
        (Decimal("99999999999999999999999999999"), "99999999999999999999999999999.000000000"),
        (Decimal("-Infinity"), None),
        (Decimal("1E+3"), "1000.000000000"),
        (Decimal("0.0000000005"), "0.000000000"),
        (Decimal("0.0000000015"), "0.000000002"),
        (Decimal("-12345678901234567890123456789.123456789"), "-12345678901234567890123456789.123456789"),
        (Decimal("1E+29"), None),
        (Decimal("99999999999999999999999999999.9999999999"), None),
        (Decimal("1E-999999"), "0"),
        (Decimal("1E+999999"), None),
        (Decimal("NaN"), None),
    ],
)
def test_a_decimal_fits_its_column_or_is_left_out(value: Decimal | None, expected: str | None) -> None:
    assert column(value) == expected
