"""Claimed shares against what the inputs carried: nobody can sell more of an origin, or more recycled metal, than came in.

Per element: the mass that passports of a Make event's outputs claim of a country, or as recycled, is at most the mass that
its inputs' passports state of it (UNTP chain of custody, mass balance; requirement TI.07). What an input does not state could
be all of it, so a finding stands whatever is not known.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, NamedTuple

from msgspec import Struct

from lodestream.credentials.walk.balance import key_of, passport_for
from lodestream.credentials.walk.facts import Event, Graph, id_of, text
from lodestream.credentials.walk.grades import Grades, as_list, as_object, kilograms, mass_of, mentions, share_of
from lodestream.credentials.walk.outcomes import Finding
from lodestream.credentials.walk.trust import Trust

RECYCLED = "recycled"
RECYCLED_METRIC = "recycled-content-percentage"


class Vector(Struct, frozen=True):
    """Of an element in a product: the least and the most that is of each country, and recycled; 1 is all of it."""

    countries: dict[str, Fraction]
    recycled: tuple[Fraction, Fraction]

    def least(self) -> dict[str, Fraction]:
        """What is claimed at least, by country and as recycled."""
        return self.countries | {RECYCLED: self.recycled[0]}

    def most(self) -> dict[str, Fraction]:
        """What it can be at most."""
        return self.countries | {RECYCLED: self.recycled[1]}


def shares(graph: Graph, trust: Trust) -> list[Finding]:
    """Every Make event: no output claims more of a country, or more recycled content, than the inputs carried."""
    return [finding for event in graph.events["MakeEvent"] for finding in _of_event(event, graph, trust)]


def _of_event(event: Event, graph: Graph, trust: Trust) -> Iterator[Finding]:
    grades = Grades()
    inputs, outputs = (
        [(entry, _passport(entry, graph)) for entry in event.products(side)] for side in ("inputProduct", "outputProduct")
    )
    if not inputs:
        return
    allowed = 1 + Fraction(trust.tolerance.percent) / 100
    elements = grades.elements(*(each for entry, passport in outputs for each in (as_object(entry.get("product")), passport)))
    for element in sorted(elements):
        claimed, carried = _claimed(grades, outputs, element), _carried(grades, inputs, element)
        if carried is None:
            continue
        # What came out beyond all that went in is a matter of the balance, not of the shares.
        possible = 1 if claimed.total <= carried.total else carried.total / claimed.total
        for of, mass in sorted(claimed.by.items()):
            most = carried.unknown + carried.by.get(of, Fraction(0))
            if mass * possible > most * allowed:
                told = f"{element} {of if of == RECYCLED else f'from {of}'}"
                sentence = f"{told}: {kilograms(mass)} are claimed, the inputs carried at most {kilograms(most)}."
                yield Finding("mass-balance inconsistency", "SHARES", event.id, sentence)


def vector_of(entry: dict[str, Any], passport: dict[str, Any] | None, element: str) -> Vector | None:
    """What an event's product, or else its passport, states of the element's origin; None where neither does."""
    for source in (as_object(entry.get("product")), passport or {}):
        materials = [
            (share, material)
            for material in map(as_object, as_list(source.get("materialProvenance", source.get("materialsProvenance"))))
            if element in mentions(material) and (share := share_of(material.get("massFraction"))) is not None and share > 0
        ]
        whole = sum((share for share, _ in materials), Fraction(0))
        if whole:
            return _vector(materials, whole, source)
    return None


def _vector(materials: list[tuple[Fraction, dict[str, Any]]], whole: Fraction, source: dict[str, Any]) -> Vector:
    countries: dict[str, Fraction] = {}
    least = most = Fraction(0)
    for share, material in materials:
        stated = material.get("originCountry")
        country = text(as_object(stated).get("countryCode")) or text(stated)
        if country:
            countries[country] = countries.get(country, Fraction(0)) + share / whole
        recycled = share_of(material.get("recycledMassFraction"))
        least += share / whole * (recycled or 0)
        most += share / whole * (1 if recycled is None else recycled)
    only_one = len({element for _, material in materials for element in mentions(material)}) == 1 and whole == 1
    claimed = _claimed_percentage(source) if only_one else Fraction(0)
    return Vector(countries, (max(least, claimed), max(most, claimed)))


def _claimed_percentage(source: dict[str, Any]) -> Fraction:
    """Recycled content as a performance claim tells it; of a product that is one metal, it is of that metal."""
    claimed = Fraction(0)
    for claim in map(as_object, as_list(source.get("performanceClaim"))):
        for performance in map(as_object, as_list(claim.get("claimedPerformance"))):
            if id_of(performance.get("metric")).rpartition("/")[2] == RECYCLED_METRIC:
                claimed = max(claimed, share_of(performance.get("measure")) or Fraction(0))
    return claimed


_Known = list[tuple[dict[str, Any], dict[str, Any] | None]]


class _Side(NamedTuple):
    """Of an element on one side of an event, in mg: all of it, what is of a country or recycled, what is of unknown origin."""

    total: Fraction
    by: dict[str, Fraction]
    unknown: Fraction


def _claimed(grades: Grades, outputs: _Known, element: str) -> _Side:
    """At least so much is claimed."""
    total, by = Fraction(0), dict[str, Fraction]()
    for entry, passport in outputs:
        content, vector = grades.content(entry, passport, element), vector_of(entry, passport, element)
        total += content.low if content else 0
        for of, share in vector.least().items() if content and vector else ():
            by[of] = by.get(of, Fraction(0)) + share * (content.low if content else 0)
    return _Side(total, by, Fraction(0))


def _carried(grades: Grades, inputs: _Known, element: str) -> _Side | None:
    """At most so much was carried; None where nothing bounds it."""
    total, unknown, by = Fraction(0), Fraction(0), dict[str, Fraction]()
    for entry, passport in inputs:
        content, mass = grades.content(entry, passport, element), mass_of(entry, passport)
        most = content.high if content else mass.high if mass else None
        if most is None:
            return None
        total += most
        vector = vector_of(entry, passport, element)
        if vector is None:
            unknown += most
            continue
        for of, share in vector.most().items():
            by[of] = by.get(of, Fraction(0)) + share * most
    return _Side(total, by, unknown)


def _passport(entry: dict[str, Any], graph: Graph) -> dict[str, Any] | None:
    return passport_for(key_of(as_object(entry.get("product"))), graph.products)
