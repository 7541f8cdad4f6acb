"""What the worked examples pass by: lots at their ends, odd statements, and findings that must end with what opened them."""

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from lodestream.epcis.event import Assay, Event
from tests.ledger.making import Books, T, add, assay, codes, declared, hashed, transform

A, B, C = "urn:site:a", "urn:site:b", "urn:site:c"


def as_received(made: Event, percent: str) -> Event:
    """The event with its item's copper on as-received basis."""
    item = replace(made.materials[0], assays=[Assay("Cu", Decimal(percent), "P1", "as_received")], mass_basis="as_received")
    return hashed(replace(made, materials=[item]))


# -- draws --------------------------------------------------------------------------------------------------------


def test_scrap_sold_as_received_can_be_drawn() -> None:
    """S1's scrap: 60 t at 96.00 % as received, no moisture; half of it is half of its copper."""
    books = Books()
    books(as_received(add("scrap", "60", A), "96"))
    assert books.balance(A, "STOCK(scrap)") == 57_600_000_000
    books(transform(A, [("scrap", "30", {"mass_basis": "as_received"})], [("cathode", "28.8", {"cu": "99.99"})]))
    assert books.balance(A, "STOCK(scrap)") == 28_800_000_000


def test_content_without_a_mass_is_no_phantom() -> None:
    books = Books()
    solution: dict[str, Any] = {"volume": Decimal(1200), "volume_uom": "MTQ", "mass_basis": None}
    made = add("liquor", None, A, uom=None, **solution)  # type: ignore[arg-type]
    made = hashed(replace(made, materials=[replace(made.materials[0], assays=[Assay("Cu", Decimal("0.05"), "GL")])]))
    books(made)
    assert books.balance(A, "STOCK(liquor)") == 60_000_000
    drawn = books(transform(A, [("liquor", "1", {})], [("x", "1", {"cu": "1"})]))
    assert codes(drawn) == ["NO_QUANTITY"]
    assert "60 kg Cu" in drawn[0].findings[0].arithmetic


def test_what_a_correction_overdrew_is_not_drawn() -> None:
    """10 t at 30 % of which 9.9 t left, corrected to 25 %: 0.1 t with -0.47 t Cu is there, and a draw takes no less than none."""
    books = Books()
    wrong = add("x", "10", A, cu="30")
    books(wrong, transform(A, [("x", "9.9", {})], [("y", "9.9", {"cu": "30"})]), declared(wrong), add("x", "10", A, cu="25"))
    assert books.balance(A, "STOCK(x)") == -470_000_000
    books(transform(A, [("x", "0.1", {})], [("z", "0.1", {"cu": "0"})]))
    assert books.balance(A, "STOCK(x)") == -470_000_000
    assert books.open(A) >= {"RETRO_OVERDRAFT"}


def test_an_empty_lot_gives_no_content_to_the_last_shovel() -> None:
    """Corrected from 25 to 30 % after all was drawn: 0.5 t Cu is left in 0 t, and 0.04 t drawn above the book is not that."""
    books = Books()
    wrong = add("x", "10", A, cu="25")
    books(wrong, transform(A, [("x", "10", {})], [("y", "10", {"cu": "25"})]), declared(wrong), add("x", "10", A, cu="30"))
    drawn = books(transform(A, [("x", "0.04", {})], [("z", "0.04", {"cu": "30"})]))
    assert codes(drawn) == ["BOOK_EXCEEDED"]
    assert (books.balance(A, "STOCK(x)"), books.balance(A, "STOCK_ADJ")) == (T // 2, -12_000_000)


def test_a_transformation_of_nothing_is_a_phantom_also_in_a_new_book() -> None:
    """Only a ship at a place that never posted is NO_BOOK: a carrier's hub ships, it does not make (ledger-rules 1 and 6)."""
    books = Books()
    parked = books(transform(A, [("never", "1", {})], [("x", "1", {"cu": "1"})]))
    assert [f.code for f in parked[0].findings] == ["PHANTOM_STOCK"]


# -- assays -------------------------------------------------------------------------------------------------------


def test_a_run_assayed_again_is_what_it_would_have_been() -> None:
    """The last output's assay is void and made anew: the same balance, the same u, what only the input states is out again."""
    books, plain = Books(), Books()
    inputs, outputs = [("x", "10", {}), ("w", "1", {})], [("p", "9", {}), ("q", "1", {})]
    made = transform(A, inputs, outputs)
    start = [add("x", "10", A, cu="30", ni="1"), add("w", "1", A, cu="1", ni="1"), made]
    books(*start)
    plain(*start)
    wrong, right, other = assay("q", A, cu="99", ni="2"), assay("q", A, cu="10"), assay("p", A, cu="20")
    books(wrong, other, declared(wrong), right)
    plain(other, right)
    assert books.fold.accounts() == plain.fold.accounts()
    assert said(books) == said(plain)
    books(declared(other), other_again := assay("p", A, cu="20"))
    assert said(books) == said(plain)
    assert books.fold.accounts() == plain.fold.accounts()
    books(declared(other_again))
    assert "LOSS_UNEXPLAINED" not in books.open(A), "nothing is judged while an output waits"


def said(books: Books) -> set[str]:
    """The arithmetic of the balance findings that are open."""
    return {f.arithmetic for _, f in books.fold.open_findings() if f.code in {"IMPOSSIBLE", "LOSS_UNEXPLAINED"}}
