"""Moves, counts, campaigns, passports, periods and facilities, on what the ledger really says."""

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from lodestream.credentials.encoding import from_base64url
from lodestream.credentials.jsontext import parse_object
from lodestream.credentials.profile import FacilityProfile, IssuerProfile
from lodestream.credentials.record import CredentialRecord
from lodestream.epcis.event import OriginPart
from lodestream.ledger.records import Outcome, PeriodLine, PeriodState
from streams.issuer.office import Office
from tests.credentials.telling import DID, PROFILE, signer
from tests.issuer.desk import Desk
from tests.ledger.making import Books, add, assay, declared, event, receive, ship, transform

A, B = "urn:site:a", "urn:site:b"
SHIPS, TELLS = FacilityProfile("Mill", "ZM"), FacilityProfile("Mill", "ZM", passports="made", events="public")
DPP, DTE, DCC, DFR = (
    "DigitalProductPassport",
    "DigitalTraceabilityEvent",
    "DigitalConformityCredential",
    "DigitalFacilityRecord",
)


class Works:
    """Two sites, their books and one issuer."""

    def __init__(self, at: FacilityProfile = SHIPS) -> None:
        self.books = Books()
        profile = IssuerProfile(DID, "Example", "https://refinery.example", {A: at, B: at})
        self.desk = Desk(Office(signer(), profile, bytes(32)))

    def __call__(self, *events: Any) -> list[CredentialRecord]:
        """What the events brought."""
        before = len(self.desk.issued)
        self.desk(*self.books(*events))
        return self.desk.issued[before:]

    def latest(self, kind: str, lot: str) -> CredentialRecord:
        """The last credential of a kind about a lot."""
        return [one for one in self.desk.issued if one.kind == kind and lot in one.about][-1]

    def stands(self, kind: str, lot: str) -> bool:
        return self.desk.status[self.latest(kind, lot).id].status == "issued"


def said(record: CredentialRecord) -> dict[str, Any]:
    """The credential in a record."""
    compact = parse_object(record.envelope.encode(), "it")["id"].partition(",")[2]
    return parse_object(from_base64url(compact.split(".")[1]), "it")


def event_of(record: CredentialRecord) -> dict[str, Any]:
    return dict(said(record)["credentialSubject"][0])


def mined(lot: str, mass: str, country: str = "ZM", **more: Any) -> Any:
    origins = [OriginPart(Decimal(1), country=country, source_class="mine")]
    return add(lot, mass, A, cu="30", source_class="mine", origins=origins, **more)


def origins_of(record: CredentialRecord) -> dict[str, Decimal]:
    materials = said(record)["credentialSubject"]["materialProvenance"]
    return {one["originCountry"]["countryCode"]: Decimal(one["massFraction"]) for one in materials}


# -- moves ---------------------------------------------------------------------------------------------------------


def test_mining_is_a_make_event_of_nothing() -> None:
    works = Works()
    made = [one for one in works(mined("urn:lot:x", "10")) if one.kind == DTE]
    assert event_of(made[0])["type"] == ["MakeEvent", "LifecycleEvent"]
    assert event_of(made[0])["inputProduct"] == []


def test_an_opening_balance_is_not_told() -> None:
    works = Works()
    works(add("urn:lot:x", "10", A, cu="30", opening=True, opening_evidence="urn:count:1"))
    assert [one.kind for one in works.desk.issued if one.kind != DFR] == []


def test_a_shipment_and_its_receipt_are_two_move_events_of_one_consignment() -> None:
    works = Works()
    works(mined("urn:lot:x", "10"), ship("urn:lot:x", "4", A, B, consignment_id="urn:c:1"))
    sent = works.latest(DTE, "urn:lot:x")
    works(receive("urn:lot:x", "4", B, consignment_id="urn:c:1", receipt="final"))
    got = works.latest(DTE, "urn:lot:x")
    steps = [(event_of(one)["activityType"]["code"], event_of(one)["consignmentId"], one.site) for one in (sent, got)]
    assert steps == [("shipping", "urn:c:1", A), ("receiving", "urn:c:1", B)]
    for one in (sent, got):
        assert (event_of(one)["fromFacility"]["id"], event_of(one)["toFacility"]["id"]) == (A, B)
        assert event_of(one)["movedProduct"][0]["quantity"] == {"value": 4000, "unit": "KGM"}


def test_a_shipment_to_nowhere_is_not_told() -> None:
    works = Works()
    works(mined("urn:lot:x", "10"), ship("urn:lot:x", "4", A, None))
    assert "shipping" not in {event_of(one)["activityType"]["code"] for one in works.desk.issued if one.kind == DTE}


def test_a_receipt_before_its_offer_is_told_once_the_offer_is_there() -> None:
    """Until then it is held (UNMATCHED), and nobody knows where the metal came from."""
    works = Works()
    assert works(receive("urn:lot:x", "4", B, consignment_id="urn:c:1", receipt="final")) in ([], works.desk.issued)
    assert [one for one in works.desk.issued if one.kind == DTE] == []
    works(mined("urn:lot:x", "4"), ship("urn:lot:x", "4", A, B, consignment_id="urn:c:1"))
    got = next(one for one in works.desk.issued if one.site == B and one.kind == DTE)
    assert event_of(got)["fromFacility"]["id"] == A
    assert event_of(got)["movedProduct"][0]["product"]["characteristics"]["cuMassFraction"] == Decimal("0.3")


def test_a_consignment_that_is_asked_back_was_not_shipped() -> None:
    works = Works()
    works(mined("urn:lot:x", "10"), ship("urn:lot:x", "4", A, B, consignment_id="urn:c:1"))
    sent = works.latest(DTE, "urn:lot:x")
    works(event("ObjectEvent", [], action="OBSERVE", biz_step="void_shipping", read_point=A, consignment_id="urn:c:1"))
    assert works.desk.status[sent.id].status == "revoked"


# -- passports -----------------------------------------------------------------------------------------------------


def test_a_lot_gets_its_passport_when_it_leaves() -> None:
    works = Works()
    works(mined("urn:lot:x", "10"))
    assert not [one for one in works.desk.issued if one.kind == DPP]
    works(ship("urn:lot:x", "4", A, B, consignment_id="urn:c:1"))
    made = works.latest(DPP, "urn:lot:x")
    assert origins_of(made) == {"ZM": Decimal("0.3"), "ZZ": Decimal("0.7")}
    assert made.access == "public"
    evidence = [link for claim in said(made)["credentialSubject"]["performanceClaim"] for link in claim["evidence"]]
    digests = {one.sha256: one.id for one in works.desk.issued if one.kind == DTE}
    assert evidence, "each claim rests on what the ledger vouched for"
    assert {link["linkURL"].rsplit("/", 1)[0] for link in evidence} <= set(digests.values())
    works(ship("urn:lot:x", "6", A, B, consignment_id="urn:c:2"))
    assert works.latest(DPP, "urn:lot:x") == made, "the rest of it is the same lot"


def test_of_every_lot_where_the_policy_says_so() -> None:
    works = Works(TELLS)
    works(mined("urn:lot:x", "10"), transform(A, [("urn:lot:x", "10", {})], [("urn:lot:y", "4", {"cu": "70"})]))
    assert works.stands(DPP, "urn:lot:x")
    assert origins_of(works.latest(DPP, "urn:lot:y")) == {"ZM": Decimal("0.7"), "ZZ": Decimal("0.3")}


def test_a_correction_upstream_makes_another_passport_of_what_has_left() -> None:
    """The ore was Chilean: passport and events of the concentrate that has left follow, and name what they replace."""
    works = Works()
    wrong, right = mined("urn:lot:x", "10"), mined("urn:lot:x", "10", "CL")
    run = transform(A, [("urn:lot:x", "10", {})], [("urn:lot:y", "4", {"cu": "70"})])
    works(wrong, run, ship("urn:lot:y", "4", A, B, consignment_id="urn:c:1"))
    old = works.latest(DPP, "urn:lot:y")
    works(declared(wrong, correctives=(right.event_id or "",)), right)
    new = works.latest(DPP, "urn:lot:y")
    assert (origins_of(old), origins_of(new)) == (
        {"ZM": Decimal("0.7"), "ZZ": Decimal("0.3")},
        {"CL": Decimal("0.7"), "ZZ": Decimal("0.3")},
    )
    chain, last = [], old.id
    while last:
        chain.append(works.desk.status[last])
        last = chain[-1].replaced_by
    assert [one.status for one in chain] == ["revoked"] * (len(chain) - 1) + ["issued"]
    assert chain[-1].credential_id == new.id


def test_a_hold_takes_the_passport_away_and_gives_another() -> None:
    works = Works()
    original = mined("urn:lot:x", "10")
    works(original, ship("urn:lot:x", "4", A, B, consignment_id="urn:c:1"))
    changed = replace(original, event_hash="0" * 64, content_digest="0" * 64)
    works(changed)
    assert "MUTATED_EVENT" in works.books.open()
    assert not works.stands(DPP, "urn:lot:x")


# -- campaigns -----------------------------------------------------------------------------------------------------


def campaign(inputs: list[Any], outputs: list[Any], **more: Any) -> Any:
    return transform(A, inputs, outputs, transformation_id="urn:campaign:1", **more)


def test_a_campaign_is_one_make_event_once_it_is_closed() -> None:
    works = Works(TELLS)
    works(
        mined("urn:lot:x", "10"),
        campaign([("urn:lot:x", "6", {})], []),
        campaign([("urn:lot:x", "4", {})], []),
        campaign([], [("urn:lot:y", "2", {"cu": "70"})]),
    )
    passport = works.latest(DPP, "urn:lot:y")
    assert "rovisional" in said(passport)["name"], "the campaign is open"
    assert not [one for one in works.desk.issued if one.kind == DTE and "urn:lot:y" in one.about]
    works(campaign([], [("urn:lot:z", "2.2", {"cu": "70"})], campaign_close=True))
    told = event_of(works.latest(DTE, "urn:lot:y"))
    masses = [one["quantity"]["value"] for one in [*told["inputProduct"], *told["outputProduct"]]]
    assert masses == [10_000, 2_000, 2_200]
    assert told["id"] == "urn:campaign:1"
    final = works.latest(DPP, "urn:lot:y")
    assert "rovisional" not in said(final)["name"]
    assert final.replaces == passport.id
    assert works.desk.status[passport.id].replaced_by == final.id


def test_an_event_of_a_campaign_that_was_an_error() -> None:
    """One of two feeds is void: the campaign is said anew without it."""
    works = Works(TELLS)
    second = campaign([("urn:lot:x", "4", {})], [])
    works(mined("urn:lot:x", "20"), campaign([("urn:lot:x", "6", {})], []), second)
    works(campaign([], [("urn:lot:y", "2", {"cu": "70"})], campaign_close=True))
    first = works.latest(DTE, "urn:lot:y")
    works(declared(second))
    again = works.latest(DTE, "urn:lot:y")
    assert again.replaces == first.id
    assert [one["quantity"]["value"] for one in event_of(again)["inputProduct"]] == [6_000]


# -- periods and facilities ----------------------------------------------------------------------------------------


def closing(version: int, closed_mg: int) -> Outcome:
    line = PeriodLine("Cu", "STOCK", 0, 10**12, 10**12 - closed_mg, closed_mg)
    gone = PeriodLine("Cu", "SOURCE", 0, 0, 10**12, -(10**12))
    period = PeriodState("2026-03", version, 1_772_323_200_000_000, 1_775_001_600_000_000, [line, gone])
    at = 1_775_001_700_000_000 + version
    return Outcome("TRANSACTION", "e" * 64, f"{version:064x}", 1, A, 1, at, at, "close", periods=[period])


def test_a_closed_period_is_attested_and_a_restatement_replaces_it() -> None:
    works = Works()
    works.desk(closing(1, 0), closing(2, 10**9))
    first, second = [one for one in works.desk.issued if one.kind == DCC]
    assert said(first)["credentialSubject"]["attestationType"] == "verification"
    assert (second.replaces, works.desk.status[first.id].replaced_by) == (first.id, second.id)
    assert works.desk.status[second.id].status == "issued"


def test_nothing_leaves_where_the_policy_says_none() -> None:
    works = Works(FacilityProfile("Mill", "ZM", passports="none", events="none", conformity="none", record="none"))
    works(mined("urn:lot:x", "10"), ship("urn:lot:x", "4", A, B, consignment_id="urn:c:1"))
    works.desk(closing(1, 0))
    assert works.desk.issued == []


def test_a_facility_has_one_record_until_its_profile_changes() -> None:
    works = Works()
    works(mined("urn:lot:x", "10"), mined("urn:lot:z", "10"))
    (first,) = [one for one in works.desk.issued if one.kind == DFR]
    assert said(first)["credentialSubject"]["id"] == A
    moved = IssuerProfile(DID, "Example", "https://refinery.example", {A: replace(SHIPS, country="ZA")})
    works.desk.processor = type(works.desk.processor)(Office(signer(), moved, bytes(32)))
    works(mined("urn:lot:w", "10"))
    second = [one for one in works.desk.issued if one.kind == DFR][-1]
    assert (second.replaces, works.desk.status[first.id].replaced_by) == (first.id, second.id)


def test_a_place_of_which_nothing_is_known_has_no_record() -> None:
    desk = Desk(Office(signer(), PROFILE, bytes(32)))
    books = Books()
    desk(*books(mined("urn:lot:x", "10")))
    assert not [one for one in desk.issued if one.kind == DFR]


def test_what_came_from_elsewhere_has_the_passport_of_its_maker() -> None:
    works = Works()
    works(mined("urn:lot:x", "10"), ship("urn:lot:x", "10", A, B, consignment_id="urn:c:1"))
    works(receive("urn:lot:x", "10", B, consignment_id="urn:c:1", receipt="final"))
    works(ship("urn:lot:x", "10", B, "urn:site:c", consignment_id="urn:c:2"))
    assert [one.site for one in works.desk.issued if one.kind == DPP] == [A]


def test_the_parts_of_a_split_have_its_grade() -> None:
    """What each of them holds the postings say, not the lines: 3 t of copper in 10 t, of which 4 t and 6 t."""
    works = Works()
    works(mined("urn:lot:x", "10"), transform(A, [("urn:lot:x", "10", {})], [("urn:lot:p", "4", {}), ("urn:lot:q", "6", {})]))
    products = event_of(works.latest(DTE, "urn:lot:p"))["outputProduct"]
    told = [(one["product"]["id"], one["product"]["characteristics"]["cuContainedMass"]["value"]) for one in products]
    assert told == [("urn:lot:p", 1_200), ("urn:lot:q", 1_800)]


def test_what_was_mined_and_assayed_later_is_told_with_its_assay() -> None:
    """Only the assay posts it out of SOURCE(mine): until then nobody vouches for where it came from."""
    works = Works()
    origins = [OriginPart(Decimal(1), country="ZM", source_class="mine")]
    works(add("urn:lot:x", "10", A, source_class="mine", origins=origins))
    assert [one.kind for one in works.desk.issued if one.kind != DFR] == []
    works(assay("urn:lot:x", A, cu="30"))
    steps = [event_of(one)["activityType"]["code"] for one in works.desk.issued if one.kind == DTE]
    assert sorted(steps) == ["commissioning", "inspecting"]
    made = next(event_of(one) for one in works.desk.issued if one.kind == DTE and "inputProduct" in event_of(one))
    assert made["inputProduct"] == []
    assert made["outputProduct"][0]["product"]["characteristics"]["cuContainedMass"]["value"] == 3_000
    works(ship("urn:lot:x", "4", A, B, consignment_id="urn:c:1"))
    assert origins_of(works.latest(DPP, "urn:lot:x")) == {"ZM": Decimal("0.3"), "ZZ": Decimal("0.7")}


def test_an_opening_balance_that_is_assayed_later_is_not_told() -> None:
    works = Works()
    works(add("urn:lot:x", "10", A, opening=True, opening_evidence="urn:count:1"), assay("urn:lot:x", A, cu="30"))
    assert [event_of(one)["type"][0] for one in works.desk.issued if one.kind == DTE] == ["ModifyEvent"]
    works(ship("urn:lot:x", "4", A, B, consignment_id="urn:c:1"))
    assert not [one for one in works.desk.issued if one.kind == DPP]


def test_a_lot_that_was_an_error_has_no_passport() -> None:
    works = Works(TELLS)
    original = mined("urn:lot:x", "10")
    works(original)
    passport = works.latest(DPP, "urn:lot:x")
    works(declared(original))
    assert works.desk.status[passport.id].status == "revoked"
    assert works.latest(DPP, "urn:lot:x") == passport, "and no other"
    works(mined("urn:lot:x", "10", "CL"))
    again = works.latest(DPP, "urn:lot:x")
    assert (again.replaces, origins_of(again)) == (passport.id, {"CL": Decimal("0.3"), "ZZ": Decimal("0.7")})
