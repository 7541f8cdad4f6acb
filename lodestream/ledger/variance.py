"""Variances (mg^2, as digits: they outgrow 64 bits) of standard uncertainties. They add up exactly, roots do not."""

from lodestream.ledger.state import Lot
from lodestream.measures.exact import root


def squared(u_mg: dict[str, int]) -> dict[str, str]:
    """The variances of standard uncertainties by element."""
    return {element: str(mg * mg) for element, mg in u_mg.items() if mg}


def plus_squares(one: dict[str, str], other: dict[str, str], sign: int = 1) -> dict[str, str]:
    """The sum of variances by element; with `sign` -1 what is left after some are taken back."""
    if not other:
        return one
    sums = {element: int(square) for element, square in one.items()}
    for element, square in other.items():
        sums[element] = sums.get(element, 0) + sign * int(square)
    return {element: str(square) for element, square in sorted(sums.items()) if square}


def entered_u_mg(lot: Lot) -> dict[str, int]:
    """The standard uncertainty of all that entered a lot, by element, in mg."""
    return {element: root(int(square)) for element, square in lot.entered_u2.items()}


def entered_u_dry_mg(lot: Lot) -> int:
    """That of the dry mass."""
    return root(int(lot.entered_u2_dry))
