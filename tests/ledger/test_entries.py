"""One entry, one outcome: what comes of its kind, its ids, times and attempts, and what wakes what waits (R40, R41, R49)."""

from typing import Any

import pytest
from msgspec.structs import replace

from lodestream.ids import derive
from lodestream.ledger import apply as rules
from lodestream.ledger import months, restate
from lodestream.ledger.apply import apply, skip
from lodestream.ledger.book import SiteBook
from lodestream.ledger.chain import canonical_bytes
from lodestream.ledger.records import Answer, Entry, Finding, Handover, Offer, Outcome
from lodestream.ledger.state import Balance, Fate, Head, Parked, Waiting
from lodestream.ledger.view import Books as Views
from tests.ledger.making import HOUR, START, Books, T, add, codes, declared, entry, event, item, receive, ship, tick, transform

A, B = "urn:site:a", "urn:site:b"
DAY = 24 * HOUR


def waits(lot: str, n: int = 0) -> Any:
    """A run that needs a tonne of a lot."""
    return transform(A, [(lot, "1", {})], [(f"of {lot} {n}", "1", {"cu": "10"})], event_time_us=START + HOUR)


def lot(name: str, mass: str = "1", at_us: int = START, **more: Any) -> Any:
    return add(name, mass, A, **{"cu": "10", "event_time_us": at_us} | more)


def head(books: Books, site: str = A) -> Head:
    return next(one for s, _, one in books.fold.every(Head) if s == site)


def told(outcomes: list[Outcome]) -> list[tuple[str, int]]:
    return [(o.outcome, o.attempt) for o in outcomes]


def found(outcomes: list[Outcome]) -> list[tuple[str, str]]:
    return [(f.code, f.state) for o in outcomes for f in o.findings if f.code != "NO_BOOK"]


# -- kinds ----------------------------------------------------------------------------------------------------------

FULL = Entry(
    "full",
    A,
    "NEWS",
    START,
    offer=Offer("c", B, B, A, [], []),
    answer=Answer("c", B, []),
    handover=Handover("h 0", 1, "offered", B, A, "p", "Cu", "country:ZM", 1, START),
    book=SiteBook(),
    finding=Finding("f", "F9", "DRIFT", 1, "warn", ["x"], "said", "open"),
    tick_us=START,
)


@pytest.mark.parametrize("kind", ["EVENT", "OFFER", "ANSWER", "HANDOVER", "BOOK", "TICK", "FINDING", "NEWS"])
def test_an_entry_without_its_content_is_unreadable(kind: str) -> None:
    """It is passed over, whatever it is; again it is another attempt, not a duplicate."""
    books = Books()
    empty = Entry("empty", A, kind, START)
    for attempt in (1, 2, 3):
        (outcome,) = books.fold.submit(empty)
        said = f"kind {kind} is not known, is empty, or names a time zone that is not known"
        assert (outcome.outcome, outcome.attempt, outcome.reason, outcome.seq) == ("UNREADABLE", attempt, said, 0)
    assert [one for _, _, one in books.fold.every(Fate)] == [Fate(3, "unreadable")]


def test_the_kind_says_which_content_counts() -> None:
    """An entry of an unknown kind with every content, then one of each kind with all of it."""
    books = Books()
    assert told(books.fold.submit(FULL)) == [("UNREADABLE", 1)]
    made = replace(FULL, event=lot("x"))
    kinds = {}
    for kind in ("EVENT", "OFFER", "ANSWER", "HANDOVER", "BOOK", "FINDING"):
        (outcome,), _ = books.fold.apply(replace(made, kind=kind, entry_id=kind))
        kinds[kind] = (outcome.outcome, outcome.kind)
    assert kinds == {
        "EVENT": ("TRANSACTION", "create"),
        "OFFER": ("TRANSACTION", "offer"),
        "ANSWER": ("TRANSACTION", "answer"),
        "HANDOVER": ("TRANSACTION", "handover"),
        "BOOK": ("TRANSACTION", "book"),
        "FINDING": ("TRANSACTION", "finding"),
    }
    assert [(o.outcome, o.kind) for o in books.fold.submit(replace(FULL, kind="TICK", entry_id="t"))] == [("NOTHING", "")]
    assert [(o.outcome, o.kind) for o in books.fold.submit(replace(FULL, kind="CONTINUE", entry_id="c", tick_us=0))] == [
        ("TRANSACTION", "restate")
    ]


def test_a_finding_of_the_watch_may_come_again_under_its_entry() -> None:
    """Opened, ended, and opened: the id of its entry is that of the finding; the same again is said to be that."""
    books = Books()
    books(lot("x"))
    opened = Finding("f9", "F9", "DRIFT", 1, "hold", ["x"], "said", "open", ["x"])
    for state, outcome in (("open", "TRANSACTION"), ("resolved", "TRANSACTION"), ("open", "TRANSACTION"), ("open", "DUPLICATE")):
        (one,) = books.fold.submit(Entry("f9", A, "FINDING", START, finding=replace(opened, state=state)))
        assert one.outcome == outcome
    assert (one.reason, one.attempt) == ("the same again", 4)


def test_an_entry_that_an_operator_skips() -> None:
    """Its outcome says why; afterwards it is as if it had been unreadable: sent again it posts."""
    views, one = Views({}), entry(lot("x"))
    (skipped,) = skip(views, one, "the bug of rule 7").outcomes
    assert (skipped.outcome, skipped.reason, skipped.attempt) == ("UNREADABLE", "skipped: the bug of rule 7", 1)
    (posted,) = apply(views, one).outcomes
    assert (posted.outcome, posted.attempt, posted.seq) == ("TRANSACTION", 2, 1)


def test_what_a_rule_wrote_before_it_raised_is_gone() -> None:
    views = Views({})
    views.of(A).put(Balance(7), "Cu SOURCE(undeclared)")
    apply(views, entry(lot("x")))
    assert views.of(A).get(Balance, "Cu SOURCE(undeclared)") == Balance(-T // 10)


# -- ids and times --------------------------------------------------------------------------------------------------


def test_ids_are_made_of_entry_version_attempt_and_place() -> None:
    """Sent, received, answered: transactions by entry and attempt, postings by leg, messages by site and number."""
    books = Books()
    one = entry(ship("x", "1", A, B, consignment_id="c", event_time_us=START + HOUR))
    books(lot("x"))
    (outcome,), (message,) = books.fold.apply(one)
    assert outcome.txn_id == derive("txn", one.entry_id, "1", "1")
    legs = [derive("posting", outcome.txn_id, str(n)) for n in range(2)]
    assert [(p.posting_id, p.leg) for p in outcome.postings] == [(legs[0], 0), (legs[1], 1)]
    assert message.entry_id == derive("message", outcome.txn_id, B, "0")
    assert (message.site, message.kind, message.cause, message.record_time_us) == (B, "OFFER", outcome.txn_id, START + HOUR)


def test_what_goes_on_has_an_id_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """One entry tells one movement anew; the next is a CONTINUE entry of the same site, at the record time of its cause."""
    monkeypatch.setattr(restate, "MAX_MOVES", 1)
    books = Books()
    wrong = lot("x", "10", event_id="urn:wrong")
    books(wrong, *(transform(A, [(a, "1", {})], [(b, "1", {})], event_time_us=START + HOUR) for a, b in ("xy", "yz")))
    books.fold.apply(entry(declared(wrong, 1, ("urn:right",)), record_time_us=START + DAY))
    (outcome,), entries = books.fold.apply(entry(lot("x", "10", cu="20", event_id="urn:right"), record_time_us=START + 2 * DAY))
    rest = derive("continue", outcome.txn_id)
    assert entries == [Entry(rest, A, "CONTINUE", START + 2 * DAY, cause=outcome.txn_id)]
    (again,), _ = books.fold.apply(entries[0])
    assert (again.kind, again.cause, again.record_time_us) == ("restate", outcome.txn_id, START + 2 * DAY)


def test_what_is_left_of_a_tick_has_an_id_of_its_own() -> None:
    books = Books()
    for n in range(65):
        books(receive(f"lot{n}", "1", B, consignment_id="c", cu="10", event_time_us=START))
    (outcome,), entries = books.fold.apply(tick(B, START + 20 * DAY))
    rest = derive("continue", outcome.txn_id, "due")
    assert entries == [Entry(rest, B, "CONTINUE", START + 20 * DAY, cause=outcome.txn_id, tick_us=START + 20 * DAY)]


def test_an_outcome_outside_of_the_chain_has_the_time_of_the_book() -> None:
    """The later one of the last record and its own; what is due is told with it."""
    books = Books()
    first = lot("x", at_us=START + DAY)
    books(first)
    (early,) = books.fold.submit(entry(first, record_time_us=START))
    (late,) = books.fold.submit(entry(first, record_time_us=START + 3 * DAY))
    assert (early.outcome, early.reason) == ("DUPLICATE", "this entry has its outcome already")
    assert (early.record_time_us, late.record_time_us) == (START + DAY, START + 3 * DAY)
    assert early.due_us == late.due_us == head(books).due_us > 0
    assert (early.attempt, early.seq, early.txn_id) == (2, 0, derive("txn", early.entry_id, "1", "2"))


def test_a_book_that_has_nothing_yet_waits_for_nothing() -> None:
    """Its first entry is a finding of the watch: there is no head before it, and nothing is due; a tick brings nothing."""
    books = Books()
    watch = Finding("f9", "F9", "DRIFT", 1, "warn", ["x"], "said", "open")
    (first,) = books.fold.submit(Entry("f9", A, "FINDING", START, finding=watch))
    (nothing,) = books.fold.submit(tick(A, START + HOUR))
    assert (first.outcome, first.due_us) == ("TRANSACTION", 0)
    assert (nothing.outcome, nothing.reason, nothing.due_us) == ("NOTHING", "", 0)


def test_the_same_event_in_another_entry_is_the_same_again() -> None:
    books = Books()
    first = lot("x")
    books(first)
    (again,) = books.fold.submit(replace(entry(first), entry_id="other"))
    assert (again.outcome, again.reason, again.attempt) == ("DUPLICATE", "the same again", 1)


def test_a_book_takes_effect_by_the_time_of_a_tick_or_of_a_record() -> None:
    """Whichever of the two is later: a tick may be told before its time is recorded."""
    for one in (
        Entry("t", A, "TICK", START, tick_us=START + HOUR),
        Entry("t", A, "TICK", START + HOUR, tick_us=1),
    ):
        books = Books()
        books.fold.submit(Entry("b", A, "BOOK", START, book=SiteBook(name="later", effective_us=START + HOUR)))
        books.fold.submit(one)
        assert head(books).book.name == "later"


def test_a_month_that_time_closes_is_valid_at_its_end() -> None:
    """An event's transaction has the time of the event, a tick's that of its record, that of a close the month's last instant."""
    books = Books()
    (first,) = books(lot("x", at_us=START + 5))
    closed = [o for o in books.tick(A, START + 50 * DAY) if o.kind == "close"]
    assert (first.valid_time_us, [o.valid_time_us for o in closed]) == (START + 5, [months.bounds("UTC", "2026-03")[1] - 1])


# -- size -----------------------------------------------------------------------------------------------------------


def test_what_a_record_holds_and_what_is_large() -> None:
    """12 MiB of JSON; 17,592 t, of which half a million sum up to 64 bits."""
    assert rules.MAX_OUTCOME_BYTES == 12_582_912
    assert (rules.LARGE, rules.LARGE // T, 2**63 // rules.LARGE) == (17_592_186_044_416, 17_592, 524_288)


def test_a_transaction_of_exactly_so_many_bytes_posts(monkeypatch: pytest.MonkeyPatch) -> None:
    """One byte more is TOO_LARGE, with both numbers"""
    one = lot("x")
    (posted,) = Books()(one)
    size = len(canonical_bytes(posted))
    monkeypatch.setattr(rules, "MAX_OUTCOME_BYTES", size)
    assert codes(Books()(one)) == []
    monkeypatch.setattr(rules, "MAX_OUTCOME_BYTES", size - 1)
    (refused,) = Books()(one)
    (finding,) = refused.findings
    said = f"the transaction or its offer would take {size} bytes, a record holds {size - 1}: split the event"
    assert (finding.code, finding.inputs, finding.arithmetic) == ("TOO_LARGE", [refused.entry_id], said)
    assert (refused.kind, refused.reason, refused.postings, refused.lots) == ("refuse", "TOO_LARGE", [], [])


def test_a_refused_declaration_leaves_what_was_said_of_its_event(monkeypatch: pytest.MonkeyPatch) -> None:
    """The event stands refused for its own reason, which a declaration that no record holds does not end."""
    books = Books()
    impossible = add("x", "10", A, cu="101")
    books(impossible)
    monkeypatch.setattr(rules, "MAX_OUTCOME_BYTES", 1)
    (refused,) = books(declared(impossible))
    assert [(f.code, f.state) for f in refused.findings] == [("TOO_LARGE", "open")]
    assert books.open() == {"GRADE_IMPOSSIBLE", "TOO_LARGE"}


def test_an_offer_that_does_not_fit_is_refused_like_an_event(monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry of another site's book: it is no event that anybody has seen."""
    monkeypatch.setattr(rules, "MAX_OUTCOME_BYTES", 1)
    (outcome,) = Books().fold.submit(Entry("o", A, "OFFER", START, offer=Offer("c", B, B, A, [], [])))
    assert [(f.code, f.inputs) for f in outcome.findings] == [("TOO_LARGE", ["o"])]


# -- attempts -------------------------------------------------------------------------------------------------------


def writers(*names: str, n: int = 0) -> Entry:
    return Entry(f"writers {n}", A, "BOOK", START, book=SiteBook(sources=list(names)))


def test_refused_parked_posted() -> None:
    """One entry, three outcomes: by a source that may not write, then for want of its input, then posted. Each ends the last."""
    books = Books()
    one = waits("y")
    books.fold.submit(writers("mes"))
    first = books(one)
    books.fold.submit(writers(n=1))
    second = books(one)
    third = books(lot("y"))
    assert [told(first), told(second), told(third)] == [
        [("TRANSACTION", 1)],
        [("PARKED", 2)],
        [("TRANSACTION", 1), ("TRANSACTION", 3)],
    ]
    assert [o.txn_id for o in (*first, *second, third[1])] == [derive("txn", first[0].entry_id, "1", n) for n in "123"]
    assert found(first) == [("NOT_AUTHORISED", "open")]
    assert found(second) == [("NOT_AUTHORISED", "superseded"), ("PHANTOM_STOCK", "open")]
    assert found(third) == [("PHANTOM_STOCK", "resolved")]
    assert {one.status for _, _, one in books.fold.every(Fate)} == {"posted"}


def test_parked_and_then_refused() -> None:
    """While it waited its source was taken off the book: what it waited for is superseded, and it waits no more."""
    books = Books()
    parked = books(waits("y"))
    fates = {one.status for _, _, one in books.fold.every(Fate)}
    books.fold.submit(writers("mes"))
    made = books(lot("y"), source="mes")
    assert (told(parked), fates) == ([("PARKED", 1)], {"parked"})
    assert [(o.kind, o.reason) for o in made] == [("create", ""), ("refuse", "NOT_AUTHORISED")]
    assert found(made) == [("PHANTOM_STOCK", "superseded"), ("NOT_AUTHORISED", "open")]
    assert (head(books).parked, books.fold.every(Parked), books.fold.every(Waiting)) == (0, [], [])
    assert {one.status for _, _, one in books.fold.every(Fate)} == {"posted", "refused"}


def test_refused_for_another_reason() -> None:
    """The reason of before is superseded; the same reason again says nothing new and stands."""
    books = Books()
    unit = lot("x", event_id="urn:x", uom="C62")
    grade = lot("x", event_id="urn:x", cu="128.5")
    first, again = books(unit), books(unit)
    assert (found(first), found(again), books.open()) == ([("NO_QUANTITY", "open")], [], {"NO_QUANTITY"})
    assert found(books(grade)) == [("GRADE_IMPOSSIBLE", "open"), ("NO_QUANTITY", "superseded")]
    assert books.open() == {"GRADE_IMPOSSIBLE"}


def test_a_changed_copy_that_is_refused_leaves_what_the_original_said() -> None:
    books = Books()
    books(lot("x", event_id="urn:x", opening=True))
    made = books(lot("x", "2", event_id="urn:x", opening=True))
    assert found(made) == [("MUTATED_EVENT", "open")]
    assert books.open() == {"MUTATED_EVENT", "OPENING_UNPROVEN"}


def test_no_book_is_of_the_first_posting() -> None:
    """A link posts nothing and needs no book; after the first posting a link leaves it so."""
    books = Books()
    linked = [
        event("ObjectEvent", [item("object", "x", None)], action="OBSERVE", biz_location=A, biz_step=f"s{n}") for n in (1, 2)
    ]
    made = [*books(linked[0]), *books(lot("x")), *books(linked[1])]
    assert [[f.code for f in o.findings] for o in made] == [[], ["NO_BOOK"], []]
    (finding,) = made[1].findings
    assert (finding.inputs, finding.lots, head(books).posted) == ([A], [], True)
    assert codes(books(ship("z", "1", A, B, consignment_id="c"))) == ["PHANTOM_STOCK"], "the site has posted: z is not there"


# -- what waits -----------------------------------------------------------------------------------------------------


def test_what_waits_is_retried_in_the_order_in_which_it_came() -> None:
    """Six runs that wait for one lot."""
    books = Books()
    runs = [waits("y", n) for n in range(6)]
    books(*runs)
    assert sorted(one.arrival for _, _, one in books.fold.every(Parked)) == [1, 2, 3, 4, 5, 6]
    assert head(books).arrivals == 6
    made = books(lot("y", "6"))
    assert [o.event_id for o in made[1:]] == [one.event_id for one in runs]


def test_what_waits_for_another_lot_by_now() -> None:
    """It needs y and z: it waits for y, then for z, without an outcome between, and posts once."""
    books = Books()
    one = transform(A, [("y", "1", {}), ("z", "1", {})], [("p", "2", {"cu": "10"})], event_time_us=START + HOUR)
    books(one)
    assert [(ref, w.entry_ids) for _, ref, w in books.fold.every(Waiting)] == [("lot:y", [entry(one).entry_id])]
    assert [o.kind for o in books(lot("y"))] == ["create"]
    assert [(ref, w.entry_ids) for _, ref, w in books.fold.every(Waiting)] == [("lot:z", [entry(one).entry_id])]
    assert (head(books).parked, [p.arrival for _, _, p in books.fold.every(Parked)]) == (1, [1])
    assert [o.kind for o in books(lot("y", "5", event_time_us=START + 1))] == ["create"], "y is not what it waits for"
    assert [o.kind for o in books(lot("z"))] == ["create", "transform"]
    assert (head(books).parked, books.fold.every(Waiting)) == (0, [])


def test_what_is_parked_holds_its_lot_wherever_it_is() -> None:
    """x went to B; more of it is drawn than there is: the hold goes along with a new offer, and ends there too."""
    books = Books()
    books(lot("x", "10"), ship("x", "4", A, B, consignment_id="c", event_time_us=START + HOUR))
    books(receive("x", "4", B, consignment_id="c", cu="10", event_time_us=START + 2 * HOUR))
    drawn = transform(A, [("x", "9", {})], [("p", "9", {"cu": "10"})], event_time_us=START + 3 * HOUR)
    (parked,), (offer, *_) = books.fold.apply(entry(drawn))
    (finding,) = parked.findings
    assert (parked.outcome, parked.reason, [x.findings for x in parked.lots]) == ("PARKED", "DOUBLE_SPEND", [[finding.id]])
    assert (offer.kind, offer.entry_id) == ("OFFER", derive("message", parked.txn_id, B, "0"))
    books.fold.submit(offer)
    assert books.lot(B, "x").inherited == [finding.id]


def test_what_a_hold_is_still_to_be_told_of_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restate, "MAX_MOVES", 0)
    books = Books()
    books(lot("x", "10"))
    drawn = transform(A, [("x", "11", {})], [("p", "9", {"cu": "10"})], event_time_us=START + 3 * HOUR)
    (parked,), entries = books.fold.apply(entry(drawn))
    rest = derive("continue", parked.txn_id)
    assert entries == [Entry(rest, A, "CONTINUE", START + 3 * HOUR, cause=parked.txn_id)]
