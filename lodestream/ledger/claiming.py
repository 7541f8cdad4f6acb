"""Claims of an event (`crm:claims`), judged after it has posted (ledger-rules sections 9 and 10; rulebook R90, R94).

"Claim refused" is read so: the event is a fact and posts, whatever it claims; the claim that is not supported is a finding
(hold, on the lot), takes no credits, and stays until the event is corrected. Facts and claims share no balance.

A claim on a lot that the event moved is about the parcel that moved, else about all that the lot holds. A claim on a parcel
follows it: when a correction, a later assay or the close of a campaign changes the parcel, it is judged anew by its shares, or
takes another part of the credits (covering.py).
"""

from msgspec.structs import replace

from lodestream.claims import closing, credit, library, methods, physical, rolling
from lodestream.claims.attribute import kind_of
from lodestream.claims.months import span
from lodestream.claims.physical import needed
from lodestream.claims.profile import Profile
from lodestream.claims.values import Closing, Credits, Period, Refusal
from lodestream.epcis.event import Claim, Material
from lodestream.ledger import covering, handing
from lodestream.ledger.attribution import added
from lodestream.ledger.claimed import Claims, FlowIndex, Standing, Taken
from lodestream.ledger.crediting import BALANCED, CREDIT, ROLLING, account, account_name, count, ends, period_at, rules_of
from lodestream.ledger.draft import Draft
from lodestream.ledger.state import Head, Journal, Lot, LotChange
from lodestream.ledger.values import Said


def finish(draft: Draft, month: int) -> None:
    """Count what an entry moved, judge anew what changed under a claim, and judge what its event claims.

    `month`: that of its valid time (claims.months).
    """
    before = count(draft, month) if draft.book.profiles else {}
    anew = any(sign < 0 for _, sign in draft.flows)
    _judge_restated(draft)
    for name, known in before.items():
        covering.retell(draft, name, known, anew=anew)
    event = draft.entry.event
    if event is None or event.error_declaration is not None:
        return
    if draft.kind == "link" and draft.reason:  # it only confirms what another source told, or was not for this site
        return
    taken: list[Taken] = []
    credits_: list[str] = []
    slots: list[str] = []
    for item in event.materials:
        mine: list[str] = []
        for asked in item.claims:
            found = _judge(draft, item, asked, month, taken)
            if isinstance(found, Refusal):
                draft.open(covering.said(event.identity, item.id, asked, found))
                continue
            taken.append(found)
            covering.note(draft, found, 1)
            if found.account:
                mine.append(covering.stand(draft, found))
        if item.claims:
            slots += _stand(draft, item, mine)
        credits_ += mine
    handing.act(draft, month)
    if taken or slots:
        draft.view.put(Claims([one for one in taken if not one.account], credits_, slots), event.identity)


def withdraw(draft: Draft, identity: str) -> None:
    """A declaration voids an event: its claims are taken back, and their credits are there again; so is what it handed on."""
    handing.withdraw(draft, identity)
    made = draft.view.get(Claims, identity)
    if made is None:
        return
    for ref in made.credits:
        covering.withdraw(draft, ref)
    for one in made.taken:
        covering.note(draft, one, -1)
    for ref in made.slots:
        standing = draft.view.get(Standing, ref)
        assert standing is not None, "what is claimed of a parcel stands with it"
        for asked in standing.asked:
            unsaid = covering.said(identity, ref.rsplit(" ", 1)[0], asked, physical.unsupported(""))
            draft.close_finding(draft.finding_id(unsaid), superseded=True)
        draft.view.drop(Standing, ref)
    draft.view.drop(Claims, identity)


def follow(draft: Draft, identity: str) -> None:
    """A corrective that came before its declaration has its original's slots now: what it claims stands in them."""
    made, journal = draft.view.get(Claims, identity), draft.view.get(Journal, identity)
    if made is None or journal is None:
        return
    slots = {change.lot: f"{change.lot} {change.slot}" for change in journal.changes}
    now = [slots[ref.rsplit(" ", 1)[0]] for ref in made.slots]
    for was, ref in zip(made.slots, now, strict=True):
        standing = draft.view.get(Standing, was)
        assert standing is not None, "what is claimed of a parcel stands with it"
        draft.view.drop(Standing, was)
        draft.view.put(standing, ref)
    draft.view.put(replace(made, slots=now), identity)


def _parcels(draft: Draft, item: Material) -> list[LotChange]:
    """What the event moved of an item's lot; of a lot that goes into the run that makes it, what the item is about."""
    mine = [change for change in draft.changes if change.lot == item.id]
    return mine if item.role == "object" else [one for one in mine if (one.dry_mg < 0) == (item.role == "input")]


def _stand(draft: Draft, item: Material, credits_: list[str]) -> list[str]:
    """Keep what is claimed of a parcel with its slot, to be judged anew with it: by its shares, and by credits (references)."""
    known = library.profiles()
    asked = [one for one in item.claims if one.profile in known and known[one.profile].model in physical.PHYSICAL]
    slots = [f"{item.id} {change.slot}" for change in _parcels(draft, item)]
    if not (asked or credits_) or len(slots) != 1:
        return []
    draft.view.put(Standing(draft.event.identity, asked, credits_), slots[0])
    return slots


def _judge_restated(draft: Draft) -> None:
    """Claims on parcels of other events that this entry told anew: what was right may be wrong now, and back."""
    own = {(change.lot, change.slot) for change in draft.changes}
    undone = {(change.lot, change.slot) for change, sign in draft.flows if sign < 0} - own
    for lot, slot in sorted(undone):
        standing = draft.view.get(Standing, f"{lot} {slot}")
        if standing is None:  # nothing is claimed, or the event is void
            continue
        last = next(change for change, _ in reversed(draft.flows) if (change.lot, change.slot) == (lot, slot))
        for ref in standing.credits:
            element = ref.split(" ", 2)[1]
            covering.amend(draft, ref, abs(sum(last.shares.vectors.get(element, {}).values())))
        for asked in standing.asked:
            shares = {key: abs(mg) for key, mg in last.shares.vectors.get(asked.element, {}).items()}
            profile = library.profiles()[asked.profile]
            held = draft.lot(lot)
            assert held is not None, "who has slots is there"
            refused = physical.judge_lot(profile, asked, shares, _contacts(held, [last]))
            said = covering.said(standing.identity, lot, asked, refused or physical.unsupported(""))
            draft.say_whether(said, stands=refused is not None, superseded=False)


def _contacts(lot: Lot, parcels: list[LotChange]) -> list[str]:
    """What was touched without a share of it: what is drawn says it, also where nothing is left; else the lot says it."""
    touched = {key for one in parcels for key in one.touched}
    if not parcels or any(one.dry_mg >= 0 for one in parcels):
        touched.update(key for key, times in lot.shares.contacts.items() if times > 0)
    return sorted(touched)


def close(draft: Draft, element: str, month: int, book_mg: int) -> None:
    """The books of a month are closed: so are the periods of credits of an element that end with it or before.

    `book_mg` is the element's stock by book. A close that is refused is a finding, and is tried again with the next month.
    """
    if not draft.book.profiles:
        return
    index = draft.view.get(FlowIndex, element) or FlowIndex()
    draft.view.put(replace(index, closed=month), element)
    event = draft.entry.event
    kept = (draft.view.get(Head) or draft.head).evidence  # of the event that asked for the close, which goes on here
    evidence = (event.overdraft_evidence if event is not None else None) or kept
    for name in index.accounts:
        profile = rules_of(draft, *name.split(" ")[:2])
        known = draft.view.get(Credits, name)
        assert known is not None, "the index names accounts that are there"
        while ends(known) <= month:
            period = known.open[0].period
            said = Said("NEGATIVE_AT_CLOSE", (name, span(period)), "")
            elsewhere = methods.clash(profile, kind_of(name.split(" ")[3]), period, index.uses, library.profiles()) is not None
            step = closing.close(profile, known, Closing(draft.entry.entry_id, evidence, book_mg, None, elsewhere))
            if isinstance(step, Refusal):
                draft.managed.add(draft.open(replace(said, arithmetic=step.arithmetic)))
                break
            draft.close_finding(draft.finding_id(said))
            known = step.credits
        draft.view.put(known, name)


def _judge(draft: Draft, item: Material, asked: Claim, month: int, taken: list[Taken]) -> Taken | Refusal:
    """Whether a claim stands: by its profile, by other methods, by the lot's shares or by credits, in that order.

    `taken` are the claims of the same event so far.
    """
    profile = _profile(draft, asked)
    if isinstance(profile, Refusal):
        return profile
    lot = item.id
    whole, shares, contacts, product_class = _content(draft, item, asked.element)
    if whole <= 0:
        return physical.unsupported(f"{asked.percent} % {asked.attribute} of {lot}: it holds no {asked.element} that is known")
    balanced = profile.model in BALANCED
    profile = rules_of(draft, profile.name, asked.element)
    name = account_name(profile, asked.element, product_class, asked.attribute) if balanced else ""
    known = account(draft, name, month) if balanced else None
    period = period_at(known, month) if known is not None else Period(0, month, 1)
    index = draft.view.get(FlowIndex, asked.element) or FlowIndex()
    refused = methods.judge(profile, asked, whole, period, index.uses, library.profiles())
    if refused is not None:
        return refused
    if known is None:
        refused = physical.judge_lot(profile, asked, shares, contacts)
    elif profile.model == ROLLING:
        refused = rolling.claim(profile, known, month, asked)
    else:
        refused = _judge_again(draft, lot, asked, whole, taken)
        if refused is None:
            step = credit.claim(profile, known, month, asked, whole, draft.event.identity)
            if isinstance(step, Refusal):
                return step
            draft.view.put(step.credits, name)
    if refused is not None:
        return refused
    account_ = name if profile.model == CREDIT else ""
    return Taken(draft.event.identity, lot, asked, account_, period, whole, needed(asked.percent, whole))


def _profile(draft: Draft, asked: Claim) -> Profile | Refusal:
    """The profile of a claim on a lot, if the site claims by it."""
    profile = library.profiles().get(asked.profile)
    if profile is None:
        return physical.unsupported(f"no profile {asked.profile!r}: there are {', '.join(library.profiles())}")
    booked = draft.book.profiles
    if profile.name not in booked and (booked or profile.model not in physical.PHYSICAL):
        return physical.unsupported(f"{draft.site} claims by {', '.join(booked) or 'no mass balance'}, not by {profile.name}")
    if profile.model == handing.BOOK_AND_CLAIM:
        return physical.unsupported(f"{profile.name} says nothing of a lot: a certificate is retired (crm:certificates)")
    return profile


def _judge_again(draft: Draft, name: str, asked: Claim, whole: int, taken: list[Taken]) -> Refusal | None:
    """A parcel is claimed once in its event, and a lot, over all events, for no more than ever entered it."""
    mg, kind = needed(asked.percent, whole), kind_of(asked.attribute)
    same = [x for x in taken if (x.lot, x.asked.element, kind_of(x.asked.attribute)) == (name, asked.element, kind)]
    refused = methods.judge_lot(asked.attribute, mg, whole, sum(one.mg for one in same))
    return refused or covering.judge_lot(draft, name, asked, mg)


def _content(draft: Draft, item: Material, element: str) -> tuple[int, dict[str, int], list[str], str]:
    """What a claim is about: mg of the element, its shares, what the lot touched, its product class."""
    lot = draft.lot(item.id)
    if lot is None:
        return 0, {}, [], "-"
    parcels = _parcels(draft, item)
    shares = {} if parcels else dict(lot.shares.vectors.get(element, {}))
    for one in parcels:
        shares = added(shares, one.shares.vectors.get(element, {}), 1 if one.contained_mg.get(element, 0) > 0 else -1)
    return sum(shares.values()), shares, _contacts(lot, parcels), lot.product_class or "-"
