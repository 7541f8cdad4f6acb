"""What a stranger finds in UNTP's own copper chain: the inconsistencies that its authors put there, or did not notice."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lodestream.credentials.walk import Trust, WalkReport, walk
from lodestream.credentials.walk.trust import Register
from tests.walk.samples import BATTERY, NOW_US, published, read

HOSTS = ("mining-register.gov.zm", "houjin-register.example.com", "dpma.example.com")
REGISTERS = [Register(f"did:web:{host}") for host in HOSTS]


def walked(samples: dict[str, dict[str, Any]]) -> WalkReport:
    return walk(BATTERY, published(samples), Trust(registers=REGISTERS), now_us=NOW_US)


@pytest.fixture(scope="module")
def report(shared: Path) -> WalkReport:
    return walked(read(shared))


def sentences(report: WalkReport, outcome: str, rule: str) -> list[str]:
    return [finding.sentence for finding in report.findings if (finding.outcome, finding.rule) == (outcome, rule)]


def test_the_whole_chain_is_walked_and_every_proof_holds(report: WalkReport) -> None:
    assert len(report.visited) >= 13
    assert {each.outcome for each in report.visited} == {"verified"}
    assert not report.verified


def test_more_copper_comes_out_of_the_smelter_than_went_in(report: WalkReport) -> None:
    told = sentences(report, "mass-balance inconsistency", "BALANCE")
    assert [text.partition(": in")[0] for text in told] == ["Cu", "total mass", "Cu"]
    assert "9,000 kg" in told[2]
    assert "9,999 kg; recovery 111.1 %" in told[2]


def test_a_battery_of_450_kg_is_not_made_of_20_kg_of_copper(report: WalkReport) -> None:
    told = sentences(report, "mass-balance inconsistency", "BALANCE")
    assert "in 20 kg; out 450 kg; recovery 2,250 %" in told[1]
    assert "= 36 kg; recovery 180.02 %" in told[0]


def test_recycled_content_that_no_input_carried(report: WalkReport) -> None:
    told = sentences(report, "mass-balance inconsistency", "SHARES")
    assert "Cu recycled: 1,199.88 kg are claimed, the inputs carried at most 0 kg." in told


def test_claims_that_nobody_assessed(report: WalkReport) -> None:
    told = [finding for finding in report.findings if finding.outcome == "unverified claim"]
    passports = {finding.about for finding in told if "/dpp/" in finding.about}
    assert len(passports) == 3
    assert all("no conformity credential assesses this product" in each.sentence for each in told if each.about in passports)


def test_the_registration_does_not_agree_with_the_register(report: WalkReport) -> None:
    told = sentences(report, "unanchored identity", "REGISTERED_ID")
    assert any("REF-001 at sample-register.example.com" in text and "houjin-register" in text for text in told)


def test_nobody_accredits_the_assessors_and_nobody_mined(report: WalkReport) -> None:
    assert {finding.about for finding in report.findings if finding.outcome == "unaccredited assessor"} == {
        "did:web:sample-cab.example.com",
        "did:web:sample-vap-cab.example.com",
    }
    missing = [finding.about for finding in report.findings if finding.rule == "MAKING"]
    assert missing == ["https://id.sample-mine.example.com/product/cu-conc-2025 batch 2025-Q1-4501"]


def test_with_the_scrap_the_copper_balances_and_the_recycled_content_is_carried(shared: Path) -> None:
    samples = read(shared)
    scrap = {
        "product": {
            "type": ["Product"],
            "id": "https://scrap.example/p/cu-scrap",
            "name": "Copper scrap",
            "idGranularity": "batch",
            "batchNumber": "S-77",
            "characteristics": {"cuMassFraction": 1},
            "materialProvenance": [
                {
                    "name": "Copper scrap",
                    "originCountry": {"countryCode": "JP"},
                    "materialType": {"code": "39363", "name": "s", "schemeId": "https://unstats.un.org/cpc", "schemeName": "CPC"},
                    "massFraction": 1,
                    "recycledMassFraction": 1,
                }
            ],
        },
        "quantity": {"value": Decimal(1_200), "unit": "KGM"},
        "disposition": "consumed",
    }
    samples["DigitalTraceabilityEvent_smelter_make"]["credentialSubject"][0]["inputProduct"].append(scrap)
    report = walked(samples)
    smelter = [balance for balance in report.balances if balance.of == "Cu" and "cathode" in balance.event]
    assert [(balance.verdict, balance.to_json()["recovery_percent"]) for balance in smelter] == [("consistent", "98.03")]
    assert not any(text.startswith("Cu recycled: 1,199") for text in sentences(report, "mass-balance inconsistency", "SHARES"))
