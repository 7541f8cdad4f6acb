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
from lodestream.credentials.walk.grades import (
    Reading,
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
    drawn = [(entry, _passport(entry, graph)) for entry in inputs]
    reading = Reading()
    sources = (each for entry, passport in made for each in (as_object(entry.get("product")), passport))
    for element in sorted(elements_of(*sources, reading=reading)):
        of = Element(element, reading)
        claimed, carried = of.claimed(made), of.carried(drawn)
        made_of_it = sum((content.low for each in made if (content := content_of(*each, element, reading))), Fraction(0))
        # What came out beyond all that went in is a matter of the balance, not of the shares.
        possible = 1 if carried.whole is None or made_of_it <= carried.whole else carried.whole / made_of_it
        for name in sorted(claimed):
            most = carried.most(name)
            if most is not None and claimed[name] * possible > most * allowed:
                told = f"{element} {name if name == RECYCLED else f'from {name}'}"
                sentence = f"{told}: {kilograms(claimed[name])} are claimed, the inputs carried at most {kilograms(most)}."
                yield Finding("mass-balance inconsistency", "SHARES", event.id, sentence)


_Entries = list[tuple[dict[str, Any], dict[str, Any] | None]]
"""Products of an event, each with its passport."""


class Carried(NamedTuple):
    """What inputs can have carried at most: in all, where no origin is stated, and of each that is. None: nothing bounds it."""

    whole: Fraction | None
    unstated: Fraction | None
    stated: dict[str, Fraction | None]

    def most(self, of: str) -> Fraction | None:
        """Of a country, or recycled."""
        return _plus(self.unstated, self.stated.get(of, Fraction(0)))


class Element:
    """An element in the products of an event. Products with one statement of origin are added up before it is multiplied out:
    else thousands of products, each of hundreds of countries, would keep a verifier busy for hours."""

    def __init__(self, element: str, reading: Reading) -> None:
        self.element = element
        self.reading = reading
        self._vectors: dict[int, tuple[dict[str, Any], Vector | None]] = {}

    def claimed(self, entries: _Entries) -> dict[str, Fraction]:
        """The least that the products claim of each country, and as recycled."""
        sums: dict[int, tuple[Vector, Fraction]] = {}
        for entry, passport in entries:
            content, vector = content_of(entry, passport, self.element, self.reading), self.vector(entry, passport)
            if vector is not None:
                low = content.low if content else Fraction(0)
                sums[id(vector)] = vector, sums.get(id(vector), (vector, Fraction(0)))[1] + low
        found: dict[str, Fraction] = {}
        for vector, low in sums.values():
            for name in (*vector.countries, RECYCLED):
                found[name] = found.get(name, Fraction(0)) + low * vector.least(name)
        return found

    def carried(self, entries: _Entries) -> Carried:
        """The most that the products can have carried."""
        sums: dict[int, tuple[Vector | None, Fraction | None]] = {}
        for entry, passport in entries:
            content, mass = content_of(entry, passport, self.element, self.reading), mass_of(entry, passport)
            vector = self.vector(entry, passport)
            most = content.high if content else mass.high if mass else None
            sums[id(vector)] = vector, _plus(sums.get(id(vector), (vector, Fraction(0)))[1], most)
        whole = unstated = Fraction(0) if sums else None
        stated: dict[str, Fraction | None] = {}
        for vector, most in sums.values():
            whole = _plus(whole, most)
            if vector is None:
                unstated = _plus(unstated, most)
                continue
            for name in (*vector.countries, RECYCLED):
                if share := vector.most(name):
                    stated[name] = _plus(stated.get(name, Fraction(0)), None if most is None else share * most)
        return Carried(whole, unstated, stated)

    def vector(self, entry: dict[str, Any], passport: dict[str, Any] | None) -> Vector | None:
        """What an event's product, or else its passport, states of the element's origin; None where neither does."""
        for source in (as_object(entry.get("product")), passport):
            if source is not None and (found := self._stated(source)) is not None:
                return found
        return None

    def _stated(self, source: dict[str, Any]) -> Vector | None:
        if id(source) not in self._vectors:
            self._vectors[id(source)] = source, _vector_in(source, self.element)
        return self._vectors[id(source)][1]


def _plus(one: Fraction | None, other: Fraction | None) -> Fraction | None:
    """The sum; None, which nothing bounds, stays None."""
    return None if one is None or other is None else one + other


def _vector_in(source: dict[str, Any], element: str) -> Vector | None:
    materials = [
        (share, material)
        for material in map(as_object, as_list(source.get("materialProvenance", source.get("materialsProvenance"))))
        if element in mentions(material) and (share := share_of(material.get("massFraction"))) is not None and share > 0
    ]
    whole = sum((share for share, _ in materials), Fraction(0))
    return _vector(materials, whole, source) if whole else None


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


def _passport(entry: dict[str, Any], graph: Graph) -> dict[str, Any] | None:
    return passport_for(key_of(as_object(entry.get("product"))), graph.products)
