"""What waits for time: grace, horizon, books that take effect later, findings of the watch. Ticks at any times say the same."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict, replace

from lodestream.epcis.event import Event
from lodestream.ledger import due
from lodestream.ledger.book import SiteBook
from lodestream.ledger.records import Entry, Finding, Outcome
from lodestream.ledger.state import SameHash, Seen
from lodestream.ledger.timed import Page, Slip
from lodestream.ledger.view import View
from tests.ledger.making import HOUR, START, Books, T, add, assay, codes, declared, due_us, entry, receive, ship, tick, transform

A, B = "urn:site:a", "urn:site:b"
DAY = 24 * HOUR
GRACE = 336 * HOUR


def stocked(at: int = START) -> Books:
    books = Books()
    books(add("x", "100", A, cu="10", event_time_us=at))
    return books


def kinds(outcomes: list[Outcome]) -> list[tuple[str, str]]:
    return [(o.outcome, o.kind) for o in outcomes]


# -- grace ----------------------------------------------------------------------------------------------------------


def test_a_parked_event_turns_hard_after_the_grace_and_still_posts() -> None:
    books = stocked()
    books(transform(A, [("y", "5", {})], [("z", "5", {"cu": "10"})], event_time_us=START + HOUR))
    assert kinds(books.tick(A, START + HOUR + GRACE - 1)) == [("NOTHING", "")]
    hard = books.tick(A, START + HOUR + GRACE)
    assert kinds(hard) == [("TRANSACTION", "tick")]
    assert [(f.code, f.severity, f.state) for f in hard[0].findings] == [
        ("PHANTOM_STOCK", "hold", "superseded"),
        ("PHANTOM_STOCK", "hard", "open"),
    ]
    assert hard[0].findings[1].arithmetic == (
        "y was never at urn:site:a: available 0 kg; waits for 14 days 0 h, the grace is 336 h"
    )
    posted = books(add("y", "5", A, cu="10", event_time_us=START + 2 * HOUR))
    assert codes(posted, "resolved") == ["PHANTOM_STOCK"]
    assert (books.balance(A, "STOCK(z)"), books.open(A)) == (T // 2, {"TIME_ORDER"})


def test_a_parked_event_that_turned_hard_can_be_declared_void() -> None:
    books = stocked()
    parked = transform(A, [("y", "5", {})], [("z", "5", {"cu": "10"})], event_time_us=START + HOUR)
    books(parked)
    books.tick(A, START + HOUR + GRACE)
    assert codes(books(declared(parked)), "superseded") == ["PHANTOM_STOCK"]
    assert books.open(A) == set()


def test_what_is_parked_as_info_stays_info() -> None:
    """A declaration before its original, at a site that has posted."""
    books = stocked()
    books(declared(add("y", "5", A, cu="10", event_time_us=START + HOUR)))
    assert kinds(books.tick(A, START + HOUR + GRACE)) == [("NOTHING", "")]
    assert books.open(A) == {"DECLARATION_MISMATCH"}


def test_an_offer_without_receipt_moves_nothing_and_says_its_age() -> None:
    books = stocked()
    sent = ship("x", "10", A, B, consignment_id="c", event_time_us=START + HOUR)
    books(sent)
    before = books.fold.accounts()
    aged = books.tick(A, START + HOUR + GRACE + 5 * HOUR)
    assert [(f.code, f.severity) for f in aged[0].findings] == [("TRANSIT_OPEN", "hold"), ("ONE_SIDED", "info")]
    assert aged[0].findings[0].arithmetic == (
        "10,000 kg dry with 1,000 kg Cu of x, consignment c, to urn:site:b: "
        "not settled; waits for 14 days 5 h, the grace is 336 h"
    )
    assert (books.fold.accounts(), aged[0].postings) == (before, [])
    assert [lot.findings for lot in books.fold.lots()] == [[aged[0].findings[0].id]]
    settled = books(receive("x", "10", B, consignment_id="c", cu="10", event_time_us=START + 16 * DAY))
    assert sorted(codes(settled, "resolved")) == ["ONE_SIDED", "TRANSIT_OPEN"]
    assert (books.open(), books.balance(A, "TRANSIT(c x)")) == (set(), 0)


def test_what_goes_by_ship_has_the_time_of_a_voyage() -> None:
    """35 days from its record; also when it is open again."""
    books = stocked()
    got = receive("x", "10", B, consignment_id="c", cu="10", event_time_us=START + 34 * DAY)
    books(replace(ship("x", "10", A, B, consignment_id="c", event_time_us=START + HOUR), transport_mode="ship"))
    assert kinds(books.tick(A, START + 35 * DAY)) == [("NOTHING", "")]
    aged = books.tick(A, START + 35 * DAY + HOUR)
    assert codes(aged) == ["TRANSIT_OPEN", "ONE_SIDED"]
    assert aged[0].findings[0].arithmetic.endswith("not settled; waits for 35 days 0 h, a voyage has 840 h")
    books(got)
    books.fold.submit(entry(declared(got), record_time_us=START + 40 * DAY))
    assert codes(books.tick(A, START + 74 * DAY)) == []
    assert codes(books.tick(A, START + 75 * DAY)) == ["TRANSIT_OPEN", "ONE_SIDED"]


def test_part_of_a_shipment_is_there() -> None:
    """9 of 10 t came: no longer one-sided, and still open; the shipment before it is settled."""
    books = stocked()
    books(ship("x", "10", A, B, consignment_id="c", event_time_us=START + HOUR))
    books(ship("x", "10", A, B, consignment_id="c", event_time_us=START + 2 * HOUR))
    books(receive("x", "19", B, consignment_id="c", receipt="partial", cu="10", event_time_us=START + 3 * HOUR))
    aged = books.tick(A, START + 30 * DAY)
    assert [(f.code, f.inputs[2]) for f in aged[0].findings] == [("TRANSIT_OPEN", _last_shipment(books))]
    books(receive("x", "1", B, consignment_id="c", cu="10", event_time_us=START + 31 * DAY))
    assert books.open() == set()


def _last_shipment(books: Books) -> str:
    return next(o.event_id or "" for o in reversed(books.outcomes) if o.kind == "ship")


def test_a_shipment_found_open_is_declared_void() -> None:
    books = stocked()
    sent = ship("x", "10", A, B, consignment_id="c", event_time_us=START + HOUR)
    books(sent)
    books.tick(A, START + 15 * DAY)
    assert sorted(codes(books(declared(sent)), "superseded")) == ["ONE_SIDED", "TRANSIT_OPEN"]
    assert (books.open(), books.balance(A, "STOCK(x)")) == (set(), 10 * T)


def test_a_shipment_that_is_open_again_is_found_again() -> None:
    """Settled when its grace was over; then its receipt was declared void, and a grace later it is still on its way."""
    books = stocked()
    got = receive("x", "10", B, consignment_id="c", cu="10", event_time_us=START + 2 * HOUR)
    books(ship("x", "10", A, B, consignment_id="c", event_time_us=START + HOUR), got)
    assert kinds(books.tick(A, START + 20 * DAY)) == [("NOTHING", "")]
    books.fold.submit(entry(declared(got), record_time_us=START + 21 * DAY))
    assert kinds(books.tick(A, START + 34 * DAY)) == [("NOTHING", "")]
    assert codes(books.tick(A, START + 35 * DAY)) == ["TRANSIT_OPEN", "ONE_SIDED"]


def test_an_unmatched_receipt_says_its_age() -> None:
    books = Books()
    got = receive("x", "10", B, consignment_id="c", cu="10", event_time_us=START)
    (first,) = books(got)
    (aged,) = books.tick(B, START + GRACE)
    opened = next(f for f in first.findings if f.code == "UNMATCHED")
    assert aged.findings == [replace(opened, arithmetic=f"{opened.arithmetic}; waits for 14 days 0 h, the grace is 336 h")]
    books(add("x", "100", A, cu="10", event_time_us=START), ship("x", "10", A, B, consignment_id="c", event_time_us=START))
    assert books.open(B) == set()


def test_a_corrective_that_was_announced_and_never_came() -> None:
    books = stocked()
    wrong = add("y", "1", A, cu="10", event_time_us=START + HOUR)
    books(wrong, declared(wrong, 2, ("urn:right",)))
    said = books.tick(A, START + 15 * DAY)
    assert [(f.code, f.severity, f.inputs) for f in said[0].findings] == [("CORRECTIVE_MISSING", "info", ["urn:right"])]
    came = books(add("y", "2", A, cu="10", event_id="urn:right", event_time_us=START + HOUR))
    assert (codes(came, "resolved"), books.open(A)) == (["CORRECTIVE_MISSING"], set())


def test_a_corrective_that_came_is_not_missed() -> None:
    books = stocked()
    wrong = add("y", "1", A, cu="10", event_time_us=START + HOUR)
    books(wrong, declared(wrong, 2, ("urn:right",)))
    books(add("y", "2", A, cu="10", event_id="urn:right", event_time_us=START + HOUR))
    assert kinds(books.tick(A, START + 15 * DAY)) == [("NOTHING", "")]


# -- bounded work ---------------------------------------------------------------------------------------------------


def test_a_tick_does_a_bounded_amount_and_goes_on_in_entries_of_its_own() -> None:
    books = Books()
    for n in range(150):
        books(receive(f"lot{n}", "1", B, consignment_id="c", cu="10", event_time_us=START))
    done = books.tick(B, START + GRACE)
    assert [len(o.findings) for o in done] == [due.BUDGET, due.BUDGET, 150 - 2 * due.BUDGET]
    assert [o.cause for o in done] == [None, done[0].txn_id, done[1].txn_id]
    assert len({o.entry_id for o in done}) == 3
    assert [o.due_us <= START + GRACE for o in done] == [True, True, False]
    assert all(len(page.slips) <= due.PAGE for _, _, page in books.fold.every(Page))


def test_a_tick_again_is_a_duplicate_or_brings_nothing() -> None:
    books = Books()
    books(receive("x", "10", B, consignment_id="c", cu="10", event_time_us=START))
    assert [kinds(books.tick(B, START + GRACE)) for _ in range(2)] == [[("TRANSACTION", "tick")], [("DUPLICATE", "")]]
    later = [kinds(books.tick(B, START + GRACE + 1)) for _ in range(2)]
    assert later == [[("NOTHING", "")], [("NOTHING", "")]]


# -- the horizon ----------------------------------------------------------------------------------------------------


def test_keys_older_than_the_horizon_are_forgotten_and_such_events_refused() -> None:
    books = Books()
    made = [add(f"lot{n}", "1", A, cu="10", event_time_us=START + n) for n in range(100)]
    books(*made)
    horizon = 400 * DAY
    books.tick(A, START + horizon + 49)
    left = {ref for _, ref, _ in books.fold.every(Seen)}
    assert left == {event.identity for event in made[50:]}
    assert len(books.fold.every(SameHash)) == 50
    changed = replace(made[0], content_digest="other")
    refused = books.fold.submit(entry(changed, record_time_us=START + horizon + 50))
    assert codes(refused) == ["TOO_OLD"]
    assert "400 days 0 h before its record" in refused[0].findings[-1].arithmetic
    assert [o.outcome for o in books(made[0])] == ["DUPLICATE"], "the entry's own fate is kept"


def test_what_is_forgotten_can_still_be_assayed() -> None:
    books = Books()
    books(add("x", "1", A, event_time_us=START))
    books.tick(A, START + 401 * DAY)
    assert books.fold.every(Seen) == []
    books(assay("x", A, cu="10"))
    assert books.balance(A, "STOCK(x)") == T // 10


def test_what_is_parked_or_ahead_of_its_record_stays_known() -> None:
    books = stocked()
    books.fold.submit(entry(add("y", "1", A, cu="10", event_time_us=START + 500 * DAY), record_time_us=START))
    books(transform(A, [("nothing", "1", {})], [("z", "1", {"cu": "10"})], event_time_us=START))
    for day, left in ((401, 2), (802, 2), (1300, 1)):
        books.tick(A, START + day * DAY)
        assert len(books.fold.every(Seen)) == left


def test_a_shorter_grace_counts_for_what_waits_already() -> None:
    books = stocked()
    books(ship("x", "10", A, B, consignment_id="c", event_time_us=START))
    books.fold.submit(Entry("book", A, "BOOK", START + 1, book=SiteBook(grace_hours=1)))
    assert due_us(books.fold, A) == START + HOUR
    assert codes(books.tick(A, START + HOUR)) == ["TRANSIT_OPEN", "ONE_SIDED"]


# -- the watch ------------------------------------------------------------------------------------------------------


def watched(state: Any, lots: list[str], severity: Any = "hold", n: int = 0) -> Entry:
    finding = Finding("f9", "F9", "TELEPORT", 1, severity, ["x"], "1,000 km in 1 h", state, lots)
    return Entry(f"watch {state} {n}", A, "FINDING", START + HOUR, finding=finding)


def test_a_finding_of_the_watch_stands_like_any_other() -> None:
    books = stocked()
    (opened,) = books.fold.submit(watched("open", ["x"]))
    assert (opened.outcome, opened.kind, opened.seq, opened.postings) == ("TRANSACTION", "finding", 2, [])
    assert [lot.findings for lot in books.fold.lots()] == [["f9"]]
    assert kinds(books.fold.submit(watched("open", ["x"]))) == [("DUPLICATE", "")]
    assert kinds(books.fold.submit(watched("open", ["x"], n=1))) == [("DUPLICATE", "")]
    (closed,) = books.fold.submit(watched("resolved", ["x"]))
    assert [f.state for f in closed.findings] == ["resolved"]
    assert [lot.findings for lot in books.fold.lots()] == [[]]
    assert kinds(books.fold.submit(watched("superseded", ["x"]))) == [("DUPLICATE", "")]
    books.fold.submit(watched("open", ["x"], n=2))
    (void,) = books.fold.submit(watched("superseded", ["x"], n=2))
    assert [(f.id, f.state) for f in void.findings] == [("f9", "superseded")], "what it stood on is void"


@pytest.mark.parametrize(("severity", "held"), [("hard", True), ("hold", True), ("warn", False), ("info", False)])
def test_its_lots_are_held_where_it_is_grave(severity: str, held: bool) -> None:
    books = stocked()
    books.fold.submit(watched("open", ["x", "comes later"], severity))
    books(add("comes later", "1", A, cu="1"))
    assert {bool(lot.findings) for lot in books.fold.lots()} == {held}


# -- properties -----------------------------------------------------------------------------------------------------

masses = st.integers(1, 60).map(lambda n: f"{n / 2:.1f}")


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """Events at A and B over four months, in order of their record: some parked, some never received, some void."""
    events: list[Event] = []
    at = START
    for n in range(draw(st.integers(1, 9))):
        at += draw(st.integers(1, 25)) * DAY
        mass = draw(masses)
        kind = draw(st.sampled_from(["add", "ship", "receive", "transform", "declare"]))
        fields: dict[str, Any] = {"event_time_us": at}
        if kind == "add":
            events.append(add("x", mass, A, cu="10", **fields))
        elif kind == "ship":
            events.append(ship("x", mass, A, B, consignment_id=f"c{n % 2}", **fields))
        elif kind == "receive":
            events.append(receive("x", mass, B, consignment_id=f"c{n % 2}", cu="10", **fields))
        elif kind == "transform":
            events.append(transform(A, [("x", mass, {})], [(f"y{n}", mass, {"cu": "10"})], **fields))
        elif events:
            original = draw(st.sampled_from(events))
            if original.error_declaration is None:
                events.append(replace(declared(original), event_hash=original.event_hash))
    return events


def timed(events: list[Event]) -> list[Entry]:
    last = START
    made = []
    for one in events:
        last = max(last, one.event_time_us) + HOUR
        made.append(entry(one, record_time_us=last))
    return made


def state(books: Books) -> Any:
    # inherited: an offer of which nothing was received tells its findings to a lot only where that is there already
    lots = [asdict(replace(lot, seq=0, inherited=[])) for lot in books.fold.lots()]
    return books.fold.accounts(), lots, sorted((s, f.id, f.code, f.severity) for s, f in books.fold.open_findings())


@settings(max_examples=100, deadline=None)
@given(histories(), st.lists(st.integers(0, 400), max_size=12), st.integers(0, 2))
def test_ticks_at_any_times_and_in_any_number_say_the_same(events: list[Event], days: list[int], repeats: int) -> None:
    """At random times, exactly when something is due, and once at the end."""
    end = START + 390 * DAY
    entries = timed(events)

    at_random, when_due, at_the_end = Books(), Books(), Books()
    ticks = sorted(START + day * DAY for day in days if day < 390)
    for one in entries:
        while ticks and ticks[0] <= one.record_time_us:
            at = ticks.pop(0)
            for _ in range(repeats):
                at_random.tick(A, at)
                at_random.tick(B, at)
        _when_due(when_due, one.record_time_us)
        for books in (at_random, when_due, at_the_end):
            books.fold.submit(one)
    _when_due(when_due, end)
    for books in (at_random, when_due, at_the_end):
        for site in (A, B):
            books.tick(site, end)
    assert state(at_random) == state(at_the_end) == state(when_due)
    for site in (A, B):
        assert not 0 < due_us(at_random.fold, site) <= end


def _when_due(books: Books, until: int) -> None:
    """Every tick that the clock would send until then, and a microsecond before each nothing is due."""
    for site in (A, B):
        while 0 < (at := due_us(books.fold, site)) <= until:
            assert [o.outcome for o in books.tick(site, at - 1)] == ["NOTHING"]
            books.tick(site, at)
            assert due_us(books.fold, site) > at or due_us(books.fold, site) == 0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), max_size=80))
def test_a_lane_is_a_queue(steps: list[tuple[int, int]]) -> None:
    """Against a plain list: what is added comes out once, in order, when its time has come."""
    view, plain, now = View(A, {}), [], 0  # type: ignore[var-annotated]
    for number, (gap, limit) in enumerate(steps):
        now += gap
        for part in range(gap * 7):
            slip = Slip(now, f"{number} {part}")
            due.add(view, due.PARKED, slip)
            plain.append(slip)
        ripe = [slip for slip in plain if slip.since_us <= now - 1][: limit * 9]
        assert due.take(view, due.PARKED, now - 1, limit * 9) == ripe
        plain = plain[len(ripe) :]
    assert due.take(view, due.PARKED, None, 10**6) == plain


def test_a_tick_of_a_site_that_has_nothing() -> None:
    books = Books()
    (outcome,) = books.fold.submit(tick(A, START))
    assert (outcome.outcome, outcome.seq, outcome.attempt, outcome.due_us) == ("NOTHING", 0, 1, 0)
