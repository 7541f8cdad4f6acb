"""Units, stoichiometry, uncertainties and the measurement of a lot: how much of an element is there, and how surely.

Exact throughout: integers and rationals, one rounding (half to even) into milligrams, no float anywhere.
"""

from lodestream.measures.exact import decimal, kg, percent, percent_of, quadrature, share, tonnes
from lodestream.measures.lines import lines
from lodestream.measures.measure import measure
from lodestream.measures.refusal import Refusal
from lodestream.measures.values import Line, Measured, Note

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
