"""How the rules of the watch read an outcome, and what they say."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from lodestream.ids import derive
from lodestream.ledger.catalogue import CATALOGUE
from lodestream.ledger.records import Finding, Line, Outcome, Severity

SECOND_US = 1_000_000
HOUR_US = 3_600 * SECOND_US
DAY_US = 24 * HOUR_US
SEEN_US = 400 * DAY_US
"""How long events, lots and certificates are remembered: as the ledger's own seen-index does (runtime-rules section 2)."""
DIGITS = 4
"""A value of fewer significant digits is nominal: one bag of 1,000 kg is like any other (ledger-rules section 9)."""


def finding(
    code: str, inputs: Sequence[str], arithmetic: str, lots: Iterable[str] = (), severity: Severity | None = None
) -> Finding:
    """An open finding of the catalogue. The first of its inputs is the site whose book it goes to.

    Its id is H(rule, version, inputs) (runtime-rules section 5), which with that input is H(site, rule, version, inputs).
    """
    rule = CATALOGUE[code]
    return Finding(
        id=derive("finding", rule.number, str(rule.version), *inputs),
        rule=rule.number,
        code=code,
        version=rule.version,
        severity=severity or rule.severity,
        inputs=list(inputs),
        arithmetic=arithmetic,
        state="open",
        lots=sorted(set(lots)),
    )


def identity(outcome: Outcome) -> str:
    """What names the event of an outcome: its eventID, else its hash; empty where it is no event's."""
    return outcome.event_id or outcome.event_hash or ""


def made(outcome: Outcome) -> list[Line]:
    """The lines of what the event made, created or moved: not what it drew from."""
    return [line for line in outcome.lines if line.role != "input"]


def significant_digits(value: Decimal) -> int:
    """How many digits of a value say something: 1000 has one, 24320 four; 28.50 has four, what stands behind a point was read."""
    stated = value.as_tuple()
    digits = "".join(map(str, stated.digits)).lstrip("0")
    exponent = stated.exponent if isinstance(stated.exponent, int) else 0
    return len(digits if exponent < 0 else digits.rstrip("0"))


def vector(line: Line) -> tuple[str, ...]:
    """The assay values of a line in one spelling, sorted: what makes two assays the same to the last digit."""
    return tuple(sorted(f"{a.substance} {plain(a.value)} {a.unit} {a.basis}" for a in line.assays))


def plain(value: Decimal) -> str:
    """A decimal in plain notation without trailing zeros."""
    return f"{value.normalize():f}" if value else "0"


def parts_of(account: str) -> tuple[str, list[str]]:
    """An account as it is written: its kind, and the ids in its parentheses."""
    kind, _, ref = account.partition("(")
    return kind, ref.removesuffix(")").split(" ") if ref else []
