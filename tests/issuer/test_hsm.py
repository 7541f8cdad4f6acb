"""A key in an HSM (SoftHSM, through PKCS#11): both algorithms, one signature for each text, rotation, errors for a person."""

from pathlib import Path

import pytest

from lodestream.credentials.did import parse_document
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.securing import secure
from lodestream.credentials.verify import verify
from streams.issuer import hsm as module
from streams.issuer.hsm import Device, HsmSigner
from streams.issuer.keyring import Hsm, Keyring
from tests.issuer.softhsm import PIN, TOKEN, make_key, make_token

DID = "did:web:refinery.example"
CREDENTIAL = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "type": ["VerifiableCredential"],
    "issuer": DID,
    "validFrom": "2025-03-05T07:00:01Z",
    "credentialSubject": {"id": "urn:a:b"},
}


@pytest.fixture
def device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Device:
    """A token with a key on P-256 and one of Ed25519."""
    library = make_token(tmp_path, monkeypatch)
    make_key(library, "p256", "secp256r1")
    make_key(library, "ed25519", "edwards25519")
    return Device(library, TOKEN, PIN)


def keyring(folder: Path, device: Device, label: str) -> Keyring:
    return Keyring(folder, DID, Hsm(folder, DID, device, label))


def test_es256_in_the_device_is_random_and_the_credential_is_not(device: Device, tmp_path: Path) -> None:
    bare = HsmSigner(DID, device, "p256")
    assert bare.alg == "ES256"
    assert bare.sign(b"x") != bare.sign(b"x")
    keys = keyring(tmp_path / "keys", device, "p256")
    data = secure(CREDENTIAL, keys, "vc+jwt", 0)
    assert secure(CREDENTIAL, keys, "vc+jwt", 0) == data
    assert secure(CREDENTIAL, keyring(tmp_path / "keys", device, "p256"), "vc+jwt", 0) == data
    assert verify(data, parse_document(keys.history.document(DID)), 1_750_000_000_000_000, ()).verified


@pytest.mark.parametrize("securing", ["vc+jwt", "eddsa-jcs-2022"])
def test_ed25519_in_the_device(device: Device, tmp_path: Path, securing: str) -> None:
    keys = keyring(tmp_path / "keys", device, "ed25519")
    assert keys.alg == "EdDSA"
    data = secure(CREDENTIAL, keys, securing, 0)  # type: ignore[arg-type]
    assert secure(CREDENTIAL, keys, securing, 0) == data  # type: ignore[arg-type]
    assert verify(data, parse_document(keys.history.document(DID)), 1_750_000_000_000_000, ()).verified


def test_keys_of_one_token_rotate_by_label(device: Device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_750_000_000_000_000]
    monkeypatch.setattr("streams.issuer.keyring._now_us", lambda: now[0])
    first = keyring(tmp_path / "keys", device, "ed25519")
    old = secure(CREDENTIAL, first, "vc+jwt", now[0])
    now[0] += 1_000_000
    second = keyring(tmp_path / "keys", device, "p256")
    second.rotate(now[0])
    second.check()
    assert second.alg == "ES256"
    assert [key.place for key in second.history.keys] == ["ed25519", "p256"]
    assert secure(CREDENTIAL, second, "vc+jwt", now[0] - 1) == old


def test_a_lost_session_is_opened_again(device: Device) -> None:
    signer = HsmSigner(DID, device, "ed25519")
    signature = signer.sign(b"x")
    signer._session.close()
    assert signer.sign(b"x") == signature


@pytest.mark.parametrize(
    ("device_change", "label", "said"),
    [
        ({"token": "other"}, "p256", "no token 'other'"),
        ({"pin": "9999"}, "p256", "the PIN is wrong"),
        ({}, "nobody", "no key 'nobody'"),
        ({"module": Path("/no/such/library.so")}, "p256", "library"),
    ],
    ids=["token", "pin", "key", "module"],
)
def test_what_is_missing_is_named_and_the_pin_is_not(
    device: Device, device_change: dict[str, str], label: str, said: str
) -> None:
    with pytest.raises(CredentialError, match=said) as raised:
        HsmSigner(DID, device._replace(**device_change), label)
    assert raised.value.code == "HSM"
    assert PIN not in str(raised.value)
    assert PIN not in repr(device)


def test_a_key_of_another_kind_is_refused(device: Device) -> None:
    make_key(device.module, "p384", "secp384r1")
    with pytest.raises(CredentialError, match="neither an Ed25519 key nor one on the curve P-256"):
        HsmSigner(DID, device, "p384")


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(module, "import_module", missing)
    with pytest.raises(CredentialError, match=r"lodestream\[hsm\]"):
        HsmSigner(DID, Device(Path("x.so"), "t", "p"), "k")
