"""What a site's book remembers of its claims, beside the accounts of credits: frozen values, kept like those of state.py."""

from msgspec import Struct

from lodestream.claims.values import Period, Use
from lodestream.epcis.event import Claim
from lodestream.ledger.records import Handover


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


class Taken(Struct, frozen=True, gc=False, omit_defaults=True):
    """One accepted claim: of which parcel, by which account (none: not by credits), in which period it stands.

    `whole_mg` is what the parcel holds of the element, `mg` what the claim takes. `waits` is the code of the finding where its
    credit is gone (covering.py); it takes nothing then.
    """

    identity: str
    lot: str
    asked: Claim
    account: str
    period: Period
    whole_mg: int
    mg: int
    waits: str = ""


class Queue(Struct, frozen=True, gc=False, omit_defaults=True):
    """The claims on one account of credits: how many there ever were, and the places of those that have no credit now.

    Each is a `Taken` under "<account> <place>".
    """

    places: int = 0
    waiting: list[int] = []


class Claims(Struct, frozen=True, gc=False, omit_defaults=True):
    """The claims of one event, so that a declaration takes them back: those accepted (by credits: their references), and the
    slots of those that stand.
    """

    taken: list[Taken] = []
    credits: list[str] = []
    slots: list[str] = []


class Standing(Struct, frozen=True, gc=False, omit_defaults=True):
    """What an event claims of the parcel in a lot's slot, to be judged anew when the parcel changes: by its shares (`asked`),
    and by credits (references).
    """

    identity: str
    asked: list[Claim] = []
    credits: list[str] = []


class Spent(Struct, frozen=True, gc=False):
    """Credits in mg that left their account for another holder or a certificate, in the period of a month (claims.months).

    `asked` is what they could have been claimed for here, whole.
    """

    asked: Claim
    account: str
    month: int
    period: Period
    mg: int


class Handed(Struct, frozen=True, gc=False, omit_defaults=True):
    """What this site handed to another, as it was last told, by its reference; the credits that it took, if not a certificate."""

    handover: Handover
    spent: Spent | None = None
    finding: str = ""


class Got(Struct, frozen=True, gc=False):
    """What another site handed to this one, as it was last answered, and the month in which it counts."""

    handover: Handover
    month: int


class Acts(Struct, frozen=True, gc=False, omit_defaults=True):
    """What an event did with credits and certificates, so that a declaration takes it back: references of what it handed on,
    certificates that it issued with the credits that each took, and certificates that it retired.
    """

    handed: list[str] = []
    issued: dict[str, Spent] = {}
    retired: list[str] = []
