"""Claimed shares against what the inputs carried: nobody can sell more of an origin, or more recycled metal, than came in.

Per element: the mass that passports of a Make event's outputs claim of a country, or as recycled, is at most the mass that
its inputs' passports state of it (UNTP chain of custody, mass balance; requirement TI.07). What an input does not state could
be all of it, so a finding stands whatever is not known.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from msgspec import Struct

from lodestream.credentials.walk.balance import key_of, passport_for
from lodestream.credentials.walk.facts import Event, Graph, id_of, text
from lodestream.credentials.walk.grades import (
    as_list,
    as_object,
    content_of,
    elements_of,
    kilograms,
    mass_of,
    mentions,
    share_of,
)
from lodestream.credentials.walk.outcomes import Finding
from lodestream.credentials.walk.trust import Trust

RECYCLED = "recycled"
RECYCLED_METRIC = "recycled-content-percentage"


class Vector(Struct, frozen=True):
    """Of an element in a product: the least and the most that is of each country, and recycled; 1 is all of it."""

    countries: dict[str, Fraction]
    recycled: tuple[Fraction, Fraction]

    def least(self, of: str) -> Fraction:
        """What is claimed at least."""
        return self.recycled[0] if of == RECYCLED else self.countries.get(of, Fraction(0))

    def most(self, of: str) -> Fraction:
        """What it can be at most."""
        return self.recycled[1] if of == RECYCLED else self.countries.get(of, Fraction(0))


def shares(graph: Graph, trust: Trust) -> list[Finding]:
    """Every Make event: no output claims more of a country, or more recycled content, than the inputs carried."""
    return [finding for event in graph.events["MakeEvent"] for finding in _of_event(event, graph, trust)]


def _of_event(event: Event, graph: Graph, trust: Trust) -> Iterator[Finding]:
    inputs, outputs = event.products("inputProduct"), event.products("outputProduct")
    if not inputs:
        return
    allowed = 1 + Fraction(trust.tolerance.percent) / 100
    made = [(entry, _passport(entry, graph)) for entry in outputs]
    elements = elements_of(*(each for entry, passport in made for each in (as_object(entry.get("product")), passport)))
    for element in sorted(elements):
        vectors = [(entry, passport, vector_of(entry, passport, element)) for entry, passport in made]
        made_of_it = sum((content.low for each in made if (content := content_of(*each, element))), Fraction(0))
        there_was = _carried(inputs, graph, element, "")
        # What came out beyond all that went in is a matter of the balance, not of the shares.
        possible = 1 if there_was is None or made_of_it <= there_was else there_was / made_of_it
        named = {name for *_, vector in vectors if vector for name in (*vector.countries, RECYCLED)}
        for of in sorted(named):
            claimed = sum((_claimed(*each, element, of) for each in vectors), Fraction(0))
            carried = _carried(inputs, graph, element, of)
            if carried is not None and claimed * possible > carried * allowed:
                told = f"{element} {of if of == RECYCLED else f'from {of}'}"
                sentence = f"{told}: {kilograms(claimed)} are claimed, the inputs carried at most {kilograms(carried)}."
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


def _claimed(entry: dict[str, Any], passport: dict[str, Any] | None, vector: Vector | None, element: str, of: str) -> Fraction:
    content = content_of(entry, passport, element)
    return Fraction(0) if content is None or vector is None else content.low * vector.least(of)


def _carried(inputs: list[dict[str, Any]], graph: Graph, element: str, of: str) -> Fraction | None:
    """The most that the inputs can have carried of a country, or recycled, or (empty) at all; None where nothing bounds it."""
    carried = Fraction(0)
    for entry in inputs:
        passport = _passport(entry, graph)
        content, mass = content_of(entry, passport, element), mass_of(entry, passport)
        most = content.high if content else mass.high if mass else None
        vector = vector_of(entry, passport, element)
        share = Fraction(1) if vector is None or not of else vector.most(of)
        if share and most is None:
            return None
        carried += share * (most or 0)
    return carried


def _passport(entry: dict[str, Any], graph: Graph) -> dict[str, Any] | None:
    return passport_for(key_of(as_object(entry.get("product"))), graph.products)
