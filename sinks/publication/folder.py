"""The folder that is published: URLs as files, each written whole, by one process at a time."""

import os
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

from lodestream.credentials.encoding import percent_decoded
from runtime.errors import LockedError, StateError
from runtime.files import sync_folder, take

WELL_KNOWN = ".well-known"
LONGEST_NAME = 200
"""Bytes of a file's name; file systems take 255, and ours are written beside under a longer one first."""
WRITERS = 16
FILES_AT_ONCE = 256
"""Files are written side by side, since a disk takes many at once: 3,503 files took 2.8 s, and 19.6 s one after the other."""
_UNFIT = re.compile(r"[\x00-\x1f\x7f/\\]")


def steps_of(path: str) -> tuple[str, ...] | None:
    """The names of folders and file for the path of a URL, escapes resolved; None where it cannot be one below the root.

    Empty steps, `.`, `..` and names that begin with a dot are none of ours (but `.well-known` at the root): no path leads out,
    and what is being written is not served.
    """
    if not path.startswith("/") or not path.isascii():
        return None
    steps = tuple(percent_decoded(step) for step in path[1:].split("/"))
    for number, step in enumerate(steps):
        hidden = step.startswith(".") and not (number == 0 and step == WELL_KNOWN)
        if not step or hidden or _UNFIT.search(step) or "\ufffd" in step or len(step.encode()) > LONGEST_NAME:
            return None
    return steps


def path_of(url: str) -> str | None:
    """The path of an http(s) URL that names a file of ours; None for one with a query or a fragment, or that leads elsewhere."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or parts.query or parts.fragment or steps_of(parts.path) is None:
        return None
    return parts.path


class Folder:
    """The published files. Ours alone from its making until `close`. Raises LockedError, StateError."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.fresh = not root.is_dir() or not any(root.iterdir())
        """Whether nothing was in it."""
        try:
            root.mkdir(parents=True, exist_ok=True)
            # The folder itself is locked: a file for that would be published with the rest.
            self._lock = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as reason:
            raise StateError(f"the publication folder {root} cannot be used: {reason}", damaged=False) from None
        if not take(self._lock):
            raise LockedError(f"another process publishes to {root}; one worker publishes to a folder")
        self._touched: set[Path] = set()
        self._pool = ThreadPoolExecutor(WRITERS, "publication")

    def close(self) -> None:
        """Give the folder back."""
        self._pool.shutdown()
        os.close(self._lock)

    def put(self, files: Iterable[tuple[str, bytes]]) -> int:
        """Each file, given by the path of its URL, holds these bytes from now on; how many did not.

        Readers see the old file or the new one. After `sync` they outlast a power cut too. Raises StateError, ValueError for a
        path that `steps_of` does not take.
        """
        changed, rest = 0, iter(files)
        while some := list(islice(rest, FILES_AT_ONCE)):
            try:
                for place, beside in filter(None, self._pool.map(self._beside, some)):
                    beside.replace(place)
                    changed += 1
            except OSError as reason:
                raise StateError(f"a file in {self.root} cannot be written: {reason}", damaged=False) from None
        return changed

    def _beside(self, file: tuple[str, bytes]) -> tuple[Path, Path] | None:
        """Write a file beside its place, and whole on disk; None where the place holds it already."""
        path, data = file
        steps = steps_of(path)
        if steps is None:
            raise ValueError(f"{path} is no path of a published file")
        place = self.root.joinpath(*steps)
        if _holds(place, data):
            return None
        beside = place.with_name(f".{place.name}.new")  # one name: whoever died before it was moved left it to the next try
        self._make(place.parent)
        with beside.open("wb") as new:
            new.write(data)
            new.flush()
            os.fsync(new.fileno())
        self._touched.add(place.parent)
        return place, beside

    def sync(self) -> None:
        """Make the names of what was put last as well. Raises StateError."""
        try:
            list(self._pool.map(sync_folder, self._touched))
        except OSError as reason:
            raise StateError(f"{self.root} cannot be written: {reason}", damaged=False) from None
        self._touched.clear()

    def _make(self, folder: Path) -> None:
        """Make a folder; those that hold new ones are to be synced too."""
        missing = [each for each in (folder, *folder.parents) if each.is_relative_to(self.root) and not each.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        self._touched.update(each.parent for each in missing)


def _holds(place: Path, data: bytes) -> bool:
    try:
        return not place.is_symlink() and place.stat().st_size == len(data) and place.read_bytes() == data
    except FileNotFoundError:
        return False
