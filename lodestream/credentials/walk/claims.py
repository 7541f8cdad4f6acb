"""Claims need an assessment of the same thing, on the same topic, by the same criterion (UNTP trust graphs, step 3)."""

from collections.abc import Iterator
from typing import Any

from lodestream.credentials.walk.balance import Key, key_of
from lodestream.credentials.walk.facts import Assessment, Graph, Seen, id_of, same, text
from lodestream.credentials.walk.grades import as_list, as_object
from lodestream.credentials.walk.outcomes import Finding
from lodestream.credentials.walk.trust import Trust


def claims(graph: Graph, trust: Trust) -> list[Finding]:  # noqa: ARG001  # a rule's signature
    """Every claim of a passport or a facility record is confirmed by a conformity credential."""
    found = []
    for seen in graph.seen:
        for subject in seen.subjects if seen.kind in ("dpp", "dfr") else []:
            for claim in map(as_object, as_list(subject.get("performanceClaim"))):
                why = _unconfirmed(claim, seen, subject, graph)
                if why:
                    name = text(claim.get("name")) or text(claim.get("id")) or "a claim"
                    found.append(Finding("unverified claim", "CLAIM", seen.id, f"“{name}”: {why}."))
    return found


def _unconfirmed(claim: dict[str, Any], seen: Seen, subject: dict[str, Any], graph: Graph) -> str:
    """Why nobody confirms a claim, by the assessment that comes nearest; empty where one does."""
    about = [each for each in graph.assessments if _is_about(each, seen, subject)]
    if not about:
        what = "product" if seen.kind == "dpp" else "facility"
        return f"no conformity credential assesses this {what}"
    on_topic = [each for each in about if topics(claim) & topics(each.body)]
    if not on_topic:
        return "what was assessed has another topic"
    by_criterion = [
        each for each in on_topic if _criteria(claim, "referenceCriteria") & _criteria(each.body, "assessmentCriteria")
    ]
    if not by_criterion:
        return "it was assessed on this topic, but by other criteria"
    if not any(each.body.get("conformance") is True for each in by_criterion):
        return "the assessment does not say that it conforms"
    return ""


def _is_about(assessment: Assessment, seen: Seen, subject: dict[str, Any]) -> bool:
    if seen.kind == "dfr":
        return id_of(subject) in [id_of(each.get("facility")) for each in _assessed(assessment, "assessedFacility")]
    return any(same(key_of(subject), key) for key in _products(assessment))


def _products(assessment: Assessment) -> Iterator[Key]:
    for each in _assessed(assessment, "assessedProduct"):
        yield key_of(as_object(each.get("product")))


def _assessed(assessment: Assessment, name: str) -> list[dict[str, Any]]:
    return [as_object(each) for each in as_list(assessment.body.get(name))]


def topics(body: dict[str, Any]) -> set[str]:
    """The topics of a claim or an assessment, by the last step of their address: vocabularies spell the rest in several ways."""
    return {id_of(each).rstrip("/").rpartition("/")[2] for each in as_list(body.get("conformityTopic"))} - {""}


def _criteria(body: dict[str, Any], name: str) -> set[str]:
    return {id_of(each) for each in as_list(body.get(name))} - {""}
