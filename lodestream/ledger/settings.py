"""BOOK: the settings of a site, from their entry on or from a later time that they name (rulebook R60, R62)."""

from zoneinfo import ZoneInfo

from msgspec.structs import replace

from lodestream.ledger import due
from lodestream.ledger.book import SiteBook
from lodestream.ledger.draft import Draft
from lodestream.ledger.state import Head
from lodestream.ledger.timed import NextBooks
from lodestream.ledger.view import View


def usable(book: SiteBook) -> bool:
    """Whether the book's time zone is one; nothing else in it can be wrong by now."""
    try:
        ZoneInfo(book.time_zone)
    except (KeyError, ValueError, OSError):  # unknown, no key at all, a folder
        return False
    return True


def take(draft: Draft) -> None:
    """New settings: at once, or kept until the time that they name."""
    assert draft.entry.book is not None
    draft.kind = "book"
    book = replace(draft.entry.book, booked=True)
    if book.effective_us <= draft.record_time_us:
        _hold(draft.view, replace(draft.head, book=book))
        return
    waiting = draft.view.get(NextBooks)
    others = [one for one in (waiting.books if waiting else []) if one.effective_us != book.effective_us]
    books = sorted([*others, book], key=lambda one: one.effective_us)
    draft.view.put(NextBooks(books))
    _hold(draft.view, replace(draft.head, next_book_us=books[0].effective_us))
    draft.reason = "kept until its effective time"


def switch(view: View, at_us: int) -> None:
    """The settings whose time has come take effect, before the entry that comes at that time."""
    head = view.get(Head)
    if head is None or not 0 < head.next_book_us <= at_us:
        return
    waiting = view.get(NextBooks)
    assert waiting is not None, "the head names the first of the books that wait"
    now = [book for book in waiting.books if book.effective_us <= at_us]
    later = waiting.books[len(now) :]
    if later:
        view.put(NextBooks(later))
    else:
        view.drop(NextBooks, "")
    _hold(view, replace(head, book=now[-1], next_book_us=later[0].effective_us if later else 0))


def _hold(view: View, head: Head) -> None:
    view.put(head)
    due.reckon(view)
