"""Credits and certificates that one site hands to another; certificates that are issued and retired (rulebook R102, R103).

A TransactionEvent with `crm:credits` or `crm:certificates` does it. It is two-sided like a move of metal (mass-balance I9): the
giver's book draws the credits and sends a HANDOVER entry to the taker's; that book takes them by its profile or refuses, and
answers; what is refused returns. On its way it is in neither account. A declaration of the event asks back what was handed on:
credits return at once, and what was claimed on them gives way (R101); a certificate returns unless it was retired or handed on.
A message carries the whole handover and a version; older ones are ignored.

What was handed on is not taken back by a correction of what it was credited for: the giver's account bears that.
"""

from decimal import Decimal

from msgspec.structs import replace

from lodestream.claims import credit, library, methods, transfers
from lodestream.claims.attribute import speaks_of
from lodestream.claims.certificate import Certificate
from lodestream.claims.months import month_named, span
from lodestream.claims.physical import unsupported
from lodestream.claims.profile import Profile
from lodestream.claims.values import Account, Credits, Refusal
from lodestream.epcis.event import CertificateItem, Claim, CreditItem
from lodestream.ledger import covering, months
from lodestream.ledger.certificates import SiteRegistry
from lodestream.ledger.claimed import Acts, FlowIndex, Got, Handed, Spent
from lodestream.ledger.crediting import CREDIT, NO_CLASS, account, account_name, period_at, rules_of
from lodestream.ledger.draft import Draft
from lodestream.ledger.records import Handover
from lodestream.ledger.ship import location
from lodestream.ledger.values import Message, Said
from lodestream.measures import kg
from lodestream.measures.exact import ratio, rounded, times
from lodestream.measures.units import UnitRefusedError, mass_unit

KIND = "handover"
BOOK_AND_CLAIM = "book_and_claim"
ASKS = frozenset({"offered", "withdrawn"})  # the others answer


def act(draft: Draft, month: int) -> None:
    """Do what an event says of credits and certificates. `month`: that of its valid time (claims.months)."""
    event = draft.event
    if not event.credits and not event.certificates:
        return
    draft.kind = KIND
    acts, site = Acts(), draft.site
    for n, item in enumerate(event.credits):
        ref = f"{event.identity} {n}"
        name = item.certificate
        given = _issue(draft, item, month, name) if name else _give(draft, item, month, ref)
        if isinstance(given, Refusal):
            draft.open(_said(ref, given))
        elif name:
            acts = replace(acts, issued={**acts.issued, name: given})
        else:
            acts = replace(acts, handed=[*acts.handed, ref])
    for n, one in enumerate(event.certificates, len(event.credits)):
        ref = f"{event.identity} {n}"
        done = SiteRegistry(draft).retire(one.id, site, one.retired_for) if one.retired_for else _pass_on(draft, one, ref)
        if isinstance(done, Refusal):
            draft.open(_said(ref, done))
        elif one.retired_for:
            acts = replace(acts, retired=[*acts.retired, one.id])
        else:
            acts = replace(acts, handed=[*acts.handed, ref])
    if acts != Acts():
        draft.view.put(acts, event.identity)


def withdraw(draft: Draft, identity: str) -> None:
    """The event is void: what it handed on is asked back, what it issued or retired is no more so where that can be."""
    acts = draft.view.get(Acts, identity)
    if acts is None:
        return
    draft.view.drop(Acts, identity)
    registry = SiteRegistry(draft)
    for ref in acts.handed:
        handed = draft.view.get(Handed, ref)
        assert handed is not None, "who handed on knows it"
        draft.close_finding(handed.finding, superseded=True)
        if handed.handover.state in {"offered", "taken"}:
            _send(draft, handed, replace(handed.handover, version=handed.handover.version + 1, state="withdrawn"))
    for name in acts.retired:
        certificate = registry.get(name)
        assert certificate is not None, "who retires it has it"
        registry.put(replace(certificate, retired_for=""))
    for name, spent in acts.issued.items():
        kept = _gone(draft, name)
        if kept:
            draft.managed.add(draft.open(_said(f"{identity} {name}", Refusal("ALREADY_RESOLVED", kept))))
        else:
            draft.view.drop(Certificate, name)
            _restore(draft, spent)


def take(draft: Draft) -> None:
    """A HANDOVER entry: of another site that gives or asks back, or its answer."""
    handover = draft.entry.handover
    assert handover is not None, "the kind says so"
    draft.kind = KIND
    draft.valid_us = handover.valid_us
    if handover.state in ASKS:
        _arrived(draft, handover)
    else:
        _answered(draft, handover)


def _booked(draft: Draft, name: str, model: str) -> Profile | None:
    """A profile by which the site claims, of this model."""
    profile = library.profiles().get(name)
    return profile if profile is not None and profile.model == model and name in draft.book.profiles else None


def _claims_by(draft: Draft) -> str:
    return f"{draft.site} claims by {', '.join(draft.book.profiles) or 'no profile'}"


# -- at the giver ------------------------------------------------------------------------------------------------------


def _spend(draft: Draft, item: CreditItem, model: str, month: int, what: str) -> Spent | Refusal:
    """Draw credits that leave their account for another holder. They must be there, whatever the profile allows of claims."""
    profile = _booked(draft, item.profile, model)
    if profile is None:
        return unsupported(f"{what} by {item.profile}: {_claims_by(draft)}, and it takes one of model {model}")
    if not speaks_of(profile, item.attribute):
        return unsupported(f"{profile.name} certifies {', '.join(profile.attributes)}: nothing in it backs {item.attribute}")
    try:
        mg = rounded(times(ratio(item.mass), mass_unit(item.uom).mg))
    except UnitRefusedError as error:
        return Refusal("UNIT_REFUSED", str(error))
    draft.fit(what, mg)
    profile = rules_of(draft, profile.name, item.element)
    name = account_name(profile, item.element, item.product_class or NO_CLASS, item.attribute)
    known = account(draft, name, month)
    period = period_at(known, month)
    index = draft.view.get(FlowIndex, item.element)
    assert index is not None, "it names the account"
    asked = Claim(profile.name, item.element, item.attribute, Decimal(100))
    refused = methods.judge(profile, asked, mg, period, index.uses, library.profiles())
    if refused is not None:
        return refused
    step = credit.transfer_out(profile, known, month, mg, draft.event.identity, f"{what} of {item.element} {item.attribute}")
    if isinstance(step, Refusal):
        return step
    draft.view.put(step.credits, name)
    covering.use(draft, asked, period, mg)
    return Spent(asked, name, month, period, mg)


def _restore(draft: Draft, spent: Spent) -> None:
    """Credits that were drawn are there again."""
    covering.use(draft, spent.asked, spent.period, -spent.mg)
    _move_in(draft, spent.account, spent.month, spent.mg, anew=False)


def _issue(draft: Draft, item: CreditItem, month: int, name: str) -> Spent | Refusal:
    """A certificate over credits of this site, which are drawn for it."""
    registry = SiteRegistry(draft)
    refused = registry.issued(name)
    if refused is not None:
        return refused
    spent = _spend(draft, item, BOOK_AND_CLAIM, month, f"certificate {name}")
    if not isinstance(spent, Refusal):
        backing = f"{draft.site} {span(spent.period)}"
        registry.issue(Certificate(name, item.profile, backing, item.element, item.attribute, spent.mg, draft.site))
    return spent


def _receiver(draft: Draft) -> str | Refusal:
    """The site that the event hands to: its destination of type location."""
    place, entry = location(draft.event.destinations), draft.entry
    if place is None:
        return unsupported("the event names no destination of type location: nobody to hand it to")
    site = entry.locations.get(place, place)
    if {place, site} & set(entry.external):
        return unsupported(f"{site} is external: it has no book that could take it")
    return site


def _give(draft: Draft, item: CreditItem, month: int, ref: str) -> Spent | Refusal:
    site = _receiver(draft)
    if isinstance(site, Refusal):
        return site
    spent = _spend(draft, item, CREDIT, month, f"a transfer to {site}")
    if isinstance(spent, Refusal):
        return spent
    known = draft.view.get(Credits, spent.account)
    assert known is not None, "it was drawn from"
    _, element, product_class, _ = spent.account.split(" ")
    handover = Handover(
        ref,
        1,
        "offered",
        draft.site,
        site,
        item.profile,
        element,
        item.attribute,
        spent.mg,
        draft.event.event_time_us,
        product_class=product_class,
        to_profile=item.to_profile or item.profile,
        to_attribute=item.to_attribute or item.attribute,
        factor=known.factor,
        group=draft.book.group,
    )
    _send(draft, Handed(handover, spent), handover)
    return spent


def _pass_on(draft: Draft, item: CertificateItem, ref: str) -> Certificate | Refusal:
    site = _receiver(draft)
    if isinstance(site, Refusal):
        return site
    if site == draft.site:
        return unsupported(f"certificate {item.id} goes from {site} to itself")
    found = SiteRegistry(draft).transfer(item.id, draft.site, site)
    if isinstance(found, Refusal):
        return found
    handover = Handover(
        ref,
        1,
        "offered",
        draft.site,
        site,
        found.profile,
        found.element,
        found.attribute,
        found.mg,
        draft.event.event_time_us,
        certificate=found.id,
        backing=found.backing,
    )
    _send(draft, Handed(handover), handover)
    return found


def _send(draft: Draft, handed: Handed, handover: Handover) -> None:
    draft.view.put(replace(handed, handover=handover), handover.ref)
    draft.messages.append(Message(handover.to_site, handover))
    draft.reason = _told(handover)


def _answered(draft: Draft, answer: Handover) -> None:
    """The taker took it, refused it, gives it back or cannot."""
    handed = draft.view.get(Handed, answer.ref)
    if handed is None or answer.version != handed.handover.version or handed.handover.state not in ASKS:
        draft.reason = "an answer to an older version of the handover: ignored"
        return
    draft.reason = _told(answer)
    now = replace(handed, handover=replace(answer, code="", reason=""))
    if answer.state in {"refused", "returned"} and handed.spent is not None:
        _restore(draft, handed.spent)
    elif answer.state in {"refused", "returned"}:
        SiteRegistry(draft).hold(answer.certificate, draft.site)
    if answer.code:
        now = replace(now, finding=draft.open(_said(answer.ref, Refusal(answer.code, answer.reason))))
    draft.view.put(now, answer.ref)


# -- at the taker ------------------------------------------------------------------------------------------------------


def _arrived(draft: Draft, handover: Handover) -> None:
    """Take what another site gives, or give back what it asks for, and answer."""
    key = f"{handover.from_site} {handover.ref}"
    got = draft.view.get(Got, key)
    if got is not None and handover.version <= got.handover.version:
        draft.reason = "an older version of the handover: ignored"
        return
    month = got.month if got is not None else _month(draft, handover)
    if handover.state == "offered":
        refused = _take_certificate(draft, handover) if handover.certificate else _take_credits(draft, handover, month)
        answer = replace(handover, state="taken")
        if refused is not None:
            answer = replace(handover, state="refused", code=refused.code, reason=refused.arithmetic)
    else:
        kept = _give_back(draft, handover, month) if got is not None and got.handover.state == "taken" else ""
        answer = (
            replace(handover, state="kept", code="ALREADY_RESOLVED", reason=kept) if kept else replace(handover, state="returned")
        )
    draft.view.put(Got(answer, month), key)
    draft.messages.append(Message(handover.from_site, answer))
    draft.reason = _told(answer)


def _month(draft: Draft, handover: Handover) -> int:
    """The month in which it counts here: that of the giver's event, never later than its record."""
    return month_named(months.month_of(draft.book.time_zone, min(handover.valid_us, draft.record_time_us)))


def _account_here(draft: Draft, handover: Handover) -> str:
    profile = rules_of(draft, handover.to_profile, handover.element)
    return account_name(profile, handover.element, handover.product_class, handover.to_attribute)


def _take_credits(draft: Draft, handover: Handover, month: int) -> Refusal | None:
    """Credits that come in, if the taker's profile takes them (transfers.py): they are of the period of the giver's event."""
    profile = _booked(draft, handover.to_profile, CREDIT)
    if profile is None:
        return unsupported(f"{_claims_by(draft)}: it takes no credits of {handover.to_profile}")
    if not speaks_of(profile, handover.to_attribute):
        return unsupported(f"{profile.name} certifies {', '.join(profile.attributes)}, not {handover.to_attribute}")
    name = _account_here(draft, handover)
    known = account(draft, name, month)
    giver = Account(handover.from_site, handover.profile, handover.element, handover.product_class, handover.attribute)
    taker = Account(draft.site, profile.name, handover.element, name.split(" ")[2], handover.to_attribute)
    factors = (handover.factor or Decimal(1), known.factor)
    same_group = handover.group != "" and handover.group == draft.book.group
    refused = transfers.judge((giver, factors[0]), (taker, factors[1]), library.profiles(), same_group=same_group)
    if refused is None:
        _move_in(draft, name, month, handover.mg, anew=False)
    return refused


def _move_in(draft: Draft, name: str, month: int, mg: int, *, anew: bool) -> None:
    known = draft.view.get(Credits, name)
    assert known is not None, "it was made when it first took or gave"
    draft.view.put(credit.transfer_in(known, month, mg, name).credits, name)
    covering.retell(draft, name, known, anew=anew)


def _take_certificate(draft: Draft, handover: Handover) -> Refusal | None:
    if _booked(draft, handover.profile, BOOK_AND_CLAIM) is None:
        return unsupported(f"{_claims_by(draft)}: it takes no certificates of {handover.profile}")
    registry = SiteRegistry(draft)
    known = registry.get(handover.certificate)
    if known is not None and (known.retired_for or known.backing != handover.backing):
        return Refusal("DOUBLE_CLAIM", f"certificate {known.id} is known here, over {kg(known.mg)} from {known.backing}")
    made = (handover.certificate, handover.profile, handover.backing, handover.element, handover.attribute, handover.mg)
    registry.put(Certificate(*made, draft.site))
    return None


def _give_back(draft: Draft, handover: Handover, month: int) -> str:
    """Give back what was taken; why it cannot be, where a certificate is used up or elsewhere."""
    if not handover.certificate:
        _move_in(draft, _account_here(draft, handover), month, -handover.mg, anew=True)
        return ""
    kept = _gone(draft, handover.certificate)
    if not kept:
        SiteRegistry(draft).hold(handover.certificate, handover.from_site)
    return kept


def _gone(draft: Draft, name: str) -> str:
    """Why a certificate cannot be given back: it was retired, or handed on."""
    held = SiteRegistry(draft).transfer(name, draft.site, draft.site)
    return held.arithmetic if isinstance(held, Refusal) else ""


def _said(ref: str, refused: Refusal) -> Said:
    return Said(refused.code, tuple(ref.rsplit(" ", 1)), refused.arithmetic)


def _told(handover: Handover) -> str:
    what = f"certificate {handover.certificate}" if handover.certificate else f"by {handover.to_profile}"
    return (
        f"{kg(handover.mg)} {handover.element} {handover.to_attribute or handover.attribute} {what}, "
        f"{handover.from_site} to {handover.to_site}: {handover.state}"
    )
