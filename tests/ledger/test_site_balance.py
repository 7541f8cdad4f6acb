"""The balance of a site over a period (F1, F28): what each run hides within its own 3u is seen over all of them."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lodestream.epcis.event import Event
from lodestream.ledger import months
from lodestream.ledger.records import Finding, Outcome
from lodestream.ledger.timed import Period
from lodestream.measures import quadrature
from tests.ledger.making import HOUR, Books, add, declared, entry, event, item, transform
from tests.ledger.page import says

A = "urn:site:a"
DAY = 24 * HOUR
MARCH, APRIL, MAY = (months.bounds("UTC", month)[0] for month in ("2026-03", "2026-04", "2026-05"))


def closing(month: str = "2026-03", at_us: int = APRIL) -> Event:
    return event("ObjectEvent", [], action="OBSERVE", biz_location=A, period_close=month, event_time_us=at_us)


def put(books: Books, record: int, *events: Event) -> list[Outcome]:
    made = [o for one in events for o in books.fold.submit(entry(one, record_time_us=record))]
    books.outcomes += made
    return made


def batch(n: int, out: str, at_us: int = MARCH, **more: Any) -> list[Event]:
    """100 t of ore at 10 % Cu, 10 t, become matte of 30 %: `out` tonnes of it."""
    at_us += n * HOUR
    made = [(f"matte{n}", out, {"cu": "30"} | more)]
    return [
        add(f"ore{n}", "100", A, cu="10", event_time_us=at_us, **more),
        transform(A, [(f"ore{n}", "100", {})], made, event_time_us=at_us + 1),
    ]


def batches(count: int, out: str, **more: Any) -> Books:
    books = Books()
    for n in range(count):
        books(*batch(n, out, **more))
    return books


def said(outcomes: list[Outcome], state: str = "open") -> list[Finding]:
    return [f for o in outcomes for f in o.findings if f.inputs[0] == "period" and f.state == state]


def test_created_metal_that_no_run_shows() -> None:
    """R82: 40 runs of 10 t Cu give 10.17 t each, 1.7 % more: no run is beyond its 3u of 3.2 %, all of them are beyond 4u.

    u of the ore 100.498756 kg, of the matte 35.402 kg. 400 and 406.8 t went over scales with u 0.1 %, half of it; the
    laboratory may be wrong by a quarter of its u every time.
    """
    books = batches(40, "33.9")
    assert (books.open(), {c.u_mg for o in books.outcomes for c in o.closures}) == (set(), {106_548_763})
    (found,) = said(put(books, APRIL, closing()))
    assert (found.rule, found.code, found.severity, found.lots) == ("F1", "IMPOSSIBLE", "hard", [])
    assert found.arithmetic == (
        "Cu in 2026-03: stock and work in process 0 kg + supplied 400,000 kg - sent less received 0 kg - losses 0 kg "
        "- closing 406,800 kg (not counted) = U -6,800 kg; u 1,323.669522 kg of random 673.873546 kg and systematic "
        "1,139.296031 kg (method not stated: 403.4 kg on 806,800 kg, assays of what was received: 1,004.98756 kg, "
        "assays of what was made: 353.92639 kg), |U| > 3u 3,971.008566 kg"
    )
    assert quadrature(*[106_548_763] * 40) == 673_873_546
    assert quadrature(403_400_000, 1_004_987_560, 353_926_390) == 1_139_296_031
    assert quadrature(673_873_546, 1_139_296_031) == 1_323_669_522
    says("R82", 10_170, "106.548763", "-6,800", "1,323.669522", "673.873546", "1,139.296031")


@pytest.mark.parametrize(
    ("out", "code", "severity"),
    [
        ("33.75", "IMPOSSIBLE", "hard"),  # U -18 t, u 4.293 t: -4.19 u
        ("33.7", "IMPOSSIBLE", "hold"),  # U -15.84 t: -3.69 u
        ("33.6", None, None),  # U -11.52 t: -2.68 u
        ("33.1", None, None),  # U 10.08 t: 2.36 u
        ("33", "LOSS_UNEXPLAINED", "warn"),  # U 14.4 t: 3.36 u
    ],
)
def test_where_it_speaks(out: str, code: str | None, severity: str | None) -> None:
    """144 runs of 10 t each: what an instrument does wrong every time does not average out."""
    found = said(put(batches(144, out), APRIL, closing()))
    assert [(f.code, f.severity) for f in found] == ([(code, severity)] if code else [])


def test_each_method_has_its_own_systematic_part() -> None:
    """400 t over the weighbridge (0.1 %), 406.8 t over the belt (0.25 %): 200 and 508.5 kg."""
    books = Books()
    for n in range(40):
        ore, run = batch(n, "33.9", mass_method="weighbridge")
        made = [(f"matte{n}", "33.9", {"cu": "30", "mass_method": "belt"})]
        books(ore, transform(A, [(f"ore{n}", "100", {})], made, event_time_us=run.event_time_us))
    (found,) = said(put(books, APRIL, closing()))
    assert "(belt: 508.5 kg on 406,800 kg, weighbridge: 200 kg on 400,000 kg, assays of what was received: " in found.arithmetic


def test_a_restated_version_says_it_anew() -> None:
    """10 kg Cu of a forgotten lot come for March in April: version 2 has other sums, and what version 1 said is superseded."""
    books = batches(40, "32.9")
    (first,) = said(put(books, APRIL, closing()))
    (late,) = put(books, APRIL + DAY, add("slag", "1", A, cu="1", event_time_us=MARCH))
    (old,), (new,) = said([late], "superseded"), said([late])
    assert (old.id, new.id, [p.version for p in late.periods]) == (first.id, first.id, [2])
    assert ["+ supplied 400,000 kg -" in old.arithmetic, "+ supplied 400,010 kg -" in new.arithmetic] == [True, True]
    assert books.open() == {"LOSS_UNEXPLAINED", "BACKDATED"}


def test_a_restatement_ends_it() -> None:
    """One run of 400 t Cu at 99 %: declared void in April, March version 2 has no balance that is out."""
    books = Books()
    ore, _ = batch(0, "33.6")
    wrong = transform(A, [("ore0", "100", {})], [("matte0", "36", {"cu": "30"})], event_time_us=MARCH + 2)
    books(ore, wrong)
    (found,) = said(put(books, APRIL, closing()))
    done = put(books, APRIL + DAY, declared(wrong))
    (ended,) = said(done, "superseded")
    assert (ended.id, ended.arithmetic, [p.version for p in done[0].periods]) == (found.id, found.arithmetic, [2])
    assert [(c.inputs_mg, c.outputs_mg, c.u_mg) for c in done[0].closures] == [(0, 0, 0)], "it is told as gone"
    assert books.open() == set()


def test_it_belongs_to_the_month_that_it_is_of() -> None:
    """What comes late for March is in March's balance, and not in April's, which takes its postings."""
    books = Books()
    put(books, APRIL, *batch(0, "33.4"), closing())
    wrong = batch(1, "40", MARCH + DAY)
    late = put(books, APRIL + DAY, *wrong)
    assert [f.code for f in said(late)] == ["IMPOSSIBLE"]
    assert said(put(books, MAY, closing("2026-04", MAY))) == []


@pytest.mark.parametrize(("piles", "found"), [(10, []), (12, [("IMPOSSIBLE", "hold")])])
def test_the_last_shovels_of_many_piles(piles: int, found: list[tuple[str, str]]) -> None:
    """Cathode, 100 t at 99 % Cu, drawn with 0.4 t more, each time within its tolerance: 396 kg from nowhere, with as much u.

    Ten: -3,960 kg, u 1,252 of the excesses, 495 of the scale, 248 of the laboratory: 1,369 together. Twelve: -4,752 kg, 1,524.
    """
    books = Books()
    for n in range(piles):
        at_us = MARCH + n * HOUR
        books(add(f"x{n}", "100", A, cu="99", product_class="cathode", event_time_us=at_us, mass_method="hopper"))
        gone = [item("object", f"x{n}", "100.4")]
        books(event("ObjectEvent", gone, action="DELETE", biz_location=A, event_time_us=at_us + 1))
    done = put(books, APRIL, closing())
    assert [(f.code, f.severity) for f in said(done)] == found
    (period,) = [p for _, ref, p in books.fold.every(Period) if ref == "2026-03"]
    assert (period.u2, period.over_mg) == ({"Cu": str(piles * 396_000_000**2)}, {"Cu hopper": piles * 99 * 10**9})
    adjusted = next(line for line in done[0].periods[0].lines if line.account_class == "STOCK_ADJ")
    assert (adjusted.in_mg, adjusted.out_mg) == (0, piles * 396_000_000)


def test_what_is_not_assayed_waits() -> None:
    """The matte has no assay: 10 t are unaccounted for by the book, and not judged."""
    books = Books()
    ore, _ = batch(0, "33.4")
    books(ore, transform(A, [("ore0", "100", {})], [("matte0", "33.4", {})], event_time_us=MARCH + 1))
    assert said(put(books, APRIL, closing())) == []


# -- sums -----------------------------------------------------------------------------------------------------------

outs = st.sampled_from(["30", "33", "33.4", "34", "40"])
steps = st.lists(st.tuples(outs, st.booleans(), st.booleans()), min_size=1, max_size=6)


def sums(books: Books) -> dict[str, Any]:
    """What the periods have summed up, without zeros."""
    found = {ref: p for _, ref, p in books.fold.every(Period)}
    return {
        ref: [{k: v for k, v in part.items() if int(v)} for part in (p.gap_mg, p.u2, p.over_mg, p.assayed_u_mg)]
        for ref, p in found.items()
    }


@settings(max_examples=60, deadline=None)
@given(steps, st.booleans())
def test_what_is_void_leaves_nothing_behind(history: list[tuple[str, bool, bool]], late: bool) -> None:
    """Runs, some of them declared void with their ore, before or after the close: the sums are those of what stands."""
    books, other = Books(), Books()
    void = []
    for n, (out, is_void, with_ore) in enumerate(history):
        ore, run = batch(n, out)
        books(ore, run)
        other(*([ore] if not (is_void and with_ore) else []), *([run] if not is_void else []))
        void += [declared(run), *([declared(ore)] if with_ore else [])] if is_void else []
    for each, more in ((books, void), (other, [])):
        for one in [closing(), *more] if late else [*more, closing()]:
            put(each, APRIL, one)
    assert {k: v for k, v in sums(books).items() if any(v)} == {k: v for k, v in sums(other).items() if any(v)}
    found = [[(f.code, f.arithmetic) for _, f in b.fold.open_findings() if f.inputs[0] == "period"] for b in (books, other)]
    assert found[0] == found[1]


@settings(max_examples=60, deadline=None)
@given(steps, st.lists(st.integers(0, 20), max_size=4))
def test_closures_and_periods_are_one_book(history: list[tuple[str, bool, bool]], when: list[int]) -> None:
    """The last closure of each run, the last version of each month and UNACCOUNTED say the same, whatever came late."""
    books = Books()
    events = []
    for n, (out, is_void, second) in enumerate(history):
        at_us = MARCH + 30 * DAY if second else MARCH
        ore, run = batch(n, out, at_us)
        events += [ore, run, *([declared(run)] if is_void else [])]
    for n in sorted({k % (len(events) + 1) for k in when}, reverse=True)[:1]:
        events.insert(n, closing())
    for one in events:
        put(books, APRIL, one)
    told = {(c.run, c.element): c.inputs_mg - c.outputs_mg for o in books.outcomes for c in o.closures}
    assert sum(told.values()) == books.balance(A, "UNACCOUNTED")
    gaps = [p.gap_mg.get("Cu", 0) for _, _, p in books.fold.every(Period)]
    assert sum(gaps) == books.balance(A, "UNACCOUNTED")
    versions = {p.period: p for o in books.outcomes for p in o.periods}
    for state in versions.values():
        (period,) = [p for _, ref, p in books.fold.every(Period) if ref == state.period]
        line = next((x for x in state.lines if x.account_class == "UNACCOUNTED"), None)
        assert (line.in_mg - line.out_mg if line else 0) == period.gap_mg.get("Cu", 0)
        assert sum(x.closing_mg for x in state.lines) == 0
