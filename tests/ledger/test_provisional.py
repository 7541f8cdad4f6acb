"""The book's provisional grades: what is drawn before the assay, and what the assay then changes (rulebook R97)."""

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from lodestream.epcis.event import Assay, ContainedMass, Event, Material, Quantity
from lodestream.ledger.book import ProvisionalGrade, SiteBook
from lodestream.ledger.bookfile import read_book
from lodestream.ledger.records import Entry
from lodestream.ledger.state import Lot
from tests.ledger.making import (
    START,
    Books,
    T,
    add,
    assay,
    codes,
    declared,
    event,
    hashed,
    item,
    receive,
    ship,
    transform,
)
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
    assert (sent.outcome, codes([sent]), books.balance(A, "STOCK(x)")) == ("PARKED", ["UNASSAYED"], 0)


def test_what_is_received_waits_for_its_offer_and_takes_no_grade_of_the_book() -> None:
    books = plant()
    books(receive("x", "10", A, consignment_id="c", product_class="concentrate"))
    (sent,) = books(ship("x", "4", A, B))
    assert (sent.outcome, books.balance(A, "STOCK(x)")) == ("PARKED", 0)
    books(conc())
    assert (waiting(books), books.balance(A, "STOCK(x)")) == ([[], []], 0), "nor with a parcel beside it that may take one"


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
    sent = books(ship("x", "4", A, B, consignment_id="c"))
    assert [one for outcome in sent for one in outcome.closures] == []
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


def test_a_parcel_that_counts_by_it_from_the_first_is_void_with_its_finding() -> None:
    """The corrective comes where 4 t were drawn already, so its F40 says the grade at once. Void too, it waits no longer."""
    books = plant()
    came, right = conc(), conc("8", event_id="urn:e:right")
    books(came, ship("x", "4", A, B, consignment_id="c"), declared(came, 1, ("urn:e:right",)), right)
    assert codes(books(declared(right)), "superseded") == ["UNASSAYED"]
    assert books.open(A) == {"RETRO_OVERDRAFT"}
    assert books.lot(A, "x").findings == [f.id for _, f in books.fold.open_findings() if f.code == "RETRO_OVERDRAFT"]


def grades(books: Books, *settings: ProvisionalGrade, **more: Any) -> None:
    """Another book of A."""
    settled = SiteBook(elements=["Cu"], provisional_grades=list(settings), **more)
    books.fold.submit(Entry(f"book {len(books.outcomes)}", A, "BOOK", START, book=settled))


def waiting(books: Books) -> list[list[str]]:
    """By what each parcel of x at A counts that waits for its assay."""
    (lot,) = [lot for site, ref, lot in books.fold.every(Lot) if (site, ref) == (A, "x")]
    return [[f"{grade.substance} {grade.value}" for grade in parcel.graded] for parcel in lot.unassayed]


def test_a_parcel_behind_the_last_draw_has_none_and_that_before_it_keeps_its_own() -> None:
    """10 t, of which 4 leave; then 5 t, which wait with their mass alone, until 1 t more is drawn of all 11."""
    books = plant()
    books(conc(), ship("x", "4", A, B, consignment_id="c"), conc("5"))
    assert waiting(books) == [["Cu 30"], []]
    assert books.balance(A, "STOCK(x)") == 1_800_000_000
    books(ship("x", "1", A, B, consignment_id="d"))
    assert waiting(books) == [["Cu 30"], ["Cu 30"]]
    assert books.balance(A, "STOCK(x)") == 3 * T


def test_what_is_no_draw_gives_none() -> None:
    """5 kg Cu without a mass come between two parcels: nothing was drawn of them."""
    books = plant()
    alone = [ContainedMass("Cu", Decimal(5), "KGM")]
    books(conc(), event("ObjectEvent", [item("object", "x", contained=alone)], action="ADD", biz_location=A), conc("5"))
    assert (waiting(books), books.balance(A, "STOCK(x)")) == ([[], []], 5_000_000)


def test_a_grade_stays_what_it_was_when_the_book_has_another() -> None:
    """30 % when 4 t were drawn; the book says 40 % when 1 t more is drawn, and that is void again."""
    books = plant()
    books(conc(), ship("x", "4", A, B, consignment_id="c"))
    grades(books, ProvisionalGrade("Cu", Decimal(40), Decimal(1), "concentrate"))
    second = ship("x", "1", A, B, consignment_id="d")
    books(second)
    assert (waiting(books), books.balance(A, "TRANSIT(d x)")) == ([["Cu 30"]], 300_000_000)
    books(declared(second))
    assert (waiting(books), books.balance(A, "STOCK(x)")) == ([["Cu 30"]], 1_800_000_000)


def test_the_finding_of_a_parcel_does_not_end_with_one_draw_of_it() -> None:
    """Two draws, and the first is void: the parcel still waits, and counts by the grade for the second."""
    books = plant()
    first = ship("x", "4", A, B, consignment_id="c")
    books(conc(), first, ship("x", "1", A, B, consignment_id="d"), declared(first))
    assert (waiting(books), books.open(A)) == ([["Cu 30"]], {"UNASSAYED"})


def test_two_lines_of_a_lot_have_one_finding_and_it_says_the_first() -> None:
    """10 t and 1 t, in two units: what waits with its mass alone is not told anew."""
    books = plant()
    one = conc()
    came = books(hashed(replace(one, quantities=[*one.quantities, Quantity("x", Decimal(10**6), "GDW")])))
    assert waiting(books) == [[], []]
    assert [(f.arithmetic, f.state) for o in came for f in o.findings if f.code == "UNASSAYED"] == [
        ("x: 10 TNE, no assay: it posts when that comes", "open")
    ]


def test_it_goes_with_its_draw_also_where_the_book_has_none_any_more() -> None:
    """Of two parcels the first was drawn of; the draw is void, and both wait with their mass alone."""
    books = plant()
    sent = ship("x", "4", A, B, consignment_id="c")
    books(conc(), sent, conc("5"))
    grades(books)
    books(declared(sent))
    assert (waiting(books), books.balance(A, "STOCK(x)"), books.lot(A, "x").dry_mg) == ([[], []], 0, 15 * T)


def test_without_a_grade_for_the_class_of_a_corrective_nothing_of_it_counts_yet() -> None:
    """It states 5 kg Cu, and an Ni grade that needs a moisture: not assayed, of whatever was drawn of the original."""
    books = plant()
    came = conc()
    books(came, ship("x", "4", A, B, consignment_id="c"), declared(came, 1, ("urn:e:right",)))
    before = books.balance(A, "STOCK(x)")
    material = Material(
        "object",
        "x",
        mass_basis="dry",
        product_class="slag",
        contained=[ContainedMass("Cu", Decimal(5), "KGM")],
        assays=[Assay("Ni", Decimal(1), "P1", basis="as_received")],
    )
    books(
        event("ObjectEvent", [(Quantity("x", Decimal(8), "TNE"), material)], action="ADD", biz_location=A, event_id="urn:e:right")
    )
    assert (waiting(books), books.balance(A, "STOCK(x)"), books.lot(A, "x").dry_mg) == ([[]], before, 4 * T)


def test_of_a_lot_that_states_no_class_and_of_what_the_book_tracks() -> None:
    """No item at all: dry by the book, and graded by its line without a class. Ni is not tracked.

    u is 100 kg of the grade and 2 of the mass, 100.019998 of 10 t, of which 6 are left.
    """
    any_class = [ProvisionalGrade(element, Decimal(percent), Decimal(1)) for element, percent in (("Cu", 20), ("Ni", 1))]
    books = plant()
    grades(books, *any_class, mass_basis="dry")
    books(event("ObjectEvent", [item("object", "x", "10")], action="ADD", biz_location=A))
    bare = event("ObjectEvent", [], action="ADD", biz_location=A)
    books(hashed(replace(bare, quantities=[Quantity("bare", Decimal(10), "TNE")])))
    books(ship("x", "4", A, B, consignment_id="c"), ship("bare", "4", A, B, consignment_id="c"))
    for lot in ("x", "bare"):
        assert (books.lot(A, lot).contained_mg, books.lot(A, lot).u_mg) == ({"Cu": 1_200_000_000}, {"Cu": 60_011_999})
    lots = {ref: lot for site, ref, lot in books.fold.every(Lot) if site == A}
    assert {ref: list(lot.entered_u2) for ref, lot in lots.items()} == {"x": ["Cu"], "bare": ["Cu"]}
    other = plant()
    grades(other, *any_class)
    other(conc())
    assert codes(other(ship("x", "4", A, B))) == ["UNASSAYED"], "who states a class takes none of no class"


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
