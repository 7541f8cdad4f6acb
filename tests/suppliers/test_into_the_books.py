"""A supplier's lot in our books: opened by a credential, shipped, received with the supplier's shares and carbon."""

import json
from typing import Any

from msgspec.structs import replace

from lodestream.credentials.profile_file import parse_profile
from streams.issuer.office import Office as IssuerOffice
from tests.credentials.telling import PROFILE, signer
from tests.issuer.desk import Desk
from tests.suppliers.supplying import LOT, OURS, WORKS, Office, dcc, dpp, dte, make, material, move, passport, product

KG = 10**6


def received(lot: str = LOT, kg: str = "2000", event: str = "urn:test:receipt:1", **item: Any) -> bytes:
    """Our own receipt."""
    one = {"crm:role": "object", "crm:id": lot, "crm:massBasis": "dry"} | item
    return json.dumps(
        {
            "@context": [
                "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
                {"crm": "https://w3id.org/lodestream/crm/v1/"},
            ],
            "type": "ObjectEvent",
            "eventID": event,
            "eventTime": "2025-03-09T10:00:00Z",
            "eventTimeZoneOffset": "+00:00",
            "action": "OBSERVE",
            "bizStep": "receiving",
            "quantityList": [{"epcClass": lot, "quantity": float(kg), "uom": "KGM"}],
            "bizLocation": {"id": OURS},
            "bizTransactionList": [{"type": "bol", "bizTransaction": "urn:carrier:BL-0310"}],
            "crm:receipt": "final",
            "crm:materials": [one],
        }
    ).encode()


def test_a_lot_is_received_with_the_suppliers_shares_and_carbon() -> None:
    office = Office()
    office(dpp(), dte(make()), dte(move(), name="2"))
    made = office.lot(WORKS)
    assert made.contained_mg == {"Cu": 7_999_200_000}
    assert made.embodied_g_co2e == 30_400_000
    office.deliver(received(), "local")
    ours = office.lot(OURS)
    assert ours.dry_mg == 2_000 * KG
    assert ours.contained_mg == {"Cu": 1_999_800_000}
    assert ours.shares == {"Cu": {"JP - scrap -": 239_976_000, "ZM - mine -": 1_759_824_000}}
    assert (ours.embodied_g_co2e, ours.uncovered_mg) == (7_600_000, 0)
    assert office.open() == set()


def test_without_a_passport_nothing_is_known_but_the_metal() -> None:
    office = Office()
    office(dte(make()))
    lot = office.lot(WORKS)
    assert lot.shares == {"Cu": {"ZZ - external -": 9_999_000_000}}
    assert (lot.embodied_g_co2e, lot.uncovered_mg) == (0, 10_000 * KG)


def test_the_order_of_credentials_does_not_matter() -> None:
    """A passport that comes later corrects what was opened without it, down to what we received."""
    first, later = Office(), Office()
    first(dcc(), dpp(), dte(make()), dte(move(), name="2"))
    first.deliver(received(), "local")
    later(dte(move(), name="2"))
    assert later.open() >= {"PHANTOM_STOCK"}
    later(dte(make()))
    later.deliver(received(), "local")
    assert later.lot(OURS).shares == {"Cu": {"ZZ - external -": 1_999_800_000}}
    later(dpp(), dcc())
    for office in (first, later):
        assert office.lot(OURS).shares == {"Cu": {"JP - scrap copper-mark": 239_976_000, "ZM - mine copper-mark": 1_759_824_000}}
        assert office.lot(OURS).embodied_g_co2e == 7_600_000
        assert office.fold.accounts() == first.fold.accounts()
        assert office.open() == set()


def test_the_same_credential_again_is_nothing_and_its_documents_again_a_duplicate() -> None:
    office = Office()
    office(dpp(), dte(make()))
    sent = list(office.sent)
    assert office(dte(make())) == []
    assert [one.outcome for one in office.deliver(sent[0])] == ["DUPLICATE"]
    assert office.lot(WORKS).dry_mg == 10_000 * KG


def test_primary_production_is_mined_where_it_was_made() -> None:
    office = Office()
    office(dpp(materials(country=None)), dte(make(inputs=[])))
    assert office.lot(WORKS).shares == {"Cu": {f"JP {WORKS} mine -": 9_999_000_000}}


def materials(country: str | None) -> dict[str, Any]:
    return passport() | {"materialProvenance": [] if country is None else [material("Copper", country, "1")]}


def test_a_credential_that_is_used_for_two_lots_is_overdrawn() -> None:
    """F25 at our site: the digest of the refinery's credential on two receipts."""
    office = Office()
    backed = {"crm:credential": f"sha256:{'0' * 64}", "crm:credentialMass": "2000"}
    office(dte(make()), dte(move(), name="2"))
    office.deliver(received(**backed), "local")
    assert office.open(OURS) == set()
    office.deliver(received(f"{LOT}-2", event="urn:test:receipt:2", **backed), "local")
    assert "VC_OVERDRAWN" in office.open(OURS)


def test_a_second_batch_under_the_first_ones_credential_is_overdrawn_at_the_supplier() -> None:
    """Whoever sends the credential's document by another way, with more mass, meets F25."""
    office = Office()
    office(dte(make()))
    event = json.loads(office.sent[0])
    told = event["epcisBody"]["eventList"][0]
    told["eventID"], told["eventTime"] = "urn:test:again", "2025-03-05T08:00:00+09:00"
    office.deliver(json.dumps(event).encode())
    assert office.open(WORKS) == {"VC_OVERDRAWN", "ID_REUSED"}


def test_several_lots_of_one_credential_are_each_backed_by_their_own_line() -> None:
    office = Office()
    office(dte(make(product("A", "6000", characteristics=held("5999")), product("B", "4000", characteristics=held("3999")))))
    assert office.open() == set()
    assert [lot.dry_mg for lot in office.fold.lots()] == [6_000 * KG, 4_000 * KG]
    items = json.loads(office.sent[0])["epcisBody"]["eventList"][0]["crm:materials"]
    assert [item["crm:credential"][-2:] for item in items] == ["#1", "#2"]


def held(kg: str) -> dict[str, Any]:
    return {"cuContainedMass": {"value": int(kg), "unit": "KGM"}}


def test_a_single_thing_has_the_weight_in_its_passport() -> None:
    single = {"idGranularity": "item", "itemNumber": "S-1", "batchNumber": "2025-Q1-0812"}
    office = Office()
    office(
        dpp(passport() | single | {"dimensions": {"weight": {"value": 125, "unit": "KGM"}}}),
        dte(make(product(kg=None, characteristics=held("124"), **single))),
    )
    lot = office.lot(WORKS, "https://id.gs1.org/01/09521234000021/21/S-1")
    assert (lot.dry_mg, lot.contained_mg, lot.embodied_g_co2e) == (125 * KG, {"Cu": 124 * KG}, 475_000)


def test_a_reissue_with_the_same_content_sends_nothing() -> None:
    office = Office()
    office(dte(make()))
    assert office(reissued(make())) == []
    assert len(office.sent) == 1
    assert office.cabinet.opened[REF].evidence == [newest(office)]


REF = "did:web:sample-refinery.example.com https://refinery.example.com/events/make-1"


def newest(office: Office) -> str:
    return max(office.cabinet.accepted.values(), key=lambda one: one.valid_from).digest


def reissued(*events: dict[str, Any]) -> dict[str, Any]:
    return dte(*events, name="1-2", validFrom="2025-03-07T00:00:00Z")


def test_a_reissue_with_less_corrects_what_was_opened() -> None:
    office = Office()
    office(dte(make()), dte(move(), name="2"))
    office.deliver(received(), "local")
    office(reissued(make(product(kg="9000", characteristics=held("8990")))))
    assert office.lot(WORKS).dry_mg == 7_000 * KG
    assert office.lot(OURS).contained_mg == {"Cu": 1_997_777_778}
    assert office.open() == set()


def test_a_successor_that_does_not_tell_the_event_any_more_takes_it_back() -> None:
    office = Office()
    office(dte(make()))
    link = {"linkURL": dte()["id"], "linkName": "replaces", "linkType": "predecessor-version"}
    other = make(product("OTHER", characteristics=held("9999")), id="https://refinery.example.com/events/make-9")
    office(reissued(other | {"relatedDocument": [link]}))
    assert {lot.lot: lot.dry_mg for lot in office.fold.lots() if lot.dry_mg} == {
        LOT.replace("2025-Q1-0812", "OTHER"): 10_000 * KG
    }
    assert office.cabinet.opened[REF].event == ""


def stand(office: Office, standing: str, digest: str | None = None) -> str:
    one = office.cabinet.accepted[digest or office.cabinet.opened[REF].evidence[0]]
    office.cabinet.stand(replace(one, standing=standing, reason="" if standing == "good" else "its status list says so"))
    return one.digest


def holds(office: Office, site: str, lot: str = LOT) -> list[str]:
    one = office.lot(site, lot)
    return sorted({*one.findings, *one.inherited})


def with_rod() -> Office:
    office = Office()
    office(dpp(), dte(make()), dte(move(), name="2"))
    office.deliver(received(), "local")
    office.deliver(drawn(), "local")
    return office


ROD = "urn:ours:rod:1"


def drawn() -> bytes:
    """A run of ours: 1,000 kg of the received lot to a rod."""
    assay = {"crm:substance": "Cu", "crm:value": "99.98", "crm:unit": "P1"}
    event = json.loads(received(event="urn:test:rod"))
    for name in ("action", "quantityList", "bizTransactionList", "crm:receipt"):
        del event[name]
    event |= {
        "type": "TransformationEvent",
        "eventTime": "2025-03-10T06:00:00Z",
        "bizStep": "commissioning",
        "inputQuantityList": [{"epcClass": LOT, "quantity": 1000, "uom": "KGM"}],
        "outputQuantityList": [{"epcClass": ROD, "quantity": 1000, "uom": "KGM"}],
        "crm:materials": [
            {"crm:role": "input", "crm:id": LOT, "crm:massBasis": "dry"},
            {"crm:role": "output", "crm:id": ROD, "crm:massBasis": "dry", "crm:assays": [assay]},
        ],
    }
    return json.dumps(event).encode()


def test_a_revocation_holds_the_lot_what_we_received_and_what_we_made_of_it() -> None:
    """VC_REVOKED at the supplier's site; our lots inherit it, and are free when the reissue comes."""
    office = with_rod()
    assert holds(office, OURS) == []
    digest = stand(office, "revoked")
    office.review()
    ((site, finding),) = [(s, f) for s, f in office.fold.open_findings() if f.code == "VC_REVOKED"]
    assert (site, finding.rule, finding.severity, finding.lots) == (WORKS, "F51", "hold", [LOT])
    assert finding.inputs == [WORKS, f"sha256:{digest}", "revoked"]
    assert holds(office, WORKS) == [finding.id]
    assert holds(office, OURS) == [finding.id]
    assert upstream(office, ROD) == {finding.id}
    assert office.review() == [], "told once"
    office(reissued(make()))
    assert holds(office, WORKS) == holds(office, OURS) == []
    assert upstream(office, ROD) == set()


def upstream(office: Office, lot: str) -> set[str]:
    """The findings on a lot of ours and on all that it was made of."""
    one = office.lot(OURS, lot)
    return {*one.findings, *one.inherited}.union(*(upstream(office, parent) for parent in one.parents))


def test_a_status_that_comes_back_frees_and_one_that_goes_again_holds_again() -> None:
    office = with_rod()
    for _ in range(2):
        stand(office, "suspended")
        office.review()
        assert office.open() == {"VC_REVOKED"}
        stand(office, "good")
        office.review()
        assert office.open() == set()
        assert holds(office, OURS) == []
    assert [raised.turn for raised in office.raised.values()] == [4]


def test_a_revoked_passport_holds_too_until_there_is_another() -> None:
    office = with_rod()
    stand(office, "revoked", office.cabinet.opened[REF].evidence[1])
    office.review()
    assert holds(office, OURS) != []
    office(dpp(name="2", validFrom="2025-03-08T00:00:00Z"))
    assert holds(office, OURS) == []


def test_a_lot_that_comes_to_rest_on_a_revoked_credential_is_added_to_its_finding() -> None:
    """A passport of the model is of every batch."""
    model = passport() | {"idGranularity": "model"}
    del model["batchNumber"]
    office = Office()
    office(dpp(model), dte(make()))
    stand(office, "revoked", office.cabinet.opened[REF].evidence[1])
    office.review()
    two = make(product("B2", characteristics=held("9999")), id="https://refinery.example.com/events/make-2")
    office(dte(two, name="3"))
    second = LOT.replace("2025-Q1-0812", "B2")
    assert [f.lots for _, f in office.fold.open_findings()] == [[LOT, second]]
    assert holds(office, WORKS) == holds(office, WORKS, second) != []


def test_only_the_source_of_credentials_may_write_the_suppliers_book() -> None:
    office = Office()
    office(dte(make()))
    outcomes = office.deliver(office.sent[0].replace(b"urn:uuid:", b"urn:test:"), "local")
    assert [f.code for one in outcomes for f in one.findings] == ["NOT_AUTHORISED"]


def test_our_own_credential_on_what_we_made_of_it_is_revoked_and_issued_anew() -> None:
    """What the ledger tells of our site is all that our issuer needs to see."""
    office, issuer = Office(), Desk()
    outcomes = office(dpp(), dte(make()), dte(move(), name="2"))
    outcomes += office.deliver(received(), "local") + office.deliver(drawn(), "local")
    issuer(*(one for one in outcomes if one.site == OURS))
    (run,) = (one for one in outcomes if one.kind == "transform")
    assert issuer.of(run) == "issued"
    digest = stand(office, "revoked")
    issuer(*(one for one in office.review() if one.site == OURS))
    assert issuer.of(run) == "revoked"
    assert issuer.reason(run) == office.raised[issuer.reason(run)].finding.id
    assert office.raised[issuer.reason(run)].finding.inputs[1] == f"sha256:{digest}"
    issuer(*(one for one in office(reissued(make())) if one.site == OURS))
    assert [one.status for one in issuer.versions(run)] == ["revoked", "issued"]


def test_nothing_is_issued_about_a_suppliers_site_that_the_profile_keeps_silent() -> None:
    """What happened there is the supplier's to sign, and he has."""
    office = Office()
    outcomes = office(dpp(), dte(make()), dte(move(), name="2")) + office.deliver(received(), "local")
    outcomes += office.deliver(drawn(), "local")
    loud = Desk()
    loud(*outcomes)
    assert WORKS in {one.site for one in loud.issued}
    (silent,) = parse_profile(SILENT).facilities.items()
    profile = replace(PROFILE, facilities=dict([silent]))
    issuer = Desk(IssuerOffice(signer(), profile, bytes(range(32))))
    issuer(*outcomes)
    assert {one.site for one in issuer.issued} == {OURS}


SILENT = f"""
[facilities."{WORKS}"]
passports = "none"
events = "none"
conformity = "none"
record = "none"
"""
