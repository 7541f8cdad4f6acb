"""Migrations: numbered SQL files, applied once and in order, that nobody edits after their release.

A file is `NNNN_name.sql`; each section that begins with a line `-- statement: what` is one statement and is safe to
repeat, so a run that died in the middle of a file is simply run again. `lodestream_raw.schema_migrations` remembers
each file with the SHA-256 of its text.
"""

import re
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files

from clickhouse_connect.driver.client import Client

FILE_NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
SECTION = re.compile(r"^-- statement: (.+)$", re.MULTILINE)

BOOKKEEPING = (
    "CREATE DATABASE IF NOT EXISTS lodestream_raw",
    """
    CREATE TABLE IF NOT EXISTS lodestream_raw.schema_migrations
    (
        version UInt32 COMMENT 'Number of the migration.',
        name String COMMENT 'Its name.',
        checksum String COMMENT 'SHA-256 of the file (hex).',
        applied DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When it was applied, by the server clock.'
    )
    ENGINE = ReplacingMergeTree
    ORDER BY version
    COMMENT 'Migrations that this database has had.'
    """,
)


class MigrationError(Exception):
    """The database and the migrations of this version do not fit; the message says how. `code` is stable."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Migration:
    """One file. `statements` are (what, SQL)."""

    version: int
    name: str
    checksum: str
    statements: tuple[tuple[str, str], ...]


def migrate(client: Client, migrations: tuple[Migration, ...] | None = None) -> list[Migration]:
    """Apply what the database lacks, in order; gives what was applied. Raises MigrationError, then nothing was changed."""
    wanted = packaged() if migrations is None else migrations
    for statement in BOOKKEEPING:
        client.command(statement)
    missing = pending(wanted, applied(client))
    for migration in missing:
        for _, statement in migration.statements:
            client.command(statement)
        client.insert(
            "lodestream_raw.schema_migrations",
            [[migration.version, migration.name, migration.checksum]],
            column_names=["version", "name", "checksum"],
            settings={"async_insert": 0},
        )
    return missing


def applied(client: Client) -> dict[int, tuple[str, str]]:
    """What the database has had: number to (name, checksum)."""
    rows = client.query("SELECT version, name, checksum FROM lodestream_raw.schema_migrations FINAL ORDER BY version").result_rows
    return {version: (name, checksum) for version, name, checksum in rows}


def pending(wanted: tuple[Migration, ...], had: dict[int, tuple[str, str]]) -> list[Migration]:
    """The migrations that are missing. Raises MigrationError: EDITED, OUT_OF_ORDER or NEWER_DATABASE."""
    by_version = {migration.version: migration for migration in wanted}
    for version, (name, checksum) in had.items():
        migration = by_version.get(version)
        if migration is None:
            raise MigrationError(
                "NEWER_DATABASE",
                f"the database has had migration {version:04d}_{name}, which this version of Lodestream does not know; "
                "update Lodestream",
            )
        if migration.checksum != checksum:
            raise MigrationError(
                "EDITED",
                f"migration {version:04d}_{migration.name} was edited after this database had it; "
                "put the released file back and write a new one",
            )
    missing = [migration for migration in wanted if migration.version not in had]
    if had and missing and missing[0].version < max(had):
        raise MigrationError(
            "OUT_OF_ORDER",
            f"migration {missing[0].version:04d}_{missing[0].name} comes before {max(had):04d}, which the database has had; "
            "number it after",
        )
    return missing


def packaged() -> tuple[Migration, ...]:
    """The migrations that come with this package, in order."""
    folder = files("sinks.clickhouse") / "migrations"
    found = [parse(path.name, path.read_text(encoding="utf-8")) for path in folder.iterdir() if path.name.endswith(".sql")]
    return in_order(found)


def in_order(migrations: list[Migration]) -> tuple[Migration, ...]:
    """The migrations by number. Raises MigrationError, code NUMBERING, where one number is missing or stands twice."""
    ordered = sorted(migrations, key=lambda migration: migration.version)
    numbers = [migration.version for migration in ordered]
    if numbers != list(range(1, len(ordered) + 1)):
        raise MigrationError("NUMBERING", f"migrations are numbered from 0001 without gap or repetition; these are {numbers}")
    return tuple(ordered)


def parse(file_name: str, text: str) -> Migration:
    """A migration of its file's name and text. Raises MigrationError, code MALFORMED."""
    named = FILE_NAME.fullmatch(file_name)
    if named is None:
        raise MigrationError("MALFORMED", f"{file_name}: a migration is called NNNN_name.sql, in lower case")
    _, *sections = SECTION.split(text)
    statements = tuple((what.strip(), sql.strip()) for what, sql in zip(sections[::2], sections[1::2], strict=True))
    if not statements or not all(sql for _, sql in statements):
        raise MigrationError("MALFORMED", f"{file_name}: each statement follows a line `-- statement: what it makes`")
    return Migration(int(named[1]), named[2], sha256(text.encode()).hexdigest(), statements)
