"""Two times: what was known at r about v, in the pure core and in ClickHouse (mass-balance.md, scenario S5)."""

from datetime import UTC, datetime

import pytest
from clickhouse_connect.driver.client import Client
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cli.times import Time, said
from lodestream.audit.asof import balances, legs
from lodestream.audit.values import Leg
from lodestream.epcis.event import Event
from lodestream.ledger.fold import Fold
from lodestream.ledger.records import Outcome
from runtime.processor import Record
from schemas import topics
from schemas.codec import encode
from sinks.clickhouse.plan import Batch
from sinks.clickhouse.queries import balances_at
from sinks.clickhouse.readonly import DirectReader
from sinks.clickhouse.store import Store
from tests.audit.histories import BUYER, LOT, MINE, honest
from tests.ledger.making import add, declared, entry, hashed, ship, transform

P1, ORE = f"{LOT}P1", f"{LOT}NI-ORE"
KG = 1_000_000


def at(text: str) -> int:
    return int(datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC).timestamp()) * 1_000_000


def s5() -> list[Outcome]:
    """E1 makes 1,000 kg Ni, E2 ships 980, E3 declares E1 an error, E4 says 950 instead; each recorded when S5 says."""
    ore = add(ORE, "10", MINE, ni="10", event_time_us=at("03-01T08:00"))
    made = transform(MINE, [(ORE, "10", {})], [(P1, "1", {"ni": "100"})], event_id="urn:s5:E1", event_time_us=at("03-02T08:00"))
    less = transform(
        MINE, [(ORE, "10", {})], [(P1, "0.95", {"ni": "100"})], event_id="urn:s5:E4", event_time_us=at("03-02T08:00")
    )
    shipped = ship(P1, "0.98", MINE, BUYER, consignment_id="urn:s5:c", event_id="urn:s5:E2", event_time_us=at("03-03T09:00"))
    wrong = declared(made, correctives=("urn:s5:E4",))
    recorded: list[tuple[Event, str]] = [
        (ore, "03-01T08:01"),
        (made, "03-02T08:01"),
        (shipped, "03-03T09:00"),
        (wrong, "03-04T10:00"),
        (less, "03-04T10:00"),
    ]
    fold = Fold()
    return [one for event, time in recorded for one in fold.submit(entry(hashed(event), record_time_us=at(time)))]


S5 = s5()
STOCK = (MINE, "Ni", f"STOCK({P1})")
ANSWERS = [
    ("03-03T23:59", None, 20 * KG),
    ("03-05T00:00", "03-02T12:00", 950 * KG),
    ("03-05T00:00", "03-03T12:00", -30 * KG),
    ("03-02T12:00", None, 1_000 * KG),
    ("03-05T00:00", "03-02T07:59", 0),
    ("03-02T08:00", None, 0),
]


@pytest.mark.parametrize(("as_of", "about", "expected"), ANSWERS)
def test_s5_as_known_then_about_then(as_of: str, about: str | None, expected: int) -> None:
    found = balances((leg for one in S5 for leg in legs(one)), at(as_of), at(about) if about else None)
    assert found.get(STOCK, 0) == expected


@pytest.mark.embedded
def test_clickhouse_gives_the_same_answers(client: Client, store: Store, url: str) -> None:
    written = [*S5, *(one for one in honest(1)[1] if one.outcome == "TRANSACTION")]
    ours = [replace(one, site=MINE) if one.site == MINE else one for one in written]
    records = [Record(topics.TRANSACTIONS, 0, n, 0, one.site.encode(), encode(one)) for n, one in enumerate(ours)]
    store.write(Batch(topics.TRANSACTIONS, "asof", 0, 0, tuple(records)))
    every = [leg for one in ours for leg in legs(one)]
    reader = DirectReader(url)
    try:
        for as_of, about, expected in ANSWERS:
            v = at(about) if about else None
            found = {(b.site, b.element, b.account): b.balance_mg for b in balances_at(reader, at(as_of), v)}
            assert found.get(STOCK, 0) == expected
            assert found == balances(every, at(as_of), v)
        assert {b.site for b in balances_at(reader, None, at("03-05T00:00"), MINE)} == {MINE}
        assert {(b.site, b.element, b.account): b.balance_mg for b in balances_at(reader, None, None)} == balances(every)
    finally:
        reader.close()


LEGS = st.builds(
    Leg,
    site=st.sampled_from(["a", "b"]),
    element=st.sampled_from(["Cu", "Ni"]),
    account=st.sampled_from(["STOCK(x)", "SOURCE(mine)"]),
    amount_mg=st.integers(-(10**15), 10**15),
    valid_time_us=st.integers(0, 9),
    record_time_us=st.integers(0, 9),
)


@given(st.lists(LEGS, max_size=30), st.integers(0, 9), st.integers(0, 9), st.randoms())
@settings(max_examples=100, deadline=None)
def test_what_was_known_is_never_changed_by_what_comes_later(one: list[Leg], r: int, v: int, random: object) -> None:
    """Whatever is recorded after r leaves the answer as of r as it was, in any order; without bounds it is the plain sum."""
    known = [leg for leg in one if leg.record_time_us <= r]
    shuffled = sorted(one, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert balances(shuffled, r, v) == balances(known, None, v)
    assert balances(one, r, v) == balances(balances_of_both(one, r, v))
    assert sum(balances(one).values()) == sum(leg.amount_mg for leg in one)


def balances_of_both(every: list[Leg], r: int, v: int) -> list[Leg]:
    return [leg for leg in every if leg.record_time_us <= r and leg.valid_time_us <= v]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:01Z", 1_000_000),
        ("1970-01-02", 86_400_000_000),
        ("1970-01-01T01:00:00.000001+01:00", 1),
        ("1970-01-01T00:00:01", 1_000_000),
    ],
)
def test_a_time_on_the_command_line(text: str, expected: int) -> None:
    assert Time().convert(text, None, None) == expected
    assert Time().convert(said(expected), None, None) == expected
