"""Units, stoichiometry, uncertainties and the measurement of a lot: how much of an element is there, and how surely.

Exact throughout: integers and rationals, one rounding (half to even) into milligrams, no float anywhere.
"""

from lodestream.measures.exact import decimal, kg, percent, percent_of, quadrature, share, tonnes
from lodestream.measures.lines import Line, lines
from lodestream.measures.measure import Measured, Note, measure
from lodestream.measures.refusal import Refusal

__all__ = [
    "Line",
    "Measured",
    "Note",
    "Refusal",
    "decimal",
    "kg",
    "lines",
    "measure",
    "percent",
    "percent_of",
    "quadrature",
    "share",
    "tonnes",
]
