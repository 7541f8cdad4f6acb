"""A folder instead of the web: every answer of a walk in a file, so that anybody can walk again without a network.

`index.json` maps each URL to a file in the folder, or to why there was none: `{"https://…": {"file": "3f….json"},
"https://…": {"absent": "missing", "detail": "HTTP 404"}}`. Who makes a folder by hand writes the index alone.
"""

from hashlib import sha256
from pathlib import Path

import msgspec

from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import LARGEST_BYTES
from lodestream.credentials.walk.ports import Absent, Answer, Reason, Sources

INDEX = "index.json"
LARGEST_INDEX = 64 * 1024 * 1024


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What there is about a URL: the name of a file in the folder, or the reason why there is none."""

    file: str = ""
    absent: Reason | None = None
    detail: str = ""


class Folder:
    """The sources of a saved walk. A URL that is not in the index is missing."""

    def __init__(self, folder: Path) -> None:
        """Raises CredentialError (FOLDER): there is no index, or it cannot be read."""
        self._folder = folder
        try:
            if (folder / INDEX).stat().st_size > LARGEST_INDEX:
                raise CredentialError("FOLDER", f"{folder / INDEX} is too large")
            self._entries = msgspec.json.decode((folder / INDEX).read_bytes(), type=dict[str, Entry])
        except (OSError, msgspec.MsgspecError) as error:
            raise CredentialError("FOLDER", f"{folder} is no folder of a saved walk: {error}") from None
        for url, entry in self._entries.items():
            if entry.absent is None and (not entry.file or Path(entry.file).name != entry.file):
                raise CredentialError("FOLDER", f"{url[:200]}: {entry.file[:200]!r} is no name of a file in the folder")

    def get(self, url: str) -> Answer:
        """The file that the index names for the URL."""
        entry = self._entries.get(url)
        if entry is None:
            return Absent("missing", "it is not in the folder")
        if entry.absent is not None:
            return Absent(entry.absent, entry.detail)
        try:
            with (self._folder / entry.file).open("rb") as opened:
                data = opened.read(LARGEST_BYTES + 1)
        except OSError as error:
            return Absent("unreachable", f"{entry.file}: {error.strerror}")
        return data if len(data) <= LARGEST_BYTES else Absent("too large", entry.file)


class Saving:
    """Sources that keep every answer in a folder, for `Folder` to give again. Call `close` at the end."""

    def __init__(self, sources: Sources, folder: Path) -> None:
        """Makes the folder. Raises OSError."""
        self._sources, self._folder = sources, folder
        self._entries: dict[str, Entry] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def get(self, url: str) -> Answer:
        """As the sources say, and a copy of it. Raises OSError where it cannot be kept."""
        answer = self._sources.get(url)
        if isinstance(answer, Absent):
            self._entries[url] = Entry(absent=answer.reason, detail=answer.detail)
        else:
            name = f"{sha256(answer).hexdigest()[:32]}.{'json' if answer.lstrip().startswith(b'{') else 'jwt'}"
            (self._folder / name).write_bytes(answer)
            self._entries[url] = Entry(file=name)
        return answer

    def close(self) -> None:
        """Write the index. Raises OSError."""
        text = msgspec.json.format(msgspec.json.encode(dict(sorted(self._entries.items()))))
        (self._folder / INDEX).write_bytes(text + b"\n")
