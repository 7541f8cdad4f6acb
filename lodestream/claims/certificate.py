"""A certificate of book and claim, as data."""

from msgspec import Struct


class Certificate(Struct, frozen=True, gc=False):
    """`mg` of an element with an attribute, apart from any lot. `backing` is the production that it stands for, site and period.

    `retired_for` is the claim that used it up; empty while it may be handed on.
    """

    id: str
    profile: str
    backing: str
    element: str
    attribute: str
    mg: int
    holder: str
    retired_for: str = ""
