"""`apply`: one entry of a site's book, as a pure function of the state and the entry (runtime-rules section 2).

Every entry has exactly one outcome; an entry that lets parked ones be posted has theirs behind it. There is no clock
and no randomness here: the same entries in the same order give the same bytes.

Rulebook R40, R41, R49, R61.
"""

from collections.abc import Callable
from dataclasses import dataclass

from msgspec.structs import replace

from lodestream.claims.months import month_named
from lodestream.ids import derive
from lodestream.ledger import (
    answer,
    claiming,
    containers,
    due,
    handing,
    identity,
    offer,
    period,
    restate,
    settings,
    tick,
    transform,
    watched,
)
from lodestream.ledger.chain import ENCODER, canonical_bytes, chain_of
from lodestream.ledger.draft import Draft, Refused, Unready
from lodestream.ledger.kinds import handle_event
from lodestream.ledger.parking import nothing_waits, park, unpark, waiting
from lodestream.ledger.records import Entry, Outcome, Posting
from lodestream.ledger.remember import event_keys, remember, schedule, see
from lodestream.ledger.retold import retold
from lodestream.ledger.saying import messages, moved, plain
from lodestream.ledger.state import Fate, Head, Parked, Seen
from lodestream.ledger.timed import Slip
from lodestream.ledger.values import Said
from lodestream.ledger.view import Books, View
from lodestream.measures.exact import INT64_MAX

LARGE = 2**44  # mg of an element, or g CO2e, in one event: 17,592 t. Sums of less reach 64 bits after half a million events
MAX_OUTCOME_BYTES = 12 * 1024 * 1024  # as JSON; in Avro it is less, and a record of the log holds 16 MiB


@dataclass(frozen=True)
class Effects:
    """What an entry brings about: outcomes in order, and entries for other sites. What it writes is in the books."""

    outcomes: list[Outcome]
    entries: list[Entry]


def apply(books: Books, entry: Entry) -> Effects:
    """Apply one entry to its site's book."""
    work = _Work(books.of(entry.site))
    settings.switch(work.view, max(entry.record_time_us, entry.tick_us))
    work.take(entry)
    work.retry_woken()
    work.view.keep()
    return Effects(work.outcomes, work.entries)


def skip(books: Books, entry: Entry, reason: str) -> Effects:
    """Pass over an entry that an operator named, because a rule has a bug there: its outcome is UNREADABLE, reason skipped."""
    work = _Work(books.of(entry.site))
    work.unreadable(entry, f"skipped: {reason}")
    work.view.keep()
    return Effects(work.outcomes, [])


class _Work:
    """The work on one entry: its site's book, and what has come of it so far."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.outcomes: list[Outcome] = []
        self.entries: list[Entry] = []
        self.woken: list[str] = []
        view.roll_back()  # what is left of an entry at which a rule raised

    def take(self, entry: Entry) -> None:
        """The entry itself: a duplicate, unreadable, or an attempt to post it."""
        fate = self.view.get(Fate, entry.entry_id)
        handler = self._handler(entry)
        if handler is None:
            self.unreadable(entry, f"kind {entry.kind} is not known, is empty, or names a time zone that is not known")
        elif fate is not None and fate.status not in {"refused", "unreadable"} and entry.kind != "FINDING":
            self.say(entry, "DUPLICATE", reason="this entry has its outcome already")
        else:
            self._attempt(entry, handler, None)

    def retry_woken(self) -> None:
        """Parked entries of all that was touched, in order of arrival, until nothing more moves."""
        while self.woken and not nothing_waits(self.view):
            ids = {i for key in self.woken for i in waiting(self.view, key)}
            self.woken = []
            parked = [p for p in (self.view.get(Parked, i) for i in ids) if p is not None]
            for one in sorted(parked, key=lambda p: p.arrival):
                if self.view.get(Parked, one.entry.entry_id) is not None:
                    handler = self._handler(one.entry)
                    assert handler is not None, "only what has a handler was parked"
                    self._attempt(one.entry, handler, one)

    # -- one attempt --------------------------------------------------------------------------------------------

    def _handler(self, entry: Entry) -> Callable[[Draft], None] | None:
        if entry.kind == "EVENT" and entry.event is not None:
            return _event
        if entry.kind == "OFFER" and entry.offer is not None:
            return offer.take
        if entry.kind == "ANSWER" and entry.answer is not None:
            return answer.take
        if entry.kind == "HANDOVER" and entry.handover is not None:
            return handing.take
        if entry.kind == "BOOK" and entry.book is not None and settings.usable(entry.book):
            return settings.take
        if entry.kind in {"TICK", "CONTINUE"} and entry.tick_us:
            return tick.take
        if entry.kind == "FINDING" and entry.finding is not None:
            return _found
        if entry.kind == "CONTINUE":
            return restate.resume
        return None

    def _attempt(self, entry: Entry, handler: Callable[[Draft], None], parked: Parked | None) -> None:
        mark = self.view.mark()
        draft = Draft(self.view, entry)
        try:
            for finding in parked.findings if parked else []:
                draft.close_finding(finding)
            handler(draft)
            restate.finish(draft)
            transform.lineage(draft)
            claiming.finish(draft, month_named(period.own_month(draft)))
        except Unready as unready:
            self.view.roll_back(mark)
            self._park(entry, unready, parked)
            return
        except _Repeated:
            self.say(entry, "DUPLICATE", reason="the same again")
            return
        except Refused as refused:
            self.view.roll_back(mark)
            draft = self._refusal(entry, refused, parked)
        if draft.kind == "tick" and not tick.brought(draft):
            self._nothing(draft)
            return
        outcome = self._closed(draft, parked)
        canonical = canonical_bytes(outcome)
        size = max([len(canonical), *(len(ENCODER.encode(message.content)) for message in draft.messages)])
        said = ""
        if size > MAX_OUTCOME_BYTES:
            said = f"the transaction or its offer would take {size} bytes, a record holds {MAX_OUTCOME_BYTES}: split the event"
        elif _is_large(draft) and not self.view.fits(mark):
            said = f"a sum that the book keeps would come to more than the 64 bits of an amount ({INT64_MAX}): check the units"
        if said:
            self.view.roll_back(mark)
            draft = self._refusal(entry, Refused(Said("TOO_LARGE", (entry.entry_id,), said)), parked)
            outcome = self._closed(draft, parked)
            canonical = canonical_bytes(outcome)
        self._commit(draft, replace(outcome, chain=chain_of(canonical)))

    def _refusal(self, entry: Entry, refused: Refused, parked: Parked | None) -> Draft:
        """A refused event is a transaction without postings; what it said before is superseded, but not by its declaration."""
        draft = Draft(self.view, entry)
        draft.kind, draft.reason = "refuse", refused.said[0].code
        for finding in parked.findings if parked else []:
            draft.close_finding(finding, superseded=True)
        said = [draft.open(one) for one in refused.said]
        seen = self._seen(entry) if entry.event and entry.event.error_declaration is None else None
        for finding in seen.findings if seen and seen.status == "refused" else []:
            if finding not in said:
                draft.close_finding(finding, superseded=True)
        restate.finish(draft)
        return draft

    def _seen(self, entry: Entry) -> Seen | None:
        return self.view.get(Seen, entry.event.identity) if entry.event else None

    # -- outcomes -----------------------------------------------------------------------------------------------

    def _closed(self, draft: Draft, parked: Parked | None) -> Outcome:
        """Close a draft into a transaction, but for its chain value: invariants, what the book remembers, sequence."""
        entry = draft.entry
        if draft.legs and not draft.head.posted and not draft.book.booked:
            draft.managed.add(draft.find("NO_BOOK", (draft.site,), f"{draft.site} is in no book file; the default book is used"))
        containers.fit(draft)
        draft.check_sums()
        draft.check_shares()
        period.post(draft)
        if entry.event is not None:
            remember(draft)
        schedule(draft)
        fate = self.view.get(Fate, entry.entry_id) or Fate(0, "")
        draft.view.put(Fate(fate.outcomes + 1, "refused" if draft.kind == "refuse" else "posted"), entry.entry_id)
        if parked is not None:
            unpark(draft.view, parked)
        return self._transaction(draft, fate.outcomes + 1)

    def _commit(self, draft: Draft, outcome: Outcome) -> None:
        """The transaction stands: the head moves on, messages leave, and what it touched wakes what waits."""
        head = draft.view.get(Head) or draft.head  # a BOOK entry has written its settings there
        posted = draft.head.posted or bool(draft.legs)
        draft.view.put(replace(head, seq=outcome.seq, chain=outcome.chain, record_time_us=draft.record_time_us, posted=posted))
        self.outcomes.append(outcome)
        self.entries.extend(messages(draft, outcome))
        self._continue(draft, outcome)
        self.woken.extend(f"lot:{lot}" for lot in draft.touched)
        self.woken.extend(f"content:{parent}" for parent in draft.contents)
        if draft.entry.event is not None:
            self.woken.extend(event_keys(draft.entry.event))

    def _transaction(self, draft: Draft, attempt: int) -> Outcome:
        said = plain(draft.entry, "TRANSACTION", attempt, draft.record_time_us)
        postings = [
            Posting(derive("posting", said.txn_id, str(n)), n, element, str(account), mg)
            for n, (element, account, mg) in enumerate(draft.legs)
        ]
        if draft.kind in {"ship", "receive", "offer", "void"}:
            said = moved(draft, said)
        return replace(
            said,
            kind=draft.kind,
            reason=draft.reason,
            seq=draft.head.seq + 1,
            prev=draft.head.chain,
            postings=postings,
            findings=draft.findings,
            lots=draft.lot_states(),
            edges=draft.edges(),
            lines=draft.lines,
            closures=list(draft.closures.values()),
            periods=draft.periods,
            retold=retold(draft),
            valid_time_us=said.valid_time_us if draft.valid_us is None else draft.valid_us,
            due_us=_due(draft.view),
        )

    def _park(self, entry: Entry, unready: Unready, parked: Parked | None) -> None:
        """Keep an entry until what it waits for comes; a retry that stays parked says nothing."""
        if parked is not None:
            if parked.waits != unready.waits:
                unpark(self.view, parked)
                park(self.view, replace(parked, waits=unready.waits))
            return
        draft = Draft(self.view, entry)
        seen = self._seen(entry)
        for refused in seen.findings if seen else []:  # before it is parked an event is new, or was refused
            draft.close_finding(refused, superseded=True)
        finding = draft.open(unready.said)
        head = replace(draft.head, arrivals=draft.head.arrivals + 1, record_time_us=draft.record_time_us)
        draft.view.put(head)
        park(draft.view, Parked(entry, head.arrivals, unready.waits, [finding]))
        due.add(draft.view, due.PARKED, Slip(draft.record_time_us, entry.entry_id))
        fate = self.view.get(Fate, entry.entry_id) or Fate(0, "")
        draft.view.put(Fate(fate.outcomes + 1, "parked"), entry.entry_id)
        if entry.event is not None and entry.event.error_declaration is None:
            see(draft.view, entry, "parked", [], [finding])
        restate.finish(draft)
        said = plain(entry, "PARKED", fate.outcomes + 1, draft.record_time_us)
        self.outcomes.append(
            replace(said, reason=unready.said.code, findings=draft.findings, lots=draft.lot_states(), due_us=_due(draft.view))
        )
        self.entries.extend(messages(draft, said))
        self._continue(draft, said)
        if entry.event is not None:
            self.woken.extend(event_keys(entry.event))
            if entry.event.type == "AggregationEvent":  # a receipt of its parent may take the content from here
                self.woken.append(f"content:{entry.event.parent_id}")

    def unreadable(self, entry: Entry, reason: str) -> None:
        """Pass over an entry; that it had an outcome counts in its next attempt, and no more is remembered."""
        self.say(entry, "UNREADABLE", reason)
        fate = self.view.get(Fate, entry.entry_id) or Fate(0, "unreadable")
        self.view.put(replace(fate, outcomes=fate.outcomes + 1), entry.entry_id)

    def say(self, entry: Entry, outcome: str, reason: str) -> None:
        """An outcome outside sequence and chain."""
        head = self.view.get(Head) or Head()
        fate = self.view.get(Fate, entry.entry_id) or Fate(0, "")
        said = plain(entry, outcome, fate.outcomes + 1, max(head.record_time_us, entry.record_time_us))
        self.outcomes.append(replace(said, reason=reason, due_us=head.due_us))

    def _nothing(self, draft: Draft) -> None:
        """A tick that brought nothing, though it may have forgotten something."""
        self.say(draft.entry, "NOTHING", reason="")
        self._continue(draft, self.outcomes[-1])

    def _continue(self, draft: Draft, outcome: Outcome) -> None:
        """What is left of the work goes on in entries of the same site: lots to tell anew, and what else is due."""
        if draft.goes_on:
            rest = derive("continue", outcome.txn_id)
            self.entries.append(Entry(rest, draft.site, "CONTINUE", draft.record_time_us, cause=outcome.txn_id))
        if draft.more_us:
            rest = derive("continue", outcome.txn_id, "due")
            self.entries.append(
                Entry(rest, draft.site, "CONTINUE", draft.record_time_us, cause=outcome.txn_id, tick_us=draft.more_us)
            )


def _due(view: View) -> int:
    head = view.get(Head)
    return head.due_us if head is not None else 0


def _is_large(draft: Draft) -> bool:
    """Whether an entry states amounts with which sums may leave 64 bits, so that what it writes is looked at."""
    entry, event, offer_ = draft.entry, draft.entry.event, draft.entry.offer
    if any(mg > LARGE or mg < -LARGE for _, _, mg in draft.legs):
        return True
    if offer_ is not None:
        return any((parcel.embodied_g_co2e or 0) > LARGE for parcel in offer_.parcels)
    if entry.handover is not None or (event is not None and event.credits):
        return True
    if event is None:
        return False
    stated = [event.process_emissions_g_co2e or 0, *(item.embodied_g_co2e or 0 for item in event.materials)]
    return max(stated) > LARGE or any(item.credential_mass is not None for item in event.materials)


class _Repeated(Exception):  # noqa: N818  # an outcome, not an error
    """The same event again."""


def _event(draft: Draft) -> None:
    """An event: judged against those that the book knows, then handled by its kind."""
    if draft.book.sources and draft.entry.source not in draft.book.sources and draft.entry.cause is None:
        allowed = ", ".join(draft.book.sources)
        said = f"source {draft.entry.source!r} does not write for {draft.site}; its book names {allowed}"
        raise Refused(Said("NOT_AUTHORISED", (draft.entry.entry_id, draft.entry.source), said))
    retried = not nothing_waits(draft.view) and draft.view.get(Parked, draft.entry.entry_id) is not None
    age, horizon = draft.record_time_us - draft.event.event_time_us, draft.book.horizon_days
    if age > horizon * due.DAY_US and not retried:
        said = f"eventTime is {due.told(age)} before its record, the book knows what it has seen for {horizon} days"
        raise Refused(Said("TOO_OLD", (draft.entry.entry_id,), said))
    if draft.event.error_declaration is None:
        verdict = identity.NEW if retried else identity.judge(draft.view, draft.event)
        if verdict == identity.DUPLICATE:
            raise _Repeated
        if isinstance(verdict, Said):
            raise Refused(verdict)
    handle_event(draft)


def _found(draft: Draft) -> None:
    if not watched.take(draft):
        raise _Repeated
