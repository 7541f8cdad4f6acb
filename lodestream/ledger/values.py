"""What the rules hand to each other while an entry is applied.

They stand apart from the rules because mypyc compiles those, and does not know how msgspec makes a class.
"""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from lodestream.epcis.event import Event
from lodestream.ledger.moving import Receipt
from lodestream.ledger.records import Answer, Handover, Offer, Severity
from lodestream.ledger.state import Shares
from lodestream.measures import Line, Measured


class Account(Struct, frozen=True, gc=False):
    """One account; `lot` is set where its balance is the content of a lot."""

    kind: str
    ref: str = ""
    lot: str | None = None

    def __str__(self) -> str:
        return f"{self.kind}({self.ref})" if self.ref else self.kind


class Said(Struct, frozen=True, gc=False):
    """A finding before it has an id."""

    code: str
    inputs: Sequence[str]
    arithmetic: str
    lots: Sequence[str] = ()
    severity: Severity | None = None


class Message(Struct, frozen=True, gc=False):
    """What the book tells another site's: an offer, an answer, a handover, or an event that was seen here and is of there."""

    site: str
    content: Offer | Answer | Handover | Event


class Balanced(Struct, frozen=True, gc=False):
    """The sums of a run by element in mg: all that went in and came out, and for its yield the products and the feed.

    Products carry no loss class; the feed is what went in less closing work in process. `u_*` are combined standard uncertainties
    of their streams, `u_mg` of all of them. `lots` are the outputs, `processes` what the items name.
    """

    identity: str
    elements: list[str]
    inputs_mg: dict[str, int]
    outputs_mg: dict[str, int]
    products_mg: dict[str, int]
    feed_mg: dict[str, int]
    u_mg: dict[str, int]
    u_products_mg: dict[str, int]
    u_feed_mg: dict[str, int]
    lots: list[str]
    processes: list[str]


class Drawn(Struct, frozen=True, gc=False):
    """What was drawn: masses in mg; by element what came from the lot, above the book and by a new assay, and their sum."""

    line: Line
    account: Account
    wet_mg: int
    dry_mg: int
    taken_mg: dict[str, int]
    excess_mg: dict[str, int]
    reassayed_mg: dict[str, int]
    contained_mg: dict[str, int]
    u_mg: dict[str, int]
    created_us: int
    shares: Shares
    index: int


class Made(Struct, frozen=True, gc=False):
    """One output: its line, its masses, and its contained mass where that is known."""

    line: Line
    measured: Measured
    assayed: bool
    contained_mg: dict[str, int]
    u_mg: dict[str, int]


class Settled(Struct, frozen=True, gc=False):
    """What one receipt settles of one sender's offer, in mg: dry mass, what came, what of the offer; `final`: all the rest."""

    from_site: str
    dry_mg: int
    got_mg: dict[str, int]
    settled_mg: dict[str, int]
    final: bool


class Judged(Struct, frozen=True, gc=False):
    """One receipt as it counts: masses and content in mg, and what it settles by sender; `refused` by F4, `known` content."""

    receipt: Receipt
    wet_mg: int
    dry_mg: int
    got_mg: dict[str, int]
    u_mg: dict[str, int]
    u_dry_mg: int
    refused: bool
    known: bool
    settles: list[Settled] = []
    shares: Shares = Shares()

    @property
    def settled_mg(self) -> dict[str, int]:
        """What it settles of all offers, by element in mg."""
        if len(self.settles) == 1:
            return self.settles[0].settled_mg
        sums: dict[str, int] = {}
        for one in self.settles:
            for element, mg in one.settled_mg.items():
                sums[element] = sums.get(element, 0) + mg
        return sums


class Weighed(Struct, frozen=True, gc=False):
    """What a final pair sent and what came of an element, in mg, and the combined u of both."""

    sent_mg: int
    came_mg: int
    u_mg: int


class Envelope(Struct, frozen=True, gc=False):
    """What a process can do for an element: its least and its highest yield in percent; `name` says who says so."""

    name: str
    min_percent: Decimal | None
    max_percent: Decimal | None
