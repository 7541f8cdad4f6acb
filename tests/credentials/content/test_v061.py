"""What 0.6.1 makes of what we say: field by field, and what it drops. That it is valid there is in test_scenarios.py."""

from typing import Any

import pytest
from msgspec.structs import replace

from lodestream.credentials.content import (
    Assessor,
    Registration,
    as_061,
    conformity,
    facility_record,
    identity_anchor,
    passport,
    traceability_event,
)
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.profile import Scheme
from tests.credentials.content.judging import Judges
from tests.credentials.content.test_conformity import SITE, refinery
from tests.credentials.content.test_events import CONSIGNMENT, MINE, WORKS, created, shipped
from tests.credentials.content.test_passports import made
from tests.credentials.content.test_records import ENTRY, FULL, PLACE
from tests.credentials.content.worked import DIGEST, PROFILE, issue
from tests.credentials.telling import CATHODE, CONCENTRATE, SCRAP, SLAG, line, outcome, smelting


def event(credential: dict[str, Any]) -> dict[str, Any]:
    """The event of the older credential."""
    found: dict[str, Any] = as_061(credential)["credentialSubject"][0]
    return found


def test_the_frame() -> None:
    one = traceability_event(smelting(), PROFILE, issue("dte", "1", 0))
    old = as_061(one)
    assert old["@context"] == ["https://www.w3.org/ns/credentials/v2", "https://test.uncefact.org/vocabulary/untp/dte/0.6.1/"]
    assert [old[name] for name in ("id", "type", "validFrom", "name")] == [
        one[name] for name in ("id", "type", "validFrom", "name")
    ]
    assert old["credentialStatus"]["statusListIndex"] == "94567"  # W3C has a text, UNTP 0.7.0 a number
    assert old["issuer"]["issuerAlsoKnownAs"][0]["registeredId"] == "REF-001"
    assert one["credentialStatus"]["statusListIndex"] == 94567, "the one that it was made of is as it was"


def test_a_make_event_is_a_transformation() -> None:
    old = event(traceability_event(smelting(), PROFILE))
    assert old["type"] == ["TransformationEvent", "Event"]
    assert (old["processType"], old["bizStep"], old["bizLocation"]) == ("Commissioning", "commissioning", WORKS)
    assert old["eventTime"] == "2025-03-05T15:00:00+09:00"
    assert [(one["productId"], one["quantity"], one["uom"]) for one in old["inputQuantityList"]] == [
        (CONCENTRATE, 30000, "KGM"),
        (SCRAP, 1200, "KGM"),
    ]
    assert [one["productId"] for one in old["outputQuantityList"]] == [CATHODE, SLAG]
    assert set(old["inputQuantityList"][0]) == {"productId", "productName", "quantity", "uom"}
    assert not {"characteristics", "relatedDocument", "action"} & set(old)


def test_what_is_mined_is_added() -> None:
    old = event(traceability_event(created("mine"), PROFILE))
    assert (old["type"][0], old["action"], old["bizStep"]) == ("ObjectEvent", "add", "commissioning")
    assert [one["productId"] for one in old["quantityList"]] == [CONCENTRATE]


def test_a_move_is_seen_at_the_end_of_who_tells_it() -> None:
    old = event(traceability_event(shipped(), PROFILE))
    assert (old["action"], old["bizStep"], old["disposition"], old["bizLocation"]) == ("observe", "shipping", "in_transit", MINE)
    assert CONSIGNMENT not in str(old)
    received = shipped(kind="receive", biz_step="receiving", location=WORKS, site=WORKS)
    old = event(traceability_event(received, PROFILE))
    assert (old["bizStep"], old["disposition"], old["bizLocation"]) == ("receiving", "active", WORKS)


def test_a_count_is_observed() -> None:
    counted = outcome(line("object", CATHODE, "9990"), kind="count", biz_step=None)
    old = event(traceability_event(counted, PROFILE))
    assert (old["type"][0], old["action"], old["bizStep"]) == ("ObjectEvent", "observe", "stock_taking")


def test_a_serial_number_without_a_mass_is_an_item() -> None:
    one = traceability_event(smelting(), PROFILE)
    del one["credentialSubject"][0]["inputProduct"][0]["quantity"]
    old = event(one)
    assert old["inputEPCList"] == [{"type": ["Item"], "id": CONCENTRATE, "name": CONCENTRATE}]
    assert [each["productId"] for each in old["inputQuantityList"]] == [SCRAP]


def test_a_passport() -> None:
    old = as_061(passport(made(product_class="cathode"), PROFILE, issue("dpp", "1", 0)))["credentialSubject"]
    product = old["product"]
    assert (old["type"], old["granularityLevel"]) == (["ProductPassport"], "batch")
    assert (product["id"], product["batchNumber"], product["countryOfProduction"]) == (made().lot, "L-1", "ZZ")
    assert product["productCategory"][0]["id"] == "https://unstats.un.org/unsd/classifications/Econ/cpc/41413"
    assert product["producedByParty"]["id"] == PROFILE.did
    assert "characteristics" not in product
    assert [(one["originCountry"], str(one["massFraction"])) for one in old["materialsProvenance"]] == [
        ("JP", "0.1"),
        ("ZM", "0.125"),
        ("ZZ", "0.025"),
        ("ZZ", "0.75"),
    ]
    assert [(one["conformityTopic"], one["declaredValue"][0]["metricName"]) for one in old["conformityClaim"]] == [
        ("environment.emissions", "Product Carbon Footprint"),
        ("circularity.content", "Recycled Content Percentage"),
        ("governance.transparency", "Traced content percentage"),
    ]
    (trace,) = old["traceabilityInformation"]
    assert trace["traceabilityEvent"][0]["hashMethod"] == "SHA-256"
    assert len(bytes.fromhex(trace["traceabilityEvent"][0]["hashDigest"])) == 32
    assert DIGEST not in str(old)
    assert [one["linkName"] for one in product["furtherInformation"]] == ["Balance of March"]


def test_a_conformity_credential() -> None:
    audited = Assessor(level="3rdParty", operator=Scheme("did:web:refinery.example", "Example Refinery"), verified=True)
    old = as_061(conformity(refinery(), SITE, PROFILE, issue("dcc", "1", 0), audited))["credentialSubject"]
    (one,) = old["assessment"]
    assert (old["assessorLevel"], old["assessmentLevel"], old["attestationType"]) == ("3rdParty", "Unspecified", "verification")
    assert (one["conformance"], one["conformityTopic"]) == (True, "governance.transparency")
    assert one["declaredValue"][0] == {"metricName": "Mass balance variance", "metricValue": {"value": 1, "unit": "P1"}}
    assert one["assessedFacility"] == [{"facility": {"id": SITE, "name": SITE}, "IDverifiedByCAB": True}]
    assert "threshold 2 P1 of throughput" in one["description"]
    assert "scope" not in old
    own = as_061(conformity(refinery(), SITE, PROFILE, issue("dcc", "1", 0), Assessor()))["credentialSubject"]
    assert own["assessorLevel"] == "Self"


def test_a_facility_and_an_identity(judges: Judges) -> None:
    profile = replace(PROFILE, facilities={PLACE: FULL})
    old = as_061(facility_record(PLACE, PLACE, profile, issue("dfr", "1", 0)))
    facility = old["credentialSubject"]["facility"]
    assert judges.of(old) == []
    assert [float(one) for one in facility["locationInformation"]["geoLocation"]["coordinates"]] == [28.2133333, -12.8]
    assert (facility["countryOfOperation"], facility["address"]["addressCountry"]) == ("ZM", "ZM")
    assert facility["operatedByParty"]["id"] == PROFILE.did
    anchor = as_061(identity_anchor(ENTRY, PROFILE, issue("dia", "1", 0)))["credentialSubject"]
    assert (anchor["name"], anchor["registerType"], anchor["registrationScopeList"]) == (ENTRY.name, "Business", ENTRY.scope)
    assert not {"registeredDate", "publicInformation", "registrar"} & set(anchor)


@pytest.mark.parametrize(
    "wrong", [{}, {"type": ["VerifiableCredential"]}, {"@context": ["https://www.w3.org/ns/credentials/v2"]}]
)
def test_what_is_not_of_070_is_refused(wrong: dict[str, Any]) -> None:
    one = identity_anchor(
        Registration("did:web:a.example", "A", "1", "2020-01-01", Scheme("urn:r", "R")), PROFILE, issue("dia", "1", 0)
    )
    with pytest.raises(CredentialError) as refused:
        as_061(one | wrong if wrong else {})
    assert refused.value.code == "STRUCTURE"
    del one["credentialSubject"]["registeredName"]
    with pytest.raises(CredentialError, match="lacks"):
        as_061(one)
