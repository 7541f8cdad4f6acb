"""Whatever the issuer issues for the worked scenarios is valid: JSON Schema, strict JSON-LD, our models and our lint."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from lodestream.credentials.bundle import JsonLd, JsonSchema
from lodestream.credentials.content.lint import lint
from lodestream.credentials.jsontext import parse_object
from lodestream.credentials.policy import DEFAULT_POLICIES
from lodestream.credentials.profile import FacilityProfile, IssuerProfile
from lodestream.credentials.proof import presented, prove
from lodestream.credentials.record import CredentialRecord
from lodestream.credentials.verify import verify
from lodestream.ledger.records import Outcome
from streams.issuer.office import Office
from tests.credentials.content.worked import PROFILE, SCENARIOS, worked
from tests.credentials.telling import official, published, signer
from tests.issuer.desk import Desk

LATER_US = 2_000_000_000_000_000
OPEN = FacilityProfile("Works", "ZM", passports="made", events="public", stocks=True)


@cache
def story(name: str) -> list[Outcome]:
    """All that the ledger says of a scenario, the closes of its months last."""
    made = worked(name)
    closes = [
        Outcome("TRANSACTION", "0" * 64, f"{n:064x}", 1, site, 1, period.until_us, period.until_us, "close", periods=[period])
        for n, (site, period) in enumerate(made.periods)
    ]
    return [*made.outcomes, *closes]


def issued(name: str, **more: Any) -> list[CredentialRecord]:
    """What an issuer that tells everything issues for a scenario."""
    sites = {outcome.site for outcome in story(name)} | {outcome.location or "" for outcome in story(name)}
    profile = replace(PROFILE, facilities=dict.fromkeys(sites, OPEN), **more)
    key = signer(did=profile.did)
    desk = Desk(Office(key, profile, bytes(32)))
    desk(*story(name))
    return desk.issued


@pytest.mark.parametrize("untp", ["0.7.0", "0.6.1"])
@pytest.mark.parametrize("name", SCENARIOS)
def test_it_is_valid(name: str, untp: str, shared: Path) -> None:
    bundle = official(shared)
    policies = (*DEFAULT_POLICIES, JsonSchema(bundle), JsonLd(bundle))
    document = published(signer(did=PROFILE.did))
    for record in issued(name, untp=untp):
        report = verify(record.envelope.encode(), document, LATER_US, policies)
        wrong = [row for row in report.rows() if row[1] == "failed"]
        assert wrong == [], (record.id, wrong)
        assert not [row for row in report.rows() if row[:2] == ("JSON Schema", "not checked")]
        credential = prove(presented(record.envelope.encode()), document).credential
        if untp == "0.7.0":
            assert lint(credential) == [], record.id


def test_every_kind_is_among_them() -> None:
    """Else the test above would be content with nothing."""
    kinds = {(record.kind, _event(record)) for name in SCENARIOS for record in issued(name)}
    wanted = {("DigitalTraceabilityEvent", kind) for kind in ("MakeEvent", "MoveEvent", "ModifyEvent")}
    others = {("DigitalProductPassport", ""), ("DigitalConformityCredential", ""), ("DigitalFacilityRecord", "")}
    assert wanted | others <= kinds


def test_a_proof_in_the_credential_instead(shared: Path) -> None:
    document, bundle = published(signer(did=PROFILE.did)), official(shared)
    for record in issued("02-untp-copper", securing="eddsa-jcs-2022"):
        credential = parse_object(record.envelope.encode(), "it")
        assert credential["proof"]["cryptosuite"] == "eddsa-jcs-2022"
        report = verify(record.envelope.encode(), document, LATER_US, (*DEFAULT_POLICIES, JsonSchema(bundle), JsonLd(bundle)))
        assert report.verified, report.rows()


def test_ids_and_places_are_unique() -> None:
    for name in SCENARIOS:
        records = issued(name)
        assert len({record.id for record in records}) == len(records)
        assert len({(record.status_list, record.status_index) for record in records}) == len(records)


def test_the_discreet_default(shared: Path) -> None:
    """Traceability events are private; passports of what leaves are public, and name no supplier, site of origin or stock."""
    name = "10-copper-smelter"
    profile = IssuerProfile(PROFILE.did, PROFILE.name, PROFILE.base_url)
    desk = Desk(Office(signer(did=PROFILE.did), profile, bytes(32)))
    desk(*story(name))
    assert {record.access for record in desk.issued if record.kind == "DigitalTraceabilityEvent"} == {"private"}
    passports = [record for record in desk.issued if record.kind == "DigitalProductPassport"]
    assert passports
    assert {record.access for record in passports} == {"public"}
    document = published(signer(did=PROFILE.did))
    origins = {key.split(" ")[1] for o in story(name) for lot in o.lots for v in lot.shares.values() for key in v} - {"-"}
    assert origins, "the scenario has sites of origin that could leak"
    for record in passports:
        text = prove(presented(record.envelope.encode()), document).payload.decode()
        assert not [origin for origin in origins - {record.site, record.facility} if origin in text]
        assert '"quantity"' not in text


def _event(record: CredentialRecord) -> str:
    document = published(signer(did=PROFILE.did))
    subject = prove(presented(record.envelope.encode()), document).credential["credentialSubject"]
    return str(subject[0]["type"][0]) if isinstance(subject, list) else ""
