"""Claims by credits in the order in which they were made: each stands as long as what those before it left covers it.

What a correction, a later assay or the close of a campaign takes from an account, its newest claims give back until the rest
is covered; then they are judged again, the first first, as if the account had been right when they were made. One that is not
covered takes no credits, and CREDIT_OVERDRAWN (F30) says what it would need. With all that comes it is judged again, and so are
those behind it; the finding ends where there is enough. What an account is below zero by itself, having handed on credits that
a correction took, is made good first. A closed period stays as it is: the open one bears the difference (R95).
Where the profile lets a balance be below zero until the close, no claim gives way, and the close says so (F32).

What ordinary flows take is no correction and takes back no claim: a percentage of input falls whenever other input comes, and
rises as its metal leaves.

Rulebook R101.
"""

from msgspec.structs import replace

from lodestream.claims import credit, library, methods
from lodestream.claims.attribute import kind_of
from lodestream.claims.physical import needed
from lodestream.claims.profile import Profile
from lodestream.claims.settling import missing
from lodestream.claims.values import Credits, Period, Refusal
from lodestream.epcis.event import Claim
from lodestream.ledger.attribution import added
from lodestream.ledger.claimed import ClaimedOf, FlowIndex, Queue, Taken
from lodestream.ledger.crediting import rules_of
from lodestream.ledger.draft import Draft
from lodestream.ledger.values import Said

MAX_CLAIMS = 2_000  # the newest of an account, looked at in one entry


def stand(draft: Draft, one: Taken) -> str:
    """Keep a claim whose credits were taken, behind all others of its account. Gives its reference."""
    queue = draft.view.get(Queue, one.account) or Queue()
    ref = f"{one.account} {queue.places}"
    draft.view.put(one, ref)
    draft.view.put(replace(queue, places=queue.places + 1), one.account)
    return ref


def withdraw(draft: Draft, ref: str) -> None:
    """The event of a claim is void: its credits are there again, for the claims that wait too."""
    one = draft.view.get(Taken, ref)
    if one is None:
        return
    draft.view.drop(Taken, ref)
    known = _known(draft, one.account)
    if one.waits:
        draft.close_finding(draft.finding_id(_told(one, Refusal(one.waits, ""))), superseded=True)
    else:
        draft.view.put(credit.withdraw(known, one.period.number, one.mg, one.identity).credits, one.account)
        note(draft, one, -1)
    retell(draft, one.account, known, anew=False)


def amend(draft: Draft, ref: str, whole_mg: int) -> None:
    """The parcel of a claim holds another mass than before: the claim takes another part of it."""
    one = draft.view.get(Taken, ref)
    assert one is not None, "a claim stands with its parcel"
    if one.whole_mg == whole_mg:
        return
    now = replace(one, whole_mg=whole_mg, mg=needed(one.asked.percent, whole_mg))
    draft.view.put(now, ref)
    if not one.waits:
        draft.view.put(
            credit.withdraw(_known(draft, one.account), one.period.number, one.mg - now.mg, one.identity).credits, one.account
        )
        note(draft, one, -1)
        note(draft, now, 1)


def retell(draft: Draft, name: str, before: Credits, *, anew: bool) -> None:
    """Judge the claims of an account that was `before` when the entry came. `anew`: the entry told anew what had been told."""
    queue = draft.view.get(Queue, name)
    if queue is None:
        return
    profile, known = rules_of(draft, *name.split(" ")[:2]), _known(draft, name)
    was, now = short(profile, before), short(profile, known)
    allowed = min(was, now) if anew else now
    if not queue.waiting and (profile.negative.mid_period or now <= allowed):
        return
    first = min(queue.waiting, default=queue.places)
    looked: list[tuple[int, Taken]] = []
    place = queue.places
    while place > max(0, queue.places - MAX_CLAIMS) and (place > first or short(profile, known) > allowed):
        place -= 1
        one = draft.view.get(Taken, f"{name} {place}")
        if one is not None:
            looked.append((place, one))
            known = known if one.waits else credit.withdraw(known, one.period.number, one.mg, one.identity).credits
    waiting = [n for n in queue.waiting if n < place]
    for place, one in reversed(looked):
        again = credit.withdraw(known, one.period.number, -one.mg, one.identity).credits
        lacks = short(profile, again) - allowed
        refused = _elsewhere(draft, profile, one) if one.waits else None
        if lacks > 0:
            refused = credit.overdrawn(credit.claimed(one.asked, one.whole_mg), one.mg, lacks, _period(again, one))
        known = known if refused is not None else again
        waiting += [place] if refused is not None else []
        _put(draft, f"{name} {place}", one, refused, anew=anew)
    draft.view.put(known, name)
    draft.view.put(replace(queue, waiting=waiting), name)


def short(profile: Profile, known: Credits) -> int:
    """How far below zero an account is at most, over its open periods, in mg."""
    return max(missing(profile, known))


def said(identity: str, lot: str, asked: Claim, refused: Refusal) -> Said:
    """A claim of an event that is refused, as a finding on its lot."""
    inputs = (identity, lot, asked.profile, asked.element, asked.attribute, str(asked.percent))
    return Said(refused.code, inputs, refused.arithmetic, [lot])


def note(draft: Draft, one: Taken, sign: int) -> None:
    """Keep in the registers of methods and lots that a claim takes something, or that it takes it no more."""
    asked = one.asked
    use(draft, asked, one.period, sign * one.mg)
    if one.account:
        held = draft.view.get(ClaimedOf, one.lot) or ClaimedOf()
        claimed = added(held.claimed_mg, {f"{asked.element} {kind_of(asked.attribute)}": sign * one.mg})
        if claimed:
            draft.view.put(ClaimedOf(claimed), one.lot)
        else:
            draft.view.drop(ClaimedOf, one.lot)


def use(draft: Draft, asked: Claim, period: Period, mg: int) -> None:
    """Keep in the register of methods that one is used for so much of an input (below zero: no more)."""
    profile = library.profiles()[asked.profile]
    index = draft.view.get(FlowIndex, asked.element) or FlowIndex()
    draft.view.put(replace(index, uses=methods.note(index.uses, profile, kind_of(asked.attribute), period, mg)), asked.element)


def judge_lot(draft: Draft, lot: str, asked: Claim, mg: int) -> Refusal | None:
    """DOUBLE_CLAIM where a lot would be claimed by credits, over all events, for more than ever entered it."""
    held, known = draft.lot(lot), draft.view.get(ClaimedOf, lot)
    if held is None or known is None:
        return None
    before = known.claimed_mg.get(f"{asked.element} {kind_of(asked.attribute)}", 0)
    return methods.judge_lot(asked.attribute, mg, held.entered_mg.get(asked.element, 0), before)


def _put(draft: Draft, ref: str, one: Taken, refused: Refusal | None, *, anew: bool) -> None:
    """Keep how a claim stands now, and say it where that is something new."""
    code = refused.code if refused is not None else ""
    if one.waits != code:
        draft.view.put(replace(one, waits=code), ref)
        if one.waits:
            draft.close_finding(draft.finding_id(_told(one, Refusal(one.waits, ""))))
        if not one.waits or not code:
            note(draft, one, -1 if code else 1)
    if refused is not None and (anew or one.waits != code):
        draft.managed.add(draft.restate_finding(_told(one, refused)))


def _told(one: Taken, refused: Refusal) -> Said:
    return said(one.identity, one.lot, one.asked, refused)


def _elsewhere(draft: Draft, profile: Profile, one: Taken) -> Refusal | None:
    """Whether what a claim waited for was claimed by another method meanwhile, or its lot by another claim."""
    index = draft.view.get(FlowIndex, one.asked.element) or FlowIndex()
    refused = methods.judge(profile, one.asked, one.whole_mg, one.period, index.uses, library.profiles())
    return refused or judge_lot(draft, one.lot, one.asked, one.mg)


def _period(known: Credits, one: Taken) -> Period:
    """The period whose balance a claim is judged by: its own while that is open, else the first open one."""
    return max(one.period, known.open[0].period, key=lambda period: period.number)


def _known(draft: Draft, name: str) -> Credits:
    known = draft.view.get(Credits, name)
    assert known is not None, "who has claims is there"
    return known
