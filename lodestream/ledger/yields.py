"""The yield of a run against what its process can do: OVERCLAIM (F2) above it, UNDER_YIELD (F36) below (rulebook R83).

R = product / (in + opening - closing work in process), contained (mass-balance section 2.2); product is what carries no
loss class, by-products included. u_R is by partial derivatives of the two sums, which are weighed apart. F2: R - 3u_R > max
(ledger-rules section 9); F36 likewise on the other side: R + 3u_R < min.
"""

from lodestream.ledger.book import SiteBook
from lodestream.ledger.envelopes import ENVELOPES
from lodestream.ledger.values import Balanced, Envelope, Said
from lodestream.measures import percent, percent_of, quadrature, share, tonnes


def envelope(book: SiteBook, processes: list[str], element: str) -> Envelope | None:
    """What the named processes of a run can do for an element: the book's bounds, else the default ones of that name.

    Of several the widest counts, since the event does not say what went through which. None where no name is known.
    """
    widest = None
    for name in processes:
        one = _of(book, name, element)
        if one is None or widest is None:
            widest = one or widest
            continue
        low, high = (widest.min_percent, one.min_percent), (widest.max_percent, one.max_percent)
        widest = Envelope(
            f"{widest.name}; {one.name}",
            None if low[0] is None or low[1] is None else min(low[0], low[1]),
            None if high[0] is None or high[1] is None else max(high[0], high[1]),
        )
    return widest


def _of(book: SiteBook, name: str, element: str) -> Envelope | None:
    """The envelope of one process: each bound that the book states, else the default one."""
    own = next((p for p in book.processes if (p.name, p.element) == (name, element)), None)
    default = ENVELOPES.get((name, element))
    if own is None:
        return Envelope(f"{name}, default", default.min_yield_percent, default.max_yield_percent) if default is not None else None
    least, most = own.min_yield_percent, own.max_yield_percent
    whose = "default" if least is None and most is None else "book"
    if default is not None:
        least = default.min_yield_percent if least is None else least
        most = default.max_yield_percent if most is None else most
    return Envelope(f"{name}, {whose}", least, most)


def judge(bounds: Envelope, element: str, product: tuple[int, int], feed: tuple[int, int]) -> tuple[str, str] | None:
    """Code and arithmetic where the yield of an element is outside its envelope. `product` and `feed`: mg and u in mg."""
    made, u_made = product
    fed, u_fed = feed
    if fed <= 0:
        return None
    u = quadrature(u_made, share(u_fed, made, fed))  # of R, times the feed
    sums = (
        f"{element}: product {tonnes(made)} / feed {tonnes(fed)} = R {percent(made, fed, 6)}, u_R {percent(u, fed, 6)}; "
        f"{bounds.name}: "
    )
    if bounds.max_percent is not None and made - percent_of(bounds.max_percent, fed) > 3 * u:
        return "OVERCLAIM", f"{sums}R - 3u_R = {percent(made - 3 * u, fed, 6)} > {bounds.max_percent} %"
    if bounds.min_percent is not None and percent_of(bounds.min_percent, fed) - made > 3 * u:
        return "UNDER_YIELD", f"{sums}R + 3u_R = {percent(made + 3 * u, fed, 6)} < {bounds.min_percent} %"
    return None


def said(book: SiteBook, run: Balanced, element: str) -> list[Said]:
    """The finding on the yield of a run for an element, if there is one."""
    bounds = envelope(book, run.processes, element)
    if bounds is None:
        return []
    product = (run.products_mg.get(element, 0), run.u_products_mg[element])
    found = judge(bounds, element, product, (run.feed_mg[element], run.u_feed_mg[element]))
    return [Said(found[0], (run.identity, element), found[1], run.lots)] if found is not None else []
