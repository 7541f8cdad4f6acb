"""The catalogue by the numbers of a Confluent-compatible schema registry: its ids on the wire, our schemas behind them.

Everything is read once, when a program starts. No id that stands in a record makes it ask for anything, and a registry that goes
away later is not missed; what was registered meanwhile is known from the next start on. Subjects are `<topic>-value`
(TopicNameStrategy), as in `schemas.catalogue`.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from fastavro import parse_schema

from schemas.catalogue import SUBJECTS, FileCatalogue, Schema
from schemas.compatibility import incompatibilities

DEFAULTS: dict[str, Any] = {"timeout": 10, "max.retries": 2, "retries.wait.ms": 200, "retries.max.wait.ms": 1_000}
"""Of Confluent's client, whose own waits for an answer for ever. Its other options are text."""
NOT_FOUND = 404


class RegistryError(Exception):
    """The registry cannot be used; the message says why, names the subject where it is about one, and says what to do.

    Codes: UNUSABLE (options, or Confluent's client is not installed), UNREACHABLE (no answer, or no right one), MISSING (a schema
    of ours is not there), FOREIGN (a subject of ours holds what is no schema of ours), REFUSED (it does not take our schema).
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Client(Protocol):
    """What is used of Confluent's `SchemaRegistryClient`."""

    def get_versions(self, subject_name: str) -> list[int]:
        """The versions of a subject."""
        ...

    def get_version(self, subject_name: str, version: int) -> Any:
        """One version of a subject, as a `RegisteredSchema`."""
        ...

    def register_schema(self, subject_name: str, schema: Any) -> int:
        """Add a version to a subject."""
        ...


@dataclass(frozen=True, slots=True)
class Subject:
    """One subject as the registry has it: the schema of each id, and the id of our newest (None: it is not there)."""

    name: str
    schemas: Mapping[int, Schema]
    newest: int | None


@dataclass(frozen=True, slots=True)
class RegistryCatalogue:
    """A SchemaCatalogue with the registry's ids."""

    newest: Mapping[str, int]
    schemas: Mapping[int, Schema]

    def id_of(self, subject: str) -> int:
        """The id of our newest version of the subject."""
        return self.newest[subject]

    def schema_of(self, schema_id: int) -> Schema:
        """The schema of an id under one of our subjects. Raises KeyError."""
        return self.schemas[schema_id]


def connect(url: str, options: Mapping[str, str]) -> Client:
    """Confluent's client. It asks nothing yet. Raises RegistryError (UNUSABLE)."""
    try:
        from confluent_kafka.schema_registry import SchemaRegistryClient
    except ImportError:
        raise RegistryError("UNUSABLE", "its client is not installed: pip install 'lodestream[registry]'") from None
    try:
        numbers = {name: float(value) for name, value in options.items() if name in DEFAULTS}
        client: Client = SchemaRegistryClient.new_client({**options, **DEFAULTS, **numbers, "url": url})
    except (ValueError, TypeError, OSError) as error:
        raise RegistryError("UNUSABLE", f"schema_registry.options: {_unquoted(error, url, options)}") from None
    return client


def look(client: Client, ours: FileCatalogue) -> list[Subject]:
    """Each subject of ours as the registry has it. Raises RegistryError (UNREACHABLE, FOREIGN)."""
    return [_look(client, ours, name) for name in SUBJECTS.values()]


def register(client: Client, ours: FileCatalogue, subject: Subject) -> Subject:
    """The subject with our newest schema in it, written there where it was missing. Raises RegistryError."""
    if subject.newest is not None:
        return subject
    from confluent_kafka.schema_registry import Schema as Registered

    schema = ours.schema_of(ours.id_of(subject.name))
    with _told(subject.name, refusable=True):
        client.register_schema(subject.name, Registered(json.dumps(schema), "AVRO"))
    now = _look(client, ours, subject.name)
    if now.newest is None:
        raise RegistryError("REFUSED", f"{subject.name}: the schema was registered and is not among the versions")
    return now


def catalogue(subjects: list[Subject]) -> RegistryCatalogue:
    """The catalogue over these. Raises RegistryError (MISSING), which names every subject without our newest schema."""
    newest = {subject.name: subject.newest for subject in subjects if subject.newest is not None}
    missing = [subject.name for subject in subjects if subject.newest is None]
    if missing:
        raise RegistryError(
            "MISSING",
            f"this version's schema is not under {', '.join(missing)}; write it there with `lodestream schemas register`, "
            "or let workers do so at their start (schema_registry.register_missing = true)",
        )
    return RegistryCatalogue(newest, {number: schema for subject in subjects for number, schema in subject.schemas.items()})


def open_registry(client: Client, ours: FileCatalogue, *, register_missing: bool) -> RegistryCatalogue:
    """What a program works with: looked at, completed where that is allowed, and whole. Raises RegistryError."""
    subjects = look(client, ours)
    if register_missing:
        subjects = [register(client, ours, subject) for subject in subjects]
    return catalogue(subjects)


def _look(client: Client, ours: FileCatalogue, name: str) -> Subject:
    released = [ours.read(release) for release in ours.versions(name)]
    schemas: dict[int, Schema] = {}
    newest = None
    for version in _versions(client, name):
        with _told(name):
            found = client.get_version(name, version)
            number, text = int(found.schema_id), str(found.schema.schema_str)
        schemas[number] = _sound(text, released, f"{name} version {version} (id {number})")
        if schemas[number] == released[-1]:
            newest = number
    return Subject(name, schemas, newest)


def _versions(client: Client, name: str) -> list[int]:
    try:
        with _told(name):
            return client.get_versions(name)
    except RegistryError as error:
        if error.code == "MISSING":
            return []
        raise


def _sound(text: str, released: list[Schema], where: str) -> Schema:
    """The schema of a text: one of ours, or one that reads ours and is read by ours. Raises RegistryError (FOREIGN)."""
    newest = released[-1]
    try:
        schema: Schema = json.loads(text)
        if schema in released:
            return schema
        parse_schema(schema)
        named = schema["type"] == "record" and schema["name"] == newest["name"]
        faults = incompatibilities(newest, schema) if named else [f"it is no record {newest['name']}"]
    except Exception as error:  # noqa: BLE001  # text that somebody wrote: whatever is wrong with it, it is no schema for us
        faults = [f"it is no Avro schema: {error!r}"]
    if faults:
        raise RegistryError(
            "FOREIGN",
            f"{where} is no schema of ours and none that goes with ours: {faults[0]}; remove it, or name the registry (or the "
            "context) in which these subjects are ours",
        )
    return schema


@contextmanager
def _told(name: str, *, refusable: bool = False) -> Iterator[None]:
    """What the client raises, as a RegistryError."""
    from confluent_kafka.schema_registry.error import SchemaRegistryError

    try:
        yield
    except SchemaRegistryError as error:
        if error.http_status_code == NOT_FOUND:
            raise RegistryError("MISSING", f"{name} is not there") from None
        code = "REFUSED" if refusable and 400 <= error.http_status_code < 500 else "UNREACHABLE"
        raise RegistryError(code, f"{name}: {error.error_message} (HTTP {error.http_status_code})") from None
    except Exception as error:  # noqa: BLE001  # its HTTP library's own errors, and what it makes of an answer that is none
        said = f"{type(error).__name__}: {error}"
        raise RegistryError("UNREACHABLE", f"it does not answer as a schema registry does ({said})") from None


def _unquoted(error: Exception, url: str, options: Mapping[str, str]) -> str:
    """The client's complaint, unless it repeats a value that may be a secret."""
    text = str(error)
    return "one of them cannot be used" if any(value and value in text for value in (url, *options.values())) else text
