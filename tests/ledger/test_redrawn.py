"""Draws that are told anew: of what stands before them, to the milligram (ledger-rules section 5, corrections; rulebook R46)."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from lodestream.epcis.event import Assay, Event, Quantity
from lodestream.ledger.draft import Draft
from lodestream.ledger.lots import BY_BOOK
from lodestream.ledger.records import Outcome
from lodestream.ledger.restate import Stand, redrawn
from lodestream.ledger.state import Lot, LotChange, Shares, Unassayed
from lodestream.ledger.view import View
from lodestream.measures import Line
from tests.ledger.making import Books, add, assay, codes, declared, entry, event, hashed, item, ship, transform

A, B = "urn:site:a", "urn:site:b"
ZM = "ZM - - -"


# -- one draw -------------------------------------------------------------------------------------------------------


def stand(**lot: Any) -> Stand:
    """A lot of 10 mg with 4 mg Cu and 90 g CO2e, unless said."""
    fields = {"dry_mg": 10, "contained_mg": {"Cu": 4}, "entered_dry_mg": 10, "entered_mg": {"Cu": 4}, **lot}
    vectors = {e: {ZM: mg} for e, mg in fields["contained_mg"].items()}
    return Stand(Lot("x", **{"shares": Shares(vectors, 90, 30, {"PE - - -": 1}), **fields}))


def draw(**change: Any) -> LotChange:
    """A draw of 5 mg that took 3 mg Cu."""
    return LotChange("x", **{"wet_mg": -5, "dry_mg": -5, "contained_mg": {"Cu": -3}, "account": "WIP r", "slot": 0, **change})


def again(change: LotChange, of: Stand) -> LotChange:
    draft = Draft(View(A, {}), entry(add("e", "1", A, cu="1")))
    return redrawn(draft, change, of, 0)[0]


WAITS = [Unassayed("event", "e", Line("object", "x"))]
ASSAYS: list[tuple[str, dict[str, Any], dict[str, int]]] = [
    ("5 of 10 mg take half", {}, {"Cu": -2}),
    ("the last takes the rest", {"dry_mg": 5}, {"Cu": -4}),
    ("nothing stands there: its own grade", {"dry_mg": 0}, {"Cu": -3}),
    ("or less than nothing", {"dry_mg": -10}, {"Cu": -3}),
    ("something stands there that never entered: a count found it", {"entered_dry_mg": 0}, {"Cu": -3}),
    ("a milligram that entered is something", {"entered_dry_mg": 1, "entered_mg": {"Cu": 1}, "dry_mg": 10}, {"Cu": -2}),
    ("assayed as nothing: it took nothing", {"entered_mg": {"Cu": 0}, "contained_mg": {}}, {}),
    ("nothing has an assay: its own grade", {"entered_mg": {}, "contained_mg": {}, "unassayed": WAITS}, {"Cu": -3}),
    ("nor has what came with it any more", {"entered_mg": {"Cu": 0}, "contained_mg": {}, "unassayed": WAITS}, {"Cu": -3}),
    ("one parcel waits, another is assayed", {"unassayed": WAITS}, {"Cu": -2}),
    ("of one that waits an element is known", {"entered_mg": {"Cu": 4, "Ni": 0}, "unassayed": WAITS}, {"Cu": -2}),
    ("what is below zero cannot be drawn", {"dry_mg": 6, "contained_mg": {"Cu": -4, "Ni": 6}}, {"Ni": -5}),
]


@pytest.mark.parametrize(("lot", "taken"), [case[1:] for case in ASSAYS], ids=[case[0] for case in ASSAYS])
def test_a_draw_takes_the_grade_that_stands_there_if_one_does(lot: dict[str, Any], taken: dict[str, int]) -> None:
    assert again(draw(), stand(**lot)).contained_mg == taken


def test_carbon_goes_by_the_mass_that_was_there() -> None:
    """Half of 90 g; of less than was drawn all of it, and no more; and with the last of it goes what the lot touched."""
    half = again(draw(), stand())
    assert half.shares == Shares({"Cu": {ZM: -2}}, -45, -15)
    assert half.touched == ["PE - - -"]
    for dry in (5, 3):
        drawn = again(draw(), stand(dry_mg=dry)).shares
        assert (drawn.carbon_g, drawn.uncovered_mg, drawn.contacts) == (-90, -30, {"PE - - -": -1} if dry == 5 else {})


def test_a_draw_rests_on_the_books_grade_while_a_parcel_before_it_does() -> None:
    """Unless it has an assay of its own. Of a milligram too; of what a draw took by the book no parcel is fewer."""
    graded = stand(unassayed=[replace(WAITS[0], graded=[object()])])
    assert again(draw(), graded).status == BY_BOOK
    assert again(draw(stated_mg={"Cu": 1}), graded).status == ""
    assert again(draw(status=BY_BOOK), stand()).status == ""
    for change, left in (
        (draw(dry_mg=1, status=BY_BOOK), 0),
        (draw(dry_mg=1), 1),
        (draw(dry_mg=0, status=BY_BOOK), 1),
        (draw(status=BY_BOOK), 1),
    ):
        graded.take(change, -1)
        assert graded.by_book == left
        graded.take(change, 1)
        assert graded.by_book == 1


def test_what_was_above_the_book_is_of_all_that_entered_before_it() -> None:
    """1 mg above 10: a tenth of what entered; as before where nothing did, or nothing with an assay."""
    over = draw(dry_mg=-10, excess_dry_mg=1, weighed_mg=11, above_mg={"Cu": 7})
    for lot, above in (
        ({"entered_mg": {"Cu": 30, "Ni": 4}}, {"Cu": 3}),
        ({"entered_mg": {"Cu": 30}, "entered_dry_mg": 1}, {"Cu": 30}),
        ({"entered_mg": {"Cu": 0}, "contained_mg": {}}, {}),
        ({"entered_mg": {}, "entered_dry_mg": 0, "dry_mg": 0}, {"Cu": 7}),
        ({"entered_mg": {}, "contained_mg": {}, "unassayed": WAITS}, {"Cu": 7}),
    ):
        assert again(over, stand(**lot)).above_mg == above
    assert again(replace(over, above_mg={}), stand(entered_mg={"Cu": 30})).above_mg == {"Cu": 3}, "it was of nothing before"
    assert again(draw(), stand(entered_mg={"Cu": 30})).above_mg == {}


# -- in a book ------------------------------------------------------------------------------------------------------


def came(mg: int, event_id: str | None = None, name: str = "x", **more: Any) -> Event:
    return add(name, str(mg), A, uom="MGM", **more, **({"event_id": event_id} if event_id else {}))


def sent(mg: int, name: str = "x", to: str = B, consignment: str = "PO 7", **more: Any) -> Event:
    """A shipment; the number of its purchase order has a space in it."""
    return ship(name, str(mg), A, to, uom="MGM", consignment_id=consignment, **more)


def corrected(books: Books, wrong: Event, right: Event) -> list[Outcome]:
    return books(declared(wrong, correctives=(right.identity,)), right)


def masses(books: Books, name: str = "x") -> tuple[int, int, int]:
    lot = books.lot(A, name)
    return lot.wet_mg, lot.dry_mg, lot.contained_mg.get("Cu", 0)


def stood(books: Books, element: str = "Cu") -> tuple[int, ...]:
    """What is in stock, in transit, and on the two adjustments."""
    return tuple(books.balance(A, x, element) for x in ("STOCK(x)", "TRANSIT(PO 7 x)", "STOCK_ADJ", "STOCK_ADJ(assay)"))


def test_a_draw_above_a_book_that_turns_out_to_hold_more() -> None:
    """125,500 mg wet are weighed out of 125,000: 100,400 dry out of 100,000 at 10 %, with 400 mg from above the book.

    There were 125,250: then 200 of them were above it, 250 wet. There were 127,500: then none, and BOOK_EXCEEDED ends.
    """
    books = Books()
    first, second, third = (came(mg, f"urn:{mg}", cu="10", moisture="20") for mg in (125_000, 125_250, 127_500))
    out = sent(125_500, moisture="20")
    books(first)
    assert codes(books(out)) == ["BOOK_EXCEEDED"]
    assert (masses(books), stood(books)) == ((0, 0, 0), (0, 10_040, -40, 0))
    made = corrected(books, first, second)
    assert (masses(books), stood(books)) == ((0, 0, 0), (0, 10_040, -20, 0))
    assert (books.open(), codes(made, "superseded")) == ({"BOOK_EXCEEDED"}, [])
    made = corrected(books, second, third)
    assert (masses(books), stood(books)) == ((2000, 1600, 160), (160, 10_040, 0, 0))
    assert (books.open(), codes(made, "superseded"), codes(made, "resolved")) == (
        set(),
        ["BOOK_EXCEEDED"],
        ["RETRO_OVERDRAFT"],
    )
    books(declared(out))
    assert (masses(books), stood(books)) == ((127_500, 102_000, 10_200), (10_200, 0, 0, 0))


def test_a_draw_above_the_book_keeps_its_grade_until_its_lot_has_one_again() -> None:
    """400 mg above 100,000 at 10 % are 40 mg Cu: also while the assay is void, and 80 of the next, which says 20 %."""
    books = Books()
    assayed = assay("x", A, cu="10")
    books(came(100_000), assayed, sent(100_400))
    assert stood(books) == (0, 10_040, -40, 0)
    books(declared(assayed))
    assert stood(books) == (-10_000, 10_040, -40, 0)
    books(assay("x", A, cu="20"))
    assert stood(books) == (0, 20_080, -80, 0)


def test_what_came_later_is_not_what_a_draw_exceeded() -> None:
    """400 mg above the 100,000 that had come: their tenth, and a fifth when those turn out to be of 20 %."""
    books = Books()
    wrong, right = came(100_000, "urn:w", cu="10"), came(100_000, "urn:r", cu="20")
    books(wrong, sent(100_400), came(900_000, cu="50"))
    books(declared(wrong, correctives=("urn:r",)))
    assert stood(books)[1:3] == (10_040, -40), "nothing stood there: it keeps its own"
    books(right)
    assert stood(books) == (450_000, 20_080, -80, 0)


def test_an_assay_of_its_own_stays_and_the_adjustments_follow() -> None:
    """100,400 mg of 100,000, assayed by themselves as 11 % Cu, 1 % Ni, 2 % Co and 3 % Li; the lot turns out to be others."""
    books = Books()
    wrong = came(100_000, "urn:w", cu="10", co="1", li="7")
    right = came(100_000, "urn:r", cu="20", co="3", li="5")
    out = sent(100_400, cu="11", ni="1", co="2", li="3")
    books(wrong, out)
    assert stood(books) == (0, 11_044, -40, -1_004)
    made = corrected(books, wrong, right)
    assert [stood(books, e) for e in ("Cu", "Ni", "Co", "Li")] == [
        (0, 11_044, -80, 9_036),
        (0, 1_004, 0, -1_004),
        (0, 2_008, -12, 1_004),
        (0, 3_012, -20, 2_008),
    ]
    assert [p.element for o in made for p in o.postings if p.account == "STOCK_ADJ"] == ["Co", "Cu", "Li"]
    books(declared(out))
    assert [stood(books, e) for e in ("Cu", "Ni", "Co", "Li")] == [(mg, 0, 0, 0) for mg in (20_000, 0, 3_000, 5_000)]


def test_the_adjustments_are_posted_by_element() -> None:
    elements = ["Zn", "Ni", "Mn", "Li", "Fe", "Cu", "Co", "Al"]
    books = Books()
    wrong, right = (
        hashed(replace(one, materials=[replace(one.materials[0], assays=[Assay(e, Decimal(cu), "P1") for e in elements])]))
        for one, cu in ((came(100_000, "urn:w", cu="1"), 1), (came(100_000, "urn:r", cu="1"), 2))
    )
    books(wrong, sent(100_400, cu="3"))
    made = corrected(books, wrong, right)
    assert [p.element for o in made for p in o.postings if p.account == "STOCK_ADJ"] == sorted(elements)


def test_the_second_of_two_draws_is_above_the_book_as_before() -> None:
    """Of 100,000 mg 60,000 and 40,400 left in one event: what is above the book is the second's, whatever the lot's grade."""
    books = Books()
    wrong, right = came(100_000, "urn:w", cu="10"), came(100_000, "urn:r", cu="20")
    one = sent(60_000)
    two = hashed(replace(one, quantities=[*one.quantities, Quantity("x", Decimal("40.4"), "GDW")]))
    books(wrong, two)
    assert books.open() == {"BOOK_EXCEEDED"}
    corrected(books, wrong, right)
    assert (books.open(), stood(books)) == ({"BOOK_EXCEEDED"}, (0, 20_080, -80, 0))


def test_what_a_correction_overdrew_keeps_the_grade_of_what_it_took_last() -> None:
    """10 mg of 30 %, 6 and 4 drawn; there were but 5, of 40 %: the first takes 2.4, the other finds nothing and keeps its own."""
    books = Books()
    wrong, right = came(1000, "urn:w", cu="30", embodied_g_co2e=50), came(500, "urn:r", cu="40", embodied_g_co2e=50)
    books(wrong, sent(600, consignment="a"), sent(400, consignment="b"))
    corrected(books, wrong, right)
    assert [books.balance(A, f"TRANSIT({c} x)") for c in "ab"] == [240, 120]
    assert masses(books) == (-500, -500, -160)
    assert books.lot(A, "x").embodied_g_co2e == 0


# -- what is told of it -----------------------------------------------------------------------------------------------


def lines(outcomes: list[Outcome]) -> list[tuple[str, str, dict[str, int]]]:
    return [(x.role, x.lot, x.contained_mg) for x in outcomes[0].lines]


def test_a_corrective_draw_tells_what_it_took_where_its_original_stood() -> None:
    """1,000 mg at 30 % before 1,000 at 10 %: what was drawn between them is of 30 %, and so is what corrects it."""
    for wrong, right in (
        (sent(400), sent(500)),
        (
            transform(A, [("x", "400", {"uom": "MGM"}), ("z", "20", {"uom": "MGM"})], [("y", "420", {"uom": "MGM", "cu": "30"})]),
            transform(A, [("z", "20", {"uom": "MGM"}), ("x", "500", {"uom": "MGM"})], [("x", "520", {"uom": "MGM", "cu": "29"})]),
        ),
    ):
        books = Books()
        books(came(1000, cu="30"), came(100, name="z", cu="50"), wrong, came(1000, cu="10"))
        books(declared(wrong, correctives=(right.identity,)))
        told = lines(books(right))
        if wrong.type == "ObjectEvent":
            assert told == [("object", "x", {"Cu": 150})]
        else:
            assert told == [("input", "z", {"Cu": 10}), ("input", "x", {"Cu": 150}), ("output", "x", {"Cu": 151})]


def test_so_does_each_of_two_lines_of_one_lot() -> None:
    """Of 1,000 mg at 30 % and then 1,000 more at 10 %, with a draw of the corrected event at either place."""
    first = sent(400)
    wrong = hashed(replace(first, quantities=[*first.quantities, Quantity("x", Decimal("0.1"), "GDW")]))
    right = hashed(replace(first, event_id="urn:r", quantities=[*first.quantities, Quantity("x", Decimal("0.3"), "GDW")]))
    books = Books()
    books(came(1000, cu="30"), wrong, came(1000, cu="10"), declared(wrong, correctives=("urn:r",)))
    assert [(x.dry_mg, x.contained_mg) for x in books(right)[0].lines] == [(400, {"Cu": 120}), (300, {"Cu": 90})]


def test_a_corrective_count_tells_what_is_missing_as_less() -> None:
    """10 mg of 1,000 at 30 % were missing, not 5, when 1,000 at 10 % had not come yet."""

    def counted(mg: int, event_id: str) -> Event:
        items = [item("object", "x", str(mg), "MGM")]
        return event("ObjectEvent", items, action="OBSERVE", biz_step="stock_taking", biz_location=A, event_id=event_id)

    books = Books()
    wrong = counted(99_500, "urn:w")
    books(came(100_000, cu="30"), wrong, came(100_000, cu="10"))
    assert books.balance(A, "STOCK_ADJ") == 150
    books(declared(wrong, correctives=("urn:r",)))
    made = books(counted(199_000, "urn:r"))
    assert lines(made) == [("object", "x", {"Cu": -300})]
    assert books.balance(A, "STOCK_ADJ") == 300


def test_content_is_told_by_element() -> None:
    """A corrective draw that has its own assay of nickel and cobalt, of a lot of copper."""
    books = Books()
    wrong = transform(A, [("x", "400", {"uom": "MGM"})], [("y", "400", {"uom": "MGM", "cu": "30"})])
    mine = {"uom": "MGM", "ni": "1", "co": "2"}
    right = transform(A, [("x", "500", mine)], [("y", "500", {"uom": "MGM", "cu": "30"})])
    books(came(1000, cu="30"), wrong, came(1000, cu="10"), declared(wrong, correctives=(right.identity,)))
    made = books(right)
    assert [list(x.contained_mg.items()) for x in made[0].lines if x.lot == "x"] == [[("Co", 10), ("Cu", 150), ("Ni", 5)]]
