"""Can every version read every other's data? Avro's schema resolution (Avro 1.12, Schema Resolution), decided without data.

FULL_TRANSITIVE: against each earlier version, both ways, since entries are read for years and workers are upgraded in
any order. Stricter than Avro in two points where its resolution succeeds and the data is wrong: bytes are not read as
a string (not all bytes are text), and a logical type does not change (the number would mean something else).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from schemas.catalogue import Schema

PROMOTIONS = {"int": {"long", "float", "double"}, "long": {"float", "double"}, "float": {"double"}, "string": {"bytes"}}
"""What a reader may take a written primitive as, besides itself."""
NAMED = {"record", "enum", "fixed"}


def incompatibilities(one: Schema, other: Schema) -> list[str]:
    """Why data of one schema could not be read with the other, or the other way round; empty where both are possible."""
    return [
        *(f"the earlier version could not read the new data: {fault}" for fault in unreadable(reader=other, writer=one)),
        *(f"the new version could not read the earlier data: {fault}" for fault in unreadable(reader=one, writer=other)),
    ]


def unreadable(reader: Any, writer: Any) -> list[str]:
    """Why data written with `writer` could not be read with `reader`, each with its path; empty where it can be."""
    return list(dict.fromkeys(_Resolution(_names(reader), _names(writer), set()).faults(reader, writer, "")))


@dataclass(frozen=True, slots=True)
class _Resolution:
    """One comparison: the named types of both sides, and the pairs of them already under way (types may be recursive)."""

    reader_names: dict[str, Any]
    writer_names: dict[str, Any]
    met: set[tuple[str, str]]

    def faults(self, reader: Any, writer: Any, path: str) -> Iterator[str]:
        """The faults at this place and below."""
        reader, writer = _defined(reader, self.reader_names), _defined(writer, self.writer_names)
        if isinstance(writer, list):
            for branch in writer:
                yield from self.faults(reader, branch, path)
        elif isinstance(reader, list):
            yield from self._no_branch(reader, writer, path)
        elif _type(reader) != _type(writer):
            if _type(reader) not in PROMOTIONS.get(_type(writer), ()):
                yield f"{path or '.'}: {_title(writer)} is not read as {_title(reader)}"
        elif _logical(reader) != _logical(writer):
            yield f"{path or '.'}: logical type {_logical(writer) or 'none'} is not read as {_logical(reader) or 'none'}"
        else:
            yield from self._within(reader, writer, path)

    def _no_branch(self, reader: list[Any], writer: Any, path: str) -> Iterator[str]:
        """A written value that is no union needs one branch that reads it; the faults of a branch alike in name say most."""
        tried = []
        for branch in reader:
            attempt = _Resolution(self.reader_names, self.writer_names, set(self.met))
            found = list(attempt.faults(branch, writer, path))
            if not found:
                return
            if _title(_defined(branch, self.reader_names)) == _title(writer):
                tried = found
        yield from tried or [f"{path or '.'}: {_title(writer)} is none of {', '.join(_title(branch) for branch in reader)}"]

    def _within(self, reader: Any, writer: Any, path: str) -> Iterator[str]:
        """The faults inside two types of the same kind."""
        kind = _type(reader)
        if kind in NAMED and not _same_name(reader, writer):
            yield f"{path or '.'}: {_title(writer)} is not read as {_title(reader)}"
        elif kind == "array":
            yield from self.faults(reader["items"], writer["items"], f"{path}[]")
        elif kind == "map":
            yield from self.faults(reader["values"], writer["values"], f"{path}{{}}")
        elif kind == "fixed" and reader["size"] != writer["size"]:
            yield f"{path or '.'}: {writer['size']} bytes are not read as {reader['size']}"
        elif kind == "enum" and "default" not in reader:
            for symbol in writer["symbols"]:
                if symbol not in reader["symbols"]:
                    yield f"{path or '.'}: symbol {symbol} is not known, and there is no default"
        elif kind == "record" and (reader["name"], writer["name"]) not in self.met:
            self.met.add((reader["name"], writer["name"]))
            yield from self._fields(reader, writer, path)

    def _fields(self, reader: Any, writer: Any, path: str) -> Iterator[str]:
        written = {field["name"]: field for field in writer["fields"]}
        for field in reader["fields"]:
            source = next((written[name] for name in (field["name"], *field.get("aliases", ())) if name in written), None)
            if source is not None:
                yield from self.faults(field["type"], source["type"], f"{path}.{field['name']}")
            elif "default" not in field:
                yield f"{path}.{field['name']}: is not in the data and has no default"


def _names(schema: Any) -> dict[str, Any]:
    """Every named type that is defined in the schema, by its name without namespace."""
    if isinstance(schema, list):
        return {name: node for branch in schema for name, node in _names(branch).items()}
    if not isinstance(schema, dict):
        return {}
    found = {schema["name"].rpartition(".")[2]: schema} if _type(schema) in NAMED else {}
    inner = [field["type"] for field in schema.get("fields", ())] + [schema[key] for key in ("items", "values") if key in schema]
    return found | _names(inner) | (_names(schema["type"]) if isinstance(schema["type"], (dict, list)) else {})


def _defined(schema: Any, names: dict[str, Any]) -> Any:
    """The definition behind a name, and the type within {"type": {...}}."""
    while isinstance(schema, dict) and isinstance(schema["type"], (dict, list)):
        schema = schema["type"]
    return names.get(schema.rpartition(".")[2], schema) if isinstance(schema, str) else schema


def _type(schema: Any) -> str:
    return str(schema["type"]) if isinstance(schema, dict) else "union" if isinstance(schema, list) else str(schema)


def _logical(schema: Any) -> Any:
    return schema.get("logicalType") if isinstance(schema, dict) else None


def _title(schema: Any) -> str:
    return f"{_type(schema)} {schema['name']}" if _type(schema) in NAMED else _type(schema)


def _same_name(reader: Any, writer: Any) -> bool:
    """Names match without their namespace, or by an alias of the reader."""
    names = {name.rpartition(".")[2] for name in (reader["name"], *reader.get("aliases", ()))}
    return writer["name"].rpartition(".")[2] in names
