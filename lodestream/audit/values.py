"""What an audit reads and what it says."""

from collections.abc import Callable
from functools import cached_property
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


class Told:
    """A recorded outcome and where it stands; None where it cannot be taken as one, `fault` and `code` say why."""

    def __init__(self, place: str, outcome: Outcome | None, fault: str = "", code: Code = "UNDECODABLE") -> None:
        self.place = place
        self.outcome = outcome
        self.fault = fault
        self.code = code

    def says(self, expected: Outcome) -> bool:
        """Whether it is this outcome."""
        return self.outcome == expected


class Written(Told):
    """One that is read where it has to be: the same bytes say the same, and encoding takes a third of decoding.

    `read` gives the outcome of the bytes, or the fault in them.
    """

    def __init__(
        self, place: str, data: bytes, encode: Callable[[Outcome], bytes], read: Callable[[bytes], Outcome | str]
    ) -> None:
        self.place, self._data, self._encode, self._read = place, data, encode, read
        self.code = "UNDECODABLE"

    @cached_property
    def _content(self) -> Outcome | str:
        return self._read(self._data)

    @property
    def outcome(self) -> Outcome | None:  # type: ignore[override]  # made when it is asked for
        """See Told."""
        return None if isinstance(self._content, str) else self._content

    @property
    def fault(self) -> str:  # type: ignore[override]  # as above
        """See Told."""
        return self._content if isinstance(self._content, str) else ""

    def says(self, expected: Outcome) -> bool:
        """By the bytes; where these differ, which another schema's may, by what they say."""
        return self._encode(expected) == self._data or self.outcome == expected


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
