"""Views are right whatever stands twice in the raw tables, and say what the ledger said."""

# ruff: noqa: S608  # every name in these queries is our own

from decimal import Decimal

import pytest
from clickhouse_connect.driver.client import Client

from sinks.clickhouse.plan import Batch
from sinks.clickhouse.store import Store
from tests.sinks.made import CATHODE, CONCENTRATE, CONSIGNMENT, CREDENTIAL, KG, MINE, SLAG, SMELTER, TOPIC_ID, plant

pytestmark = pytest.mark.embedded


def rows(client: Client, sql: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in client.query(sql).result_rows]


def every_view(client: Client) -> dict[str, list[tuple[object, ...]]]:
    names = [
        name
        for (name,) in rows(client, "SELECT name FROM system.tables WHERE database = 'lodestream' AND name != 'sink_progress'")
    ]
    return {name: sorted(rows(client, f"SELECT * FROM lodestream.{name}"), key=repr) for name in names}


def test_views_do_not_see_what_stands_twice(seeded: Client, store: Store) -> None:
    before = every_view(seeded)
    assert all(before[name] for name in before if name != "dead_letters"), {name for name in before if not before[name]}
    seeded.command("SYSTEM STOP MERGES")
    try:
        for records in plant():
            for record in records:  # other boundaries, so other tokens: ClickHouse takes them all
                store.write(Batch(record.topic, TOPIC_ID, record.partition, record.offset, (record,)))
        assert seeded.command("SELECT count() FROM lodestream_raw.postings") == 2 * len(before["postings"])
        assert every_view(seeded) == before
    finally:
        seeded.command("SYSTEM START MERGES")


def test_site_balances_say_where_the_metal_is(seeded: Client) -> None:
    columns = "entered_kg, stock_kg, wip_kg, transit_kg, custody_kg, losses_kg, unaccounted_kg, transit_variance_kg"
    mine, smelter = rows(seeded, f"SELECT {columns} FROM lodestream.site_balances ORDER BY site")
    assert mine == tuple(map(Decimal, (28_500, 0, 0, 27_500, 0, 850, 150, 0)))
    assert smelter == tuple(map(Decimal, (0, 27_480, 0, 0, -27_500, 0, 0, 20)))


def test_what_entered_is_where_it_is(seeded: Client) -> None:
    total = "stock_mg + wip_mg + transit_mg + custody_mg + losses_mg + unaccounted_mg"
    total += " + transit_variance_mg + adjustments_mg + left_mg"
    assert rows(seeded, f"SELECT DISTINCT entered_mg - ({total}) FROM lodestream.site_balances") == [(0,)]


def test_account_balances_are_exact(seeded: Client) -> None:
    found = rows(
        seeded, "SELECT account, account_kind, balance_mg, balance_kg, legs FROM lodestream.account_balances WHERE balance_mg < 0"
    )
    assert sorted(found) == [
        (f"CUSTODY({CONSIGNMENT} {CATHODE})", "CUSTODY", -27_500_000_000, Decimal("-27500.000000"), 1),
        ("SOURCE(mine)", "SOURCE", -28_500_000_000, Decimal("-28500.000000"), 1),
    ]


def test_sums_do_not_overflow(seeded: Client) -> None:
    largest = 2**63 - 1
    for leg in range(3):
        seeded.command(
            "INSERT INTO lodestream_raw.postings (site, element, account, posting_id, amount_mg) VALUES"
            f" ('s', 'Cu', 'SINK', '{leg}', {largest})"
        )
    assert rows(seeded, "SELECT balance_mg FROM lodestream.account_balances WHERE site = 's'") == [(3 * largest,)]
    assert rows(seeded, "SELECT left_kg FROM lodestream.site_balances WHERE site = 's'") == [(Decimal(3 * largest).scaleb(-6),)]


def test_current_lots_are_the_latest_versions(seeded: Client) -> None:
    found = rows(
        seeded, "SELECT site, lot, seq, dry_kg, contained_mg, loss_class FROM lodestream.current_lots ORDER BY site, lot"
    )
    assert found == [
        (MINE, CATHODE, 2, Decimal(0), {}, ""),
        (MINE, CONCENTRATE, 2, Decimal(0), {}, ""),
        (MINE, SLAG, 1, Decimal(60_000), {"Cu": 850_000_000}, "slag"),
        (SMELTER, CATHODE, 1, Decimal(27_490), {"Cu": 27_480_000_000}, ""),
    ]


def test_lot_contents_give_the_grade(seeded: Client) -> None:
    found = rows(seeded, f"SELECT element, contained_kg, grade_percent FROM lodestream.lot_contents WHERE site = '{MINE}'")
    assert found == [("Cu", Decimal(850), Decimal("1.416666666"))]


def test_findings_have_their_latest_state(seeded: Client) -> None:
    found = rows(seeded, "SELECT code, state, opened < changed OR opened_by = changed_by FROM lodestream.findings ORDER BY code")
    assert found == [
        ("IMPOSSIBLE", "open", 1),
        ("LOSS_UNEXPLAINED", "open", 1),
        ("NO_BOOK", "open", 1),
        ("PHANTOM_STOCK", "resolved", 0),
    ]
    assert len(rows(seeded, "SELECT * FROM lodestream.finding_changes WHERE code = 'PHANTOM_STOCK'")) == 2
    assert [code for (code,) in rows(seeded, "SELECT code FROM lodestream.open_findings WHERE severity = 'hard'")] == [
        "IMPOSSIBLE"
    ]


def test_events_say_what_became_of_them(seeded: Client) -> None:
    found = rows(
        seeded,
        "SELECT biz_step, outcome, kind, txn_seq, copies, finding_codes FROM lodestream.events_enriched"
        f" WHERE site = '{MINE}' ORDER BY event_time",
    )
    assert found == [
        ("commissioning", "TRANSACTION", "create", 1, 0, ["NO_BOOK"]),
        ("commissioning", "TRANSACTION", "transform", 2, 0, ["LOSS_UNEXPLAINED"]),
        ("shipping", "TRANSACTION", "ship", 3, 1, []),
        ("shipping", "TRANSACTION", "link", 4, 0, ["PHANTOM_STOCK"]),
        ("commissioning", "TRANSACTION", "refuse", 5, 0, ["IMPOSSIBLE"]),
    ]


def test_the_first_arrival_of_an_event_stands(seeded: Client) -> None:
    entries = rows(seeded, "SELECT record_time FROM lodestream.entries WHERE event_id LIKE '%3' ORDER BY record_time")
    assert len(entries) == 2
    assert rows(seeded, "SELECT record_time FROM lodestream.events WHERE event_id LIKE '%3'") == entries[:1]


def test_credentials_carry_their_latest_status(seeded: Client) -> None:
    found = rows(seeded, "SELECT credential_id, status, status_reason FROM lodestream.credentials")
    assert found == [(CREDENTIAL.id, "revoked", "finding IMPOSSIBLE")]


def test_a_credential_without_a_status_is_issued(seeded: Client) -> None:
    seeded.command("TRUNCATE TABLE lodestream_raw.credential_status")
    assert rows(seeded, "SELECT status, status_reason, status_time FROM lodestream.credentials") == [("issued", "", None)]


def test_origins_of_a_lot_sum_to_what_it_holds(seeded: Client) -> None:
    columns = "site, lot, country, site_of_origin, source_class, schemes, mg, kg, percent"
    assert rows(seeded, f"SELECT {columns} FROM lodestream.lot_origins ORDER BY country") == [
        (SMELTER, CATHODE, "ZM", MINE, "mine", ["COPPER_MARK", "IRMA"], 20_610 * KG, Decimal(20_610), Decimal(75)),
        (SMELTER, CATHODE, "ZZ", "-", "end_of_life", [], 6_870 * KG, Decimal(6_870), Decimal(25)),
    ]
    held = "lodestream.lot_origins INNER JOIN lodestream.lot_contents USING (site, lot, element)"
    assert rows(seeded, f"SELECT sum(mg) - any(contained_mg) FROM {held}") == [(0,)]


def test_the_recycled_share_is_that_of_scrap_end_of_life_and_manufacturing_waste(seeded: Client) -> None:
    columns = "lot, element, attributed_mg, recycled_mg, recycled_percent"
    found = rows(seeded, f"SELECT {columns} FROM lodestream.lot_recycled")
    assert found == [(CATHODE, "Cu", 27_480 * KG, 6_870 * KG, Decimal(25))]
    seeded.command(
        "INSERT INTO lodestream_raw.lots (site, lot, seq, contained_mg, shares) VALUES ('s', 'l', 1, {'Li': 3}, {'Li':"
        " {'ZZ - scrap -': 1, 'ZZ - manufacturing_waste -': 1, 'ZZ - run_around -': 1}})"
    )
    found = rows(seeded, "SELECT recycled_mg, recycled_percent FROM lodestream.lot_recycled WHERE site = 's'")
    assert found == [(2, Decimal("66.666666666"))]
