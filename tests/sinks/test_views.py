"""Views are right whatever stands twice in the raw tables, and say what the ledger said."""

# ruff: noqa: S608  # every name in these queries is our own

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from clickhouse_connect.driver.client import Client

from lodestream.claims.attribute import RECYCLED
from sinks.clickhouse.plan import Batch
from sinks.clickhouse.store import Store
from tests.sinks.made import CATHODE, CONCENTRATE, CONSIGNMENT, CREDENTIAL, KG, MINE, SLAG, SMELTER, TOPIC_ID, plant

pytestmark = pytest.mark.embedded


def at(month: int, day: int) -> datetime:
    """A day of 2026 as the client gives a time in UTC: without a zone."""
    return datetime(2026, month, day, tzinfo=UTC).replace(tzinfo=None)


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
        ("DRIFT", "open", 1),
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


def test_the_recycled_share_is_that_of_end_of_life_and_manufacturing_waste_as_claims_have_it(seeded: Client) -> None:
    columns = "lot, element, attributed_mg, recycled_mg, recycled_percent"
    found = rows(seeded, f"SELECT {columns} FROM lodestream.lot_recycled")
    assert found == [(CATHODE, "Cu", 27_480 * KG, 6_870 * KG, Decimal(25))]
    seeded.command(
        "INSERT INTO lodestream_raw.lots (site, lot, seq, contained_mg, shares) VALUES ('s', 'l', 1, {'Li': 3}, {'Li':"
        " {'ZZ - scrap -': 1, 'ZZ - manufacturing_waste -': 1, 'ZZ - run_around -': 1}})"
    )
    found = rows(seeded, "SELECT recycled_mg, recycled_percent FROM lodestream.lot_recycled WHERE site = 's'")
    assert found == [(1, Decimal("33.333333333"))]
    assert {word for word in ("scrap", "manufacturing_waste", "run_around") if word in RECYCLED} == {"manufacturing_waste"}


def test_the_latest_version_of_a_period_and_all_of_them(seeded: Client) -> None:
    columns = "site, version, account_class, opening_mg, late_mg, in_mg, out_mg, closing_mg, closing_kg, counted"
    where = f"WHERE period = '2026-01' AND site = '{SMELTER}' ORDER BY version, account_class"
    latest = [
        (SMELTER, 2, "CUSTODY", 0, 0, 0, 27_500 * KG, -27_500 * KG, Decimal(-27_500), False),
        (SMELTER, 2, "STOCK", 0, 0, 27_480 * KG, 0, 27_480 * KG, Decimal(27_480), False),
        (SMELTER, 2, "TRANSIT_VAR", 0, 0, 20 * KG, 0, 20 * KG, Decimal(20), False),
    ]
    assert rows(seeded, f"SELECT {columns} FROM lodestream.periods {where}") == latest
    nothing = (SMELTER, 1, "", 0, 0, 0, 0, 0, Decimal(0), False)
    assert rows(seeded, f"SELECT {columns} FROM lodestream.period_versions {where}") == [nothing, *latest]
    assert rows(seeded, f"SELECT DISTINCT begins, ends FROM lodestream.periods WHERE site = '{SMELTER}'") == [
        (at(1, 1), at(2, 1))
    ]


def test_the_last_balance_of_a_run_counts(seeded: Client) -> None:
    seeded.command(
        "INSERT INTO lodestream_raw.closures (site, txn_id, txn_seq, run, element, inputs_mg, outputs_mg, u_mg)"
        f" VALUES ('{MINE}', 'later', 99, 'urn:heat:1', 'Cu', 10, 12, 1)"
    )
    columns = "run, element, inputs_mg, outputs_mg, unaccounted_mg, u_mg, judgements, txn_id"
    assert rows(seeded, f"SELECT {columns} FROM lodestream.closures") == [("urn:heat:1", "Cu", 10, 12, -2, 1, 2, "later")]


def test_entries_of_the_clock_and_the_watch_say_so(seeded: Client) -> None:
    found = rows(
        seeded, f"SELECT kind, tick, finding_code FROM lodestream.entries WHERE kind != 'EVENT' AND site = '{MINE}' ORDER BY kind"
    )
    assert found == [("FINDING", None, "DRIFT"), ("TICK", at(2, 15), "")]


def test_what_an_event_stated_stands_beside_what_became_of_it(seeded: Client) -> None:
    columns = "tickets, process, assays"
    assert rows(seeded, f"SELECT {columns} FROM lodestream.lines WHERE process != ''") == [
        (
            ["T-1"],
            "flotation",
            [
                {"substance": "Cu", "value": Decimal("28.5"), "unit": "P1", "basis": "dry", "status": "final", "certificate": ""},
                {
                    "substance": "As", "value": Decimal("0.12345679"), "unit": "P1", "basis": "dry", "status": "provisional",
                    "certificate": "C'1",
                },
            ],
        )
    ]  # fmt: skip
    columns = "read_point, transport_mode, due"
    assert rows(seeded, f"SELECT {columns} FROM lodestream.transactions WHERE kind = 'ship'") == [(MINE, "rail", at(1, 18))]
    (refused,) = rows(seeded, "SELECT correctives, due FROM lodestream.transactions WHERE kind = 'refuse'")
    assert refused == (["urn:uuid:00000000-0000-4000-8000-000000000099"], None)
    (item,) = rows(seeded, "SELECT schemes, origins, claims, credential, credential_mass FROM lodestream.materials")
    origin = {"parts": "1.5", "element": "Cu", "country": "ZM", "site": MINE, "source_class": "mine", "schemes": ["IRMA"]}
    claim = {"profile": "iscc-plus", "element": "Cu", "attribute": "country:ZM", "percent": "100"}
    assert item == (["IRMA"], [origin], [claim], "urn:vc:1", Decimal("27.5"))
