"""The issuer's keys and DID document as files: the edge where key material meets the disk.

A key file is PKCS#8 PEM, readable by its owner alone. It is made at first start; whoever brings a key puts the file there.
"""

import os
import stat
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from lodestream.credentials.did import DidDocument, parse_document
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.signer import Ed25519Signer, P256Signer, signer_of_pem
from runtime.files import write_whole

LARGEST_DOCUMENT = 1024 * 1024
LARGEST_KEY = 64 * 1024


def load_or_create(path: Path, did: str, algorithm: str = "EdDSA") -> Ed25519Signer | P256Signer:
    """The signer over the key in the file; a new key is made where there is none. Raises CredentialError (KEY), OSError."""
    if not path.exists():
        create(path, algorithm)
    return load(path, did)


def load(path: Path, did: str) -> Ed25519Signer | P256Signer:
    """The signer over the key in an existing file that nobody else can read. Raises CredentialError (KEY), OSError."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name == "posix" and mode & 0o077:
        raise CredentialError("KEY", f"{path} can be read by others (mode {mode:04o}); `chmod 600 {path}` and consider a new key")
    with path.open("rb") as file:
        return signer_of_pem(did, file.read(LARGEST_KEY))


def create(path: Path, algorithm: str) -> None:
    """Make a key (EdDSA or ES256). Two programs that start at once agree on one: the second finds the first's file."""
    key = Ed25519PrivateKey.generate() if algorithm == "EdDSA" else ec.generate_private_key(ec.SECP256R1())
    write_whole(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600, replace=False)


def read_did_document(path: Path) -> DidDocument:
    """A DID document from a file. Raises CredentialError, OSError."""
    return parse_document(read_bounded(path, "DID document"))


def read_bounded(path: Path, what: str) -> bytes:
    """A file that is not large. Raises CredentialError (TOO_LARGE), OSError."""
    with path.open("rb") as file:
        data = file.read(LARGEST_DOCUMENT + 1)
    if len(data) > LARGEST_DOCUMENT:
        raise CredentialError("TOO_LARGE", f"{path} has more than {LARGEST_DOCUMENT} bytes, which no {what} needs")
    return data
