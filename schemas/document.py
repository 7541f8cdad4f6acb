"""`python -m schemas.document docs/contracts.md`: write the tables of topics and records in that page from the declarations."""

import json
import sys
from pathlib import Path
from typing import Any

from schemas.catalogue import SUBJECTS
from schemas.present import bundle
from schemas.topics import DAY_MS, Topic, declared

START = "<!-- from here to the end: made by `python -m schemas.document docs/contracts.md` -->"


def renewed(page: str) -> str:
    """The page with everything after the mark made anew. ValueError where the mark is missing."""
    head, mark, _ = page.partition(START)
    if not mark:
        raise ValueError(f"the page has no line {START}")
    return "\n".join([head + START, "", *topics(), "", *records(), ""])


def topics() -> list[str]:
    """The table of topics, and what each is for."""
    lines = [
        "## Topics",
        "",
        "| topic | partitions | key | value | kept | longest record | timestamp |",
        "|---|---|---|---|---|---|---|",
        *(_row(topic) for topic in declared()),
        "",
    ]
    return [*lines, *(f"- `{topic.name}`: {topic.doc}" for topic in declared())]


def _row(topic: Topic) -> str:
    kept = "for ever" if topic.retention_ms is None else f"{topic.retention_ms // DAY_MS} days"
    if topic.compacted:
        kept = "the latest of each key"
    if topic.delete_retention_ms:
        kept += f", a deletion {topic.delete_retention_ms // DAY_MS} days"
    value = f"[{topic.value}](#{topic.value.lower()})" if topic.value in SUBJECTS else topic.value
    stamp = "broker's (LogAppendTime)" if topic.log_append_time else "producer's"
    cells = (f"`{topic.name}`", str(topic.partitions), topic.key, value, kept, f"{topic.max_message_bytes:,} bytes", stamp)
    return f"| {' | '.join(cells)} |"


def records() -> list[str]:
    """A table for each record that travels and each record within one; a record is described once."""
    lines, described = ["## Records"], set[str]()
    for name in SUBJECTS:
        for record in _within(bundle(name)):
            if record["name"] not in described:
                described.add(record["name"])
                lines += ["", *_table(record)]
    return lines


def _table(record: Any) -> list[str]:
    title = f"### {record['name']}"
    lines = [title, "", record["doc"], ""]
    if record["name"] in SUBJECTS:
        lines += [f"Subject `{SUBJECTS[record['name']]}`.", ""]
    lines += ["| field | type | default | meaning |", "|---|---|---|---|"]
    for field in record["fields"]:
        default = f"`{json.dumps(field['default'], ensure_ascii=False)}`" if "default" in field else ""
        lines.append(f"| `{field['name']}` | {_type(field['type'])} | {default} | {field['doc'].replace('|', chr(92) + '|')} |")
    return lines


def _within(node: Any) -> list[Any]:
    """The record and every record defined in it, outermost first."""
    if isinstance(node, list):
        return [record for branch in node for record in _within(branch)]
    if not isinstance(node, dict):
        return []
    inner = [field["type"] for field in node.get("fields", ())] + [node[key] for key in ("items", "values") if key in node]
    return ([node] if node["type"] == "record" else []) + _within(inner)


def _type(node: Any) -> str:
    if isinstance(node, list):
        return " or ".join(_type(branch) for branch in node)
    if isinstance(node, str):
        return f"[{node}](#{node.lower()})" if node[0].isupper() else node
    if node["type"] == "record":
        return _type(node["name"])
    if node["type"] in ("array", "map"):
        return f"{node['type']} of {_type(node.get('items', node.get('values')))}"
    return f"{node['type']} ({node['logicalType'].removeprefix('lodestream-')})"


def main(path: Path) -> None:
    """Renew the page in place."""
    path.write_text(renewed(path.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
