"""What the harness says: rules with the clause behind each, faults where a rule is broken, and the report of a set of files.

The structs below are the JSON report; docs/conformance-report.schema.json is made from them.
"""

from collections.abc import Callable, Iterable
from typing import Any, Literal, NamedTuple

from msgspec import Struct, to_builtins

from lodestream.conformance.documents import Document, Folder

Result = Literal["passed", "failed", "warning", "not checked"]
TIERS = {1: "data model", 2: "proof", 3: "JSON Schema", 4: "JSON-LD", 5: "status", 6: "mass balance", 7: "trust"}
"""The tiers in the order in which they are checked."""

MANY_FAULTS = 100
"""Of one rule in one file no more than these are told, with the number of all."""
LONGEST_QUOTE = 160


class Fault(NamedTuple):
    """One place where a rule is broken: a JSON pointer (RFC 6901) into the credential, and what was found there."""

    pointer: str
    found: str
    clause: str = ""
    """Where the rule has several clauses, the one that is meant."""


class NotCheckedError(Exception):
    """A rule could not be applied; the message says why, for a person."""


class NotApplicableError(Exception):
    """A rule says nothing about this credential, and the report nothing about the rule."""


Find = Callable[[Document, Folder], Iterable[Fault]]


class Rule(NamedTuple):
    """One demand: its name, where it is from, how grave a breach is, what to do about it, and the function that looks."""

    name: str
    tier: int
    breach: Literal["failed", "warning"]
    kinds: frozenset[str]
    clause: str
    demand: str
    advice: str
    find: Find


class Check(Struct, frozen=True, kw_only=True):
    """The outcome of one rule at one place. `pointer`, `found` and `advice` say something only where it did not pass."""

    tier: int
    rule: str
    result: Result
    clause: str
    pointer: str = ""
    found: str = ""
    advice: str = ""


class FileReport(Struct, frozen=True, kw_only=True):
    """One file: what it is, and the outcome of every rule that applies to it, in the order of tiers, rules and places."""

    file: str
    kind: str
    version: str = ""
    id: str = ""
    securing: str = ""
    checks: list[Check] = []

    def result(self, tier: int | None = None) -> Result | None:
        """The worst outcome in a tier, or in all; None where no rule applied."""
        return worst(check.result for check in self.checks if tier in (None, check.tier))


class TierSummary(Struct, frozen=True, kw_only=True):
    """How many outcomes of each kind a tier has over all files."""

    tier: int
    name: str
    passed: int
    failed: int
    warning: int
    not_checked: int


class Report(Struct, frozen=True, kw_only=True):
    """The report of a set. `format` rises when a field changes its meaning or goes; `at` is the time of asking (RFC 3339)."""

    format: Literal[1] = 1
    at: str
    bundle: bool
    conforms: bool
    tiers: list[TierSummary]
    files: list[FileReport]

    def to_json(self) -> dict[str, Any]:
        """As JSON values, by docs/conformance-report.schema.json."""
        value: dict[str, Any] = to_builtins(self)
        return value


WORST_FIRST: tuple[Result, ...] = ("failed", "warning", "passed", "not checked")


def worst(results: Iterable[Result]) -> Result | None:
    """The worst of some outcomes. What passed in part and was not checked in part counts as passed; None of nothing."""
    found = set(results)
    return next((result for result in WORST_FIRST if result in found), None)


def summary(files: list[FileReport]) -> list[TierSummary]:
    """The outcomes of every tier over all files."""
    results = [(check.tier, check.result) for file in files for check in file.checks]
    return [
        TierSummary(
            tier=tier,
            name=name,
            passed=results.count((tier, "passed")),
            failed=results.count((tier, "failed")),
            warning=results.count((tier, "warning")),
            not_checked=results.count((tier, "not checked")),
        )
        for tier, name in TIERS.items()
    ]


def quoted(value: Any) -> str:
    """A stranger's value in a sentence: not all of a long one."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…"


def pointer(*steps: str | int) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)
