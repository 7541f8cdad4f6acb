"""Verification: real credentials and vectors, our own, and everything that must not pass."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lodestream.credentials.bundle import Bundle, bundle_policies
from lodestream.credentials.content.event import traceability_event
from lodestream.credentials.did import DidDocument, parse_document
from lodestream.credentials.encoding import to_base64url
from lodestream.credentials.jsontext import write
from lodestream.credentials.policy import DEFAULT_POLICIES, AnyOf, IssuedBy
from lodestream.credentials.report import Report
from lodestream.credentials.securing import compact, seal
from lodestream.credentials.verify import verify
from tests.credentials.telling import DID, NOW_US, PROFILE, published, signer, smelting

CREDENTIAL = traceability_event(smelting(), PROFILE)
COMPACT = compact(write(CREDENTIAL), signer()).decode()
SEALED = seal(COMPACT.encode())


def check(data: bytes, document: DidDocument | None = None, now_us: int = NOW_US, **more: Any) -> Report:
    return verify(data, document or published(), now_us, **more)


def failures(report: Report) -> dict[str, str]:
    return {one.name: one.code for one in report.checks if one.result == "failed"}


def signed(credential: Any, header: dict[str, Any] | None = None) -> bytes:
    """A compact JWS with our good signature over any header and payload."""
    good = {"alg": "EdDSA", "kid": signer().kid, "typ": "vc+jwt", "cty": "vc"}
    text = f"{to_base64url(write(good | (header or {})))}.{to_base64url(write(credential))}"
    return f"{text}.{to_base64url(signer().sign(text.encode()))}".encode()


# -- what must pass --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        SEALED,
        COMPACT.encode(),
        COMPACT.encode() + b"\n",
        json.dumps({"verifiableCredential": json.loads(SEALED)}, indent=1).encode(),
    ],
    ids=["envelope", "compact", "compact with newline", "playground download"],
)
def test_our_own_verifies(data: bytes) -> None:
    report = check(data)
    assert report.verified, report.rows()
    assert report.credential is not None
    assert report.credential["id"] == CREDENTIAL["id"]


def test_the_report_says_what_was_not_checked() -> None:
    report = check(SEALED)
    left_out = [name for name, result, _ in report.rows() if result == "not checked"]
    assert left_out == ["JSON Schema", "JSON-LD", "status", "trust", "upstream"]
    assert json.loads(json.dumps(report.to_json()))["verified"] is True


def test_an_installed_bundle_is_used(bundle: Bundle) -> None:
    report = check(SEALED, policies=(*DEFAULT_POLICIES, *bundle_policies(bundle)))
    assert report.verified
    assert [name for name, result, _ in report.rows() if result == "not checked"] == ["status", "trust", "upstream"]


REAL = {
    "valid-v2-enveloped-dpp.json": {},
    "playground-dpp.json": {},
    "invalid-v2-enveloped-dpp-with-extension.json": {},
    "invalid-schema-v2-enveloped-dpp.json": {"data model": "STRUCTURE"},  # its first @context is not that of VCDM
}


@pytest.mark.parametrize("name", REAL)
def test_really_signed_credentials(shared: Path, name: str) -> None:
    folder = shared / "data" / "untp" / "samples" / "vc-jwt"
    document = parse_document((folder / "did-document.json").read_bytes())
    data = (folder / name).read_bytes()
    report = check(data, document, now_us=1_751_328_000_000_000)  # 2025-07-01
    assert failures(report) == REAL[name]
    assert report.credential is not None
    text = data.decode()
    middle = text.index("data:application/vc+jwt,") + 2_000
    other = "A" if text[middle] != "A" else "B"
    assert check((text[:middle] + other + text[middle + 1 :]).encode(), document).credential is None


VECTORS = {
    "credential-jose-minimal.txt": {},  # ES256
    "credential-issuer-match-signed.txt": {},
    "credential-jose-bad-media-type.txt": {"header": "HEADER"},
    "credential-jose-bad-signature.txt": {"signature": "SIGNATURE"},
    "credential-jose-unknown-extensions.txt": {"header": "HEADER"},  # ES512
    "credential-jose-vc-vp-claims.txt": {"issuer": "CLAIMS"},
    "credential-cose-minimal.txt": {"form": "FORM"},
    "credential-sdjwt-selective.txt": {"form": "FORM"},
    "presentation-jose-bad-credential.txt": {"header": "HEADER"},
    "presentation-jose-multiple.txt": {"header": "HEADER"},
}


def vector_document(shared: Path) -> bytes:
    folder = shared / "data" / "vectors" / "vc-jose-cose" / "input"
    methods = [json.loads((folder / f"vm-{name}.json").read_text()) for name in ("ed25519", "p256", "p384", "p521")]
    return write(
        {
            "id": "https://example.issuer/vc-jose-cose",
            "verificationMethod": methods,
            "assertionMethod": [m["id"] for m in methods],
        }
    )


@pytest.mark.parametrize("name", VECTORS)
def test_vc_jose_cose_vectors(shared: Path, name: str) -> None:
    data = (shared / "data" / "vectors" / "vc-jose-cose" / "input" / name).read_bytes()
    report = check(data, parse_document(vector_document(shared)))
    assert failures(report) == VECTORS[name]
    assert report.verified is (VECTORS[name] == {})


# -- what must not pass ----------------------------------------------------------------------------------------------


def test_no_changed_byte_of_the_compact_form_is_accepted() -> None:
    """Every byte, every single bit of it, and every base64url character in the signature's last place."""
    document = published()
    data = COMPACT.encode()
    changed = [data[:n] + bytes([data[n] ^ (1 << bit)]) + data[n + 1 :] for n in range(len(data)) for bit in range(8)]
    changed += [data[:-1] + bytes([char]) for char in range(256) if char != data[-1]]
    accepted = [one for one in changed if verify(one, document, NOW_US, ()).credential is not None]
    assert accepted == []


def test_no_changed_value_of_the_envelope_is_accepted() -> None:
    document = published()
    value = json.loads(SEALED)
    accepted = []
    for n in range(len(SEALED)):
        if n == SEALED.index(b"data:application") + 60:  # the JWS inside is the test above
            break
        for bit in range(8):
            data = SEALED[:n] + bytes([SEALED[n] ^ (1 << bit)]) + SEALED[n + 1 :]
            try:
                same = json.loads(data) == value
            except ValueError:
                same = False
            if not same and verify(data, document, NOW_US, ()).credential is not None:
                accepted.append(data)
    assert accepted == []


@pytest.mark.parametrize(
    "change",
    [
        {"proof": {}},
        {"type": ["EnvelopedVerifiableCredential", "Other"]},
        {"@context": ["https://www.w3.org/ns/credentials/v2", "https://evil.example/context"]},
        {"id": "data:application/vp+jwt," + COMPACT},
        {"id": 7},
    ],
    ids=lambda change: next(iter(change)),
)
def test_an_envelope_that_says_more_is_refused(change: dict[str, Any]) -> None:
    assert set(failures(check(write(json.loads(SEALED) | change))).values()) == {"ENVELOPE"}


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({"alg": "none"}, "HEADER"),
        ({"alg": "HS256"}, "HEADER"),
        ({"alg": ["EdDSA"]}, "HEADER"),
        ({"alg": "ES256"}, "KEY"),  # the key is an Ed25519 key
        ({"crit": ["b64"], "b64": False}, "HEADER"),
        ({"typ": "JWT"}, "HEADER"),
        ({"cty": "vp"}, "HEADER"),
        ({"kid": None}, "HEADER"),
        ({"kid": "did:web:evil.example#key"}, "KEY"),
        ({"kid": f"{DID}#other"}, "KEY"),
    ],
    ids=str,
)
def test_a_header_that_is_not_acceptable_is_refused(header: dict[str, Any], code: str) -> None:
    report = check(signed(CREDENTIAL, header))
    assert set(failures(report).values()) == {code}
    assert report.credential is None


def test_a_header_that_brings_its_own_key_is_not_followed() -> None:
    stranger = signer(bytes(32))
    text = compact(write(CREDENTIAL), stranger).decode()
    assert failures(check(text.encode())) == {"signature": "KEY"}
    assert check(signed(CREDENTIAL, {"jwk": stranger.public_jwk(), "jku": "https://evil.example/keys"})).verified


def test_an_unsigned_token_is_refused() -> None:
    header, payload, _ = COMPACT.split(".")
    for text in (
        f"{header}.{payload}.",
        f"{header}.{payload}",
        f"{to_base64url(write({'alg': 'none'}))}.{payload}.",
        "",
        "{}",
        "[]",
    ):
        report = check(text.encode())
        assert report.credential is None
        assert failures(report)


def test_a_key_that_is_not_for_assertions_is_refused() -> None:
    raw = json.loads(write({"id": DID, "verificationMethod": [], "assertionMethod": []}))
    method = {"id": signer().kid, "type": "JsonWebKey", "controller": DID, "publicKeyJwk": signer().public_jwk()}
    only_authentication = raw | {"verificationMethod": [method], "authentication": [signer().kid]}
    assert failures(check(SEALED, parse_document(write(only_authentication)))) == {"signature": "KEY"}
    embedded = raw | {"assertionMethod": [method]}
    assert check(SEALED, parse_document(write(embedded))).verified
    of_another = raw | {"assertionMethod": [method | {"controller": "did:web:evil.example"}]}
    assert failures(check(SEALED, parse_document(write(of_another)))) == {"signature": "KEY"}


def test_the_issuer_must_own_the_key() -> None:
    other = CREDENTIAL | {"issuer": CREDENTIAL["issuer"] | {"id": "did:web:somebody.example"}}
    assert failures(check(signed(other))) == {"issuer": "KEY"}


@pytest.mark.parametrize("claims", [{"vc": {}}, {"vp": {}}, {"iss": "did:web:other.example"}, {"jti": "urn:other"}], ids=str)
def test_claims_that_contradict_are_refused(claims: dict[str, Any]) -> None:
    assert failures(check(signed(CREDENTIAL | claims))) == {"issuer": "CLAIMS"}


@pytest.mark.parametrize(
    ("dates", "code"),
    [
        ({"validFrom": "2025-03-06T00:00:00Z"}, "NOT_YET_VALID"),
        ({"validUntil": "2025-03-05T18:38:59Z"}, "EXPIRED"),
        ({"validUntil": "2025-03-05T19:38:00+01:00"}, "EXPIRED"),
        ({"validUntil": "2025-03-05T18:39:30Z"}, None),  # within the minute that clocks may differ
        ({"exp": 1_741_199_000}, "EXPIRED"),
        ({"nbf": 1_741_300_000}, "NOT_YET_VALID"),
        ({"nbf": "soon"}, "DATE_UNREADABLE"),
        ({"validUntil": "2030-02-30T00:00:00Z"}, "DATE_UNREADABLE"),
    ],
    ids=str,
)
def test_dates(dates: dict[str, Any], code: str | None) -> None:
    assert failures(check(signed(CREDENTIAL | dates))).get("validity") == code


def faulty(**event: Any) -> dict[str, Any]:
    return CREDENTIAL | {"credentialSubject": [CREDENTIAL["credentialSubject"][0] | event]}


@pytest.mark.parametrize(
    "credential",
    [
        faulty(type=["MakeEvent"]),
        faulty(type=["Event"]),
        faulty(madeAtFacility="https://refinery.example/f/2"),
        faulty(activityType=CREDENTIAL["credentialSubject"][0]["activityType"] | {"more": 1}),
        faulty(eventDate="2025-03-05"),
        faulty(inputProduct=[{"product": {"id": "urn:x:y", "name": "x", "idGranularity": "batch"}}]),
        CREDENTIAL | {"credentialSubject": []},
        CREDENTIAL | {"issuer": DID},
        CREDENTIAL | {"credentialStatus": {"type": "BitstringStatusListEntry", "statusPurpose": "revocation"}},
    ],
)
def test_what_is_no_traceability_event_is_named(credential: dict[str, Any]) -> None:
    report = check(signed(credential))
    assert "UNTP structure" in failures(report)
    assert report.credential is not None
    assert not report.verified


def test_a_quantity_that_is_no_number_is_refused() -> None:
    for value in ("30000", True, None):
        made = json.loads(write(CREDENTIAL["credentialSubject"][0]))
        made["inputProduct"][0]["quantity"]["value"] = value
        assert "UNTP structure" in failures(check(signed(CREDENTIAL | {"credentialSubject": [made]})))


def test_policies_are_objects() -> None:
    expected = IssuedBy(frozenset({DID}))
    strangers = IssuedBy(frozenset({"did:web:other.example"}))
    assert check(SEALED, policies=(expected,)).verified
    assert failures(check(SEALED, policies=(strangers,))) == {"expected issuer": "UNEXPECTED_ISSUER"}
    assert check(SEALED, policies=(AnyOf("issuer of the family", (strangers, expected)),)).verified
    assert failures(check(SEALED, policies=(AnyOf("nobody", (strangers,)),))) == {"nobody": "NONE_OF"}


# -- what nobody expects ---------------------------------------------------------------------------------------------

HOSTILE = [
    b"",
    b"\xff\xfe",
    b"{" * 100_000,
    b'{"@context":' + b"[" * 100_000,
    b'{"id":1e999999999,"type":1,"@context":1}',
    b'{"a":1,"a":2}',
    b"." * 1_000_000,
    b"a.b.c",
    b"e30.e30.e30",
    b"x" * 9_000_000,
    COMPACT.encode() + b"." + COMPACT.encode(),
]


@pytest.mark.parametrize("data", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_files_are_refused_by_name(data: bytes) -> None:
    report = check(data)
    assert failures(report)
    assert report.credential is None
    assert all(len(sentence) < 1_000 for _, _, sentence in report.rows())


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)
names = st.sampled_from(
    ["@context", "type", "id", "issuer", "validFrom", "validUntil", "credentialSubject", "nbf", "exp", "name"]
)


@settings(max_examples=150, deadline=None)
@given(changes=st.dictionaries(names, json_values, max_size=4))
def test_whatever_is_signed_gives_a_report(shared: Path, bundle: Bundle, changes: dict[str, Any]) -> None:
    """A signer can put anything under a good signature: every policy answers, none breaks."""
    credential = {**CREDENTIAL, **changes, "issuer": changes.get("issuer", CREDENTIAL["issuer"])}
    report = check(signed(credential), policies=(*DEFAULT_POLICIES, *bundle_policies(bundle)))
    assert report.rows()


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=300))
def test_whatever_is_presented_gives_a_report(data: bytes) -> None:
    assert not check(data).verified
