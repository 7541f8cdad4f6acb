"""A draft of one transaction: legs, lots, findings and messages, until it is closed into an outcome (rulebook R12).

A handler of an event kind writes to a draft and either returns (it is posted), raises `Refused` (a transaction
without postings) or raises `Unready` (parked). The draft keeps the invariants: legs of an element sum to zero, the
content of a lot is the balance of its account, a balance below zero carries RETRO_OVERDRAFT.
"""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from lodestream.epcis.event import Event
from lodestream.ids import derive
from lodestream.ledger.accounts import NEVER_NEGATIVE
from lodestream.ledger.attribution import plus as plus_shares
from lodestream.ledger.book import SiteBook
from lodestream.ledger.catalogue import BLOCKING, CATALOGUE
from lodestream.ledger.doubt import Doubt
from lodestream.ledger.held import Nesting, Packing
from lodestream.ledger.records import Closure, Edge, Entry, Finding, Line, LotState, PeriodState, Severity
from lodestream.ledger.state import Assayed, Balance, Head, Held, Leg, Lot, LotChange, Move
from lodestream.ledger.telling import lot_state
from lodestream.ledger.values import Account, Message, Said
from lodestream.ledger.variance import plus_squares
from lodestream.ledger.view import View
from lodestream.measures import kg
from lodestream.measures.exact import INT64_MAX, root


class Refused(Exception):  # noqa: N818  # an outcome, not an error
    """The event is refused: nothing posted, the findings say why."""

    def __init__(self, *said: Said) -> None:
        super().__init__(said[0].code)
        self.said = said


class Unready(Exception):  # noqa: N818  # an outcome, not an error
    """The event cannot be posted yet: it is parked with its finding and waits for one of `waits`."""

    def __init__(self, waits: Iterable[str], said: Said) -> None:
        super().__init__(said.code)
        self.waits = sorted(waits)
        self.said = said


class Draft:
    """The draft of one transaction: what it writes into the view of the site's book can be rolled back."""

    def __init__(self, view: View, entry: Entry) -> None:
        self.view = view
        self.entry = entry
        self.site = entry.site
        self.head = view.get(Head) or Head(parked=0)
        self.kind = "link"
        self.reason = ""
        self.legs: list[tuple[str, Account, int]] = []
        self.changes: list[LotChange] = []
        self.lines: list[Line] = []
        self.closures: dict[tuple[str, str], Closure] = {}
        self.findings: list[Finding] = []
        self.messages: list[Message] = []
        self.pairs: list[str] = []
        self.assayed: list[Assayed] = []
        self.run = ""
        self.inherits: list[tuple[str, str, str]] = []  # lot, assay, corrective: its parcel is assayed as the original's was
        self.slots: dict[str, int] = {}  # of receipts that take the place of another
        self.lineage: list[str] = []  # runs whose edges are to be told once they are settled
        self.runs: dict[str, None] = {}  # to be settled
        self.offers: dict[str, None] = {}  # pairs of which a new version is to be offered
        self.waiting: dict[str, None] = {}  # lots of which parcels wait for an assay: the book's grade may have to stand in
        self.dirty: dict[str, int] = {}  # lots whose movements from a slot on are to be told anew
        self.spread: dict[
            str, int
        ] = {}  # lots, and from which slot on, whose hard or hold findings changed: who has got of them is to be told
        self.retold: dict[tuple[str, str, int], None] = {}  # movements that this entry changed: event, lot and index
        self.path: list[str] = []
        self.taken: list[str] = []  # lots of which this event's receipts were taken, once for each
        self.ends_here = False  # a restatement that came back: nothing is sent on
        self.again = False  # what is offered now restates what was offered before
        self.goes_on = False  # there is more to tell than one entry may
        self.packings: list[Packing] = []
        self.nestings: list[Nesting] = []
        self.owned: list[str] = []
        self.contents: list[str] = []  # containers of which more is known now
        self.doubt = Doubt()
        self.flows: list[tuple[LotChange, int]] = []  # movements as they were made (1) and undone (-1)
        self.managed: set[str] = set()  # findings of an account, a pair or another event: they do not end with this event
        self.periods: list[PeriodState] = []
        self.period = ""  # the month in which its legs count, where it is not that of the valid time
        self.summed = 0  # of its legs so many are in the sums of a period
        self.valid_us: int | None = None  # the valid time, where the entry has none of its own
        self.more_us = 0  # up to this time more is due: the rest goes on in a CONTINUE entry
        self.record_time_us = max(self.head.record_time_us, entry.record_time_us)
        self._others: set[int] = set()  # legs that are not this event's: it does not take them back
        self._edges: list[tuple[str, str, int, str, int, dict[str, int]]] = []
        self._before: dict[str, int] = {}

    @property
    def event(self) -> Event:
        """The entry's event; only entries of kind EVENT have handlers that ask."""
        assert self.entry.event is not None
        return self.entry.event

    @property
    def book(self) -> SiteBook:
        """The settings of the site's book."""
        return self.head.book

    # -- lots ---------------------------------------------------------------------------------------------------

    def lot(self, lot: str) -> Lot | None:
        """The lot as this draft has it."""
        return self.view.get(Lot, lot)

    def put_lot(self, lot: Lot) -> None:
        """Write a lot; the first write in a draft makes its next version."""
        if lot.id not in self._before:
            self._before[lot.id] = lot.version
            lot = replace(lot, version=lot.version + 1)
        self.view.put(lot, lot.id)

    def move_lot(self, change: LotChange, slot: int = -1) -> None:
        """A movement of this event: it takes a slot of its lot (a new one, unless said), and is remembered for a declaration."""
        lot = self.lot(change.lot)
        assert lot is not None, "masses change only in a lot that is there"
        place = slot if slot >= 0 else lot.moved
        self.view.put(Move(self.head.seq + 1, self.event.identity, len(self.changes)), f"{lot.id} {place}")
        if place < lot.moved:
            self.stale(lot.id, place)  # itself too: a draw takes of what was there then
        change = replace(change, slot=place)
        self.changes.append(change)
        self.change_lot(change)

    def stale(self, lot: str, slot: int) -> None:
        """The movements of a lot from this slot on must be told anew: something before them has changed."""
        self.dirty[lot] = min(slot, self.dirty.get(lot, slot))

    def change_lot(self, change: LotChange, *, undo: bool = False) -> None:
        """Add to a lot's masses and shares, or take back what was added."""
        lot = self.lot(change.lot)
        assert lot is not None, "masses change only in a lot that is there"
        sign = -1 if undo else 1
        self.flow(change, sign)
        entered, u2 = lot.entered_mg, plus_squares(lot.entered_u2, change.entered_u2, sign)
        for element, mg in change.entered_mg.items():
            entered = plus(entered, element, sign * mg)
        dry, all_dry = lot.dry_mg + sign * change.dry_mg, lot.entered_dry_mg + sign * change.entered_dry_mg
        wet = lot.wet_mg + sign * change.wet_mg
        self.fit(change.lot, wet, dry, all_dry, *entered.values(), *(root(int(square)) for square in u2.values()))
        self.put_lot(
            replace(
                lot,
                wet_mg=wet,
                dry_mg=dry,
                entered_dry_mg=all_dry,
                entered_mg=entered,
                entered_u2=u2,
                entered_u2_dry=str(int(lot.entered_u2_dry) + sign * int(change.entered_u2_dry)),
                excess_dry_mg=lot.excess_dry_mg + sign * change.excess_dry_mg,
                shares=plus_shares(lot.shares, change.shares, sign),
                moved=max(lot.moved, change.slot + 1),
            )
        )

    def flow(self, change: LotChange, sign: int) -> None:
        """Note a movement that is made (1) or undone (-1): what claims (claiming.py) and the doubt of the month count."""
        self.flows.append((change, sign))
        self.doubt.moved(change, sign)

    def close_run(self, before: dict[str, Closure], now: dict[str, Closure]) -> None:
        """The balances of a run as they are told now, where they are others than `before`."""
        for element, one in now.items():
            if one != before.get(element):
                self.closures[one.run, element] = one
                self.doubt.judged(before.get(element), one)

    def edge(self, origin: tuple[str, str, int] | str, lot: str, dry_mg: int, contained_mg: dict[str, int]) -> None:
        """Lineage into `lot` of this site, from a lot here or from (site, lot, version) elsewhere."""
        site, origin_lot, version = (self.site, origin, -1) if isinstance(origin, str) else origin
        self._edges.append((site, origin_lot, version, lot, dry_mg, contained_mg))

    # -- postings -----------------------------------------------------------------------------------------------

    def post(self, element: str, account: Account, mg: int) -> None:
        """One leg; nothing for zero."""
        if mg == 0:
            return
        self.legs.append((element, account, mg))
        if account.lot is None:
            ref = f"{element} {account}"
            held = self.view.get(Balance, ref)
            total = (held.mg if held else 0) + mg
            self.view.put(Balance(total), ref)
        else:
            lot = self.lot(account.lot)
            assert lot is not None, "a lot's account moves only where the lot is there"
            contained = plus(lot.contained_mg, element, mg)
            total = contained.get(element, 0)
            self.put_lot(replace(lot, contained_mg=contained))
        self.fit(account, mg, total)

    def fit(self, what: Account | str, *amounts: int) -> None:
        """`Refused` (TOO_LARGE) where an amount is beyond the 64 bits that it has in the log and in every table."""
        for mg in amounts:
            if not -INT64_MAX <= mg <= INT64_MAX:
                said = f"{what} would come to {kg(mg)}, an amount holds {kg(INT64_MAX)}"
                raise Refused(Said("TOO_LARGE", (self.entry.entry_id, str(what)), said))

    def move(self, element: str, origin: Account, target: Account, mg: int) -> None:
        """Two legs: `mg` from one account to another."""
        self.post(element, origin, -mg)
        self.post(element, target, mg)

    def balance(self, element: str, account: Account) -> int:
        """The balance of an account as this draft has it, in mg."""
        if account.lot is not None:
            lot = self.lot(account.lot)
            return lot.contained_mg.get(element, 0) if lot else 0
        held = self.view.get(Balance, f"{element} {account}")
        return held.mg if held else 0

    # -- findings -----------------------------------------------------------------------------------------------

    def finding_id(self, said: Said) -> str:
        """Finding id = H(site, rule, version, inputs) (ledger-rules section 9)."""
        rule = CATALOGUE[said.code]
        return derive("finding", self.site, rule.number, str(rule.version), *said.inputs)

    def find(
        self, code: str, inputs: Sequence[str], arithmetic: str, lots: Sequence[str] = (), severity: Severity | None = None
    ) -> str:
        """Open a finding; the same finding again adds nothing. Gives its id."""
        return self.open(Said(code, inputs, arithmetic, lots, severity))

    def open(self, said: Said) -> str:
        """Open a finding that was said elsewhere; see `find`."""
        identity = self.finding_id(said)
        if self.view.get(Finding, identity) is not None:
            return identity
        rule = CATALOGUE[said.code]
        finding = Finding(
            identity,
            rule.number,
            said.code,
            rule.version,
            said.severity or rule.severity,
            list(said.inputs),
            said.arithmetic,
            "open",
            lots=sorted(set(said.lots)),
        )
        self.admit(finding)
        return identity

    def admit(self, finding: Finding) -> None:
        """Keep a finding that is open, with its hold on its lots."""
        self.view.put(finding, finding.id)
        self.findings.append(finding)
        if finding.severity in BLOCKING:
            for name in finding.lots:
                self._hold(name, {*self.held(name), finding.id})

    def restate_finding(self, said: Said) -> str:
        """A finding as it stands now: one whose arithmetic or severity is another than before is superseded by it."""
        known = self.view.get(Finding, self.finding_id(said))
        now = (said.arithmetic, said.severity or CATALOGUE[said.code].severity, sorted(set(said.lots)))
        if known is not None and (known.arithmetic, known.severity, known.lots) != now:
            self.close_finding(known.id, superseded=True)
        return self.open(said)

    def say_whether(self, said: Said, *, stands: bool, superseded: bool = True) -> None:
        """A finding that outlasts its event, as it stands now; where it does not stand it ends, superseded or resolved."""
        if stands:
            self.managed.add(self.restate_finding(said))
        else:
            self.close_finding(self.finding_id(said), superseded=superseded)

    def close_finding(self, identity: str, *, superseded: bool = False) -> None:
        """Resolve an open finding (what it waited for came) or supersede it (what it stood on is void)."""
        finding = self.view.get(Finding, identity)
        if finding is None:
            return
        self.view.drop(Finding, identity)
        self.findings.append(replace(finding, state="superseded" if superseded else "resolved"))
        for name in finding.lots:
            if identity in self.held(name):
                self._hold(name, {*self.held(name)} - {identity})

    def held(self, lot: str) -> list[str]:
        """The open hard and hold findings on a lot id, whether or not the lot is there yet."""
        held = self.view.get(Held, lot)
        return held.findings if held else []

    def _hold(self, name: str, findings: set[str]) -> None:
        if findings:
            self.view.put(Held(sorted(findings)), name)
        else:
            self.view.drop(Held, name)
        lot = self.lot(name)
        if lot is not None:
            self.put_lot(replace(lot, findings=sorted(findings)))
            self.spread[name] = 0

    def check_signs(self) -> None:
        """RETRO_OVERDRAFT where an account that is never negative went below zero; its end where it came back."""
        net: dict[tuple[str, Account], int] = {}
        for element, account, mg in self.legs:
            if account.kind in NEVER_NEGATIVE:
                net[element, account] = net.get((element, account), 0) + mg
        for (element, account), mg in net.items():
            after = self.balance(element, account)
            if after >= 0 and after - mg >= 0:  # as nearly always
                continue
            lots = [account.ref.removesuffix(" destroyed").rsplit(" ", 1)[-1]]
            said = Said("RETRO_OVERDRAFT", (str(account), element), "", lots)
            if after < 0 and mg < 0:
                self.close_finding(self.finding_id(said), superseded=True)
                arithmetic = f"{account}: {kg(after - mg)} {element} before, {kg(mg)} now = {kg(after)}: metal had moved on"
                self.managed.add(self.open(replace(said, arithmetic=arithmetic)))
            elif after >= 0 and mg > 0:
                self.close_finding(self.finding_id(said))

    def check_shares(self) -> None:
        """The second invariant: the shares of a lot sum to its content, to the mg."""
        for name in self._before:
            lot = self.lot(name)
            assert lot is not None
            sums = {element: sum(vector.values()) for element, vector in lot.shares.vectors.items()}
            assert {e: mg for e, mg in sums.items() if mg} == lot.contained_mg, (
                f"{name}: shares {sums}, content {lot.contained_mg}"
            )

    def check_sums(self) -> None:
        """The first invariant of the ledger: per element the legs sum to zero."""
        sums: dict[str, int] = {}
        for element, _, mg in self.legs:
            sums[element] = sums.get(element, 0) + mg
        assert not any(sums.values()), f"legs do not sum to zero: {sums}"

    # -- results ------------------------------------------------------------------------------------------------

    @property
    def touched(self) -> list[str]:
        """The lots that this draft wrote, in order."""
        return list(self._before)

    def leg_records(self) -> list[Leg]:
        """The legs of this event as the journal keeps them."""
        return [leg(*one) for n, one in enumerate(self.legs) if n not in self._others]

    def keep_legs(self, legs: list[Leg]) -> None:
        """Legs that were disowned and are this event's after all."""
        if legs:
            self._others.difference_update(range(len(self.legs) - len(legs), len(self.legs)))

    def disown(self, first: int) -> list[Leg]:
        """The legs from the first on are another event's or a run's, which takes them back itself. Gives them."""
        self._others.update(range(first, len(self.legs)))
        return [leg(*one) for one in self.legs[first:]]

    def lot_states(self) -> list[LotState]:
        """The states of the touched lots after this transaction."""
        states = []
        for name in self._before:
            lot = self.lot(name)
            assert lot is not None
            states.append(lot_state(self.site, lot))
        return states

    def edges(self) -> list[Edge]:
        """Lineage between lot versions: what was drawn is the version before, what was made the version after."""
        made = []
        for site, origin, version, target, dry_mg, contained in self._edges:
            lot = self.lot(target)
            assert lot is not None
            drawn = self._drawn(origin) if version < 0 else version
            made.append(Edge(site, origin, drawn, self.site, target, lot.version, dry_mg, contained))
        return made

    def _drawn(self, lot: str) -> int:
        """The version of a lot that was drawn from: the one before this transaction."""
        before = self._before.get(lot)
        if before is not None:
            return before
        held = self.lot(lot)
        return held.version if held is not None else 0


def leg(element: str, account: Account, mg: int) -> Leg:
    """A posting as a journal keeps it."""
    return Leg(element, account.kind, account.ref, account.lot, mg)


def plus(amounts: dict[str, int], element: str, mg: int) -> dict[str, int]:
    """The amounts with `mg` more of an element; an element of which nothing is left is not named."""
    total = amounts.get(element, 0) + mg
    rest = {name: amount for name, amount in amounts.items() if name != element}
    return dict(sorted({**rest, element: total}.items())) if total else rest
