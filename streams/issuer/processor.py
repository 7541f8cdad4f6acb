"""The issuer: signs what the ledger vouches for, and revokes what it no longer does.

A transformation gets its credential once every lot that it drew or made is assayed and neither they nor anything upstream has
an open hard or hold finding (DESIGN.md section 6). Later findings and corrections revoke, downstream too. Pure and
deterministic: the same transactions give the same bytes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from hashlib import sha256

from msgspec import Struct
from msgspec.structs import replace

from lodestream.credentials import envelope, jose
from lodestream.credentials.content.event import MAKES, traceability_event
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.profile import IssuerProfile
from lodestream.credentials.record import CredentialRecord, StatusRecord
from lodestream.credentials.signer import Signer
from lodestream.credentials.untp import DTE
from lodestream.ledger.records import Line, Outcome
from runtime.headers import Headers, continued
from runtime.processor import Effects, Output, Record, RecordError, State
from schemas.codec import decode, encode
from schemas.topics import CREDENTIAL_STATUS, CREDENTIALS, ISSUER_CHANGELOG, TRANSACTIONS
from streams.headers import CREDENTIAL, STATUS
from streams.issuer.lineage import Lineage
from streams.issuer.memory import Assayed, Event, Made, Memory
from streams.tallies import of_statuses

FILLS = ("create", "receive", "assay")
"""Kinds of transaction, besides transformations, that say what is in a lot: when one is void, so is what rests on it."""


class IssuerProcessor:
    """From the ledger's transactions to credentials and their status. One signer, whose DID is the profile's."""

    name = "issuer"
    inputs = (TRANSACTIONS,)
    changelog = ISSUER_CHANGELOG

    def __init__(self, signer: Signer, profile: IssuerProfile) -> None:
        if signer.did != profile.did:
            raise ValueError(f"the key is of {signer.did}, the issuer is {profile.did}")
        self._signer = signer
        self._profile = profile

    def process(self, records: Sequence[Record], state: State) -> Effects:
        """Take the outcomes of one partition in order."""
        memory = Memory(state)
        outputs: list[Output] = []
        statuses: list[str] = []
        for record in records:
            if record.value is not None:
                outcome = decode(record.value, Outcome)
                desk = _Desk(self._signer, self._profile, memory, outcome, continued(record, self.name))
                try:
                    desk.take()
                except Exception as error:
                    about = {"txn_id": outcome.txn_id, "site": outcome.site, "event_id": outcome.event_id}
                    raise RecordError(f"transaction {outcome.txn_id} of {outcome.site}: {error!r}", **about) from error
                outputs += desk.outputs
                statuses += desk.statuses
        return Effects(outputs, memory.writes(), of_statuses(statuses))


@dataclass
class _Desk:
    """The work on one outcome of one site."""

    signer: Signer
    profile: IssuerProfile
    memory: Memory
    outcome: Outcome
    trace: Headers
    outputs: list[Output] = field(default_factory=list)
    statuses: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.site = self.outcome.site
        self.lineage = Lineage(self.memory, self.site)

    def take(self) -> None:
        """Lots first, then what must be revoked, then what may be issued."""
        outcome = self.outcome
        changes = self.lineage.update(outcome.lots)
        for lot in changes.held:
            if self.lineage.is_held(lot):
                self._revoke_touching(lot, self.lineage.reason(lot))
        if outcome.outcome == "TRANSACTION":
            self._remember()
        for lot in [*changes.freed, *changes.assayed]:
            self._wake(lot)

    def _remember(self) -> None:
        outcome = self.outcome
        if outcome.kind == "correct":
            self._void()
        elif outcome.kind in MAKES and self.memory.get(Made, self.site, outcome.txn_id) is None:
            made = self._made()
            self._note(made.made)
            for lot in _unique([*made.drew, *made.made]):
                self.memory.add("touched", self.site, lot, outcome.txn_id)
            self._try(outcome.txn_id, made)
        elif outcome.kind in FILLS:
            self._note([lot.lot for lot in outcome.lots])

    def _note(self, lots: list[str]) -> None:
        """Note what the event did, under its eventID and, as the first of its hash, under its hash: declarations use either."""
        event = Event(self.outcome.txn_id, lots)
        if self.outcome.event_id:
            self.memory.put(event, self.site, self.outcome.event_id)
        if self.outcome.event_hash and self.memory.get(Event, self.site, self.outcome.event_hash) is None:
            self.memory.put(event, self.site, self.outcome.event_hash)

    def _made(self) -> Made:
        outcome = self.outcome
        drew = [line.lot for line in outcome.lines if line.role == "input"]
        made = [line.lot for line in outcome.lines if line.role != "input"]
        unassayed = [line.lot for line in outcome.lines if line.role != "input" and not line.contained_mg]
        unassayed = [lot for lot in unassayed if not self.lineage.lot(lot).assayed]
        kept = replace(outcome, postings=[], findings=[], edges=[])
        return Made("waiting", _unique(drew), _unique(made), _unique(unassayed), kept)

    # -- issuing ------------------------------------------------------------------------------------------------

    def _wake(self, lot: str) -> None:
        for txn_id in self.memory.take("waiting", self.site, lot):
            made = self.memory.get(Made, self.site, txn_id)
            if made is not None:
                self._try(txn_id, made)

    def _try(self, txn_id: str, made: Made) -> None:
        """Issue, or wait for the first lot that stands in the way. What was issued or is void has no outcome any more."""
        if made.outcome is None:
            return
        held = (lot for lot in [*made.drew, *made.made] if self.lineage.is_held(lot))
        unassayed = (lot for lot in made.unassayed if not self.lineage.lot(lot).assayed)
        blocker = next(held, None) or next(unassayed, None)
        if blocker is None:
            self._issue(txn_id, made, made.outcome)
        else:
            self.memory.put(made, self.site, txn_id)
            self.memory.add("waiting", self.site, blocker, txn_id)

    def _issue(self, txn_id: str, made: Made, outcome: Outcome) -> None:
        outcome = replace(outcome, lines=[self._with_assay(line, made) for line in outcome.lines])
        try:
            credential = traceability_event(outcome, self.profile)
        except CredentialError:  # EPCIS takes what no credential can say, such as the year 0; that is no reason to stop
            self.memory.put(replace(made, status="untold", outcome=None), self.site, txn_id)
            return
        sealed = envelope.seal(jose.sign(credential, self.signer))
        record = CredentialRecord(
            id=credential["id"],
            kind=DTE,
            txn_id=txn_id,
            site=self.site,
            issuer=self.profile.did,
            lots=sorted({*made.drew, *made.made}),
            valid_from_us=outcome.record_time_us,
            record_time_us=self.outcome.record_time_us,
            envelope=sealed.decode(),
            sha256=sha256(sealed).hexdigest(),
        )
        headers = CREDENTIAL.headers(record.id, record.record_time_us, self.site, self.trace)
        self._send(CREDENTIALS, record.id, record, headers)
        self._status(record.id, "issued", "")
        self.memory.put(replace(made, status="issued", outcome=None, credential_id=record.id), self.site, txn_id)

    def _with_assay(self, line: Line, made: Made) -> Line:
        """The line of an output that got its assay later, as the ledger knows it now."""
        assay = self.lineage.lot(line.lot).assay
        if line.role == "input" or line.lot not in made.unassayed or assay is None:
            return line
        return with_assay(line, assay)

    # -- revoking -----------------------------------------------------------------------------------------------

    def _void(self) -> None:
        """A correction reversed an event: what it made has no credential, nor what came of that."""
        event = self.memory.get(Event, self.site, self.outcome.event_id or self.outcome.event_hash or "")
        if event is None:
            return
        made = self.memory.get(Made, self.site, event.txn_id)
        for lot in self.lineage.downstream(event.lots):
            self._revoke_touching(lot, self.outcome.txn_id)
        if made is not None:
            latest = self.memory.get(Made, self.site, event.txn_id) or made
            self.memory.put(replace(latest, status="void", outcome=None), self.site, event.txn_id)

    def _revoke_touching(self, lot: str, reason: str) -> None:
        for txn_id in list(self.memory.items("touched", self.site, lot)):
            made = self.memory.get(Made, self.site, txn_id)
            if made is not None and made.status == "issued":
                self._status(made.credential_id, "revoked", reason)
                self.memory.put(replace(made, status="revoked"), self.site, txn_id)

    def _status(self, credential_id: str, status: str, reason: str) -> None:
        record = StatusRecord(credential_id, status, self.outcome.record_time_us, reason)
        self.statuses.append(status)
        headers = STATUS.headers(f"{credential_id}#{status}", record.record_time_us, credential_id, self.trace)
        self._send(CREDENTIAL_STATUS, credential_id, record, headers)

    def _send(self, topic: str, key: str, value: Struct, headers: Headers) -> None:
        self.outputs.append(Output(topic, key.encode(), encode(value), headers))


def with_assay(line: Line, assay: Assayed) -> Line:
    """A line that was not assayed, with the content of its lot at the assay, by its part of the lot's mass.

    As a rule the lot is what the line made, all of it. Where more was mixed in or part has left, the line has the lot's grade.
    """
    if assay.wet_mg == 0 or line.wet_mg == assay.wet_mg:
        return replace(line, dry_mg=assay.dry_mg or line.dry_mg, contained_mg=assay.contained_mg)
    part = Fraction(line.wet_mg, assay.wet_mg)
    contained = {element: round(mg * part) for element, mg in assay.contained_mg.items()}
    return replace(line, dry_mg=round(assay.dry_mg * part), contained_mg=contained)


def _unique(lots: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(lots))
