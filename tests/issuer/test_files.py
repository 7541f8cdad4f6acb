"""Keys and the bundle on disk."""

import os
import shutil
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from lodestream.credentials.access import lock, lot_key, unlock
from lodestream.credentials.did import document_bytes
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.pins import REQUIRED
from runtime.files import write_whole
from streams.issuer import bundle
from streams.issuer.keys import load, load_or_create, read_did_document
from streams.issuer.secret import load_or_create_secret

DID = "did:web:refinery.example"


def test_a_key_is_made_once_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "issuer.pem"
    first = load_or_create(path, DID)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_or_create(path, DID).kid == first.kid
    assert load(path, DID).sign(b"x") == first.sign(b"x")
    assert [p.name for p in path.parent.iterdir()] == ["issuer.pem"]


def test_programs_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    path = tmp_path / "issuer.pem"
    with ThreadPoolExecutor(8) as pool:
        kids = {one.kid for one in pool.map(lambda _: load_or_create(path, DID), range(32))}
    assert len(kids) == 1


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "issuer.pem"
    load_or_create(path, DID)
    path.chmod(0o640)
    with pytest.raises(CredentialError, match="chmod 600"):
        load(path, DID)


def test_a_file_that_is_no_key_is_refused_without_showing_it(tmp_path: Path) -> None:
    path = tmp_path / "issuer.pem"
    path.write_text("secret that is no key")
    path.chmod(0o600)
    with pytest.raises(CredentialError) as raised:
        load(path, DID)
    assert "secret that" not in str(raised.value)
    encrypted = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
    path.write_bytes(encrypted)
    with pytest.raises(CredentialError, match="unencrypted"):
        load(path, DID)


def test_the_did_document_is_public_and_returns(tmp_path: Path) -> None:
    signer = load_or_create(tmp_path / "issuer.pem", DID)
    path = tmp_path / "did" / "did.json"
    write_whole(path, document_bytes(signer), 0o644)
    write_whole(path, document_bytes(signer), 0o644)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert read_did_document(path).key(signer.kid).jwk == signer.public_jwk()
    path.write_bytes(b"[" * 2_000_000)
    with pytest.raises(CredentialError, match="more than"):
        read_did_document(path)


def copied(shared: Path, target: Path) -> Path:
    for pin in REQUIRED:
        (target / pin.path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(shared / "data" / "untp" / pin.path, target / pin.path)
    return target


def test_a_bundle_is_installed_and_loaded(shared: Path, tmp_path: Path) -> None:
    installed = bundle.install(shared / "data" / "untp", tmp_path / "bundle")
    assert len(installed.copied) == len(bundle.PINS)
    assert installed.absent == []
    assert bundle.load(tmp_path / "bundle") is not None
    assert bundle.load(tmp_path / "none") is None


def test_what_is_needed_is_enough(shared: Path, tmp_path: Path) -> None:
    installed = bundle.install(copied(shared, tmp_path / "folder"), tmp_path / "bundle")
    assert sorted(installed.copied) == sorted(pin.path for pin in REQUIRED)
    assert len(installed.absent) == len(bundle.PINS) - len(REQUIRED)


@pytest.mark.parametrize("fault", ["changed", "missing", "empty"])
def test_a_folder_that_is_not_the_official_one_installs_nothing(shared: Path, tmp_path: Path, fault: str) -> None:
    folder = copied(shared, tmp_path / "folder")
    file = folder / REQUIRED[1].path
    if fault == "changed":
        file.write_bytes(file.read_bytes().replace(b"untp", b"untq", 1))
    elif fault == "missing":
        file.unlink()
    else:
        folder = tmp_path / "nothing"
    with pytest.raises(CredentialError):
        bundle.install(folder, tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()


def test_a_bundle_that_was_changed_after_installation_is_refused(shared: Path, tmp_path: Path) -> None:
    bundle.install(shared / "data" / "untp", tmp_path / "bundle")
    file = tmp_path / "bundle" / REQUIRED[0].path
    file.write_bytes(file.read_bytes() + b"\n")
    with pytest.raises(CredentialError, match="SHA-256"):
        bundle.load(tmp_path / "bundle")


def test_a_secret_is_made_once_and_another_one_is_another(tmp_path: Path) -> None:
    """Lost, it is made anew: what was locked with the old one opens with the old one alone."""
    path = tmp_path / "access.key"
    first = load_or_create_secret(path)
    assert (len(first), load_or_create_secret(path)) == (32, first)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    copy = lock(b"a credential", lot_key(first, "urn:lot:x"))
    path.unlink()
    second = load_or_create_secret(path)
    assert second != first
    with pytest.raises(CredentialError):
        unlock(copy, lot_key(second, "urn:lot:x"))
    assert unlock(copy, lot_key(first, "urn:lot:x")) == b"a credential"


def test_a_secret_that_others_can_read_or_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "access.key"
    load_or_create_secret(path)
    path.write_bytes(b"short")
    with pytest.raises(CredentialError, match="does not have 32 bytes"):
        load_or_create_secret(path)
    path.chmod(0o640)
    with pytest.raises(CredentialError, match="mode 0640"):
        load_or_create_secret(path)
