"""Claims, flows and shares for the tests, in the units of the scenarios."""

from decimal import Decimal

from lodestream.claims.library import profiles
from lodestream.claims.months import month_of
from lodestream.claims.profile import Profile
from lodestream.claims.values import Credits, Refusal, Step
from lodestream.epcis.event import Claim

T = 1_000_000_000  # mg
KG = 1_000_000
Q1, Q2, Q3 = month_of(2026, 1), month_of(2026, 4), month_of(2026, 7)

ZM = "ZM M1 mine -"
CL = "CL M2 mine -"
REC = "ZZ - end_of_life -"


def asked(profile: str, attribute: str, percent: str, element: str = "Cu") -> Claim:
    return Claim(profile, element, attribute, Decimal(percent))


def profile(name: str) -> Profile:
    return profiles()[name]


def posted(step: Step | Refusal) -> Credits:
    assert isinstance(step, Step), step
    return step.credits


def refused(step: Step | Refusal | None) -> Refusal:
    assert isinstance(step, Refusal), step
    return step
