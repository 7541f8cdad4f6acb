"""What the publication remembers: how far it has read, what is linked where, which bits are set, and what is still to be written.

One SQLite file. A batch of records goes into it in one transaction together with its offsets and with what has to be written for
it; then the files are written; then what was to be written is forgotten. Who is killed in between finds the rest at the next
start. So the files never tell of records that this memory does not have, and a revocation is never taken back on the way.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from lodestream.credentials.linkset import Link, Linkset, Placed, linkset
from lodestream.credentials.status import Bitstring
from runtime.errors import StateError
from runtime.port import Partition

FORMAT = "1"
_TABLES = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS positions (
    topic TEXT, partition INTEGER, topic_id TEXT NOT NULL, next INTEGER NOT NULL, PRIMARY KEY (topic, partition)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS links (
    path TEXT, relation TEXT, href TEXT, anchor TEXT NOT NULL, credential TEXT NOT NULL, link BLOB NOT NULL,
    PRIMARY KEY (path, relation, href)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS links_of_credential ON links (credential);
CREATE TABLE IF NOT EXISTS old (credential TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS lists (url TEXT PRIMARY KEY, bits BLOB NOT NULL, newest_us INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS stale (kind TEXT, name TEXT, PRIMARY KEY (kind, name)) WITHOUT ROWID;
"""
_NAMES = ("facts", "positions", "links", "old", "lists", "files", "stale")
LINKSET, LIST = "linkset", "list"
"""Kinds of files that are made from what is remembered, when they are written."""


class StatusList(NamedTuple):
    """The bits of a list, and the record time (µs since 1970) of the newest status in it."""

    bits: Bitstring
    newest_us: int


class Memory:
    """The SQLite file; one process has it, which holds the lock of the published folder. Raises StateError."""

    def __init__(self, path: Path, folder: Path, *, fresh: bool) -> None:
        """`folder` is the one that is published, `fresh` whether nothing is in it: then everything is read anew."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;" + _TABLES)
            meant = {"format": FORMAT, "folder": str(folder.absolute())}
            known = {name: value for name, value in self._db.execute("SELECT name, value FROM facts") if name in meant}
            self.begins = fresh or known != meant
            """Whether nothing is remembered: what is published follows when all that there is has been read once."""
            if self.begins:
                with self.together():
                    for name in _NAMES:
                        self._db.execute(f"DELETE FROM {name}")  # noqa: S608  # our own names
                    self._db.executemany("INSERT INTO facts VALUES (?, ?)", meant.items())
        except (OSError, sqlite3.Error) as reason:
            raise _state(path, reason) from None
        self._path = path

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """All that is written inside is there afterwards, or none of it. Raises StateError."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
        except sqlite3.Error as reason:
            raise _state(self._path, reason) from None

    # --- how far it has read -----------------------------------------------------------------------------------------------

    @property
    def caught_up(self) -> bool:
        """Whether all that there was has been read once."""
        return bool(self._rows("SELECT 1 FROM facts WHERE name = 'caught_up'"))

    def catch_up(self) -> None:
        """Note that it has."""
        self._do("INSERT OR REPLACE INTO facts VALUES ('caught_up', '')")

    def position(self, partition: Partition, topic_id: str) -> int | None:
        """The next offset to read of a partition; None where nothing was read of this very topic."""
        found = self._rows("SELECT topic_id, next FROM positions WHERE topic = ? AND partition = ?", *partition)
        return found[0][1] if found and found[0][0] == topic_id else None

    def move(self, partition: Partition, topic_id: str, next_offset: int) -> None:
        """All before this offset is remembered."""
        self._do("INSERT OR REPLACE INTO positions VALUES (?, ?, ?, ?)", *partition, topic_id, next_offset)

    # --- links -------------------------------------------------------------------------------------------------------------

    def link(self, credential: str, path: str, anchor: str, placed: Placed) -> None:
        """A link of a credential belongs into the linkset at this anchor path."""
        row = (path, placed.relation, placed.link.href, anchor, credential, msgspec.json.encode(placed.link))
        self._do("INSERT OR REPLACE INTO links VALUES (?, ?, ?, ?, ?, ?)", *row)
        self._stale(LINKSET, path)

    def supersede(self, credential: str) -> None:
        """The credential was replaced or revoked, whether or not it is known already."""
        self._do("INSERT OR IGNORE INTO old VALUES (?)", credential)
        for (path,) in self._rows("SELECT DISTINCT path FROM links WHERE credential = ?", credential):
            self._stale(LINKSET, path)

    def links(self, path: str) -> Linkset:
        """The linkset at an anchor path."""
        rows = self._rows(
            "SELECT anchor, relation, link, old.credential IS NOT NULL "
            "FROM links LEFT JOIN old USING (credential) WHERE path = ?",
            path,
        )
        found = [(relation, _marked(msgspec.json.decode(data, type=Link), old=old)) for _, relation, data, old in rows]
        return linkset(rows[0][0], found) if rows else Linkset()

    # --- status lists ------------------------------------------------------------------------------------------------------

    def status(self, url: str, indexes: Iterable[int], newest_us: int) -> None:
        """These entries of a list are set, besides those that are. Raises CredentialError (RANGE_ERROR)."""
        rows = self._rows("SELECT bits, newest_us FROM lists WHERE url = ?", url)
        before = StatusList(Bitstring(rows[0][0]), rows[0][1]) if rows else StatusList(Bitstring.empty(), newest_us)
        after = StatusList(before.bits.set(*indexes), max(before.newest_us, newest_us))
        if not rows or after != before:
            self._do("INSERT OR REPLACE INTO lists VALUES (?, ?, ?)", url, after.bits.data, after.newest_us)
            self._stale(LIST, url)

    def status_list(self, url: str) -> StatusList:
        """A list that is known."""
        [(bits, newest_us)] = self._rows("SELECT bits, newest_us FROM lists WHERE url = ?", url)
        return StatusList(Bitstring(bits), newest_us)

    def every_list(self) -> None:
        """All lists are to be written."""
        for (url,) in self._rows("SELECT url FROM lists"):
            self._stale(LIST, url)

    # --- what is to be written ---------------------------------------------------------------------------------------------

    def file(self, path: str, data: bytes) -> None:
        """A file is to hold these bytes."""
        self._do("INSERT OR REPLACE INTO files VALUES (?, ?)", path, data)

    def files(self) -> Iterator[tuple[str, bytes]]:
        """The files to be written, one after the other."""
        for (path,) in self._rows("SELECT path FROM files ORDER BY path"):
            [(data,)] = self._rows("SELECT data FROM files WHERE path = ?", path)
            yield path, data

    def stale(self, kind: str) -> list[str]:
        """The linksets (by path) or lists (by URL) to be written."""
        return [name for (name,) in self._rows("SELECT name FROM stale WHERE kind = ? ORDER BY name", kind)]

    def written(self, *, derived: bool) -> None:
        """All files are; with `derived` linksets and lists too."""
        with self.together():
            self._do("DELETE FROM files")
            if derived:
                self._do("DELETE FROM stale")

    def _stale(self, kind: str, name: str) -> None:
        self._do("INSERT OR IGNORE INTO stale VALUES (?, ?)", kind, name)

    def _rows(self, query: str, *values: object) -> list[Any]:
        try:
            return self._db.execute(query, values).fetchall()
        except sqlite3.Error as reason:
            raise _state(self._path, reason) from None

    def _do(self, query: str, *values: object) -> None:
        self._rows(query, *values)


def _marked(link: Link, *, old: bool) -> Link:
    return link.superseded() if old else link


def _state(path: Path, reason: Exception) -> StateError:
    return StateError(
        f"{path} cannot be used: {reason}. If it is damaged, stop the worker and remove it: all is read and written anew",
        damaged=isinstance(reason, sqlite3.DatabaseError) and not isinstance(reason, sqlite3.OperationalError),
    )
