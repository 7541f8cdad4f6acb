"""Book and claim: a certificate is issued for metal that is there, handed on, and retired once."""

from msgspec.structs import replace

from lodestream.claims.certificate import Certificate
from lodestream.claims.registry import MemoryRegistry, Registry
from lodestream.claims.values import Refusal
from tests.claims.making import KG

ONE = Certificate("C1", "M1 Cu country:ZM 2026-01", "Cu", "country:ZM", 60 * KG, "mine")


def registry() -> Registry:
    return MemoryRegistry({ONE.backing: 100 * KG})


def code(found: Certificate | Refusal) -> str:
    assert isinstance(found, Refusal)
    return found.code


def test_issue_hand_on_retire_once() -> None:
    book = registry()
    assert book.issue(ONE) == ONE
    assert book.transfer("C1", "mine", "maker") == replace(ONE, holder="maker")
    assert book.retire("C1", "maker", "report 2026") == replace(ONE, holder="maker", retired_for="report 2026")
    again = book.retire("C1", "maker", "report 2027")
    assert isinstance(again, Refusal)
    assert (again.code, again.arithmetic) == ("DOUBLE_CLAIM", "certificate C1 over 60 kg is retired for report 2026")
    assert code(book.transfer("C1", "maker", "mine")) == "DOUBLE_CLAIM"


def test_only_the_holder_acts() -> None:
    book = registry()
    book.issue(ONE)
    assert code(book.transfer("C1", "maker", "maker")) == "ORIGIN_UNSUPPORTED"
    assert code(book.retire("C2", "mine", "x")) == "ORIGIN_UNSUPPORTED"


def test_no_more_is_issued_than_was_made() -> None:
    book = registry()
    book.issue(ONE)
    assert code(book.issue(ONE)) == "DOUBLE_CLAIM"
    short = book.issue(replace(ONE, id="C2"))
    assert isinstance(short, Refusal)
    assert short.arithmetic == f"{ONE.backing}: 100 kg, issued 60 kg, needs 60 kg more, short 20 kg"
    assert not isinstance(book.issue(replace(ONE, id="C2", mg=40 * KG)), Refusal)
    assert code(registry().issue(replace(ONE, backing="nowhere"))) == "ORIGIN_UNSUPPORTED"
