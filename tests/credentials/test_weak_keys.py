"""Keys and signatures that are there and prove nothing: points of small order, coordinates out of range, changed texts."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from lodestream.credentials.did import did_key_document, parse_document
from lodestream.credentials.encoding import from_base64url, to_base58btc, to_base64url
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import parse_object, write
from lodestream.credentials.securing import compact, secure
from lodestream.credentials.signer import check_signature, public_key, signer_of_pem
from lodestream.credentials.verify import verify
from tests.credentials.telling import DID, NOW_US, p256_signer, published, signer

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
CREDENTIAL = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "type": ["VerifiableCredential"],
    "issuer": DID,
    "credentialSubject": {"id": "urn:a:b"},
}
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def x_of(y: int) -> int | None:
    """The even x of a point of edwards25519 (RFC 8032 section 5.1.3), or None where no point has that y."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    root = pow(square, (P + 3) // 8, P)
    root = root if root * root % P == square else root * pow(2, (P - 1) // 4, P) % P
    if root * root % P != square:
        return None
    return root if root % 2 == 0 else P - root


def doubled(point: tuple[int, int]) -> tuple[int, int]:
    x, y = point
    k = D * x * x * y * y % P
    return 2 * x * y * pow(1 + k, -1, P) % P, (y * y + x * x) * pow(1 - k, -1, P) % P


def small_order_points() -> set[tuple[int, int]]:
    """All points that three doublings take to the neutral element, from the curve's own equation -x² + y² = 1 + d x² y².

    Orders 1, 2 and 4 have y = 1, -1 and 0. A point of order 8 doubles to y = 0, so x² = -y², and the equation is
    d y⁴ + 2 y² - 1 = 0.
    """
    ys = {1, P - 1, 0}
    root = pow(4 + 4 * D, (P + 3) // 8, P)
    root = root if root * root % P == (4 + 4 * D) % P else root * pow(2, (P - 1) // 4, P) % P
    for sign in (1, -1):
        y_squared = (-2 + sign * root) * pow(2 * D, -1, P) % P
        y = pow(y_squared, (P + 3) // 8, P)
        y = y if y * y % P == y_squared else y * pow(2, (P - 1) // 4, P) % P
        if y * y % P == y_squared:
            ys |= {y, P - y}
    points = set()
    for y in ys:
        x = x_of(y)
        if x is not None:
            points |= {(x, y), (-x % P, y)}
    return points


def encoded(point: tuple[int, int]) -> bytes:
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def test_there_are_eight_points_of_small_order() -> None:
    points = small_order_points()
    assert len(points) == 8
    assert all(doubled(doubled(doubled(point))) == (0, 1) for point in points)


@pytest.mark.parametrize("sign", [0, 1])
@pytest.mark.parametrize("point", sorted(small_order_points()), ids=lambda point: f"y={point[1]:x}"[:12])
def test_a_key_of_small_order_is_refused(point: tuple[int, int], sign: int) -> None:
    raw = (point[1] | sign << 255).to_bytes(32, "little")
    with pytest.raises(CredentialError, match="small order") as raised:
        public_key({"kty": "OKP", "crv": "Ed25519", "x": to_base64url(raw)})
    assert raised.value.code == "KEY"
    with pytest.raises(CredentialError, match="small order"):
        did_key_document("did:key:z" + to_base58btc(b"\xed\x01" + raw))


@pytest.mark.parametrize("excess", range(19))
def test_a_key_that_is_not_in_its_canonical_encoding_is_refused(excess: int) -> None:
    for sign in (0, 1):
        raw = (P + excess | sign << 255).to_bytes(32, "little")
        with pytest.raises(CredentialError, match="canonical"):
            public_key({"kty": "OKP", "crv": "Ed25519", "x": to_base64url(raw)})


def test_a_credential_that_nobody_signed_does_not_verify_under_such_a_key() -> None:
    """The signature (neutral element, 0) holds for every text under the neutral element as key: OpenSSL accepts it."""
    neutral = encoded((0, 1))
    forged = neutral + bytes(32)
    Ed25519PublicKey.from_public_bytes(neutral).verify(forged, b"anything")
    kid = f"{DID}#weak"
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": to_base64url(neutral)}
    method = {"id": kid, "type": "JsonWebKey", "controller": DID, "publicKeyJwk": jwk}
    document = parse_document(write({"id": DID, "verificationMethod": [method], "assertionMethod": [kid]}))
    header = {"alg": "EdDSA", "kid": kid, "typ": "vc+jwt", "cty": "vc"}
    text = f"{to_base64url(write(header))}.{to_base64url(write(CREDENTIAL))}.{to_base64url(forged)}"
    report = verify(text.encode(), document, NOW_US, ())
    assert not report.verified
    assert [check.code for check in report.checks if check.result == "failed"] == ["KEY"]


def test_an_ed25519_signature_has_one_text() -> None:
    """s + L is the same number to a careless verifier (RFC 8032 section 5.1.7 forbids it)."""
    order = 2**252 + 27742317777372353535851937790883648493
    signature = signer().sign(b"x")
    s = int.from_bytes(signature[32:], "little") + order
    key = public_key(signer().public_jwk())
    check_signature("EdDSA", key, b"x", signature)
    with pytest.raises(CredentialError, match="not the key's"):
        check_signature("EdDSA", key, b"x", signature[:32] + s.to_bytes(32, "little"))


@pytest.mark.parametrize(("r", "s"), [(0, 1), (1, 0), (ORDER, 1), (1, ORDER), (2**256 - 1, 1), (1, 2**256 - 1)])
def test_r_and_s_out_of_range_are_refused(r: int, s: int) -> None:
    key = public_key(p256_signer().public_jwk())
    with pytest.raises(CredentialError, match="out of range"):
        check_signature("ES256", key, b"x", r.to_bytes(32, "big") + s.to_bytes(32, "big"))


@pytest.mark.parametrize("length", [0, 63, 65, 70])
def test_signatures_of_another_length_are_refused(length: int) -> None:
    for one, alg in ((signer(), "EdDSA"), (p256_signer(), "ES256")):
        with pytest.raises(CredentialError, match="bytes"):
            check_signature(alg, public_key(one.public_jwk()), b"x", bytes(length))


def test_a_p_256_key_must_be_a_point_in_exact_coordinates() -> None:
    good = p256_signer().public_jwk()
    x, y = from_base64url(good["x"]), from_base64url(good["y"])
    for bad in (
        good | {"y": to_base64url(bytes([y[0] ^ 1]) + y[1:])},
        good | {"x": to_base64url(b"\0" + x)},
        good | {"x": to_base64url(x[:-1])},
        good | {"x": to_base64url(bytes(32)), "y": to_base64url(bytes(32))},
        good | {"x": to_base64url((2**256 - 1).to_bytes(32, "big"))},
        good | {"x": good["x"] + "="},
        good | {"x": 7},
        good | {"crv": "P-384"},
    ):
        with pytest.raises(CredentialError) as raised:
            public_key(bad)
        assert raised.value.code == "KEY"


# -- ES256 as we sign ----------------------------------------------------------------------------------------------------


def test_es256_is_deterministic_as_rfc_6979_has_it() -> None:
    """RFC 6979, appendix A.2.5: P-256, SHA-256, the message "sample"."""
    one = p256_signer(0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721)
    assert one.sign(b"sample").hex() == (
        "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
        "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
    )
    jwk = one.public_jwk()
    assert from_base64url(jwk["x"]).hex() == "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"


def test_es256_credentials_verify_and_are_the_same_each_time() -> None:
    data = secure(CREDENTIAL, p256_signer(), "vc+jwt", 0)
    assert data == secure(CREDENTIAL, p256_signer(), "vc+jwt", 0)
    assert verify(data, published(p256_signer()), NOW_US, ()).verified
    assert not verify(data, published(), NOW_US, ()).verified
    key = public_key(p256_signer().public_jwk())
    assert isinstance(key, ec.EllipticCurvePublicKey)
    signature = p256_signer().sign(b"x")
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    key.verify(encode_dss_signature(r, s), b"x", ec.ECDSA(SHA256()))


def test_no_text_of_a_signer_shows_its_key() -> None:
    for text in (repr(p256_signer(123456789)), str(p256_signer(123456789)), f"{p256_signer(123456789)}"):
        assert "123456789" not in text
        assert "PrivateKey" not in text
    with pytest.raises(CredentialError) as raised:
        signer_of_pem(DID, b"-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n")
    assert "c2VjcmV0" not in str(raised.value)


# -- every byte of a compact credential ----------------------------------------------------------------------------------

BASE64URL = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@pytest.mark.parametrize("which", ["EdDSA", "ES256"])
def test_no_byte_of_a_compact_credential_can_be_another(which: str) -> None:
    """Each byte by each of the 63 others that base64url has, and by several that it has not."""
    one = signer() if which == "EdDSA" else p256_signer()
    document = published(one)
    data = compact(write(CREDENTIAL), one)
    assert verify(data, document, NOW_US, ()).verified
    accepted = []
    for n, byte in enumerate(data):
        for other in {*BASE64URL, *(byte ^ mask for mask in (0x01, 0x10, 0x20, 0x80, 0xFF)), 0, 10, 46} - {byte}:
            changed = data[:n] + bytes([other]) + data[n + 1 :]
            if changed.strip() != data and verify(changed, document, NOW_US, ()).credential is not None:
                accepted.append((n, other))
    assert accepted == []


@pytest.mark.parametrize("form", ["envelope", "playground download"])
def test_no_changed_value_of_a_json_form_is_accepted(form: str) -> None:
    """Every bit of every byte: what is accepted is the same JSON value, in other white space."""
    sealed = secure(CREDENTIAL, signer(), "vc+jwt", 0)
    data = sealed if form == "envelope" else b'{\n "verifiableCredential": ' + sealed + b"\n}"
    document, value = published(), parse_object(data, "it")
    assert verify(data, document, NOW_US, ()).verified
    accepted = []
    for n in range(len(data)):
        for bit in range(8):
            changed = data[:n] + bytes([data[n] ^ (1 << bit)]) + data[n + 1 :]
            if verify(changed, document, NOW_US, ()).credential is not None and parse_object(changed, "it") != value:
                accepted.append((n, bit))
    assert accepted == []
