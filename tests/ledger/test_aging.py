"""What stays open beyond the grace, field by field (R71 to R73): which shipment, whose finding, and how each of them ends."""

from typing import Any

from lodestream.epcis.event import Event
from lodestream.ledger import due
from lodestream.ledger.moving import Outbound
from lodestream.ledger.records import Finding, Outcome
from lodestream.ledger.state import Head, Parked, Seen
from tests.ledger.making import HOUR, START, Books, add, codes, declared, entry, event, item, receive, ship, transform

A, B, C = "urn:site:a", "urn:site:b", "urn:site:c"
DAY = 24 * HOUR
GRACE = 336 * HOUR
LATER = START + 20 * DAY


def sent(*masses: str, to: str | None = B, **more: Any) -> tuple[Books, list[Event]]:
    """100 t at 10 % Cu, of which so many tonnes leave under one consignment, an hour after each other."""
    books = Books()
    books(add("x", "100", A, cu="10", event_time_us=START))
    made = [
        ship("x", mass, A, to, consignment_id="c", event_time_us=START + (n + 1) * HOUR, **more) for n, mass in enumerate(masses)
    ]
    books(*made)
    return books, made


def got(mass: str, **more: Any) -> Event:
    return receive("x", mass, B, **{"consignment_id": "c", "event_time_us": START + 6 * HOUR} | more)


def asked_back() -> Event:
    fields: dict[str, Any] = {"action": "OBSERVE", "biz_step": "void_shipping", "read_point": A, "consignment_id": "c"}
    return event("ObjectEvent", [], event_time_us=START + 9 * HOUR, **fields)


def said(outcomes: list[Outcome], state: str = "open") -> list[tuple[str, str]]:
    """Code and shipment of the findings on shipments."""
    return [(f.code, f.inputs[-1]) for o in outcomes for f in o.findings if f.state == state and f.code != "TIME_ORDER"]


def head(books: Books, site: str = A) -> Head:
    return next(one for s, _, one in books.fold.every(Head) if s == site)


# -- shipments ------------------------------------------------------------------------------------------------------


def test_each_shipment_says_its_own_mass() -> None:
    """10 and 20 t in one consignment, both open."""
    books, made = sent("10", "20")
    aged, _ = books.tick(A, LATER)
    masses = [(f.code, f.inputs, f.arithmetic.partition(" dry")[0]) for f in aged.findings]
    assert masses == [
        (code, ["c", "x", one.identity], kg)
        for one, kg in zip(made, ("10,000 kg", "20,000 kg"), strict=True)
        for code in ("TRANSIT_OPEN", "ONE_SIDED")
    ]


def test_exactly_what_the_first_of_two_sent_has_come() -> None:
    """10 t of two times 10 t: the first is settled to the mg, the second is as one-sided as the rest is on its way."""
    books, (_, second) = sent("10", "10")
    books(got("10", receipt="partial"))
    assert said(books.tick(A, LATER)) == [("TRANSIT_OPEN", second.identity)]


def test_one_milligram_less_than_the_first_sent() -> None:
    books, both = sent("10", "10")
    books(got("9.999999999", receipt="partial"))
    assert said(books.tick(A, LATER)) == [("TRANSIT_OPEN", one.identity) for one in both]


def test_what_goes_to_another_site_is_counted_by_itself() -> None:
    """C's 10 t were shipped before B's two times 10 t: B has got the first of its own."""
    books, _ = sent()
    c, one, two = (
        ship("x", "10", A, to, consignment_id="c", event_time_us=START + n * HOUR) for n, to in enumerate((C, B, B), start=1)
    )
    books(c, one, two, got("10", receipt="partial"))
    found = said(books.tick(A, LATER))
    assert found == [("TRANSIT_OPEN", c.identity), ("ONE_SIDED", c.identity), ("TRANSIT_OPEN", two.identity)]


def test_a_final_receipt_of_less_settles_it() -> None:
    """9 of 10 t, final: nothing is pending, before the grace as after it."""
    books, _ = sent("10")
    books(got("9", receipt="final"))
    assert said(books.tick(A, LATER)) == []
    books, (one,) = sent("10")
    books.tick(A, LATER)
    ended = said(books(got("9", receipt="final", event_time_us=LATER + HOUR)), "resolved")
    assert ended == [("TRANSIT_OPEN", one.identity), ("ONE_SIDED", one.identity)]


def test_a_first_part_ends_that_nothing_was_told() -> None:
    """4 of 10 t, without any copper: it is not one-sided any more, and still open."""
    books, (one,) = sent("10")
    books.tick(A, LATER)
    made = books(got("4", cu="0", receipt="partial", event_time_us=LATER + HOUR))
    assert said(made, "resolved") == [("ONE_SIDED", one.identity)]
    assert books.open(A) == {"TRANSIT_OPEN"}


def test_one_of_two_was_an_error() -> None:
    """What was said of it is superseded; of the other all of it stands, though nothing of either came."""
    books, (wrong, right) = sent("10", "10")
    books.tick(A, LATER)
    made = books(declared(wrong))
    assert said(made, "superseded") == [("TRANSIT_OPEN", wrong.identity), ("ONE_SIDED", wrong.identity)]
    assert said(made, "resolved") == []
    left = {(f.code, f.inputs[2]) for _, f in books.fold.open_findings() if f.rule in {"F27", "F34"}}
    assert left == {("TRANSIT_OPEN", right.identity), ("ONE_SIDED", right.identity)}


def test_what_was_void_before_its_grace_was_over_is_not_spoken_of() -> None:
    books, (wrong,) = sent("10")
    books(declared(wrong))
    assert [(o.outcome, o.findings) for o in books.tick(A, LATER)] == [("NOTHING", [])]


def test_what_was_found_open_is_kept_in_order() -> None:
    """Six shipments of one pair: by their identity, so that the same book has the same bytes."""
    books, made = sent(*"123456")
    books.tick(A, LATER)
    ((_, _, pair),) = books.fold.every(Outbound)
    assert pair.aged == sorted(one.identity for one in made)
    books(got("21", cu="10", event_time_us=LATER + HOUR))
    ((_, _, pair),) = books.fold.every(Outbound)
    assert (pair.aged, books.open(A)) == ([], set())


def test_what_went_nowhere_has_no_grace() -> None:
    """Its TRANSIT_OPEN stands from the beginning; asked back it resolves, and that was an error: it stands anew, and once."""
    books, (one,) = sent("10", to=None)
    ask = asked_back()
    assert said(books(ask), "resolved") == [("TRANSIT_OPEN", one.identity)]
    assert said(books(declared(ask))) == [("TRANSIT_OPEN", one.identity)]
    assert [(o.outcome, o.findings) for o in books.tick(A, START + 40 * DAY)] == [("NOTHING", [])]


def test_of_a_shipment_to_nowhere_the_lots_that_are_out() -> None:
    """x and y went nowhere, and x alone is asked back: TRANSIT_OPEN is of y now, and ends with it."""
    books, _ = sent()
    books(add("y", "10", A, cu="10", event_time_us=START))
    fields: dict[str, Any] = {"action": "OBSERVE", "read_point": A, "consignment_id": "c"}
    both = [item("object", lot, "1") for lot in ("x", "y")]
    (first,) = books(event("ObjectEvent", both, biz_step="shipping", event_time_us=START + HOUR, **fields))
    (second,) = books(event("ObjectEvent", [item("object", "x", None)], biz_step="void_shipping", **fields))
    (third,) = books(asked_back())
    found = [[(f.state, f.lots) for f in o.findings if f.code == "TRANSIT_OPEN"] for o in (first, second, third)]
    assert found == [[("open", ["x", "y"])], [("superseded", ["x", "y"]), ("open", ["y"])], [("resolved", ["y"])]]


# -- what is parked, received, announced ----------------------------------------------------------------------------


def test_a_hold_that_turned_hard_is_another_finding_of_the_same_rule() -> None:
    """Its inputs name the grace; entry and event know it by its new id."""
    books, _ = sent()
    waits = transform(A, [("y", "5", {})], [("z", "5", {"cu": "10"})], event_time_us=START + HOUR)
    (parked,) = books(waits)
    (aged,) = books.tick(A, LATER)
    (old, new) = aged.findings
    assert (old.inputs, new.inputs) == (["y", waits.identity], ["y", waits.identity, "grace"])
    assert (old.id, old.state, new.lots) == (parked.findings[0].id, "superseded", ["y"])
    ((_, _, kept),) = books.fold.every(Parked)
    seen = next(one for _, ref, one in books.fold.every(Seen) if ref == waits.identity)
    assert (kept.findings, seen.findings) == ([new.id], [new.id])


def test_a_declaration_that_waits_beside_its_event_changes_nothing_of_that() -> None:
    """A declaration came before its event, which is parked then and taken back by it: nothing waits for the grace."""
    books, _ = sent()
    waits = transform(A, [("y", "5", {})], [("z", "5", {"cu": "10"})], event_time_us=START + HOUR)
    books(declared(waits), waits)
    assert [(o.outcome, o.findings) for o in books.tick(A, LATER)] == [("NOTHING", [])]


def test_the_age_of_an_unmatched_receipt_stays_with_its_finding() -> None:
    books = Books()
    books(got("10", cu="10"))
    (aged,) = books.tick(B, LATER)
    (found,) = [f for _, f in books.fold.open_findings() if f.code == "UNMATCHED"]
    assert found == aged.findings[0]
    books(add("x", "100", A, cu="10", event_time_us=START), ship("x", "10", A, B, consignment_id="c", event_time_us=START))
    (ended,) = [f for o in books.outcomes for f in o.findings if f.code == "UNMATCHED" and f.state == "resolved"]
    assert ended.arithmetic == aged.findings[0].arithmetic


def test_an_unmatched_receipt_that_was_matched_has_no_age() -> None:
    books = Books()
    books(got("10", cu="10"))
    books(add("x", "100", A, cu="10", event_time_us=START), ship("x", "10", A, B, consignment_id="c", event_time_us=START))
    assert [(o.outcome, o.findings) for o in books.tick(B, LATER)] == [("NOTHING", [])]


def announced(*names: str) -> Books:
    """Wrong lots of which each declaration announces that name."""
    books, _ = sent()
    for n, name in enumerate(names):
        wrong = add(f"y{n}", "1", A, cu="10", event_time_us=START + HOUR)
        books(wrong, declared(wrong, 2, (name,)))
    return books


def right(name: str, at_us: int = START + HOUR) -> Event:
    return add(name, "2", A, cu="10", event_id=name, event_time_us=at_us)


def test_two_declarations_announce_one_corrective() -> None:
    """It is missing once, and it comes once."""
    books = announced("urn:right", "urn:right")
    (aged,) = books.tick(A, LATER)
    assert (said([aged]), head(books).missing) == ([("CORRECTIVE_MISSING", "urn:right")], 1)
    assert said(books(right("urn:right")), "resolved") == [("CORRECTIVE_MISSING", "urn:right")]
    assert head(books).missing == 0


def test_of_two_that_are_missing_one_comes_after_something_else() -> None:
    """Another event is no corrective: two are missing as before, then one, then none."""
    books = announced("urn:one", "urn:two")
    books.tick(A, LATER)
    counts = [head(books).missing]
    for name in ("urn:other", "urn:two", "urn:one"):
        books(right(name))
        counts.append(head(books).missing)
    assert (counts, books.open(A)) == ([2, 2, 1, 0], set())


def test_a_corrective_that_was_missing_opens_its_month() -> None:
    """It comes for a month in which nothing was posted: the head knows of both, that it came and its month."""
    books = announced("urn:right")
    books.tick(A, LATER)
    books.fold.submit(entry(right("urn:right", START - 10 * DAY), record_time_us=LATER + HOUR))
    assert (head(books).missing, head(books).periods) == (0, ["2026-02", "2026-03"])
    assert due.SEEN in head(books).lanes


def test_what_was_found_missing_is_one_finding_of_its_site() -> None:
    books = announced("urn:right")
    books.tick(A, LATER)
    ((site, found),) = [(site, one) for site, _, one in books.fold.every(Finding) if one.code != "NO_BOOK"]
    assert (site, found.code, found.inputs, found.rule) == (A, "CORRECTIVE_MISSING", ["urn:right"], "F43")
    assert codes(books.outcomes[-1:]) == ["CORRECTIVE_MISSING"]
