"""What a site's book remembers of its claims, beside the accounts of credits: frozen values, kept like those of state.py."""

from msgspec import Struct

from lodestream.claims.values import Period, Use
from lodestream.epcis.event import Claim


class MonthFlow(Struct, frozen=True, gc=False, omit_defaults=True):
    """What claims are counted from, of one element and calendar month: mg by origin key (crediting.py).

    `came_mg` entered the site; `left_mg` was shipped. `made_mg` is, by product class, what came to be there less what was
    used up there.
    """

    came_mg: dict[str, int] = {}
    left_mg: int = 0
    made_mg: dict[str, dict[str, int]] = {}


class FlowIndex(Struct, frozen=True, gc=False, omit_defaults=True):
    """Of one element: the months that have flows, the last month that was closed, and the references of credit accounts."""

    months: list[int] = []
    closed: int = 0
    accounts: list[str] = []
    uses: list[Use] = []


class FlowMonth(Struct, frozen=True, gc=False):
    """The month in which the movement of a lot's slot counts, however late it is told anew."""

    month: int


class ClaimedOf(Struct, frozen=True, gc=False, omit_defaults=True):
    """What mass-balance methods claimed of one lot, in mg by "<element> <kind of attribute>"."""

    claimed_mg: dict[str, int] = {}


class Taken(Struct, frozen=True, gc=False):
    """One accepted claim: of which lot and element, by which account (none: judged by shares), and in which period it stands."""

    lot: str
    element: str
    profile: str
    kind: str
    account: str
    period: Period
    mg: int


class Claims(Struct, frozen=True, gc=False):
    """The claims of one event, so that a declaration takes them back: those accepted, and the slots of those that stand."""

    taken: list[Taken]
    slots: list[str] = []


class Standing(Struct, frozen=True, gc=False):
    """What an event claims of the parcel in a lot's slot by its shares: judged anew when these change."""

    identity: str
    asked: list[Claim]
