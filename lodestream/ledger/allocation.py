"""By what the carbon of a run is shared out among its products: the key that the book declares for its process (rulebook R98).

The key is `contained` (the mass of the main element, the default), `mass` (dry) or `economic` (contained or dry mass times its
declared price). What stays in process keeps its upstream carbon by content whatever the key is, and losses bear none (R55).
"""

from decimal import Decimal
from math import lcm

from lodestream.ledger.book import CarbonKey, Price, SiteBook
from lodestream.ledger.draft import Draft
from lodestream.ledger.running import Part, Run


def weights(draft: Draft, run: Run, parts: list[Part]) -> list[int]:
    """What each of the parts that come out bears by the key of the run; empty where that is contained mass.

    It is so too where the key does not answer: a split, a product without a price, or nothing that weighs.
    """
    if not draft.book.carbon_keys or run.split:
        return []
    key = _key(draft.book, run)
    if key is None or key.key == "contained":
        return []
    if key.key == "mass":
        found: list[int | None] = [p.dry_mg if _is_product(p) else 0 for p in parts]
    else:
        scale = lcm(*(price.per_kg.as_integer_ratio()[1] for price in key.prices))
        found = [_worth(draft, p, key.prices, scale) if _is_product(p) else 0 for p in parts]
    known = [weight for weight in found if weight is not None]
    return known if len(known) == len(found) and any(known) else []


def _key(book: SiteBook, run: Run) -> CarbonKey | None:
    """The key of the one process that the items of a run name, else that of all processes of the site."""
    names = {part.process for part in run.parts if part.process}
    own = [key for key in book.carbon_keys if names == {key.process}]
    return next(iter(own), None) or next((key for key in book.carbon_keys if not key.process), None)


def _is_product(part: Part) -> bool:
    return part.role == "output" and not part.loss


def _worth(draft: Draft, part: Part, prices: list[Price], scale: int) -> int | None:
    """Dry mass times the price of its class, else contained masses times those of their elements; None: nothing is priced."""
    lot = draft.lot(part.lot)
    assert lot is not None, "what comes out is in its lot"
    of_class = next((p for p in prices if p.product_class == lot.product_class), None)
    if of_class is not None:
        return part.dry_mg * _whole(of_class.per_kg, scale)
    priced = [(part.contained_mg[p.element], p.per_kg) for p in prices if p.element in part.contained_mg]
    return sum(mg * _whole(per_kg, scale) for mg, per_kg in priced) if priced else None


def _whole(per_kg: Decimal, scale: int) -> int:
    """A price as a whole number; the same scale for all, so that only their proportion is left."""
    n, d = per_kg.as_integer_ratio()
    return n * (scale // d)
