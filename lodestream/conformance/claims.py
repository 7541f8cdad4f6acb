"""Tier 7, what is claimed: claims and the conformity assessments behind them, links and digests, units and classes."""

import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256, sha512
from itertools import product as product_of
from typing import Any, NamedTuple

from lodestream.conformance.documents import Document, Folder, at, items, objects, text
from lodestream.conformance.findings import Fault, NotApplicableError, NotCheckedError, Rule, pointer, quoted
from lodestream.conformance.kinds import CREDENTIALS, DCC, DFR, DPP
from lodestream.credentials.encoding import SHA2_256, to_base58btc, to_base64url
from lodestream.credentials.walk.digests import digest_fault

VERIFIED = "verified"
MANY_NAMES = 50
"""Of the topics and criteria of one claim or assessment no more are looked at."""

SHA2_512 = b"\x13\x40"
"""Multihash code of SHA-512 and its length in bytes."""

_MASS_UNITS = frozenset({"KGM", "GRM", "TNE", "MGM", "LBR"})
_DENOMINATORS = ("declaredUnit", "functionalUnit", "perUnit")
_OTHER_METALS = re.compile(r"\b(copper|nickel|cobalt|lithium|zinc|lead|tin|aluminium|gold|silver|manganese)\b", re.IGNORECASE)


class Claim(NamedTuple):
    """A claim of a passport or facility record, of any version."""

    where: tuple[str | int, ...]
    body: dict[str, Any]
    topics: frozenset[str]
    criteria: frozenset[str]

    @property
    def title(self) -> str:
        """Its name; 0.6 has none, its id then."""
        return text(self.body.get("name")) or text(self.body.get("id"))


class Assessment(NamedTuple):
    """An assessment of a conformity credential, of any version."""

    credential: str
    topics: frozenset[str]
    criteria: frozenset[str]
    products: tuple[tuple[str, str], ...]
    facilities: frozenset[str]
    conforms: bool


def claims_of(document: Document) -> Iterator[Claim]:
    """The claims with their places: `performanceClaim` of 0.7, `conformityClaim` of 0.6 and before."""
    subject = document.credential.get("credentialSubject")
    for name, criteria in (("performanceClaim", "referenceCriteria"), ("conformityClaim", "assessmentCriteria")):
        for place, body in objects(at(subject, name)):
            topics = _topics(body.get("conformityTopic"))
            yield Claim(("credentialSubject", name, place), body, topics, _ids(body.get(criteria)))


class Assessments(NamedTuple):
    """Assessments as claims ask for them: those of a thing, and any on a topic."""

    of_product: dict[str, list[Assessment]]
    of_facility: dict[str, list[Assessment]]
    on_topic: dict[str, Assessment]


def _assessments(folder: Folder) -> Assessments:
    found = Assessments({}, {}, {})
    for document in folder.of(DCC):
        for subject in document.subjects:
            for _, body in [*objects(at(subject, "conformityAssessment")), *objects(at(subject, "assessment"))]:
                one = _assessment(document, body)
                for product in {product for product, _ in one.products}:
                    found.of_product.setdefault(product, []).append(one)
                for facility in one.facilities:
                    found.of_facility.setdefault(facility, []).append(one)
                for topic in one.topics or {""}:
                    found.on_topic.setdefault(topic, one)
    return found


def _assessment(document: Document, body: dict[str, Any]) -> Assessment:
    products = [each.get("product") for _, each in objects(body.get("assessedProduct"))]
    return Assessment(
        document.name,
        _topics(body.get("conformityTopic")),
        _ids(body.get("assessmentCriteria")),
        tuple((text(at(each, "id")), text(at(each, "batchNumber"))) for each in products),
        frozenset(text(at(each, "facility", "id")) for _, each in objects(body.get("assessedFacility"))),
        body.get("conformance") is True,
    )


def _topics(value: Any) -> frozenset[str]:
    """Topics by the last part of their name: UNTP writes its vocabulary with and without a plural."""
    names = (text(item if isinstance(item, str) else at(item, "id")) for item in items(value)[:MANY_NAMES])
    return frozenset(name.rstrip("/").rsplit("/", 1)[-1] for name in names if name)


def _ids(value: Any) -> frozenset[str]:
    return frozenset(text(at(item, "id")) for item in items(value)[:MANY_NAMES]) - {""}


def _assessed(document: Document, folder: Folder) -> Iterator[Fault]:
    """Walk step 3: the same product or facility, topic and criterion, and conformance true."""
    claims = list(claims_of(document))
    if not claims:
        raise NotApplicableError
    assessments = folder.once(_assessments)
    if not assessments.on_topic:
        raise NotCheckedError("the set holds no conformity credential (DCC) with an assessment")
    about = _about(document, assessments)
    by_criterion = _by_criterion(about)
    by_topic = {topic: each for each in reversed(about) for topic in each.topics}
    for claim in claims:
        why = _unverified(claim, by_criterion, by_topic) or _unassessed(claim, about, assessments, document.kind)
        if why != VERIFIED:
            yield Fault(pointer(*claim.where), f"unverified claim {quoted(claim.title)}: {why}")


def _about(document: Document, assessments: Assessments) -> list[Assessment]:
    """The assessments of the passport's product, batch by batch where both name one, or of the record's facility."""
    subject = document.credential.get("credentialSubject")
    thing = at(subject, "product" if document.kind == DPP else "facility") or subject
    identity, batch = text(at(thing, "id")), text(at(thing, "batchNumber"))
    if document.kind == DFR:
        return assessments.of_facility.get(identity, [])
    return [
        each
        for each in assessments.of_product.get(identity, [])
        if any(product == identity and (not batch or not assessed or batch == assessed) for product, assessed in each.products)
    ]


def _by_criterion(about: list[Assessment]) -> dict[tuple[str, str], Assessment]:
    """By topic and criterion; one that conforms before one that does not."""
    found: dict[tuple[str, str], Assessment] = {}
    for each in about:
        for way in product_of(each.topics, each.criteria):
            if way not in found or (each.conforms and not found[way].conforms):
                found[way] = each
    return found


def _unverified(claim: Claim, by_criterion: dict[tuple[str, str], Assessment], by_topic: dict[str, Assessment]) -> str:
    """VERIFIED, or why the assessments on its topic do not stand behind a claim; empty where none is on its topic."""
    found = [by_criterion[way] for way in product_of(sorted(claim.topics), sorted(claim.criteria)) if way in by_criterion]
    if found:
        conform = any(each.conforms for each in found)
        return VERIFIED if conform else f"the assessment in {found[0].credential} does not say that it conforms"
    near = next((by_topic[topic] for topic in sorted(claim.topics) if topic in by_topic), None)
    if near is None:
        return ""
    return f"criterion ids differ: the claim names {_some(claim.criteria)}, {near.credential} {_some(near.criteria)}"


def _unassessed(claim: Claim, about: list[Assessment], assessments: Assessments, kind: str) -> str:
    topic = ", ".join(map(quoted, sorted(claim.topics))) or "no topic"
    what = "product" if kind == DPP else "facility"
    if about:
        return f"no assessment of this {what} is on the topic {topic}"
    other = next((assessments.on_topic[each] for each in sorted(claim.topics) if each in assessments.on_topic), None)
    if other is None:
        return f"no assessment of the set is of this {what}, nor of any other on the topic {topic}"
    things = "a facility" if other.facilities and not other.products else "something else"
    return (
        f"no assessment of the set is of this {what}; {other.credential} has one on the topic {topic}, of {things}, "
        f"by criterion {_some(other.criteria)}; the claim names {_some(claim.criteria)}"
    )


def _some(ids: frozenset[str]) -> str:
    shown = sorted(ids)
    return (quoted(shown[0]) + (f" and {len(shown) - 1} more" if len(shown) > 1 else "")) if shown else "none"


def _digest(document: Document, folder: Folder) -> Iterator[Fault]:
    """Where a link states a digest and its target is in the set, they agree."""
    compared = False
    for where, link in _links(document.credential, ()):
        target = folder.by_id.get(text(link.get("linkURL")))
        multibase, old = text(link.get("digestMultibase")), text(link.get("hashDigest"))
        if target is None or not (multibase or old):
            continue
        compared = True
        if (multibase or old.lower()) not in folder.once(_digests)[target.name]:
            reason = digest_fault(b"", multibase) if multibase else f"its hashDigest is not {quoted(old)}"
            yield Fault(where, f"it links to {target.name}: {reason}")
    if not compared:
        raise NotApplicableError


def _digests(folder: Folder) -> dict[str, frozenset[str]]:
    """Of each credential by its file, every way in which UNTP 0.6 and 0.7 write its digest: each is hashed once."""
    return {document.name: frozenset(_spellings(document.data)) for document in folder.credentials}


def _spellings(data: bytes) -> Iterator[str]:
    yield sha256(data).hexdigest()
    for multihash in (SHA2_256 + sha256(data).digest(), SHA2_512 + sha512(data).digest()):
        padded = b64encode(multihash).decode()
        yield from (f"z{to_base58btc(multihash)}", f"u{to_base64url(multihash)}", f"m{padded}", f"m{padded.rstrip('=')}")


def _links(value: Any, way: tuple[str | int, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(value, list):
        for place, item in enumerate(value):
            yield from _links(item, (*way, place))
    elif isinstance(value, dict):
        if "linkURL" in value:
            yield pointer(*way), value
        for name, item in value.items():
            yield from _links(item, (*way, name))


def _footprint_unit(document: Document, _folder: Folder) -> Iterator[Fault]:
    """A footprint in kilograms, of what?"""
    applied = False
    for claim in claims_of(document):
        for place, performance in objects(claim.body.get("claimedPerformance")):
            metric = text(at(performance, "metric", "id")).rsplit("/", 1)[-1]
            unit = text(at(performance, "measure", "unit"))
            if metric != "product-carbon-footprint":
                continue
            applied = True
            if unit in _MASS_UNITS and not any(claim.body.get(name) for name in _DENOMINATORS):
                value = at(performance, "measure", "value")
                where = pointer(*claim.where, "claimedPerformance", place, "measure", "unit")
                yield Fault(where, f"a product carbon footprint of {value} {unit}: per kilogram, per tonne or per piece?")
    if not applied:
        raise NotApplicableError


def _commodity(document: Document, _folder: Folder) -> Iterator[Fault]:
    """CPC group 141 is iron ores; ores of other metals are group 142."""
    applied = False
    for where, entry in _classified(document.credential.get("credentialSubject"), ("credentialSubject",)):
        applied = True
        code, name = text(entry.get("code")), text(entry.get("name"))
        if code.startswith("141") and _OTHER_METALS.search(name) and "iron" not in name.lower():
            yield Fault(f"{where}/code", f"CPC {quoted(code)} is named {quoted(name)}, but group 141 of CPC is iron ores")
    if not applied:
        raise NotApplicableError


def _classified(value: Any, way: tuple[str | int, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(value, list):
        for place, item in enumerate(value):
            yield from _classified(item, (*way, place))
    elif isinstance(value, dict):
        scheme = text(value.get("schemeId") or value.get("schemeID"))
        if "code" in value and scheme.lower().rstrip("/").endswith("/econ/cpc"):
            yield pointer(*way), value
        for name, item in value.items():
            yield from _classified(item, (*way, name))


RULES = (
    Rule(
        "CLAIM-ASSESSED", 7, "failed", frozenset({DPP, DFR}), "UNTP trust graph, step 3; criterion alignment (MassBalance page)",
        "Each claim has an assessment of the same product or facility, topic and criterion, with conformance true.",
        "Have the product (for a passport) or facility assessed by the criterion that the claim names, with the same id.",
        _assessed,
    ),
    Rule(
        "LINK-DIGEST", 7, "failed", CREDENTIALS, "VC Data Integrity 1.0 section 2.6; UNTP 0.7 Link.digestMultibase",
        "A link's digest is that of the bytes to which it links.",
        "Compute it anew over the published bytes; a document that changes needs a new digest.", _digest,
    ),
    Rule(
        "CLAIM-UNIT", 7, "warning", frozenset({DPP}), "UNTP DPP: Performance.measure names one unit; ISO 14067: declared unit",
        "A carbon footprint says what it is per.",
        "State the declared unit beside the measure (a property declaredUnit of the claim).", _footprint_unit,
    ),
    Rule(
        "CLASS-CPC", 7, "warning", CREDENTIALS, "UN CPC Ver. 2.1, groups 141 and 142",
        "A CPC code is that of the thing it is named for.",
        "Look the code up in CPC; no reader should take the commodity from the code alone.", _commodity,
    ),
)  # fmt: skip
