"""A user's bundle of official schemas and contexts: copied from a folder, pinned by SHA-256, read back for verification."""

from pathlib import Path
from typing import NamedTuple

from lodestream.credentials.bundle import Bundle
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.pins import CONTEXT_PINS, SCHEMA_PINS
from runtime.files import write_whole

LARGEST_FILE = 2 * 1024 * 1024
PINS = (*CONTEXT_PINS, *SCHEMA_PINS)


class Installed(NamedTuple):
    """What an installation did: the files copied, and those that the folder does not have and that are optional."""

    copied: list[str]
    absent: list[str]


def install(folder: Path, target: Path) -> Installed:
    """Copy the official files from a folder laid out like the UNTP artefacts (contexts/, schemas/) into the bundle directory.

    All or nothing: raises CredentialError (BUNDLE) where a file is not the one that is pinned, or one that is needed is missing.
    """
    files = _read(folder)
    if not files:
        raise CredentialError("BUNDLE", f"{folder} holds none of the official files, such as {PINS[0].path}")
    Bundle(files)  # checks digests and completeness before anything is written
    for path, data in files.items():
        write_whole(target / path, data, 0o644)
    return Installed(sorted(files), sorted(pin.path for pin in PINS if pin.path not in files))


def load(target: Path) -> Bundle | None:
    """The installed bundle, its digests checked again; None where none is installed. Raises CredentialError (BUNDLE)."""
    files = _read(target)
    return Bundle(files) if files else None


def _read(folder: Path) -> dict[str, bytes]:
    files = {}
    for pin in PINS:
        path = folder / pin.path
        if path.is_file():
            with path.open("rb") as file:
                files[pin.path] = file.read(LARGEST_FILE)
    return files
