"""What no schema enforces though UNTP or W3C say it in prose, by the lint of our own content (docs/content.md), tier by tier."""

from collections.abc import Callable, Iterator
from functools import partial

from lodestream.conformance.documents import Document, Folder
from lodestream.conformance.findings import Fault, NotApplicableError, Rule, quoted
from lodestream.conformance.kinds import CREDENTIALS, DPP, DTE
from lodestream.credentials.content.lint import Fault as Linted
from lodestream.credentials.content.lint import lint

FORM = frozenset({"NOT_A_URI", "DATE", "DATE_ZONE", "COUNTRY", "DIGEST", "QUANTITY_NEGATIVE"})
BATCH = frozenset({"GRANULARITY"})
PRODUCT = frozenset({"FRACTIONS", "NUMBER_MISSING", "UNIT_TRAP", "MOVE_ENDS", "MOVE_NOWHERE", "SAFETY_MISSING"})
CLAIM = frozenset({"METRIC_TOPIC", "PERCENT"})
ELSEWHERE = FORM | BATCH | PRODUCT | CLAIM
"""Codes that have a rule of their own; all others are about terms."""


def _linted(folder: Folder) -> dict[str, list[Linted]]:
    """The faults of every credential of UNTP, by its file."""
    return {each.name: lint(each.credential, "anyone") for each in folder.credentials if each.version}


def _of(wanted: Callable[[str], bool], document: Document, folder: Folder) -> Iterator[Fault]:
    faults = folder.once(_linted).get(document.name)
    if faults is None:
        raise NotApplicableError
    for fault in faults:
        if wanted(fault.code):
            yield Fault(fault.pointer, f"{fault.code}: {quoted(fault.sentence)}", fault.clause)


def _term(code: str) -> bool:
    return code not in ELSEWHERE


RULES = (
    Rule(
        "LINT-FORM", 1, "failed", CREDENTIALS, "The clause stands beside each fault",
        "URIs, dates, countries, digests and quantities of UNTP are written as what they are.",
        "Correct the value that the pointer names.", partial(_of, FORM.__contains__),
    ),
    Rule(
        "LINT-TERMS", 1, "warning", CREDENTIALS, "UNTP VC profile: extensions need a context that defines them",
        "Every property is one of UNTP's, or defined by a context of an extension.",
        "Look for a slip in the name; else add a context that defines it.", partial(_of, _term),
    ),
    Rule(
        "LINT-PRODUCT", 6, "warning", CREDENTIALS, "UNTP DPP and DTE, in prose",
        "Mass fractions sum to 1, what is hazardous links to safety information, what moves goes somewhere, units are of mass.",
        "Complete or correct what the pointer names.", partial(_of, PRODUCT.__contains__),
    ),
    Rule(
        "MB-BATCH-KEY", 6, "warning", frozenset({DTE, DPP}), "UNTP TT.02; Product.idGranularity",
        "A batch is called a batch, so that the id of a model is not taken for it.",
        "Write idGranularity batch where batchNumber says which one it is.", partial(_of, BATCH.__contains__),
    ),
    Rule(
        "LINT-CLAIM", 7, "warning", CREDENTIALS, "UNTP performance metrics and conformity topics",
        "Metrics belong to their topics, and percentages are from 0 to 100.",
        "Choose the topic of the metric, or correct the value.", partial(_of, CLAIM.__contains__),
    ),
)  # fmt: skip
