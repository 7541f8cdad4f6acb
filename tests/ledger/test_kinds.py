"""Which event is handled by what, which is refused for its action or place, and which is ahead of the clock (R3, R4, R86)."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from lodestream.epcis.event import CertificateItem, CreditItem, ErrorDeclaration, Event, Material, Quantity
from lodestream.ledger import assay as assays
from lodestream.ledger import containment, correct, create, kinds, links, months, stocktake, transform, void
from lodestream.ledger import receive as receives
from lodestream.ledger import ship as ships
from lodestream.ledger.book import SiteBook
from lodestream.ledger.records import Finding, Outcome
from tests.ledger.making import HOUR, START, Books, T, add, assay, codes, declared, entry, event, item, receive, ship

A, B = "urn:site:a", "urn:site:b"
MINUTE = 60_000_000
APRIL = months.bounds("UTC", "2026-04")[0]


def of(type_: str, action: str | None = None, step: str | None = None, **more: Any) -> Event:
    return event(type_, [], action=action, biz_step=step, biz_location=A, **more)


@pytest.mark.parametrize(
    ("made", "handler"),
    [
        (of("TransformationEvent"), transform.transform),
        (of("AggregationEvent", "ADD"), containment.aggregate),
        (of("TransactionEvent", "ADD"), links.link),
        (of("AssociationEvent", "ADD"), links.link),
        (of("ObjectEvent", "ADD"), create.add),
        (of("ObjectEvent", "ADD", "shipping"), create.add),
        (of("ObjectEvent", "DELETE"), create.delete),
        (of("ObjectEvent", "OBSERVE", "shipping"), ships.ship),
        (of("ObjectEvent", "OBSERVE", "departing"), ships.ship),
        (of("ObjectEvent", "OBSERVE", "consigning"), ships.ship),
        (of("ObjectEvent", "OBSERVE", "receiving"), receives.receive),
        (of("ObjectEvent", "OBSERVE", "accepting"), receives.receive),
        (of("ObjectEvent", "OBSERVE", "arriving"), assays.observe),
        (of("ObjectEvent", "OBSERVE", "void_shipping"), void.ask),
        (of("ObjectEvent", "ADD", "void_shipping"), void.ask),
        (of("ObjectEvent", "OBSERVE", "stock_taking"), stocktake.count),
        (of("ObjectEvent", "OBSERVE", "inspecting"), assays.observe),
        (of("ObjectEvent", "OBSERVE"), assays.observe),
        (of("urn:own:Type", "ADD"), None),
        (of("urn:own:Type", "OBSERVE", "shipping"), None),
    ],
)
def test_the_handler_of_an_event(made: Event, handler: object) -> None:
    assert kinds.handler_of(made) is handler
    assert kinds.handler_of(replace(made, error_declaration=ErrorDeclaration(0))) is correct.declare


def test_steps_that_move() -> None:
    assert sorted(kinds.SHIPPING) == ["consigning", "departing", "shipping"]
    assert sorted(kinds.RECEIVING) == ["accepting", "receiving"]
    assert kinds.TRANSFER == kinds.SHIPPING | kinds.RECEIVING


# -- ACTION_MISMATCH --------------------------------------------------------------------------------------------------

ONE, NONE = Quantity("x", Decimal(1), "TNE"), Quantity("x")


def said(outcomes: list[Outcome], code: str) -> list[Finding]:
    return [f for o in outcomes for f in o.findings if f.code == code]


@pytest.mark.parametrize("step", ["shipping", "departing", "consigning", "receiving", "accepting"])
@pytest.mark.parametrize(
    ("type_", "fields", "wrong"),
    [
        ("TransactionEvent", {"quantities": [NONE, ONE]}, True),
        ("AggregationEvent", {"child_quantities": [ONE, NONE]}, True),
        ("TransformationEvent", {"input_quantities": [ONE]}, True),
        ("TransformationEvent", {"output_quantities": [ONE]}, True),
        ("AssociationEvent", {"quantities": [NONE], "materials": [Material("object", "x")]}, True),
        ("TransactionEvent", {"quantities": [NONE]}, False),
        ("AssociationEvent", {}, False),
    ],
)
def test_a_transfer_is_an_object_event(step: str, type_: str, fields: dict[str, Any], wrong: bool) -> None:
    """Its step on another event with a quantity or an item, whichever list that is in; without one it is linked."""
    books = Books(**{A: SiteBook()})
    made = replace(of(type_, "ADD", step, read_point=A), **fields)
    found = said(books(made), "ACTION_MISMATCH")
    expected = [f"{step} moves metal as an ObjectEvent with action OBSERVE; this is {type_} ADD"] if wrong else []
    assert ([f.arithmetic for f in found], [f.inputs for f in found]) == (expected, [[made.identity]] * wrong)
    assert said(books(declared(made)), "ACTION_MISMATCH") == [replace(f, state="superseded") for f in found]


@pytest.mark.parametrize(("action", "wrong"), [("ADD", True), ("DELETE", True), ("OBSERVE", False)])
def test_a_transfer_is_observed(action: str, wrong: bool) -> None:
    books = Books(**{A: SiteBook()})
    books(add("x", "10", A, cu="10"))
    made = replace(ship("x", "1", A, B), action=action)
    assert [f.arithmetic for f in said(books(made), "ACTION_MISMATCH")] == (
        [f"shipping moves metal as an ObjectEvent with action OBSERVE; this is ObjectEvent {action}"] if wrong else []
    )


def test_a_transformation_has_no_action_to_name() -> None:
    (found,) = said(Books()(replace(of("TransformationEvent", step="receiving"), input_quantities=[ONE])), "ACTION_MISMATCH")
    assert found.arithmetic == "receiving moves metal as an ObjectEvent with action OBSERVE; this is TransformationEvent"


CREDITS: dict[str, Any] = {"credits": [CreditItem("iscc-plus", "Ni", "recycled", Decimal(1), "KGM")]}
CERTIFICATES: dict[str, Any] = {"certificates": [CertificateItem("urn:cert:1")]}


@pytest.mark.parametrize("handed", [CREDITS, CERTIFICATES])
@pytest.mark.parametrize(
    ("type_", "action", "is_now"),
    [
        ("ObjectEvent", "ADD", "ObjectEvent ADD"),
        ("TransactionEvent", "OBSERVE", "TransactionEvent OBSERVE"),
        ("TransactionEvent", "DELETE", "TransactionEvent DELETE"),
        ("TransformationEvent", None, "TransformationEvent"),
    ],
)
def test_only_a_transaction_that_is_added_hands_on(handed: dict[str, Any], type_: str, action: str | None, is_now: str) -> None:
    books = Books(**{A: SiteBook()})
    made = of(type_, action, **handed)
    (found,) = said(books(made), "ACTION_MISMATCH")
    assert found.arithmetic == f"credits and certificates are handed on by a TransactionEvent with action ADD; this is {is_now}"
    assert found.inputs == [made.identity]
    assert said(books(declared(made)), "ACTION_MISMATCH") == [replace(found, state="superseded")]


# -- SITE_CONFLICT ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "conflict"),
    [
        (add("x", "1", A, cu="10"), True),
        (of("ObjectEvent", "OBSERVE", "inspecting"), True),
        (of("TransactionEvent", "ADD"), True),
        (of("TransactionEvent", "ADD", **CREDITS), False),
        (of("TransactionEvent", "ADD", **CERTIFICATES), False),
        (of("ObjectEvent", "OBSERVE", "void_shipping", consignment_id="c"), False),
        (ship("x", "1", A, B), False),
        (receive("x", "1", A, cu="10"), False),
        (declared(add("y", "1", A, cu="10")), False),
    ],
)
def test_one_event_is_one_sites_unless_it_goes_from_one_to_another(made: Event, conflict: bool) -> None:
    for listed in ([B, A], [A], []):
        outcomes = Books(**{A: SiteBook()}).fold.submit(entry(made, listed=listed))
        assert [f.arithmetic for f in said(outcomes, "SITE_CONFLICT")] == (
            [f"{made.type} names the sites {A}, {B}: one event is one site's"] if conflict and len(listed) > 1 else []
        )


# -- F8, by the clock -------------------------------------------------------------------------------------------------


def ahead(made: Event, by_us: int, *before: Event, **book: Any) -> list[Finding]:
    """F8 of an event that is later than its record."""
    books = Books(**{A: SiteBook(**book)})
    books(*before)
    return said(books.fold.submit(entry(made, record_time_us=made.event_time_us - by_us)), "TIME_ORDER")


@pytest.mark.parametrize("minutes", [15, 3, 0])
def test_clocks_may_differ_by_so_much(minutes: int) -> None:
    made = add("x", "1", A, cu="10")
    assert ahead(made, minutes * MINUTE, clock_skew_minutes=minutes) == []
    (found,) = ahead(made, minutes * MINUTE + 1, clock_skew_minutes=minutes)
    assert found.arithmetic == f"eventTime is {minutes} min after the record time, clocks may differ by {minutes} min"
    assert (found.inputs, found.lots) == ([made.identity, "clock"], ["x"])
    assert "eventTime is 20 min after" in ahead(made, 21 * MINUTE - 1, clock_skew_minutes=minutes)[0].arithmetic


@pytest.mark.parametrize(
    ("made", "before"),
    [
        (assay("x", A, cu="10"), add("x", "1", A)),  # legs, of the parcel that waited
        (add("x", "1", A), None),  # a movement without legs
        (receive("x", "1", A, consignment_id="c"), None),  # a pair that waits for its offer
        (of("TransactionEvent", "ADD", **CREDITS), None),
        (of("TransactionEvent", "ADD", **CERTIFICATES), None),
    ],
)
def test_whatever_acts_is_held_against_the_clock(made: Event, before: Event | None) -> None:
    known = [replace(before, event_time_us=START)] if before is not None else []
    assert len(ahead(made, HOUR, *known)) == 1
    assert ahead(made, 0, *known) == []


def test_what_moves_nothing_is_not() -> None:
    came = add("x", "1", A, cu="10", event_time_us=START)
    assert ahead(of("TransactionEvent", "ADD"), HOUR) == []
    assert ahead(event("TransactionEvent", [item("object", "x")], action="ADD", biz_location=A), HOUR, came) == []
    assert ahead(declared(came), HOUR, came) == []


# -- a declaration does nothing of what its event did -----------------------------------------------------------------


def test_a_void_close_closes_nothing() -> None:
    """March is not over when an event closes it: nothing is closed. Declared void in April, it still closes nothing."""
    books = Books(**{A: SiteBook()})
    early = event("ObjectEvent", [], action="OBSERVE", biz_location=A, period_close="2026-03", event_time_us=START + HOUR)
    books(add("x", "1", A, cu="10", event_time_us=START))
    assert books(early)[0].periods == []
    outcomes = books.fold.submit(entry(declared(early), record_time_us=APRIL))
    assert [(o.kind, o.periods) for o in outcomes] == [("correct", [])]


def test_the_counting_source_takes_the_place_of_a_move_with_a_move_alone() -> None:
    """What links, is assayed or is declared under the same consignment takes nothing back of what another source moved (R39)."""
    books = Books(**{site: SiteBook(counting_source="mes") for site in (A, B)})
    sent, came = ship("x", "4", A, B, consignment_id="c"), receive("x", "4", B, consignment_id="c", cu="10", receipt="final")
    books(add("x", "10", A, cu="10"), sent, came, source="carrier")
    names = {"read_point": A, "consignment_id": "c", "quantities": [NONE]}
    noted = replace(of("TransactionEvent", "ADD", "shipping"), **names)
    seen = replace(of("ObjectEvent", "OBSERVE", "inspecting"), **(names | {"biz_location": B, "read_point": B}))
    more = replace(add("x", "1", B, cu="10"), consignment_id="c")
    books(noted, seen, more, source="mes")
    assert (books.balance(A, "TRANSIT(c x)"), books.balance(A, "STOCK(x)")) == (0, 600_000_000)
    assert books.balance(B, "STOCK(x)") == 500_000_000
    done = books(declared(came), source="mes")
    assert (done[0].kind, books.balance(B, "STOCK(x)"), books.balance(B, "CUSTODY(c x)")) == ("correct", T // 10, 0)
    done = books(declared(sent), source="mes")
    assert (done[0].kind, books.balance(A, "STOCK(x)"), books.balance(A, "TRANSIT(c x)")) == ("correct", T, 0)
    assert codes(books.outcomes) == []
