"""The issuer's work on one outcome of one site: which statements it makes, changes, holds back and lets go.

Lots first, then what must be revoked, then what the outcome says and changes, and at last each statement that is due is settled
once: events before the passports that point to them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from msgspec.structs import replace

from lodestream.credentials.profile import NOT_STATED, VouchedLot
from lodestream.ledger.records import LotState, Outcome, Retold
from runtime.headers import Headers
from runtime.processor import Output
from streams.issuer import statements
from streams.issuer.lineage import Lineage
from streams.issuer.memory import Event, Heir, Memory, Said, Statement, Stock
from streams.issuer.office import Office
from streams.issuer.publishing import Publisher
from streams.issuer.statements import MAKES

_ORDER = {"dte": 0, "dcc": 1, "dfr": 1, "dpp": 2}
_LATER = {"made": "assay", "shipped": "ship"}
"""By a site's policy, what gives a lot its passport after its making: an assay may say late that it was made here."""


@dataclass
class Desk:
    """The work on one outcome of one site."""

    office: Office
    memory: Memory
    outcome: Outcome
    trace: Headers
    due: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.site = self.outcome.site
        self.lineage = Lineage(self.memory, self.site)
        self.publisher = Publisher(self.office, self.memory, self.outcome, self.trace)

    @property
    def outputs(self) -> list[Output]:
        """What is to be published."""
        return self.publisher.outputs

    @property
    def statuses(self) -> list[str]:
        """The statuses given, for the tallies."""
        return self.publisher.statuses

    def take(self) -> None:
        """Take the outcome."""
        outcome = self.outcome
        changes = self.lineage.update(outcome.lots)
        for lot in changes.held:
            if self.lineage.is_held(lot):
                self._hold(lot)
        self._stocks()
        if outcome.outcome == "TRANSACTION":
            self._note()
        self._retell()
        self._close_campaigns()
        for lot in [*changes.freed, *changes.assayed]:
            self.due |= dict.fromkeys(self.memory.take("waiting", self.site, lot))
        self._settle_all()

    # -- what the outcome says ---------------------------------------------------------------------------------------

    def _note(self) -> None:
        outcome, policy = self.outcome, self.office.profile.facility(self.outcome.location, self.site)
        if outcome.kind == "correct":
            self._void()
        elif outcome.kind == "void":
            self._asked_back()
        elif outcome.kind == "offer":
            self._offered()
        elif policy.events != "none" and statements.is_told(outcome):
            self._event()
        if outcome.kind == "assay":
            self._sourced()
        if policy.passports != "none":
            self._passports_of(policy.passports)
        for period in outcome.periods:
            self._say(Statement("dcc", statements.period_ref(self.site, period.period), period=period, changed=True))
        if outcome.lines and policy.record != "none" and policy.name and policy.country != NOT_STATED:
            self._facility(outcome.location or self.site)

    def _event(self) -> None:
        outcome = self.outcome
        if self._known(outcome.txn_id) is not None:
            return
        assayed = [line.lot for line in outcome.lines if self.lineage.lot(line.lot).assayed]
        made = statements.event_of(outcome, assayed)
        for name in filter(None, (outcome.event_id, outcome.event_hash)):
            # a declaration names the event by its id, else by its hash: then the first of that hash is meant
            if name == outcome.event_id or self.memory.get(Event, self.site, name) is None:
                self.memory.put(Event(made.ref), self.site, name)
        heir = self.memory.get(Heir, self.site, outcome.event_id or "")
        if heir is not None:
            made = replace(made, said=heir.said)
        if made.status == "part":
            self._part(made)
        else:
            self._say(made)

    def _part(self, made: Statement) -> None:
        """An event of a campaign: its lots are provisional until the campaign is closed."""
        self.memory.put(made, self.site, made.ref)
        self.memory.add("part", self.site, f"campaign {made.campaign}", made.ref)
        campaign = self._known(made.campaign) or Statement("dte", made.campaign, campaign=made.campaign, open=True)
        self.memory.put(replace(campaign, changed=True), self.site, made.campaign)
        for lot in made.about:
            held = self.lineage.lot(lot)
            if made.campaign not in held.campaigns:
                self.memory.put(replace(held, campaigns=[*held.campaigns, made.campaign]), self.site, lot)
            stock = self.memory.get(Stock, self.site, lot)
            if stock is not None and campaign.open:
                self.memory.put(Stock(replace(stock.lot, provisional=True)), self.site, lot)
        self.due[made.campaign] = None

    def _passports_of(self, when: str) -> None:
        """What was made here gets its passport at once, or when it leaves; what came from elsewhere has its maker's."""
        outcome = self.outcome
        if (outcome.kind in MAKES and statements.is_told(outcome)) or (outcome.kind == "create" and statements.is_first(outcome)):
            made = [line.lot for line in outcome.lines if line.role != "input" and not line.loss_class]
            self._made_here(made)
            self._passports(made if when == "made" else ())
        elif outcome.kind == _LATER[when] and not outcome.reason:
            self._passports(line.lot for line in outcome.lines if self.lineage.lot(line.lot).made)

    def _made_here(self, lots: Iterable[str]) -> None:
        for lot in lots:
            self.memory.put(replace(self.lineage.lot(lot), made=True), self.site, lot)

    def _sourced(self) -> None:
        """An assay says where the metal of a lot is from that was created without one."""
        for line in self.outcome.lines:
            for ref in list(self.memory.items("touched", self.site, line.lot)):
                known = self._known(ref)
                made = statements.sourced(known, self.outcome) if known is not None else None
                if made is not None and made.outcome is not None and made != known:
                    self.memory.put(made, self.site, ref)
                    self.due[ref] = None
                    self._made_here(made.about if statements.is_first(made.outcome) else ())

    def _passports(self, lots: Iterable[str]) -> None:
        for lot in dict.fromkeys(lots):
            ref, stock = statements.passport_ref(self.site, lot), self.memory.get(Stock, self.site, lot)
            if stock is not None and self._known(ref) is None:
                self._say(Statement("dpp", ref, lots=[lot], about=[lot], unassayed=[lot], lot=stock.lot))

    def _facility(self, location: str) -> None:
        ref, digest = statements.facility_ref(self.site, location), self.publisher.facility_digest(location, self.site)
        known = self._known(ref)
        if known is None or known.digest != digest:
            self._say(replace(known or Statement("dfr", ref), facility=location, digest=digest, changed=True))

    def _say(self, made: Statement) -> None:
        """Keep a statement that is to be said, or said anew; it is found by its lots."""
        known = self._known(made.ref)
        if known is None:
            for lot in made.lots:
                self.memory.add("touched", self.site, lot, made.ref)
        else:
            made = replace(made, version=known.version, said=known.said, status=known.status)
        self.memory.put(made, self.site, made.ref)
        self.due[made.ref] = None

    # -- what it changes ---------------------------------------------------------------------------------------------

    def _stocks(self) -> None:
        """Remember the lots as they are told, and look at the passports of those that have one."""
        for state in self.outcome.lots:
            if not state.loss_class and state.dry_mg > 0:
                known = self.memory.get(Stock, self.site, state.lot)
                place = known.lot.location if known is not None else self.outcome.location
                self._stock(statements.vouched(state, place, self._is_provisional(state)))

    def _stock(self, lot: VouchedLot) -> None:
        self.memory.put(Stock(lot), self.site, lot.lot)
        self._look(lot)

    def _look(self, lot: VouchedLot) -> None:
        """Whether the lot's passport, where it has one, still says what is so."""
        passport = self._known(statements.passport_ref(self.site, lot.lot))
        if passport is not None and passport.lot is not None and not statements.alike(passport.lot, lot):
            self.memory.put(replace(passport, lot=lot, changed=True), self.site, passport.ref)
            self.due[passport.ref] = None

    def _is_provisional(self, state: LotState) -> bool:
        opened = (self._known(ref) for ref in self.lineage.lot(state.lot).campaigns)
        return any(campaign is not None and campaign.open for campaign in opened)

    def _retell(self) -> None:
        told: dict[str, list[Retold]] = {}
        for one in self.outcome.retold:
            told.setdefault(one.identity, []).append(one)
        for identity, movements in told.items():
            event = self.memory.get(Event, self.site, identity)
            known = self._known(event.ref) if event is not None else None
            if known is None or known.status == "void":
                continue
            made = self._assayed_now(statements.amended(known, movements))
            if made != known:
                self.memory.put(made, self.site, made.ref)
                self._changed(made)
            if known.outcome is not None and known.outcome.kind == "ship":
                self._left(movements)

    def _assayed_now(self, made: Statement) -> Statement:
        """Without the lots that the event left without an assay and that are told with their content now."""
        lines = made.outcome.lines if made.outcome is not None else []
        bare = {line.lot for line in lines if line.role != "input" and not line.contained_mg}
        return replace(made, unassayed=[lot for lot in made.unassayed if lot in bare]) if made.unassayed else made

    def _changed(self, made: Statement) -> None:
        if made.status == "part":
            campaign = self._known(made.campaign)
            if campaign is not None:
                self.memory.put(replace(campaign, changed=True), self.site, campaign.ref)
            self.due[made.campaign] = None
        else:
            self.due[made.ref] = None

    def _left(self, movements: list[Retold]) -> None:
        """What has left is told anew: the passports of lots of which nothing is here any more follow."""
        here = {state.lot for state in self.outcome.lots if state.dry_mg > 0}
        for one in movements:
            stock = self.memory.get(Stock, self.site, one.lot)
            if one.drawn and one.dry_mg > 0 and stock is not None and one.lot not in here:
                self._stock(statements.left(stock.lot, one))

    def _close_campaigns(self) -> None:
        """A run that is judged is closed; one that is judged no more is open again, or void."""
        if not self.outcome.closures:
            return
        runs = {one.run: any(x.inputs_mg or x.outputs_mg for x in self.outcome.closures if x.run == one.run)
                for one in self.outcome.closures}  # fmt: skip
        for run, closed in runs.items():
            ref = statements.campaign_ref(self.site, run)
            known = self._known(ref)
            if known is None:
                continue
            closures = [one for one in self.outcome.closures if one.run == run]
            self.memory.put(replace(known, open=not closed, changed=True, closures=closures), self.site, ref)
            self.due[ref] = None
            for part in map(self._known, list(self.memory.items("part", self.site, f"campaign {ref}"))):
                for lot in part.about if part is not None else []:
                    stock = self.memory.get(Stock, self.site, lot)
                    if stock is not None and stock.lot.provisional == closed:
                        self._stock(replace(stock.lot, provisional=not closed))

    def _offered(self) -> None:
        """An offer says where the metal of a receipt came from that named no origin."""
        for lot in self.outcome.lots:
            for ref in list(self.memory.items("touched", self.site, lot.lot)):
                known = self._known(ref)
                made = statements.offered(known, self.outcome) if known is not None else None
                if made is not None and made != known:
                    self.memory.put(made, self.site, ref)
                    self.due[ref] = None

    # -- what it takes back ------------------------------------------------------------------------------------------

    def _void(self) -> None:
        """A correction reversed an event: what it said is no more. What rests on it is told anew, or held by findings."""
        event = self.memory.get(Event, self.site, self.outcome.event_id or self.outcome.event_hash or "")
        known = self._known(event.ref) if event is not None else None
        if known is not None:
            ended = self._end(known)
            if ended.said is not None:
                self._inherit(ended.said)

    def _inherit(self, said: Said) -> None:
        """The events that the declaration names in place of the void one: their credential takes the place of its."""
        for name in self.outcome.correctives:
            self.memory.put(Heir(said), self.site, name)
            event = self.memory.get(Event, self.site, name)
            corrective = self._known(event.ref) if event is not None else None
            if corrective is not None and corrective.status == "issued" and corrective.said is not None:
                self.publisher.succeed(said, corrective.said.id)

    def _asked_back(self) -> None:
        """A consignment was asked back: its shipment was not what it said."""
        for line in self.outcome.lines:
            for ref in list(self.memory.items("touched", self.site, line.lot)):
                known = self._known(ref)
                if known is not None and statements.is_shipment(known, self.outcome.consignment):
                    self._end(known)

    def _end(self, known: Statement) -> Statement:
        was = known
        if known.status == "issued":
            known = self.publisher.revoke(known, self.outcome.txn_id)
            self._points_elsewhere(known)
            self._gone(known)
        known = replace(known, status="void", outcome=None)
        self.memory.put(known, self.site, known.ref)
        if was.status == "part":
            self._changed(was)
        return known

    def _gone(self, ended: Statement) -> None:
        """What is there no more, since its making was an error, has no passport until something makes it again."""
        empty = {state.lot for state in self.outcome.lots if state.dry_mg <= 0}
        for lot in empty.intersection(ended.about):
            passport = self._known(statements.passport_ref(self.site, lot))
            if passport is not None and passport.status == "issued":
                self.memory.put(self.publisher.revoke(passport, self.outcome.txn_id), self.site, passport.ref)
                self.due.pop(passport.ref, None)

    def _hold(self, lot: str) -> None:
        """Revoke what names a lot that is held now; it is said anew when that ends."""
        for ref in list(self.memory.items("touched", self.site, lot)):
            known = self._known(ref)
            if known is not None and known.status == "issued":
                self.memory.put(self.publisher.revoke(known, self.lineage.reason(lot)), self.site, ref)
                self.due[ref] = None

    # -- what is said ------------------------------------------------------------------------------------------------

    def _settle_all(self) -> None:
        """Settle what is due: each statement once, the passports last, since they point to the others."""
        while self.due:
            ref = min(self.due, key=lambda one: _ORDER[known.kind if (known := self._known(one)) is not None else "dte"])
            del self.due[ref]
            known = self._known(ref)
            if known is not None and known.status not in ("void", "untold", "part"):
                self._settle(self._gathered(known))

    def _gathered(self, known: Statement) -> Statement:
        """A campaign's statement with what its events say by now."""
        if known.campaign != known.ref or not known.changed:
            return known
        refs = list(self.memory.items("part", self.site, f"campaign {known.ref}"))
        made = statements.joined(known, [part for part in map(self._known, refs) if part is not None])
        for lot in made.lots:
            if lot not in known.lots:
                self.memory.add("touched", self.site, lot, known.ref)
        return made

    def _settle(self, known: Statement) -> None:
        """Say it, where it is not said as it is; or wait for the first lot that stands in the way."""
        blocker = self._blocker(known)
        if known.status == "issued" and blocker is None and not known.changed:
            return
        if known.status == "issued":
            known = self.publisher.revoke(known, self.outcome.txn_id)
        if known.open or (known.kind == "dte" and known.outcome is None):  # a campaign that runs
            self.memory.put(known, self.site, known.ref)
        elif blocker is not None:
            self.memory.put(known, self.site, known.ref)
            self.memory.add("waiting", self.site, blocker, known.ref)
        else:
            again = known.version > 0
            made = self.publisher.issue(known)
            self.memory.put(made, self.site, made.ref)
            if again:
                self._points_elsewhere(made)

    def _blocker(self, known: Statement) -> str | None:
        held = (lot for lot in known.lots if self.lineage.is_held(lot))
        bare = (lot for lot in known.unassayed if not self.lineage.lot(lot).assayed)
        return next(held, None) or next(bare, None)

    def _points_elsewhere(self, made: Statement) -> None:
        """An event was said anew, or is void: the passports that point to it are said anew too."""
        if made.kind != "dte":
            return
        for lot in made.about:
            passport = self._known(statements.passport_ref(self.site, lot))
            if passport is not None and passport.status == "issued":
                self.memory.put(replace(passport, changed=True), self.site, passport.ref)
                self.due[passport.ref] = None

    def _known(self, ref: str) -> Statement | None:
        return self.memory.get(Statement, self.site, ref)
