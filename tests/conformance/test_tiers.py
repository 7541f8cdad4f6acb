"""Each tier on sets of our own: what passes, what fails, in which place and by which clause."""

import json
from hashlib import sha256
from typing import Any

import pytest

from lodestream.conformance.findings import Check, Report
from lodestream.credentials.access import lock
from lodestream.credentials.bundle import Bundle
from lodestream.credentials.encoding import digest_multibase
from lodestream.credentials.signer import Signer
from lodestream.credentials.status import Bitstring, status_list
from tests.conformance.sets import by_file, check, credential, did_json, make, product, said, signed
from tests.credentials.telling import NOW_US, signer

LIST_URL = "https://refinery.example/status/1"
ENTRY = {
    "type": "BitstringStatusListEntry",
    "statusPurpose": "revocation",
    "statusListIndex": 94_567,
    "statusListCredential": LIST_URL,
}


def outcome(report: Report, rule: str, file: str = "it.json") -> list[Check]:
    return [each for one in report.files if one.file == file for each in one.checks if each.rule == rule]


def result(report: Report, rule: str, file: str = "it.json") -> str:
    (only,) = outcome(report, rule, file)
    return only.result


@pytest.mark.parametrize("securing", ["vc+jwt", "eddsa-jcs-2022"])
def test_signed_set_conforms(securing: Any, bundle: Bundle) -> None:
    report = check({"it.json": signed(credential(), securing=securing), "did.json": did_json()}, bundle)
    assert by_file(report) == {}
    assert report.conforms
    assert report.files[1].securing == securing
    assert result(report, "PROOF-HOLDS") == "passed"


def test_bare_jws_is_a_credential_too() -> None:
    envelope = json.loads(signed(credential()))
    bare = envelope["id"].partition(",")[2].encode()
    assert result(check({"it.json": bare, "did.json": did_json()}), "PROOF-HOLDS") == "passed"


def test_changed_text_fails_the_tier_of_proof_and_no_other() -> None:
    data = signed(credential(), securing="eddsa-jcs-2022").replace(b"Smelting run", b"Smelting ruin")
    report = check({"it.json": data, "did.json": did_json()})
    assert by_file(report) == {"it.json": [("PROOF-HOLDS", "/proof")]}
    assert "signature" in outcome(report, "PROOF-HOLDS")[0].found.lower()


def test_key_of_another_is_not_the_issuers() -> None:
    other = signer(bytes(32))
    report = check({"it.json": signed(credential(), other), "did.json": did_json()})
    assert by_file(report, "failed") == {"it.json": [("PROOF-HOLDS", "")]}
    clause = outcome(report, "PROOF-HOLDS")[0].clause
    assert clause == "RFC 7515 section 5.2; VC Data Integrity 1.0 section 4"


def test_without_the_did_document_the_proof_is_not_checked_and_the_rest_is() -> None:
    report = check({"it.json": signed(credential())})
    (only,) = outcome(report, "PROOF-HOLDS")
    assert (only.result, only.found) == ("not checked", f"no file of the set is the DID document of {signer().did}")
    assert result(report, "MB-ELEMENT") == "passed"


def test_did_document_without_keys_for_assertions() -> None:
    report = check({"did.json": b'{"id":"did:web:a.example"}', "it.json": signed(credential())})
    assert by_file(report, "failed") == {"did.json": [("DID-DOCUMENT", "/assertionMethod")]}


DATA_MODEL = {
    "VCDM-CONTEXT": ("/@context", {"@context": ["https://example.com/"]}),
    "VCDM-ID": ("/id", {"id": 7}),
    "VCDM-TYPE": ("/type", {"type": ["DigitalTraceabilityEvent"]}),
    "VCDM-ISSUER": ("/issuer", {"issuer": {"name": "nobody"}}),
    "VCDM-SUBJECT": ("/credentialSubject", {"credentialSubject": {}}),
    "VCDM-VALIDITY": ("/validFrom", {"validFrom": "2025-03-05"}),
    "VCDM-VALIDITY-ORDER": ("/validUntil", {"validUntil": "2024-03-05T00:00:00Z"}),
    "UNTP-ISSUER-DID": ("/issuer", {"issuer": {"id": "https://refinery.example", "name": "Refinery"}}),
    "UNTP-ID": ("/id", {"id": "dte/1"}),
}


@pytest.mark.parametrize("rule", DATA_MODEL)
def test_data_model(rule: str) -> None:
    pointer, change = DATA_MODEL[rule]
    report = check({"it.json": json.dumps(credential(**change)).encode()})
    assert (rule, pointer) in by_file(report, "failed")["it.json"]
    assert outcome(report, rule)[0].clause.startswith(("VCDM 2.0 section 4.", "UNTP VC profile"))
    assert result(check({"it.json": json.dumps(credential()).encode()}), rule) == "passed"


@pytest.mark.parametrize("when", [("VCDM-VALID-NOW", "/validUntil", {"validUntil": "2025-03-05T07:00:00Z"}),
                                  ("VCDM-VALID-NOW", "/validFrom", {"validFrom": "2026-01-01T00:00:00Z"})])  # fmt: skip
def test_out_of_date_is_a_warning(when: tuple[str, str, dict[str, str]]) -> None:
    rule, pointer, change = when
    assert (rule, pointer) in by_file(check({"it.json": json.dumps(credential(**change)).encode()}), "warning")["it.json"]


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"{", "NOT_JSON"),
        (b"a.b", "JWS"),
        (b"\xff\xfe", "JWS"),
        (b"[" * 100, "TOO_DEEP"),
        (b'{"a":1,"a":2}', "NOT_JSON"),
        (b'{"a":NaN}', "NUMBER"),
        (b"", "JWS"),
    ],
)
def test_unreadable_file_says_why(data: bytes, found: str) -> None:
    report = check({"it.json": data})
    assert by_file(report) == {"it.json": [("FORM", "")]}
    assert said(report, "it.json", "FORM")[0].startswith(found)


def test_json_that_is_no_credential_and_locked_copies_are_not_checked() -> None:
    report = check({"a.json": b'{"type":["Criterion"]}', "b.json": lock(b"secret", bytes(32))})
    assert report.conforms
    assert "no credential" in said(report, "a.json", "FORM")[0]
    assert "locked copy" in said(report, "b.json", "FORM")[0]


def test_schema_names_the_place_and_the_schema(bundle: Bundle) -> None:
    event = make() | {"outputProduct": [product("cathode", 8_900) | {"disposition": "in_transit"}]}
    report = check({"it.json": json.dumps(credential(credentialSubject=[event])).encode()}, bundle)
    only = outcome(report, "SCHEMA-UNTP")[0]
    assert only.pointer == "/credentialSubject/0/outputProduct/0/disposition"
    assert only.clause.endswith("/v0.7.0/dte/DigitalTraceabilityEvent.json")


def test_extension_context_that_is_not_in_the_bundle_is_not_checked(bundle: Bundle) -> None:
    its = credential()
    its["@context"].append("https://refinery.example/context/")
    report = check({"it.json": json.dumps(its).encode()}, bundle)
    (only,) = outcome(report, "LD-STRICT")
    assert (only.result, "https://refinery.example/context/" in only.found) == ("not checked", True)


def listed(*revoked: int, by: Signer | None = None) -> bytes:
    owner = by or signer()
    return signed(status_list(LIST_URL, owner.did, Bitstring.empty().set(*revoked), NOW_US - 10**9), owner)  # type: ignore[arg-type]


def test_revoked_by_the_list_of_the_set() -> None:
    files = {"it.json": signed(credential(credentialStatus=ENTRY)), "did.json": did_json(), "list.json": listed(94_567)}
    report = check(files)
    assert by_file(report, "failed") == {"it.json": [("STATUS-BIT", "/credentialStatus")]}
    assert said(report, "it.json", "STATUS-BIT") == ["revocation: entry 94567 of list.json is set"]


def test_not_revoked_counts_only_where_the_list_is_proven() -> None:
    its = signed(credential(credentialStatus=ENTRY))
    assert result(check({"it.json": its, "did.json": did_json(), "list.json": listed()}), "STATUS-BIT") == "passed"
    assert result(check({"it.json": its, "list.json": listed()}), "STATUS-BIT") == "not checked"  # no key for it
    unsigned = json.dumps(status_list(LIST_URL, signer().did, Bitstring.empty(), NOW_US - 10**9)).encode()
    assert result(check({"it.json": its, "did.json": did_json(), "list.json": unsigned}), "STATUS-BIT") == "not checked"
    assert result(check({"it.json": its, "did.json": did_json()}), "STATUS-BIT") == "not checked"


@pytest.mark.parametrize("change", [{"statusListIndex": -1}, {"statusListIndex": "x"}, {"type": "StatusList2021Entry"}])
def test_malformed_entry(change: dict[str, Any]) -> None:
    report = check({"it.json": json.dumps(credential(credentialStatus=ENTRY | change)).encode()})
    assert ("STATUS-ENTRY", "/credentialStatus") in by_file(report)["it.json"]
    assert said(report, "it.json", "STATUS-ENTRY")[0].startswith("MALFORMED_VALUE_ERROR")


def test_index_beyond_the_list() -> None:
    files = {"it.json": signed(credential(credentialStatus=ENTRY | {"statusListIndex": 10**9})), "list.json": listed()}
    assert said(check(files), "it.json", "STATUS-BIT")[0].startswith("RANGE_ERROR")


def test_short_list() -> None:
    its = json.loads(json.dumps(status_list(LIST_URL, signer().did, Bitstring.empty(), NOW_US)))
    its["credentialSubject"]["encodedList"] = Bitstring(bytes(100)).encode()
    report = check({"list.json": json.dumps(its).encode()})
    assert ("STATUS-LIST", "/credentialSubject/encodedList") in by_file(report)["list.json"]
    assert said(report, "list.json", "STATUS-LIST")[0].startswith("STATUS_LIST_LENGTH_ERROR")


def test_more_goes_than_came() -> None:
    events = [make(product("conc", 100, 0.3), outputs=[product("cathode", 30, 1)])]
    move = {
        "type": ["MoveEvent"],
        "eventDate": "2025-03-10T14:00:00Z",
        "activityType": {"code": "shipping"},
        "movedProduct": [product("cathode", 31)],
        "fromFacility": {"id": "https://refinery.example/facility/2"},
        "toFacility": {"id": "urn:f:3", "name": "Battery"},
        "consignmentId": "urn:c:1",
    }
    report = check({"it.json": json.dumps(credential(credentialSubject=[*events, move])).encode()})
    (only,) = outcome(report, "MB-OVERDRAWN")
    assert (only.result, only.pointer) == ("failed", "/credentialSubject/1")
    assert "30 kg of" in only.found
    assert "31 kg went" in only.found


def test_shipment_and_receipt_bring_the_goods_once_and_a_count_closes_the_stock() -> None:
    def move(step: str, when: str) -> dict[str, Any]:
        return {
            "type": ["MoveEvent"],
            "eventDate": when,
            "activityType": {"code": step},
            "movedProduct": [product("conc", 100)],
            "fromFacility": {"id": "urn:f:1"},
            "toFacility": {"id": "https://refinery.example/facility/2"},
            "consignmentId": "urn:c:1",
        }

    run = make(product("conc", 60, 0.3), outputs=[product("cathode", 18, 1)])
    count = {
        "type": ["ModifyEvent"],
        "activityType": {"code": "stock_taking"},
        "modifiedProduct": [product("conc", 40)],
        "modifiedAtFacility": {"id": "https://refinery.example/facility/2"},
    }
    mine = "did:web:mine.example"
    sent = credential(1, issuer={"id": mine, "name": "Mine"}, credentialSubject=[move("shipping", "2025-03-01T00:00:00Z")])
    own = [move("receiving", "2025-03-02T00:00:00Z"), run]

    def files(*events: dict[str, Any]) -> dict[str, bytes]:
        received = credential(2, credentialSubject=list(events))
        return {"sent.json": json.dumps(sent).encode(), "it.json": json.dumps(received).encode()}

    open_stock = check(files(*own))
    assert "40 kg of" in said(open_stock, "it.json", "MB-STOCK")[0]
    assert result(open_stock, "MOVE-RECEIVED", "sent.json") == "passed"
    closed = check(files(*own, count))
    assert (result(closed, "MB-STOCK"), result(closed, "MB-OVERDRAWN")) == ("passed", "passed")


def test_receipt_that_the_sender_tells_itself() -> None:
    def move(step: str) -> dict[str, Any]:
        return {"type": ["MoveEvent"], "activityType": {"code": step}, "movedProduct": [], "consignmentId": "urn:c:1"}

    report = check({"it.json": json.dumps(credential(credentialSubject=[move("shipping"), move("receiving")])).encode()})
    assert "is told by the sender" in said(report, "it.json", "MOVE-RECEIVED")[0]


def test_batch_without_a_quantity() -> None:
    entry = product("cathode", 1)
    del entry["quantity"]
    report = check({"it.json": json.dumps(credential(credentialSubject=[make(outputs=[entry])])).encode()})
    assert ("MB-QUANTITY", "/credentialSubject/0/outputProduct/0") in by_file(report, "warning")["it.json"]


def passport(**more: Any) -> dict[str, Any]:
    subject = {"type": ["Product"], "id": "https://refinery.example/p/cathode", "batchNumber": "B-1", "idGranularity": "batch"}
    return credential(
        3, type=["DigitalProductPassport", "VerifiableCredential"], id="https://refinery.example/dpp/3",
        credentialSubject=subject | more,
    )  # fmt: skip


def test_recycled_content_up_to_what_went_in() -> None:
    run = make(product("conc", 30_000, 0.3), product("copper scrap", 1_200, 1), outputs=[product("cathode", 10_000, 1)])
    dte = json.dumps(credential(credentialSubject=[run])).encode()
    for share, expected in ((0.12, "passed"), (0.15, "failed")):
        provenance = [{"name": "Copper", "massFraction": 1, "recycledMassFraction": share}]
        files = {"run.json": dte, "it.json": json.dumps(passport(materialProvenance=provenance)).encode()}
        assert result(check(files), "MB-RECYCLED") == expected


def test_claim_is_assessed_by_topic_criterion_product_and_conformance() -> None:
    claim = {
        "name": "Footprint",
        "referenceCriteria": [{"id": "urn:c:26"}],
        "conformityTopic": [{"id": "https://vocabulary.uncefact.org/conformity-topics/greenhouse-gas-emissions"}],
    }
    assessment = {
        "assessmentCriteria": [{"id": "urn:c:26"}],
        "conformityTopic": [{"id": "https://vocabulary.uncefact.org/conformity-topic/greenhouse-gas-emissions"}],
        "assessedProduct": [{"product": {"id": "https://refinery.example/p/cathode", "batchNumber": "B-1"}}],
        "conformance": True,
    }

    def why(**change: Any) -> list[str]:
        dcc = credential(
            5, type=["DigitalConformityCredential", "VerifiableCredential"],
            credentialSubject={"conformityAssessment": [assessment | change]},
        )  # fmt: skip
        files = {"it.json": passport(performanceClaim=[claim]), "dcc.json": dcc}
        return said(check({name: json.dumps(value).encode() for name, value in files.items()}), "it.json", "CLAIM-ASSESSED")

    assert why() == []
    assert "does not say that it conforms" in why(conformance=False)[0]
    assert "criterion ids differ: the claim names urn:c:26, dcc.json urn:c:27" in why(assessmentCriteria=[{"id": "urn:c:27"}])[0]
    assert "no assessment of this product is on the topic" in why(conformityTopic=[{"id": "x/water"}])[0]
    another = [{"product": {"id": "https://refinery.example/p/cathode", "batchNumber": "B-2"}}]
    assert "no assessment of the set is of this product" in why(assessedProduct=another)[0]
    facility = [{"facility": {"id": "urn:f:1"}}]
    assert "of a facility" in why(assessedProduct=[], assessedFacility=facility)[0]


def test_digest_of_a_link_is_that_of_the_bytes() -> None:
    target = json.dumps(credential()).encode()
    right = digest_multibase(sha256(target).hexdigest())

    def fault(**link: str) -> list[str]:
        its = passport(relatedDocument=[{"linkURL": "https://refinery.example/dte/1"} | link])
        return said(check({"it.json": json.dumps(its).encode(), "run.json": target}), "it.json", "LINK-DIGEST")

    assert fault(digestMultibase=right) == []
    assert fault(hashDigest=sha256(target).hexdigest().upper()) == []
    wrong = digest_multibase(sha256(b"another").hexdigest())
    assert fault(digestMultibase=wrong) == [f"it links to run.json: its digest is not {wrong}"]
    assert "cannot be read" in fault(digestMultibase="zQm0")[0]
    assert "hashDigest" in fault(hashDigest="00")[0]


def test_identity() -> None:
    anchor = credential(
        4, type=["DigitalIdentityAnchor", "VerifiableCredential"], id="https://register.example/dia/1",
        issuer={"id": "did:web:register.example", "name": "Register"},
        credentialSubject={
            "id": signer().did, "registeredId": "REF-1", "registerType": "accreditation",
            "idScheme": {"id": "https://www.register.example"},
        },
    )  # fmt: skip
    party = {"id": signer().did, "registeredId": "REF-1", "idScheme": {"id": "https://register.example"}}
    its = passport(relatedParty=[{"role": "manufacturer", "party": party}])
    report = check({"dia.json": json.dumps(anchor).encode(), "it.json": json.dumps(its).encode()})
    rules = ("DIA-ANCHOR", "DIA-REGISTERED-ID", "DPP-PRODUCER")
    assert [result(report, rule) for rule in rules] == ["passed"] * 3
    assert result(report, "DIA-02", "dia.json") == "passed"
    party |= {"id": "did:web:another.example"}
    report = check({"it.json": json.dumps(its).encode()})
    assert ("DPP-PRODUCER", "/issuer/id") in by_file(report, "failed")["it.json"]
    anchor["issuer"] = {"id": "did:web:elsewhere.example"}
    report = check({"dia.json": json.dumps(anchor).encode()})
    assert ("DIA-02", "/credentialSubject/idScheme/id") in by_file(report, "failed")["dia.json"]


def test_no_more_than_a_hundred_faults_of_one_rule_are_told() -> None:
    many = [product(f"p{number}", 1) | {"quantity": None} for number in range(150)]
    report = check({"it.json": json.dumps(credential(credentialSubject=[make(*many)])).encode()})
    told = outcome(report, "MB-QUANTITY")
    assert len(told) == 100
    assert told[-1].found.endswith("(and 50 more)")


def test_more_values_than_are_expanded_are_counted_in_the_signed_text(bundle: Bundle) -> None:
    its = credential(credentialSubject=[make() | {"many": list(range(110_000))}])
    (only,) = outcome(check({"it.json": signed(its)}, bundle), "LD-STRICT")
    assert (only.result, "more than 100000 values" in only.found) == ("not checked", True)
