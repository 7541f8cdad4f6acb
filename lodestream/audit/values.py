"""What an audit reads and what it says."""

from typing import Literal

from msgspec import Struct

from lodestream.ledger.records import Entry, Outcome

Code = Literal[
    "EDITED",
    "MISSING",
    "INSERTED",
    "REORDERED",
    "ENTRY_EDITED",
    "ENTRY_MISSING",
    "ENTRY_INSERTED",
    "UNDECODABLE",
    "RULE_RAISED",
    "NOT_ZERO",
    "SEQUENCE",
    "CHAIN",
    "SHARES",
    "COLUMNS",
]


class Asked(Struct, frozen=True):
    """An entry and where it stands. An Outcome stands for what is no entry: that is then its outcome; a text says why it is lost.

    `settled` False: whoever keeps the book may not have come to it yet.
    """

    place: str
    entry: Entry | Outcome | str
    settled: bool = True


class Told(Struct, frozen=True):
    """A recorded outcome and where it stands; None where it cannot be taken as one, `fault` and `code` say why."""

    place: str
    outcome: Outcome | None
    fault: str = ""
    code: Code = "UNDECODABLE"


class Difference(Struct, frozen=True):
    """A row that is not as it should be: where, what is there, what should be. "-" is nothing."""

    code: Code
    place: str
    there: str
    expected: str
    says: str


class Leg(Struct, frozen=True, gc=False):
    """One posting with its two times, in microseconds since 1970-01-01 UTC; the amount in mg."""

    site: str
    element: str
    account: str
    amount_mg: int
    valid_time_us: int
    record_time_us: int


class Custody(Struct):
    """The hand-over accounts of one (consignment, lot) and element over all books: their sum, and when they were first used."""

    mg: int
    since_us: int
    sites: set[str]


class Verdict(Struct):
    """What an audit of some entries found. `difference` is the first; nothing behind it was looked at.

    `balances` is by site, element and account, `custody` by account and element; `last_us` the latest record time.
    """

    entries: int = 0
    outcomes: int = 0
    transactions: int = 0
    waiting: int = 0
    last_us: int = 0
    difference: Difference | None = None
    balances: dict[tuple[str, str, str], int] = {}
    custody: dict[tuple[str, str], Custody] = {}
