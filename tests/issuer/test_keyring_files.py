"""The keyring on disk, with keys of our own and with keys that the settings bring; and the journal of signatures."""

import json
import sqlite3
import stat
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from lodestream.credentials.errors import CredentialError
from lodestream.credentials.signer import Ed25519Signer, P256Signer, raw_signature, thumbprint
from streams.issuer import keyring as module
from streams.issuer.journal import Journal, JournaledSigner
from streams.issuer.keyring import Brought, Keyring, OwnFiles
from tests.credentials.telling import p256_signer, signer

DID = "did:web:refinery.example"
SECOND = 1_000_000


def own(folder: Path, algorithm: str = "EdDSA") -> Keyring:
    return Keyring(folder, DID, OwnFiles(folder, DID, algorithm))


def name_of(one: Ed25519Signer) -> str:
    return thumbprint(one.public_jwk())


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The time of the keyring, in a list of one, to be set on."""
    now = [1_750_000_000 * SECOND]
    monkeypatch.setattr(module, "_now_us", lambda: now[0])
    return now


def test_the_first_key_is_made_and_rotated_keys_sign_for_their_times(tmp_path: Path, clock: list[int]) -> None:
    keys = own(tmp_path)
    start, first = clock[0], keys.kid
    assert (tmp_path / "key.pem").exists()
    clock[0] += 100 * SECOND
    second = keys.rotate(clock[0])
    assert keys.kid == f"{DID}#{second.name}" != first
    assert keys.at(start).kid == keys.at(0).kid == first
    assert keys.at(clock[0] - 1).kid == first
    again = own(tmp_path)
    assert again.at(start).sign(b"x") == keys.at(start).sign(b"x")
    assert again.sign(b"x") == keys.sign(b"x")
    files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("*.pem")}
    assert files == {"key.pem": 0o600, f"key-{second.name}.pem": 0o600}


def test_a_running_issuer_follows_a_rotation_by_another_program(tmp_path: Path, clock: list[int]) -> None:
    running = own(tmp_path)
    first = running.kid
    clock[0] += 100 * SECOND
    other = own(tmp_path).rotate(clock[0])
    assert running.kid == f"{DID}#{other.name}" != first
    clock[0] += SECOND
    own(tmp_path).retire(first.rpartition("#")[2], compromised=False)
    assert running.at(0).kid == running.kid


def test_a_key_that_begins_later_signs_later(tmp_path: Path, clock: list[int]) -> None:
    keys = own(tmp_path)
    first = keys.kid
    later = keys.rotate(clock[0] + 3600 * SECOND)
    assert keys.kid == first
    clock[0] += 3600 * SECOND
    assert keys.kid == f"{DID}#{later.name}"


def test_es256_keys_are_made_where_the_settings_say_so(tmp_path: Path) -> None:
    keys = own(tmp_path, "ES256")
    assert keys.alg == "ES256"
    assert isinstance(keys.at(0), P256Signer)
    assert keys.public_jwk()["crv"] == "P-256"


def test_a_key_whose_file_is_gone_is_named_with_what_to_do(tmp_path: Path, clock: list[int]) -> None:
    keys = own(tmp_path)
    first = keys.kid.rpartition("#")[2]
    clock[0] += SECOND
    keys.rotate(clock[0])
    (tmp_path / "key.pem").unlink()
    again = own(tmp_path)
    again.check()
    with pytest.raises(CredentialError, match=f"lodestream keys retire {first}"):
        again.at(0)
    again.retire(first, compromised=False)
    assert again.at(0).kid == again.kid
    assert not (tmp_path / "key.pem").exists()


def test_a_file_with_another_key_is_refused(tmp_path: Path) -> None:
    own(tmp_path)
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.pem").write_bytes(pem)
    with pytest.raises(CredentialError, match="holds another key"):
        own(tmp_path).check()


def test_programs_that_start_at_once_begin_one_key(tmp_path: Path) -> None:
    kids: list[str] = []
    threads = [threading.Thread(target=lambda: kids.append(own(tmp_path).kid)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kids) == 8
    assert len(set(kids)) == 1
    assert len(json.loads((tmp_path / "keys.json").read_text())["keys"]) == 1


def test_a_broken_history_stops_everything(tmp_path: Path) -> None:
    own(tmp_path)
    (tmp_path / "keys.json").write_text("{")
    with pytest.raises(CredentialError):
        own(tmp_path).check()


# -- a key that the settings bring -------------------------------------------------------------------------------------


def test_a_brought_key_begins_by_rotate_and_not_by_a_slip(tmp_path: Path, clock: list[int]) -> None:
    old, new = signer(), signer(bytes(32))
    Keyring(tmp_path, DID, Brought(tmp_path, DID, old)).check()
    slipped = Keyring(tmp_path, DID, Brought(tmp_path, DID, new))
    with pytest.raises(CredentialError, match="lodestream keys rotate"):
        slipped.check()
    clock[0] += 100 * SECOND
    with pytest.raises(CredentialError, match="set the new one"):
        Keyring(tmp_path, DID, Brought(tmp_path, DID, old)).rotate(clock[0])
    slipped.rotate(clock[0])
    slipped.check()
    assert slipped.kid == new.kid
    assert [key.name for key in slipped.history.keys] == [name_of(old), name_of(new)]
    with pytest.raises(CredentialError, match="is not there"):
        slipped.at(0)
    pem = old.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    kept = tmp_path / f"{name_of(old)}.pem"
    kept.write_bytes(pem)
    kept.chmod(0o600)
    assert slipped.at(0).sign(b"x") == old.sign(b"x")
    kept.unlink()
    with pytest.raises(CredentialError, match="is not there"):
        Keyring(tmp_path, DID, Brought(tmp_path, DID, old)).check()  # the settings went back to the key before


# -- the journal ---------------------------------------------------------------------------------------------------------


class Random:
    """A signer on P-256 as an HSM is one: each signature another."""

    def __init__(self) -> None:
        self.made = 0
        self._signers = [p256_signer(7)]
        self.did, self.kid, self.alg = DID, self._signers[0].kid, "ES256"

    def sign(self, data: bytes) -> bytes:
        self.made += 1
        return raw_signature(self._signers[0].key.sign(data, ec.ECDSA(SHA256())))

    def public_jwk(self) -> dict[str, str]:
        return self._signers[0].public_jwk()

    def at(self, time_us: int) -> "Random":
        return self


def test_each_text_gets_one_signature_also_after_a_restart(tmp_path: Path) -> None:
    inner = Random()
    assert inner.sign(b"x") != inner.sign(b"x")
    path = tmp_path / "signatures.sqlite"
    first = JournaledSigner(inner, Journal(path)).sign(b"x")
    made = inner.made
    again = JournaledSigner(inner, Journal(path))
    assert [again.sign(b"x") for _ in range(3)] == [first] * 3
    assert inner.made == made
    assert again.sign(b"y") != first


def test_two_workers_agree_on_the_first_signature(tmp_path: Path) -> None:
    path = tmp_path / "signatures.sqlite"
    Journal(path)
    signatures: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: signatures.append(JournaledSigner(Random(), Journal(path)).sign(b"x"))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(signatures) == 6
    assert len(set(signatures)) == 1


def test_what_is_wrong_in_journal_or_device_is_not_handed_out(tmp_path: Path) -> None:
    path = tmp_path / "signatures.sqlite"
    one = JournaledSigner(Random(), Journal(path))
    one.sign(b"x")
    with sqlite3.connect(path) as db:
        db.execute("UPDATE signed SET signature = zeroblob(64)")
    with pytest.raises(CredentialError) as raised:
        one.sign(b"x")
    assert raised.value.code == "SIGNATURE"
    erring = Random()
    erring._signers = [p256_signer(8)]  # signs with another key than it says
    wrong = JournaledSigner(Random(), Journal(tmp_path / "other.sqlite"))
    wrong._inner = erring
    with pytest.raises(CredentialError):
        wrong.sign(b"x")
    with sqlite3.connect(tmp_path / "other.sqlite") as db:
        assert db.execute("SELECT count(*) FROM signed").fetchone() == (0,)


def test_a_journal_that_cannot_be_used_says_so(tmp_path: Path) -> None:
    path = tmp_path / "signatures.sqlite"
    path.write_bytes(b"no database" * 100)
    with pytest.raises(CredentialError, match="journal") as raised:
        Journal(path)
    assert raised.value.code == "JOURNAL"
