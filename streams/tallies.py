"""What the processors count for an operator, beside their records: small, and by words of our own catalogues only."""

from collections import Counter
from collections.abc import Iterable

from lodestream.ledger.records import Outcome
from runtime.processor import Tally

REJECTIONS = Tally("rejections", "Events and documents that the gate refused", ("code",))
OUTCOMES = Tally("outcomes", "What became of entries", ("outcome",))
FINDINGS = Tally("findings", "Findings of the ledger; state: open or resolved", ("code", "severity", "state"))
CREDENTIALS = Tally("credentials", "Credentials issued and revoked", ("status",))
TALLIES = (REJECTIONS, OUTCOMES, FINDINGS, CREDENTIALS)

Tallies = dict[tuple[Tally, tuple[str, ...]], int]


def of_codes(codes: Iterable[str]) -> Tallies:
    """The gate's: how often each code was given."""
    return {(REJECTIONS, (code,)): count for code, count in Counter(codes).items()}


def of_statuses(statuses: Iterable[str]) -> Tallies:
    """The issuer's: how often each status was given."""
    return {(CREDENTIALS, (status,)): count for status, count in Counter(statuses).items()}


def of_outcomes(outcomes: Iterable[Outcome]) -> Tallies:
    """The ledger's: outcomes by kind, and the findings in them."""
    tallies: Tallies = {}
    for outcome in outcomes:
        tallies[OUTCOMES, (outcome.outcome,)] = tallies.get((OUTCOMES, (outcome.outcome,)), 0) + 1
        for finding in outcome.findings:
            key = FINDINGS, (finding.code, finding.severity, finding.state)
            tallies[key] = tallies.get(key, 0) + 1
    return tallies
