"""What the rules of claims work on: accounts of credits, their periods, what is posted, what is refused.

All masses are contained mass of one element in integer mg. Months count from January of year 0: year x 12 + month - 1.
"""

from decimal import Decimal

from msgspec import Struct


class Refusal(Struct, frozen=True, gc=False):
    """A claim, transfer or close that the rules do not allow: a code of the catalogue and the arithmetic in words."""

    code: str  # ORIGIN_UNSUPPORTED | CREDIT_OVERDRAWN | DOUBLE_CLAIM | NEGATIVE_AT_CLOSE
    arithmetic: str


class Account(Struct, frozen=True, gc=False):
    """What a balance of credits is kept for: no credit leaves its element or product group (I5)."""

    boundary: str
    profile: str
    element: str
    product_class: str
    attribute: str


class Period(Struct, frozen=True, gc=False):
    """A balance period: its place among the account's periods (from 0), first month and length in months."""

    number: int
    first_month: int
    months: int


class Sums(Struct, frozen=True, gc=False):
    """What flowed through the boundary: input with the attribute, all input, output with the attribute, all output."""

    certified_mg: int = 0
    input_mg: int = 0
    certified_output_mg: int = 0
    output_mg: int = 0


class Layer(Struct, frozen=True, gc=False):
    """Credits (or, where they are owed, missing credits) that stem from the period of that number."""

    number: int
    mg: int


class Open(Struct, frozen=True, gc=False):
    """A period that runs: its flows, what restatements of older periods posted into it, transfers (in less out), claims."""

    period: Period
    sums: Sums = Sums()
    restated_mg: int = 0
    moved_mg: int = 0
    claimed_mg: int = 0


class Closed(Struct, frozen=True, gc=False):
    """A version of a closed period. Version 1 is the close; a later one restates `sums` and `credited_mg`, nothing else.

    `carried` and `owed` are what the next period opened with, `expired` what went to EXPIRED, each by period of origin.
    `unexpired_mg` is what, of the credits of this period that expired at any close, it turned out never to have had.
    """

    period: Period
    version: int
    sums: Sums
    credited_mg: int
    claimed_mg: int
    carried: list[Layer] = []
    owed: list[Layer] = []
    expired: list[Layer] = []
    evidence: str = ""
    remarks: list[str] = []
    unexpired_mg: int = 0


class Credits(Struct, frozen=True, gc=False):
    """The state of one account: what was carried into the first open period, what is owed, the open and the closed periods.

    `factor` is the conversion factor of the product group. Open periods follow each other; the first is the next to close.
    """

    open: list[Open]
    factor: Decimal = Decimal(1)
    layers: list[Layer] = []
    owed: list[Layer] = []
    closed: list[Closed] = []


class CreditPosting(Struct, frozen=True, gc=False):
    """What changed the balance of an account, in mg with its sign: over all postings the sum is the balance.

    `kind` is CREDIT_IN, RESTATED, CLAIM, WITHDRAWN, TRANSFER_IN, TRANSFER_OUT or EXPIRED; `number` the period that it stands in,
    `of` the period that it is about.
    """

    kind: str
    number: int
    of: int
    mg: int
    ref: str


class Step(Struct, frozen=True, gc=False):
    """An account after something was posted, and what was posted."""

    credits: Credits
    postings: list[CreditPosting] = []


class Closing(Struct, frozen=True, gc=False):
    """What is known when a period closes: the evidence for an overdraft, the stock by book and by count.

    `claimed_elsewhere`: another method of the same exclusivity set claimed from the same input in this period.
    """

    ref: str
    evidence: str = ""
    book_mg: int = 0
    counted_mg: int | None = None
    claimed_elsewhere: bool = False


class Use(Struct, frozen=True, gc=False):
    """That a method was used: which profile claimed which kind of attribute, over which months, and how much."""

    profile: str
    kind: str
    first_month: int
    months: int
    claimed_mg: int
