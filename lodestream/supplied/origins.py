"""Where a supplier's lot comes from, what it emitted and what vouches for it: from its passport to the terms of our books.

Never more than is stated: what a passport's materials leave open is of unknown origin (ZZ), and where several could be meant the
unknown part counts in full.
"""

from collections.abc import Iterable
from decimal import ROUND_UP, Decimal
from typing import Any

from lodestream.credentials.jsontext import plain
from lodestream.epcis.identifiers import canonical_id
from lodestream.supplied.suppliers import Suppliers
from lodestream.supplied.values import Attestation, Part, Passport, Provenance

UNKNOWN = "ZZ"
RECYCLED, PRIMARY = "scrap", "mine"
PLACES = Decimal("0.000000000001")
"""Weights of origins are exact but for one: the part that a known grade leaves unexplained, rounded up."""


ROUNDING = Decimal("0.00000001")
"""Fractions of nine digits that sum to a grade of nine digits are no more than this beside it."""


def origins(passport: Passport, fractions: dict[str, Decimal], schemes: list[str]) -> list[dict[str, Any]]:
    """`crm:origins` by element, weighed by mass fraction; empty where the passport names no material.

    An element's origins are the materials that are named for it and those that are named for none. What the materials leave of
    the product (1 - sum) may hold any element, so it is a part of each; so is what a grade (`fractions`) has beyond them. Where
    a passport tells the element's own mass by origin, that is all of it.
    """
    if not passport.materials:
        return []
    rest = max(Decimal(0), 1 - _sum(passport.materials))
    named = {one.element for one in passport.materials if one.element is not None}
    exact = any(one.contained for one in passport.materials)
    unnamed = [one for one in passport.materials if one.element is None and not exact]
    found: list[dict[str, Any]] = []
    for element in sorted(named | (set(fractions) if unnamed else set())):
        itself = [one for one in passport.materials if one.contained and one.element == element]
        if itself:
            beyond = fractions.get(element, Decimal(0)) - _sum(itself)
            found += _weighed(itself, beyond if beyond > ROUNDING else Decimal(0), schemes, element)
            continue
        own = [one for one in passport.materials if one.element in (element, None)]
        stated = _sum(own)
        beyond = max(Decimal(0), fractions.get(element, Decimal(0)) - stated - rest).quantize(PLACES, ROUND_UP)
        found += _weighed(own, rest + beyond, schemes, element)
    return found + (_weighed(unnamed, 1 - _sum(unnamed), schemes, None) if unnamed else [])


def _weighed(materials: list[Provenance], unknown: Decimal, schemes: list[str], element: str | None) -> list[dict[str, Any]]:
    """The materials as origins, those of one place and class together, and what is unknown."""
    parts: dict[tuple[str, str, bool], Decimal] = {}
    for one in materials:
        for share, source_class in _classes(one):
            key = (one.country or UNKNOWN, source_class, True)
            parts[key] = parts.get(key, Decimal(0)) + one.fraction * share
    if unknown > 0:
        parts[UNKNOWN, "", False] = unknown
    made = []
    for (country, source_class, traced), weight in sorted(parts.items()):
        if weight > 0:
            told = {"crm:element": element, "crm:sourceClass": source_class}
            known = {name: value for name, value in told.items() if value}
            own = {"crm:schemes": schemes} if schemes and traced else {}
            made.append({"crm:parts": _text(weight), "crm:country": country, **known, **own})
    return made


def _classes(one: Provenance) -> list[tuple[Decimal, str]]:
    """What of a material is recycled and what is not, by source class; no class where the passport does not say."""
    if one.source_class is not None:
        return [(Decimal(1), one.source_class.replace("-", ""))]
    if one.recycled is None:
        return [(Decimal(1), "")]
    return [(one.recycled, RECYCLED), (1 - one.recycled, PRIMARY)]


def embodied_g(passport: Passport, mass_kg: Decimal, dry_kg: Decimal) -> int | None:
    """Grams CO2e of so much of the product, half to even; None where the passport states no footprint: unknown is not zero."""
    base = dry_kg if passport.carbon_is_dry else mass_kg
    return None if passport.carbon is None else round(passport.carbon * base * 1_000)


def schemes(
    passport: Passport | None, part: Part, facility: str, attested: Iterable[tuple[str, Attestation]], suppliers: Suppliers
) -> list[tuple[str, str]]:
    """The schemes that claims of the passport are verified under, each with the digest of the credential that attests it.

    A claim is verified where an assessment is about the lot, its product or its facility, by a criterion and a topic of the
    claim (UNTP TrustGraphs, step 3). A claim that nothing attests says nothing here.
    """
    found = []
    about = {part.lot, part.product}
    for digest, one in attested:
        for claim in passport.claims if passport is not None else []:
            met = any(
                (about & {*each.products} or canonical_id(facility) in each.facilities)
                and {*claim.criteria} & {*each.criteria}
                and {*claim.topics} & {*each.topics}
                for each in one.assessments
            )
            if met:
                found.append((suppliers.schemes.get(one.scheme, one.scheme), digest))
                break
    return sorted(set(found))


def _sum(materials: list[Provenance]) -> Decimal:
    return sum((one.fraction for one in materials), Decimal(0))


def _text(number: Decimal) -> str:
    return format(plain(number), "f")
