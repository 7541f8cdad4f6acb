"""Keys, DID documents, encodings, and the bundle in memory."""

import json
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from lodestream.credentials.bundle import Bundle, JsonLd
from lodestream.credentials.did import document_bytes, parse_document, web_url
from lodestream.credentials.encoding import (
    digest_multibase,
    from_base58btc,
    from_base64url,
    percent_decoded,
    to_base58btc,
    to_base64url,
    to_uri,
)
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import parse, parse_object, write
from lodestream.credentials.pins import CONTEXT_PINS, REQUIRED
from lodestream.credentials.policy import DataModel, Signed, UntpStructure
from lodestream.credentials.signer import Ed25519Signer, public_key, signer_of_pem, thumbprint
from lodestream.credentials.untp import Measure
from tests.credentials.telling import DID, published, signer


@pytest.mark.parametrize(
    ("did", "url"),
    [
        ("did:web:example.com", "https://example.com/.well-known/did.json"),
        ("did:web:example.com:a:b", "https://example.com/a/b/did.json"),
        ("did:web:localhost%3A8443:x", "https://localhost:8443/x/did.json"),
    ],
)
def test_did_web_addresses(did: str, url: str) -> None:
    assert web_url(did) == url


@pytest.mark.parametrize(
    "did",
    [
        "did:key:z6Mk",
        "did:web:",
        "did:web:a.b:..:c",
        "did:web:a.b:%2E%2E:c",
        "did:web:a.b:x%2Fy",
        "did:web:a.b/c",
        "did:web:a.b::c",
    ],
)
def test_did_web_addresses_that_leave_their_place_are_refused(did: str) -> None:
    with pytest.raises(CredentialError):
        web_url(did)


def test_a_key_is_named_by_its_thumbprint() -> None:
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}  # RFC 8037, appendix A.3
    assert thumbprint(jwk) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    assert signer().kid == f"{DID}#{thumbprint(signer().public_jwk())}"


def test_the_secret_is_in_no_text() -> None:
    secret = to_base64url(bytes(range(32)))
    for text in (repr(signer()), str(signer()), document_bytes(signer()).decode()):
        assert secret not in text
        assert bytes(range(32)).hex() not in text


def test_a_document_publishes_every_key_for_assertions() -> None:
    old, new = signer(bytes(32)), signer()
    document = published(new, old)
    assert document.key(new.kid).jwk == new.public_jwk()
    assert document.key(old.kid).jwk == old.public_jwk()
    with pytest.raises(CredentialError, match="not in the DID document"):
        document.key(f"{DID}#unknown")


def test_relative_names_and_multikeys_are_understood() -> None:
    key = signer().public_jwk()
    multibase = "z" + to_base58btc(b"\xed\x01" + from_base64url(key["x"]))
    method = {"id": "#k", "type": "Multikey", "controller": DID, "publicKeyMultibase": multibase}
    document = parse_document(write({"id": DID, "verificationMethod": [method], "assertionMethod": ["#k"]}))
    assert document.key(f"{DID}#k").jwk == key


@pytest.mark.parametrize(
    "raw", [b"[]", b"{}", b'{"id":7}', b'{"id":"did:x:y","assertionMethod":{}}', b'{"id":"did:x:y","verificationMethod":1}']
)
def test_what_is_no_document_is_refused(raw: bytes) -> None:
    with pytest.raises(CredentialError):
        parse_document(raw)


def test_methods_of_other_kinds_are_passed_over() -> None:
    methods = [
        7,
        {},
        {"id": 1},
        {"id": "#a", "publicKeyMultibase": "z0"},
        {"id": "#b", "publicKeyMultibase": "zzz"},
        {"id": "#c"},
    ]
    document = parse_document(write({"id": DID, "verificationMethod": methods, "assertionMethod": ["#a", "#b", 5, {}]}))
    assert document.assertion == ()


@pytest.mark.parametrize(
    "jwk",
    [
        {"kty": "OKP", "crv": "Ed25519", "x": "AA"},
        {"kty": "OKP", "crv": "Ed25519"},
        {"kty": "OKP", "crv": "X25519", "x": to_base64url(bytes(32))},
        {"kty": "EC", "crv": "P-256", "x": to_base64url(bytes(32)), "y": to_base64url(bytes(32))},
        {"kty": "oct", "k": "AA"},
        {},
    ],
    ids=str,
)
def test_keys_that_are_none_are_refused(jwk: dict[str, str]) -> None:
    with pytest.raises(CredentialError):
        public_key(jwk)


def test_a_pem_that_is_no_ed25519_key_is_refused() -> None:
    with pytest.raises(CredentialError, match="PKCS#8"):
        signer_of_pem(DID, b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")


def test_signing_is_deterministic() -> None:
    again = Ed25519Signer(DID, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
    assert again.sign(b"x") == signer().sign(b"x")


@given(st.binary(min_size=1, max_size=80))
def test_base64url_has_one_text_for_each_value(data: bytes) -> None:
    assert from_base64url(to_base64url(data)) == data


@pytest.mark.parametrize("text", ["", "A", "AB", "AA==", "A+", "A/", "AA\n", " AA", "AAA=", "é", "AAB"])
def test_other_base64url_is_refused(text: str) -> None:
    with pytest.raises(CredentialError):
        from_base64url(text)


@given(st.binary(max_size=60))
def test_base58_returns(data: bytes) -> None:
    if data:
        assert from_base58btc(to_base58btc(data)) == data


def test_the_eddsa_vectors_key_in_base58(shared: Path) -> None:
    pair = json.loads((shared / "data" / "vectors" / "eddsa-jcs-2022" / "keyPair.json").read_text())
    key = from_base58btc(pair["publicKeyMultibase"][1:])
    assert key[:2] == b"\xed\x01"
    assert to_base58btc(key) == pair["publicKeyMultibase"][1:]


def test_an_empty_digest_is_well_known() -> None:
    assert digest_multibase(sha256(b"").hexdigest()) == "zQmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n"


@given(st.text(max_size=30))
def test_percent_encoding_returns(text: str) -> None:
    assert percent_decoded(to_uri(text.replace("%", "%25"))) == text


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "[Infinity]",
        '{"a":-Infinity}',
        "1e500",
        "9" * 65,
        '{"a":1,"b":{"c":1,"c":1}}',
        "\ufeff{}",
        '"\\ud800',
        "[" * 70 + "]" * 70,
    ],
)
def test_json_out_of_bounds_is_refused(text: str) -> None:
    with pytest.raises(CredentialError):
        parse(text.encode(), "it")


def test_brackets_in_strings_are_no_depth() -> None:
    assert parse(json.dumps(["[{" * 500, '\\"[[']).encode(), "it") == ["[{" * 500, '\\"[[']


# -- official samples --------------------------------------------------------------------------------------------------


def test_our_models_accept_the_official_traceability_events(shared: Path) -> None:
    samples = shared / "data" / "untp" / "samples"
    found = [*(samples / "0.7.0").glob("DigitalTraceabilityEvent*"), *(samples / "minimal-0.7.0").glob("dte-*")]
    assert len(found) >= 7
    for path in found:
        data = path.read_bytes()
        signed = Signed(parse_object(data, path.name), data, 0)
        assert [DataModel().check(signed).result, UntpStructure().check(signed).result] == ["passed", "passed"], path.name


def test_strict_json_ld_accepts_16_of_the_17_official_samples(shared: Path, bundle: Bundle) -> None:
    """reference/untp.md R13 (a): the one refused has terms of RenderTemplate2024 that its context does not define."""
    refused = []
    samples = sorted((shared / "data" / "untp" / "samples" / "0.7.0").glob("*.json"))
    credentials = [p for p in samples if "@context" in json.loads(p.read_text())]
    for path in credentials:
        data = path.read_bytes()
        if JsonLd(bundle).check(Signed(parse_object(data, path.name), data, 0)).result != "passed":
            refused.append(path.name)
    assert len(credentials) == 17
    assert refused == ["DigitalIdentityAnchor_instance.json"]


@pytest.mark.parametrize(
    "change",
    [
        {"@context": ["https://www.w3.org/ns/credentials/v2", "https://evil.example/context"]},
        {"type": ["VerifiableCredential", "Unheard"]},
    ],
    ids=["unknown context", "unknown type"],
)
def test_json_ld_that_means_nothing_is_refused(shared: Path, bundle: Bundle, change: dict[str, object]) -> None:
    path = shared / "data" / "untp" / "samples" / "minimal-0.7.0" / "dte-make.json"
    credential = parse_object(path.read_bytes(), "it") | change
    assert JsonLd(bundle).check(Signed(credential, write(credential), 0)).result == "failed"


def test_a_bundle_holds_only_the_files_that_are_pinned(shared: Path) -> None:
    folder = shared / "data" / "untp"
    files = {pin.path: (folder / pin.path).read_bytes() for pin in REQUIRED}
    assert Bundle(files).context(CONTEXT_PINS[0].url)
    with pytest.raises(CredentialError, match="SHA-256 differs"):
        Bundle(files | {CONTEXT_PINS[0].path: files[CONTEXT_PINS[0].path] + b" "})
    with pytest.raises(CredentialError, match="SHA-256 differs"):
        Bundle(files | {"contexts/other.jsonld": b"{}"})
    del files[REQUIRED[0].path]
    with pytest.raises(CredentialError, match="lacks"):
        Bundle(files)


def test_models_refuse_floats() -> None:
    with pytest.raises(ValueError, match="exact"):
        Measure.model_validate({"value": 0.5, "unit": "KGM"})
