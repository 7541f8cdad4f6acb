"""Others verify what we issue: jose, Digital Bazaar's Data Integrity and jsonld on Node.js, and joserfc on Python.

The Node packages are those of node/package-lock.json, put into .cache once. Where Node.js, npm or what npm needs is missing, the
test is skipped and says so.
"""

import json
import shutil
import subprocess
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws
from joserfc.errors import BadSignatureError
from joserfc.jwk import ECKey, OKPKey

from lodestream.credentials.content.event import traceability_event
from lodestream.credentials.did import document_bytes
from lodestream.credentials.pins import CONTEXT_PINS
from lodestream.credentials.securing import secure
from lodestream.credentials.signer import Signer
from tests.credentials.telling import PROFILE, p256_signer, signer, smelting

ROOT = Path(__file__).resolve().parents[2]
NODE = Path(__file__).parent / "node"
FILES = ("package.json", "package-lock.json", "verify.mjs")
CREDENTIAL = traceability_event(smelting(), PROFILE)
CREATED_US = smelting().record_time_us
OURS: dict[str, tuple[Signer, bytes]] = {
    "vc+jwt EdDSA": (signer(), secure(CREDENTIAL, signer(), "vc+jwt", CREATED_US)),
    "vc+jwt ES256": (p256_signer(), secure(CREDENTIAL, p256_signer(), "vc+jwt", CREATED_US)),
    "eddsa-jcs-2022": (signer(), secure(CREDENTIAL, signer(), "eddsa-jcs-2022", CREATED_US)),
}
Verifier = Callable[[list[bytes]], list[dict[str, str]]]


@pytest.fixture(scope="module")
def node(shared: Path) -> Verifier:
    """What Node's libraries say of credentials that our two signers made."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.skip(f"no {program} on this machine")
    folder = installed()
    untp = shared / "data" / "untp"
    world = {
        "did": json.loads(document_bytes(signer(), p256_signer())),
        "contexts": {pin.url: json.loads((untp / pin.path).read_text()) for pin in CONTEXT_PINS},
    }

    def verified(credentials: list[bytes]) -> list[dict[str, str]]:
        asked = json.dumps(world | {"credentials": [one.decode() for one in credentials]})
        done = subprocess.run(
            ["node", "verify.mjs"], cwd=folder, input=asked, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        results: list[dict[str, str]] = json.loads(done.stdout)
        return results

    return verified


def installed() -> Path:
    """The folder with the packages, named by what is in them; made at the first time."""
    digest = sha256(b"".join((NODE / name).read_bytes() for name in FILES)).hexdigest()[:16]
    folder = ROOT / ".cache" / f"node-verifiers-{digest}"
    if not (folder / "complete").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            shutil.copyfile(NODE / name, folder / name)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240, check=False)
        if done.returncode != 0:
            pytest.skip(f"npm cannot install the packages here: {done.stderr.strip()[-300:]}")
        (folder / "complete").touch()
    return folder


def test_the_lock_file_names_no_registry() -> None:
    packages = json.loads((NODE / "package-lock.json").read_text())["packages"]
    assert len(packages) > 10
    assert not [name for name, package in packages.items() if "resolved" in package]


def test_node_accepts_what_we_issue(node: Verifier) -> None:
    assert node([data for _, data in OURS.values()]) == [{"id": CREDENTIAL["id"]}] * len(OURS)


def test_node_refuses_what_was_changed(node: Verifier) -> None:
    changed = []
    for _, data in OURS.values():
        value = json.loads(data)
        if "proof" in value:
            value["credentialSubject"][0]["outputProduct"][0]["quantity"]["value"] += 1
        else:
            header, payload, signature = value["id"].split(".")
            value["id"] = f"{header}.{payload[:-1]}{'A' if payload[-1] != 'A' else 'E'}.{signature}"
        changed.append(json.dumps(value).encode())
    results = node(changed)
    assert all("refused" in result for result in results), results
    assert len(results) == 3


def test_node_refuses_another_ones_key(node: Verifier) -> None:
    stranger = signer(bytes(32))
    (result, proof) = node(
        [secure(CREDENTIAL, stranger, "vc+jwt", CREATED_US), secure(CREDENTIAL, stranger, "eddsa-jcs-2022", 0)]
    )
    assert "not for assertions" in result["refused"]
    assert "refused" in proof


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # RFC 9864 has a new name for it, which vc-jose-cose does not use yet
@pytest.mark.parametrize("name", ["vc+jwt EdDSA", "vc+jwt ES256"])
def test_joserfc_accepts_what_we_issue_and_nothing_else(name: str) -> None:
    key, data = OURS[name]
    compact = json.loads(data)["id"].removeprefix("data:application/vc+jwt,")
    kinds: dict[str, Any] = {"OKP": OKPKey, "EC": ECKey}
    public = kinds[key.public_jwk()["kty"]].import_key(key.public_jwk())
    found = jws.deserialize_compact(compact, public, algorithms=["EdDSA", "ES256"])
    assert json.loads(found.payload)["id"] == CREDENTIAL["id"]
    assert found.headers() == {"alg": key.alg, "kid": key.kid, "typ": "vc+jwt", "cty": "vc"}
    header, payload, signature = compact.split(".")
    other = f"{header}.{payload}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    with pytest.raises(BadSignatureError):
        jws.deserialize_compact(other, public, algorithms=["EdDSA", "ES256"])
