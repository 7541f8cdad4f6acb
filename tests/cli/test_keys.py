"""`lodestream keys`, `keys rotate` and `keys retire`, and where a key may come from."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from cli.issuing import keyring
from lodestream.credentials.securing import secure
from lodestream.credentials.signer import signer_of_pem
from runtime.settings import load
from streams.issuer.keys import create
from tests.issuer.softhsm import PIN, TOKEN, make_key, make_token

from .conftest import Run

DID = "did:web:localhost"
LATER = "2099-01-01T00:00:00Z"


def pem() -> str:
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def credential(valid_from: str = "2025-03-05T07:00:01Z") -> dict[str, object]:
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "issuer": DID,
        "validFrom": valid_from,
        "credentialSubject": {"id": "urn:a:b"},
    }


def states(lodestream: Run) -> list[str]:
    (shown,) = lodestream("keys", "--json").rows
    return [key["state"].split()[0] for key in shown["keys"]]


def test_rotation_and_retirement_from_the_command_line(lodestream: Run) -> None:
    (first,) = lodestream("keys", "--json").rows
    old = first["keys"][0]["name"]
    signed = secure(credential(), keyring(load()), "vc+jwt", 0)
    Path("old.json").write_bytes(signed)
    said = lodestream("keys", "rotate")
    assert (said.code, "signs from" in said.out, "publish anew" in said.out) == (0, True, True)
    (second,) = lodestream("keys", "--json").rows
    assert second["key_id"] != first["key_id"]
    assert states(lodestream) == ["published", "signs"]
    assert lodestream("verify", "old.json").code == 0
    assert lodestream("keys", "retire", old).code == 0
    assert states(lodestream) == ["retired", "signs"]
    assert lodestream("verify", "old.json").code == 0
    stale = secure(credential(LATER), signer_of_pem(DID, Path(first["key_file"]).read_bytes()), "vc+jwt", 0)
    Path("stale.json").write_bytes(stale)
    (report,) = lodestream("verify", "--json", "stale.json").rows
    assert "KEY_RETIRED" in {check.get("code") for check in report["checks"]}
    assert lodestream("keys", "retire", f"{DID}#{old}", "--compromised").code == 0
    assert states(lodestream) == ["withdrawn", "signs"]
    assert lodestream("verify", "old.json").code == 1
    shown = lodestream("keys")
    assert old in shown.out
    assert "withdrawn" in shown.out


def test_a_key_may_begin_later(lodestream: Run) -> None:
    lodestream("keys")
    assert lodestream("keys", "rotate", "--signs-from", LATER).code == 0
    assert states(lodestream) == ["signs", "to"]
    did = json.loads(Path(lodestream("keys", "--json").rows[0]["did_document"]).read_text())
    assert len(did["assertionMethod"]) == 4  # each key as JsonWebKey and as Multikey
    assert did["service"] == [{"id": f"{DID}#resolver", "type": "untp:idr", "serviceEndpoint": "https://localhost"}]
    said = lodestream("keys", "rotate", "--signs-from", "2020-01-01T00:00:00Z")
    assert (said.code, "in the past" in said.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"), [(("nobody",), "no key 'nobody'"), (("-abc",), "no key '-abc'"), (("--hx",), "no key '--hx'")]
)
def test_what_cannot_be_retired_is_said(lodestream: Run, arguments: tuple[str, ...], said: str) -> None:
    (made,) = lodestream("keys", "--json").rows
    done = lodestream("keys", "retire", *arguments)
    assert (done.code, said in done.err) == (2, True)
    done = lodestream("keys", "retire", made["keys"][0]["name"])
    assert "`lodestream keys rotate` before" in done.err


def test_a_key_from_the_environment_is_used_and_nowhere_shown(
    lodestream: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = pem()
    monkeypatch.setenv("LODESTREAM_ISSUER__KEY_PEM", text.replace("\n", "\\n"))
    shown = lodestream("keys", "--json")
    assert shown.rows[0]["key_id"] == signer_of_pem(DID, text.encode()).kid
    assert shown.rows[0]["key_file"] == ""
    secret = text.splitlines()[1]
    everything = shown.out + lodestream("config").out + lodestream("config", "--json").out + repr(load()) + str(load())
    assert secret not in everything
    row = next(row for row in lodestream("config", "--json").rows if row["name"] == "issuer.key_pem")
    assert row == {"name": "issuer.key_pem", "value": "********", "source": "environment LODESTREAM_ISSUER__KEY_PEM"}
    assert not list((tmp_path / "data").rglob("*.pem"))
    monkeypatch.setenv("LODESTREAM_ISSUER__KEY_PEM", pem())
    slipped = lodestream("keys")
    assert (slipped.code, "lodestream keys rotate" in slipped.err) == (2, True)
    monkeypatch.setenv("LODESTREAM_ISSUER__KEY_PEM", "no key")
    assert "no unencrypted PEM" in lodestream("keys").err


def test_a_key_file_of_ones_own_is_rotated_by_putting_the_next_there(lodestream: Run, tmp_path: Path) -> None:
    path = tmp_path / "brought.pem"
    path.write_text(pem())
    path.chmod(0o600)
    flag = ("-s", f"issuer.key_file={path}")
    (first,) = lodestream(*flag, "keys", "--json").rows
    assert first["key_file"] == str(path)
    assert "set the new one" in lodestream(*flag, "keys", "rotate").err
    path.write_text(pem())
    assert lodestream(*flag, "keys", "rotate").code == 0
    (second,) = lodestream(*flag, "keys", "--json").rows
    assert [key["state"] for key in second["keys"]] == ["published", "signs"]


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("issuer.key_file=a.pem", "issuer.key_pem=x"), "only one of"),
        (("issuer.pkcs11.module=x.so",), "needs pkcs11.token"),
        (("issuer.securing=eddsa-jcs-2022", "issuer.algorithm=ES256"), "needs an EdDSA key"),
        (("issuer.algorithm=RS256",), "EdDSA"),
    ],
)
def test_settings_of_the_key_that_contradict_are_refused(lodestream: Run, flags: tuple[str, ...], said: str) -> None:
    done = lodestream(*(word for flag in flags for word in ("-s", flag)), "keys")
    assert (done.code, said in done.err) == (2, True)


def test_a_key_in_an_hsm_from_the_command_line(lodestream: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "hsm"
    folder.mkdir()
    library = make_token(folder, monkeypatch)
    make_key(library, "issuer-1", "secp256r1")
    monkeypatch.setenv("LODESTREAM_ISSUER__PKCS11__MODULE", str(library))
    monkeypatch.setenv("LODESTREAM_ISSUER__PKCS11__TOKEN", TOKEN)
    monkeypatch.setenv("LODESTREAM_ISSUER__PKCS11__LABEL", "issuer-1")
    monkeypatch.setenv("LODESTREAM_ISSUER__PKCS11__PIN", PIN)
    (shown,) = lodestream("keys", "--json").rows
    assert shown["keys"][0]["curve"] == "P-256"
    Path("credential.json").write_bytes(secure(credential(), keyring(load()), "vc+jwt", 0))
    assert lodestream("verify", "credential.json").code == 0
    rows = {row["name"]: row["value"] for row in lodestream("config", "--json").rows}
    assert rows["issuer.pkcs11.pin"] == "********"


def test_a_way_of_securing_that_the_brought_key_cannot_do_is_said_at_the_start(lodestream: Run, tmp_path: Path) -> None:
    path = tmp_path / "es256.pem"
    create(path, "ES256")
    said = lodestream("-s", f"issuer.key_file={path}", "-s", "issuer.securing=eddsa-jcs-2022", "keys")
    assert (said.code, "needs an Ed25519 key" in said.err) == (2, True)
