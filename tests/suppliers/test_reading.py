"""The official samples of UNTP 0.7.0 and 0.6 as they are read, and what is refused by which name."""

import copy
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import parse_object
from lodestream.credentials.untp import VC_CONTEXT
from lodestream.supplied.passports import attestation_of, passport_of
from lodestream.supplied.reading import events_of, replaced_by
from lodestream.supplied.values import Accepted
from tests.suppliers.supplying import (
    BOOK,
    LOT,
    NOW_US,
    OURS,
    WORKS,
    Office,
    attestation,
    dcc,
    dpp,
    dte,
    facility,
    make,
    move,
    passport,
    product,
    step,
)

SAMPLE_LOT = "https://id.sample-refinery.example.com/product/cu-cathode-2025/10/2025-Q1-0812"


@pytest.fixture(scope="session")
def samples(shared: Path) -> Path:
    return shared / "data" / "untp" / "samples"


def sample(samples: Path, name: str) -> dict[str, Any]:
    return parse_object((samples / name).read_bytes(), name)


def test_the_official_copper_set_opens_and_ships_the_cathode(samples: Path) -> None:
    """The samples are the refinery's own words, signed by a key of ours; with 12 % of scrap in the Make it balances."""
    office = Office()
    made = sample(samples, "0.7.0/DigitalTraceabilityEvent_smelter_make_instance.json")
    scrap = {"type": ["Product"], "id": "https://scrap.example/cu", "name": "Scrap", "idGranularity": "batch", "batchNumber": "S"}
    scrap |= {"characteristics": {"cuMassFraction": 1}}
    made["credentialSubject"][0]["inputProduct"].append({"product": scrap, "quantity": {"value": 1200, "unit": "KGM"}})
    office(
        sample(samples, "0.7.0/DigitalProductPassport_cathode_instance.json"),
        made,
        sample(samples, "0.7.0/DigitalTraceabilityEvent_cathode_move_instance.json"),
        now_us=NOW_US + 10**11,
    )
    lot = office.lot(WORKS, SAMPLE_LOT)
    assert (lot.dry_mg, lot.contained_mg) == (8_000_000_000, {"Cu": 7_999_200_000})
    assert lot.embodied_g_co2e == 30_400_000
    assert {key: mg * 100 // 7_999_200_000 for key, mg in lot.shares["Cu"].items()} == {"JP - scrap -": 12, "ZM - mine -": 88}
    assert office.open(WORKS) == set()


def test_the_official_make_without_scrap_does_not_balance(samples: Path) -> None:
    """111.1 %: 9,000 kg of copper in and, by the passport, 9,999 kg out; whichever of the two comes first."""
    two = [
        sample(samples, "0.7.0/DigitalProductPassport_cathode_instance.json"),
        sample(samples, "0.7.0/DigitalTraceabilityEvent_smelter_make_instance.json"),
    ]
    for made in (two, two[::-1]):
        office = Office()
        office(made[0])
        with pytest.raises(CredentialError, match="9,999") as refused:
            office(made[1])
        assert refused.value.code == "MASS_BALANCE"


@pytest.mark.parametrize("version", ["0.6.0/DigitalTraceabilityEvent-instance.json", "0.6.1/untp-dte-instance.json"])
def test_a_sample_of_06_with_events_that_go_nowhere_is_refused(samples: Path, version: str) -> None:
    with pytest.raises(CredentialError) as refused:
        events_of(sample(samples, version))
    assert refused.value.code in {"PRODUCT", "NOT_MAPPED"}


def test_a_transformation_of_06_opens_its_outputs(samples: Path) -> None:
    made = sample(samples, "0.6.1/untp-dte-instance.json")
    event = made["credentialSubject"][0] | {"outputEPCList": [], "bizLocation": WORKS}
    event["outputQuantityList"] = [{"productId": LOT, "productName": "Cathode", "quantity": Decimal("10.5"), "uom": "TNE"}]
    made["credentialSubject"] = [event]
    (told,) = events_of(made)
    assert (told.kind, told.at, told.time, told.primary) == ("make", WORKS, "2024-09-01T12:00:00Z", False)
    assert [(part.lot, part.quantity, part.unit) for part in told.parts] == [(LOT, Decimal("10.5"), "TNE")]


def test_the_passport_of_06(samples: Path) -> None:
    told = passport_of(sample(samples, "0.6.1/untp-dpp-instance.json"))
    assert (told.lot, told.country, told.carbon) == ("https://id.gs1.org/01/09520123456788/21/12345", "AU", Decimal("1.8"))
    lithium = ("AU", Decimal("0.2"), Decimal("0.5"), "Li")
    assert [(one.country, one.fraction, one.recycled, one.element) for one in told.materials] == [lithium, lithium]


def test_the_conformity_credential_of_the_smelter(samples: Path) -> None:
    """It assesses the facility by other criteria than the passport claims, so it verifies none of its claims."""
    told = attestation_of(sample(samples, "0.7.0/ConformityCredential_smelter_instance.json"))
    assert told.scheme == "https://coppermark.org"
    assert {name for one in told.assessments for name in one.facilities} == {WORKS}
    passport = passport_of(sample(samples, "0.7.0/DigitalProductPassport_cathode_instance.json"))
    claimed = {criterion for one in passport.claims for criterion in one.criteria}
    assert not claimed & {criterion for one in told.assessments for criterion in one.criteria}


@pytest.mark.parametrize(
    ("subject", "met"),
    [
        ({}, True),
        ({"conformance": False}, False),
        ({"conformance": None}, False),
        ({"assessedFacility": [{"facility": facility(OURS)}]}, False),
        ({"assessedFacility": [], "assessedProduct": [{"product": product()["product"]}]}, True),
        ({"assessmentCriteria": [{"id": "https://coppermark.org/criterion/27", "name": "27"}]}, False),
        ({"conformityTopic": [{"id": "https://v.example/water", "name": "Water"}]}, False),
    ],
)
def test_a_claim_is_verified_by_what_meets_it(subject: dict[str, Any], met: bool) -> None:
    office = Office()
    office(dcc(attestation(subject)), dpp(), dte(make()))
    item = json.loads(office.sent[0])["epcisBody"]["eventList"][0]["crm:materials"][0]
    assert item.get("crm:schemes", []) == (["copper-mark"] if met else [])


REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("NOT_MAPPED", dte(make() | {"type": ["ModifyEvent", "LifecycleEvent"]})),
    ("NOT_MAPPED", dte(move(activityType=step("receiving")))),
    ("NOT_MAPPED", dte(make(outputProduct=[product() | {"disposition": "disposed"}]))),
    ("PRODUCT", dte(make(product(), product()))),
    ("STRUCTURE", dte(make(), make())),
    ("STRUCTURE", dte()),
    ("STRUCTURE", dte(make(eventDate="2025-03-05"))),
    ("UNTP_VERSION", dte(make()) | {"@context": [VC_CONTEXT]}),
]


@pytest.mark.parametrize(("code", "made"), REFUSED)
def test_what_is_no_event_of_ours(code: str, made: dict[str, Any]) -> None:
    with pytest.raises(CredentialError) as refused:
        events_of(made)
    assert refused.value.code == code


UNTAKEN: list[tuple[str, dict[str, Any]]] = [
    ("QUANTITY", dte(make(product(kg=None)))),
    ("QUANTITY", dte(make(product(unit="C62")))),
    ("QUANTITY", dte(make(product(characteristics={"dryMass": {"value": 11, "unit": "TNE"}})))),
    ("STRUCTURE", dte(move(toFacility=facility(WORKS)))),
    ("NOT_TAKEN", dte(make(*(product(f"B{n}", kg="1") for n in range(600))))),
]


@pytest.mark.parametrize(("code", "made"), UNTAKEN)
def test_what_our_books_cannot_take(code: str, made: dict[str, Any]) -> None:
    untaken(Office(), code, made)


def test_a_facility_without_a_site_is_not_taken() -> None:
    untaken(Office(book=BOOK.replace(f'[sites."{WORKS}"]', '[sites."https://elsewhere.example"]')), "LOCATION", dte(make()))


def untaken(office: Office, code: str, made: dict[str, Any]) -> None:
    """Refused by that name, and nothing is changed."""
    with pytest.raises(CredentialError) as refused:
        office(made)
    assert refused.value.code == code
    assert office.sent == []
    assert office.cabinet.accepted == {}


def test_what_it_replaces_is_named_in_event_or_credential() -> None:
    link = {
        "linkURL": "https://x.example/1",
        "linkName": "old",
        "linkType": "https://www.iana.org/assignments/relation/predecessor-version",
    }
    assert replaced_by(dte(make(relatedDocument=[link]))) == "https://x.example/1"
    assert replaced_by(dte(make()) | {"relatedDocument": [link]}) == "https://x.example/1"
    assert replaced_by(dpp(passport(relatedDocument=[link]))) == "https://x.example/1"
    assert replaced_by(dte(make())) == ""


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
PLACES = [
    "product",
    "quantity",
    "outputProduct",
    "inputProduct",
    "madeAtFacility",
    "id",
    "eventDate",
    "type",
    "value",
    "unit",
    "idGranularity",
    "batchNumber",
    "characteristics",
    "materialProvenance",
    "massFraction",
    "originCountry",
    "performanceClaim",
    "metric",
    "measure",
    "conformityTopic",
    "referenceCriteria",
    "producedAtFacility",
    "relatedDocument",
    "materialType",
    "conformityAssessment",
    "assessedFacility",
    "referenceScheme",
    "dimensions",
    "recycledMassFraction",
    "movedProduct",
    "toFacility",
    "activityType",
    "linkURL",
]


def spoil(value: Any, name: str, put: Any) -> Any:
    """A copy in which every field of that name holds something else."""
    if isinstance(value, dict):
        return {key: put if key == name else spoil(each, name, put) for key, each in value.items()}
    return [spoil(each, name, put) for each in value] if isinstance(value, list) else value


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PLACES), values)
def test_whatever_stands_anywhere_is_read_or_refused_by_name(name: str, put: Any) -> None:
    office = Office()
    for made, read in ((dte(make(), move()), events_of), (dpp(), passport_of), (dcc(), attestation_of)):
        spoiled = made | {"credentialSubject": spoil(copy.deepcopy(made["credentialSubject"]), name, put)}
        try:
            told = read(spoiled)
            replaced_by(spoiled)
        except CredentialError:
            continue
        if isinstance(told, list):
            credential = Accepted("d", "f", "urn:c", "did:web:x", "2025-03-05T07:00:00Z", 0, told=told)
            try:
                office.cabinet.add(credential)
            except CredentialError:
                continue
            office.cabinet.accepted.clear()
