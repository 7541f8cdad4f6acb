"""`python -m schemas.release`: give every schema that changed in `schemas/avro` a new version and an id.

Refuses (exit code 1) where a change breaks compatibility with any version of the subject: nothing is written then.
"""

import json
import sys
from hashlib import sha256
from pathlib import Path

import msgspec
from fastavro import parse_schema
from fastavro.schema import SchemaParseException

from schemas.catalogue import FileCatalogue, Release, Schema
from schemas.compatibility import incompatibilities
from schemas.present import present


def main() -> int:
    """Release what changed, and say what was done."""
    root = Path(__file__).parent
    try:
        made = release(root, present())
    except (IncompatibleError, SchemaParseException) as error:
        print(error, file=sys.stderr)  # noqa: T201  # it is a command
        return 1
    for each in made:
        print(f"{each.subject} version {each.version} is schema id {each.id} ({each.file})")  # noqa: T201
    if not made:
        print("nothing changed")  # noqa: T201
    return 0


class IncompatibleError(Exception):
    """A present schema cannot be released: some version could not read the other's data."""


def release(root: Path, schemas: dict[str, Schema]) -> list[Release]:
    """Write a new version of each subject whose schema is not its newest version. IncompatibleError, and nothing is written."""
    catalogue = FileCatalogue.open(root)
    for schema in schemas.values():
        parse_schema(schema)  # SchemaParseException: it is no Avro, or a default is not of its field's type
    faults = [f"{subject}: {fault}" for subject, schema in schemas.items() for fault in _faults(catalogue, subject, schema)]
    if faults:
        raise IncompatibleError("not released, these changes break FULL_TRANSITIVE compatibility:\n" + "\n".join(faults))
    (root / "history").mkdir(exist_ok=True)
    made: list[Release] = []
    for subject, schema in schemas.items():
        versions = _versions(catalogue, subject)
        if versions and catalogue.read(versions[-1]) == schema:
            continue
        number = len(versions) + 1
        file = f"{subject.removesuffix('-value')}-{number}.avsc"
        data = (json.dumps(schema, ensure_ascii=False, indent=1) + "\n").encode()
        (root / "history" / file).write_bytes(data)
        next_id = max((each.id for each in (*catalogue.releases, *made)), default=0) + 1
        made.append(Release(next_id, subject, number, file, sha256(data).hexdigest()))
    if made:
        lock = msgspec.json.format(msgspec.json.encode((*catalogue.releases, *made)), indent=2)
        (root / "lock.json").write_bytes(lock + b"\n")
    return made


def _faults(catalogue: FileCatalogue, subject: str, schema: Schema) -> list[str]:
    return [
        f"{fault} (against version {each.version})"
        for each in _versions(catalogue, subject)
        for fault in incompatibilities(schema, catalogue.read(each))
    ]


def _versions(catalogue: FileCatalogue, subject: str) -> list[Release]:
    try:
        return catalogue.versions(subject)
    except KeyError:
        return []


if __name__ == "__main__":
    sys.exit(main())
