"""What credits are counted from: the flows of a site, by element, calendar month and origin key (rulebook R92).

Every movement of a lot is a flow, and so is every movement taken back or told anew, in the month in which it first counted.
An account of credits comes into being at its first claim, from the flows that were there, and follows them from then on: a
site pays for what it claims, not for all that it could. An account is "<profile> <element> <product class> <attribute>".

By input (`input_percent`) certified and all input are what entered the site, output is what was shipped, of the element; what was
asked back on its way has not left. By output share it is what came to be at the site of a product class, less what was used up
there. A profile that asks for a conversion factor has it from the book; without one it is credited by what left for what came,
the measured recovery (I4).
"""

from decimal import Decimal

from msgspec.structs import replace

from lodestream.claims import closing, credit, library
from lodestream.claims.attribute import creditable
from lodestream.claims.profile import Profile
from lodestream.claims.values import Closing, Credits, Period, Refusal, Sums
from lodestream.ledger.attribution import Vector, added
from lodestream.ledger.claimed import FlowIndex, FlowMonth, MonthFlow
from lodestream.ledger.draft import Draft
from lodestream.ledger.state import LotChange

CREDIT = "mass_balance_credit"
ROLLING = "rolling_average"
BALANCED = frozenset({CREDIT, ROLLING})
NO_CLASS = "-"
NOTHING = MonthFlow()


def factor_of(draft: Draft, name: str, element: str) -> Decimal | None:
    """The conversion factor that the book has for a profile and an element, as a part of one."""
    found = [f.percent for f in draft.book.conversion_factors if (f.profile, f.element) == (name, element)]
    return found[0] / 100 if found else None


def rules_of(draft: Draft, name: str, element: str) -> Profile:
    """A profile as a book applies it: without a conversion factor of the book, by what left for what came."""
    profile = library.profiles()[name]
    if profile.credit_basis == "input_cf" and factor_of(draft, name, element) is None:
        return replace(profile, credit_basis="input_percent")
    return profile


def account_name(profile: Profile, element: str, product_class: str, attribute: str) -> str:
    """The reference of an account. By input the site has one product group an element."""
    group = product_class if profile.credit_basis == "output_share" else NO_CLASS
    return f"{profile.name} {element} {group} {attribute}"


def count(draft: Draft, month: int) -> dict[str, Credits]:
    """Count what moved in this entry, and let the accounts follow. `month`: that of the entry's valid time.

    Gives the accounts that something was counted for, as they were before.
    """
    before: dict[str, Credits] = {}
    flows: dict[tuple[str, int], MonthFlow] = {}
    for change, sign in draft.flows:
        at = _month_of(draft, change, sign, month)
        for element, mg in change.contained_mg.items():
            flows[element, at] = _plus(flows.get((element, at), NOTHING), _flow(draft, change, element, mg, sign))
    for (element, at), flow in sorted(flows.items()):
        if flow != NOTHING:
            _record(draft, element, at, flow, before)
    return before


def account(draft: Draft, name: str, month: int) -> Credits:
    """The account of that name; at its first use it is made from the flows that were counted, and closed as far as they are."""
    known = draft.view.get(Credits, name)
    if known is not None:
        return known
    profile, element, product_class, attribute = _parts(draft, name)
    index = draft.view.get(FlowIndex, element) or FlowIndex()
    length = 1 if profile.model == ROLLING else profile.period.max_months
    first = min([*index.months, month])
    factor = factor_of(draft, profile.name, element) if profile.credit_basis == "input_cf" else None
    made = credit.start(profile, first - first % length, length, factor if factor is not None else Decimal(1))
    for at in index.months:
        flow = draft.view.get(MonthFlow, f"{element} {at}")
        assert flow is not None, "the index names months that have flows"
        made = credit.record(profile, made, at, _sums(profile, product_class, attribute, flow), "").credits
    while ends(made) <= index.closed:
        step = closing.close(profile, made, Closing(""))
        assert not isinstance(step, Refusal), "without a claim nothing is below zero"
        made = step.credits
    draft.view.put(replace(index, accounts=sorted([*index.accounts, name])), element)
    draft.view.put(made, name)
    return made


def period_at(known: Credits, month: int) -> Period:
    """The period of an account in which a claim of this month stands: the first open one where its own is closed."""
    first = known.open[0].period
    later = max(0, (month - first.first_month) // first.months)
    return Period(first.number + later, first.first_month + later * first.months, first.months)


def ends(account_: Credits) -> int:
    """The last month of the period that closes next."""
    period = account_.open[0].period
    return period.first_month + period.months - 1


def _parts(draft: Draft, name: str) -> tuple[Profile, str, str, str]:
    profile, element, product_class, attribute = name.split(" ")
    return rules_of(draft, profile, element), element, product_class, attribute


def _month_of(draft: Draft, change: LotChange, sign: int, month: int) -> int:
    """The month of a movement: that in which its slot first counted."""
    ref = f"{change.lot} {change.slot}"
    known = draft.view.get(FlowMonth, ref)
    if known is not None:
        return known.month
    if sign > 0:
        draft.view.put(FlowMonth(month), ref)
    return month


def _flow(draft: Draft, change: LotChange, element: str, mg: int, sign: int) -> MonthFlow:
    """One movement as a flow; a loss that a lot holds is none, and what was asked back on its way has not left."""
    lot = draft.lot(change.lot)
    assert lot is not None, "who has slots is there"
    if lot.loss_class is not None:
        return NOTHING
    kind = change.account.partition(" ")[0]
    if kind == "TRANSIT":
        return MonthFlow(left_mg=-sign * mg)
    vector = added(None, change.shares.vectors.get(element, {}), sign)
    came = vector if mg > 0 and kind != "WIP" else {}
    return MonthFlow(came, 0, {lot.product_class or NO_CLASS: vector})


def _plus(one: MonthFlow, other: MonthFlow) -> MonthFlow:
    made: dict[str, Vector] = dict(one.made_mg)
    for product_class, vector in other.made_mg.items():
        mixed = added(made.get(product_class), vector)
        if mixed:
            made[product_class] = mixed
        else:
            made.pop(product_class, None)
    return MonthFlow(added(one.came_mg, other.came_mg), one.left_mg + other.left_mg, made)


def _record(draft: Draft, element: str, month: int, flow: MonthFlow, before: dict[str, Credits]) -> None:
    ref = f"{element} {month}"
    draft.view.put(_plus(draft.view.get(MonthFlow, ref) or NOTHING, flow), ref)
    index = draft.view.get(FlowIndex, element) or FlowIndex()
    if month not in index.months:
        draft.view.put(replace(index, months=sorted([*index.months, month])), element)
    for name in index.accounts:
        profile, _, product_class, attribute = _parts(draft, name)
        known = draft.view.get(Credits, name)
        assert known is not None, "the index names accounts that are there"
        before.setdefault(name, known)
        sums = _sums(profile, product_class, attribute, flow)
        draft.view.put(credit.record(profile, known, month, sums, draft.entry.entry_id).credits, name)


def _sums(profile: Profile, product_class: str, attribute: str, flow: MonthFlow) -> Sums:
    """A flow as an account of this product class and attribute counts it."""
    if profile.credit_basis == "output_share":
        vector = flow.made_mg.get(product_class, {})
        return Sums(certified_output_mg=creditable(profile, attribute, vector), output_mg=sum(vector.values()))
    came = flow.came_mg
    return Sums(creditable(profile, attribute, came), sum(came.values()), 0, flow.left_mg)
