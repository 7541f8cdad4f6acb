"""`lodestream validate`: a line an event, and an exit code to rely on."""

import json
from pathlib import Path

import pytest

from .conftest import EXAMPLES, Run

EVENT = {
    "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
    "type": "ObjectEvent",
    "eventID": "urn:uuid:00000000-0000-4000-8000-000000000001",
    "eventTime": "2026-03-01T08:00:00.000Z",
    "eventTimeZoneOffset": "+00:00",
    "epcList": ["https://id.gs1.org/01/09521321102026/21/1"],
    "action": "OBSERVE",
    "bizLocation": {"id": "https://id.gs1.org/414/9521321000018"},
}


def test_good_examples_are_accepted_with_hash_digest_and_site(lodestream: Run) -> None:
    said = lodestream("validate", "--json", EXAMPLES / "01-copper")
    assert said.code == 0
    assert {row["status"] for row in said.rows} == {"accepted"}
    first = said.rows[0]
    assert first["file"] == str(EXAMPLES / "01-copper" / "01-mine.json")
    assert first["index"] == 0
    assert first["event_hash"].startswith("ni:///sha-256;")
    assert len(first["content_digest"]) == 64
    assert first["site"] == "https://id.gs1.org/414/9521321000018"


def test_a_fault_is_told_with_its_place_and_the_good_events_stand(lodestream: Run) -> None:
    said = lodestream("validate", "--json", EXAMPLES / "09-errors")
    assert said.code == 1
    rejected = {row["index"]: row for row in said.rows if row["status"] == "rejected"}
    accepted = [row["index"] for row in said.rows if row["status"] == "accepted"]
    assert rejected
    assert sorted([*rejected, *accepted]) == list(range(8))
    assert all(row["code"] and row["message"] and row["pointer"].startswith("/epcisBody/eventList/") for row in rejected.values())


def test_people_see_the_place_and_the_message(lodestream: Run) -> None:
    said = lodestream("validate", EXAMPLES / "09-errors")
    assert said.code == 1
    assert "UNKNOWN_WORD at /epcisBody/eventList/1/bizStep" in said.out
    assert "rejected" in said.out.splitlines()[-1]


def test_lines_of_a_lined_file_are_documents_of_their_own(lodestream: Run) -> None:
    Path("events.jsonl").write_text(json.dumps(EVENT) + "\n\nnot json\n" + json.dumps(EVENT) + "\n")
    said = lodestream("validate", "--json", "events.jsonl")
    assert [(row["file"], row["index"], row["status"]) for row in said.rows] == [
        ("events.jsonl:1", 0, "accepted"),
        ("events.jsonl:3", None, "rejected"),
        ("events.jsonl:4", 0, "accepted"),
    ]


def test_what_is_above_the_limit_is_refused_unread(lodestream: Run) -> None:
    Path("large.json").write_text(json.dumps(EVENT) + " " * 5000)
    said = lodestream("-s", "limits.inbox_record_bytes=2000", "validate", "--json", "large.json")
    assert said.code == 1
    assert [(row["code"], row["index"]) for row in said.rows] == [("TOO_LARGE", None)]


def test_an_event_without_a_place_has_no_site_and_a_warning(lodestream: Run) -> None:
    Path("event.json").write_text(json.dumps({name: value for name, value in EVENT.items() if name != "bizLocation"}))
    said = lodestream("validate", "--json", "event.json")
    assert said.code == 0
    assert said.rows[0]["site"] is None
    assert any(warning.startswith("NO_SITE") for warning in said.rows[0]["warnings"])


def test_a_book_maps_locations_to_sites(lodestream: Run) -> None:
    Path("event.json").write_text(json.dumps(EVENT))
    Path("book.toml").write_text('[sites."https://example.org/plant"]\nlocations = ["https://id.gs1.org/414/9521321000018"]\n')
    assert lodestream("validate", "--json", "--book", "book.toml", "event.json").rows[0]["site"] == "https://example.org/plant"


@pytest.mark.parametrize(
    ("book", "said"),
    [("[sites.x]\n", "sites.x: should be a URI"), ("[", "not TOML"), ("\udcff", "codec")],
    ids=["place", "toml", "utf8"],
)
def test_a_book_that_cannot_be_used_is_wrong_usage(lodestream: Run, book: str, said: str) -> None:
    Path("book.toml").write_text(book, errors="surrogateescape")
    Path("event.json").write_text(json.dumps(EVENT))
    done = lodestream("validate", "--book", "book.toml", "event.json")
    assert done.code == 2
    assert said in done.err


def test_a_file_that_is_not_there_is_wrong_usage(lodestream: Run) -> None:
    assert lodestream("validate", "nowhere.json").code == 2
