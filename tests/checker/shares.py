"""Sharing whole milligrams out in proportion: largest remainder, ties by key (ledger-rules 5, "Vectors", "Empty pools")."""

from collections.abc import Mapping
from fractions import Fraction

from lodestream.epcis.event import Material

UNKNOWN = "ZZ - - -"
Vector = dict[str, int]


def apportion(amount: int, weights: Mapping[str, int | Fraction]) -> Vector:
    """`amount` in the proportions of `weights`, which are not all zero; it sums to the amount."""
    total = Fraction(sum(weights.values()))
    exact = {key: amount * Fraction(w) / total for key, w in weights.items()}
    parts = {key: int(x // 1) for key, x in exact.items()}
    by_remainder = sorted(exact, key=lambda key: (parts[key] - exact[key], key))
    for key in by_remainder[: amount - sum(parts.values())]:
        parts[key] += 1
    return {key: mg for key, mg in parts.items() if mg}


def portion(amount: int, remaining: Vector, entered: Vector) -> Vector:
    """The vector of `amount` that leaves a lot or pool of which `remaining` is still there."""
    if amount == 0:
        return {}
    whole = sum(remaining.values())
    if min(remaining.values(), default=0) >= 0 and 0 < whole >= amount > 0:
        return apportion(amount, remaining)
    if sum(entered.values()) > 0:
        return apportion(amount, entered)
    return {UNKNOWN: amount}


def plus(one: Vector, other: Vector, sign: int = 1) -> Vector:
    """The sum of two vectors, or their difference; zeros fall out."""
    both = {key: one.get(key, 0) + sign * other.get(key, 0) for key in one.keys() | other.keys()}
    return {key: mg for key, mg in both.items() if mg}


def key(country: str | None, site: str | None, source_class: str | None, schemes: list[str]) -> str:
    """The origin key as one text."""
    named = ",".join(sorted(s.replace(" ", "_") for s in schemes))
    return f"{country or 'ZZ'} {site or '-'} {source_class or '-'} {named or '-'}"


def declared(item: Material | None, contained: dict[str, int]) -> dict[str, Vector]:
    """The vectors of metal that comes into the books as an item says."""
    if item is None:
        return {e: {UNKNOWN: mg} for e, mg in contained.items() if mg}
    made = {}
    for e, mg in contained.items():
        own = [o for o in item.origins if o.element == e] or [o for o in item.origins if o.element is None]
        weights: dict[str, Fraction] = {}
        for o in own:
            name = key(o.country, o.site, o.source_class, o.schemes)
            weights[name] = weights.get(name, Fraction(0)) + Fraction(o.parts)
        if not weights:
            weights = {key(item.country_of_origin, item.site_of_origin, item.source_class, item.schemes): Fraction(1)}
        made[e] = apportion(mg, weights) if mg else {}
    return made
