"""The worked lines of the rulebook, replayed with exactly their numbers: time, periods, and what findings compare."""

from datetime import UTC, datetime

from msgspec.structs import replace

from lodestream.ledger.book import SiteBook
from lodestream.measures import percent
from tests.ledger.making import START, Books, T, add, codes, declared, entry, receive, ship, transform
from tests.ledger.page import says
from tests.ledger.test_backing import backed
from tests.ledger.test_confusion import WET, moved, said
from tests.ledger.test_periods import APRIL, MARCH, MAY, PARTY, at, closing, lines, march, sold
from tests.ledger.test_ticks import DAY, GRACE, HOUR, A, B, stocked
from tests.ledger.test_yields import found, smelted

# -- 11. time -----------------------------------------------------------------------------------------------------------


def test_r70_a_bounded_tick() -> None:
    """R70: 150 receipts wait since one time."""
    books = Books()
    books(*(receive(f"lot{n}", "1", B, consignment_id="c", cu="10", event_time_us=START) for n in range(150)))
    assert [len(o.findings) for o in books.tick(B, START + GRACE)] == [64, 64, 22]
    says("R70", "150 receipts", "64, 64 and 22")


def test_r71_grace() -> None:
    """R71: parked on 1 March at 22:20, hard on the 15th, the lot on the 20th."""
    books = stocked()
    parked_us = START + HOUR
    assert str(datetime.fromtimestamp(parked_us // 10**6, UTC)) == "2026-03-01 22:20:00+00:00"
    books(transform(A, [("y", "5", {})], [("z", "5", {"cu": "10"})], event_time_us=parked_us))
    assert books.open() == {"PHANTOM_STOCK"}
    assert codes(books.tick(A, parked_us + 14 * DAY - 1)) == []
    assert codes(books.tick(A, parked_us + 14 * DAY)) == ["PHANTOM_STOCK"]
    came = books(add("y", "5", A, cu="10", event_time_us=START + 19 * DAY))
    assert (codes(came, "resolved"), books.balance(A, "STOCK(z)")) == (["PHANTOM_STOCK"], T // 2)
    says("R71", "1 March at 22:20", "15 March at 22:20", "20th")


def test_r72_on_its_way_beyond_the_grace() -> None:
    """R72: two of 10 t sent, 19 t received as partial."""
    books = stocked()
    for n in (1, 2):
        books(ship("x", "10", A, B, consignment_id="c", event_time_us=START + n * HOUR))
    books(receive("x", "19", B, consignment_id="c", receipt="partial", cu="10", event_time_us=START + 3 * HOUR))
    before = books.fold.accounts()
    books.tick(A, START + 30 * DAY)
    assert ([f.code for _, f in books.fold.open_findings() if f.code != "NO_BOOK"], books.fold.accounts()) == (
        ["TRANSIT_OPEN"],
        before,
    )
    says("R72", "10 t", "19 t")


def test_r72_by_ship() -> None:
    """R72: 10 t by ship, nothing received."""
    books = stocked()
    books(replace(ship("x", "10", A, B, consignment_id="c", event_time_us=START), transport_mode="ship"))
    books.tick(A, START + 34 * DAY)
    assert [f.code for _, f in books.fold.open_findings() if f.code != "NO_BOOK"] == []
    books.tick(A, START + 35 * DAY)
    assert sorted(f.code for _, f in books.fold.open_findings() if f.code != "NO_BOOK") == ["ONE_SIDED", "TRANSIT_OPEN"]
    says("R72", "by ship", "after 34 days", "after 35")


def test_r73_an_announced_corrective() -> None:
    """R73: 10 t taken back, the corrective never comes."""
    books = stocked()
    wrong = add("y", "10", A, cu="10", event_time_us=START + HOUR)
    books(wrong, declared(wrong, 2, ("urn:right",)))
    assert books.balance(A, "STOCK(y)") == 0
    assert [(f.code, f.severity) for f in books.tick(A, START + 15 * DAY)[0].findings] == [("CORRECTIVE_MISSING", "info")]
    says("R73", "10 t", "336 h", "0 mg")


def test_r74_the_horizon() -> None:
    """R74: an event of 401 days before its record, and one of 400."""
    books = Books()
    for days, expected in ((400, ["LATE"]), (401, ["TOO_OLD"])):
        late = add(f"x{days}", "1", A, cu="10", event_time_us=START)
        (done,) = books.fold.submit(entry(late, record_time_us=START + days * DAY))
        assert (codes([done]), bool(done.postings)) == (expected, expected == ["LATE"])
    says("R74", "401 days", "0 mg")


# -- 12. periods --------------------------------------------------------------------------------------------------------


def test_r75_a_month_of_the_zone() -> None:
    """R75: 23:30 UTC on 31 March in Lusaka."""
    books = Books(**{A: SiteBook(time_zone="Africa/Lusaka")})
    books(add("ore", "1", A, cu="10", event_time_us=APRIL - HOUR // 2))
    assert [p.period for p in at(books, MAY, closing("2026-04", MAY))[0].periods] == ["2026-04"]
    says("R75", "23:30 UTC", "31 March")


def test_r76_r77_r79_sums_close_and_late() -> None:
    """R76, R77: a month of copper. R79: 500 kg of 20 March recorded in April."""
    books = march()
    (done,) = at(books, APRIL, closing("2026-03", APRIL))
    told = lines(done.periods[0])
    assert told["STOCK"] == (0, 0, 14_800, 8_000, 6_800)
    assert [told[name][4] for name in ("LOSS", "UNACCOUNTED", "TRANSIT", "SOURCE")] == [170, 30, 3_000, -10_000]
    says("R76", 10_000, 5_000, 4_800, 170, 3_000, "0 + 14,800 - 8,000 = 6,800", 30, -10_000)
    assert (done.kind, done.reason, done.periods[0].version) == ("close", "2026-03 version 1: book, not counted", 1)
    says("R77", "6,800 kg", "version 1")
    (late,) = at(books, APRIL + 10 * DAY, add("found", "5", A, cu="10", event_time_us=MARCH + 19 * DAY))
    assert (codes([late]), late.periods[0].version, lines(late.periods[0])["STOCK"][4]) == (["BACKDATED"], 2, 7_300)
    (april,) = at(books, MAY, closing("2026-04", MAY))
    assert lines(april.periods[0])["STOCK"][:2] == (6_800, 500)
    says("R79", "500 kg", "version 2", "7,300 kg", "6,800", "500")


def test_r78_sold_in_the_month() -> None:
    """R78: 1 t at 10 % sold."""
    books = sold(1)
    done = at(books, APRIL, closing("2026-03", APRIL))[-1]
    assert {p.account: p.amount_mg for p in done.postings} == {
        "TRANSIT(c0 x)": -100_000_000,
        f"SINK(external:{PARTY})": 100_000_000,
    }
    says("R78", "1 t at 10 %", -100_000_000, "+100,000,000")


# -- 13. findings -------------------------------------------------------------------------------------------------------


def test_r83_yield() -> None:
    """R83: 9.059094 t of 9 t."""
    books = Books()
    assert smelted(books, "9.06") == ["OVERCLAIM"]
    arithmetic = found(books, "OVERCLAIM").arithmetic
    for number in ("9.059094 t", "9 t", "100.6566 %", "0.353928 %", "99.594816 %", "99.5 %"):
        assert number in arithmetic
        says("R83", number)


def test_r84_basis_and_unit() -> None:
    """R84: 1,500 t booked dry that were sent as 1,380 t dry."""
    assert percent(1500, 1380) == "108.6957 %"
    (finding,) = said(moved("1500", "1500", WET, {}), "UNIT_BASIS")
    assert "received 1,500,000 kg / shipped 1,380,000 kg = 1.086957" in finding.arithmetic
    says("R84", "1,500 t", "1,380 t", "1.086957")
    (finding,) = said(moved("1500", "1524.07034", {}, {}), "UNIT_SUSPECT")
    assert "long ton" in finding.arithmetic
    says("R84", "1,524.07034 t")


def test_r85_suppliers_credentials() -> None:
    """R85: 10 + 10.1 + 0.3 t on a credential of 20 t."""
    books = Books()
    books(add("H1", "10", A, co="30", **backed("20")), add("H1", "10.1", A, co="30", **backed("20")))
    assert books.open() == set()
    assert codes(books(add("H1", "0.3", A, co="30", **backed("20")))) == ["VC_OVERDRAWN"]
    says("R85", "10 + 10.1 + 0.3 = 20.4 t", "20 t")


def test_r86_order_in_time() -> None:
    """R86: shipped at 11:00, received at 10:45, and at 10:44."""
    for minutes, expected in ((15, []), (16, ["TIME_ORDER"])):
        books = stocked()
        books(ship("x", "10", A, B, consignment_id="c", event_time_us=START + HOUR))
        came = receive("x", "10", B, consignment_id="c", cu="10", event_time_us=START + HOUR - minutes * 60_000_000)
        assert (codes(books(came)), books.balance(B, "STOCK(x)")) == (expected, T)
    says("R86", "11:00", "10:45", "10:44")


def test_r87_grades() -> None:
    """R87: 1 t of the heptahydrate at 21.5 % Co."""
    books = Books()
    (posted,) = books(add("t", "1", A, co="21.5", chemical_form="CoSO4.7H2O"))
    assert (codes([posted]), books.balance(A, "STOCK(t)", "Co")) == (["GRADE_IMPOSSIBLE"], 215_000_000)
    (held,) = (f for f in posted.findings if f.lots == ["t"])
    assert "is above the 20.9656 % that CoSO4.7H2O holds + 3u = 21.2656 %" in held.arithmetic
    says("R87", 215_000_000, "21.5 > 20.9656 + 0.3 %")


def test_r88_cycle() -> None:
    """R88: a tank of 10 t on both sides of a run."""
    books = stocked()
    books(add("tank", "10", A, cu="10"))
    (posted,) = books(transform(A, [("tank", "10", {}), ("x", "1", {})], [("tank", "11", {"cu": "10"})]))
    assert (codes([posted]), books.balance(A, "STOCK(tank)")) == (["CYCLE"], 1_100_000_000)
    says("R88", "10 t")
