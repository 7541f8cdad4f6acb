"""The standards' own test vectors: RFC 8785, VC Data Integrity (EdDSA, ECDSA), and the W3C suite for JOSE and COSE."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lodestream.credentials import integrity
from lodestream.credentials.did import DidDocument, did_key_document, parse_document
from lodestream.credentials.encoding import from_base58btc, to_base58btc
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jcs import canonical
from lodestream.credentials.jsontext import parse, parse_object, write
from lodestream.credentials.multikey import to_multikey
from lodestream.credentials.proof import presented, prove
from lodestream.credentials.signer import Ed25519Signer
from lodestream.credentials.verify import verify
from tests.credentials.telling import NOW_US

JCS = ("arrays", "french", "structures", "unicode", "values", "weird")


@pytest.mark.parametrize("name", JCS)
def test_canonical_json_as_rfc_8785_has_it(shared: Path, name: str) -> None:
    folder = shared / "data" / "vectors" / "jcs-rfc8785" / "testdata"
    data, expected = (folder / "input" / f"{name}.json").read_bytes(), (folder / "output" / f"{name}.json").read_bytes()
    assert bytes.fromhex((folder / "outhex" / f"{name}.txt").read_text()) == expected
    assert canonical(json.loads(data)) == expected  # numbers read as doubles, as ECMAScript reads them
    if name == "values":  # holds 333333333.33333329, which ECMAScript takes for 333333333.3333333
        with pytest.raises(CredentialError, match="no exact double"):
            canonical(parse(data, name))
        data = data.replace(b"333333333.33333329", b"333333333.3333333")
    assert canonical(parse(data, name)) == expected


class Vector:
    """One W3C vector: a signed document, and the files with every step on the way to it."""

    def __init__(self, folder: Path, suffix: str) -> None:
        self.folder, self.suffix = folder, suffix
        self.data = (folder / f"signed{suffix}.json").read_bytes()
        self.credential, proofs = integrity.take_apart(parse_object(self.data, "it"))
        (self.proof,) = proofs.known

    def text(self, name: str) -> str:
        return (self.folder / f"{name}{self.suffix}.txt").read_text().strip()

    def json(self, name: str) -> Any:
        return json.loads((self.folder / f"{name}{self.suffix}.json").read_text())


def vectors(shared: Path) -> list[Vector]:
    folder = shared / "data" / "vectors"
    return [
        Vector(folder / "eddsa-jcs-2022" / "eddsa-jcs-2022", "JCS"),
        Vector(folder / "ecdsa-jcs-2019-p256", "JCSECDSAP256"),
    ]


@pytest.mark.parametrize("which", [0, 1], ids=["eddsa-jcs-2022", "ecdsa-jcs-2019"])
def test_every_step_of_a_data_integrity_vector(shared: Path, which: int) -> None:
    vector = vectors(shared)[which]
    assert vector.proof.options == vector.json("proofConfig")
    assert canonical(vector.credential).decode() == vector.text("canonDoc")
    assert canonical(vector.proof.options).decode() == vector.text("proofCanon")
    assert sha256(canonical(vector.credential)).hexdigest() == vector.text("docHash")
    assert sha256(canonical(vector.proof.options)).hexdigest() == vector.text("proofHash")
    assert integrity.signing_input(canonical(vector.credential), vector.proof.options).hex() == vector.text("combinedHash")
    assert vector.proof.value == vector.text("sigBTC58")
    assert from_base58btc(vector.proof.value[1:]).hex() == vector.text("sigHex")
    keys = did_key_document(vector.proof.method.partition("#")[0])
    assert integrity.check(vector.credential, canonical(vector.credential), vector.proof, keys).id == vector.proof.method
    with pytest.raises(CredentialError, match="not the key's"):
        integrity.check(vector.credential, canonical(vector.credential | {"name": "Other"}), vector.proof, keys)


@pytest.mark.parametrize("which", [0, 1], ids=["eddsa-jcs-2022", "ecdsa-jcs-2019"])
def test_a_key_that_is_not_the_issuers_proves_nothing(shared: Path, which: int) -> None:
    """The vectors' issuer is a URL, their key another did:key: the signature is good, and the issuer has not signed."""
    given = presented(vectors(shared)[which].data)
    assert given.issuer_hint.startswith("did:key:z")
    with pytest.raises(CredentialError, match=r"names https://vc\.example/issuers/5678 as its issuer") as raised:
        prove(given, did_key_document(given.issuer_hint))
    assert raised.value.code == "KEY"


@pytest.mark.parametrize("which", [0, 1], ids=["eddsa-jcs-2022", "ecdsa-jcs-2019"])
def test_a_did_key_in_the_issuers_document_is_not_the_issuers_name(shared: Path, which: int) -> None:
    """Even where the issuer's document lists the did:key: a proof must name a key of the issuer's own."""
    vector = vectors(shared)[which]
    (method,) = did_key_document(vector.proof.method.partition("#")[0]).assertion
    document = DidDocument("https://vc.example/issuers/5678", (method,), frozenset())
    with pytest.raises(CredentialError, match=r"not one of https://vc\.example") as raised:
        prove(presented(vector.data), document)
    assert raised.value.code == "KEY"


def test_signing_anew_gives_the_eddsa_vectors_proof(shared: Path) -> None:
    (vector, _) = vectors(shared)
    pair = json.loads((vector.folder.parent / "keyPair.json").read_text())
    secret = from_base58btc(pair["privateKeyMultibase"][1:])
    assert secret[:2] == b"\x80\x26"  # multicodec ed25519-priv
    key = Ed25519Signer(f"did:key:{pair['publicKeyMultibase']}", Ed25519PrivateKey.from_private_bytes(secret[2:]))
    assert to_multikey(key.public_jwk()) == pair["publicKeyMultibase"]
    signed = integrity.sign(vector.credential, key, 1_677_281_798_000_000)  # 2023-02-24T23:36:38Z
    assert signed == json.loads(vector.data)
    assert signed["proof"]["proofValue"] == "z" + to_base58btc(bytes.fromhex(vector.text("sigHex")))


# -- securing with JOSE and COSE ---------------------------------------------------------------------------------------

GOOD = {"credential-jose-minimal.txt", "credential-issuer-match-signed.txt"}
REFUSED = {
    "credential-jose-bad-media-type.txt": ("header", "HEADER", "'bad+typ' is not vc+jwt"),
    "credential-jose-bad-signature.txt": ("signature", "SIGNATURE", "not the key's"),
    "credential-jose-unknown-extensions.txt": ("header", "HEADER", "ES512"),
    "credential-jose-vc-vp-claims.txt": ("issuer", "CLAIMS", "claim vc must not be there"),
    "presentation-jose-bad-credential.txt": ("header", "HEADER", "'vp+jwt' is not vc+jwt"),
    "presentation-jose-bad-media-type.txt": ("header", "HEADER", "'bad+typ' is not vc+jwt"),
    "presentation-jose-multiple.txt": ("header", "HEADER", "ES384"),
}


def issuer_document(shared: Path) -> DidDocument:
    folder = shared / "data" / "vectors" / "vc-jose-cose" / "input"
    methods = [json.loads((folder / f"vm-{name}.json").read_text()) for name in ("ed25519", "p256", "p384", "p521")]
    names = [method["id"] for method in methods]
    return parse_document(
        write({"id": "https://example.issuer/vc-jose-cose", "verificationMethod": methods, "assertionMethod": names})
    )


def test_every_jose_and_cose_vector(shared: Path) -> None:
    """Good ones verify, bad ones are refused for what is bad, and COSE and SD-JWT as forms that are not supported."""
    document = issuer_document(shared)
    texts = sorted((shared / "data" / "vectors" / "vc-jose-cose" / "input").glob("*.txt"))
    assert len(texts) == 23
    for path in texts:
        report = verify(path.read_bytes(), document, NOW_US, ())
        found = [(check.name, check.code, check.sentence) for check in report.checks if check.result == "failed"]
        if path.name in GOOD:
            assert (report.verified, found) == (True, []), path.name
            continue
        name, code, said = REFUSED.get(path.name, ("form", "FORM", "this form is not supported"))
        assert [(one[0], one[1]) for one in found] == [(name, code)], path.name
        assert said in found[0][2], path.name
        assert not report.verified
    others = [path.name for path in texts if path.name not in GOOD and path.name not in REFUSED]
    assert all("-cose-" in name or "-sdjwt-" in name for name in others)


def test_other_forms_in_an_envelope_are_named_too() -> None:
    for media_type, form in (("vc+cose", "COSE"), ("vc+sd-jwt", "SD-JWT"), ("dc+sd-jwt", "SD-JWT")):
        data = f'{{"@context":"https://www.w3.org/ns/credentials/v2","type":"EnvelopedVerifiableCredential","id":"data:application/{media_type};base64,AA"}}'
        with pytest.raises(CredentialError, match=f"{form}; this form is not supported") as raised:
            presented(data.encode())
        assert raised.value.code == "FORM"
    with pytest.raises(CredentialError, match="COSE"):
        presented(b"\xd2\x84\x40")
