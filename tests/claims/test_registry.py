"""Book and claim in a book: a certificate is issued, handed on, and retired once, by who holds it. Events: test_handing.py."""

from msgspec.structs import replace

from lodestream.claims.certificate import Certificate
from lodestream.claims.registry import Registry
from lodestream.claims.values import Refusal
from lodestream.ledger.certificates import SiteRegistry
from lodestream.ledger.draft import Draft
from lodestream.ledger.records import Entry
from lodestream.ledger.view import Books
from tests.claims.making import KG

ONE = Certificate("C1", "book-and-claim", "mine 2026-01", "Cu", "country:ZM", 60 * KG, "mine")


def registry() -> Registry:
    entry = Entry("nothing", "mine", "TICK", 0)
    return SiteRegistry(Draft(Books({}).of("mine"), entry))


def refused(found: Certificate | Refusal) -> tuple[str, str]:
    assert isinstance(found, Refusal)
    return found.code, found.arithmetic


def test_issue_hand_on_retire_once() -> None:
    book = registry()
    assert book.issue(ONE) == ONE
    assert book.transfer("C1", "mine", "maker") == replace(ONE, holder="maker")
    assert book.retire("C1", "maker", "report 2026") == replace(ONE, holder="maker", retired_for="report 2026")
    once = ("DOUBLE_CLAIM", "certificate C1 over 60 kg is retired for report 2026")
    assert refused(book.retire("C1", "maker", "report 2027")) == once
    assert refused(book.transfer("C1", "maker", "mine")) == once


def test_only_the_holder_acts() -> None:
    book = registry()
    book.issue(ONE)
    assert refused(book.transfer("C1", "maker", "maker")) == (
        "ORIGIN_UNSUPPORTED",
        "certificate C1 is held by mine, not by maker",
    )
    assert refused(book.retire("C2", "mine", "x")) == ("ORIGIN_UNSUPPORTED", "there is no certificate C2 in the book of mine")


def test_an_id_is_issued_once() -> None:
    book = registry()
    book.issue(ONE)
    again = refused(book.issue(replace(ONE, mg=KG)))
    assert again == ("DOUBLE_CLAIM", "certificate C1 is issued already, over 60 kg from mine 2026-01")
