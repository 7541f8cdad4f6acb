"""Proofs of delivery: who is told of what was seen where, by when what is shipped has arrived, what withdraws it (R78)."""

from typing import Any

import pytest
from msgspec.structs import replace

from lodestream.epcis.event import Event, TypedRef
from lodestream.ledger import delivered
from lodestream.ledger.book import SiteBook
from lodestream.ledger.moving import Outbound, Proof
from tests.ledger.making import HOUR, START, Books, declared, entry, receive, ship
from tests.ledger.test_delivered import APRIL, DAY, PARTY, PORT, A, closing, proof, put, sale, stock, stood

B = "urn:site:b"
AT = START + 3 * DAY  # of a proof
SKEW = 15 * 60_000_000


def told(made: Event, **more: Any) -> list[tuple[str, str]]:
    """Which sites are sent the event from the book of the place where it was seen."""
    one = entry(made)
    given = replace(one, **{"external": [PARTY], "locations": one.locations | {A: A}} | more)
    return [(sent.site, sent.kind) for sent in Books().fold.apply(given)[1]]


def owner(party: str = PARTY, kind: str = "owning_party") -> dict[str, Any]:
    return {"destinations": [TypedRef(party, kind)]}


def test_who_is_told_of_what_was_seen() -> None:
    """The site of the source, of what was seen at an external party's or became one's, by an ObjectEvent OBSERVE."""
    assert {"arriving", "receiving", "accepting"} == delivered.STEPS
    assert told(proof()) == [(A, "EVENT")]
    assert told(proof("arriving", PORT, **owner())) == [(A, "EVENT")]
    assert told(declared(proof())) == [(A, "EVENT")]
    assert told(proof("arriving", PORT)) == [], "nobody external has it"
    assert told(proof("arriving", PORT, **owner("urn:party:known"))) == []
    assert told(proof("arriving", PORT, **owner(kind="possessing_party"))) == []
    assert told(proof("departing")) == []
    assert told(proof(action="ADD")) == []
    assert told(replace(proof(), type="TransactionEvent")) == []
    assert told(proof(), cause="txn") == [], "it was told already"


def test_who_is_not_told_as_the_sender() -> None:
    """No place named, a place that the gate knew no site of, an external party's, or the site that saw it itself."""
    assert told(proof(sources=[])) == []
    assert told(proof(), locations={PARTY: PARTY}) == []
    assert told(proof(origin="urn:party:y"), external=[PARTY, "urn:party:y"]) == []
    assert told(proof("arriving", A, origin=A, **owner())) == []
    assert told(proof(sources=[TypedRef(A, "owning_party")])) == []


@pytest.mark.parametrize(("more_us", "gone"), [(SKEW, True), (SKEW + 1, False), (-DAY, True)])
def test_what_was_shipped_by_then_as_clocks_go(more_us: int, gone: bool) -> None:
    """A quarter of an hour after the proof, by the sender's clock, it has arrived; a microsecond later it has not."""
    books = Books()
    put(books, stock(), sale(event_time_us=AT + more_us), proof(), record=APRIL - DAY)
    assert stood(books) == ((9_000, 0, 1_000) if gone else (9_000, 1_000, 0))
    ((_, _, pair),) = books.fold.every(Outbound)
    ((proven,),) = [pair.proofs]
    assert proven.at_us == AT + SKEW


def test_the_book_says_by_what_clocks_differ() -> None:
    for minutes, gone in ((1, True), (0, False)):
        books = Books(**{A: SiteBook(clock_skew_minutes=minutes)})
        put(books, stock(), sale(event_time_us=AT + 60_000_000), proof(), record=APRIL - DAY)
        assert stood(books)[2] == (1_000 if gone else 0)


def test_a_consignment_whose_name_has_spaces() -> None:
    """The proof comes before the shipment: consignment and lot are told apart by the last space."""
    books = Books()
    put(books, stock(), proof(consignment_id="c 3 a"), sale(consignment_id="c 3 a"), record=APRIL - DAY)
    assert (books.balance(A, "TRANSIT(c 3 a x)"), stood(books)[2]) == (0, 1_000)
    ((_, ref, pair),) = books.fold.every(Outbound)
    assert (ref, pair.consignment, pair.lot) == ("c 3 a x", "c 3 a", "x")


def test_what_a_proof_is_kept_as() -> None:
    """Of nothing sent from here it is a link, of what is there it is `deliver`, with or without something to post."""
    books = Books()
    put(books, stock(), sale())
    (_, other), (_, first), (_, again) = (
        put(books, proof(consignment_id="d", lots=())),
        put(books, proof(event_id="urn:one")),
        put(books, proof(event_id="urn:two", event_time_us=AT + HOUR)),
    )
    assert [(o.kind, len(o.postings)) for o in (other, first, again)] == [("link", 0), ("deliver", 2), ("deliver", 0)]
    assert other.reason == "proof of delivery of consignment d: nothing of it was sent from here"
    assert (first.reason, again.reason) == ("", "proof of delivery of consignment c: nothing of it waits here for one")


def test_without_a_consignment_nothing_is_proven() -> None:
    books = Books()
    put(books, stock(), sale())
    _, outcome = put(books, proof(consignment_id=None))
    assert (outcome.kind, stood(books)) == ("link", (9_000, 1_000, 0))
    assert outcome.reason == "proof of delivery of consignment (none named): nothing of it was sent from here"


def test_each_proof_stands_for_itself() -> None:
    """One of day 5, told first, and one of day 2. The first was an error: what was shipped on day 3 is on its way again."""
    books = Books()
    late, early = proof(event_time_us=START + 5 * DAY), proof(event_time_us=START + 2 * DAY)
    put(books, stock(), sale(), sale("20", event_time_us=START + 3 * DAY), late, early)
    assert stood(books) == (7_000, 0, 3_000)
    put(books, declared(late))
    assert stood(books) == (7_000, 2_000, 1_000)
    ((_, _, pair),) = books.fold.every(Outbound)
    assert pair.proofs == [Proof(START + 2 * DAY + SKEW, early.identity)]


def test_of_the_closes_the_last_counts_once() -> None:
    """March closes, then April with a sale of its own: one proof of both, of the last microsecond of April."""
    books = Books()
    may = APRIL + 30 * DAY
    put(books, stock(), sale())
    put(books, closing(), record=APRIL)
    put(books, sale("20", event_time_us=APRIL + DAY), record=APRIL + DAY)
    put(books, replace(closing(may), period_close="2026-04", content_digest="a", event_hash="a"), record=may)
    ((_, _, pair),) = books.fold.every(Outbound)
    assert (stood(books), [one.by for one in pair.proofs]) == ((7_000, 0, 3_000), ["close"])
    late = sale("1", event_time_us=START + 2 * DAY)
    put(books, late, record=may + DAY)
    assert stood(books) == (6_900, 0, 3_100), "what comes late for a closed month has arrived"


def test_a_proof_of_what_went_to_a_book_moves_nothing() -> None:
    """The answer of that book does; nor does its declaration."""
    books = Books()
    put(books, stock(), ship("x", "10", A, B, consignment_id="c", event_time_us=START + DAY))
    wrong = proof("arriving", PORT, **owner())
    _, kept = put(books, wrong)
    _, void = put(books, declared(wrong))
    assert [(o.kind, o.postings) for o in (kept, void)] == [("deliver", []), ("correct", [])]
    assert books.balance(A, "TRANSIT(c x)") == 10**9
    books(receive("x", "10", B, consignment_id="c", cu="10", event_time_us=START + 4 * DAY))
    assert books.balance(A, "TRANSIT(c x)") == 0
