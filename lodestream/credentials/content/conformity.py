"""The Digital Conformity Credential (UNTP 0.7.0) of a closed period: is the site's balance within what may differ?

One assessment by element, conforming or not; a credential is issued either way. Whoever issues it is the assessor: the operator
itself, or an auditor with a key of its own. Masses are told only where the site's policy lets stocks out.
"""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from lodestream.credentials.content.claims import ORIGIN, topics
from lodestream.credentials.content.provenance import ELEMENTS
from lodestream.credentials.content.saying import credential, day, documents, kg, named, rounded, time, uri
from lodestream.credentials.content.text import FRACTION_DIGITS
from lodestream.credentials.content.values import Assessor
from lodestream.credentials.content.variance import Variance, variances
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import plain
from lodestream.credentials.profile import FacilityProfile, Issue, IssuerProfile, Scheme
from lodestream.credentials.untp.base import DCC
from lodestream.epcis.context import NAMESPACE
from lodestream.ledger.records import PeriodState

METRIC = NAMESPACE + "metrics/"
VARIANCE = Scheme(METRIC + "mass-balance-variance", "Mass balance variance")
TRANSIT_VARIANCE = Scheme(METRIC + "transit-variance", "Transit variance")
MASSES = (
    ("opening_mg", Scheme(METRIC + "opening-stock", "Contained mass at the beginning, in stock and in process")),
    ("came_mg", Scheme(METRIC + "inbound", "Contained mass that came")),
    ("left_mg", Scheme(METRIC + "outbound", "Contained mass that left")),
    ("losses_mg", Scheme(METRIC + "losses", "Contained mass in tailings, slag and other losses")),
    ("closing_mg", Scheme(METRIC + "closing-stock", "Contained mass at the end, in stock and in process")),
    ("difference_mg", Scheme(METRIC + "inventory-difference", "Inventory difference, contained")),
)


def conformity(period: PeriodState, site: str, profile: IssuerProfile, issue: Issue, assessor: Assessor) -> dict[str, Any]:
    """The unsigned credential over a period of a site. Raises CredentialError (OUTCOME): nothing was posted, or no operator."""
    found = variances(period)
    if not found:
        raise CredentialError("OUTCOME", f"nothing was posted at {site} in {period.period}: there is nothing to assess")
    at = profile.facility(None, site)
    who = _operator(profile, assessor)
    name = f"Mass balance of {at.name or site}, {period.period}"
    held = all(_holds(one, assessor) for one in found)
    subject = {
        "type": ["ConformityAttestation"],
        "id": f"{uri(issue.id, 'the credential')}#attestation",
        "name": name,
        "description": f"Verification of the balance for {period.period}: {'within' if held else 'beyond'} the threshold.",
        "assessorLevel": assessor.level,
        "assessmentLevel": "no-endorsement",
        "attestationType": "verification",
        "issuedToParty": who,
        "referenceScheme": named("ConformityScheme", assessor.scheme),
        "conformityAssessment": [_assessment(one, period, site, at, who, issue, assessor) for one in found],
    }
    return credential(DCC, profile, issue, name, subject)


def _operator(profile: IssuerProfile, assessor: Assessor) -> dict[str, Any]:
    """The party that runs the site: the issuer itself, or whom the auditor names."""
    if assessor.operator is not None:
        return named("Party", assessor.operator)
    if assessor.level != "self":
        raise CredentialError("OUTCOME", "an auditor's credential must name the operator of the site (its DID and name)")
    return named("Party", Scheme(profile.did, profile.name))


def _holds(one: Variance, assessor: Assessor) -> bool:
    return abs(one.share(one.difference_mg)) * 100 <= Fraction(assessor.threshold_percent)


def _assessment(
    one: Variance, period: PeriodState, site: str, at: FacilityProfile, who: dict[str, Any], issue: Issue, assessor: Assessor
) -> dict[str, Any]:
    called = ELEMENTS.get(one.element, one.element)
    performance = [
        _performance(VARIANCE, _percent(one.share(one.difference_mg))),
        _performance(TRANSIT_VARIANCE, _percent(one.share(one.transit_mg))),
    ]
    if at.stocks:
        performance += [_performance(metric, kg(getattr(one, field))) for field, metric in MASSES]
    said = {
        "type": ["ConformityAssessment"],
        "id": f"{issue.id}#{one.element.lower()}",
        "name": f"Balance of {called.lower()}, {period.period}",
        "description": "Inventory difference in percent of throughput: positive is missing, negative is more than can be.",
        "assessmentCriteria": [named("Criterion", assessor.criterion)],
        "assessmentDate": day(issue.valid_from_us),
        "assessedPerformance": performance,
        "assessedFacility": [{"facility": _facility(site, at), "idVerifiedByCAB": assessor.verified}],
        "assessedOrganisation": who,
        "specifiedCondition": _conditions(period, assessor),
        "conformityTopic": topics(ORIGIN),
        "conformance": _holds(one, assessor),
    }
    linked = documents(issue)
    return said | {"evidence": linked} if linked else said


def _facility(site: str, at: FacilityProfile) -> dict[str, Any]:
    said: dict[str, Any] = {"type": ["Facility"], "id": uri(site, "the site"), "name": at.name or site}
    return said | {"registeredId": at.registered_id} if at.registered_id else said


def _conditions(period: PeriodState, assessor: Assessor) -> list[str]:
    counted = "a stock-take stands in the period" if period.counted else "closing balances are the book's, not counted"
    return [
        f"period {period.period}, version {period.version}, from {time(period.from_us)} until before {time(period.until_us)}",
        f"threshold {plain(assessor.threshold_percent)} P1 of throughput, either way",
        counted,
    ]


def _performance(metric: Scheme, measure: dict[str, Any]) -> dict[str, Any]:
    return {"metric": named("PerformanceMetric", metric), "measure": measure}


def _percent(share: Fraction) -> dict[str, Any]:
    value: Decimal = rounded(share * 100, FRACTION_DIGITS - 2)
    return {"value": value, "unit": "P1"}
