"""What was signed, kept on disk before it is used: a key whose signatures are random then gives each text one signature.

ECDSA in an HSM draws its nonce anew each time. The issuer may do a piece of work twice, after a crash or on a replay; with the
journal the second time gives the bytes of the first. SQLite writes it: a row is on the disk before it is handed out (synchronous
FULL, one fsync by its write-ahead log), and several workers on one machine may share the file, which is not for network disks.
"""

import sqlite3
from hashlib import sha256
from pathlib import Path
from threading import Lock

from lodestream.credentials.errors import CredentialError
from lodestream.credentials.signer import Signer, check_signature, public_key

WAIT_SECONDS = 30.0


class Journal:
    """Signatures by key and text, in one file."""

    def __init__(self, path: Path) -> None:
        """Opens the file, which is made where there is none. Raises CredentialError (JOURNAL)."""
        self._path = path
        self._lock = Lock()  # the connection does one thing at a time
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("CREATE TABLE IF NOT EXISTS signed (digest BLOB PRIMARY KEY, signature BLOB NOT NULL) WITHOUT ROWID")
        except (sqlite3.Error, OSError) as error:
            raise self._unusable(error) from error

    def find(self, digest: bytes) -> bytes | None:
        """The signature that was kept. Raises CredentialError (JOURNAL)."""
        try:
            with self._lock:
                row = self._db.execute("SELECT signature FROM signed WHERE digest = ?", (digest,)).fetchone()
        except sqlite3.Error as error:
            raise self._unusable(error) from error
        return None if row is None else bytes(row[0])

    def keep(self, digest: bytes, signature: bytes) -> bytes:
        """Keep a signature; returns the one that counts, another worker's where it was first. Raises CredentialError."""
        try:
            with self._lock:
                self._db.execute("INSERT OR IGNORE INTO signed VALUES (?, ?)", (digest, signature))
        except sqlite3.Error as error:
            raise self._unusable(error) from error
        return self.find(digest) or signature

    def _unusable(self, error: Exception) -> CredentialError:
        return CredentialError("JOURNAL", f"the journal of signatures {self._path} cannot be used: {error}")


class JournaledSigner:
    """A signer whose every text has one signature, however often it is signed."""

    def __init__(self, inner: Signer, journal: Journal) -> None:
        """`inner` signs; `journal` remembers."""
        self._inner = inner
        self._journal = journal
        self._public = public_key(inner.public_jwk())
        self.did, self.kid, self.alg = inner.did, inner.kid, inner.alg

    def sign(self, data: bytes) -> bytes:
        """The signature of the first time. Raises CredentialError: JOURNAL; SIGNATURE where device or journal err."""
        digest = sha256(self.kid.encode() + b"\n" + data).digest()
        signature = self._journal.find(digest) or self._journal.keep(digest, self._fresh(data))
        check_signature(self.alg, self._public, data, signature)
        return signature

    def _fresh(self, data: bytes) -> bytes:
        """Checked before it is kept: a device that errs must not leave its error behind."""
        signature = self._inner.sign(data)
        check_signature(self.alg, self._public, data, signature)
        return signature

    def public_jwk(self) -> dict[str, str]:
        """Of the key that signs."""
        return self._inner.public_jwk()

    def at(self, time_us: int) -> "JournaledSigner":  # noqa: ARG002  # the port's
        """Itself: one key, at all times."""
        return self
