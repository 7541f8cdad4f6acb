"""Facility records and identity anchors: what is stated, and what is not."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from lodestream.credentials.content import Registration, facility_record, identity_anchor
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.profile import Address, Category, FacilityProfile, Issue, Scheme
from tests.credentials.content.judging import Judges
from tests.credentials.content.worked import BASE, CPC, PROFILE, issue

PLACE = "https://id.gs1.org/414/9521321000018"
FULL = FacilityProfile(
    name="Works",
    country="ZM",
    registered_id="fac-001",
    register=Scheme("https://facility-register.example", "Facility Register"),
    address=Address("1 Smelter Road", "10101", "Kitwe", "Copperbelt"),
    latitude=Decimal("-12.80"),
    longitude=Decimal("28.2133333"),
    plus_code="6G5H5666+22",
    processes=[Category("41413", "Refined copper", CPC)],
)


def record(facility: FacilityProfile) -> dict[str, Any]:
    return facility_record(PLACE, PLACE, replace(PROFILE, facilities={PLACE: facility}), issue("dfr", "1", 0))


def test_a_facility_with_all_that_can_be_said(judges: Judges) -> None:
    made = record(FULL)
    subject = made["credentialSubject"]
    assert judges(made) == []
    assert (subject["id"], subject["name"], subject["registeredId"]) == (PLACE, "Works", "fac-001")
    assert subject["locationInformation"] == {
        "plusCode": "https://plus.codes/6G5H5666+22",
        "geoLocation": {"latitude": Decimal("-12.8"), "longitude": Decimal("28.2133333")},
    }
    assert subject["address"]["addressCountry"] == subject["countryOfOperation"] == {"countryCode": "ZM"}
    assert subject["relatedParty"][0]["role"] == "operator"
    assert subject["idScheme"]["name"] == "Facility Register"


def test_a_facility_of_which_nothing_is_stated(judges: Judges) -> None:
    made = record(FacilityProfile())
    assert judges(made) == []
    assert (made["credentialSubject"]["name"], made["credentialSubject"]["countryOfOperation"]) == (PLACE, {"countryCode": "ZZ"})
    assert made["credentialSubject"]["locationInformation"] == {}


def test_a_whole_plus_code_stays_as_it_is() -> None:
    made = record(FacilityProfile(plus_code="https://plus.codes/6G5H5666+22"))
    assert made["credentialSubject"]["locationInformation"]["plusCode"] == "https://plus.codes/6G5H5666+22"


@pytest.mark.parametrize(
    ("facility", "said"),
    [
        (FacilityProfile(latitude=Decimal(1)), "state both or none"),
        (FacilityProfile(longitude=Decimal(1)), "state both or none"),
        (FacilityProfile(latitude=Decimal("90.1"), longitude=Decimal(1)), "no degrees"),
        (FacilityProfile(latitude=Decimal(1), longitude=Decimal(-181)), "no degrees"),
        (FacilityProfile(register=Scheme("the register", "R")), "no URI"),
    ],
)
def test_what_is_no_place_is_refused(facility: FacilityProfile, said: str) -> None:
    with pytest.raises(CredentialError, match=said):
        record(facility)


ENTRY = Registration(
    "did:web:refinery.example",
    "Example Refinery Ltd",
    "REF-001",
    "2003-09-22",
    Scheme("https://register.example", "Business Register"),
    "business",
    ["https://register.example/licences/smelting"],
    "https://register.example/REF-001",
)


def test_an_anchor_says_who_the_owner_of_a_did_is(judges: Judges) -> None:
    made = identity_anchor(ENTRY, PROFILE, issue("dia", "1", 0))
    subject = made["credentialSubject"]
    assert judges(made) == []
    assert (subject["id"], subject["registeredId"], subject["registerType"]) == (ENTRY.subject, "REF-001", "business")
    assert subject["registrar"]["id"] == made["issuer"]["id"] == PROFILE.did
    assert subject["registrationScope"] == ENTRY.scope


def test_an_anchor_of_the_least(judges: Judges) -> None:
    least = replace(ENTRY, scope=[], public_information="")
    made = identity_anchor(least, PROFILE, Issue(f"{BASE}/c", 0))
    assert judges(made) == []
    assert {"registrationScope", "publicInformation"}.isdisjoint(made["credentialSubject"])


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"subject": "https://refinery.example"}, "DID"),
        ({"subject": "did:web:"}, "DID"),
        ({"date": "22.9.2003"}, "OUTCOME"),
        ({"date": "2003-02-30"}, "OUTCOME"),
        ({"register_type": "club"}, "OUTCOME"),
        ({"scope": ["smelting"]}, "OUTCOME"),
        ({"public_information": "see us"}, "OUTCOME"),
    ],
    ids=str,
)
def test_what_is_no_entry_is_refused(wrong: dict[str, Any], code: str) -> None:
    with pytest.raises(CredentialError) as refused:
        identity_anchor(replace(ENTRY, **wrong), PROFILE, issue("dia", "1", 0))
    assert refused.value.code == code
