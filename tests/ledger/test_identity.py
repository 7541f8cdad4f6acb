"""The same, changed, void, in the combinations that the worked examples of test_rules.py do not have."""

from itertools import permutations

import pytest
from msgspec.structs import replace

from lodestream.epcis.event import Event
from lodestream.ledger import identity, view
from lodestream.ledger.apply import apply, skip
from lodestream.ledger.book import SiteBook
from lodestream.ledger.records import Entry, Outcome
from lodestream.ledger.state import Journal, SameHash, Seen
from lodestream.ledger.values import Said
from tests.ledger.making import START, Books, T, add, codes, declared, entry, hashed, transform

A, B = "urn:site:a", "urn:site:b"


def only(outcomes: list[Outcome]) -> Outcome:
    assert len(outcomes) == 1
    return outcomes[0]


def twin(made: Event, name: str | None) -> Event:
    """The same content under another eventID, or under none."""
    return hashed(replace(made, event_id=name))


def test_a_refused_content_does_not_count_as_seen() -> None:
    """The eventID of a refused event is used again for other content: the refused content itself was never booked."""
    books = Books()
    refused = add("x", "1", A, cu="1", mass_basis=None)
    books(refused)
    books(replace(add("x", "1", A, cu="1"), event_id=refused.event_id))
    books.fold.submit(Entry("basis", A, "BOOK", 0, book=SiteBook(mass_basis="dry")))
    assert codes(books(twin(refused, "urn:other"))) == [], "no replay"
    assert only(books(twin(refused, None))).outcome == "DUPLICATE", "of urn:other"
    assert books.balance(A, "STOCK(x)") == 2 * T // 100


def test_parked_findings_replace_those_of_a_refusal() -> None:
    books = Books(**{A: SiteBook(sources=["mes"])})
    early = transform(A, [("x", "1", {})], [("y", "1", {"cu": "1"})])
    assert codes(books(early)) == ["NOT_AUTHORISED"]
    parked = books(early, source="mes")
    assert (codes(parked), codes(parked, "superseded")) == (["PHANTOM_STOCK"], ["NOT_AUTHORISED"])
    books(add("x", "1", A, cu="1", event_time_us=START), source="mes")
    assert books.open(A) == set()


# -- declarations -------------------------------------------------------------------------------------------------


def test_a_declaration_without_an_id_finds_its_original_by_hash() -> None:
    for named, first in permutations([True, False]):
        books = Books()
        original = add("x", "1", A, cu="1")
        declaration = twin(declared(original), None if named else "urn:test:named")
        original = original if named else twin(original, None)
        books(*([declaration, original] if first else [original, declaration]))
        assert books.balance(A, "STOCK(x)") == 0
        assert books.open(A) == set()


def test_a_declaration_by_hash_takes_one_that_stands() -> None:
    books = Books()
    one = add("x", "1", A, cu="1")
    books(one, twin(one, "urn:test:two"), declared(one))
    assert books.balance(A, "STOCK(x)") == T // 100
    books(twin(declared(one), None))
    assert books.balance(A, "STOCK(x)") == 0


def test_an_edited_declaration_that_came_first_is_refused_when_its_original_comes() -> None:
    """It names the eventID, and its content is another: what wakes it is the id alone."""
    books = Books()
    one = add("x", "1", A, cu="1")
    early = replace(hashed(replace(one, biz_location=None, read_point=A)), error_declaration=declared(one).error_declaration)
    assert only(books(early)).outcome == "PARKED"
    made = books(one)
    assert [(o.outcome, o.reason) for o in made] == [("TRANSACTION", ""), ("TRANSACTION", "DECLARATION_MISMATCH")]
    assert (books.open(A), books.balance(A, "STOCK(x)")) == ({"DECLARATION_MISMATCH"}, T // 100)


def test_a_declaration_of_another_id_takes_nothing_by_hash() -> None:
    books = Books()
    one = add("x", "1", A, cu="1")
    books(one)
    assert only(books(twin(declared(one), "urn:test:never"))).outcome == "PARKED"
    assert books.balance(A, "STOCK(x)") == T // 100


def test_a_declaration_that_did_not_fit_is_forgotten_with_its_original() -> None:
    books = Books()
    one = add("x", "1", A, cu="1")
    books(one, replace(declared(one), content_digest="edited"))
    assert books.open(A) == {"DECLARATION_MISMATCH"}
    books(declared(one, 2))
    assert books.open(A) == set()


def test_what_a_later_register_would_refuse_can_still_be_taken_back() -> None:
    books = Books()
    one = add("x", "1", A, cu="1")
    books(one)
    books.fold.submit(replace(entry(declared(one)), listed=[A, B]))
    assert books.balance(A, "STOCK(x)") == 0


# -- F11 by equal hash --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_replay_is_suspected_while_both_stand(order: tuple[int, ...]) -> None:
    """E1, its twin, and E1's declaration in any order: one stands, nothing is suspected."""
    books = Books()
    one = add("x", "1", A, cu="1")
    books(*[[one, twin(one, "urn:test:two"), declared(one)][n] for n in order])
    assert books.balance(A, "STOCK(x)") == T // 100
    assert books.open(A) == set()


def test_three_of_a_kind_are_suspected_until_one_is_left() -> None:
    books = Books()
    one = add("x", "1", A, cu="1")
    two, three = twin(one, "urn:test:two"), twin(one, "urn:test:three")
    books(one, two, three, declared(one))
    assert books.open(A) == {"REPLAY_SUSPECT"}
    last = books(declared(three))
    assert (books.open(A), codes(last, "superseded"), codes(last, "resolved")) == (set(), ["REPLAY_SUSPECT"], [])


def test_mass_alone_can_be_replayed_too() -> None:
    books = Books()
    one = add("x", "1", A)
    assert "REPLAY_SUSPECT" in codes(books(one, twin(one, "urn:test:two")))


def test_every_outcome_counts_in_the_attempt() -> None:
    """txn_id = H(entry, rule version, attempt): an entry that was skipped and then came again has two ids."""
    books = view.Books({})
    made = entry(add("x", "1", A, cu="1"))
    unknown = replace(made, entry_id="e", kind="LATER")
    steps = [skip(books, made, "a bug"), *(apply(books, one) for one in (made, unknown, unknown))]
    told = [(o.outcome, o.attempt) for step in steps for o in step.outcomes]
    assert told == [("UNREADABLE", 1), ("TRANSACTION", 2), ("UNREADABLE", 1), ("UNREADABLE", 2)]


# -- what a book knows, judged directly -------------------------------------------------------------------------------


def known(*events: tuple[str, Seen]) -> view.View:
    """A book that has seen these events, all of them of one hash as far as they name it, each with postings."""
    book = view.View(A, {})
    for name, seen in events:
        book.put(seen, name)
        book.put(Journal("create"), name)
    book.put(SameHash([name for name, _ in events]), "h")
    return book


def seen(status: str = "posted", hash: str = "h", explicit: bool = True, tickets: tuple[str, ...] = ()) -> Seen:  # noqa: A002
    return Seen(hash, "d", "entry", status, explicit, list(tickets), ["x", "y"])


def made(name: str | None = "new", *tickets: str, digest: str = "d") -> Event:
    """An event with the hash `h` and these tickets on its items."""
    event = add("x", "1", A, cu="1", tickets=list(tickets))
    return replace(event, event_id=name, event_hash="h", content_digest=digest)


def test_what_an_event_is_to_those_that_are_known() -> None:
    assert identity.judge(known(), made()) == identity.NEW == "new"
    assert identity.judge(known(("a", seen())), made("a")) == identity.DUPLICATE == "duplicate"
    assert identity.judge(known(("a", seen("refused"))), made("a", digest="other")) == "new"
    changed = identity.judge(known(("a", seen(hash="other"))), made("a", digest="now"))
    assert changed == Said(
        "MUTATED_EVENT", ("a", "d", "now"), "eventID a: event hash other before, h now, no errorDeclaration", ["x", "y"]
    )
    digest = identity.judge(known(("a", seen())), made("a", digest="now"))
    compared = "event a: equal hash, content digest d before, now now"
    assert digest == Said("MUTATED_EVENT", ("a", "d", "now"), compared, ["x", "y"], "warn")


def test_an_event_without_an_id_is_a_repeat_of_its_equal() -> None:
    """Two with ids are two; where one of the two has none, nothing tells them apart. A void one is not repeated."""
    assert identity.judge(known(("a", seen())), made()) == "new"
    assert identity.judge(known(("a", seen())), made(None)) == "duplicate"
    assert identity.judge(known(("h", seen(explicit=False))), made()) == "duplicate"
    assert identity.judge(known(("a", seen("void"))), made(None)) == "new"
    assert identity.judge(known(("a", seen("refused"))), made(None)) == "new"
    assert identity.judge(known(("a", seen(hash="other"))), made(None)) == "new"


def suspect(book: view.View, event: Event, *, posting: bool = True) -> str | None:
    found = identity.replay_suspect(book, event, posting=posting)
    if found is None:
        return None
    assert (found.code, found.inputs, found.lots) == ("REPLAY_SUSPECT", ("h",), ())
    return found.arithmetic.removeprefix("event hash h is that of ").removesuffix("; no ticket ids tell them apart")


def test_tickets_tell_equal_events_apart() -> None:
    assert suspect(known(("a", seen())), made()) == "a and of new"
    assert suspect(known(("a", seen(tickets=("1",)))), made("new", "2")) is None
    assert suspect(known(("a", seen(tickets=("1", "3")))), made("new", "2", "3")) == "a and of new"
    assert suspect(known(("a", seen())), made("new", "2")) == "a and of new"
    assert suspect(known(("a", seen(tickets=("1",)))), made()) == "a and of new"
    three = known(("a", seen(tickets=("1",))), ("b", seen(tickets=("2",))))
    assert suspect(three, made("new", "2")) == "b and of new"
    assert suspect(three, made()) == "a and of new"
    assert suspect(three, made("new", "3")) is None
    assert identity.tickets(made("new", "b", "a", "c", "e", "d", "a")) == ["a", "b", "c", "d", "e"]


def test_only_what_moved_metal_and_stands_is_suspected() -> None:
    """Not the event itself a second time, nothing void or refused, nothing that has no postings."""
    assert suspect(known(("new", seen())), made()) is None
    assert suspect(known(("a", seen())), made(), posting=False) is None
    assert suspect(known(("a", seen()), ("b", seen())), made(), posting=False) == "a and of b"
    assert suspect(known(("a", seen("void"))), made()) is None
    assert suspect(known(("a", seen("refused"))), made()) is None
    book = known(("a", seen()))
    book.drop(Journal, "a")
    assert suspect(book, made()) is None
    assert suspect(view.View(A, {}), made()) is None


def test_whom_a_declaration_names() -> None:
    """By its eventID; else by hash, where one of the two has no eventID: the first that stands, else the first."""
    assert identity.named_by(known(("new", seen())), made()) == "new"
    assert identity.named_by(known(("a", seen())), made()) is None
    assert identity.named_by(known(("h", seen(explicit=False))), made()) == "h"
    assert identity.named_by(known(("a", seen("void")), ("b", seen())), made(None)) == "b"
    assert identity.named_by(known(("a", seen("void")), ("b", seen("void"))), made(None)) == "a"
    assert identity.named_by(known(("a", seen(hash="other")), ("b", seen("void"))), made(None)) == "b"
    assert identity.named_by(known(), made(None)) is None
    assert identity.named_by(view.View(A, {}), made(None)) is None
    forgotten = view.View(A, {})
    forgotten.put(SameHash(["gone"]), "h")
    assert identity.named_by(forgotten, made(None)) is None
