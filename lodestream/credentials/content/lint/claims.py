"""Claims and assessments: a metric under its own topic, a percentage that is one, recycled content with evidence."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from lodestream.credentials.content.lint.faults import Fault, Node, Scope, last_segment
from lodestream.credentials.content.lint.products import OUR_PROFILE

PERFORMANCES = ("claimedPerformance", "assessedPerformance")
TOPIC_OF = {
    "product-carbon-footprint": "greenhouse-gas-emissions",
    "scope-1-ghg-emissions": "greenhouse-gas-emissions",
    "recycled-content-percentage": "recycled-material-integration",
}
"""Which topic of UNTP a metric of UNTP belongs to. Both are compared by their last segment."""
PARTS = frozenset({"recycled-content-percentage", "traced-content-percentage", "renewable-energy-percentage"})
"""Percentages of a whole: from 0 to 100."""
RECYCLED = "recycled-content-percentage"


def claims(node: Node, scope: Scope) -> Iterator[Fault]:
    """The faults of an object that is a claim or an assessment, or a product that has claims."""
    for name in PERFORMANCES:
        for one in node.objects(name):
            yield from _performance(node, one)
    if scope == "ours" and isinstance(node.value.get("materialProvenance"), list):
        yield from _recycled(node)


def _performance(node: Node, one: Node) -> Iterator[Fault]:
    metric, measure = one.value.get("metric"), one.value.get("measure")
    name = last_segment(metric.get("id")) if isinstance(metric, dict) else ""
    said = {last_segment(topic.value.get("id")) for topic in node.objects("conformityTopic")}
    if name in TOPIC_OF and said and TOPIC_OF[name] not in said:
        sentence = f"measures {name} under {', '.join(sorted(said))[:120]}: it belongs to {TOPIC_OF[name]}"
        yield Fault("METRIC_TOPIC", one.pointer, sentence, "UNTP performance metrics and conformity topics")
    if isinstance(measure, dict) and measure.get("unit") == "P1" and name in PARTS:
        value: Any = measure.get("value")
        if isinstance(value, int | Decimal) and not 0 <= value <= 100:
            sentence = f"{value} % of a whole"
            yield Fault("PERCENT", one.at("measure", "value"), sentence, "a part of a whole is from 0 to 100 percent")


def _recycled(node: Node) -> Iterator[Fault]:
    """recycledMassFraction needs a claim of recycled content with evidence."""
    found = [one for one in node.objects("materialProvenance") if one.value.get("recycledMassFraction")]
    backed = any(
        claim.value.get("evidence")
        and any(
            last_segment(metric.value.get("id")) == RECYCLED
            for one in claim.objects(PERFORMANCES[0])
            for metric in one.objects("metric")
        )
        for claim in node.objects("performanceClaim")
    )
    if found and not backed:
        sentence = "is recycled in part, and no claim of recycled content with evidence stands behind it"
        yield Fault("RECYCLED_UNBACKED", found[0].pointer, sentence, OUR_PROFILE, "ours")
