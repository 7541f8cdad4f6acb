"""The report: the same for the same files, in a schema that is documented, as JUnit that a reader takes."""

import json
from itertools import permutations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema_rs
import msgspec
import pytest
from click.testing import CliRunner, Result

from cli.junit import junit
from cli.main import cli
from lodestream.conformance.findings import TIERS, Report
from lodestream.conformance.harness import RULES
from lodestream.credentials.pins import CONTEXT_PINS, SCHEMA_PINS
from tests.conformance.sets import by_file, check, credential, did_json, sample_files, signed

DOCS = Path(__file__).resolve().parents[2] / "docs"
SCHEMA = DOCS / "conformance-report.schema.json"
NASTY = "a<b>&\"'\x1b[31m\x00\u202e]]>\U0001f600.json"


def schema() -> dict[str, Any]:
    """The schema of the report, from the structs that it is made of."""
    return msgspec.json.schema(Report)


def test_documented_schema_is_that_of_the_report() -> None:
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == schema()


def test_report_satisfies_its_schema(shared: Path) -> None:
    for folder in ("0.7.0", "crm-0.5", "vc-jwt"):
        report = check(sample_files(shared, folder))
        jsonschema_rs.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(report.to_json())


def test_report_does_not_depend_on_the_order_of_the_files() -> None:
    files = {"b.json": signed(credential(1)), "a.json": signed(credential(2)), "did.json": did_json()}
    reports = {json.dumps(check(dict(order)).to_json()) for order in permutations(files.items())}
    assert len(reports) == 1
    assert [file.file for file in check(files).files] == ["a.json", "b.json", "did.json"]


def test_every_rule_is_in_the_documentation_with_its_clause() -> None:
    text = (DOCS / "conformance.md").read_text(encoding="utf-8")
    missing = [rule.name for rule in RULES if f"| `{rule.name}` | {rule.breach} | {rule.demand} | {rule.clause} |" not in text]
    assert missing == []
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert {rule.tier for rule in RULES} == set(TIERS)


def test_junit_counts_and_texts_come_back(shared: Path) -> None:
    report = check(sample_files(shared, "0.7.0") | {NASTY: b"{"})
    root = ET.fromstring(junit(report))
    checks = [each for file in report.files for each in file.checks]
    counts = {name: sum(each.result == result for each in checks) for name, result in
              (("failures", "failed"), ("skipped", "not checked"))}  # fmt: skip
    assert {name: int(root.attrib[name]) for name in counts} == counts
    assert int(root.attrib["tests"]) == len(checks) == len(root.findall("testsuite/testcase"))
    assert len(root.findall("testsuite")) == len(report.files)
    for name, tag in (("failures", "failure"), ("skipped", "skipped")):
        assert sum(int(suite.attrib[name]) for suite in root) == len(root.findall(f"testsuite/testcase/{tag}"))
    smelting = root.find("testsuite[@name='DigitalTraceabilityEvent_smelter_make_instance.json']")
    assert smelting is not None
    messages = [failure.attrib["message"] for failure in smelting.iter("failure") if failure.attrib["type"] == "MB-ELEMENT"]
    assert ["recovery 111.1 %" in message for message in messages] == [True]
    assert len(root.findall("testsuite/testcase/system-out")) == sum(each.result == "warning" for each in checks)


def test_junit_is_well_formed_whatever_a_stranger_wrote() -> None:
    its = credential(1, type=["DigitalProductPassport", "VerifiableCredential"])
    its["credentialSubject"] = {"id": NASTY, "batchNumber": "\x01<&", "idGranularity": "model"}
    root = ET.fromstring(junit(check({NASTY: json.dumps(its).encode()})))
    assert root[0].attrib["name"] == NASTY.replace("\x1b", "\ufffd").replace("\x00", "\ufffd")
    messages = [each.attrib["message"] for each in root.iter("failure")]
    assert any("NOT_A_URI: 'a<b>&" in message for message in messages)


def test_no_text_of_a_stranger_is_too_long() -> None:
    its = credential(1, issuer="x" * 100_000, validFrom="y" * 100_000, id="z" * 100_000)
    checks = check({"it.json": json.dumps(its).encode()}).files[0].checks
    assert max(len(each.found) for each in checks) < 2_000


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["conformance", *arguments])


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_command_on_a_set_that_conforms(here: Path) -> None:
    (here / "set" / "deeper").mkdir(parents=True)
    (here / "set" / "deeper" / "it.json").write_bytes(signed(credential()))
    (here / "set" / "did.json").write_bytes(did_json())
    (here / "set" / "notes.txt").write_bytes(b"\xff")
    done = run("set", "--junit", "junit.xml")
    assert done.exit_code == 0, done.output
    assert "CONFORMS: 1 credential, 0 failures, 0 warnings" in done.output
    assert "deeper/it.json" in done.output
    assert "No bundle of official files is installed, so tiers 3 and 4 were not checked." in done.output
    assert ET.parse(here / "junit.xml").getroot().attrib["failures"] == "0"


def test_command_on_one_file_that_does_not(here: Path) -> None:
    (here / "it.json").write_text(json.dumps(credential()))
    done = run("it.json", "--json")
    assert done.exit_code == 1
    report = json.loads(done.output)
    assert (report["format"], report["conforms"], report["bundle"]) == (1, False, False)
    assert [each["rule"] for each in report["files"][0]["checks"] if each["result"] == "failed"] == ["PROOF-SECURED"]


def test_command_without_a_credential(here: Path) -> None:
    (here / "empty").mkdir()
    assert run("empty").exit_code == 2
    (here / "empty" / "x.json").write_text("{}")
    done = run("empty")
    assert (done.exit_code, "there is no credential in empty" in done.output) == (2, True)
    assert run("nowhere").exit_code == 2


def test_command_uses_the_installed_bundle(here: Path, shared: Path) -> None:
    folder = here / ".lodestream" / "bundle"
    for pin in (*CONTEXT_PINS, *SCHEMA_PINS):
        (folder / pin.path).parent.mkdir(parents=True, exist_ok=True)
        (folder / pin.path).write_bytes((shared / "data" / "untp" / pin.path).read_bytes())
    (here / "it.json").write_text(json.dumps(credential(name=7)))
    report = json.loads(run("it.json", "--json").output)
    told = [(each["rule"], each["pointer"]) for each in report["files"][0]["checks"] if each["result"] == "failed"]
    assert report["bundle"]
    assert told == [("PROOF-SECURED", ""), ("SCHEMA-UNTP", "/name")]
    (folder / "contexts" / "credentials-v2.jsonld").write_text("{}")
    assert (run("it.json").exit_code, "cannot be used" in run("it.json").output) == (2, True)


def test_what_a_stranger_wrote_does_nothing_on_the_terminal(here: Path) -> None:
    its = credential(issuer={"id": "did:web:a\x1b[2J\u202e.example\nCONFORMS", "name": "x"})
    (here / "it.json").write_text(json.dumps(its))
    done = run("it.json")
    assert "\x1b" not in done.output
    assert "\u202e" not in done.output
    assert "\nCONFORMS" not in done.output
    assert by_file(check({"it.json": json.dumps(its).encode()}))
