"""Event kind to handler: which events move metal, and how (ledger-rules sections 1 and 5; docs/rulebook.md, R3, R4, R86).

A new kind is a new file and a line here. What has no line is kept and linked, and moves nothing.
"""

from collections.abc import Callable

from msgspec.structs import replace

from lodestream.epcis.event import Event
from lodestream.ledger import (
    assay,
    backing,
    close,
    containment,
    correct,
    create,
    delivered,
    identity,
    links,
    receive,
    run_around,
    ship,
    sources,
    stocktake,
    transform,
    void,
)
from lodestream.ledger.draft import Draft, Refused
from lodestream.ledger.values import Said

SHIPPING = frozenset({"shipping", "departing", "consigning"})
RECEIVING = frozenset({"receiving", "accepting"})
TRANSFER = SHIPPING | RECEIVING

Handler = Callable[[Draft], None]


def handler_of(event: Event) -> Handler | None:
    """The handler of an event by its type, action and business step; None: it is linked."""
    if event.error_declaration is not None:
        return correct.declare
    if event.type == "TransformationEvent":
        return transform.transform
    if event.type == "AggregationEvent":
        return containment.aggregate
    if event.type in {"TransactionEvent", "AssociationEvent"}:
        return links.link
    return _of_object(event) if event.type == "ObjectEvent" else None


def _of_object(event: Event) -> Handler:
    if event.biz_step == "void_shipping":
        return void.ask
    if event.action == "ADD":
        return create.add
    if event.action == "DELETE":
        return create.delete
    if event.biz_step in SHIPPING:
        return ship.ship
    if event.biz_step in RECEIVING:
        return receive.receive
    return stocktake.count if event.biz_step in stocktake.STEPS else assay.observe


def handle_event(draft: Draft) -> None:
    """Post an event: by its kind, if its place and its action allow."""
    event = draft.event
    delivered.tell(draft)
    if draft.entry.cause is not None and event.error_declaration is None:  # told by the site where it was seen
        delivered.take(draft)
        return
    if draft.site in draft.entry.external:
        draft.reason = f"{draft.site} is in no register of this installation: kept, moves nothing"
        return
    _check_action(event)
    _check_credits(event)
    _check_sites(draft)
    handler = handler_of(event)
    relabelled = run_around.said(draft, event.biz_step in RECEIVING)
    if handler is not None:
        if event.type == "ObjectEvent" and event.biz_step in TRANSFER and event.error_declaration is None:
            sources.make_way(draft, ships=event.biz_step in SHIPPING)
        handler(draft)
    assay.inherit(draft)
    links.own(draft)
    if event.period_close and event.error_declaration is None:
        close.by_event(draft, event.period_close)
    acts = draft.legs or draft.changes or draft.pairs or event.credits or event.certificates
    if acts and event.error_declaration is None:
        _check_clock(draft)
        backing.note(draft)
        for said in relabelled:
            draft.open(said)
        suspect = identity.replay_suspect(draft.view, event, posting=True)
        if suspect is not None:
            draft.managed.add(draft.open(replace(suspect, lots=draft.touched)))


def _check_action(event: Event) -> None:
    """ACTION_MISMATCH: a transfer step on another event type with a quantity, or with an action other than OBSERVE."""
    if event.biz_step not in TRANSFER or event.error_declaration is not None:
        return
    if event.type == "ObjectEvent":
        wrong = event.action != "OBSERVE"
    else:
        listed = (event.quantities, event.child_quantities, event.input_quantities, event.output_quantities)
        wrong = any(q.quantity is not None for part in listed for q in part) or bool(event.materials)
    if wrong:
        is_now = f"{event.type} {event.action or ''}".rstrip()
        said = f"{event.biz_step} moves metal as an ObjectEvent with action OBSERVE; this is {is_now}"
        raise Refused(Said("ACTION_MISMATCH", (event.identity,), said))


def _check_credits(event: Event) -> None:
    """ACTION_MISMATCH: credits or certificates on another event than a TransactionEvent with action ADD."""
    if not (event.credits or event.certificates) or event.error_declaration is not None:
        return
    if event.type != "TransactionEvent" or event.action != "ADD":
        is_now = f"{event.type} {event.action or ''}".rstrip()
        said = f"credits and certificates are handed on by a TransactionEvent with action ADD; this is {is_now}"
        raise Refused(Said("ACTION_MISMATCH", (event.identity,), said))


def _check_sites(draft: Draft) -> None:
    """SITE_CONFLICT: two sites that the register lists in an event that is no transfer."""
    event = draft.event
    if event.error_declaration is not None or event.biz_step in TRANSFER or event.biz_step == "void_shipping":
        return
    if event.credits or event.certificates:  # these go from one site to another
        return
    if len(draft.entry.listed) > 1:
        said = f"{event.type} names the sites {', '.join(sorted(draft.entry.listed))}: one event is one site's"
        raise Refused(Said("SITE_CONFLICT", (event.identity,), said))


def _check_clock(draft: Draft) -> None:
    """F8: an event later than it was recorded, beyond what clocks differ by."""
    allowed = draft.book.clock_skew_minutes
    ahead = draft.event.event_time_us - draft.entry.record_time_us
    if ahead > allowed * 60_000_000:
        said = f"eventTime is {ahead // 60_000_000} min after the record time, clocks may differ by {allowed} min"
        draft.find("TIME_ORDER", (draft.event.identity, "clock"), said, draft.touched)
