"""Traceability events, worked by hand: what is a Make, a Move, a Modify, and what is none of them."""

from typing import Any

import pytest
from msgspec.structs import replace

from lodestream.credentials.content import Assessor, conformity, traceability_event
from lodestream.credentials.content.make import source_classes
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.profile import Document, Issue
from lodestream.credentials.untp import VC_CONTEXT
from lodestream.ledger.records import LotState, Outcome, Posting
from tests.credentials.content.worked import BASE, DIGEST, PROFILE, issue, worked
from tests.credentials.telling import CATHODE, CONCENTRATE, KG, SITE, SLAG, line, lot_state, outcome, smelting

MINE, WORKS = "https://mine.example/f/1", SITE
CONSIGNMENT = "urn:carrier:zm-road:WB-2025-KM-CS-0301"


def event(one: Outcome, **more: Any) -> dict[str, Any]:
    """The event of the credential for a transaction."""
    found: dict[str, Any] = traceability_event(one, PROFILE, **more)["credentialSubject"][0]
    return found


def created(source: str, **more: Any) -> Outcome:
    """One lot that enters the books out of a SOURCE account."""
    made = line("object", CONCENTRATE, "30000", {"Cu": "9000"}, product_class="concentrate")
    legs = [Posting("1", 0, "Cu", f"SOURCE({source})", -9000 * KG), Posting("2", 1, "Cu", f"STOCK({CONCENTRATE})", 9000 * KG)]
    return outcome(made, kind="create", biz_step=None, event_type="ObjectEvent", postings=legs, **more)


# -- Make -----------------------------------------------------------------------------------------------------------------


def test_what_is_mined_is_made_of_nothing() -> None:
    made = event(created("mine"))
    assert (made["type"], made["activityType"]["code"]) == (["MakeEvent", "LifecycleEvent"], "commissioning")
    assert made["inputProduct"] == []
    (product,) = made["outputProduct"]
    assert (product["quantity"], product["disposition"]) == ({"value": 30000, "unit": "KGM"}, "new")
    assert product["product"]["characteristics"]["sourceClass"] == "mine"


@pytest.mark.parametrize("source", ["scrap", "end_of_life", "manufacturing_waste"])
def test_scrap_is_collected(source: str) -> None:
    made = event(created(source))
    assert (made["activityType"]["code"], made["inputProduct"]) == ("collecting", [])
    assert made["outputProduct"][0]["product"]["characteristics"]["sourceClass"] == source


@pytest.mark.parametrize("source", ["opening", "external:urn:party:trader", "undeclared", "run_around", "untracked"])
def test_nothing_else_may_look_like_mining(source: str) -> None:
    one = created(source)
    assert source_classes(one) == {source}
    with pytest.raises(CredentialError, match=source) as refused:
        traceability_event(one, PROFILE)
    assert refused.value.code == "OUTCOME"


def test_one_opening_balance_among_what_is_mined_is_enough() -> None:
    one = created("mine")
    more = Posting("3", 2, "Cu", "SOURCE(opening)", -1)
    with pytest.raises(CredentialError, match="mine, opening"):
        traceability_event(replace(one, postings=[*one.postings, more]), PROFILE)


def test_without_an_assay_nobody_knows_which_account_it_comes_from() -> None:
    bare = line("object", CONCENTRATE, "30000")
    with pytest.raises(CredentialError, match="has no assay yet"):
        traceability_event(replace(created("mine"), lines=[bare]), PROFILE)
    with pytest.raises(CredentialError, match="no source that is known"):
        traceability_event(replace(created("mine"), postings=[]), PROFILE)


def test_outputs_alone_are_refused() -> None:
    with pytest.raises(CredentialError, match="makes something of nothing"):
        traceability_event(outcome(line("output", CATHODE, "1", {"Cu": "1"})), PROFILE)


def test_losses_are_outputs_that_are_disposed_of() -> None:
    made = event(smelting())
    assert [(p["product"]["name"], p["disposition"]) for p in made["outputProduct"]] == [
        ("Copper cathode", "new"),
        ("Slag", "disposed"),
    ]


def test_a_part_of_a_campaign_has_its_work_in_process() -> None:
    """S1: what goes in by three events stays in process, what comes out by the fourth is taken of it, 412 t being left."""
    parts = [event(one) for one in worked("10-copper-smelter").of("campaign")]
    process = "https://smelter.copper.example.com/campaign/2026-05"
    kept = [p for part in parts[:3] for p in part["outputProduct"]]
    assert {(p["product"]["id"], p["product"]["name"], p["disposition"]) for p in kept} == {
        (process, "Work in process", "active")
    }
    content = [p["product"]["characteristics"]["cuContainedMass"]["value"] * KG for p in kept]
    assert content == [917_504_117_600, 753_291_807_560, 57_600_000_000]
    opening = parts[0]["inputProduct"][1]
    assert opening["product"]["id"] == f"{process}#opening"
    assert opening["product"]["characteristics"] == {
        "cuContainedMass": {"value": 400_000, "unit": "KGM"},
        "quantityBasis": "contained",
    }
    (drawn,) = parts[3]["inputProduct"]
    taken = int(drawn["product"]["characteristics"]["cuContainedMass"]["value"] * KG)
    assert sum(map(int, content)) - taken == 412_000 * KG
    assert (drawn["product"]["id"], drawn["disposition"], drawn["quantity"]["value"]) == (process, "consumed", 3_452_000)


def test_work_in_process_without_the_postings_is_the_other_side() -> None:
    """The issuer may have kept no postings of a campaign's event."""
    for one in worked("10-copper-smelter").of("campaign")[1:3]:
        assert event(replace(one, postings=[])) == event(one)


def test_a_campaign_goes_on_with_the_process_of_the_one_before() -> None:
    legs = [
        Posting("1", 0, "Cu", "WIP(urn:campaign:1)", -7 * KG),
        Posting("2", 1, "Cu", "WIP(urn:campaign:2)", 7 * KG),
        Posting("3", 2, "Cu", "WIP(urn:campaign:2)", 5 * KG),
    ]
    one = outcome(
        line("input", CONCENTRATE, "50", {"Cu": "5"}), kind="campaign", transformation_id="urn:campaign:2", postings=legs
    )
    made = event(one)
    assert [(p["product"]["id"], p["quantity"]["value"]) for p in made["inputProduct"]] == [
        (CONCENTRATE, 50),
        ("urn:campaign:1", 7),
    ]
    (left,) = made["outputProduct"]
    assert left["product"]["characteristics"]["cuContainedMass"]["value"] == 12


def test_a_whole_campaign_told_as_one_is_no_epcis_event() -> None:
    """It goes by its transformationID, and links to that alone."""
    name = "urn:campaign:2"
    legs = [Posting("1", 0, "Cu", f"WIP({name})", 1 * KG)]
    parts = (line("input", CONCENTRATE, "50", {"Cu": "5"}), line("output", CATHODE, "4", {"Cu": "4"}))
    made = event(outcome(*parts, kind="campaign", event_id=name, event_hash=None, transformation_id=name, postings=legs))
    assert made["id"] == name
    assert [one["linkURL"] for one in made["relatedDocument"]] == [name]
    assert [p["product"]["id"] for p in made["outputProduct"]] == [CATHODE, name]


def test_what_nobody_weighed_goes_by_what_it_contains() -> None:
    effluent = line("output", "urn:works:bleed:1", "0", {"Cu": "1.9"}, loss_class="effluent", quantity=None, uom=None)
    made = event(outcome(line("input", CONCENTRATE, "50", {"Cu": "5"}), effluent))
    product = made["outputProduct"][0]
    assert str(product["quantity"]["value"]) == "1.9"
    assert product["product"]["characteristics"]["quantityBasis"] == "contained"


def test_the_parts_of_a_split_have_its_grade() -> None:
    (split,) = worked("01-copper").of("split")
    with_postings, without = event(split), event(replace(split, postings=[]))
    grades = [p["product"]["characteristics"]["cuMassFraction"] for p in with_postings["outputProduct"]]
    assert [str(one) for one in grades] == ["0.285", "0.285"]
    assert with_postings == without


# -- Move -----------------------------------------------------------------------------------------------------------------


def shipped(**more: Any) -> Outcome:
    """100 t of concentrate from the mine to the works."""
    one = line("object", CONCENTRATE, "100000", {"Cu": "30000"})
    legs = [Posting("1", 0, "Cu", f"TRANSIT({CONSIGNMENT} {CONCENTRATE})", 30000 * KG)]
    said = {"from_location": MINE, "to_location": WORKS, "biz_step": "shipping", "postings": legs, "site": MINE, "location": MINE}
    return outcome(one, **({"kind": "ship"} | said | more))


def test_a_shipment_goes_from_a_facility_to_another() -> None:
    made = event(shipped())
    assert (made["type"], made["activityType"]["code"]) == (["MoveEvent", "LifecycleEvent"], "shipping")
    assert (made["fromFacility"]["id"], made["toFacility"]["id"]) == (MINE, WORKS)
    assert made["consignmentId"] == CONSIGNMENT
    assert [(p["quantity"]["value"], p["disposition"]) for p in made["movedProduct"]] == [(100_000, "inTransit")]


def test_a_receipt_is_told_by_the_receiver_with_the_same_consignment() -> None:
    legs = [Posting("1", 0, "Cu", f"CUSTODY({CONSIGNMENT} {CONCENTRATE})", -30000 * KG)]
    made = event(shipped(kind="receive", biz_step=None, location=WORKS, site=WORKS, to_location=None, postings=legs))
    assert (made["activityType"]["code"], made["consignmentId"]) == ("receiving", CONSIGNMENT)
    assert (made["fromFacility"]["id"], made["toFacility"]["id"]) == (MINE, WORKS)
    assert made["movedProduct"][0]["disposition"] == "active"


def test_no_move_without_both_ends() -> None:
    with pytest.raises(CredentialError, match="where to"):
        traceability_event(shipped(to_location=None), PROFILE)
    with pytest.raises(CredentialError, match="where from"):
        traceability_event(shipped(kind="receive", from_location=None), PROFILE)


def test_a_move_that_names_no_consignment_has_none() -> None:
    """The ledger knows it by the event's hash, which is no consignment of anybody else's."""
    one = shipped(postings=[])
    alone = [Posting("1", 0, "Cu", f"TRANSIT({one.event_hash} {CONCENTRATE})", 1)]
    assert "consignmentId" not in event(one)
    assert "consignmentId" not in event(replace(one, postings=alone))
    assert event(replace(one, consignment=CONSIGNMENT))["consignmentId"] == CONSIGNMENT


# -- Modify ---------------------------------------------------------------------------------------------------------------


def test_a_stock_take_has_what_was_counted() -> None:
    """The line of a count has the difference as its dry mass; what is told is the mass that was counted."""
    counted = line("object", CATHODE, "9990", wet_mg=9_990 * KG, dry_mg=-10 * KG)
    state = lot_state(line("object", CATHODE, "9990", {"Cu": "9989.001"}))
    made = event(outcome(counted, kind="count", biz_step="stock_taking", lots=[state]))
    (product,) = made["modifiedProduct"]
    assert (made["type"][0], made["activityType"]["code"]) == ("ModifyEvent", "stock_taking")
    assert (product["quantity"], product["disposition"]) == ({"value": 9990, "unit": "KGM"}, "active")
    assert str(product["product"]["characteristics"]["cuMassFraction"]) == "0.9999"


def test_a_count_that_agrees_changes_no_lot_and_is_told() -> None:
    counted = line("object", CATHODE, "9990", wet_mg=9_990 * KG, dry_mg=0)
    product = event(outcome(counted, kind="count", lots=[]))["modifiedProduct"][0]
    assert product["quantity"]["value"] == 9990
    assert "characteristics" not in product["product"]


def test_an_assay_tells_the_grade_that_came() -> None:
    (assayed,) = worked("07-late-assay").of("assay")
    made = event(assayed)
    (product,) = made["modifiedProduct"]
    assert (made["activityType"]["code"], product["disposition"]) == ("inspecting", "active")
    state: LotState = assayed.lots[0]
    assert product["quantity"]["value"] * KG == state.wet_mg
    assert product["product"]["characteristics"]["coMassFraction"] > 0


def test_an_assay_without_the_state_of_its_lot_is_refused() -> None:
    with pytest.raises(CredentialError, match="how much"):
        traceability_event(outcome(line("object", CATHODE, "0"), kind="assay", lots=[]), PROFILE)


# -- the frame ------------------------------------------------------------------------------------------------------------


def test_what_the_issuer_adds() -> None:
    earlier = Document(f"{BASE}/credentials/dte/1", "The version before", "dte", DIGEST)
    passport = Document(f"{BASE}/credentials/dpp/9", "Passport of the concentrate", "dpp", DIGEST)
    made = traceability_event(
        smelting(), PROFILE, Issue(f"{BASE}/credentials/dte/1-2", 0, f"{BASE}/status/3", 94567, earlier, [passport])
    )
    assert made["credentialStatus"] == {
        "type": "BitstringStatusListEntry",
        "id": f"{BASE}/status/3#94567",
        "statusPurpose": "revocation",
        "statusListIndex": 94567,
        "statusListCredential": f"{BASE}/status/3",
    }
    assert (made["id"], made["validFrom"]) == (f"{BASE}/credentials/dte/1-2", "1970-01-01T00:00:00Z")
    assert made["credentialSubject"][0]["relatedDocument"][1:] == [
        {
            "linkURL": f"{BASE}/credentials/dpp/9",
            "linkName": "Passport of the concentrate",
            "digestMultibase": DIGEST,
            "linkType": "https://test.uncefact.org/vocabulary/linkTypes/dpp",
        },
        {
            "linkURL": f"{BASE}/credentials/dte/1",
            "linkName": "The version before",
            "digestMultibase": DIGEST,
            "linkType": "https://www.iana.org/assignments/relation/predecessor-version",
        },
    ]


def test_the_issuer_has_its_entry_in_the_register() -> None:
    (known,) = traceability_event(smelting(), PROFILE)["issuer"]["issuerAlsoKnownAs"]
    assert (known["id"], known["registeredId"]) == ("urn:gtr:register.example:REF-001", "REF-001")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"valid_time_us": -62_135_596_800_000_001}, "no year"),
        ({"record_time_us": 10**18}, "no year"),
        ({"event_id": "no scheme"}, "no URI"),
        ({"event_id": None, "event_hash": None}, "no URI"),
        ({"kind": "destroy"}, "destroy"),
        ({"lines": []}, "transform"),
        ({"transformation_id": "heat 12"}, "no URI"),
        ({"location": "plant"}, "no URI"),
    ],
)
def test_what_no_credential_can_say_is_refused_by_name(more: dict[str, Any], said: str) -> None:
    with pytest.raises(CredentialError, match=said) as refused:
        traceability_event(smelting(**more), PROFILE)
    assert refused.value.code == "OUTCOME"


def test_a_lot_that_no_uri_names_is_refused() -> None:
    with pytest.raises(CredentialError, match="'K1' is no URI"):
        traceability_event(outcome(line("input", "K1", "1"), line("output", SLAG, "1")), PROFILE)


def test_no_list_is_shared_between_credentials() -> None:
    """Who changes one credential changes no other: the contexts are everybody's and stay as they are."""
    one = traceability_event(smelting(), PROFILE, issue("dte", "1", 0))
    (period, *_) = worked("01-copper").periods
    other = conformity(period[1], period[0], PROFILE, issue("dcc", "1", 0), Assessor())
    one["@context"].append("https://extension.example")
    assert other["@context"][0] == VC_CONTEXT
    assert len(other["@context"]) == 2
