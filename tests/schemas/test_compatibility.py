"""The compatibility check finds what breaks, lets pass what does not, and agrees with what a real reader can do."""

import copy
import re
from io import BytesIO
from typing import Any

import pytest
from fastavro import parse_schema, schemaless_reader, schemaless_writer
from fastavro.utils import generate_one
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.compatibility import incompatibilities, unreadable
from schemas.present import present

BASE: dict[str, Any] = {
    "type": "record",
    "name": "Lot",
    "namespace": "org.lodestream.v1",
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "mass", "type": "long"},
        {"name": "owner", "type": ["null", "string"], "default": None},
        {"name": "made", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "state", "type": {"type": "enum", "name": "State", "symbols": ["OPEN", "DONE"]}},
        {"name": "digest", "type": {"type": "fixed", "name": "Digest", "size": 4}},
        {"name": "shares", "type": {"type": "map", "values": "long"}},
        {
            "name": "edges",
            "type": {
                "type": "array",
                "items": {
                    "type": "record",
                    "name": "Edge",
                    "fields": [{"name": "to", "type": "string"}, {"name": "mg", "type": "long"}],
                },
            },
        },
        {"name": "first", "type": ["null", "Edge"], "default": None},
    ],
}


def field(schema: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in schema["fields"] if each["name"] == name)


def changed(**types: Any) -> dict[str, Any]:
    """BASE with the types of some fields replaced."""
    schema = copy.deepcopy(BASE)
    for name, each in types.items():
        field(schema, name)["type"] = each
    return schema


def added(new: dict[str, Any], to: str | None = None) -> dict[str, Any]:
    schema = copy.deepcopy(BASE)
    (schema if to is None else field(schema, to)["type"]["items"])["fields"].append(new)
    return schema


def without(name: str) -> dict[str, Any]:
    return {**BASE, "fields": [each for each in BASE["fields"] if each["name"] != name]}


EDGE = field(BASE, "edges")["type"]["items"]

BREAKING = {
    "a field without default added": (added({"name": "x", "type": "long"}), ".x: is not in the data and has no default"),
    "a field without default removed": (without("mass"), ".mass: is not in the data and has no default"),
    "a field renamed": (
        {**BASE, "fields": [{**each, "name": "weight"} if each["name"] == "mass" else each for each in BASE["fields"]]},
        ".mass: is not in the data",
    ),
    "in a record of a list": (added({"name": "x", "type": "long"}, to="edges"), ".edges[].x: is not in the data"),
    "a wider number": (changed(mass="double"), ".mass: double is not read as long"),
    "a narrower number": (changed(mass="int"), ".mass: long is not read as int"),
    "text made bytes": (changed(id="bytes"), ".id: bytes is not read as string"),
    "null allowed": (changed(mass=["null", "long"]), ".mass: null is not read as long"),
    "null forbidden": (changed(owner="string"), ".owner: null is not read as string"),
    "a branch added": (changed(owner=["null", "string", "long"]), ".owner: long is none of null, string"),
    "a branch replaced": (changed(owner=["null", "long"]), ".owner: string is none of null, long"),
    "the values of a map": (changed(shares={"type": "map", "values": "string"}), ".shares{}: string is not read as long"),
    "a list made a map": (changed(shares={"type": "array", "items": "long"}), ".shares: map is not read as array"),
    "a symbol added": (
        changed(state={"type": "enum", "name": "State", "symbols": ["OPEN", "DONE", "VOID"]}),
        ".state: symbol VOID is not known",
    ),
    "a symbol removed": (
        changed(state={"type": "enum", "name": "State", "symbols": ["OPEN"]}),
        ".state: symbol DONE is not known",
    ),
    "another size": (changed(digest={"type": "fixed", "name": "Digest", "size": 8}), ".digest: 4 bytes are not read as 8"),
    "a type renamed": (
        changed(edges={"type": "array", "items": {**EDGE, "name": "Link"}}, first=["null", "Link"]),
        ".edges[]: record Edge is not read as record Link",
    ),
    "milliseconds for microseconds": (
        changed(made={"type": "long", "logicalType": "timestamp-millis"}),
        ".made: logical type timestamp-micros is not read as timestamp-millis",
    ),
    "a time made a number": (changed(made="long"), ".made: logical type timestamp-micros is not read as none"),
}

BRIDGED = {
    "nothing": BASE,
    "a field with a default added": added({"name": "x", "type": ["null", "long"], "default": None}),
    "in a record of a list": added({"name": "x", "type": "string", "default": ""}, to="edges"),
    "a field with a default removed": without("owner"),
    "another order of fields": {**BASE, "fields": BASE["fields"][1::-1] + BASE["fields"][2:]},
    "docs and defaults": {**BASE, "doc": "A lot.", "fields": [{**each, "doc": "A field."} for each in BASE["fields"]]},
    "another order of branches": changed(owner=["string", "null"], first=["Edge", "null"]),
}


@pytest.mark.parametrize("name", BREAKING)
def test_a_change_that_breaks_is_found_and_its_place_told(name: str) -> None:
    schema, message = BREAKING[name]
    assert any(message in fault for fault in incompatibilities(schema, BASE)), incompatibilities(schema, BASE)


@pytest.mark.parametrize("name", BRIDGED)
def test_a_change_that_does_not_break_passes(name: str) -> None:
    assert incompatibilities(BRIDGED[name], BASE) == []


def test_each_direction_is_told_apart() -> None:
    new = added({"name": "x", "type": "long"})
    assert unreadable(reader=BASE, writer=new) == []
    assert unreadable(reader=new, writer=BASE) == [".x: is not in the data and has no default"]
    assert unreadable(reader=changed(mass="double"), writer=BASE) == []
    assert incompatibilities(new, BASE) == [
        "the new version could not read the earlier data: .x: is not in the data and has no default"
    ]


def test_an_alias_is_a_bridge_for_the_reader_that_has_it() -> None:
    renamed = copy.deepcopy(BASE)
    field(renamed, "mass").update(name="weight", aliases=["mass"])
    assert unreadable(reader=renamed, writer=BASE) == []
    assert unreadable(reader=BASE, writer=renamed) == [".mass: is not in the data and has no default"]


def test_a_recursive_type_is_followed_once_and_its_faults_found() -> None:
    tree: dict[str, Any] = {
        "type": "record",
        "name": "Tree",
        "fields": [{"name": "v", "type": "long"}, {"name": "next", "type": ["null", "Tree"], "default": None}],
    }
    other = copy.deepcopy(tree)
    other["fields"][0]["type"] = "string"
    assert incompatibilities(tree, tree) == []
    assert ".v: string is not read as long" in unreadable(reader=tree, writer=other)


def _types(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every field's type in a schema."""
    found = []
    if isinstance(node, dict):
        for index, each in enumerate(node.get("fields", ())):
            here = (*path, "fields", index)
            found += [here, *_types(each["type"], (*here, "type"))]
        found += [deeper for key in ("items", "values") if key in node for deeper in _types(node[key], (*path, key))]
    if isinstance(node, list):
        found += [deeper for index, each in enumerate(node) for deeper in _types(each, (*path, index))]
    return found


def _at(node: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        node = node[step]
    return node


@st.composite
def mutations(draw: st.DrawFn) -> dict[str, Any]:
    """BASE with one or two fields anywhere in it removed, added, retyped or given another default."""
    schema = copy.deepcopy(BASE)
    for _ in range(draw(st.integers(1, 2))):
        path = draw(st.sampled_from(_types(schema)))
        fields, index = _at(schema, path[:-1]), path[-1]
        action = draw(st.sampled_from(["remove", "add", "add with default", "retype"]))
        if action == "remove" and "Edge" not in str(fields[index]["type"]) and len(fields) > 1:
            del fields[index]
        elif action.startswith("add"):
            extra = {"default": 7} if action == "add with default" else {}
            fields.append({"name": f"x{draw(st.integers(0, 10**9))}", "type": "long", **extra})
        elif action == "retype" and "Edge" not in str(fields[index]["type"]):
            fields[index].pop("default", None)
            fields[index]["type"] = draw(
                st.sampled_from(
                    ["long", "string", "double", ["null", "string"], ["string", "long"], {"type": "map", "values": "long"}]
                )
            )
    return schema


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(schema=mutations())
def test_what_the_check_lets_pass_a_reader_reads(schema: dict[str, Any]) -> None:
    """fastavro as the judge: whatever passes, data of each schema is read with the other."""
    for reader, writer in ((BASE, schema), (schema, BASE)):
        if unreadable(reader, writer):
            continue
        for _ in range(3):
            written = BytesIO()
            schemaless_writer(written, parse_schema(writer), generate_one(parse_schema(writer)))
            body = BytesIO(written.getvalue())
            schemaless_reader(body, parse_schema(writer), parse_schema(reader))
            assert body.read() == b""


@pytest.mark.parametrize("subject", sorted(present()))
def test_removing_any_required_field_of_ours_is_found(subject: str) -> None:
    """The check reaches every corner of the real schemas: each required field, however deep, is missed."""
    schema = present()[subject]
    required = [path for path in _types(schema) if "default" not in _at(schema, path)]
    assert required
    for path in required:
        broken = copy.deepcopy(schema)
        name = _at(broken, path)["name"]
        if '"record"' in str(_at(broken, path)["type"]).replace("'", '"'):
            continue  # the type of this field is defined here and named elsewhere
        del _at(broken, path[:-1])[path[-1]]
        faults = incompatibilities(broken, schema)
        assert any(re.search(rf"earlier version could not read .*\.{name}: is not in the data", fault) for fault in faults), path
