"""The samples that others published: exactly these findings, in exactly these places."""

import json
from pathlib import Path
from typing import Any

import pytest

from lodestream.conformance.findings import Report
from lodestream.credentials.bundle import Bundle
from tests.conformance.sets import by_file, check, said, sample_files

SUBJECT = "/credentialSubject"
EVENT = f"{SUBJECT}/0"
NOT_SECURED = ("PROOF-SECURED", "")
OTHER_REGISTER = ("DIA-REGISTERED-ID", "/issuer/issuerAlsoKnownAs/0")
UNANCHORED = [("DIA-ANCHOR", "/issuer"), ("DCC-ACCREDITED", "/issuer")]
SMELTER = "DigitalTraceabilityEvent_smelter_make_instance.json"
CATHODE = "DigitalProductPassport_cathode_instance.json"


def claims(*places: int) -> list[tuple[str, str]]:
    return [("CLAIM-ASSESSED", f"{SUBJECT}/performanceClaim/{place}") for place in places]


def unit(claim: int) -> tuple[str, str]:
    return "CLAIM-UNIT", f"{SUBJECT}/performanceClaim/{claim}/claimedPerformance/0/measure/unit"


def model(side: str) -> tuple[str, str]:
    return "MB-BATCH-KEY", f"{EVENT}/{side}/0/product/idGranularity"


EXPECTED_070 = {
    "ConformityCredential_battery_instance.json": [NOT_SECURED, *UNANCHORED],
    "ConformityCredential_instance.json": [NOT_SECURED, *UNANCHORED],
    "ConformityCredential_smelter_instance.json": [
        NOT_SECURED, UNANCHORED[0], ("DIA-REGISTERED-ID", f"{SUBJECT}/issuedToParty"), UNANCHORED[1],
    ],
    "DigitalFacilityRecord_battery_instance.json": [NOT_SECURED, *claims(0, 1, 2)],
    "DigitalFacilityRecord_instance.json": [
        NOT_SECURED,
        ("LINT-PRODUCT", f"{SUBJECT}/materialUsage/materialConsumed/1"),
        *claims(0, 1),
        ("CLASS-CPC", f"{SUBJECT}/processCategory/0/code"),
        ("CLASS-CPC", f"{SUBJECT}/relatedParty/0/party/industryCategory/0/code"),
        ("CLASS-CPC", f"{SUBJECT}/materialUsage/materialConsumed/0/materialType/code"),
    ],
    "DigitalFacilityRecord_smelter_instance.json": [
        NOT_SECURED,
        OTHER_REGISTER,
        *claims(0, 1, 2),
        ("CLASS-CPC", f"{SUBJECT}/materialUsage/materialConsumed/0/materialType/code"),
    ],
    "DigitalIdentityAnchor_battery_instance.json": [NOT_SECURED],
    "DigitalIdentityAnchor_instance.json": [
        ("LINT-FORM", "/renderTemplate2024/digestMultibase"),
        ("LINT-TERMS", "/renderTemplate2024"),
        NOT_SECURED,
        ("LD-STRICT", ""),
        ("DIA-02", f"{SUBJECT}/idScheme/id")],
    "DigitalIdentityAnchor_mine_instance.json": [NOT_SECURED],
    "DigitalIdentityAnchor_smelter_instance.json": [("VCDM-VALID-NOW", "/validFrom"), NOT_SECURED],
    "DigitalProductPassport_battery_instance.json": [
        NOT_SECURED,
        ("MB-RECYCLED", f"{SUBJECT}/materialProvenance"),
        *claims(0, 1, 2, 3),
        unit(0),
    ],
    CATHODE: [
        NOT_SECURED,
        ("MB-RECYCLED", f"{SUBJECT}/materialProvenance"),
        ("MB-RECYCLED", f"{SUBJECT}/performanceClaim/1/claimedPerformance/0/measure"),
        ("MB-BATCH-KEY", f"{SUBJECT}/idGranularity"),
        OTHER_REGISTER,
        *claims(0, 1),
        unit(0),
        ("CLASS-CPC", f"{SUBJECT}/materialProvenance/0/materialType/code"),
    ],
    "DigitalProductPassport_instance.json": [
        NOT_SECURED,
        ("LINT-PRODUCT", f"{SUBJECT}/materialProvenance"),
        ("MB-BATCH-KEY", f"{SUBJECT}/idGranularity"),
        *claims(0, 1),
        unit(0),
        ("CLASS-CPC", f"{SUBJECT}/productCategory/0/code"),
        ("CLASS-CPC", f"{SUBJECT}/materialProvenance/0/materialType/code"),
    ],
    "DigitalTraceabilityEvent_battery_make_instance.json": [
        ("VCDM-VALID-NOW", "/validFrom"),
        NOT_SECURED,
        ("MB-ELEMENT", EVENT),
        ("MB-TOTAL", EVENT),
        model("inputProduct"),
        ("MB-STOCK", EVENT),
    ],
    "DigitalTraceabilityEvent_cathode_move_instance.json": [
        ("VCDM-VALID-NOW", "/validFrom"),
        NOT_SECURED,
        model("movedProduct"),
        ("MB-STOCK", EVENT),
        ("MOVE-RECEIVED", EVENT),
        OTHER_REGISTER,
    ],
    "DigitalTraceabilityEvent_instance.json": [
        NOT_SECURED,
        model("movedProduct"),
        ("MOVE-RECEIVED", EVENT),
        ("DIA-REGISTERED-ID", f"{EVENT}/relatedParty/1/party"),
    ],
    SMELTER: [
        NOT_SECURED,
        ("MB-ELEMENT", EVENT),
        model("inputProduct"),
        model("outputProduct"),
        ("MB-STOCK", EVENT),
        OTHER_REGISTER,
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def copper(shared: Path, bundle: Bundle) -> Report:
    return check(sample_files(shared, "0.7.0"), bundle)


def test_copper_set_of_070_has_exactly_these_findings(copper: Report) -> None:
    assert by_file(copper) == EXPECTED_070


def test_sixteen_of_seventeen_pass_strict_json_ld_and_all_pass_their_schemas(copper: Report) -> None:
    by_tier = {tier.tier: tier for tier in copper.tiers}
    assert (by_tier[3].passed, by_tier[3].failed) == (34, 0)
    assert (by_tier[4].passed, by_tier[4].failed) == (16, 1)
    assert said(copper, "DigitalIdentityAnchor_instance.json", "LD-STRICT") == [
        "These have no meaning in its contexts: mediaQuery, template, url."
    ]


def test_contained_copper_comes_out_of_nothing(copper: Report) -> None:
    (sentence,) = said(copper, SMELTER, "MB-ELEMENT")
    for part in ("= 9,000 kg", "= 9,999 kg", "recovery 111.1 %"):
        assert part in sentence
    assert not said(copper, SMELTER, "MB-TOTAL")  # 30 t in, 10 t out: gross mass alone would pass


def test_battery_lacks_most_of_its_bill_of_materials(copper: Report) -> None:
    name = "DigitalTraceabilityEvent_battery_make_instance.json"
    assert said(copper, name, "MB-TOTAL")[0].startswith("incomplete bill of materials: total mass: in 20 kg; out 450 kg")
    assert "= 36 kg; recovery 180.02 %" in said(copper, name, "MB-ELEMENT")[0]


def test_recycled_content_without_scrap(copper: Report) -> None:
    sentence = "12 % is claimed; by the Make events 0 kg of recycled inputs went into 10,000 kg of it, at most 0 %"
    assert said(copper, CATHODE, "MB-RECYCLED") == [f"unsupported recycled content: {sentence}"] * 2


def test_stock_that_nobody_counted(copper: Report) -> None:
    left = [said(copper, name, "MB-STOCK")[0] for name in EXPECTED_070 if said(copper, name, "MB-STOCK") and "make" in name]
    left += said(copper, "DigitalTraceabilityEvent_cathode_move_instance.json", "MB-STOCK")
    assert ["1,980 kg" in left[0], "70,000 kg" in left[1], "8,000 kg" in left[2]] == [True] * 3


def with_scrap(shared: Path, **characteristics: Any) -> dict[str, bytes]:
    """The copper set where the smelting run names its scrap."""
    files = sample_files(shared, "0.7.0")
    smelting = json.loads(files[SMELTER])
    smelting["credentialSubject"][0]["inputProduct"].append(
        {
            "product": {
                "type": ["Product"],
                "id": "https://scrap.example/p/cu-scrap",
                "name": "Copper scrap",
                "idGranularity": "batch",
                "batchNumber": "S-77",
            }
            | ({"characteristics": characteristics} if characteristics else {}),
            "quantity": {"value": 1200, "unit": "KGM"},
            "disposition": "consumed",
        }
    )
    return files | {SMELTER: json.dumps(smelting).encode()}


def test_named_scrap_closes_the_balance(shared: Path, bundle: Bundle) -> None:
    report = check(with_scrap(shared, cuMassFraction=1), bundle)
    gone = {SMELTER: [("MB-ELEMENT", EVENT)], CATHODE: [each for each in EXPECTED_070[CATHODE] if each[0] == "MB-RECYCLED"]}
    expected = {name: [each for each in told if each not in gone.get(name, [])] for name, told in EXPECTED_070.items()}
    assert by_file(report) == expected


def test_scrap_of_unknown_grade_makes_it_possible_but_does_not_prove_it(shared: Path) -> None:
    report = check(with_scrap(shared))
    assert ("MB-ELEMENT", EVENT) not in by_file(report)[SMELTER]
    assert "an unknown part of 1,200 kg" in said(report, SMELTER, "MB-ELEMENT")[0]
    assert ("MB-ELEMENT", "") in by_file(report, "not checked")[SMELTER]


def test_minimal_set(shared: Path, bundle: Bundle) -> None:
    assert by_file(check(sample_files(shared, "minimal-0.7.0"), bundle)) == {
        "dcc-mass-balance.json": [NOT_SECURED, *UNANCHORED],
        "dia.json": [NOT_SECURED],
        "dpp.json": [
            ("LINT-FORM", f"{SUBJECT}/performanceClaim/0/evidence/0/digestMultibase"),
            NOT_SECURED,
            *claims(0),
            ("LINK-DIGEST", f"{SUBJECT}/performanceClaim/0/evidence/0"),
        ],
        "dte-make.json": [NOT_SECURED],
        "dte-move.json": [NOT_SECURED],
        "dte-stocktake.json": [NOT_SECURED],
    }


def test_mocha_set_of_061_has_its_claims_assessed(shared: Path, bundle: Bundle) -> None:
    report = check(sample_files(shared, "mocha-0.6.1"), bundle)
    assert by_file(report) == {
        "conformity-credential-simple.json": [NOT_SECURED, ("DCC-ACCREDITED", "/issuer")],
        "identity-anchor-for-dcc-issuer.json": [NOT_SECURED],
        "identity-anchor-for-dia-issuer.json": [NOT_SECURED],
        "identity-anchor-for-dpp-issuer.json": [NOT_SECURED],
        "product-passport-simple.json": [NOT_SECURED],
    }
    passport = next(file for file in report.files if file.kind == "DigitalProductPassport")
    assert next(each.result for each in passport.checks if each.rule == "CLAIM-ASSESSED") == "passed"


@pytest.mark.parametrize("folder", ["0.6.0", "0.6.1"])
def test_older_versions_satisfy_their_own_schemas_and_contexts(folder: str, shared: Path, bundle: Bundle) -> None:
    report = check(sample_files(shared, folder), bundle)
    by_tier = {tier.tier: tier for tier in report.tiers}
    assert [(by_tier[tier].passed, by_tier[tier].failed) for tier in (1, 3, 4)] == [(65, 0), (10, 0), (5, 0)]
    assert {file.version for file in report.files if file.version} == {folder}
    failed = {rule for told in by_file(report, "failed").values() for rule, _ in told}
    assert failed == {"PROOF-SECURED", "DIA-02"}


def test_drafts_of_another_project_run_through(shared: Path, bundle: Bundle) -> None:
    report = check(sample_files(shared, "crm-0.5"), bundle)
    assert {"0.5.0", "0.2.1", "0.7.0"} & {file.version for file in report.files} >= {"0.5.0", "0.2.1"}
    told = by_file(report, "failed")
    assert told["copper_mine/dcc_coppermark_mine.json"][:4] == [
        ("VCDM-CONTEXT", "/@context"), ("VCDM-TYPE", "/type"), ("VCDM-ISSUER", "/issuer"), NOT_SECURED,
    ]  # fmt: skip
    assert ("VCDM-VALIDITY", "/validFrom") in told["battery_manufacturer/dpp_battery.json"]
    left = by_file(report, "not checked")["battery_manufacturer/dpp_battery.json"]
    assert {("SCHEMA-UNTP", ""), ("LD-STRICT", "")} <= set(left)  # 0.5.0, of which there are no official files here


def test_signed_samples_hold_against_the_did_document_of_their_folder(shared: Path, bundle: Bundle) -> None:
    report = check(sample_files(shared, "vc-jwt"), bundle)
    proofs = {(file.file, each.result) for file in report.files for each in file.checks if each.rule == "PROOF-HOLDS"}
    assert proofs == {(file.file, "passed") for file in report.files if file.kind != "DID document"}
    assert len(proofs) == 4
    assert [name for name, told in by_file(report, "failed").items() if ("VCDM-CONTEXT", "/@context") in told] == [
        "invalid-schema-v2-enveloped-dpp.json"
    ]


def test_without_a_bundle_two_tiers_are_not_checked(shared: Path) -> None:
    report = check(sample_files(shared, "mocha-0.6.1"))
    assert not report.bundle
    assert [(tier.passed, tier.failed, tier.not_checked) for tier in report.tiers if tier.tier in (3, 4)] == [
        (0, 0, 10),
        (0, 0, 5),
    ]
