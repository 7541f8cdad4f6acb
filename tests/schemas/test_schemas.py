"""The Avro schemas say what the Structs say, are documented throughout, are released, and every version bridges every other."""

import types
import typing
from decimal import Decimal
from itertools import combinations
from typing import Any

import msgspec
import pytest
from fastavro import parse_schema

from schemas import topics
from schemas.catalogue import NAMESPACE, SUBJECTS, packaged
from schemas.codec import KINDS
from schemas.compatibility import incompatibilities
from schemas.present import bundle, present

MICROS = {"type": "long", "logicalType": "timestamp-micros"}
DECIMAL = {"type": "string", "logicalType": "lodestream-decimal"}


def avro_type(kind: Any, field: str) -> Any:
    """The Avro type that stands for an annotation; a record stands for its name."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return ["null", *(avro_type(each, field) for each in arguments if each is not type(None))]
    if origin is list:
        return {"type": "array", "items": avro_type(arguments[0], field)}
    if origin is dict:
        return {"type": "map", "values": avro_type(arguments[1], field)}
    if origin is typing.Literal:
        return "string"
    if issubclass(kind, msgspec.Struct):
        return kind.__name__
    plain = {str: "string", bool: "boolean", bytes: "bytes", Decimal: DECIMAL, int: MICROS if field.endswith("_us") else "long"}
    return plain[kind]


def structs(kind: Any) -> dict[str, type[msgspec.Struct]]:
    """Every Struct that values of the type may hold, by name."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        inner = [structs(field.type) for field in msgspec.structs.fields(kind)]
        return {kind.__name__: kind} | {name: each for found in inner for name, each in found.items()}
    return {name: each for argument in typing.get_args(kind) for name, each in structs(argument).items()}


def records(node: Any) -> dict[str, Any]:
    """Every record that is defined in a schema, by name."""
    if isinstance(node, list):
        return {name: each for item in node for name, each in records(item).items()}
    if not isinstance(node, dict):
        return {}
    found = {node["name"]: node} if node.get("type") == "record" else {}
    inner = records([field["type"] for field in node.get("fields", ())] + [node.get(key) for key in ("items", "values")])
    return found | inner


def named(node: Any) -> Any:
    """A type with the records in it replaced by their names."""
    if isinstance(node, list):
        return [named(each) for each in node]
    if isinstance(node, dict):
        if node["type"] == "record":
            return node["name"]
        return {key: named(value) if key in ("items", "values") else value for key, value in node.items()}
    return node


def default(field: msgspec.structs.FieldInfo) -> dict[str, Any]:
    """The default as the schema should have it, or nothing where the field is required."""
    if field.required:
        return {}
    value = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
    return {"default": value.decode("latin-1") if isinstance(value, bytes) else msgspec.to_builtins(value)}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_schema_and_struct_agree(kind: type[msgspec.Struct]) -> None:
    """By name, type, nullability and default, in both directions. If this fails: change schemas/avro, then release."""
    schema = bundle(kind.__name__)
    expected = {
        name: {
            field.name: {"type": avro_type(field.type, field.name), **default(field)} for field in msgspec.structs.fields(struct)
        }
        for name, struct in structs(kind).items()
    }
    actual = {
        name: {
            field["name"]: {"type": named(field["type"])} | ({"default": field["default"]} if "default" in field else {})
            for field in record["fields"]
        }
        for name, record in records(schema).items()
    }
    assert actual == expected


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_field_has_a_doc_with_its_unit(kind: type[msgspec.Struct]) -> None:
    schema = bundle(kind.__name__)
    assert schema["namespace"] == NAMESPACE
    for name, record in records(schema).items():
        assert record["doc"], name
        for field in record["fields"]:
            doc = field.get("doc", "")
            assert len(doc) > 3, f"{name}.{field['name']} has no doc"
            if "_mg" in field["name"]:
                assert "mg" in doc, f"{name}.{field['name']} does not tell its unit"
            if field["name"].endswith("_us"):
                assert "microseconds since 1970-01-01 UTC" in doc, f"{name}.{field['name']} does not tell its unit"


def test_the_present_schemas_are_released() -> None:
    """If this fails: run `python -m schemas.release` and commit what it writes."""
    catalogue = packaged()
    for subject, schema in present().items():
        assert catalogue.schema_of(catalogue.id_of(subject)) == schema, f"{subject} changed and was not released"


def test_history_and_lock_are_whole() -> None:
    catalogue = packaged()
    assert [each.id for each in catalogue.releases] == list(range(1, len(catalogue.releases) + 1))
    assert {each.file for each in catalogue.releases} == {file.name for file in (catalogue.root / "history").iterdir()}
    for subject in SUBJECTS.values():
        versions = catalogue.versions(subject)
        assert [each.version for each in versions] == list(range(1, len(versions) + 1))
        for each in versions:
            parse_schema(catalogue.read(each))


def test_every_version_bridges_every_other() -> None:
    """FULL_TRANSITIVE, over the history and what is in the work tree."""
    catalogue = packaged()
    for subject, schema in present().items():
        versions = [*(catalogue.read(each) for each in catalogue.versions(subject)), schema]
        for earlier, later in combinations(versions, 2):
            assert incompatibilities(later, earlier) == [], subject


def test_topics_and_schemas_know_each_other() -> None:
    declared = {f"{topic.name}-value": topic.value for topic in topics.declared()}
    assert {subject: declared[subject] for subject in SUBJECTS.values()} == {subject: name for name, subject in SUBJECTS.items()}
    assert {name for name in declared.values() if name not in ("JSON", "bytes")} == set(SUBJECTS)
    assert {kind.__name__ for kind in KINDS} == set(SUBJECTS)
