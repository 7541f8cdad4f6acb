"""Issuing and revoking: from a statement to a signed credential with its place in a status list, and the records of both."""

from collections.abc import Iterator
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from lodestream.credentials.access import locked_url
from lodestream.credentials.content.conformity import conformity
from lodestream.credentials.content.event import event_text, traceability_event
from lodestream.credentials.content.facility import facility_record
from lodestream.credentials.content.passport import passport
from lodestream.credentials.content.v061 import as_061
from lodestream.credentials.content.values import Assessor
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import write
from lodestream.credentials.permutation import ENTRIES, place
from lodestream.credentials.profile import Access, Document, Issue
from lodestream.credentials.record import CredentialRecord, StatusRecord
from lodestream.credentials.securing import secure_text
from lodestream.credentials.untp.base import CONTEXTS, DTE
from lodestream.ids import derive
from lodestream.ledger.records import Outcome
from runtime.headers import Headers
from runtime.processor import Output
from schemas.codec import encode
from schemas.topics import CREDENTIAL_STATUS, CREDENTIALS
from streams.headers import CREDENTIAL, STATUS
from streams.issuer.memory import Counter, Memory, Said, Statement
from streams.issuer.office import Office

MANY_DOCUMENTS = 20
"""A passport points to at most so many of its lot's events, the latest."""


class Unsigned(NamedTuple):
    """A credential before it is signed: its type, its contexts, its name, its JSON."""

    kind: str
    contexts: list[str]
    name: str
    text: bytes


class Publisher:
    """What one outcome of a site brings to the topics of credentials and their status."""

    def __init__(self, office: Office, memory: Memory, outcome: Outcome, trace: Headers) -> None:
        self.outputs: list[Output] = []
        self.statuses: list[str] = []
        self._office, self._profile = office, office.profile
        self._memory, self._outcome, self._trace = memory, outcome, trace
        self._site = outcome.site

    def issue(self, statement: Statement) -> Statement:
        """Sign and publish a statement; what it replaces is told so. Gives it as issued, or untold where nothing can say it."""
        access = self._access(statement)
        count = self._memory.get(Counter, self._site, "") or Counter()
        issue = self._issue(statement, count.next)
        try:
            unsigned = self._unsigned(statement, issue)
        except CredentialError:  # EPCIS takes what no credential can say, such as the year 0; that is no reason to stop
            unsigned = None
        if unsigned is None or access == "none":
            return replace(statement, status="untold", outcome=None, changed=False)
        at_us = self._outcome.record_time_us
        data = secure_text(unsigned.text, unsigned.contexts, self._office.signer, self._profile.securing, at_us)
        record = self._record(statement, issue, unsigned, data, access)
        self._memory.put(Counter(count.next + 1), self._site, "")
        headers = CREDENTIAL.headers(record.id, record.record_time_us, self._site, self._trace)
        self._send(CREDENTIALS, record.id, record, headers)
        before = statement.said
        kind = statement.kind
        said = Said(record.id, record.name, kind, record.sha256, issue.status_list, issue.status_index)
        self._status(said, "issued")
        if before is not None:
            self.succeed(before, record.id)
        return replace(statement, status="issued", version=statement.version + 1, said=said, changed=False)

    def revoke(self, statement: Statement, reason: str) -> Statement:
        """Revoke the credential that was issued last for a statement. Gives the statement as revoked."""
        if statement.said is None:
            raise LookupError(f"the issuer's state has lost what it said of {statement.ref}; rebuild it from the log")
        said = replace(statement.said, reason=reason)
        self._status(said, "revoked")
        return replace(statement, status="revoked", said=said, changed=True)

    def succeed(self, before: Said, by: str) -> None:
        """Tell of a revoked credential which one took its place."""
        self._status(before, "revoked", by)

    def facility_digest(self, location: str, site: str) -> str:
        """What a facility's record is made of, as one text: another one makes another record."""
        return sha256(msgspec.json.encode(self._profile.facility(location, site), order="deterministic")).hexdigest()

    # -- its parts ---------------------------------------------------------------------------------------------------

    def _issue(self, statement: Statement, number: int) -> Issue:
        name = f"{_status_list(self._site)}-{number // ENTRIES + 1}"
        first = statement.outcome if statement.version == 0 else None
        return Issue(
            self._profile.credential_id(statement.kind, statement.ref, statement.version + 1),
            (first or self._outcome).record_time_us,
            self._profile.url("status", name),
            place(self._office.status_key, name, number % ENTRIES),
            statement.said.document() if statement.said is not None else None,
            list(self._documents(statement)) if statement.kind == "dpp" else [],
        )

    def _documents(self, statement: Statement) -> Iterator[Document]:
        """The events that a passport's lot was made, counted and moved in, as far as they are told; the latest ones."""
        for lot in statement.about:
            for ref in self._memory.items("touched", self._site, lot, MANY_DOCUMENTS):
                known = self._memory.get(Statement, self._site, ref)
                if known is not None and known.kind == "dte" and known.status == "issued" and known.said and lot in known.about:
                    document = known.said.document()
                    private = self._access(known) == "private"
                    yield replace(document, url=locked_url(document.url, lot)) if private else document

    def _unsigned(self, statement: Statement, issue: Issue) -> Unsigned:
        old = self._profile.untp == "0.6.1"
        if statement.outcome is not None and not old:
            return Unsigned(DTE, CONTEXTS, *event_text(statement.outcome, self._profile, issue))
        credential = self._credential(statement, issue)
        said = as_061(credential) if old else credential
        return Unsigned(said["type"][0], said["@context"], said["name"], write(said))

    def _credential(self, statement: Statement, issue: Issue) -> dict[str, Any]:
        if statement.outcome is not None:
            return traceability_event(statement.outcome, self._profile, issue)
        if statement.lot is not None:
            return passport(statement.lot, self._profile, issue)
        if statement.period is not None:
            return conformity(statement.period, self._site, self._profile, issue, Assessor())
        return facility_record(statement.facility, self._site, self._profile, issue)

    def _access(self, statement: Statement) -> Access:
        policy = self._profile.facility(statement.facility, self._site)
        by_kind: dict[str, Access] = {"dte": policy.events, "dcc": policy.conformity, "dfr": policy.record, "dpp": "public"}
        return by_kind[statement.kind]

    def _record(self, statement: Statement, issue: Issue, unsigned: Unsigned, data: bytes, access: Access) -> CredentialRecord:
        outcome = statement.outcome
        return CredentialRecord(
            id=issue.id,
            kind=unsigned.kind,
            txn_id=outcome.txn_id if outcome is not None else self._outcome.txn_id,
            site=self._site,
            issuer=self._profile.did,
            lots=sorted(statement.lots),
            valid_from_us=issue.valid_from_us,
            record_time_us=self._outcome.record_time_us,
            envelope=data.decode(),
            sha256=sha256(data).hexdigest(),
            name=unsigned.name,
            access=access,
            about=statement.about,
            facility=statement.facility,
            status_list=issue.status_list,
            status_index=issue.status_index,
            replaces=issue.replaces.url if issue.replaces is not None else "",
        )

    def _status(self, said: Said, status: str, by: str = "") -> None:
        record = StatusRecord(said.id, status, self._outcome.record_time_us, said.reason, said.status_list, said.status_index, by)
        self.statuses += [status] if not by else []
        headers = STATUS.headers(f"{record.credential_id}#{status}", record.record_time_us, record.credential_id, self._trace)
        self._send(CREDENTIAL_STATUS, record.credential_id, record, headers)

    def _send(self, topic: str, key: str, value: Struct, headers: Headers) -> None:
        self.outputs.append(Output(topic, key.encode(), encode(value), headers))


@lru_cache(maxsize=10_000)
def _status_list(site: str) -> str:
    return derive("status list", site)[:16]
