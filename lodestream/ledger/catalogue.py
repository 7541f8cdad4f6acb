"""The catalogue of findings that this version of the rules can open (ledger-rules section 9, mass-balance section 3).

A code belongs to one rule (F-number) and has a severity: `hard` and `hold` keep credentials back, `warn` goes with
them, `info` is for the reader. What is posted nevertheless is said in docs/rulebook.md.

Rulebook R80.
"""

from typing import NamedTuple

from lodestream.ledger.records import Severity


class Rule(NamedTuple):
    """One code of the catalogue: its rule number, severity and version."""

    number: str
    severity: Severity
    version: int = 1


CATALOGUE: dict[str, Rule] = {
    "IMPOSSIBLE": Rule("F1", "hard"),
    "OVERCLAIM": Rule("F2", "hold"),
    "DOUBLE_SPEND": Rule("F3", "hold"),
    "PHANTOM_STOCK": Rule("F3", "hold"),
    "ALREADY_RESOLVED": Rule("F4", "hold"),
    "ORIGIN_UNSUPPORTED": Rule("F5", "hold"),
    "ORIGIN_CAPACITY": Rule("F6", "hold"),
    "CONTACT_EXCLUDED": Rule("F7", "hold"),
    "TIME_ORDER": Rule("F8", "warn"),
    "IMPOSSIBLE_TRAVEL": Rule("F9", "warn"),
    "REPLAY_SUSPECT": Rule("F11", "hold"),
    "LATE": Rule("F12", "warn"),
    "BACKDATED": Rule("F12", "warn"),
    "GRADE_IMPOSSIBLE": Rule("F13", "hold"),
    "ASSAY_CLONED": Rule("F16", "warn"),
    "UNIT_BASIS": Rule("F14", "hold"),
    "UNIT_SUSPECT": Rule("F15", "hold"),
    "CYCLE": Rule("F17", "info"),
    "RUN_AROUND": Rule("F18", "info"),
    "OPENING_UNPROVEN": Rule("F19", "hold"),
    "STOCK_DIFFERS": Rule("F19", "hold"),
    "TRANSIT_GAIN": Rule("F20", "hold"),
    "DRIFT": Rule("F21", "warn"),
    "TOO_PERFECT": Rule("F22", "info"),
    "CORRECTION_ABUSE": Rule("F23", "warn"),
    "MUTATED_EVENT": Rule("F24", "hard"),
    "CAPACITY": Rule("F26", "warn"),
    "VC_OVERDRAWN": Rule("F25", "hold"),
    "UNMATCHED": Rule("F27", "hold"),
    "ONE_SIDED": Rule("F27", "info"),
    "LOSS_UNEXPLAINED": Rule("F28", "warn"),
    "RETRO_OVERDRAFT": Rule("F29", "hold"),
    "CREDIT_OVERDRAWN": Rule("F30", "hold"),
    "DOUBLE_CLAIM": Rule("F31", "hold"),
    "NEGATIVE_AT_CLOSE": Rule("F32", "hold"),
    "NOT_AUTHORISED": Rule("F33", "hold"),
    "TRANSIT_OPEN": Rule("F34", "hold"),
    "TRANSIT_LOSS": Rule("F35", "warn"),
    "UNDER_YIELD": Rule("F36", "warn"),
    "UNKNOWN_CONTENT": Rule("F37", "hold"),
    "SITE_CONFLICT": Rule("F38", "hold"),
    "ACTION_MISMATCH": Rule("F39", "hold"),
    "UNASSAYED": Rule("F40", "info"),
    "BASIS_MISSING": Rule("F41", "hold"),
    "NO_BOOK": Rule("F42", "info"),
    "DECLARATION_MISMATCH": Rule("F43", "hold"),
    "CORRECTIVE_MISSING": Rule("F43", "info"),
    "UNIT_REFUSED": Rule("F44", "hold"),
    "NO_LOT": Rule("F45", "hold"),
    "NO_QUANTITY": Rule("F46", "hold"),
    "BOOK_EXCEEDED": Rule("F47", "info"),
    "ID_REUSED": Rule("F48", "warn"),
    "TOO_LARGE": Rule("F49", "hold"),
    "TOO_OLD": Rule("F50", "hold"),
    "VC_REVOKED": Rule("F51", "hold"),
}

BLOCKING: frozenset[Severity] = frozenset({"hard", "hold"})
