"""What a walk found: the credentials it saw, what is wrong, what is only missing, and the verdict."""

from typing import Any, Literal

from msgspec import Struct

from lodestream.credentials.report import Check
from lodestream.credentials.walk.balance import Balance

Outcome = Literal[
    "verified",
    "failed",
    "revoked",
    "expired",
    "unverified claim",
    "unaccredited assessor",
    "unanchored identity",
    "mass-balance inconsistency",
    "conflict-zone risk",
    "cycle",
    "missing upstream",
    "withheld",
]
"""The outcomes of UNTP's trust graphs; `failed`: its proof or form does not hold; `withheld`: it is not shown to us."""


class Finding(Struct, frozen=True, order=True):
    """One thing that stands against the verdict. `rule` is stable, `about` an identifier or a URL, the sentence for a person."""

    outcome: Outcome
    rule: str
    about: str
    sentence: str


class Note(Struct, frozen=True, order=True):
    """What a reader should know and what stands against nothing: a balance nobody can compute, a shipment without receipt."""

    about: str
    sentence: str


class Visited(Struct, frozen=True):
    """One credential that was seen: where, what it is, and what its checks said. `outcome` is its own, upstream left aside."""

    url: str
    id: str
    kind: str
    name: str
    issuer: str
    outcome: Outcome
    checks: list[Check]


class WalkReport(Struct, frozen=True):
    """The result of a walk, in an order that depends on nothing but what was found.

    `accepted` are the outcomes that the verifier's policy does not count against the verdict; `stopped` says which limit ended
    the walk before its end, if one did.
    """

    start: str
    visited: list[Visited]
    findings: list[Finding]
    notes: list[Note]
    balances: list[Balance]
    accepted: list[Outcome] = []
    stopped: str = ""

    @property
    def against(self) -> list[Finding]:
        """The findings that count."""
        return [finding for finding in self.findings if finding.outcome not in self.accepted]

    @property
    def verified(self) -> bool:
        """The start holds, and nothing that counts was found between it and primary production."""
        return bool(self.visited) and not self.against

    @property
    def outcomes(self) -> list[Outcome]:
        """What was found, each once; `verified` where that is nothing."""
        found = sorted({finding.outcome for finding in self.findings})
        return found or (["verified"] if self.visited else ["missing upstream"])

    def to_json(self) -> dict[str, Any]:
        """For programs; the same walk gives the same JSON."""
        return {
            "verified": self.verified,
            "start": self.start,
            "outcomes": self.outcomes,
            "accepted": sorted(self.accepted),
            "stopped": self.stopped,
            "findings": [
                {"outcome": each.outcome, "rule": each.rule, "about": each.about, "sentence": each.sentence}
                for each in self.findings
            ],
            "notes": [{"about": each.about, "sentence": each.sentence} for each in self.notes],
            "balances": [balance.to_json() for balance in self.balances],
            "credentials": [_visited_json(each) for each in self.visited],
        }


def _visited_json(each: Visited) -> dict[str, Any]:
    failed = [{"name": check.name, "code": check.code, "sentence": check.sentence} for check in each.checks if check.code]
    return {
        "url": each.url,
        "id": each.id,
        "kind": each.kind,
        "name": each.name,
        "issuer": each.issuer,
        "outcome": each.outcome,
        "failed": failed,
    }
