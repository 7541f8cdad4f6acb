"""What an outcome says of its entry, and what a transaction tells the books of other sites."""

from msgspec.structs import replace

from lodestream.epcis.event import Event, TypedRef
from lodestream.ids import derive
from lodestream.ledger import observed
from lodestream.ledger.draft import Draft
from lodestream.ledger.moving import Inbound
from lodestream.ledger.pairs import key
from lodestream.ledger.records import RULE_VERSION, Answer, Entry, Handover, Offer, Outcome
from lodestream.ledger.ship import consignment_of, location

_KIND_OF: dict[type, str] = {Offer: "OFFER", Answer: "ANSWER", Handover: "HANDOVER", Event: "EVENT"}  # of what is sent


def plain(entry: Entry, outcome: str, attempt: int, record_time_us: int) -> Outcome:
    """An outcome with all that the entry itself says. txn_id = H(entry_id, rule version, attempt)."""
    event = entry.event
    seen = event if event is not None and observed.is_observation(event) else None
    return Outcome(
        outcome=outcome,
        entry_id=entry.entry_id,
        txn_id=derive("txn", entry.entry_id, str(RULE_VERSION), str(attempt)),
        attempt=attempt,
        site=entry.site,
        rule_version=RULE_VERSION,
        record_time_us=record_time_us,
        valid_time_us=event.event_time_us if event else entry.record_time_us,
        event_id=event.event_id if event else None,
        event_hash=event.event_hash if event else None,
        event_type=event.type if event else None,
        biz_step=event.biz_step if event else None,
        location=(event.biz_location or event.read_point) if event else None,
        event_time_zone_offset=event.event_time_zone_offset if event else None,
        transformation_id=event.transformation_id if event else None,
        cause=entry.cause,
        read_point=event.read_point if event else None,
        transport_mode=event.transport_mode if event else None,
        correctives=event.error_declaration.corrective_event_ids if event and event.error_declaration else [],
        consignment=consignment_of(seen) if seen else None,
        seen=observed.lots(seen) if seen else [],
        carried=observed.things(event) if event else [],
    )


def moved(draft: Draft, outcome: Outcome) -> Outcome:
    """The outcome of a shipment, receipt or offer with its consignment and its two places, as far as anything names them; of
    a shipment that is asked back the consignment.

    A place that is not named is the external party that the metal goes to or came from; of a receipt else what its offer says.
    """
    offered = draft.entry.offer
    if offered is not None:
        ends = {"from_location": offered.from_location, "to_location": offered.to_location}
        return replace(outcome, consignment=offered.consignment, **ends)
    event = draft.event
    named, _, lot = (draft.pairs[0] if draft.pairs else "").rpartition(" ")
    if draft.kind == "void":
        return replace(outcome, consignment=named)
    here = event.read_point or event.biz_location or draft.site
    if draft.kind == "ship":
        return replace(outcome, consignment=named or None, from_location=here, to_location=_other_end(draft, event.destinations))
    pair = draft.view.get(Inbound, key(named, lot)) if named else None
    sender = next((offer.from_site for offer in pair.offers), None) if pair is not None else None
    came = _other_end(draft, event.sources) or sender
    return replace(outcome, consignment=named or None, from_location=came, to_location=event.biz_location or here)


def _other_end(draft: Draft, refs: list[TypedRef]) -> str | None:
    return location(refs) or next((ref.id for ref in refs if ref.id in draft.entry.external), None)


def messages(draft: Draft, outcome: Outcome) -> list[Entry]:
    """What goes to other sites, as entries of theirs: entry_id = H(causing txn_id, target site, n)."""
    made = []
    for n, message in enumerate(draft.messages):
        content = message.content
        made.append(
            Entry(
                entry_id=derive("message", outcome.txn_id, message.site, str(n)),
                site=message.site,
                kind=_KIND_OF[type(content)],
                record_time_us=draft.record_time_us,
                cause=outcome.txn_id,
                offer=content if isinstance(content, Offer) else None,
                answer=content if isinstance(content, Answer) else None,
                handover=content if isinstance(content, Handover) else None,
            )
        )
        if isinstance(content, Event):
            seen = draft.entry
            made[-1] = replace(
                made[-1], event=content, source=seen.source, locations=seen.locations, listed=seen.listed, external=seen.external
            )
    return made
