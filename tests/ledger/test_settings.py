"""Settings of a site: at once, or from a later time on, by whatever entry comes first then (rulebook R60, R62)."""

import pytest

from lodestream.ledger.book import SiteBook
from lodestream.ledger.records import Entry
from lodestream.ledger.state import Head
from lodestream.ledger.timed import NextBooks
from tests.ledger.making import HOUR, START, Books, add, codes, due_us, entry

A = "urn:site:a"


def book_entry(settings: SiteBook, at: int) -> Entry:
    return Entry(f"book {settings.effective_us} {at}", A, "BOOK", at, book=settings)


def test_settings_take_effect_at_their_time() -> None:
    """A book from START + 10 h on: by the first entry then, whatever its kind; one for a later time waits behind it."""
    books = Books()
    at = START + 10 * HOUR
    books.fold.submit(book_entry(SiteBook(sources=["late"], effective_us=START + 20 * HOUR), START))
    books.fold.submit(book_entry(SiteBook(sources=["mes"], effective_us=at), START))
    assert due_us(books.fold, A) == at
    before, after = (add(lot, "1", A, cu="1", event_time_us=t) for lot, t in (("x", at - 1), ("y", at)))
    assert codes(books(before)) == []
    assert codes(books(after)) == ["NOT_AUTHORISED"]
    assert codes(books(after, source="mes")) == []
    assert codes(books(add("z", "1", A, cu="1", event_time_us=START + 20 * HOUR), source="mes")) == ["NOT_AUTHORISED"]


def test_settings_take_effect_by_a_tick() -> None:
    books = Books()
    books.fold.submit(book_entry(SiteBook(sources=["mes"], effective_us=START + HOUR), START))
    assert [(o.outcome, o.kind) for o in books.tick(A, START + HOUR)] == [("NOTHING", "")]
    assert due_us(books.fold, A) == 0
    assert codes(books.fold.submit(entry(add("x", "1", A, cu="1", event_time_us=START)))) == ["NOT_AUTHORISED"]


def test_a_book_with_an_unknown_time_zone_is_unreadable() -> None:
    books = Books()
    for zone in ("Mars/Olympus", "", "../etc", "Europe"):
        (outcome,) = books.fold.submit(book_entry(SiteBook(time_zone=zone), START))
        assert (outcome.outcome, "time zone" in outcome.reason) == ("UNREADABLE", True)


def named(books: Books) -> tuple[str, list[str]]:
    """The book of A that stands, and those that wait."""
    (head,) = [head for _, _, head in books.fold.every(Head)]
    return head.book.name, [book.name for _, _, one in books.fold.every(NextBooks) for book in one.books]


def put(books: Books, name: str, at_hour: int, from_hour: int = 0) -> None:
    """A book that comes at one hour and takes effect at another."""
    settings = SiteBook(name=name, effective_us=START + from_hour * HOUR if from_hour else 0)
    books.fold.submit(Entry(f"book {name}", A, "BOOK", START + at_hour * HOUR, book=settings))


def test_books_wait_in_the_order_of_their_times_and_leave_when_these_have_come() -> None:
    books = Books()
    for name, from_hour in (("fourth", 40), ("second", 20), ("third", 30)):
        put(books, name, 1, from_hour)
    assert named(books) == ("", ["second", "third", "fourth"])
    books.tick(A, START + 20 * HOUR)
    assert named(books) == ("second", ["third", "fourth"])
    assert due_us(books.fold, A) == START + 30 * HOUR
    books.tick(A, START + 50 * HOUR)
    assert named(books) == ("fourth", [])
    assert due_us(books.fold, A) == 0


def test_a_book_for_the_same_time_takes_the_place_of_the_first() -> None:
    books = Books()
    for name in ("wrong", "right"):
        put(books, name, 1, 20)
    assert named(books) == ("", ["right"])
    books.tick(A, START + 20 * HOUR)
    assert named(books) == ("right", [])


@pytest.mark.parametrize("waits", [[], [40]])
def test_what_took_effect_does_not_come_again(waits: list[int]) -> None:
    """A book of hour 20, another at once in hour 21, and then one for later: the second stands until that."""
    books = Books()
    for from_hour in [20, *waits]:
        put(books, f"of {from_hour}", 1, from_hour)
    books.tick(A, START + 20 * HOUR)
    put(books, "at once", 21)
    put(books, "later", 22, 30)
    books.tick(A, START + 23 * HOUR)
    assert named(books) == ("at once", ["later", *(f"of {hour}" for hour in waits)])
    assert due_us(books.fold, A) == START + 30 * HOUR


@pytest.mark.parametrize(("from_hour", "stands"), [(0, "book"), (4, "book"), (5, "book"), (6, "")])
def test_a_book_of_a_time_that_has_come_takes_effect_at_once(from_hour: int, stands: str) -> None:
    books = Books()
    books(add("x", "1", A, cu="1", event_time_us=START))
    put(books, "book", 5, from_hour)
    assert named(books) == (stands, [] if stands else ["book"])
