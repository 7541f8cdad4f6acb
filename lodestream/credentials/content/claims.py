"""What a passport claims of a lot, from the ledger: carbon, recycled content, known origin, and nothing that it cannot say.

- Product carbon footprint: g CO2e per kg of dry mass, only where the carbon of all of it is known. Where a part is not
  covered the figure would be too low: then there is no claim, and the characteristic `carbonFootprintCoverage` says how much is.
- Recycled content, by element: what of its contained mass is of an end-of-life product or manufacturing waste. Of a source that
  is not stated it is none; where there is none of it nothing is claimed.
- Origin, by element: of how much of it the country is known.

The evidence is the credentials that the issue links to. Topics and metrics are UNTP's; where it has none, of our namespace.
"""

from fractions import Fraction
from typing import Any

from lodestream.claims.attribute import RECYCLED
from lodestream.credentials.content.provenance import ELEMENTS, Part
from lodestream.credentials.content.saying import day, link, named, percent, rounded
from lodestream.credentials.content.text import FRACTION_DIGITS
from lodestream.credentials.content.values import MASS_BALANCE
from lodestream.credentials.profile import NOT_STATED, Issue, Scheme, VouchedLot
from lodestream.epcis.context import NAMESPACE

TOPICS = "https://vocabulary.uncefact.org/conformity-topic/"
METRICS = "https://vocabulary.uncefact.org/performance-metric/"
ORIGIN = (("origin-tracking", "Origin Tracking"), ("supply-chain-traceability", "Supply Chain Traceability"))
CARBON = Scheme(METRICS + "product-carbon-footprint", "Product Carbon Footprint")
RECYCLED_CONTENT = Scheme(METRICS + "recycled-content-percentage", "Recycled Content Percentage")
TRACED = Scheme(NAMESPACE + "metrics/traced-content-percentage", "Traced content percentage")
RECYCLED_CRITERION = Scheme(NAMESPACE + "criteria/recycled-content/1", "Recycled content by physical shares")
CARBON_CRITERION = Scheme(
    NAMESPACE + "criteria/product-carbon-footprint/1", "Carbon footprint of a lot, attributed with its mass"
)
GRAM_PER_KILOGRAM = "GK"
CARBON_DIGITS = 3


def claims(lot: VouchedLot, parts: dict[Part, int], issue: Issue) -> list[dict[str, Any]]:
    """The performance claims of a lot's passport; their ids are fragments of the credential's own."""
    maker = _Maker(issue)
    found = []
    if lot.uncovered_mg == 0 and lot.dry_mg > 0:
        grams = rounded(Fraction(lot.embodied_g_co2e * 10**6, lot.dry_mg), CARBON_DIGITS)
        measure = {"value": grams, "unit": GRAM_PER_KILOGRAM}
        topic = (("greenhouse-gas-emissions", "Greenhouse Gas Emissions"),)
        about = "g CO2e per kg of dry mass, cradle to gate, as far as the ledger's inputs state it"
        said = ("product-carbon-footprint", "Product carbon footprint", about)
        found.append(maker.claim(*said, CARBON_CRITERION, CARBON, measure, topic))
    for element in sorted({part.element for part in parts}):
        found += _of_element(maker, element, {part: mg for part, mg in parts.items() if part.element == element})
    return found


def _of_element(maker: "_Maker", element: str, parts: dict[Part, int]) -> list[dict[str, Any]]:
    whole = sum(parts.values())
    called, found = ELEMENTS.get(element, element), []
    recycled = sum(mg for part, mg in parts.items() if part.source_class in RECYCLED)
    if recycled:
        topic = (("recycled-material-integration", "Recycled Material Integration"),)
        about = f"percent of the contained {called.lower()} from end-of-life products and manufacturing waste"
        said = (f"recycled-content-{element.lower()}", f"Recycled content of {called.lower()}", about)
        found.append(maker.claim(*said, RECYCLED_CRITERION, RECYCLED_CONTENT, percent(recycled, whole), topic))
    known = sum(mg for part, mg in parts.items() if part.country != NOT_STATED)
    if known:
        about = f"percent of the contained {called.lower()} whose country of origin is known"
        said = (f"origin-{element.lower()}", f"Traced origin of {called.lower()}", about)
        found.append(maker.claim(*said, MASS_BALANCE, TRACED, percent(known, whole), ORIGIN))
    return found


def coverage(lot: VouchedLot) -> dict[str, Any]:
    """How much of the dry mass has a carbon that somebody stated, where that is not all of it."""
    if not 0 < lot.uncovered_mg <= lot.dry_mg:
        return {}
    return {"carbonFootprintCoverage": rounded(Fraction(lot.dry_mg - lot.uncovered_mg, lot.dry_mg), FRACTION_DIGITS)}


def topics(said: tuple[tuple[str, str], ...]) -> list[dict[str, Any]]:
    """Conformity topics of UNTP, in the form of the official samples."""
    return [{"type": ["ConformityTopic"], "id": TOPICS + code, "name": name} for code, name in said]


class _Maker:
    """Claims of one credential: its id, date and evidence are the same in all of them."""

    def __init__(self, issue: Issue) -> None:
        self._id, self._day = issue.id, day(issue.valid_from_us)
        self._evidence = [link(one) for one in issue.documents if one.kind in ("dte", "dcc")]

    def claim(
        self,
        name: str,
        title: str,
        about: str,
        criterion: Scheme,
        metric: Scheme,
        measure: dict[str, Any],
        topic: tuple[tuple[str, str], ...],
    ) -> dict[str, Any]:
        """One claim."""
        said: dict[str, Any] = {
            "type": ["Claim"],
            "id": f"{self._id}#{name}",
            "name": title,
            "description": about,
            "referenceCriteria": [named("Criterion", criterion)],
            "claimDate": self._day,
            "claimedPerformance": [{"metric": named("PerformanceMetric", metric), "measure": measure}],
            "conformityTopic": topics(topic),
        }
        return said | {"evidence": self._evidence} if self._evidence else said
