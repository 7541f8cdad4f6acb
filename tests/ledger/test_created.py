"""What ADD puts into a book and DELETE takes out of it, in whole milligrams (rulebook R13, R14, R22)."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from lodestream.epcis.event import Assay, Event, Material, Quantity, TypedRef
from lodestream.ledger.records import Outcome
from tests.ledger.making import Books, add, codes, entry, event, hashed, item

A, BAG = "urn:site:a", "urn:bag"


def posted(outcomes: list[Outcome]) -> list[tuple[str, str, int]]:
    return [(p.account, p.element, p.amount_mg) for o in outcomes for p in o.postings]


def bag(action: str, mg: str | None, **more: Any) -> Event:
    """An event about one instance, with a mass in mg at 10 % Cu or without one."""
    made = event("ObjectEvent", [], action=action, biz_location=A, epcs=[BAG], **more)
    tenth = [Assay("Cu", Decimal(10), "P1")]
    item = Material("object", BAG, mass=Decimal(mg or 0), uom="MGM", mass_basis="dry", assays=tenth)
    return hashed(replace(made, materials=[item] if mg is not None else []))


def bagged() -> Books:
    books = Books()
    books(bag("ADD", "1000"))
    return books


def test_an_opening_with_evidence_is_proven() -> None:
    for evidence, found in (("urn:count", []), (None, ["OPENING_UNPROVEN"])):
        made = Books()(add("x", "1000", A, uom="MGM", cu="10", opening=True, opening_evidence=evidence))
        assert (posted(made), codes(made)) == ([("SOURCE(opening)", "Cu", -100), ("STOCK(x)", "Cu", 100)], found)


def test_a_parcel_of_which_one_grade_cannot_be_told_posts_nothing_yet() -> None:
    """Wet, without a moisture: copper as received would be known, nickel on dry basis is not."""
    one = add("x", "1000", A, uom="MGM", mass_basis="wet")
    grades = [Assay("Cu", Decimal(10), "P1", "as_received"), Assay("Ni", Decimal(5), "P1", "dry")]
    made = Books()(hashed(replace(one, materials=[replace(one.materials[0], assays=grades)])))
    assert (posted(made), codes(made), made[0].lots[0].contained_mg) == ([], ["UNASSAYED"], {})


def test_an_id_that_is_commissioned_again_is_warned_of_while_something_of_it_is_there() -> None:
    """Also where it is only a parcel whose dry mass nobody knows; a second ADD that is no commissioning says nothing."""
    for first in ({"cu": "10"}, {"mass_basis": "wet"}):
        books = Books()
        assert codes(books(add("x", "1000", A, uom="MGM", biz_step="commissioning", **first))) in ([], ["UNASSAYED"])
        again = add("x", "1000", A, uom="MGM", cu="10", biz_step="commissioning")
        (found,) = [f for o in books(again) for f in o.findings if f.code != "NO_BOOK"]
        assert (found.code, found.inputs, found.lots) == ("ID_REUSED", ["x", again.identity], ["x"])
        assert codes(books(add("x", "1000", A, uom="MGM", cu="10"))) == []
    books = bagged()
    books(bag("DELETE", None))
    assert codes(books(bag("ADD", "10", biz_step="commissioning"))) == [], "nothing of it is there any more"


def test_where_a_lot_comes_from() -> None:
    """An opening, an external party, the class stated, scrap where it was collected; a class cannot name a party."""
    party = [TypedRef("urn:party", "possessing_party")]
    for fields, account in (
        ({"opening": True, "sources": party}, "SOURCE(opening)"),
        ({"sources": party, "class_": "mine"}, "SOURCE(external:urn:party)"),
        ({"class_": "mine"}, "SOURCE(mine)"),
        ({"class_": "mine", "biz_step": "collecting"}, "SOURCE(mine)"),
        ({"biz_step": "collecting"}, "SOURCE(scrap)"),
        ({"class_": "external:urn:party"}, "SOURCE(undeclared)"),
        ({}, "SOURCE(undeclared)"),
    ):
        more: dict[str, Any] = dict(fields)
        sources, class_ = more.pop("sources", []), more.pop("class_", None)
        one = add("x", "1000", A, uom="MGM", cu="10", source_class=class_, **more)
        made = Books().fold.submit(entry(hashed(replace(one, sources=sources)), external=["urn:party"]))
        assert posted(made)[0] == (account, "Cu", -100)


def test_what_no_item_describes_comes_from_an_undeclared_source() -> None:
    made = event("ObjectEvent", [], action="ADD", biz_location=A)
    (told,) = Books()(hashed(replace(made, quantities=[Quantity("y", Decimal(5), "GDW")])))
    assert [(lot.lot, lot.dry_mg, lot.assayed) for lot in told.lots] == [("y", 5000, False)]


# -- received from an external party ----------------------------------------------------------------------------------


def bought(*quantities: Quantity, **fields: Any) -> list[Outcome]:
    """Received of urn:party, which has no book: x at 10 % Cu and y at 20 %, in mg."""
    items = [item("object", "x", "1000", uom="MGM", cu="10"), item("object", "y", "500", uom="MGM", cu="20")]
    party = [TypedRef("urn:party", "possessing_party")]
    made = event("ObjectEvent", items, action="OBSERVE", biz_step="receiving", biz_location=A, sources=party, **fields)
    listed = [made.quantities[0], *quantities, made.quantities[1]]
    return Books().fold.submit(entry(hashed(replace(made, quantities=listed)), external=["urn:party"]))


def test_what_comes_from_an_external_party_comes_from_its_source() -> None:
    made = bought()
    assert posted(made) == [
        ("SOURCE(external:urn:party)", "Cu", -100),
        ("STOCK(x)", "Cu", 100),
        ("SOURCE(external:urn:party)", "Cu", -100),
        ("STOCK(y)", "Cu", 100),
    ]
    assert (made[0].kind, codes(made)) == ("receive", [])


def test_a_line_that_no_item_describes_is_measured_by_itself() -> None:
    """1 g dry of x more, without an assay: it waits for one, and y is what it is."""
    made = bought(Quantity("x", Decimal(1), "GDW"))
    assert [(line.lot, line.dry_mg, line.contained_mg) for line in made[0].lines] == [
        ("x", 1000, {"Cu": 100}),
        ("x", 1000, {}),
        ("y", 500, {"Cu": 100}),
    ]
    assert codes(made) == ["UNASSAYED"]


def test_what_is_destined_for_another_site_is_linked() -> None:
    (made,) = bought(destinations=[TypedRef("urn:site:b", "location")])
    assert (made.kind, made.postings) == ("link", [])
    assert made.reason == f"received at {A}, destined for urn:site:b: kept, moves nothing"
    assert bought(destinations=[TypedRef(A, "location")])[0].kind == "receive"


# -- destroyed ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mg", [None, "1000"])
def test_an_instance_is_destroyed_whole_or_by_its_mass(mg: str | None) -> None:
    made = bagged()(bag("DELETE", mg, biz_step="destroying"))
    assert posted(made) == [("STOCK(urn:bag)", "Cu", -100), ("LOSS(other urn:bag destroyed)", "Cu", 100)]
    assert (made[0].kind, codes(made)) == ("destroy", [])
    assert [(x.dry_mg, x.contained_mg) for x in made[0].lines] == [(1000, {"Cu": 100})]


def test_an_instance_that_is_decommissioned_with_a_balance_is_found() -> None:
    books, gone = bagged(), bag("DELETE", None, biz_step="decommissioning")
    made = books(gone)
    assert posted(made) == [("STOCK(urn:bag)", "Cu", -100), ("STOCK_ADJ", "Cu", 100)]
    (found,) = made[0].findings
    assert (found.code, found.inputs, found.lots) == ("LOSS_UNEXPLAINED", [BAG, gone.identity], [BAG])
    assert found.arithmetic == "urn:bag was decommissioned with 0.001 kg dry, 0.0001 kg Cu in it"
    assert codes(books(bag("DELETE", None, biz_step="decommissioning"))) == [], "nothing is in it any more"


def test_what_holds_no_nickel_by_its_own_assay_is_found_for_its_copper() -> None:
    books = Books()
    books(add("x", "1000", A, uom="MGM", cu="10"))
    last = [item("object", "x", "1000", uom="MGM", cu="10", ni="0")]
    made = books(event("ObjectEvent", last, action="DELETE", biz_location=A, biz_step="decommissioning"))
    assert [f.arithmetic for f in made[0].findings] == ["x was decommissioned with 0.001 kg dry, 0.0001 kg Cu, 0 kg Ni in it"]


def test_what_is_not_here_is_destroyed_when_it_is() -> None:
    """A bare instance says no mass, so nothing is expected of it; one with a mass, or a class, is parked."""
    (bare,) = Books()(bag("DELETE", None))
    assert (bare.kind, bare.outcome) == ("link", "TRANSACTION")
    (weighed,) = Books()(bag("DELETE", "10"))
    classes = hashed(
        replace(event("ObjectEvent", [], action="DELETE", biz_location=A), quantities=[Quantity("y", Decimal(5), "GDW")])
    )
    (listed,) = Books()(classes)
    assert [(one.outcome, one.reason) for one in (weighed, listed)] == [("PARKED", "PHANTOM_STOCK")] * 2


def test_the_loss_class_of_what_is_destroyed() -> None:
    books = bagged()
    gone = bag("DELETE", "400")
    made = books(hashed(replace(gone, materials=[replace(gone.materials[0], loss_class="slag")])))
    assert posted(made)[1] == ("LOSS(slag urn:bag destroyed)", "Cu", 40)
