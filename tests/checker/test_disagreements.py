"""What the checker once found: small histories in which the ledger did otherwise than the rules."""

import pytest
from msgspec.structs import replace

from lodestream.epcis.event import Event
from tests.checker.compare import differences
from tests.ledger.making import add, assay, declared, event, item, receive, ship, transform

A, B, C = "urn:site:a", "urn:site:b", "urn:site:c"


def gain_after_all_is_settled() -> list[Event]:
    """Empty pools (5): what remains of the offer is nothing, so all that was offered says where the gain comes from."""
    return [
        add("x", "60", A, cu="0.2", country_of_origin="ZM"),
        ship("x", "50", A, B, consignment_id="c"),
        receive("x", "15", B, consignment_id="c", receipt="partial", cu="19"),
        receive("x", "35", B, consignment_id="c", receipt="final", cu="7"),
    ]


def assay_of_what_was_corrected() -> list[Event]:
    """Corrections (5): the corrective stands where the original stood, so the assay that came after it is of it."""
    wrong = add("x", "75", A)
    right = replace(add("x", "67", A), event_id="urn:right")
    return [wrong, assay("x", A, cu="20"), declared(wrong, 1, ("urn:right",)), right]


def input_of_a_closed_campaign() -> list[Event]:
    """Corrections (5): the corrective stands before the close, so nothing of it stays in work in process."""
    run = {"biz_location": A, "transformation_id": "urn:run"}
    wrong = event("TransformationEvent", [item("input", "x", "20")], **run)
    right = event("TransformationEvent", [item("input", "x", "19")], event_id="urn:right", **run)
    closing = event("TransformationEvent", [], campaign_close=True, **run)
    return [add("x", "22", A, cu="9"), wrong, closing, declared(wrong, 1, ("urn:right",)), right]


def last_shovel_of_what_was_corrected() -> list[Event]:
    """Corrections (5): the contents of a draw follow, also what of it was above the book."""
    wrong = add("x", "10", A, cu="20")
    return [wrong, add("x", "10", A, cu="10"), transform(A, [("x", "20.02", {})], [("y", "9", {"cu": "33"})]), declared(wrong)]


def moisture_of_the_last_shovel() -> list[Event]:
    """Draws (5): without a stated moisture the lot's, also where the draw is above the book."""
    return [
        add("x", "100", A, moisture="10", cu="20"),
        ship("x", "90.1", A, B, consignment_id="c"),
        receive("x", "50", B, consignment_id="c"),
    ]


def shares_of_what_a_corrected_receipt_became() -> list[Event]:
    """Corrections (5): vectors of draws made since follow, also when it is a receipt that is corrected."""
    wrong = receive("x", "4", B, consignment_id="c")
    right = replace(receive("x", "3", B, consignment_id="c"), event_id="urn:right")
    return [
        add("x", "10", A, cu="10", country_of_origin="CL"),
        ship("x", "5", A, B, consignment_id="c"),
        wrong,
        ship("x", "4", B, C, consignment_id="d"),
        declared(wrong, 1, ("urn:right",)),
        right,
    ]


def contacts_of_the_other_half() -> list[Event]:
    """Contacts (5): both halves of a lot touched the same, however little of it is left in their shares."""
    return [
        add("x", "100", A, cu="10", country_of_origin="ZM"),
        add("x", "100", A, uom="MGM", cu="10", country_of_origin="CD"),
        transform(A, [("x", "1", {})], [("y", "1", {"cu": "9"})]),
        transform(A, [("y", "0.5", {})], [("p", "0.5", {"cu": "9"})]),
    ]


def carbon_of_an_element_that_went_nowhere() -> list[Event]:
    """Carbon (5): it goes by an element that is balanced, so none of it is lost where the largest is only in the inputs."""
    return [
        add("x", "10", A, cu="20", ni="5", embodied_g_co2e=1000),
        transform(A, [("x", "10", {})], [("y", "5", {"ni": "10"})]),
    ]


def corrective_of_a_draw_before_more_came() -> list[Event]:
    """Corrections (5): the corrective stands where the original stood, so it draws from what was there then."""
    wrong = transform(A, [("x", "2", {})], [("y", "1", {"cu": "40"})])
    right = transform(A, [("x", "2", {})], [("y", "0.9", {"cu": "40"})], event_id="urn:right")
    return [add("x", "40", A, cu="20"), wrong, add("x", "10", A, cu="10"), declared(wrong, 1, ("urn:right",)), right]


def moisture_of_what_is_rebagged() -> list[Event]:
    """Draws (5): 1 t dry and 2 t with half water in it are 3 t wet, however much is left of either lot."""
    return [
        add("x", "10", A, cu="10"),
        add("z", "100", A, moisture="50", cu="10"),
        transform(A, [("x", "1", {}), ("z", "1", {})], [("p", "1", {}), ("q", "1", {})], biz_step="repackaging"),
    ]


FOUND = [
    corrective_of_a_draw_before_more_came,
    moisture_of_what_is_rebagged,
    contacts_of_the_other_half,
    carbon_of_an_element_that_went_nowhere,
    shares_of_what_a_corrected_receipt_became,
    moisture_of_the_last_shovel,
    last_shovel_of_what_was_corrected,
    gain_after_all_is_settled,
    assay_of_what_was_corrected,
    input_of_a_closed_campaign,
]


@pytest.mark.parametrize("history", FOUND)
def test_they_agree_now(history) -> None:  # type: ignore[no-untyped-def]
    assert differences(history(), shares=True, carbon=True, contacts=True) == []
