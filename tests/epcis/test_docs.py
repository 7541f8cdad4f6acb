"""The pages for integrators against the code: codes, warnings, limits, terms, words, and the whole document."""

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema_rs
from pyld import jsonld

from lodestream.epcis import terms
from lodestream.epcis.context import CONTEXT_URL, DEFINITIONS, NAMESPACE, PREFIXES
from lodestream.epcis.event import CreditItem
from lodestream.epcis.faults import CODES, WARNINGS
from lodestream.epcis.identifiers import LONGEST
from lodestream.epcis.intake import Accepted, intake
from lodestream.epcis.limits import Limits
from lodestream.epcis.routing import admit
from lodestream.epcis.sensors import REPORT
from lodestream.ledger.book import BookFile, Register
from lodestream.ledger.fold import Fold
from lodestream.ledger.records import Entry

ROOT = Path(__file__).resolve().parents[2]
INTEGRATORS = (ROOT / "docs" / "integrators.md").read_text()
VOCABULARY = (ROOT / "docs" / "vocabulary.md").read_text()
CONTEXT = json.loads((ROOT / "schemas" / "vocabulary" / "crm-v1.context.jsonld").read_bytes())
EPCIS_CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
# Codes that are raised outside of the EPCIS room.
GATE = {"UNKNOWN_SOURCE"}


def section(page: str, title: str) -> str:
    """What stands under a heading, up to the next one."""
    return re.split(r"^#+ ", page.split(f"# {title}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> list[list[str]]:
    """The rows of the first table, its head left out."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(section(VOCABULARY, "A whole document").split("```json\n")[1].split("```")[0])
    return found


def test_the_tables_of_codes_are_those_of_the_code() -> None:
    for title, codes in (("Why an event is refused", CODES), ("What is odd but passes", WARNINGS)):
        assert {code.strip("`"): meaning for code, meaning in rows(section(INTEGRATORS, title))} == codes


def test_no_code_is_used_that_is_not_listed_and_none_is_listed_in_vain() -> None:
    source = "".join(path.read_text() for path in (ROOT / "lodestream" / "epcis").glob("*.py"))
    source += (ROOT / "streams" / "gate" / "processor.py").read_text()
    body = source.replace((ROOT / "lodestream" / "epcis" / "faults.py").read_text(), "")
    raised = set(re.findall(r'(?:Fault\(|code=|_matching\(\w+, )\s*"([A-Z0-9_]+)"', body))
    raised |= set(re.findall(r'Fault\("([A-Z0-9_]+)" if kind is None else "([A-Z0-9_]+)"', body)[0])
    assert raised == set(CODES)
    warned = set(re.findall(r'warn\(\s*"([A-Z0-9_]+)"', body)) | set(re.findall(r'_NO_SITE = "([A-Z_]+):', body))
    assert warned == set(WARNINGS)


def test_the_limits() -> None:
    limits = Limits()
    found = {what: limit for what, limit, _ in rows(section(INTEGRATORS, "Limits"))}
    assert found["one inbox record"] == f"{limits.inbox_record_bytes // 2**20} MiB"
    assert found["events in a document"] == f"{limits.events_per_document:,}"
    assert found["elements of all lists of an event together"] == f"{limits.list_elements:,}"
    assert found["keys of all extensions of an event together"] == f"{limits.extension_keys:,}"
    assert found["list elements and extension keys of a document together"] == f"{limits.document_items:,}"
    assert found["nesting of objects and lists"] == f"{limits.nesting} levels"
    assert found["an identifier or a key"] == f"{limits.identifier_chars:,} characters"
    assert found["prefixes in an `@context`"] == str(PREFIXES)
    assert found["entries of an `@context`"] == str(DEFINITIONS)
    assert found["what a prefix stands for"] == f"{LONGEST:,} characters"
    assert found["what writing prefixes in full adds to a document"] == f"{limits.expansion_chars:,} characters"
    assert found["a text of our extension"] == f"{terms.TEXT_CHARS:,} characters"


TABLES = {
    "On the event": {"materials": None, **terms.EVENT},
    "Credits": terms.CREDIT,
    "A certificate": terms.CERTIFICATE,
    "An item of `crm:materials`": terms.MATERIAL,
    "An assay": terms.ASSAY,
    "A contained mass": terms.CONTAINED,
    "An origin": terms.ORIGIN,
    "A claim": terms.CLAIM,
    "In a sensor report": REPORT,
}


def test_the_page_has_every_term_and_no_other() -> None:
    for title, known in TABLES.items():
        assert sorted(row[0] for row in rows(section(VOCABULARY, title))) == sorted(f"`crm:{name}`" for name in known)


def test_the_page_has_every_word() -> None:
    lists = {
        "massMethod": terms.MASS_METHODS,
        "massBasis": terms.MASS_BASES,
        "productClass": terms.PRODUCT_CLASSES,
        "sourceClass": terms.SOURCE_CLASSES,
        "lossClass": terms.LOSS_CLASSES,
        "unit": terms.ASSAY_UNITS,
        "status": terms.ASSAY_STATUS,
    }
    found = {row[0]: " ".join(row[1:]) for title in TABLES for row in rows(section(VOCABULARY, title))}
    for term, words in lists.items():
        said = re.findall(r"`([^`]+)`", found[f"`crm:{term}`"])
        assert set(words.split()) <= set(said), term
        assert term not in {"massMethod", "productClass", "sourceClass", "lossClass", "unit"} or said == words.split(), term


def test_the_context_knows_no_term_that_does_not_exist() -> None:
    names = {f"crm:{name}" for known in TABLES.values() for name in known}
    assert {key for key in CONTEXT["@context"] if ":" in key} <= names
    assert CONTEXT["@context"]["crm"] == NAMESPACE


def test_the_whole_document_is_accepted() -> None:
    items = intake(json.dumps(document()).encode())
    found = [item for item in items if isinstance(item, Accepted)]
    assert len(found) == len(items) == 4
    assert [item.warnings for item in found] == [[], [], [], []]
    opened, made, assayed, shipped = (item.event for item in found)
    assert opened.opening
    assert [(item.role, item.id) for item in made.materials][1] == ("output", "https://id.gs1.org/01/09521321101029/10/CONC-81")
    assert [(assay.substance, str(assay.value)) for assay in assayed.sensor_assays] == [("Cu", "28.44")]
    assert shipped.consignment_id == "https://id.gs1.org/402/95213210000077812"


def test_the_ledger_posts_it() -> None:
    fold = Fold(BookFile())
    outcomes = []
    for item in intake(json.dumps(document()).encode()):
        assert isinstance(item, Accepted)
        entry = admit(item, Register(), "local", item.event.event_time_us, None)
        assert isinstance(entry, Entry)
        outcomes += fold.submit(entry)
    assert [(outcome.outcome, outcome.kind) for outcome in outcomes] == [
        ("TRANSACTION", kind) for kind in ("create", "transform", "assay", "ship", "offer")
    ]
    assert {finding.code for outcome in outcomes for finding in outcome.findings} == {"NO_BOOK"}


def handed_on() -> dict[str, Any]:
    """The event of the page that hands credits on, as a document."""
    event = json.loads(section(VOCABULARY, "Credits and certificates").split("```json\n")[1].split("```")[0])
    return {**document(), "epcisBody": {"eventList": [event]}}


def test_credits_that_are_handed_on_are_read_and_reach_the_taker(shared: Path) -> None:
    """Neither site claims by the scheme, so they are refused; what comes of them else: tests/claims/test_handing.py."""
    [item] = intake(json.dumps(handed_on()).encode())
    assert isinstance(item, Accepted)
    assert item.warnings == []
    assert item.event.credits == [CreditItem("iscc-plus", "Ni", "recycled", Decimal("3385.6"), "KGM")]
    entry = admit(item, Register(), "local", item.event.event_time_us, None)
    assert isinstance(entry, Entry)
    assert entry.site == "https://refiner.example.com/loc/works"
    [outcome] = Fold(BookFile()).submit(entry)
    [finding] = outcome.findings
    assert finding.code == "ORIGIN_UNSUPPORTED"
    assert "https://maker.example.com/loc/pcam by iscc-plus" in finding.arithmetic
    assert "https://refiner.example.com/loc/works claims by no profile" in finding.arithmetic
    schema = json.loads((shared / "data" / "epcis" / "epcis-json-schema.json").read_bytes())
    assert list(jsonschema_rs.Draft7Validator(schema, validate_formats=True).iter_errors(handed_on())) == []


def test_the_official_schema_accepts_it(shared: Path) -> None:
    schema = json.loads((shared / "data" / "epcis" / "epcis-json-schema.json").read_bytes())
    assert list(jsonschema_rs.Draft7Validator(schema, validate_formats=True).iter_errors(document())) == []


def test_it_is_json_ld_with_and_without_our_context(shared: Path) -> None:
    epcis = json.loads((shared / "data" / "untp" / "contexts" / "epcis-context-2.0.jsonld").read_bytes())
    known = {EPCIS_CONTEXT: epcis, CONTEXT_URL: CONTEXT}

    def load(url: str, _options: Any) -> dict[str, Any]:
        return {"contextUrl": None, "documentUrl": url, "document": known[url]}

    inline = document()
    linked = {**inline, "@context": [EPCIS_CONTEXT, CONTEXT_URL]}
    for each in (inline, linked):
        expanded = jsonld.expand(each, {"documentLoader": load})
        # Every term of ours is there as a property in full; one that the context did not know would be gone.
        assert json.dumps(expanded).count(f'"{NAMESPACE}') == json.dumps(inline).count('"crm:')
    assert '{"@type": "http://www.w3.org/2001/XMLSchema#decimal", "@value": "28.50"}' in json.dumps(expanded, sort_keys=True)
    first, second = (intake(json.dumps(each).encode()) for each in (inline, linked))
    assert first == second
