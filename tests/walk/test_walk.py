"""An honest chain is verified; each fault that is planted in it is found, under its own name and no other."""

from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal

import pytest
from msgspec.structs import replace

from lodestream.credentials.access import lock
from lodestream.credentials.did import document_bytes, parse_document
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.policy import NotEnded
from lodestream.credentials.report import Report
from lodestream.credentials.securing import secure
from lodestream.credentials.untp import CONTEXTS
from lodestream.credentials.verify import verify
from lodestream.credentials.walk import Absent, Limits, Trust
from lodestream.credentials.walk.trust import Register, Zone, trust_of
from tests.walk.chain import (
    CAB,
    CATHODE,
    CONCENTRATE,
    MINE,
    NOW_US,
    PACK,
    PARTIES,
    SMELTER,
    START,
    TRUST,
    Chain,
    World,
    digest,
    facility,
    found,
    material,
    measure,
    product,
    signer,
    walked,
)


def test_an_honest_chain_is_verified_from_any_start() -> None:
    world = Chain().publish()
    resolving = replace(TRUST, resolvers=["https://resolver.example"])
    for start, trust in ((None, TRUST), (START, TRUST), (PACK, resolving), ("https://battery.example/dte", TRUST)):
        report = walked(world, start, trust)
        assert report.findings == [], start
        assert report.verified
        assert report.outcomes == ["verified"]
        assert {each.id for each in report.visited} >= set(Chain().subjects) - {"https://accreditor.example/dia"}
    assert [(each.of, each.verdict) for each in report.balances] == [("Cu", "consistent"), ("total mass", "consistent")] * 2


def test_the_same_world_gives_the_same_report_and_asks_for_nothing_twice() -> None:
    world = Chain().publish()
    first = walked(world).to_json()
    assert len(world.asked) == len(set(world.asked))
    assert walked(Chain().publish()).to_json() == first


def smelter_made(chain: Chain, kg: int) -> None:
    chain.subjects["https://smelter.example/dte"][1]["outputProduct"][0]["quantity"] = measure(kg)


def no_claim_confirmed(chain: Chain) -> None:
    chain.about[PACK].pop()


def other_criterion(chain: Chain) -> None:
    assessment = chain.subjects["https://cab.example/dcc"]["conformityAssessment"][0]
    assessment["assessmentCriteria"][0]["id"] = "https://scheme.example/criterion/other"


def other_topic(chain: Chain) -> None:
    assessment = chain.subjects["https://cab.example/dcc"]["conformityAssessment"][0]
    assessment["conformityTopic"][0]["id"] = "https://vocabulary.uncefact.org/conformity-topic/origin-tracking"


def about_the_facility(chain: Chain) -> None:
    assessment = chain.subjects["https://cab.example/dcc"]["conformityAssessment"][0]
    del assessment["assessedProduct"]
    assessment["assessedFacility"] = [{"facility": facility("battery")}]


def does_not_conform(chain: Chain) -> None:
    chain.subjects["https://cab.example/dcc"]["conformityAssessment"][0]["conformance"] = False


def not_accredited(chain: Chain) -> None:
    del chain.about[CAB]


def accredited_by_a_business_register(chain: Chain) -> None:
    chain.subjects["https://accreditor.example/dia"]["registerType"] = "business"


def no_anchor(chain: Chain) -> None:
    del chain.about[SMELTER]


def anchored_by_itself(chain: Chain) -> None:
    chain.issuers["https://register.example/dia-smelter"] = SMELTER


def anchored_for_another_domain(chain: Chain) -> None:
    chain.subjects["https://register.example/dia-smelter"]["idScheme"]["id"] = "https://other-register.example"


def another_operator(chain: Chain) -> None:
    chain.subjects["https://smelter.example/dfr"]["relatedParty"][0]["party"]["id"] = MINE


def no_facility_record(chain: Chain) -> None:
    del chain.about["https://smelter.example/facility"]


def made_by_another(chain: Chain) -> None:
    """The mine tells, of its own place, how the smelter's cathode was made."""
    chain.subjects["https://mine.example/dte"].append(
        deepcopy(chain.subjects["https://smelter.example/dte"][1])
        | {"id": "urn:event:other", "inputProduct": [], "madeAtFacility": facility("mine")}
    )


def told_in_two_ways(chain: Chain) -> None:
    """Beside the smelting as it was, a credential in which nothing went in."""
    chain.subjects["https://smelter.example/dte-2"] = [
        deepcopy(chain.subjects["https://smelter.example/dte"][1]) | {"inputProduct": []}
    ]
    chain.about[CATHODE].append(("dte", "https://smelter.example/dte-2"))


def drawn_by_two(chain: Chain) -> None:
    """A second run that draws the same concentrate again."""
    events = chain.subjects["https://smelter.example/dte"]
    again = deepcopy(events[1]) | {"id": "urn:event:again"}
    again["outputProduct"][0]["product"] |= {"id": CATHODE.replace("A1", "A2"), "batchNumber": "A2"}
    events.append(again)


def less_arrives(chain: Chain) -> None:
    chain.subjects["https://smelter.example/dte"][0]["movedProduct"][0]["quantity"] = measure(28_000)


def origin_claimed(chain: Chain) -> None:
    chain.subjects["https://smelter.example/dpp"]["materialProvenance"] = [
        material("Copper", "ZM", "0.5"),
        material("Copper", "CL", "0.5"),
    ]


def recycled_claimed(chain: Chain) -> None:
    chain.subjects["https://smelter.example/dpp"]["materialProvenance"] = [material("Copper", "ZM", "1", "0.12")]


def no_mine(chain: Chain) -> None:
    del chain.about[CONCENTRATE]


def made_of_itself(chain: Chain) -> None:
    mined = chain.subjects["https://mine.example/dte"][0]
    mined["inputProduct"] = [product(CATHODE, 9_000, "consumed"), product(CONCENTRATE.replace("K1", "K0"), 30_000, "consumed")]


def revoked(chain: Chain) -> None:
    chain.revoked.add("https://mine.example/dte")


def expired(chain: Chain) -> None:
    chain.dates["https://smelter.example/dpp"] = {"validUntil": "2025-06-01T00:00:00Z"}


def registered_elsewhere(chain: Chain) -> None:
    party = {
        "id": "https://www.other.example/1",
        "name": "S",
        "registeredId": "N-smel",
        "idScheme": {"id": "https://www.other.example"},
    }
    issuer = {"type": ["CredentialIssuer"], "id": SMELTER, "name": "smelter", "issuerAlsoKnownAs": [{"type": ["Party"]} | party]}
    party["idScheme"]["name"] = "Other"  # type: ignore[index]
    chain.dates["https://smelter.example/dpp"] = {"issuer": issuer}  # type: ignore[dict-item]


def another_key(chain: Chain) -> None:
    """The smelter's passport is signed by somebody else, in the smelter's name."""
    chain.issuers["https://smelter.example/dpp"] = MINE


MASS = "mass-balance inconsistency"
FAULTS: list[tuple[Callable[[Chain], None], set[tuple[str, str]]]] = [
    (lambda chain: smelter_made(chain, 9_400), {(MASS, "BALANCE")}),
    (no_claim_confirmed, {("unverified claim", "CLAIM")}),
    (other_criterion, {("unverified claim", "CLAIM")}),
    (other_topic, {("unverified claim", "CLAIM")}),
    (about_the_facility, {("unverified claim", "CLAIM")}),
    (does_not_conform, {("unverified claim", "CLAIM")}),
    (not_accredited, {("unaccredited assessor", "ACCREDITATION")}),
    (accredited_by_a_business_register, {("unaccredited assessor", "ACCREDITATION")}),
    (no_anchor, {("unanchored identity", "ANCHOR")}),
    (anchored_by_itself, {("unanchored identity", "ANCHOR")}),
    (anchored_for_another_domain, {("unanchored identity", "ANCHOR")}),
    (registered_elsewhere, {("unanchored identity", "REGISTERED_ID")}),
    (another_operator, {("unanchored identity", "OPERATOR")}),
    (no_facility_record, {("unanchored identity", "OPERATOR")}),
    (told_in_two_ways, {("failed", "CONTRADICTION")}),
    (made_by_another, {("unanchored identity", "PLACE")}),
    (drawn_by_two, {(MASS, "DOUBLE_USE")}),
    (less_arrives, {(MASS, "SHIPMENT")}),
    (origin_claimed, {(MASS, "SHARES")}),
    (recycled_claimed, {(MASS, "SHARES")}),
    (no_mine, {("missing upstream", "MAKING")}),
    (revoked, {("revoked", "STATUS"), ("missing upstream", "MAKING")}),
    (expired, {("expired", "CREDENTIAL")}),
]


@pytest.mark.parametrize(("plant", "expected"), FAULTS)
def test_each_fault_is_found_and_nothing_else(plant: Callable[[Chain], None], expected: set[tuple[str, str]]) -> None:
    chain = Chain()
    plant(chain)
    report = walked(chain.publish())
    assert found(report) == expected, report.findings
    assert not report.verified


def test_a_ring_is_a_cycle() -> None:
    chain = Chain()
    made_of_itself(chain)
    report = walked(chain.publish())
    assert ("cycle", "CYCLE") in found(report)
    ring = next(finding for finding in report.findings if finding.outcome == "cycle")
    assert ring.sentence == f"It is made of itself: {CONCENTRATE} batch K1 from {CATHODE} batch A1 from {CONCENTRATE} batch K1."


def test_who_signs_in_anothers_name_is_not_believed() -> None:
    world = Chain().publish()
    forged = Chain()
    another_key(forged)
    world.places["https://smelter.example/dpp"] = forged.publish().places["https://smelter.example/dpp"]
    assert ("unanchored identity", "OPERATOR") in found(walked(world))  # the mine speaks of the smelter's place
    data = world.places["https://smelter.example/dte"]
    assert isinstance(data, bytes)
    place = data.rindex(b'"') if data.count(b'"') and b"," not in data[-3:] else len(data) - 10
    world.places["https://smelter.example/dte"] = data[: place - 40] + bytes([data[place - 40] ^ 1]) + data[place - 39 :]
    assert {("failed", "PROOF"), ("missing upstream", "MAKING")} <= found(walked(world))


def test_what_is_withheld_is_told_apart_and_opens_with_its_key() -> None:
    key = bytes(range(32))
    chain = Chain()
    chain.locked = lambda url: url == "https://smelter.example/dte"
    world = chain.publish()
    told = world.places["https://smelter.example/dte"]
    assert isinstance(told, bytes)
    world.places["https://smelter.example/dte"] = lock(told, key)
    closed = walked(world)
    assert found(closed) == {("withheld", "MAKING")}
    assert not closed.verified
    assert walked(world, trust=replace(TRUST, accept=["withheld"])).verified
    assert found(walked(world, keys=[bytes(32)])) == {("withheld", "MAKING")}
    assert walked(world, keys=[bytes(32), key]).verified
    world.places["https://smelter.example/dte"] = Absent("withheld", "401")
    assert found(walked(world, keys=[key])) == {("withheld", "MAKING")}


def test_a_link_with_a_digest_is_held_to_it() -> None:
    chain = Chain()
    link = {
        "linkURL": "https://cab.example/dcc",
        "linkName": "DCC",
        "linkType": "https://test.uncefact.org/vocabulary/linkTypes/dcc",
    }
    chain.about[PACK].pop()
    right = digest(chain.publish().places["https://cab.example/dcc"])
    for stated, outcome in ((right, set()), (digest(b"other"), {("failed", "DIGEST"), ("unverified claim", "CLAIM")})):
        chain.subjects[START]["relatedDocument"] = [link | {"digestMultibase": stated}]
        assert found(walked(chain.publish())) == outcome


def test_a_status_that_nobody_can_look_up_is_no_pass() -> None:
    world = Chain().publish()
    listed = world.places.pop("https://mine.example/status")
    assert ("failed", "STATUS_RETRIEVAL_ERROR") in found(walked(world))
    world.places["https://mine.example/status"] = world.places["https://smelter.example/status"]
    assert ("failed", "STATUS_VERIFICATION_ERROR") in found(walked(world))
    world.places["https://mine.example/status"] = listed
    assert walked(world).verified


def test_zones_are_the_verifiers() -> None:
    world = Chain().publish()
    square = [(Decimal(9), Decimal(19)), (Decimal(9), Decimal(21)), (Decimal(11), Decimal(21)), (Decimal(11), Decimal(19))]
    risky = replace(TRUST, zones=[Zone("square", square)])
    assert found(walked(world, trust=risky)) == {("conflict-zone risk", "ZONE")}
    box = (Decimal(9), Decimal(170), Decimal(11), Decimal(-170))
    assert walked(world, trust=replace(TRUST, zones=[Zone("date line", box=box)])).verified
    assert Zone("date line", box=box).holds((Decimal(10), Decimal(179)))


def test_nobody_is_trusted_who_is_not_named() -> None:
    report = walked(Chain().publish(), trust=Trust())
    assert found(report) == {("unanchored identity", "ANCHOR"), ("unaccredited assessor", "ACCREDITATION")}
    known = Trust(parties=[did for name, did in PARTIES.items() if name not in ("register", "accreditor")])
    assert walked(Chain().publish(), trust=known).verified


def test_limits_end_a_walk_and_say_so() -> None:
    world = Chain().publish()
    for limits in (Limits(fetches=5), Limits(documents=3), Limits(total_bytes=5_000)):
        report = walked(world, limits=limits)
        assert ("missing upstream", "LIMIT") in found(report)
        assert report.stopped
    assert ("missing upstream", "DEPTH") in found(walked(world, limits=Limits(depth=1)))


def test_a_trust_file_is_read_strictly() -> None:
    raw = {"registers": [{"did": "did:web:r.example"}], "zones": [{"name": "z", "box": [0, 0, Decimal("1.5"), 1]}]}
    trust = trust_of(raw | {"accept": ["withheld"], "tolerance": {"percent": Decimal("0.5")}})
    assert trust.registers == [Register("did:web:r.example")]
    assert trust.zones[0].holds((Decimal(1), Decimal(1)))
    for wrong in ({"regsiters": []}, {"zones": [{"name": "z"}]}, {"accept": ["verified?"]}, {"parties": [1]}):
        with pytest.raises(CredentialError, match=r"trust file|zone"):
            trust_of(wrong)


def test_the_keys_of_the_parties_differ() -> None:
    assert len({signer(did).kid for did in PARTIES.values()}) == len(PARTIES)


def test_the_status_as_a_policy_over_lists_that_were_fetched() -> None:
    chain = Chain()
    chain.revoked.add("https://mine.example/dte")
    world = chain.publish()
    document = parse_document(bytes_at(world, "https://mine.example/.well-known/did.json"))
    listed = verify(bytes_at(world, "https://mine.example/status"), document, NOW_US)
    assert listed.verified

    def status(url: str, lists: dict[str, Report]) -> tuple[str, str]:
        report = verify(bytes_at(world, url), document, NOW_US, [NotEnded(lists)])
        return next((check.result, check.code) for check in report.checks if check.name == "status")

    lists = {"https://mine.example/status": listed}
    assert status("https://mine.example/dpp", lists) == ("passed", "")
    assert status("https://mine.example/dte", lists) == ("failed", "REVOKED")
    assert status("https://mine.example/dpp", {}) == ("failed", "STATUS_RETRIEVAL_ERROR")
    assert status("https://mine.example/status", lists) == ("not checked", "")


def bytes_at(world: World, url: str) -> bytes:
    data = world.places[url]
    assert isinstance(data, bytes)
    return data


@pytest.mark.parametrize("types", [["VerifiableCredential"], ["DigitalIdentityAnchor", "VerifiableCredential"]])
def test_whatever_somebody_shows_needs_an_issuer_whom_a_register_knows(types: list[str]) -> None:
    shown = {
        "@context": CONTEXTS[:1],
        "type": types,
        "issuer": "did:web:nobody.example",
        "credentialSubject": {"id": PACK, "name": "Verified battery"},
    }
    world = Chain().publish()
    nobody = signer("did:web:nobody.example")
    world.places["https://nobody.example/.well-known/did.json"] = document_bytes(nobody)
    report = walked(world, secure(shown, nobody, "vc+jwt", NOW_US))
    assert found(report) == {("unanchored identity", "ANCHOR")}


def test_proofs_of_both_forms_hold_in_one_walk() -> None:
    chain = Chain()
    chain.embedded = {"https://smelter.example/dte", "https://register.example/dia-mine", START}
    assert walked(chain.publish()).verified
