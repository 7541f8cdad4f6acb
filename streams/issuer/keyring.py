"""The issuer's keyring on disk: the history of its keys beside the keys, and the signer that follows the history.

Where the private parts are is a `Source`: files of our own, a key that the settings bring (a file, an environment variable), or
an HSM. The history (`keys.json`) holds public parts only.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

from lodestream.credentials.errors import CredentialError
from lodestream.credentials.keyring import History, Key, parse_history
from lodestream.credentials.signer import Signer, thumbprint
from runtime.files import write_whole
from streams.issuer.hsm import Device, HsmSigner
from streams.issuer.journal import Journal, JournaledSigner
from streams.issuer.keys import create, load, load_or_create, read_bounded

HISTORY = "keys.json"
JOURNAL = "signatures.sqlite"


class Source(Protocol):
    """Where private keys are."""

    def newest(self, *, rotate: bool) -> tuple[Signer, str]:
        """The key that is to sign, with its `place` in the history; `rotate`: the one to follow those that there are."""
        ...

    def named(self) -> str:
        """The thumbprint of the key that the settings bring; empty where they bring none."""
        ...

    def open(self, key: Key) -> Signer:
        """The signer over a key of the history. Raises CredentialError (KEYRING, KEY, HSM), OSError."""
        ...


class OwnFiles(NamedTuple):
    """Keys that we make: the first in `folder/first`, those that follow in a file each, named by their thumbprint."""

    folder: Path
    did: str
    algorithm: str
    first: str = "key.pem"

    def newest(self, *, rotate: bool) -> tuple[Signer, str]:
        """A new key where there is none yet, and on rotation."""
        if not rotate:
            return load_or_create(self.folder / self.first, self.did, self.algorithm), self.first
        made = self.folder / f".new-{os.getpid()}.pem"
        create(made, self.algorithm)
        signer = load(made, self.did)
        name = f"key-{thumbprint(signer.public_jwk())}.pem"
        made.rename(self.folder / name)
        return signer, name

    def named(self) -> str:
        """None: the history alone says which key signs."""
        return ""

    def open(self, key: Key) -> Signer:
        """Its file, in the folder."""
        return _opened(self.folder / key.place, self.did, key)


class Brought(NamedTuple):
    """A key that the settings bring; earlier ones may stand in the folder as `<thumbprint>.pem`, for what is of their time."""

    folder: Path
    did: str
    signer: Signer

    def newest(self, *, rotate: bool) -> tuple[Signer, str]:  # noqa: ARG002  # the port's
        """What the settings bring now."""
        return self.signer, ""

    def named(self) -> str:
        """What the settings bring now."""
        return thumbprint(self.signer.public_jwk())

    def open(self, key: Key) -> Signer:
        """The key of the settings, else the file in the folder."""
        if self.named() == key.name:
            return self.signer
        return _opened(self.folder / f"{key.name}.pem", self.did, key)


class Hsm(NamedTuple):
    """Keys in a device, by label. What is random in their signatures the journal in the folder makes certain."""

    folder: Path
    did: str
    device: Device
    label: str

    def newest(self, *, rotate: bool) -> tuple[Signer, str]:  # noqa: ARG002  # the port's
        """The key of the label that is set."""
        return self._signer(self.label), self.label

    def named(self) -> str:
        """The key of the label that is set."""
        return thumbprint(self._signer(self.label).public_jwk())

    def open(self, key: Key) -> Signer:
        """The key of the label that it had when it began."""
        signer = self._signer(key.place)
        if thumbprint(signer.public_jwk()) != key.name:
            raise CredentialError("KEYRING", f"the HSM has another key than {key.name} under the label {key.place!r}")
        return signer

    def _signer(self, label: str) -> Signer:
        signer = HsmSigner(self.did, self.device, label)
        return signer if signer.alg == "EdDSA" else JournaledSigner(signer, Journal(self.folder / JOURNAL))


class Keyring:
    """The signer that follows the history, which it reads again when it changes: a rotation needs no restart of the issuer."""

    def __init__(self, folder: Path, did: str, source: Source) -> None:
        """Opens the keyring; the first key begins where there is none. Raises CredentialError, OSError."""
        self.did = did
        self.folder = folder
        self._source = source
        self._opened: dict[str, Signer] = {}
        self._stamp: tuple[int, int] | None = None
        self._history = History()
        if not self._path.exists():
            self._change(lambda history: history if history.keys else self._begun(history, _now_us(), rotate=False))

    def check(self) -> None:
        """Nothing where the history knows the key that the settings bring, and the key that signs now opens.

        A key that the settings bring and that did not begin by `rotate` is a slip, and is not published by accident.
        """
        name = self._source.named()
        if name and all(key.name != name for key in self.history.keys):
            raise CredentialError(
                "KEYRING", f"the settings bring the key {name}, which is not in {self._path}; `lodestream keys rotate` begins it"
            )
        self._now()

    # -- what the history says ------------------------------------------------------------------------------------

    @property
    def history(self) -> History:
        """As it is on disk now."""
        stamp = self._path.stat()
        if self._stamp != (stamp.st_ino, stamp.st_mtime_ns):
            self._history = parse_history(read_bounded(self._path, "history of keys"))
            self._stamp = (stamp.st_ino, stamp.st_mtime_ns)
        return self._history

    def rotate(self, since_us: int) -> Key:
        """A further key, which signs from then on (µs since 1970) and is published at once."""
        return self._change(lambda history: self._begun(history, since_us, rotate=True)).keys[-1]

    def retire(self, name: str, *, compromised: bool) -> Key:
        """End what a key's signatures count for: from now on, or (`compromised`) at all. Raises CredentialError (KEYRING)."""
        end = History.withdrawn if compromised else History.retired
        changed = self._change(lambda history: end(history, name, _now_us()))
        return next(key for key in changed.keys if key.name == name)

    def _begun(self, history: History, since_us: int, *, rotate: bool) -> History:
        signer, place = self._source.newest(rotate=rotate)
        jwk = signer.public_jwk()
        if rotate and history.keys and thumbprint(jwk) == history.keys[-1].name:
            raise CredentialError("KEYRING", "the settings still name the key that signs; set the new one in [issuer] first")
        return history.begun(jwk, since_us, place)

    def _change(self, change: Callable[[History], History]) -> History:
        with _locked(self.folder):
            history = change(self.history if self._path.exists() else History())
            write_whole(self._path, history.to_bytes(), 0o644)
        return history

    @property
    def _path(self) -> Path:
        return self.folder / HISTORY

    # -- the port Signer ------------------------------------------------------------------------------------------

    @property
    def kid(self) -> str:
        """Of the key that signs now."""
        return self._now().kid

    @property
    def alg(self) -> str:
        """Of the key that signs now."""
        return self._now().alg

    def sign(self, data: bytes) -> bytes:
        """With the key that signs now."""
        return self._now().sign(data)

    def public_jwk(self) -> dict[str, str]:
        """Of the key that signs now."""
        return self._now().public_jwk()

    def at(self, time_us: int) -> Signer:
        """The signer over the key that the history names for that time. Raises CredentialError (KEYRING, ...), OSError."""
        key = self.history.signing(time_us)
        if key.name not in self._opened:
            self._opened[key.name] = self._source.open(key)
        return self._opened[key.name]

    def _now(self) -> Signer:
        return self.at(_now_us())


def _opened(path: Path, did: str, key: Key) -> Signer:
    if not path.exists():
        raise CredentialError(
            "KEYRING",
            f"the key {key.name} signs for what is of {key.since} and later, and its file {path} is not there:"
            f" put it there, or `lodestream keys retire {key.name}` lets the next key sign for that time",
        )
    signer = load(path, did)
    if thumbprint(signer.public_jwk()) != key.name:
        raise CredentialError("KEYRING", f"{path} holds another key than {key.name}")
    return signer


def _now_us() -> int:
    return time.time_ns() // 1000


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One program at a time changes the history."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
