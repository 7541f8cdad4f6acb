"""Which schema an id names: the port, and the adapter that reads the schemas kept in this package.

An id is for ever: data written with it is read for years. So every released version stays in `schemas/history`, and
`schemas/lock.json` holds its id and SHA-256. A registry's adapter answers the same two questions.
"""

import json
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Protocol

from msgspec import Struct
from msgspec import json as msgspec_json

Schema = dict[str, Any]
"""An Avro schema as JSON, self-contained: every record that it names is defined within it."""

NAMESPACE = "org.lodestream.v1"
SUBJECTS = {
    "Entry": "site.entries.v1-value",
    "Outcome": "ledger.transactions.v1-value",
    "LotState": "ledger.lots.v1-value",
    "Rejection": "epcis.rejected.v1-value",
    "CredentialRecord": "credentials.issued.v1-value",
    "StatusRecord": "credentials.status.v1-value",
}
"""The subject of each kind of record, by its name: `<topic>-value` (TopicNameStrategy), one kind a topic."""


class SchemaCatalogue(Protocol):
    """Where the codec finds schemas by id and the newest id by subject. Both raise KeyError for what is not there."""

    def id_of(self, subject: str) -> int:
        """The id of the newest version of the subject."""
        ...

    def schema_of(self, schema_id: int) -> Schema:
        """The schema that the id names."""
        ...


class Release(Struct, frozen=True):
    """One released version: a line of lock.json. `file` is in the folder `history`, `sha256` over its bytes (hex)."""

    id: int
    subject: str
    version: int
    file: str
    sha256: str


class CorruptCatalogueError(Exception):
    """A released schema is not what it was when it was released. The installation is damaged, or history was edited."""


@dataclass(frozen=True, slots=True)
class FileCatalogue:
    """The catalogue in a folder: `lock.json` and `history/`. What it reads it checks against the lock."""

    root: Traversable
    releases: tuple[Release, ...]

    @classmethod
    def open(cls, root: Traversable) -> "FileCatalogue":
        """The catalogue of a folder; empty where nothing has been released yet."""
        lock = root / "lock.json"
        releases = msgspec_json.decode(lock.read_bytes(), type=tuple[Release, ...]) if lock.is_file() else ()
        return cls(root, releases)

    def id_of(self, subject: str) -> int:
        """The id of the subject's newest version."""
        return self.versions(subject)[-1].id

    def schema_of(self, schema_id: int) -> Schema:
        """The schema of an id, of whatever version. Raises KeyError."""
        for release in self.releases:
            if release.id == schema_id:
                return self.read(release)
        raise KeyError(schema_id)

    def versions(self, subject: str) -> list[Release]:
        """Every version of the subject, oldest first. KeyError where there is none."""
        found = sorted((release for release in self.releases if release.subject == subject), key=lambda release: release.version)
        if not found:
            raise KeyError(subject)
        return found

    def read(self, release: Release) -> Schema:
        """The schema of one release; CorruptCatalogueError where its bytes are not those that were released."""
        data = (self.root / "history" / release.file).read_bytes()
        if sha256(data).hexdigest() != release.sha256:
            raise CorruptCatalogueError(
                f"schemas/history/{release.file} (id {release.id}) is not what was released: its SHA-256 differs from lock.json. "
                "A released schema never changes; restore the file and release a new version with `python -m schemas.release`."
            )
        schema: Schema = json.loads(data)
        return schema


@cache
def packaged() -> FileCatalogue:
    """The catalogue that comes with this package."""
    return FileCatalogue.open(files("schemas"))
