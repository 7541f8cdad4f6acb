"""The documents of examples/ as documents: valid EPCIS and JSON-LD, scenarios apart, nothing received that was not sent."""

import json
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from pyld import jsonld

from lodestream.ledger.bookfile import read_book

EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples"
DOCUMENTS = sorted(path for path in EXAMPLES.rglob("*") if path.suffix in {".json", ".jsonld"})
WRONG = "09-errors/01-eight-events.json"
CRM = "https://w3id.org/lodestream/crm/v1/"
EPCIS_CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"


def name(path: Path) -> str:
    return path.relative_to(EXAMPLES).as_posix()


def read(path: Path) -> Any:
    return json.loads(path.read_bytes(), parse_float=Decimal)


def events(document: Any) -> list[Any]:
    return document["epcisBody"]["eventList"] if document["type"] == "EPCISDocument" else [document]


@pytest.fixture(scope="session")
def schema(shared: Path) -> jsonschema_rs.Validator:
    text = (shared / "data" / "epcis" / "epcis-json-schema.json").read_text()
    return jsonschema_rs.validator_for(json.loads(text), validate_formats=True)


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_the_official_schema_accepts_them(schema: jsonschema_rs.Validator, path: Path) -> None:
    document = json.loads(path.read_bytes())
    if name(path) != WRONG:
        assert [(error.instance_path, error.message) for error in schema.iter_errors(document)] == []
        return
    head = {key: value for key, value in document.items() if key != "epcisBody"}
    wrong = [
        index
        for index, event in enumerate(events(document))
        if not schema.is_valid({**head, "epcisBody": {"eventList": [event]}})
    ]
    # A quantity below zero (2) and an item without its lot (3) are beyond what the schema says.
    assert wrong == [1, 4]


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_they_are_json_ld(shared: Path, path: Path) -> None:
    """Every term of ours survives expansion as a property of our namespace; a typo in the context would drop it."""
    epcis = json.loads((shared / "data" / "untp" / "contexts" / "epcis-context-2.0.jsonld").read_bytes())

    def load(url: str, _options: Any) -> dict[str, Any]:
        assert url == EPCIS_CONTEXT
        return {"contextUrl": None, "documentUrl": url, "document": epcis}

    document = json.loads(path.read_bytes())
    expanded = json.dumps(jsonld.expand(document, {"documentLoader": load}))
    written = json.dumps(document)
    assert expanded.count(f'"{CRM}') == written.count('"crm:')


def test_scenarios_share_nothing() -> None:
    owners: dict[str, set[str]] = defaultdict(set)
    for path in DOCUMENTS:
        for event in events(read(path)):
            places = [event[field]["id"] for field in ("readPoint", "bizLocation") if field in event]
            lots = [
                entry["epcClass"]
                for field, entries in event.items()
                if field.lower().endswith("quantitylist")
                for entry in entries
            ]
            for shared_id in [*places, *lots, event["eventID"]]:
                owners[shared_id].add(name(path).split("/")[0])
    assert {key: folders for key, folders in owners.items() if len(folders) > 1} == {}


def test_event_ids_are_one_event_each() -> None:
    """But for what two scenarios are about, and the event that is declared void."""
    seen: dict[str, list[str]] = defaultdict(list)
    for path in DOCUMENTS:
        for event in events(read(path)):
            seen[event["eventID"]].append(name(path).split("/")[0])
    twice = sorted(folders[0] for folders in seen.values() if len(folders) > 1)
    assert twice == ["04-duplicate", "05-mutated", "08-correction", "13-corrected-after-shipment"]


def test_every_mass_says_its_basis() -> None:
    """They hold under the default book, which has no basis of its own."""
    for path in DOCUMENTS:
        for event in events(read(path)):
            for item in event["crm:materials"]:
                weighed = any(
                    entry["epcClass"] == item["crm:id"] and "quantity" in entry
                    for field, entries in event.items()
                    if field.lower().endswith("quantitylist")
                    for entry in entries
                )
                assert not weighed or item["crm:massBasis"] in {"wet", "dry"}, (name(path), item)


def test_the_book_of_the_copper_scenario() -> None:
    book = read_book((EXAMPLES / "book.toml").read_text())
    assert sorted(book.sites) == ["https://id.gs1.org/414/9521321000018", "https://id.gs1.org/414/9526543000020"]


def test_every_folder_says_what_to_see() -> None:
    folders = sorted(path for path in EXAMPLES.iterdir() if path.is_dir())
    index = (EXAMPLES / "README.md").read_text()
    for folder in folders:
        assert (folder / "README.md").is_file()
        assert f"({folder.name}/README.md)" in index
