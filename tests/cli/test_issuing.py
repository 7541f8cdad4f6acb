"""Keys, credentials and the bundle of official files, from the command line."""

from pathlib import Path

import pytest

from cli.issuing import issuer_did, profile
from lodestream.credentials.profile import FacilityProfile
from lodestream.ledger.book import BookFile
from lodestream.ledger.bookfile import read_book
from runtime.settings import Issuer, Settings

from .conftest import Run


@pytest.mark.parametrize(
    ("issuer", "did", "base_url"),
    [
        (Issuer(), "did:web:localhost", "https://localhost"),
        (Issuer(base_url="https://example.org"), "did:web:example.org", "https://example.org"),
        (Issuer(base_url="https://example.org:8443/a/b/"), "did:web:example.org%3A8443:a:b", "https://example.org:8443/a/b/"),
        (Issuer(did="did:web:example.org:metals"), "did:web:example.org:metals", "https://example.org/metals"),
        (Issuer(did="did:web:example.org", base_url="https://other.org"), "did:web:example.org", "https://other.org"),
    ],
)
def test_did_and_base_url_follow_from_each_other(lodestream: Run, issuer: Issuer, did: str, base_url: str) -> None:
    settings = Settings(issuer=issuer)
    assert issuer_did(settings) == did
    assert profile(settings, BookFile()).base_url == base_url


def test_places_are_called_by_the_names_of_the_book(lodestream: Run) -> None:
    book = read_book('[sites."urn:a:b"]\nname = "Mill"\nlocations = ["urn:a:b:1"]\n[sites."urn:a:c"]\n')
    assert profile(Settings(), book).facilities == {"urn:a:b": FacilityProfile("Mill"), "urn:a:b:1": FacilityProfile("Mill")}


def test_a_key_is_made_once_and_never_shown(lodestream: Run) -> None:
    (first,) = lodestream("keys", "--json").rows
    (again,) = lodestream("keys", "--json").rows
    assert first == again
    key, document = Path(first["key_file"]), Path(first["did_document"])
    assert key.stat().st_mode & 0o777 == 0o600
    assert first["key_id"] in document.read_text()
    shown = lodestream("keys").out
    secret = key.read_text().splitlines()[1]
    assert secret not in shown + document.read_text()
    assert "https://localhost/.well-known/did.json" in shown


def test_a_key_that_others_can_read_is_refused(lodestream: Run) -> None:
    (made,) = lodestream("keys", "--json").rows
    Path(made["key_file"]).chmod(0o644)
    said = lodestream("keys")
    assert said.code == 2
    assert "chmod 600" in said.err


def test_verify_needs_a_did_document_and_says_which(lodestream: Run) -> None:
    Path("credential.json").write_text("{}")
    said = lodestream("verify", "credential.json")
    assert said.code == 2
    assert "--did-document" in said.err


def test_what_is_no_credential_is_not_verified(lodestream: Run) -> None:
    lodestream("keys")
    Path("credential.json").write_text("{}")
    said = lodestream("verify", "--json", "credential.json")
    assert said.code == 1
    assert said.rows[0]["verified"] is False
    assert "NOT VERIFIED" in lodestream("verify", "credential.json").out


def test_a_bundle_that_verify_could_not_use_is_not_installed(
    lodestream: Run, tmp_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.bundle.LIBRARIES", ("no_such_library",))
    said = lodestream("bundle", "install", shared / "data" / "untp")
    assert said.code == 2
    assert "no_such_library" in said.err
    assert not (tmp_path / "data" / "bundle").exists()


def test_a_bundle_is_all_or_nothing(lodestream: Run, tmp_path: Path, shared: Path) -> None:
    lodestream("keys")
    Path("credential.json").write_text("{}")
    Path("empty").mkdir()
    assert lodestream("bundle", "install", "empty").code == 2
    assert lodestream("bundle", "install", shared / "data" / "untp").code == 0
    installed = tmp_path / "data" / "bundle"
    assert any(installed.rglob("*"))
    assert lodestream("verify", "credential.json").code == 1
    changed = next(path for path in installed.rglob("*") if path.is_file())
    changed.write_bytes(changed.read_bytes() + b" ")
    said = lodestream("verify", "credential.json")
    assert said.code == 2
    assert "bundle" in said.err
