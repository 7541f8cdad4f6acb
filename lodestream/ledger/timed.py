"""What a site's book remembers of time: what waits in lanes, books to come, the sums of accounting periods."""

from msgspec import Struct

from lodestream.ledger.book import SiteBook


class Lane(Struct, frozen=True, gc=False):
    """A queue of slips in pages `first` to `last`; `since_us` is the time of the slip in front."""

    first: int
    last: int
    since_us: int


class Slip(Struct, frozen=True, gc=False, array_like=True):
    """A note that something is due some time after `since_us`: what `ref` and `note` name depends on the lane.

    `valid_us` is set where an event is later than its own record.
    """

    since_us: int
    ref: str
    note: str = ""
    valid_us: int = 0


class Page(Struct, frozen=True, gc=False):
    """A few slips of a lane, in order of time."""

    slips: list[Slip]


class NextBooks(Struct, frozen=True, gc=False):
    """Settings that take effect later, by `effective_us`."""

    books: list[SiteBook]


class Haul(Struct, frozen=True, gc=False):
    """What was sent of an element over a lane in a month, and what of it was lost, in mg (haulage.py).

    `u2` is the variance of that (mg^2, as digits), `u_mg` the plain sum of u; signed where it is a change.
    """

    count: int = 0
    sent_mg: int = 0
    lost_mg: int = 0
    u2: str = "0"
    u_mg: int = 0

    def plus(self, more: "Haul") -> "Haul":
        """The sum of both."""
        return Haul(
            self.count + more.count,
            self.sent_mg + more.sent_mg,
            self.lost_mg + more.lost_mg,
            str(int(self.u2) + int(more.u2)),
            self.u_mg + more.u_mg,
        )


class Period(Struct, frozen=True, gc=False, omit_defaults=True):
    """The sums of a month by "<element> <account class>", in mg. Version 0: it is open. See `records.PeriodLine`.

    `gap_mg` is in - out of the runs that were judged and `u2` a variance (mg^2, as digits), by element; `over_mg` is the content
    of what was measured, by "<element> <mass method>", `assayed_u_mg` the plain sum of u of what was received or made
    (site_balance.py). `hauls` are by "<element> <sender>", `by_class_mg` by
    "<element> <way> <product class>" (came_round.py).
    """

    version: int = 0
    opening_mg: dict[str, int] = {}
    late_mg: dict[str, int] = {}
    in_mg: dict[str, int] = {}
    out_mg: dict[str, int] = {}
    counted: bool = False
    closed_us: int = 0
    gap_mg: dict[str, int] = {}
    u2: dict[str, str] = {}
    over_mg: dict[str, int] = {}
    assayed_u_mg: dict[str, int] = {}
    hauls: dict[str, Haul] = {}
    by_class_mg: dict[str, int] = {}


class Carried(Struct, frozen=True, gc=False):
    """The balances at the close of the last closed month, by "<element> <account class>", in mg: the next one opens with them."""

    balances_mg: dict[str, int]
