"""What the issuer signs and revokes, on outcomes as the ledger makes them."""

import json
from hashlib import sha256

import pytest
from msgspec.structs import replace

from lodestream.credentials.encoding import digest_multibase, from_base64url
from lodestream.credentials.jsontext import parse_object
from lodestream.credentials.profile import IssuerProfile
from lodestream.credentials.record import CredentialRecord, StatusRecord
from lodestream.credentials.verify import verify
from lodestream.ledger.records import Outcome, Retold
from runtime.processor import RecordError
from schemas.topics import CREDENTIAL_STATUS, CREDENTIALS, ISSUER_CHANGELOG, TRANSACTIONS
from streams.issuer.office import Office
from streams.issuer.processor import IssuerProcessor
from tests.credentials.telling import CATHODE, CONCENTRATE, DID, KG, line, lot_state, outcome, published, signer, smelting
from tests.issuer.desk import OFFICE, Desk

ROD = "https://id.gs1.org/01/09521234000038/10/ROD-1"
ORE = "urn:mine:ore:7"
WIRE = "https://id.gs1.org/01/09521234000045/10/WIRE-1"
FINDING = "f" * 64
NOW_US = 1_741_200_000_000_000
YEAR_US = 31_556_952_000_000


def drawing(source: str, target: str, number: int) -> Outcome:
    return outcome(line("input", source, "5000", {"Cu": "4999"}), line("output", target, "4990", {"Cu": "4989"}), number=number)


def stating(told: Outcome, lot: str, **more: object) -> Outcome:
    """The outcome with more said of the state of one of its lots."""
    return replace(told, lots=[replace(one, **more) if one.lot == lot else one for one in told.lots])


def holding(lot: str, number: int, *findings: str, **more: object) -> Outcome:
    """A transaction that only changes what is found on a lot (a finding opened or resolved)."""
    one = line("output", lot, "10000", {"Cu": "9999"})
    return outcome(number=number, kind="link", lots=[lot_state(one, findings=list(findings), **more)])


def test_the_processor_is_as_the_runtime_wants_it() -> None:
    processor = IssuerProcessor(OFFICE)
    assert (processor.name, processor.inputs, processor.changelog) == ("issuer", (TRANSACTIONS,), ISSUER_CHANGELOG)
    with pytest.raises(ValueError, match="the key is of"):
        Office(signer(), IssuerProfile("did:web:other.example", "Other", "https://other.example"), bytes(32))


@pytest.mark.parametrize("years", [-1970, 8030])
def test_what_no_credential_can_say_gets_none_and_stops_nothing(years: int) -> None:
    """EPCIS takes the years 0 and, beyond UTC, 10000."""
    desk = Desk()
    assert desk(replace(smelting(), valid_time_us=years * YEAR_US)) == []
    assert len(desk(drawing(ROD, WIRE, 7))) == 2


def test_a_transformation_gets_a_credential_that_verifies() -> None:
    desk = Desk()
    record, status = desk(smelting())
    assert isinstance(record, CredentialRecord)
    assert isinstance(status, StatusRecord)
    assert (status.status, status.credential_id) == ("issued", record.id)
    assert record.lots == sorted(one.lot for one in smelting().lines)
    assert record.sha256 == sha256(record.envelope.encode()).hexdigest()
    assert [(o.topic, o.key.decode()) for o in desk.outputs] == [(CREDENTIALS, record.id), (CREDENTIAL_STATUS, record.id)]
    report = verify(record.envelope.encode(), published(), NOW_US)
    assert report.verified
    assert report.credential is not None
    assert (report.credential["id"], report.credential["issuer"]["id"]) == (record.id, record.issuer)
    assert record.issuer == DID


def test_the_same_transaction_is_byte_identical_and_issued_once() -> None:
    first, second = Desk(), Desk()
    first(smelting())
    second(smelting())
    assert first.outputs == second.outputs
    assert first.state == second.state
    assert first(smelting()) == []


@pytest.mark.parametrize("kind", ["create", "offer", "answer", "book", "link", "refuse", "destroy", "contain", "tick"])
def test_other_transactions_get_none(kind: str) -> None:
    assert Desk()(smelting(kind=kind)) == []


@pytest.mark.parametrize("fate", ["DUPLICATE", "NOTHING", "PARKED", "UNREADABLE"])
def test_what_is_no_transaction_gets_none(fate: str) -> None:
    assert Desk()(smelting(outcome=fate)) == []


@pytest.mark.parametrize("lot", [CONCENTRATE, CATHODE])
@pytest.mark.parametrize("field", ["findings", "inherited"])
def test_a_finding_on_what_it_drew_or_made_keeps_it_back(lot: str, field: str) -> None:
    made = smelting()
    desk = Desk()
    assert desk(stating(made, lot, **{field: [FINDING]})) == []
    record, _ = desk(holding(lot, 2))
    assert isinstance(record, CredentialRecord)
    assert record.txn_id == made.txn_id
    plain = Desk()
    plain(made)
    assert record.envelope == plain.issued[0].envelope, "late or not, the same transaction has the same credential"
    assert record.record_time_us == holding(lot, 2).record_time_us


def test_a_finding_upstream_keeps_it_back_until_it_is_resolved() -> None:
    desk = Desk()
    first = stating(smelting(), CONCENTRATE, parents=[ORE])
    second, third = stating(drawing(CATHODE, ROD, 2), CATHODE, parents=[CONCENTRATE]), drawing(ROD, WIRE, 3)
    third = stating(third, ROD, parents=[CATHODE])
    assert desk(holding(ORE, 9, FINDING)) == []
    assert desk(first) == []
    assert desk(second, third) == []
    desk(holding(ORE, 10))
    assert [desk.of(one) for one in (first, second, third)] == ["issued"] * 3


def test_two_findings_must_both_go() -> None:
    desk = Desk()
    made = stating(stating(smelting(), CONCENTRATE, parents=[ORE]), CATHODE, findings=["e" * 64])
    desk(holding(ORE, 9, FINDING), made)
    assert desk(holding(ORE, 10)) == []
    desk(holding(CATHODE, 11, parents=[CONCENTRATE]))
    assert desk.of(made) == "issued"


def test_a_later_finding_revokes_downstream_too() -> None:
    desk = Desk()
    first, second, third = smelting(), drawing(CATHODE, ROD, 2), drawing(ROD, WIRE, 3)
    apart = drawing("urn:other:in", "urn:other:out", 4)
    desk(first, second, third, apart)
    desk(holding(ROD, 9, FINDING, parents=[CATHODE]))
    assert [desk.of(one) for one in (first, second, third, apart)] == ["issued", "revoked", "revoked", "issued"]
    assert desk.reason(third) == FINDING
    desk(holding(ROD, 10, parents=[CATHODE]))
    old, new = desk.versions(second)
    assert (old.status, new.status) == ("revoked", "issued"), "revocation is final; what stands again is said anew"
    assert (old.replaced_by, old.reason) == (new.credential_id, FINDING)
    assert next(one for one in desk.issued if one.id == new.credential_id).replaces == old.credential_id


def test_what_is_made_while_a_lot_is_held_waits() -> None:
    desk = Desk()
    desk(smelting(), holding(CATHODE, 9, FINDING, parents=[CONCENTRATE]))
    late = stating(drawing(CATHODE, ROD, 2), CATHODE, findings=[FINDING], parents=[CONCENTRATE])
    assert desk(late) == []
    desk(holding(CATHODE, 10, parents=[CONCENTRATE]))
    assert [one.status for one in desk.versions(smelting())] == ["revoked", "issued"]
    assert [one.status for one in desk.versions(late)] == ["issued"]


def test_an_output_without_an_assay_waits_for_it() -> None:
    made = outcome(line("input", CONCENTRATE, "30000", {"Cu": "9000"}), line("output", CATHODE, "9000"))
    made = stating(made, CATHODE, assayed=False)
    desk = Desk()
    assert desk(made) == []
    assayed = line("output", CATHODE, "9000", {"Cu": "8999.1"})
    told = [Retold(made.event_id or "", CATHODE, False, 9000 * KG, 9000 * KG, {"Cu": 8999_100_000})]
    record, _ = desk(outcome(number=2, kind="assay", lots=[lot_state(assayed, parents=[CONCENTRATE])], retold=told))
    assert isinstance(record, CredentialRecord)
    report = verify(record.envelope.encode(), published(), NOW_US)
    assert report.credential is not None
    product = report.credential["credentialSubject"][0]["outputProduct"][0]["product"]
    assert str(product["characteristics"]["cuMassFraction"]) == "0.9999"
    assert str(product["characteristics"]["cuContainedMass"]["value"]) == "8999.1"


@pytest.mark.parametrize("named", ["by eventID", "by hash alone"])
def test_a_correction_revokes_what_it_reversed_and_its_corrective_takes_its_place(named: str) -> None:
    desk = Desk()
    first, second, sibling = smelting(), drawing(CATHODE, ROD, 2), drawing(CONCENTRATE, "urn:other:cathode", 3)
    desk(first, second, sibling)
    event_id = first.event_id if named == "by eventID" else None
    correctives = ["urn:uuid:corrective"]
    reversal = outcome(number=9, kind="correct", event_id=event_id, event_hash=first.event_hash, correctives=correctives)
    desk(reversal)
    assert [desk.of(one) for one in (first, second, sibling)] == ["revoked", "issued", "issued"]
    assert desk.reason(first) == reversal.txn_id
    corrective = smelting(txn_id="c" * 64, event_id="urn:uuid:corrective")
    desk(corrective)
    (made,) = desk.versions(corrective)
    assert made.status == "issued"
    assert desk.versions(first)[0].replaced_by == made.credential_id
    assert desk.issued[-1].replaces == desk.versions(first)[0].credential_id


def test_a_corrective_that_came_first_takes_its_place_too() -> None:
    desk = Desk()
    first, corrective = smelting(), smelting(txn_id="c" * 64, event_id="urn:uuid:corrective", event_hash="other")
    desk(first, corrective)
    desk(outcome(number=9, kind="correct", event_id=first.event_id, event_hash="", correctives=["urn:uuid:corrective"]))
    assert desk.versions(first)[0].replaced_by == desk.versions(corrective)[0].credential_id


def test_what_a_correction_changes_downstream_is_said_anew() -> None:
    """The grade of what was drawn is another: the credential that said it is revoked, and the new one names it."""
    desk = Desk()
    second = drawing(CATHODE, ROD, 2)
    desk(smelting(), second)
    told = [Retold(second.event_id or "", CATHODE, True, 5000 * KG, 5000 * KG, {"Cu": 4000 * KG})]
    desk(outcome(number=9, kind="correct", retold=told))
    assert desk.of(smelting()) == "issued"
    old, new = desk.versions(second)
    assert (old.status, old.replaced_by, new.status) == ("revoked", new.credential_id, "issued")
    said = parse_object(desk.issued[-1].envelope.encode(), "it")
    credential = parse_object(from_base64url(said["id"].split(".")[1]), "it")
    drawn = credential["credentialSubject"][0]["inputProduct"][0]["product"]["characteristics"]
    assert str(drawn["cuMassFraction"]) == "0.8"
    links = {one["linkType"]: one for one in credential["credentialSubject"][0]["relatedDocument"]}
    before = links["https://www.iana.org/assignments/relation/predecessor-version"]
    assert before["linkURL"] == old.credential_id
    assert before["digestMultibase"] == digest_multibase(desk.issued[1].sha256)


def test_what_is_retold_as_it_was_said_stays() -> None:
    desk = Desk()
    second = drawing(CATHODE, ROD, 2)
    desk(smelting(), second)
    told = [Retold(second.event_id or "", CATHODE, True, 5000 * KG, 5000 * KG, {"Cu": 4999 * KG})]
    assert desk(outcome(number=9, kind="correct", retold=told)) == []


def test_a_corrected_transformation_that_waited_is_never_issued() -> None:
    desk = Desk()
    made = smelting()
    desk(stating(made, CATHODE, findings=[FINDING]))
    desk(outcome(number=9, kind="correct", event_id=made.event_id, event_hash=made.event_hash))
    desk(holding(CATHODE, 10, parents=[CONCENTRATE]))
    assert desk.of(made) == ""


def test_a_corrected_shipment_revokes_nothing_else() -> None:
    desk = Desk()
    shipped = outcome(line("object", CATHODE, "10000", {"Cu": "9999"}), number=20, kind="ship")
    shipped = stating(shipped, CATHODE, parents=[CONCENTRATE])
    desk(smelting(), shipped)
    desk(outcome(number=21, kind="correct", event_id=shipped.event_id, event_hash=shipped.event_hash))
    assert desk.of(smelting()) == "issued"


def test_sites_are_apart() -> None:
    """The same lot id at two sites is two lots: a finding at one keeps nothing back at the other."""
    desk = Desk()
    elsewhere = holding(CONCENTRATE, 5, FINDING)
    elsewhere = replace(elsewhere, site="urn:other:site", lots=[replace(elsewhere.lots[0], site="urn:other:site")])
    desk(elsewhere, smelting())
    assert desk.of(smelting()) == "issued"


def test_batches_do_not_matter() -> None:
    """One batch or one record each: the same outputs and the same state."""
    story = [
        holding(CONCENTRATE, 8, FINDING),
        smelting(),
        drawing(CATHODE, ROD, 2),
        holding(CONCENTRATE, 9),
        drawing(ROD, WIRE, 3),
        holding(CATHODE, 10, "d" * 64, parents=[CONCENTRATE]),
        holding(CATHODE, 11, parents=[CONCENTRATE]),
        outcome(number=12, kind="correct", event_id=drawing(ROD, WIRE, 3).event_id, event_hash=""),
    ]
    whole, single = Desk(), Desk()
    whole(*story)
    for one in story:
        single(one)
    assert whole.outputs == single.outputs
    assert whole.state == single.state
    assert len(whole.status) == 5, "three transformations, two of them said anew when the hold went"


def test_a_tank_that_is_filled_from_what_was_drawn_from_it() -> None:
    """Lineage with a cycle: held and released like any other, and it ends."""
    tank, drum = "urn:tank:1", "urn:drum:1"
    desk = Desk()
    fill, back = drawing(tank, drum, 2), drawing(drum, tank, 3)
    back = stating(stating(back, tank, parents=[drum]), drum, parents=[tank])
    desk(fill, back)
    assert (desk.of(fill), desk.of(back)) == ("issued", "issued")
    desk(holding(tank, 4, FINDING, parents=[drum]))
    assert (desk.of(fill), desk.of(back)) == ("revoked", "revoked")
    desk(holding(tank, 5, parents=[drum]))
    again = stating(drawing(drum, "urn:drum:2", 6), drum, parents=[tank])
    desk(again)
    assert desk.of(again) == "issued"


def test_state_of_another_version_is_named() -> None:
    desk = Desk()
    desk(smelting())
    desk.state = {key: b"\x07" + value[1:] for key, value in desk.state.items()}
    with pytest.raises(RecordError, match="version 7") as raised:
        desk(smelting())
    assert raised.value.about["site"] == smelting().site


def test_what_is_published_holds_no_key() -> None:
    desk = Desk()
    desk(smelting())
    payload = json.dumps(parse_object(desk.issued[0].envelope.encode(), "it"))
    assert bytes(range(32)).hex() not in payload
