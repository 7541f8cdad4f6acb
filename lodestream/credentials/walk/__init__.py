"""Verification by strangers: the walk from a credential to what it stands on, and the mass balance at every step."""

from lodestream.credentials.walk.balance import Balance, Tolerance, make_balances
from lodestream.credentials.walk.judge import walk
from lodestream.credentials.walk.outcomes import Finding, WalkReport
from lodestream.credentials.walk.ports import Absent, Limits, Sources
from lodestream.credentials.walk.trust import Trust, trust_of

__all__ = [
    "Absent",
    "Balance",
    "Finding",
    "Limits",
    "Sources",
    "Tolerance",
    "Trust",
    "WalkReport",
    "make_balances",
    "trust_of",
    "walk",
]
