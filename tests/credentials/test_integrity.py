"""Data Integrity as we issue and verify it: what holds, and everything that must not."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from lodestream.credentials import integrity
from lodestream.credentials.content.event import traceability_event
from lodestream.credentials.did import DidDocument, did_key_document, document, parse_document
from lodestream.credentials.encoding import from_base58btc, to_base58btc
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jcs import canonical
from lodestream.credentials.jsontext import parse_object, write
from lodestream.credentials.multikey import from_multikey, to_multikey
from lodestream.credentials.proof import presented, prove
from lodestream.credentials.report import Report
from lodestream.credentials.securing import compact, secure
from lodestream.credentials.signer import Signer
from lodestream.credentials.verify import verify
from tests.credentials.telling import DID, NOW_US, PROFILE, p256_signer, published, signer, smelting

CREDENTIAL = traceability_event(smelting(), PROFILE)
CREATED_US = smelting().record_time_us
SIGNED = secure(CREDENTIAL, signer(), "eddsa-jcs-2022", CREATED_US)
SMALL = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "type": ["VerifiableCredential"],
    "issuer": DID,
    "validFrom": "2025-03-05T07:00:01Z",
    "credentialSubject": {"id": "urn:a:b", "mass": Decimal("12.5"), "n": 7, "said": "Zürich ✓", "ok": True, "none": None},
}


def check(data: bytes, keys: DidDocument | None = None, now_us: int = NOW_US) -> Report:
    return verify(data, keys or published(), now_us, ())


def code(data: bytes, keys: DidDocument | None = None) -> str:
    """How it is refused, or `verified`."""
    report = check(data, keys)
    failed = [one.code for one in report.checks if one.result == "failed"]
    assert bool(failed) is not report.verified
    return failed[0] if failed else "verified"


def changed(**proof: Any) -> bytes:
    """The signed credential with other members of its proof; None takes one away."""
    value = parse_object(SIGNED, "it")
    value["proof"] = {name: item for name, item in (value["proof"] | proof).items() if item is not None}
    return write(value)


def ecdsa(credential: dict[str, Any], key: Signer, **options: Any) -> bytes:
    """What an issuer with a key on P-256 makes: ecdsa-jcs-2019."""
    proof = {
        "type": "DataIntegrityProof",
        "cryptosuite": "ecdsa-jcs-2019",
        "verificationMethod": f"{key.did}#{to_multikey(key.public_jwk())}",
        "proofPurpose": "assertionMethod",
    } | options
    value = "z" + to_base58btc(key.sign(integrity.signing_input(canonical(credential), proof)))
    return write(credential | {"proof": proof | {"proofValue": value}})


def test_our_own_verifies_however_it_is_written() -> None:
    value = json.loads(SIGNED)
    assert value["proof"]["created"] == "2025-03-05T07:00:01Z"
    assert check(SIGNED).verified
    assert secure(CREDENTIAL, signer(), "eddsa-jcs-2022", CREATED_US) == SIGNED
    other_order = json.dumps(dict(sorted(value.items(), reverse=True)), indent=3, ensure_ascii=True).encode()
    assert check(other_order).verified
    assert check(json.dumps({"verifiableCredential": value}).encode()).verified
    proven = prove(presented(SIGNED), published())
    assert (proven.securing, proven.kid) == ("eddsa-jcs-2022", value["proof"]["verificationMethod"])
    assert proven.credential == CREDENTIAL
    assert proven.payload == canonical(CREDENTIAL)
    assert presented(SIGNED).issuer_hint == DID


def test_a_key_on_p_256_verifies_from_its_did_key() -> None:
    jwk = p256_signer().public_jwk()
    did = f"did:key:{to_multikey(jwk)}"
    keys = did_key_document(did)
    assert did.startswith("did:key:zDn")
    assert keys.assertion[0].jwk == jwk
    data = ecdsa(SMALL | {"issuer": did}, p256_signer(did=did))
    assert check(data, keys).verified
    assert code(data.replace(b"urn:a:b", b"urn:a:c"), keys) == "SIGNATURE"


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({"proofPurpose": "authentication"}, "PROOF"),
        ({"proofPurpose": None}, "PROOF"),
        ({"verificationMethod": None}, "PROOF"),
        ({"verificationMethod": "did:web:other.example#k"}, "KEY"),
        ({"verificationMethod": f"{DID}#unknown"}, "KEY"),
        ({"verificationMethod": "#" + to_multikey(signer().public_jwk())}, "KEY"),
        ({"cryptosuite": "eddsa-rdfc-2022"}, "SUITE"),
        ({"cryptosuite": "ecdsa-jcs-2019"}, "KEY"),  # an Ed25519 key
        ({"type": "Ed25519Signature2020"}, "SUITE"),
        ({"previousProof": "urn:uuid:1"}, "SUITE"),
        ({"created": "2025-03-05T07:00:02Z"}, "SIGNATURE"),
        ({"created": None}, "SIGNATURE"),
        ({"created": "2025-03-05"}, "PROOF"),
        ({"expires": "soon"}, "PROOF"),
        ({"nonce": "x"}, "SIGNATURE"),
        ({"@context": None}, "SIGNATURE"),
        ({"@context": ["https://www.w3.org/ns/credentials/v2"]}, "PROOF"),
        ({"proofValue": "uAAAA"}, "PROOF"),
        ({"proofValue": "z0"}, "BASE58"),
        ({"proofValue": "z1111"}, "SIGNATURE"),
        ({"proofValue": 7}, "PROOF"),
    ],
    ids=str,
)
def test_a_proof_that_is_not_as_it_was_made_is_refused(change: dict[str, Any], refused: str) -> None:
    assert code(changed(**change)) == refused


@pytest.mark.parametrize("proof", [None, [], 7, "x", [7], [[]], [{}] * 21], ids=str)
def test_what_is_no_proof_is_refused(proof: Any) -> None:
    assert code(write(CREDENTIAL | {"proof": proof})) == "PROOF"


def test_another_context_than_the_signed_one_is_refused() -> None:
    """The standard lets further contexts be added behind; we do not, since they may change what the signed names mean."""
    value = parse_object(SIGNED, "it")
    assert code(write(value | {"@context": [*value["@context"], "https://evil.example/c"]})) == "PROOF"


def test_a_key_that_somebody_else_controls_is_refused() -> None:
    keys = published()
    others = tuple(method._replace(controller="did:web:evil.example") for method in keys.assertion)
    assert code(SIGNED, keys._replace(assertion=others)) == "KEY"


def test_a_proof_of_the_minimum_is_understood() -> None:
    """As the BC Mines Act Permit has it: neither @context nor created."""
    options = {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "proofPurpose": "assertionMethod",
        "verificationMethod": f"{DID}#{to_multikey(signer().public_jwk())}",
    }
    value = "z" + to_base58btc(signer().sign(integrity.signing_input(canonical(SMALL), options)))
    assert code(write(SMALL | {"proof": [options | {"proofValue": value}]})) == "verified"


def test_the_mines_act_permit_is_read_and_names_another_than_its_issuer(shared: Path) -> None:
    data = (shared / "data/untp/samples/crm-0.5/copper_mine/dcc_mines_act_permit_mine ordered.json").read_bytes()
    given = presented(data)
    assert given.issuer_hint == "did:web:registry.TEST_digitaltrust.TEST_gov.bc.ca:mines-act:chief-permitting-officer"
    issuer = parse_document(write(document(signer(did="did:web:vckit.bcmine.pyx.io"))))
    with pytest.raises(CredentialError, match=r"not one of did:web:vckit\.bcmine\.pyx\.io"):
        prove(given, issuer)


def test_one_known_suite_in_a_set_suffices_and_the_others_are_named() -> None:
    value = parse_object(SIGNED, "it")
    ours = value["proof"]
    others = [
        {"type": "Ed25519Signature2020"},
        ours | {"cryptosuite": "bbs-2023"},
        ours | {"verificationMethod": "did:key:z6#z6"},
    ]
    report = check(write(value | {"proof": [*others, ours]}))
    assert report.verified
    said = next(one.sentence for one in report.checks if one.name == "proof")
    assert said.endswith("Not looked at: proofs of Ed25519Signature2020, bbs-2023, eddsa-jcs-2022.")
    assert presented(write(value | {"proof": [*others, ours]})).issuer_hint == DID  # not the stranger's, who comes first
    assert code(write(value | {"proof": others[:2]})) == "SUITE"
    assert code(write(value | {"proof": [ours, ours | {"created": "2025-03-05T07:00:02Z"}]})) == "SIGNATURE"


def test_a_proof_ends_when_it_says_so() -> None:
    key = p256_signer()
    data = ecdsa(SMALL, key, expires="2025-03-05T18:40:00Z")
    keys = DidDocument(DID, (did_key_document(f"did:key:{to_multikey(key.public_jwk())}").assertion[0],), frozenset())
    keys = keys._replace(assertion=(keys.assertion[0]._replace(id=f"{DID}#{to_multikey(key.public_jwk())}", controller=DID),))
    assert check(data, keys, NOW_US - 1).verified
    report = check(data, keys, NOW_US)
    assert [one.code for one in report.checks if one.result == "failed"] == ["PROOF_EXPIRED"]


def test_every_changed_byte_that_changes_the_value_is_refused() -> None:
    """Every bit of every byte of a signed credential: it may pass only where the JSON value is the same (white space)."""
    data = secure(SMALL, signer(), "eddsa-jcs-2022", CREATED_US)
    value, keys = parse_object(data, "it"), published()
    accepted, same = [], 0
    for n in range(len(data)):
        for bit in range(8):
            other = data[:n] + bytes([data[n] ^ (1 << bit)]) + data[n + 1 :]
            if verify(other, keys, NOW_US, ()).credential is None:
                continue
            if parse_object(other, "it") == value:
                same += 1
            else:
                accepted.append(other)
    assert accepted == []
    assert same < len(data)


def test_whole_bytes_of_the_real_credential_are_refused_too() -> None:
    value, keys = parse_object(SIGNED, "it"), published()
    for n in range(0, len(SIGNED), 7):
        for mask in (0x01, 0x20, 0xFF):
            other = SIGNED[:n] + bytes([SIGNED[n] ^ mask]) + SIGNED[n + 1 :]
            credential = verify(other, keys, NOW_US, ()).credential
            assert credential is None or parse_object(other, "it") == value


# -- numbers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Decimal("0.300000000"), "0.3"),
        (Decimal("30000.000001"), "30000.000001"),
        (Decimal("1E+21"), "1e+21"),
        (Decimal("1E+20"), "100000000000000000000"),
        (Decimal("0.0000001"), "1e-7"),
        (2**53, "9007199254740992"),
        (-(2**53) + 1, "-9007199254740991"),
        (Decimal("-0.0"), "0"),
        (True, "true"),
        (7, "7"),
    ],
)
def test_numbers_as_ecmascript_writes_them(number: Any, text: str) -> None:
    assert canonical(number).decode() == text


@pytest.mark.parametrize(
    "number",
    [2**53 + 1, 10**400, Decimal("1e400"), Decimal("1e-400"), Decimal("0.1234567890123456789"), 123456789012345678901],
    ids=str,
)
def test_a_number_that_would_become_another_is_refused(number: int | Decimal) -> None:
    with pytest.raises(CredentialError, match="no exact double") as raised:
        canonical({"a": [number]})
    assert raised.value.code == "JCS_NUMBER"
    credential = SMALL | {"credentialSubject": {"id": "urn:a:b", "mass": number}}
    with pytest.raises(CredentialError, match="no exact double"):
        secure(credential, signer(), "eddsa-jcs-2022", CREATED_US)
    secure(credential, signer(), "vc+jwt", CREATED_US)  # which signs the digits as they stand


def test_a_number_whose_last_digits_a_double_loses_is_refused_on_verification() -> None:
    """12.5 and 12.500000000000000001 are one double; a verifier that rounds would take the second for the first."""
    data = secure(SMALL, signer(), "eddsa-jcs-2022", CREATED_US)
    assert code(data.replace(b"12.5", b"12.500000000000000001")) == "JCS_NUMBER"
    assert code(data.replace(b"12.5", b"12.50")) == "verified"


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9) + 1, max_value=10**9 - 1))
def test_every_mass_in_kilograms_has_its_own_canonical_text(mass: Decimal) -> None:
    """To the milligram, below a million tonnes: 15 digits."""
    assert Decimal(canonical(mass).decode()) == mass


def test_half_a_surrogate_has_no_canonical_form() -> None:
    for value in ("\ud800", {"\udfff": 1}):
        with pytest.raises(CredentialError) as raised:
            canonical(value)
        assert raised.value.code == "JCS"


# -- keys --------------------------------------------------------------------------------------------------------------


def test_we_sign_data_integrity_with_ed25519_only() -> None:
    with pytest.raises(CredentialError, match="wants an Ed25519 key"):
        secure(CREDENTIAL, p256_signer(), "eddsa-jcs-2022", CREATED_US)
    with pytest.raises(CredentialError, match="a proof already"):
        secure(json.loads(SIGNED), signer(), "eddsa-jcs-2022", CREATED_US)


@given(st.integers(1, 2**255), st.binary(min_size=32, max_size=32))
def test_multikeys_return(number: int, seed: bytes) -> None:
    for key in (p256_signer(number), signer(seed)):
        text = to_multikey(key.public_jwk())
        assert text.startswith(("zDn", "z6Mk"))
        assert from_multikey(text) == key.public_jwk()


@pytest.mark.parametrize("text", ["", "z", "z1", "x6Mk", None, 7, "z0OIl", "z6Mk", "zDn", "z" + "1" * 40, "z" + "2" * 200])
def test_what_is_no_multikey_is_refused(text: Any) -> None:
    with pytest.raises(CredentialError):
        from_multikey(text)
    with pytest.raises(CredentialError):
        did_key_document(f"did:key:{text}")


def test_a_compressed_point_that_is_none_is_refused() -> None:
    raw = from_base58btc(to_multikey(p256_signer().public_jwk())[1:])
    long = ec.derive_private_key(7, ec.SECP256R1()).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    for other in (raw[:2] + long, raw[:2] + b"\x04" + raw[3:], raw[:2] + b"\x02" + b"\xff" * 32, raw[:-1], raw + b"\0"):
        with pytest.raises(CredentialError):
            from_multikey("z" + to_base58btc(other))


@given(st.text(max_size=60))
def test_base58_is_canonical(text: str) -> None:
    """One text for each value: what is read is written back the same."""
    try:
        data = from_base58btc(text)
    except CredentialError:
        return
    assert to_base58btc(data) == text


def test_a_credential_says_the_same_in_both_ways_of_securing() -> None:
    envelope = presented(secure(CREDENTIAL, signer(), "vc+jwt", CREATED_US))
    assert prove(envelope, published()).credential == prove(presented(SIGNED), published()).credential
    assert envelope.issuer_hint == DID
    by_name = presented(compact(write(SMALL), signer()))
    assert by_name.issuer_hint == DID
