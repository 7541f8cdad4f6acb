"""`lodestream issue`, as a register, an operator and an auditor use it."""

import json
from pathlib import Path
from typing import Any

import pytest

from lodestream.credentials.envelope import PREFIX
from lodestream.credentials.jose import take_apart
from lodestream.credentials.jsontext import parse_object

from .conftest import Run

SITE = "https://id.gs1.org/414/9521321000018"
FACTS = """
name = "Works"
country = "ZM"
registered_id = "fac-001"
latitude = -12.5
longitude = 28.25
stocks = true
[register]
id = "https://facility-register.example"
name = "Facility Register"
[[processes]]
code = "41413"
name = "Refined copper"
scheme = { id = "https://unstats.un.org/unsd/classifications/Econ/cpc/", name = "CPC" }
"""
WHEN = ("--valid-from", "2026-04-01T00:00Z")


def signed(path: Path) -> dict[str, Any]:
    """What is signed in a file."""
    compact = json.loads(path.read_bytes())["id"].removeprefix(PREFIX)
    return parse_object(take_apart(compact).payload, "it")


def row(account_class: str, in_mg: int, out_mg: int, **more: Any) -> str:
    """A line of `lodestream periods --json`."""
    said: dict[str, Any] = {"site": SITE, "period": "2026-03", "version": 1, "begins": "2026-03-01T00:00:00+00:00"}
    said |= {"ends": "2026-04-01T00:00:00+00:00", "counted": True, "element": "Cu", "account_class": account_class}
    amounts = {"opening_mg": 0, "late_mg": 0, "in_mg": in_mg, "out_mg": out_mg, "closing_mg": in_mg - out_mg}
    return json.dumps(said | {name: str(mg) for name, mg in amounts.items()} | more)


def rows(tmp_path: Path, *lines: str) -> str:
    path = tmp_path / "periods.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def test_an_operator_tells_its_facility(lodestream: Run, tmp_path: Path) -> None:
    facts, out = tmp_path / "plant.toml", tmp_path / "facility.json"
    facts.write_text(FACTS)
    told = lodestream("issue", "facility", SITE, "--facts", str(facts), "-o", str(out), *WHEN)
    assert told.code == 0
    subject = signed(out)["credentialSubject"]
    assert (subject["name"], subject["countryOfOperation"]["countryCode"]) == ("Works", "ZM")
    assert subject["processCategory"][0]["code"] == "41413"
    assert lodestream("verify", str(out)).code == 0
    again = tmp_path / "again.json"
    lodestream("issue", "facility", SITE, "--facts", str(facts), "-o", str(again), *WHEN)
    assert again.read_bytes() == out.read_bytes()


@pytest.mark.parametrize("text", ["nmae = 'Works'", "country = 7.5\nname = []", "= 3", "latitude = 1.0"])
def test_facts_that_are_none_are_refused(lodestream: Run, tmp_path: Path, text: str) -> None:
    facts, out = tmp_path / "plant.toml", tmp_path / "facility.json"
    facts.write_text(text)
    told = lodestream("issue", "facility", SITE, "--facts", str(facts), "-o", str(out))
    assert told.code == 2
    assert not out.exists()


def test_a_register_says_who_it_is(lodestream: Run, tmp_path: Path) -> None:
    out = tmp_path / "anchor.json"
    entry = ("--subject", "did:web:refinery.example", "--name", "Example Refinery", "--registered-id", "REF-001")
    register = ("--register", "https://register.example", "Business Register", "--scope", "https://register.example/smelting")
    status = ("--status-list", "https://register.example/status/1", "--status-index", "7", "--id", "https://register.example/a/1")
    told = lodestream("issue", "identity", *entry, "--date", "2003-09-22", *register, *status, "-o", str(out))
    assert told.code == 0
    made = signed(out)
    assert (made["id"], made["credentialStatus"]["statusListIndex"]) == ("https://register.example/a/1", 7)
    assert made["credentialSubject"]["registrationScope"] == ["https://register.example/smelting"]
    assert lodestream("issue", "identity", *entry, "--date", "yesterday", *register, "-o", str(out)).code == 2


def test_an_auditor_issues_over_a_period(lodestream: Run, tmp_path: Path) -> None:
    out = tmp_path / "march.json"
    given = rows(
        tmp_path,
        row("WIP", 1000, 1000, version=1),
        row("WIP", 100_000, 100_000, version=2),
        row("UNACCOUNTED", 1_500, 0, version=2),
        row("WIP", 1, 1, site="https://other.example"),
    )
    operator = ("--operator", "did:web:refinery.example", "Example Refinery", "--verified")
    told = lodestream("issue", "conformity", SITE, "2026-03", "--periods", given, *operator, "-o", str(out), *WHEN)
    assert told.code == 0
    subject = signed(out)["credentialSubject"]
    (one,) = subject["conformityAssessment"]
    assert (subject["assessorLevel"], subject["issuedToParty"]["id"]) == ("3rdParty", "did:web:refinery.example")
    assert str(one["assessedPerformance"][0]["measure"]["value"]) == "1.5"
    assert one["conformance"] is True
    assert "version 2" in one["specifiedCondition"][0]
    assert "a stock-take stands in the period" in one["specifiedCondition"]


def test_what_does_not_conform_is_issued_and_said(lodestream: Run, tmp_path: Path) -> None:
    out = tmp_path / "march.json"
    given = rows(tmp_path, row("WIP", 100, 100), row("UNACCOUNTED", 0, 3))
    told = lodestream("issue", "conformity", SITE, "2026-03", "--periods", given, "-o", str(out))
    assert (told.code, "beyond the threshold" in told.out) == (1, True)
    assert signed(out)["credentialSubject"]["conformityAssessment"][0]["conformance"] is False
    told = lodestream("issue", "conformity", SITE, "2026-03", "--periods", given, "--threshold", "3", "-o", str(out))
    assert told.code == 0


@pytest.mark.parametrize(
    ("period", "line", "threshold"),
    [
        ("2026-04", row("WIP", 1, 1), "2"),
        ("2026-03", "{", "2"),
        ("2026-03", "[]", "2"),
        ("2026-03", row("WIP", 1, 1, late_mg="many"), "2"),
        ("2026-03", row("WIP", 1, 1), "two"),
        ("2026-03", row("WIP", 1, 1), "-1"),
        ("2026-03", row("WIP", 1, 1), "NaN"),
        ("2026-03", row("", 0, 0, element=""), "2"),
        ("2026-03", "[" * 100_000, "2"),
    ],
)
def test_what_is_no_period_is_refused(lodestream: Run, tmp_path: Path, period: str, line: str, threshold: str) -> None:
    out = tmp_path / "march.json"
    told = lodestream(
        "issue", "conformity", SITE, period, "--periods", rows(tmp_path, line), "--threshold", threshold, "-o", str(out)
    )
    assert told.code == 2
    assert not out.exists()


def test_the_tables_are_asked_without_a_file(lodestream: Run, tmp_path: Path) -> None:
    told = lodestream("issue", "conformity", SITE, "2026-03", "-o", str(tmp_path / "march.json"))
    assert told.code in (2, 3)
