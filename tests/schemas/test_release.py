"""Releasing: a first version, nothing to do, a compatible second, a refusal that writes nothing, a history that was edited."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from fastavro.schema import SchemaParseException

from schemas.catalogue import CorruptCatalogueError, FileCatalogue
from schemas.release import IncompatibleError, release

LOT: dict[str, Any] = {"type": "record", "name": "Lot", "namespace": "n", "fields": [{"name": "id", "type": "string"}]}
EDGE: dict[str, Any] = {"type": "record", "name": "Edge", "namespace": "n", "fields": [{"name": "to", "type": "string"}]}
FIRST = {"lots.v1-value": LOT, "edges.v1-value": EDGE}


def grown(schema: dict[str, Any], *fields: dict[str, Any]) -> dict[str, Any]:
    return {**copy.deepcopy(schema), "fields": [*schema["fields"], *fields]}


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_versions_grow_and_ids_stay(tmp_path: Path) -> None:
    assert [(each.id, each.subject, each.version) for each in release(tmp_path, FIRST)] == [
        (1, "lots.v1-value", 1),
        (2, "edges.v1-value", 1),
    ]
    before = contents(tmp_path)
    assert release(tmp_path, FIRST) == []
    assert contents(tmp_path) == before
    second = grown(LOT, {"name": "owner", "type": ["null", "string"], "default": None})
    (made,) = release(tmp_path, {**FIRST, "lots.v1-value": second})
    assert (made.id, made.subject, made.version) == (3, "lots.v1-value", 2)
    catalogue = FileCatalogue.open(tmp_path)
    assert (catalogue.id_of("lots.v1-value"), catalogue.id_of("edges.v1-value")) == (3, 2)
    assert catalogue.schema_of(1) == LOT
    assert catalogue.schema_of(3) == second
    assert {name: data for name, data in contents(tmp_path).items() if name in before and name != "lock.json"} == {
        name: data for name, data in before.items() if name != "lock.json"
    }


def test_a_change_that_breaks_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    release(tmp_path, FIRST)
    before = contents(tmp_path)
    fine = grown(EDGE, {"name": "mg", "type": "long", "default": 0})
    with pytest.raises(IncompatibleError, match=r"lots\.v1-value: .*\.owner: is not in the data.*against version 1"):
        release(tmp_path, {"edges.v1-value": fine, "lots.v1-value": grown(LOT, {"name": "owner", "type": "string"})})
    assert contents(tmp_path) == before


def test_every_version_counts_not_only_the_last(tmp_path: Path) -> None:
    """A field removed and later made anew with another type: version 3 bridges 2, but not 1."""
    release(tmp_path, {"lots.v1-value": grown(LOT, {"name": "mass", "type": "long", "default": 0})})
    release(tmp_path, {"lots.v1-value": LOT})
    with pytest.raises(IncompatibleError, match="against version 1"):
        release(tmp_path, {"lots.v1-value": grown(LOT, {"name": "mass", "type": "string", "default": ""})})


def test_a_schema_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SchemaParseException, match="Default value"):
        release(tmp_path, {"lots.v1-value": grown(LOT, {"name": "mass", "type": "long", "default": "none"})})
    assert contents(tmp_path) == {}


def test_history_that_was_edited_is_noticed(tmp_path: Path) -> None:
    (made, _) = release(tmp_path, FIRST)
    path = tmp_path / "history" / made.file
    path.write_text(json.dumps(grown(LOT, {"name": "x", "type": "long", "default": 0})))
    with pytest.raises(CorruptCatalogueError, match=r"lots\.v1-1\.avsc"):
        FileCatalogue.open(tmp_path).schema_of(made.id)


def test_what_is_not_there_is_a_key_error(tmp_path: Path) -> None:
    catalogue = FileCatalogue.open(tmp_path)
    with pytest.raises(KeyError):
        catalogue.id_of("lots.v1-value")
    with pytest.raises(KeyError):
        catalogue.schema_of(1)
