"""The issuer's key and DID document as files: the edge where key material meets the disk.

A key file is PKCS#8 PEM, readable by its owner alone. It is made at first start; whoever brings a key puts the file there.
"""

import os
import secrets
import stat
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from lodestream.credentials.did import DidDocument, document_bytes, parse_document
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.signer import Ed25519Signer, Signer

LARGEST_DOCUMENT = 1024 * 1024
SECRET_BYTES = 32


def load_or_create(path: Path, did: str) -> Ed25519Signer:
    """The signer over the key in the file; a new key is made where there is none. Raises CredentialError (KEY), OSError."""
    if not path.exists():
        _create(path)
    return load(path, did)


def load_or_create_secret(path: Path) -> bytes:
    """32 secret bytes of a file that nobody else can read; made where there is none. Raises CredentialError (KEY), OSError."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, secrets.token_bytes(SECRET_BYTES), 0o600, replace=False)
    _refuse_readable(path)
    data = path.read_bytes()
    if len(data) != SECRET_BYTES:
        raise CredentialError("KEY", f"{path} has {len(data)} bytes; a secret has {SECRET_BYTES}")
    return data


def load(path: Path, did: str) -> Ed25519Signer:
    """The signer over the key in an existing file that nobody else can read. Raises CredentialError (KEY), OSError."""
    _refuse_readable(path)
    return Ed25519Signer.from_pem(did, path.read_bytes())


def write_did_document(path: Path, *signers: Signer) -> None:
    """Write `did.json`, public, for the keys of the signers. Replaces the file at once, so readers see the old or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, document_bytes(*signers), 0o644, replace=True)


def read_did_document(path: Path) -> DidDocument:
    """A DID document from a file. Raises CredentialError, OSError."""
    with path.open("rb") as file:
        data = file.read(LARGEST_DOCUMENT + 1)
    if len(data) > LARGEST_DOCUMENT:
        raise CredentialError("TOO_LARGE", f"{path} has more than {LARGEST_DOCUMENT} bytes, which no DID document needs")
    return parse_document(data)


def _refuse_readable(path: Path) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name == "posix" and mode & 0o077:
        raise CredentialError("KEY", f"{path} can be read by others (mode {mode:04o}); `chmod 600 {path}` and consider a new key")


def _create(path: Path) -> None:
    """Make a key. Two programs that start at once agree on one: the second finds the first's file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _write(path, pem, 0o600, replace=False)


def _write(path: Path, data: bytes, mode: int, *, replace: bool) -> None:
    """Write the whole file beside its place (mkstemp makes it 0600), then move it there."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(mode)
        if replace:
            temporary.replace(path)
        else:
            _link(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _link(temporary: Path, path: Path) -> None:
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        return
