"""The schemas as they stand in `schemas/avro`, put together: a record may be named there that another file defines."""

import json
import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from schemas.catalogue import SUBJECTS, Schema

FOLDER = files("schemas") / "avro"


def present(folder: Traversable = FOLDER) -> dict[str, Schema]:
    """The present schema of every subject, self-contained."""
    return {subject: bundle(name, folder) for name, subject in SUBJECTS.items()}


def bundle(name: str, folder: Traversable = FOLDER) -> Schema:
    """The schema of one record with every record that it names put in where it is first used (Avro 1.12, Names)."""
    schema: Schema = _put_in(_load(name, folder), set(), folder)
    return schema


def file_name(name: str) -> str:
    """The file that defines a record: LotState is in lot_state.avsc."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower() + ".avsc"


def _load(name: str, folder: Traversable) -> Schema:
    schema: Schema = json.loads((folder / file_name(name)).read_text("utf-8"))
    return schema


def _put_in(node: Any, defined: set[str], folder: Traversable) -> Any:
    """The type with each first use of a record of another file replaced by its definition."""
    if isinstance(node, list):
        return [_put_in(branch, defined, folder) for branch in node]
    if isinstance(node, str):
        if node in defined or not node[0].isupper():  # our records are capitalised, Avro's own types are not
            return node
        return _put_in(_load(node, folder), defined, folder)
    if node["type"] == "record":
        defined.add(node["name"])
        fields = [{**field, "type": _put_in(field["type"], defined, folder)} for field in node["fields"]]
        return {**node, "fields": fields}
    return {key: _put_in(value, defined, folder) if key in ("items", "values") else value for key, value in node.items()}
