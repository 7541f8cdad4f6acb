"""Conformity credentials over closed periods, with the arithmetic by hand."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from lodestream.credentials.content import Assessor, conformity
from lodestream.credentials.content.variance import Variance, variances
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import write
from lodestream.credentials.profile import FacilityProfile, Scheme
from lodestream.ledger.records import PeriodLine, PeriodState
from tests.credentials.content.judging import Judges
from tests.credentials.content.worked import PROFILE, SCENARIOS, issue, worked

SITE = "https://refinery.example/f/2"
MARCH, APRIL = 1_772_323_200_000_000, 1_775_001_600_000_000
T = 10**9
AUDITOR = Assessor(level="3rdParty", operator=Scheme("did:web:refinery.example", "Example Refinery"), verified=True)


def period(*lines: tuple[str, int, int, int], element: str = "Cu", counted: bool = False) -> PeriodState:
    """A closed March; a line is account class, opening, in and out, in tonnes."""
    found = [PeriodLine(element, name, o * T, i * T, x * T, (o + i - x) * T) for name, o, i, x in lines]
    return PeriodState("2026-03", 1, MARCH, APRIL, found, counted)


REFINERY = (
    ("CUSTODY", 0, 0, 1000),  # received
    ("STOCK", 500, 1980, 1700),
    ("WIP", 0, 1000, 1000),
    ("LOSS", 0, 10, 0),
    ("UNACCOUNTED", 0, 12, 2),
    ("TRANSIT", 0, 700, 700),  # shipped, and settled
    ("TRANSIT_VAR", 0, 0, 0),
    ("CUSTODY2", 0, 0, 0),
)


def refinery() -> PeriodState:
    """1,000 t received and processed, 980 t made, 10 t slag, 10 t not found; 700 t shipped."""
    lines = [line for line in REFINERY if line[0] not in ("CUSTODY", "CUSTODY2")]
    return period(("CUSTODY", 0, 700, 1000), *lines)


def told(state: PeriodState, assessor: Assessor | None = None, facility: FacilityProfile | None = None) -> dict[str, Any]:
    """The credential for a period."""
    profile = replace(PROFILE, facilities={SITE: facility}) if facility else PROFILE
    return conformity(state, SITE, profile, issue("dcc", "2026-03", APRIL), assessor or Assessor())


def assessment(state: PeriodState, **more: Any) -> dict[str, Any]:
    """Its first assessment."""
    found: dict[str, Any] = told(state, **more)["credentialSubject"]["conformityAssessment"][0]
    return found


def test_the_difference_is_what_the_book_could_not_account_for() -> None:
    (one,) = variances(refinery())
    assert one == Variance(
        element="Cu",
        opening_mg=500 * T,
        came_mg=1000 * T,
        left_mg=700 * T,
        losses_mg=10 * T,
        processed_mg=1000 * T,
        closing_mg=780 * T,
        difference_mg=10 * T,
        transit_mg=0,
    )
    assert one.throughput_mg == 1000 * T
    assert one.share(one.difference_mg) == Fraction(1, 100)


def test_one_percent_of_throughput_is_within_two() -> None:
    found = assessment(refinery())
    variance, transit = found["assessedPerformance"]
    assert (variance["measure"], transit["measure"]) == ({"value": 1, "unit": "P1"}, {"value": 0, "unit": "P1"})
    assert variance["metric"]["id"].endswith("/metrics/mass-balance-variance")
    assert found["conformance"] is True
    assert found["specifiedCondition"] == [
        "period 2026-03, version 1, from 2026-03-01T00:00:00Z until before 2026-04-01T00:00:00Z",
        "threshold 2 P1 of throughput, either way",
        "closing balances are the book's, not counted",
    ]
    assert (found["assessmentDate"], found["assessedFacility"][0]["facility"]["id"]) == ("2026-04-01", SITE)


@pytest.mark.parametrize(("missing", "holds"), [(20, True), (21, False), (-20, True), (-21, False)])
def test_two_percent_either_way_is_the_threshold(missing: int, holds: bool) -> None:
    state = period(("WIP", 0, 1000, 1000), ("UNACCOUNTED", 0, max(missing, 0), max(-missing, 0)), ("STOCK_ADJ", 0, 5, 5))
    found = assessment(state)
    assert found["conformance"] is holds
    assert found["assessedPerformance"][0]["measure"]["value"] * 10 == missing
    assert assessment(state, assessor=Assessor(threshold_percent=Assessor().threshold_percent * 2))["conformance"] is True


def test_adjustments_of_stock_count_as_well() -> None:
    assert assessment(period(("WIP", 0, 1000, 1000), ("STOCK_ADJ", 0, 30, 0)))["conformance"] is False


def test_stock_that_lies_there_hides_no_loss() -> None:
    """A pile of 100,000 t does not make a loss of 50 t out of 1,000 t small."""
    state = period(("STOCK", 100_000, 950, 1000), ("WIP", 0, 1000, 1000), ("UNACCOUNTED", 0, 50, 0))
    assert assessment(state)["assessedPerformance"][0]["measure"]["value"] == 5


def test_of_a_period_in_which_nothing_moved_the_opening_counts() -> None:
    state = period(("STOCK", 1000, 0, 10), ("STOCK_ADJ", 0, 10, 0), counted=True)
    found = assessment(state)
    assert found["assessedPerformance"][0]["measure"]["value"] == 1
    assert "a stock-take stands in the period" in found["specifiedCondition"]


def test_a_difference_of_nothing_is_all_of_it() -> None:
    found = assessment(period(("STOCK", 0, 0, 10), ("STOCK_ADJ", 0, 10, 0)))
    assert (found["assessedPerformance"][0]["measure"]["value"], found["conformance"]) == (100, False)


def test_one_assessment_by_element() -> None:
    lines = [*refinery().lines, *period(("WIP", 0, 100, 100), ("UNACCOUNTED", 0, 3, 0), element="Ni").lines]
    made = told(replace(refinery(), lines=lines))["credentialSubject"]
    assert [(one["id"].rpartition("#")[2], one["conformance"]) for one in made["conformityAssessment"]] == [
        ("cu", True),
        ("ni", False),
    ]
    assert "beyond the threshold" in made["description"]


def test_masses_are_told_only_where_the_sites_policy_lets_them_out(judges: Judges) -> None:
    assert "KGM" not in write(told(refinery())).decode()
    made = told(refinery(), facility=FacilityProfile("Works", "JP", "fac-002", stocks=True))
    found = made["credentialSubject"]["conformityAssessment"][0]["assessedPerformance"]
    masses = {one["metric"]["id"].rpartition("/")[2]: one["measure"]["value"] for one in found[2:]}
    assert masses == {
        "opening-stock": 500_000,
        "inbound": 1_000_000,
        "outbound": 700_000,
        "losses": 10_000,
        "closing-stock": 780_000,
        "inventory-difference": 10_000,
    }
    assert judges(made) == []


def test_who_assesses() -> None:
    own = told(refinery())
    assert own["credentialSubject"]["assessorLevel"] == "self"
    assert own["credentialSubject"]["issuedToParty"]["id"] == own["issuer"]["id"] == PROFILE.did
    audited = told(refinery(), AUDITOR)
    subject = audited["credentialSubject"]
    assert (audited["issuer"]["id"], subject["assessorLevel"]) == (PROFILE.did, "3rdParty")
    assert subject["issuedToParty"]["id"] == "did:web:refinery.example"
    assert subject["conformityAssessment"][0]["assessedFacility"][0]["idVerifiedByCAB"] is True
    assert (subject["attestationType"], subject["assessmentLevel"]) == ("verification", "no-endorsement")


def test_what_cannot_be_assessed_is_refused() -> None:
    with pytest.raises(CredentialError, match="nothing was posted"):
        told(period())
    with pytest.raises(CredentialError, match="name the operator"):
        told(refinery(), Assessor(level="3rdParty"))


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_closed_period_adds_up(name: str) -> None:
    """opening + came = left + losses + closing + difference + transit, to the milligram."""
    for _, state in worked(name).periods:
        for one in variances(state):
            spent = one.left_mg + one.losses_mg + one.closing_mg + one.difference_mg + one.transit_mg
            assert one.opening_mg + one.came_mg == spent


def test_the_smelter_of_the_worked_scenario() -> None:
    """S1: 2,925,525,160 mg not found, when 2,612,266,325,160 mg went into or out of process in May: 0.11 %."""
    (state,) = [one for site, one in worked("10-copper-smelter").periods if "smelter" in site and one.period == "2026-05"]
    (one,) = variances(state)
    assert one.difference_mg == 2_925_525_160
    assert one.throughput_mg == one.processed_mg == 2_612_266_325_160
    assert str(assessment(state)["assessedPerformance"][0]["measure"]["value"]) == "0.1119918"
    assert assessment(state)["conformance"] is True


amounts = st.integers(0, 10**6)


@settings(max_examples=80, deadline=None)
@given(
    lines=st.lists(
        st.tuples(
            st.sampled_from(["STOCK", "WIP", "SOURCE", "CUSTODY", "TRANSIT", "LOSS", "UNACCOUNTED", "SINK"]),
            amounts,
            amounts,
            amounts,
        ),
        min_size=1,
        max_size=8,
        unique_by=lambda line: line[0],
    )
)
def test_whatever_a_period_says_is_assessed(lines: list[tuple[str, int, int, int]]) -> None:
    state = period(*lines)
    (one,) = variances(state)
    assert one.throughput_mg >= 0 or one.opening_mg < 0
    found = assessment(state)
    assert found["conformance"] is (abs(one.share(one.difference_mg)) <= Fraction(2, 100))
