"""A token of SoftHSM in a folder of its own, for the tests of the HSM; skips with the reason where it is not installed."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

LIBRARIES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)
TOKEN, PIN = "lodestream-tests", "1234"


def module() -> Path:
    """SoftHSM's library. Skips where it, its tool or python-pkcs11 is missing."""
    if shutil.which("softhsm2-util") is None:
        pytest.skip("no softhsm2-util on this machine")
    pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed")
    found = [path for path in LIBRARIES if Path(path).exists()]
    if not found:
        pytest.skip("softhsm2-util is here, libsofthsm2.so is in none of the places that are known")
    return Path(found[0])


def make_token(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A token in the folder, which SOFTHSM2_CONF names for this process; the library's path."""
    library = module()
    (folder / "tokens").mkdir()
    config = folder / "softhsm2.conf"
    config.write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(config))
    command = ["softhsm2-util", "--init-token", "--free", "--label", TOKEN, "--pin", PIN, "--so-pin", "5678"]
    subprocess.run(command, check=True, capture_output=True, env=os.environ | {"SOFTHSM2_CONF": str(config)}, timeout=60)
    return library


def make_key(library: Path, label: str, curve: str) -> None:
    """A key pair in the token: `secp256r1`, `secp384r1` or `edwards25519`."""
    import pkcs11
    from asn1crypto.core import PrintableString
    from pkcs11.util.ec import encode_named_curve_parameters

    loaded: Any = pkcs11.lib(str(library))
    loaded.reinitialize()  # the tokens of this test, not those of the one before
    kind = pkcs11.KeyType.EC if curve.startswith("secp") else pkcs11.KeyType.EC_EDWARDS
    named = encode_named_curve_parameters(curve) if curve.startswith("secp") else PrintableString(curve).dump()
    mechanism = None if curve.startswith("secp") else pkcs11.Mechanism.EC_EDWARDS_KEY_PAIR_GEN
    with loaded.get_token(token_label=TOKEN).open(rw=True, user_pin=PIN) as session:
        parameters = session.create_domain_parameters(kind, {pkcs11.Attribute.EC_PARAMS: named}, local=True)
        more = {} if mechanism is None else {"mechanism": mechanism}
        parameters.generate_keypair(store=True, label=label, **more)
