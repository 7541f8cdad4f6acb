"""What a transaction tells of the movements of earlier events that it changed, and between which places a move goes."""

from decimal import Decimal

from lodestream.epcis.event import OriginPart, TypedRef
from lodestream.ledger.records import Outcome, Retold
from lodestream.ledger.retold import _with
from lodestream.ledger.state import Shares
from tests.ledger.making import Books, T, add, declared, entry, event, item, receive, ship, transform

A, B = "urn:site:a", "urn:site:b"
ZM, CL = "ZM - mine -", "CL - mine -"


def mined(lot: str, mass: str, country: str, **more: object):  # type: ignore[no-untyped-def]
    return add(lot, mass, A, origins=[OriginPart(Decimal(1), country=country, source_class="mine")], **more)


def retold(outcomes: list[Outcome]) -> list[Retold]:
    return [one for outcome in outcomes for one in outcome.retold]


def test_a_corrected_grade_is_retold_of_the_draw_that_it_changed() -> None:
    """10 t at 30 %, 4 t drawn; the corrective says 25 %: the draw had 1.2 t Cu and has 1 t, of the same origin."""
    books = Books()
    wrong, right = mined("x", "10", "ZM", cu="30"), mined("x", "10", "CL", cu="25")
    run = transform(A, [("x", "4", {})], [("y", "4", {"cu": "24"})])
    books(wrong, run)
    assert retold(books.outcomes) == [], "nothing was changed yet"
    books(declared(wrong, correctives=(right.event_id or "",)))
    told = retold(books(right))
    assert Retold(run.identity, "x", True, 4 * T, 4 * T, {"Cu": T}, {"Cu": {CL: T}}, 0, 4 * T) in told
    made = Retold(run.identity, "y", False, 4 * T, 4 * T, {"Cu": 960_000_000}, {"Cu": {CL: 960_000_000}}, 0, 4 * T)
    assert made in told, "what the run made kept its assay, and has the other origin"


def test_a_void_event_is_not_retold() -> None:
    books = Books()
    first, run = mined("x", "10", "ZM", cu="30"), transform(A, [("x", "4", {})], [("y", "4", {"cu": "30"})])
    books(first, run)
    assert run.identity not in {one.identity for one in retold(books(declared(run)))}


def test_a_shipment_is_retold_with_what_left() -> None:
    """4 of 10 t that turn out to have 20 %."""
    books = Books()
    wrong, right, sent = add("x", "10", A, cu="25"), add("x", "10", A, cu="20"), ship("x", "4", A, B, consignment_id="c")
    books(wrong, sent, declared(wrong, correctives=(right.event_id or "",)))
    told = [one for one in retold(books(right)) if one.identity == sent.identity]
    assert [(one.drawn, one.dry_mg, one.contained_mg) for one in told] == [(True, 4 * T, {"Cu": 800_000_000})]


def test_a_receipt_before_its_offer_is_retold_by_the_offer() -> None:
    """B has what it weighed; the offer brings grade and origin."""
    books = Books()
    got = receive("x", "4", B, consignment_id="c", receipt="final")
    books(got, mined("x", "4", "ZM", cu="25"), ship("x", "4", A, B, consignment_id="c"))
    offer = next(one for one in books.outcomes if one.kind == "offer")
    assert offer.retold == [Retold(got.identity, "x", False, 4 * T, 4 * T, {"Cu": T}, {"Cu": {ZM: T}}, 0, 4 * T)]


def test_a_move_names_its_places_and_consignment() -> None:
    books = Books()
    books(add("x", "10", A, cu="30"), ship("x", "4", A, B, consignment_id="c"), receive("x", "4", B, consignment_id="c"))
    sent, got = (next(one for one in books.outcomes if one.kind == kind) for kind in ("ship", "receive"))
    assert (sent.consignment, sent.from_location, sent.to_location) == ("c", A, B)
    assert (got.consignment, got.from_location, got.to_location) == ("c", A, B), "where it came from the offer says"


def test_a_shipment_to_nowhere_has_no_other_end() -> None:
    books = Books()
    (sent,) = (one for one in books(add("x", "10", A, cu="30"), ship("x", "4", A, None)) if one.kind == "ship")
    assert (sent.from_location, sent.to_location) == (A, None)


def test_the_other_end_may_be_an_external_party() -> None:
    books = Books()
    sources = [TypedRef("urn:party:x", "possessing_party")]
    got = receive("x", "4", B, cu="25", sources=sources, consignment_id="c")
    (outcome,) = books.fold.submit(entry(got, external=["urn:party:x"]))
    assert (outcome.kind, outcome.from_location, outcome.to_location) == ("receive", "urn:party:x", B)
    bought = event(
        "ObjectEvent", [item("object", "x", "1")], action="OBSERVE", biz_step="shipping", read_point=B, destinations=sources
    )
    (outcome,) = books.fold.submit(entry(bought, external=["urn:party:x"]))
    assert (outcome.kind, outcome.from_location, outcome.to_location) == ("ship", B, "urn:party:x")


def test_a_consignment_that_is_asked_back_is_named() -> None:
    books = Books()
    books(add("x", "10", A, cu="30"), ship("x", "4", A, B, consignment_id="c"))
    asked = event("ObjectEvent", [], action="OBSERVE", biz_step="void_shipping", read_point=A, consignment_id="c")
    (outcome,) = (one for one in books(asked) if one.kind == "void")
    assert (outcome.consignment, outcome.from_location, outcome.to_location) == ("c", None, None)
    assert [(one.lot, one.dry_mg, one.contained_mg) for one in outcome.lines] == [("x", 0, {})]


def test_what_is_retold_is_told_in_one_order() -> None:
    """Maps are written as they come, and those of a book that was read back have another order than those of one in memory."""
    bare = Retold("urn:e", "x", False, 3, 3, {"Cu": 3, "Ag": 1})
    told = _with(bare, Shares({"Cu": {ZM: 1, CL: 2}, "Ag": {ZM: 1}}))
    assert ([*told.contained_mg], [*told.shares], [*told.shares["Cu"]]) == (["Ag", "Cu"], ["Ag", "Cu"], [CL, ZM])
