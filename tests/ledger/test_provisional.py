"""The book's provisional grades: what is drawn before the assay, and what the assay then changes (rulebook R97)."""

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lodestream.epcis.event import Event
from lodestream.ledger.book import ProvisionalGrade, SiteBook
from lodestream.ledger.bookfile import read_book
from tests.ledger.making import START, Books, T, add, assay, codes, declared, receive, ship, transform
from tests.ledger.page import says

A, B = "urn:site:a", "urn:site:b"
GRADE = ProvisionalGrade("Cu", Decimal(30), Decimal(1), "concentrate")


def plant(**more: Any) -> Books:
    return Books(**{A: SiteBook(elements=["Cu"], provisional_grades=[GRADE], **more), B: SiteBook(elements=["Cu"])})


def conc(mass: str = "10", lot: str = "x", **more: Any) -> Event:
    return add(lot, mass, A, product_class="concentrate", **more)


def moved(outcome: Any) -> list[tuple[str, int]]:
    return [(p.account, p.amount_mg) for p in outcome.postings]


def told(books: Books) -> tuple[Any, Any]:
    """All that the books come to: accounts, and lots but for their versions and times."""
    lots = {(x.site, x.lot): (x.wet_mg, x.dry_mg, x.assayed, x.contained_mg, x.shares, x.findings) for x in books.fold.lots()}
    return sorted(x for x in books.fold.accounts() if x[3]), lots


def test_r97_the_worked_line() -> None:
    """R97: 10 t without an assay, 4 t shipped by the book's 30 %, then the assay says 29 %."""
    books = plant()
    (came,) = books(conc())
    assert moved(came) == []
    (sent, _) = books(ship("x", "4", A, B, consignment_id="c"))
    assert moved(sent) == [
        ("SOURCE(undeclared)", -3 * T),
        ("STOCK(x)", 3 * T),
        ("STOCK(x)", -1_200_000_000),
        ("TRANSIT(c x)", 1_200_000_000),
    ]
    assert [(f.code, f.state) for f in sent.findings] == [("UNASSAYED", "superseded"), ("UNASSAYED", "open")]
    assert sent.findings[1].arithmetic == (
        "x: 10 TNE, no assay: until that comes it counts by the book's provisional grade, Cu 30 %"
    )
    assert not books.lot(A, "x").assayed
    outcomes = books(assay("x", A, cu="29"))
    assert moved(outcomes[0]) == [
        ("SOURCE(undeclared)", 100_000_000),
        ("STOCK(x)", -100_000_000),
        ("TRANSIT(c x)", -40_000_000),
        ("STOCK(x)", 40_000_000),
    ]
    assert codes(outcomes, "resolved") == ["UNASSAYED"]
    assert books.lot(A, "x").assayed
    says("R97", -3 * T, 1_200_000_000, 100_000_000, -40_000_000)


def test_what_left_by_it_is_restated_where_it_went() -> None:
    books = plant()
    books(conc(), ship("x", "4", A, B, consignment_id="c"), receive("x", "4", B, consignment_id="c"))
    assert books.balance(B, "STOCK(x)") == 1_200_000_000
    books(assay("x", A, cu="29"))
    assert books.balance(B, "STOCK(x)") == 1_160_000_000
    assert books.balance(B, "CUSTODY(c x)") + books.balance(A, "CUSTODY(c x)") == 0


def test_without_a_grade_for_its_class_a_draw_waits() -> None:
    for other in (add("x", "10", A), add("x", "10", A, product_class="ore")):
        books = plant()
        books(other)
        (sent,) = books(ship("x", "4", A, B))
        assert (sent.outcome, codes([sent])) == ("PARKED", ["UNASSAYED"])


def test_a_wet_mass_without_a_moisture_has_no_dry_mass_to_take_a_grade_of() -> None:
    books = plant()
    books(conc(mass_basis="wet"))
    (sent,) = books(ship("x", "4", A, B, mass_basis="wet"))
    assert (sent.outcome, books.balance(A, "STOCK(x)")) == ("PARKED", 0)


def test_what_is_received_waits_for_its_offer_and_takes_no_grade_of_the_book() -> None:
    books = plant()
    books(receive("x", "10", A, consignment_id="c", product_class="concentrate"))
    (sent,) = books(ship("x", "4", A, B))
    assert (sent.outcome, books.balance(A, "STOCK(x)")) == ("PARKED", 0)


def test_no_run_is_judged_by_it() -> None:
    """40 % out of a feed that the book guesses at 30 %: nothing is said before the assay, then all."""
    books = plant()
    books(conc())
    made = transform(A, [("x", "10", {})], [("y", "10", {"cu": "40"})])
    assert codes(books(made)) == ["UNASSAYED"]
    assert (books.outcomes[-1].closures, books.balance(A, "UNACCOUNTED")) == ([], -T)
    assert codes(books(assay("x", A, cu="30"))) == ["IMPOSSIBLE"], "the same content, now as it was measured"


def test_a_run_whose_feed_was_assayed_by_itself_is_judged_at_once() -> None:
    """The lot still counts by the book; what went into the run states its own 40 %, and 30 % came out."""
    books = plant()
    books(conc())
    outcomes = books(transform(A, [("x", "10", {"cu": "40"})], [("y", "10", {"cu": "30"})]))
    assert codes(outcomes) == ["UNASSAYED", "LOSS_UNEXPLAINED"]
    assert [(c.inputs_mg, c.outputs_mg) for c in books.outcomes[-1].closures] == [(4 * T, 3 * T)]


def test_nor_one_that_made_it() -> None:
    """The output of a run is drawn by the book; its run is judged with its assay, and shares it out as ever."""
    books = plant()
    books(add("ore", "100", A, cu="4", country_of_origin="ZM"))
    tails = ("tails", "50", {"cu": "2", "loss_class": "tailings"})
    books(transform(A, [("ore", "100", {})], [("x", "10", {"product_class": "concentrate"}), tails]))
    books(ship("x", "4", A, B, consignment_id="c"))
    assert books.outcomes[-2].closures == []
    assert books.balance(A, "UNACCOUNTED") == 0
    assert books.lot(A, "x").shares == {"Cu": {"ZM - - -": 1_800_000_000}}
    books(assay("x", A, cu="29"))
    assert books.balance(A, "UNACCOUNTED") == 100_000_000
    assert [c.outputs_mg for c in books.outcomes[-2].closures] == [3_900_000_000]


def test_a_void_draw_leaves_no_trace() -> None:
    once, never = plant(), plant()
    came = conc(event_id="urn:e:1", event_time_us=START)
    sent = ship("x", "4", A, B, consignment_id="c")
    once(came, sent, declared(sent))
    never(came)
    assert [x for x in once.fold.accounts() if x[3]] == []
    assert told(once)[1][A, "x"] == told(never)[1][A, "x"]
    assert [f.arithmetic for _, f in once.fold.open_findings() if f.code == "UNASSAYED"] == [
        "x: 10 TNE, no assay: it posts when that comes"
    ]


def test_a_void_assay_leaves_the_grade_of_the_book() -> None:
    books = plant()
    found = assay("x", A, cu="29")
    books(conc(), found, ship("x", "4", A, B, consignment_id="c"), declared(found))
    assert (books.balance(A, "TRANSIT(c x)"), books.balance(A, "STOCK(x)")) == (1_200_000_000, 1_800_000_000)
    assert books.open(A) == {"UNASSAYED"}


def test_a_corrective_of_what_came_counts_by_it_too() -> None:
    books = plant()
    came = conc()
    books(came, ship("x", "4", A, B, consignment_id="c"), declared(came, 1, ("urn:e:right",)))
    books(conc("8", event_id="urn:e:right"))
    assert (books.balance(A, "TRANSIT(c x)"), books.balance(A, "STOCK(x)")) == (1_200_000_000, 1_200_000_000)
    assert books.open(A) == {"UNASSAYED"}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 3_000), min_size=1, max_size=4),
    st.integers(1, 9_999),
    st.lists(st.integers(1, 30), min_size=1, max_size=4),
)
def test_the_assay_makes_it_as_if_it_had_been_known(parcels: list[int], grade: int, draws: list[int]) -> None:
    """Drawn by the book and then assayed, or assayed and then drawn: the same accounts and lots."""
    came = [conc(f"{kg / 100:.2f}", event_time_us=START + n, event_id=f"urn:e:{n}") for n, kg in enumerate(parcels)]
    left = [ship("x", f"{kg / 10000:.4f}", A, B, consignment_id=f"c{n}") for n, kg in enumerate(draws)]
    found = assay("x", A, cu=f"{grade / 100:.2f}")
    by_book, known = plant(), plant()
    by_book(*came, *left, found)
    known(*came, found, *left)
    assert told(by_book) == told(known)


def test_the_book_file_says_them() -> None:
    text = f"""
        [[sites."{A}".provisional_grades]]
        product_class = "concentrate"
        element = "Cu"
        percent = 30
        uncertainty_points = 1
    """
    assert read_book(text).sites[A].provisional_grades == [GRADE]
