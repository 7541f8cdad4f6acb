"""Draws, case by case: tolerance to the milligram, what is said and with which id, wet mass, the last milligram, rounding."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from lodestream.epcis.event import Assay, ContainedMass, Event, Material
from lodestream.ids import derive
from lodestream.ledger.accounts import wip
from lodestream.ledger.book import SiteBook
from lodestream.ledger.draft import Draft, Refused, Unready
from lodestream.ledger.draw import draw
from lodestream.ledger.records import Finding, LotState, Outcome
from lodestream.ledger.state import Corrective, Head, Lot, Place, Shares, Vacant
from lodestream.ledger.values import Drawn
from lodestream.ledger.view import View
from lodestream.measures import Line
from tests.ledger.making import Books, T, add, codes, declared, entry, ship, transform

A, B = "urn:site:a", "urn:site:b"


def lot(books: Books, name: str, site: str = A) -> LotState:
    return books.lot(site, name)


def said(outcomes: list[Outcome], code: str) -> Finding:
    """The one finding of a code."""
    (found,) = [f for o in outcomes for f in o.findings if f.code == code]
    return found


def spend(mass: str, to: str = "y", name: str = "x", **more: Any) -> Event:
    return transform(A, [(name, mass, more)], [(to, mass, {"cu": "30"})])


def book(percent: str = "0.5", **more: Any) -> Books:
    return Books(**{A: SiteBook(lot_tolerance_percent=Decimal(percent), **more)})


# -- above the book ---------------------------------------------------------------------------------------------------


def test_the_tolerance_is_half_a_percent_to_the_milligram() -> None:
    """10 t: 50 kg above are within, one milligram more is not."""
    books = book()
    books(add("x", "10", A, cu="30"))
    over = spend("10.050000001")
    refused = books(over)
    assert [(o.outcome, codes([o])) for o in refused] == [("PARKED", ["DOUBLE_SPEND"])]
    finding = said(refused, "DOUBLE_SPEND")
    assert (finding.inputs, finding.lots) == (["x", over.identity], ["x"])
    assert finding.id == derive("finding", A, "F3", "1", "x", over.identity)
    assert finding.arithmetic == (
        "x: 10,050.000001 kg dry drawn, 10,000 kg available, excess 50.000001 kg > tolerance 50 kg; short of 15 kg Cu"
    )
    exact = spend("10.05", "z")
    posted = books(exact)
    finding = said(posted, "BOOK_EXCEEDED")
    assert (finding.inputs, finding.lots, finding.state) == (["x", exact.identity], ["x"], "open")
    assert finding.id == derive("finding", A, "F47", "1", "x", exact.identity)
    assert finding.arithmetic == (
        "x: 10,050 kg dry drawn, 10,000 kg available, excess 50 kg; 50 kg over the lot's life <= tolerance 50 kg"
    )
    assert (lot(books, "x").dry_mg, books.balance(A, "STOCK(x)"), books.balance(A, "STOCK_ADJ")) == (0, 0, -15_000_000)
    assert books.balance(A, "WIP(" + exact.identity + ")") == 0


def test_the_tolerance_is_for_the_life_of_a_lot() -> None:
    """30 kg and 20 kg above the book are within 50 kg, another milligram is not."""
    books = book()
    books(add("x", "10", A, cu="30"))
    assert codes(books(spend("10.03"))) == ["BOOK_EXCEEDED"]
    assert "50 kg over the lot's life" in said(books(spend("0.02", "z")), "BOOK_EXCEEDED").arithmetic
    assert codes(books(spend("0.000000001", "w"))) == ["DOUBLE_SPEND"]


def test_twice_the_uncertainty_where_that_is_more() -> None:
    """The mass is known to 1 % (10 t: u 0.1 t), so 0.2 t above the book are within, whatever the book's percentage says."""
    books = book("0.5")
    books(add("x", "10", A, cu="30", mass_uncertainty_percent=Decimal(1)))
    assert codes(books(spend("10.200000001"))) == ["DOUBLE_SPEND"]
    assert "tolerance 200 kg" in said(books(spend("10.2", "z")), "BOOK_EXCEEDED").arithmetic


def test_no_tolerance_for_what_a_correction_overdrew() -> None:
    """10 t drawn, corrected to 9.99 t: the lot is 10 kg below zero, and not a milligram is drawn, tolerance or not."""
    books = book()
    wrong = add("x", "10", A, cu="30")
    books(wrong, spend("10"), declared(wrong), add("x", "9.99", A, cu="30"))
    assert lot(books, "x").dry_mg == -10_000_000
    parked = books(spend("0.000000001", "z"))
    assert codes(parked) == ["DOUBLE_SPEND"]
    assert "-10 kg available, excess 0.000001 kg" in said(parked, "DOUBLE_SPEND").arithmetic


def test_content_above_the_book_is_in_proportion_to_all_that_entered() -> None:
    """6 t at 10 % and 4 t at 35 % are 2 t Cu in 10 t; 30 kg above the book are 6 kg, half a milligram to even."""
    books = book()
    books(add("x", "6", A, cu="10"), add("x", "4", A, cu="35"))
    made = books(transform(A, [("x", "10.03", {})], [("y", "10.03", {"cu": "20"})]))
    assert codes(made) == ["BOOK_EXCEEDED"]
    assert books.balance(A, "STOCK_ADJ") == -6_000_000
    assert (books.balance(A, "STOCK(y)"), books.balance(A, "UNACCOUNTED")) == (2_006_000_000, 0)


# -- what a draw takes ------------------------------------------------------------------------------------------------


def test_a_part_is_rounded_half_to_even_and_the_last_takes_the_rest() -> None:
    """10 mg with 5 mg Cu: 1 mg is half a milligram, so 0; 3 of 9 mg with 5 mg are 1.67, so 2; 3 of 6 with 3 mg 1.5, so 2."""
    books = book(elements=["Cu"])
    books(add("x", "10", A, cu="50", uom="MGM"))
    shares = []
    for mass in ("1", "3", "3", "3"):
        before = books.balance(A, "STOCK(x)")
        books(transform(A, [("x", mass, {"uom": "MGM"})], [(f"y{len(shares)}", mass, {"uom": "MGM", "cu": "1"})]))
        shares.append(before - books.balance(A, "STOCK(x)"))
    assert shares == [0, 2, 2, 1]
    assert (lot(books, "x").dry_mg, lot(books, "x").wet_mg) == (0, 0)


def test_wet_mass_goes_by_the_moisture_of_the_draw_and_no_further_than_the_lot() -> None:
    """10 t wet at 10 %: 9 t dry. 5 t wet at 20 % are 4 t dry; then 6 t wet at 25 % are 4.5 t dry of 5: no wet mass is left."""
    books = book()
    books(add("x", "10", A, moisture="10", cu="30"))
    books(transform(A, [("x", "5", {"moisture": "20"})], [("y", "4", {"cu": "30"})]))
    assert (lot(books, "x").wet_mg, lot(books, "x").dry_mg) == (5 * T, 5 * T)
    books(transform(A, [("x", "6", {"moisture": "25"})], [("z", "4.5", {"cu": "30"})]))
    assert (lot(books, "x").wet_mg, lot(books, "x").dry_mg) == (0, T // 2)


def test_a_dry_draw_takes_wet_mass_in_proportion() -> None:
    """10 t wet at 10 %: 3 t dry of 9 t is a third of 10 t wet, to the milligram; the rest goes with the last."""
    books = book()
    books(add("x", "10", A, moisture="10", cu="30"))
    books(transform(A, [("x", "3", {})], [("y", "3", {"cu": "30"})]))
    assert (lot(books, "x").wet_mg, lot(books, "x").dry_mg) == (6_666_666_667, 6 * T)
    books(transform(A, [("x", "6", {})], [("z", "6", {"cu": "30"})]))
    assert (lot(books, "x").wet_mg, lot(books, "x").dry_mg) == (0, 0)


def test_an_assay_of_its_own_is_settled_against_the_stock_and_only_for_what_is_tracked() -> None:
    """10 t at 30 %, 4 t drawn as 29 % Cu with 1 % Ni: 1.2 t Cu leaves, 1.16 t comes; nickel is not tracked here."""
    books = book(elements=["Cu"])
    books(add("x", "10", A, cu="30"))
    drawn = transform(A, [("x", "4", {"cu": "29", "ni": "1"})], [("y", "4", {"cu": "29"})])
    books(drawn)
    assert (books.balance(A, "STOCK(x)"), books.balance(A, "STOCK_ADJ(assay)")) == (1_800_000_000, 40_000_000)
    assert (books.balance(A, "STOCK(y)"), books.balance(A, "UNACCOUNTED")) == (1_160_000_000, 0)
    assert books.balance(A, "STOCK_ADJ(assay)", "Ni") == 0


def test_an_assay_of_its_own_above_the_book() -> None:
    """10 t at 30 %, 10.04 t drawn as 31 %: 3 t of the lot, 12 kg above it, and 100.4 kg more that the assay found."""
    books = book()
    books(add("x", "10", A, cu="30"))
    books(transform(A, [("x", "10.04", {"cu": "31"})], [("y", "10.04", {"cu": "31"})]))
    assert books.balance(A, "STOCK_ADJ") == -12_000_000
    assert books.balance(A, "STOCK_ADJ(assay)") == -100_400_000
    assert (books.balance(A, "STOCK(x)"), books.balance(A, "STOCK(y)")) == (0, 3_112_400_000)


# -- what cannot be drawn ---------------------------------------------------------------------------------------------


def test_a_lot_without_an_assay_waits_for_it() -> None:
    books = book()
    books(add("x", "10", A))
    drawn = spend("1")
    parked = books(drawn)
    finding = said(parked, "UNASSAYED")
    assert parked[0].outcome == "PARKED"
    assert (finding.inputs, finding.lots) == (["x", drawn.identity], ["x"])
    assert finding.arithmetic == "x has no assay yet: what this draw contains is not known"


def test_what_was_never_there() -> None:
    """At a site with a book a phantom; at a place that never posted, a ship is only early: no book."""
    books = Books()
    books(add("x", "10", A, cu="30"))
    phantom = ship("never", "1", A, B, consignment_id="c")
    finding = said(books(phantom), "PHANTOM_STOCK")
    assert (finding.inputs, finding.lots) == (["never", phantom.identity], ["never"])
    assert finding.arithmetic == "never was never at urn:site:a: available 0 kg"
    early = ship("never", "1", B, A, consignment_id="d")
    (outcome,) = books(early)
    (finding,) = outcome.findings
    assert (outcome.outcome, finding.code, finding.lots) == ("PARKED", "NO_BOOK", [])
    assert finding.inputs == ["never", early.identity]


def test_a_booked_place_is_no_hub() -> None:
    """A place with a book of its own has never posted either, but what it ships was never there."""
    books = Books(**{B: SiteBook()})
    assert codes(books(ship("never", "1", B, A, consignment_id="d"))) == ["PHANTOM_STOCK"]


# -- one line of a draft ----------------------------------------------------------------------------------------------

ZM = "ZM - - -"
WIP = wip("run")


def drafted(elements: tuple[str, ...] = (), **lot: Any) -> Draft:
    """A draft at A, of whose lot x this is known; 10 mg wet, 8 mg dry and 4 mg Cu unless said."""
    view = View(A, {})
    view.put(Head(book=SiteBook(elements=list(elements))), "")
    fields = {"wet_mg": 10, "dry_mg": 8, "contained_mg": {"Cu": 4}, "entered_dry_mg": 8, "entered_mg": {"Cu": 4}, **lot}
    vectors = {e: {ZM: mg} for e, mg in fields["contained_mg"].items()}
    view.put(Lot("x", shares=Shares(vectors), **fields), "x")
    return Draft(view, entry(add("e", "1", A, cu="1")))


def line(mass: str, basis: str = "dry", **more: Any) -> Line:
    return Line("input", "x", Decimal(mass), "MGM", Material("input", "x", mass_basis=basis, **more))


def take(draft: Draft, one: Line) -> Drawn:
    drawn = draw(draft, one, WIP)
    for element, mg in drawn.taken_mg.items():
        draft.move(element, drawn.account, WIP, mg)
    return drawn


def test_a_whole_instance_is_all_that_is_there() -> None:
    """A serial that no item speaks of is drawn whole; one with an item by what the item says; a class needs its quantity."""
    drawn = take(drafted(), Line("input", "x", instance=True))
    assert (drawn.wet_mg, drawn.dry_mg, drawn.taken_mg, drawn.contained_mg) == (10, 8, {"Cu": 4}, {"Cu": 4})
    half = Line("input", "x", material=Material("input", "x", Decimal(4), "MGM", "dry"), instance=True)
    assert take(drafted(), half).taken_mg == {"Cu": 2}
    with pytest.raises(Refused, match="NO_QUANTITY"):
        take(drafted(), Line("input", "x"))


def test_a_second_draw_of_a_whole_instance_takes_nothing() -> None:
    draft = drafted()
    take(draft, Line("input", "x", instance=True))
    again = take(draft, Line("input", "x", instance=True))
    assert (again.wet_mg, again.dry_mg, again.contained_mg) == (0, 0, {})


def test_an_assay_knows_its_content_better_than_the_lot() -> None:
    """u of the lot 40 mg in 1000: 20 in half of it; of the draw by its own assay 1 % of 500 mg at 50 % are 2.5: u is its own."""
    lot = {"wet_mg": 1_000, "dry_mg": 1_000, "contained_mg": {"Cu": 400, "Co": 100}, "entered_dry_mg": 1_000}
    draft = drafted(**lot, entered_mg={"Cu": 400, "Co": 100}, entered_u2={"Cu": "1600", "Co": "900"})
    plain = take(draft, line("500"))
    assert (plain.u_mg, plain.contained_mg, plain.reassayed_mg) == ({"Cu": 20, "Co": 15}, {"Co": 50, "Cu": 200}, {})
    assert list(plain.contained_mg) == ["Co", "Cu"]
    grades = [Assay("Cu", Decimal(50), "P1", uncertainty=Decimal(1)), Assay("Ni", Decimal(2), "P1", uncertainty=Decimal(1))]
    own = take(draft, line("500", assays=grades, mass_uncertainty_percent=Decimal(0)))
    assert own.contained_mg == {"Cu": 250, "Co": 50, "Ni": 10}
    assert own.reassayed_mg == {"Cu": 50, "Ni": 10}
    assert own.u_mg == {"Cu": 5, "Co": 15, "Ni": 5}
    assert [change.stated_mg for change in draft.changes] == [{}, {"Cu": 250, "Ni": 10}]


def test_a_movement_says_what_moved() -> None:
    draft = drafted(contained_mg={"Cu": 4, "Co": 0})
    take(draft, line("2"))
    (change,) = draft.changes
    assert (change.wet_mg, change.dry_mg, change.contained_mg, change.above_mg, change.account) == (
        -2,
        -2,
        {"Cu": -1},
        {},
        "WIP run",
    )
    assert change.shares == Shares({"Cu": {ZM: -1}})


@pytest.mark.parametrize(
    ("one", "wet", "left"),
    [
        (line("5", "wet", moisture_percent=Decimal(40)), 5, 5),  # as it was weighed
        (line("10", "wet", moisture_percent=Decimal(50)), 10, 0),
        (line("12", "wet", moisture_percent=Decimal(50)), 10, 0),  # no more than there is
        (line("4"), 5, 5),  # in proportion to the dry mass
        (line("8"), 10, 0),
    ],
)
def test_the_wet_mass_of_a_draw(one: Line, wet: int, left: int) -> None:
    draft = drafted()
    assert take(draft, one).wet_mg == wet
    found = draft.lot("x")
    assert found is not None
    assert found.wet_mg == left


def test_no_wet_mass_is_drawn_of_less_than_none() -> None:
    """A correction left 10 mg too little wet mass: what is drawn of 8 mg dry takes none of it."""
    for one in (
        line("4"),
        line("6"),
        line("8"),
        line("5", "wet", moisture_percent=Decimal(40)),
        Line("input", "x", instance=True),
    ):
        assert take(drafted(wet_mg=-10), one).wet_mg == 0


def test_a_lot_by_contained_mass_alone_cannot_be_drawn_by_mass() -> None:
    draft = drafted(wet_mg=0, dry_mg=0, entered_dry_mg=0, contained_mg={"Cu": 4_000_000, "Co": 1_000_000})
    with pytest.raises(Refused) as refused:
        take(draft, line("1"))
    (said,) = refused.value.said
    assert (said.code, said.inputs) == ("NO_QUANTITY", (draft.event.identity, "input", "x"))
    assert said.arithmetic.startswith("x holds 4 kg Cu, 1 kg Co and no mass")


def test_a_lot_that_nothing_entered_is_a_phantom() -> None:
    """It is known by name alone: all that entered is void. One milligram that entered and left is a double spend."""
    with pytest.raises(Unready, match="PHANTOM_STOCK"):
        take(drafted(wet_mg=0, dry_mg=0, entered_dry_mg=0, contained_mg={}, entered_mg={}), line("1"))
    with pytest.raises(Unready, match="DOUBLE_SPEND"):
        take(drafted(wet_mg=0, dry_mg=0, entered_dry_mg=1, contained_mg={}, entered_mg={}), line("1"))


def test_what_it_is_short_of() -> None:
    """In proportion to all that entered; elements of which it is short of nothing are not named."""
    entered = {"Cu": 4_000_000, "Ni": 0, "Co": 2_000_000}
    draft = drafted(wet_mg=0, dry_mg=0, entered_dry_mg=8_000_000, contained_mg={}, entered_mg=entered)
    with pytest.raises(Unready) as unready:
        take(draft, line("2000000"))
    assert unready.value.waits == ["lot:x"]
    assert unready.value.said.arithmetic.endswith("excess 2 kg > tolerance 0.04 kg; short of 1 kg Cu, 0.5 kg Co")
    with pytest.raises(Unready) as unready:
        take(drafted(wet_mg=0, dry_mg=-1, entered_dry_mg=-1, contained_mg={}), line("1000000"))
    assert unready.value.said.arithmetic.endswith("> tolerance 0 kg")
    with pytest.raises(Unready) as unready:
        take(drafted(wet_mg=0, dry_mg=0, entered_dry_mg=1, contained_mg={}, entered_mg={"Cu": 1}), line("1"))
    assert unready.value.said.arithmetic.endswith("short of 0.000001 kg Cu")


def test_an_assay_that_says_half_of_what_it_states_is_none() -> None:
    """Copper as received, nickel on dry basis of what has no moisture: the draw goes by the lot, as if nothing were assayed."""
    grades = [Assay("Cu", Decimal(50), "P1", basis="as_received"), Assay("Ni", Decimal(2), "P1", basis="dry")]
    drawn = take(drafted(wet_mg=0, dry_mg=1_000, contained_mg={"Cu": 400}), line("500", "wet", assays=grades))
    assert (drawn.contained_mg, drawn.reassayed_mg) == ({"Cu": 200}, {})


def test_what_the_book_does_not_track_has_no_uncertainty() -> None:
    grades = [Assay("Cu", Decimal(50), "P1", uncertainty=Decimal(1)), Assay("Ni", Decimal(2), "P1", uncertainty=Decimal(1))]
    drawn = take(drafted(("Cu",), dry_mg=1_000, contained_mg={"Cu": 400}), line("500", assays=grades))
    assert (set(drawn.u_mg), drawn.contained_mg) == ({"Cu"}, {"Cu": 250})


def test_what_came_from_above_the_book_is_kept_by_element() -> None:
    """5 mg above 1000: of 400 mg Cu 2, of 1 mg Ni nothing. What is brought is in the order of the elements."""
    content = {"Zn": 400, "Cu": 400, "Ni": 1, "Co": 400, "Au": 400, "Li": 400}
    draft = drafted(dry_mg=1_000, entered_dry_mg=1_000, contained_mg=content, entered_mg=content)
    drawn = draw(draft, line("1005"), WIP)
    (change,) = draft.changes
    assert change.above_mg == {"Zn": 2, "Cu": 2, "Co": 2, "Au": 2, "Li": 2}
    assert (change.excess_dry_mg, drawn.excess_mg["Ni"], drawn.contained_mg["Cu"]) == (5, 0, 402)
    assert list(drawn.contained_mg) == ["Au", "Co", "Cu", "Li", "Ni", "Zn"]


def test_a_draw_of_nothing_and_a_wet_one_of_what_has_no_moisture() -> None:
    """0 kg is a quantity. A wet mass counts as it is where neither the item nor the lot knows a moisture."""
    assert [take(drafted(), line("0")).dry_mg, take(drafted(wet_mg=0), line("0")).dry_mg] == [0, 0]
    assert take(drafted(wet_mg=0), line("4", "wet")).dry_mg == 4


def test_a_wet_mass_that_a_correction_left_too_small_goes_in_proportion() -> None:
    """5 mg wet and 8 mg dry cannot be: no moisture follows from them. Half of the dry mass takes half of 5 mg, to even."""
    assert take(drafted(wet_mg=5), line("4", "wet")).wet_mg == 2


def test_a_draw_states_a_mass() -> None:
    """5 mg Cu by contained mass alone, of a lot with 4 mg: how much of the lot that is cannot be said, so nothing is posted."""
    draft = drafted()
    alone = Line("input", "x", None, None, Material("input", "x", contained=[ContainedMass("Cu", Decimal(5), "MGM")]))
    with pytest.raises(Refused) as refused:
        take(draft, alone)
    (said,) = refused.value.said
    assert (said.code, said.inputs) == ("NO_QUANTITY", (draft.event.identity, "input", "x"))
    assert draft.changes == []


@pytest.mark.parametrize(
    ("wet", "dry", "one", "weighed"),
    [
        (1_250, 1_000, line("1005"), 1_256),  # 20 % of water in the lot: 1256.25
        (1_250, 1_000, line("1300", "wet", moisture_percent=Decimal("22.69")), 1_300),  # 1005 dry, as it was weighed
        (0, 1_000, line("1005"), 0),  # a lot that was never weighed wet
        (500, 1_000, line("1005"), 502),  # in proportion, 502.5 to even
        (500, 1_000, line("1005", "wet"), 502),
        (-10, 1_000, line("1005"), 0),
        (0, 0, line("5"), 5),  # nothing is left that has a moisture
        (0, 1, line("5"), 0),
    ],
)
def test_the_wet_mass_of_a_draw_above_the_book(wet: int, dry: int, one: Line, weighed: int) -> None:
    draft = drafted(wet_mg=wet, dry_mg=dry, entered_dry_mg=1_000, contained_mg={"Cu": 400} if dry else {}, entered_mg={"Cu": 400})
    drawn = draw(draft, one, WIP)
    (change,) = draft.changes
    assert (drawn.wet_mg, change.weighed_mg, change.wet_mg) == (weighed, weighed, -max(0, wet))


def test_whom_a_draw_touched_and_has_nothing_of() -> None:
    """Half of the lot by its one key of copper touches the others, in order; all of it takes the contacts along."""
    contacts = {f"{country} - - -": 2 for country in ("PE", "CL", "AU", "FI", "CD")} | {"GB - - -": 0}
    for mass, left in (("4", contacts), ("8", {})):
        draft = drafted()
        found = draft.lot("x")
        assert found is not None
        draft.view.put(replace(found, shares=Shares({"Cu": {ZM: 4}}, contacts=contacts)), "x")
        drawn = take(draft, line(mass))
        (change,) = draft.changes
        assert change.touched == list(drawn.shares.contacts) == [f"{country} - - -" for country in ("AU", "CD", "CL", "FI", "PE")]
        assert change.weighed_mg == 0
        after = draft.lot("x")
        assert after is not None
        assert {k: n for k, n in after.shares.contacts.items() if n} == {k: n for k, n in left.items() if n}


def test_a_corrective_draws_where_its_original_drew() -> None:
    """The second of three movements was void: its corrective takes that slot, and the third is told anew."""
    draft = drafted(moved=3)
    draft.view.put(Corrective("original"), draft.event.identity)
    draft.view.put(Vacant([Place(1)]), "original x")
    take(draft, line("4"))
    take(draft, line("2"))
    assert ([change.slot for change in draft.changes], draft.dirty) == ([1, 3], {"x": 1})
