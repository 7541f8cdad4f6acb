"""The folder in which every credential is kept that ever came, with what became of it. Nothing in it is ever changed by halves.

    accepted/<sha256>         the file as it came      accepted/<sha256>.json   what it says and how it stands
    refused/<sha256>          the file as it came      refused/<sha256>.json    when, from whom, and why it was not taken
    opened/<id>.json          one event of a supplier as it is in our books, with what still waits to be sent
    findings/<id>.json        one finding as it was told last, with what still waits to be sent

A file comes before what is said about it, so whoever finds the second has the first. One process works in a folder.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from lodestream.supplied.standing import Raised
from lodestream.supplied.values import Accepted, Opened
from runtime.errors import LockedError, StateError
from runtime.files import take, write_whole

ACCEPTED, REFUSED, OPENED, FINDINGS = "accepted", "refused", "opened", "findings"
T = TypeVar("T", bound=Struct)


class Refusal(Struct, frozen=True):
    """Why a file was not taken: `code` is stable, `sentence` for a person, `by` who brought it, `refused_us` µs since 1970."""

    file: str
    code: str
    sentence: str
    by: str
    refused_us: int


class Store:
    """The folder, locked for this process as long as it is open. Raises LockedError, StateError."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            for name in (ACCEPTED, REFUSED, OPENED, FINDINGS):
                (folder / name).mkdir(parents=True, exist_ok=True)
            self._lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            raise StateError(f"{folder} cannot be used: {error.strerror}", damaged=False) from error
        if not take(self._lock):
            raise LockedError(f"another process works in {folder}: post the credential to the worker that runs, or stop it first")

    def close(self) -> None:
        """Let another process in."""
        os.close(self._lock)

    def accepted(self) -> list[Accepted]:
        """Every credential that was accepted."""
        return list(self._every(ACCEPTED, Accepted))

    def opened(self) -> list[Opened]:
        """Every event of a supplier in our books."""
        return list(self._every(OPENED, Opened))

    def findings(self) -> list[Raised]:
        """Every finding that was told."""
        return list(self._every(FINDINGS, Raised))

    def refusals(self) -> list[Refusal]:
        """Every file that was refused and not accepted since."""
        return list(self._every(REFUSED, Refusal))

    def file_of(self, credential: Accepted) -> bytes:
        """The file of an accepted credential as it came."""
        with _named(self.folder):
            return (self.folder / ACCEPTED / credential.file).read_bytes()

    def keep(self, data: bytes, credential: Accepted, changed: list[Opened]) -> None:
        """An accepted credential, and what it opens, before any of it is sent; its refusal, where there was one, is past.

        What it opens is written before the credential itself: after a crash in between it is accepted again, and opens the same.
        """
        _write(self.folder / ACCEPTED / credential.file, data)
        for one in changed:
            self.keep_opened(one)
        self.keep_standing(credential)
        for name in (f"{credential.file}.json", credential.file):
            (self.folder / REFUSED / name).unlink(missing_ok=True)

    def keep_standing(self, credential: Accepted) -> None:
        """How a credential stands now."""
        _write(self.folder / ACCEPTED / f"{credential.file}.json", msgspec.json.encode(credential))

    def keep_opened(self, opened: Opened) -> None:
        """An event as it is in our books now."""
        _write(self.folder / OPENED / f"{sha256(opened.ref.encode()).hexdigest()}.json", msgspec.json.encode(opened))

    def keep_finding(self, raised: Raised) -> None:
        """A finding as it was told last."""
        _write(self.folder / FINDINGS / f"{raised.finding.id}.json", msgspec.json.encode(raised))

    def refuse(self, data: bytes, refusal: Refusal) -> None:
        """A file that was not taken, with the reason."""
        _write(self.folder / REFUSED / refusal.file, data)
        _write(self.folder / REFUSED / f"{refusal.file}.json", msgspec.json.encode(refusal))

    def _every(self, name: str, kind: type[T]) -> Iterator[T]:
        for path in sorted((self.folder / name).glob("*.json")):
            with _named(path):
                yield msgspec.json.decode(path.read_bytes(), type=kind)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Errors with the file's name. Raises StateError."""
    try:
        yield
    except OSError as error:
        raise StateError(f"{path} cannot be read: {error.strerror}", damaged=False) from error
    except (msgspec.DecodeError, ValueError) as error:
        raise StateError(f"{path} is not as it was written: {error}", damaged=True) from error


def _write(path: Path, data: bytes) -> None:
    """All of it or nothing, and on the disk. Raises StateError."""
    try:
        write_whole(path, data, 0o600)
    except OSError as error:
        raise StateError(f"{path} cannot be written: {error.strerror}", damaged=False) from error
