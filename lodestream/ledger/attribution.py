"""Attribution: where a content comes from, shared out exactly (ledger-rules section 5, vectors; mass-balance section 4.4).

Each lot, parcel and pool has, per element, a vector of origin keys in mg that sums to its content. An origin key is one text
of four parts, "<country> <site> <source class> <schemes>": unknown is ZZ and "-". What is taken of a vector is rounded by the
largest remainder, ties by key, so that the parts always sum to the whole. Carbon goes along in g CO2e.

Rulebook R50, R51, R53, R54.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from math import lcm

from lodestream.epcis.event import Material, OriginPart
from lodestream.ledger.state import Shares
from lodestream.measures import share

Vector = dict[str, int]

UNKNOWN = "ZZ - - -"
NOTHING = Shares()
PRUNED_BELOW = 1_000_000  # a key with less than this part of a parcel is shown as OTHER (mass-balance section 4.4)
FEW = 64  # keys that are never pruned: only the long tail of a large pool costs


def key(country: str | None, site: str | None, source_class: str | None, schemes: list[str]) -> str:
    """The origin key of what is known."""
    said = ",".join(sorted({scheme.replace(" ", "_") for scheme in schemes}))
    return f"{country or 'ZZ'} {(site or '-').replace(' ', '_')} {source_class or '-'} {said or '-'}"


def apportion(weights: Vector, amount: int) -> Vector:
    """`amount` shared out by non-negative weights, by the largest remainder, ties by key; what gets nothing is not named.

    From weights that sum to at least `amount` no key gets more than its weight.
    """
    if len(weights) == 1:
        return dict.fromkeys(weights, amount) if amount else {}
    whole = sum(weights.values())
    if amount == whole:
        return {k: mg for k, mg in weights.items() if mg}
    assert whole > 0, "something must have a weight"
    parts: Vector = {}
    rests: Vector = {}
    for k in sorted(weights):
        parts[k], rests[k] = divmod(weights[k] * amount, whole)
    left = amount - sum(parts.values())
    if left:
        for k in sorted(rests, key=rests.__getitem__, reverse=True)[:left]:  # a sort keeps the order of ties, reversed too
            parts[k] += 1
    return parts if all(parts.values()) else {k: mg for k, mg in parts.items() if mg}


def scaled(vector: Vector, amount: int) -> Vector:
    """A vector brought to another sum; one with a negative part or without a sum says nothing: then the origin is unknown.

    A negative amount (what a correction left) is the negative of the vector of its size.
    """
    if not amount:
        return {}
    if not any(vector.values()) or min(vector.values()) < 0:
        return {UNKNOWN: amount}
    return apportion(vector, amount) if amount > 0 else {k: -mg for k, mg in apportion(vector, -amount).items()}


def plus(one: Shares, other: Shares, sign: int = 1) -> Shares:
    """The sum of two shares, or their difference."""
    if not (other.vectors or other.carbon_g or other.uncovered_mg or other.contacts):
        return one
    vectors = dict(one.vectors)
    for element, vector in other.vectors.items():
        mixed = added(vectors.get(element), vector, sign)
        if mixed:
            vectors[element] = mixed
        else:
            vectors.pop(element, None)
    contacts = added(one.contacts, other.contacts, sign) if other.contacts else one.contacts
    return Shares(vectors, one.carbon_g + sign * other.carbon_g, one.uncovered_mg + sign * other.uncovered_mg, contacts)


def added(one: Vector | None, other: Vector, sign: int = 1) -> Vector:
    """The sum of two vectors; a key of which nothing is left is not named."""
    if not one:
        mixed = dict(other) if sign > 0 else {k: -mg for k, mg in other.items()}
        return mixed if all(mixed.values()) else {k: mg for k, mg in mixed.items() if mg}
    mixed = dict(one)
    for k, mg in other.items():
        total = mixed.get(k, 0) + sign * mg
        if total:
            mixed[k] = total
        else:
            mixed.pop(k, None)
    return mixed


def total(parts: Iterable[Vector]) -> Vector:
    """The sum of some masses by name, such as contents by element; a name of which nothing is left is there with 0."""
    sums: Vector = {}
    for part in parts:
        for name, mg in part.items():
            sums[name] = sums.get(name, 0) + mg
    return sums


def drawn(pool: Shares, taken: dict[str, int], part: int, whole: int, entered: Callable[[], Shares]) -> Shares:
    """What a draw takes of a lot: `taken` mg by element, and `part` of its `whole` dry mass of the carbon.

    Where the remaining vector has a negative part or is smaller than what is taken, that of all that entered stands in
    (ledger-rules section 5, empty pools); it is asked for only then.
    """
    vectors: dict[str, Vector] = {}
    for element, amount in taken.items():
        if amount:
            vectors[element] = _taken(pool.vectors.get(element), amount, element, entered)
    touched = {k for vector in pool.vectors.values() for k in vector}
    touched.update(k for k, times in pool.contacts.items() if times > 0)
    for vector in vectors.values():
        touched.difference_update(vector)
    carbon = pool.carbon_g if part == whole else share(pool.carbon_g, part, whole) if whole else 0
    uncovered = pool.uncovered_mg if part == whole else share(pool.uncovered_mg, part, whole) if whole else 0
    return Shares(vectors, carbon, uncovered, dict.fromkeys(sorted(touched), 1) if touched else {})


def outgoing(part: Shares, pool: Shares, *, whole: bool) -> Shares:
    """The change of a pool from which this part goes. What the pool touched it has touched, until it is empty (`whole`)."""
    gone = plus(NOTHING, Shares(part.vectors, part.carbon_g, part.uncovered_mg), -1)
    return Shares(gone.vectors, gone.carbon_g, gone.uncovered_mg, {k: -n for k, n in pool.contacts.items()}) if whole else gone


def _taken(vector: Vector | None, amount: int, element: str, entered: Callable[[], Shares]) -> Vector:
    if vector is not None and len(vector) == 1:
        ((k, mg),) = vector.items()
        if mg >= amount:
            return {k: amount}
    if vector and sum(vector.values()) >= amount and min(vector.values()) >= 0:
        return apportion(vector, amount)
    return scaled(entered().vectors.get(element, {}), amount)


def parcel(taken: Shares, contained: dict[str, int]) -> Shares:
    """The shares of what a draw brings, whose content may be another than what was taken of the lot (an assay of its own)."""
    vectors = {e: taken.vectors[e] if _sums_to(taken.vectors.get(e), mg) else scaled(taken.vectors.get(e, {}), mg)
               for e, mg in contained.items() if mg}  # fmt: skip
    return Shares(vectors, taken.carbon_g, taken.uncovered_mg, taken.contacts)


def _sums_to(vector: Vector | None, amount: int) -> bool:
    return vector is not None and sum(vector.values()) == amount


def in_order(vectors: dict[str, Vector]) -> dict[str, Vector]:
    """Vectors as they are written: by element and key."""
    return {e: dict(sorted(vectors[e].items())) for e in sorted(vectors)}


def of_item(item: Material | None, contained: dict[str, int], dry_mg: int, site: str) -> Shares:
    """The shares of what an item brings into the books: its origins, or its one origin. What is mined is mined at the site whose
    SOURCE(mine) it comes from, unless it names another.

    Carbon that is not stated is unknown, never 0: then all of the dry mass is uncovered.
    """
    stated = item.embodied_g_co2e if item is not None else None
    vectors = {element: _origins(item, element, mg, site) for element, mg in contained.items() if mg}
    return Shares(vectors, stated or 0, dry_mg if stated is None else 0)


def _origins(item: Material | None, element: str, amount: int, site: str) -> Vector:
    if item is None:
        return {UNKNOWN: amount}
    parts = [o for o in item.origins if o.element == element] or [o for o in item.origins if o.element is None]
    weights = _weights(parts)
    if weights:
        return scaled(weights, amount)
    place = item.site_of_origin or (site if item.source_class == "mine" else None)
    return {key(item.country_of_origin, place, item.source_class, item.schemes): amount}


def _weights(parts: list[OriginPart]) -> Vector:
    """The weights of origins as whole numbers in the same proportion."""
    stated: dict[str, Decimal] = {}
    for one in parts:
        k = key(one.country, one.site, one.source_class, one.schemes)
        stated[k] = stated.get(k, Decimal(0)) + one.parts
    ratios = {k: weight.as_integer_ratio() for k, weight in stated.items() if weight > 0}
    common = lcm(*(denominator for _, denominator in ratios.values()))
    return {k: n * (common // d) for k, (n, d) in ratios.items()}


def pruned(shares: Shares) -> Shares:
    """Shares whose long tail is shown as OTHER by country: keys below a millionth of the element, where there are many.

    Who is pruned stays a contact, so an exclusion finds it.
    """
    vectors = shares.vectors
    contacts = shares.contacts
    for element, vector in shares.vectors.items():
        if len(vector) <= FEW:
            continue
        whole = sum(vector.values())
        small = {k for k, mg in vector.items() if mg * PRUNED_BELOW < whole and " OTHER " not in k}
        if small:
            kept = {k: mg for k, mg in vector.items() if k not in small}
            for k in sorted(small):
                other = f"{k.split(' ', 1)[0]} OTHER - -"
                kept[other] = kept.get(other, 0) + vector[k]
            vectors = {**vectors, element: kept}
            contacts = {**contacts, **dict.fromkeys(small, 1)}
    return shares if vectors is shares.vectors else Shares(vectors, shares.carbon_g, shares.uncovered_mg, contacts)
