"""What enters a lot, and what its line says of it, field by field (R13, R20, R10)."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from lodestream.epcis.event import Assay, Event, Material
from lodestream.ledger import lots, records
from lodestream.ledger.book import SiteBook
from lodestream.ledger.draft import Draft, Refused
from lodestream.ledger.lots import (
    ensure,
    enter,
    moisture,
    note_grades,
    refuse_unusable,
    settled_by,
    told,
    tracked,
    unassayed_finding,
    wait_for_assay,
    wet_and_dry,
    without_lot,
)
from lodestream.ledger.records import Finding
from lodestream.ledger.state import Corrective, Head, Held, Lot, LotChange, Move, Place, Shares, Unassayed, Vacant
from lodestream.ledger.timed import Haul
from lodestream.ledger.view import View
from lodestream.measures import Line, Measured, Note, Refusal
from tests.ledger.making import entry, event

A = "urn:site:a"
CLASS = "https://id.gs1.org/01/04012345123456"


def draft(made: Event | None = None, **book: Any) -> Draft:
    view = View(A, {})
    view.put(Head(seq=6, book=SiteBook(**book), parked=0))
    return Draft(view, entry(made if made is not None else event("ObjectEvent", [], biz_location=A, event_id="urn:e")))


def line(lot: str = "x", **item: Any) -> Line:
    return Line("object", lot, Decimal(10), "TNE", Material("object", lot, **item) if item else None)


def measured(**more: Any) -> Measured:
    fields: dict[str, Any] = {"wet_mg": 110, "dry_mg": 100, "contained_mg": {"Cu": 10}, "u_mg": {"Cu": 3}, "u_dry_mg": 2}
    return Measured(**(fields | {"assayed": True, "statuses": {}} | more))


# -- which lines may enter ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("identifier", "bare"),
    [
        (CLASS, True),
        (CLASS + "/10/a", False),
        (CLASS[:-1], False),
        ("https://id.gs1.org/8003/" + "1" * 14, True),
        ("https://id.gs1.org/253/" + "1" * 13, True),
        ("https://id.gs1.org/253/" + "1" * 14, False),
        ("https://id.gs1.org/255/" + "1" * 13, True),
        ("https://id.gs1.org/8006/" + "1" * 18, True),
        ("https://id.gs1.org/8010/any", True),
        ("https://id.gs1.org/8010/any/8011/1", False),
        ("urn:epc:idpat:sgtin:4012345.012345.*", True),
        ("urn:epc:class:lgtin:4012345.012345.a", False),
        ("see https://id.gs1.org/01/04012345123456", False),
    ],
)
def test_a_class_without_a_lot(identifier: str, bare: bool) -> None:
    assert without_lot(identifier) == bare


def test_every_line_that_cannot_enter_is_said() -> None:
    """A class without a lot is that alone, whatever its mass; the others say why they cannot be measured."""
    found = [Refusal("UNIT_REFUSED", "F44", "no mass"), Refusal("NO_QUANTITY", "F46", "no quantity"), measured()]
    with pytest.raises(Refused) as refused:
        refuse_unusable(draft(), [line(CLASS), line("y"), line("x")], found)
    assert [(s.code, list(s.inputs), s.arithmetic) for s in refused.value.said] == [
        ("NO_LOT", ["urn:e", "object", CLASS], f"{CLASS} is a class without a lot: name the lot (LGTIN, /10/)"),
        ("NO_QUANTITY", ["urn:e", "object", "y"], "no quantity"),
    ]
    with pytest.raises(Refused) as refused:
        refuse_unusable(draft(), [line(CLASS)], [measured()])
    assert [s.code for s in refused.value.said] == ["NO_LOT"]
    assert refuse_unusable(draft(), [line(), line("y")], [measured(), measured(dry_mg=1)]) == [measured(), measured(dry_mg=1)]


def test_the_book_says_what_is_tracked() -> None:
    content = {"Co": 1, "Cu": 2}
    assert tracked(draft(), content) == content
    assert tracked(draft(elements=["Cu", "Ni"]), content) == {"Cu": 2}


# -- what a lot is known by -----------------------------------------------------------------------------------------


def test_a_lot_is_what_its_first_line_says_and_later_ones_add() -> None:
    """Class, owner and country are those told last, the loss class the first; it is as old as its oldest parcel."""
    one = draft()
    first = ensure(one, line(product_class="ore", owner="urn:o", country_of_origin="CL"), 50)
    assert first == Lot("x", created_us=50, product_class="ore", owner="urn:o", country_of_origin="CL")
    assert one.lot("x") == replace(first, version=1)
    second = ensure(one, line(loss_class="slag", product_class="slag", owner="urn:p", country_of_origin="PE"), 40)
    assert second == Lot("x", 1, created_us=40, product_class="slag", owner="urn:p", country_of_origin="PE")
    assert ensure(one, line(), 60) == second
    assert ensure(one, line(mass_method="belt"), 40) == second
    assert ensure(one, line("y", loss_class="slag"), 60) == Lot("y", loss_class="slag", created_us=60)


def test_a_lot_that_is_held_before_it_is_there() -> None:
    one = draft()
    one.view.put(Held(["f2", "f3"]), "x")
    assert ensure(one, line(), 1).findings == ["f2", "f3"]


@pytest.mark.parametrize(
    ("wet", "dry", "assayed", "masses"),
    [
        (110, 100, True, (110, 100)),
        (None, 100, False, (100, 100)),
        (0, 0, True, (0, 0)),
        (110, None, False, (110, 0)),
        (110, None, True, (110, 110)),
        (None, None, True, (0, 0)),
        (None, None, False, (0, 0)),
    ],
)
def test_wet_and_dry(wet: int | None, dry: int | None, assayed: bool, masses: tuple[int, int]) -> None:
    """A dry mass stands for both; a wet one alone is no dry mass, unless its grade is of it as it was weighed."""
    assert wet_and_dry(measured(wet_mg=wet, dry_mg=dry, assayed=assayed)) == masses


def test_moisture_of_a_lot() -> None:
    """None of a lot without dry mass, nor of one that would be drier than dry."""
    assert [moisture(110, 100), moisture(100, 100), moisture(5, 0), moisture(99, 100), moisture(1, 1)] == [
        (10, 110), (0, 100), None, None, (0, 1),
    ]  # fmt: skip


def test_the_least_settled_assay_counts() -> None:
    """Provisional, exchanged, final, umpire; one that names no status, or the book's, is as provisional."""
    assert (lots.BY_BOOK, lots.RANK) == ("book", {"provisional": 0, "exchanged": 1, "final": 2, "umpire": 3})
    for statuses, least in (
        (["umpire", "final"], "final"),
        (["final", "exchanged", "umpire"], "exchanged"),
        (["exchanged", "provisional"], "provisional"),
        (["exchanged", "book"], "book"),
        (["umpire"], "umpire"),
        ([], ""),
    ):
        assert settled_by(measured(statuses={str(n): s for n, s in enumerate(statuses)})) == least


# -- what enters ----------------------------------------------------------------------------------------------------


def test_a_parcel_enters_its_lot() -> None:
    """Masses, content, variances (3 x 3 and 2 x 2), account, status, method and class; of Ni, which is not posted, no u."""
    one = draft()
    item = line(mass_method="belt", product_class="ore")
    shares = Shares({"Cu": {"CL - - -": 10}}, 5, 6)
    ensure(one, item, 50)
    made = measured(u_mg={"Cu": 3, "Ni": 9}, statuses={"Cu": "final"})
    enter(one, item, made, {"Cu": 10, "Co": 0}, made.u_mg, "SOURCE mine", shares)
    change = LotChange(
        "x", 110, 100, 100, {"Cu": 10, "Co": 0}, {"Cu": "9"}, "4", contained_mg={"Cu": 10}, shares=shares,
        account="SOURCE mine", status="final", slot=0, method="belt", product_class="ore",
    )  # fmt: skip
    assert one.changes == [change]
    assert one.view.get(Move, "x 0") == Move(7, "urn:e", 0)
    lot = one.lot("x")
    assert lot is not None
    assert (lot.wet_mg, lot.dry_mg) == (110, 100)
    assert (lot.entered_mg, lot.entered_u2, lot.entered_u2_dry) == ({"Cu": 10}, {"Cu": "9"}, "4")


def test_a_parcel_of_which_little_is_said() -> None:
    one = draft()
    ensure(one, line(), 50)
    enter(one, line(), measured(u_mg={}), {}, {}, "")
    assert one.changes == [LotChange("x", 110, 100, 100, {}, {}, "4", slot=0)]


def test_a_grade_that_its_form_cannot_hold_is_noted_on_the_lot() -> None:
    one = draft()
    note_grades(one, line(), measured(notes=[Note("GRADE_IMPOSSIBLE", "F13", "21.5 > 20.9656")]))
    assert [(f.code, f.inputs, f.arithmetic, f.lots) for f in one.findings] == [
        ("GRADE_IMPOSSIBLE", ["urn:e", "object", "x"], "21.5 > 20.9656", ["x"])
    ]


def test_a_corrective_takes_slot_and_assay_of_what_it_corrects() -> None:
    """The void parcel stood first of two: so does its corrective. Where it had been assayed later, that assay is of it."""
    for assay, inherits in (("urn:assay", [("x", "urn:assay", "urn:e")]), ("", [])):
        one = draft()
        one.view.put(Corrective("urn:wrong"), "urn:e")
        one.view.put(Vacant([Place(0, assay=assay)]), "urn:wrong x")
        one.put_lot(Lot("x", moved=2))
        enter(one, line(), measured(), {"Cu": 10}, {}, "")
        assert ([change.slot for change in one.changes], one.inherits, one.dirty) == ([0], inherits, {"x": 0})
    other = draft()
    other.put_lot(Lot("x", moved=2))
    enter(other, line(), measured(), {"Cu": 10}, {}, "")
    assert ([change.slot for change in other.changes], other.inherits, other.dirty) == ([2], [], {})


# -- what waits for an assay ----------------------------------------------------------------------------------------


def test_a_parcel_without_an_assay_waits() -> None:
    one = draft()
    ensure(one, line(), 50)
    wait_for_assay(one, line(), "event", "urn:e", 2)
    wait_for_assay(one, line(), "receipt", "c x")
    lot = one.lot("x")
    assert lot is not None
    assert lot.unassayed == [Unassayed("event", "urn:e", line(), 2), Unassayed("receipt", "c x", line(), 0)]
    assert [(f.code, f.severity, f.inputs, f.lots) for f in one.findings] == [
        ("UNASSAYED", "info", ["x", "urn:e"], ["x"]),
        ("UNASSAYED", "info", ["x", "c x"], ["x"]),
    ]
    assert one.waiting == {"x": None}
    assert one.view.get(Finding, one.findings[0].id) == one.findings[0]


def test_what_is_said_of_it() -> None:
    """What is missing, and by what it counts meanwhile."""
    bare = Unassayed("event", "urn:e", line(mass_basis="dry"))
    wet = line(mass_basis="wet", assays=[Assay(element, Decimal(3), "P1") for element in ("Cu", "Ni")])
    missing = Unassayed("event", "urn:e", wet)
    graded = replace(bare, graded=[Assay("Cu", Decimal("30.50"), "P1"), Assay("Co", Decimal(2), "P1")])
    nothing = Unassayed("event", "urn:e", Line("object", "x"))
    texts = [unassayed_finding("x", one)[2] for one in (bare, graded, nothing, missing)]
    assert texts[0] == "x: 10 TNE, no assay: it posts when that comes"
    assert texts[1] == ("x: 10 TNE, no assay: until that comes it counts by the book's provisional grade, Cu 30.5 %, Co 2 %")
    assert texts[2] == "x:  , no assay: it posts when that comes"
    needs = "a grade on dry basis needs the moisture"
    assert texts[3] == f"x: 10 TNE, Cu: {needs}; Ni: {needs}: it posts when that comes"
    assert unassayed_finding("x", bare)[::3] == ("UNASSAYED", ["x"])
    assert unassayed_finding("x", bare)[1] == ("x", "urn:e")


# -- what is told ---------------------------------------------------------------------------------------------------


def test_a_line_as_it_is_told() -> None:
    """Elements in order, what the item states, an assay as it was stated."""
    assay = Assay("Cu", Decimal("28.5"), "P1", basis="dry", status="final", certificate="urn:cert")
    item = line(product_class="ore", loss_class="slag", tickets=["T1"], assays=[assay], process="urn:p")
    assert told(item, 110, 100, {"Ni": 1, "Cu": 10}) == records.Line(
        role="object", lot="x", wet_mg=110, dry_mg=100, contained_mg={"Cu": 10, "Ni": 1}, quantity=Decimal(10), uom="TNE",
        product_class="ore", loss_class="slag", tickets=["T1"],
        assays=[records.StatedAssay("Cu", Decimal("28.5"), "P1", "dry", "final", "urn:cert")], process="urn:p",
    )  # fmt: skip
    assert list(told(item, 1, 1, {"Ni": 1, "Cu": 10}).contained_mg) == ["Cu", "Ni"]
    assert told(line(), 1, 2, {}) == records.Line("object", "x", 1, 2, {}, Decimal(10), "TNE")


def test_hauls_add_up() -> None:
    one, more = Haul(1, 20, 3, "40", 5), Haul(2, 100, -1, "-7", 11)
    assert one.plus(more) == Haul(3, 120, 2, "33", 16)
