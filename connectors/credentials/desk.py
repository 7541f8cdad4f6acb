"""The desk: one credential in, an answer out. It is checked, judged, kept, and what it opens is sent on, in this order.

A crash between keeping and sending leaves what waits in the store; it is sent again, and the ledger says DUPLICATE. A crash
before keeping leaves nothing, and whoever brought the credential has no answer yet.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace

from connectors.credentials.sources import Documents, Statuses
from connectors.credentials.store import Refusal, Store
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.policy import DEFAULT_POLICIES, Policy
from lodestream.credentials.proof import presented
from lodestream.credentials.report import Report, failed
from lodestream.credentials.verify import verify_presented
from lodestream.credentials.walk.ports import Sources
from lodestream.ledger.book import Register
from lodestream.ledger.records import Entry
from lodestream.supplied.acceptance import accepted
from lodestream.supplied.cabinet import Cabinet
from lodestream.supplied.standing import Raised, transitions
from lodestream.supplied.suppliers import Suppliers
from lodestream.supplied.values import Accepted, Opened

Clock = Callable[[], int]
STANDINGS = {"REVOKED": "revoked", "SUSPENDED": "suspended", "EXPIRED": "expired"}
"""The failures by which a credential does not stand any more, at once; by any other it is unverifiable, after a grace."""


class NotSentError(Exception):
    """The broker does not take it now; what waits is kept."""

    code = "NOT_SENT"


class Outgoing(Protocol):
    """Where documents and findings go. Both return when the broker has all of it, and raise else."""

    def documents(self, documents: Sequence[tuple[str, bytes]]) -> None:
        """Documents, each with a name for messages, to the inbox."""
        ...

    def entries(self, entries: Sequence[Entry]) -> None:
        """Findings to the books of their sites."""
        ...


class Answer(Struct, frozen=True):
    """What became of a file. `code` and `sentence` say why it was refused; `opened` what it opened, corrected or took back.

    `sent`: the broker has all of it; else it waits and is sent later. `again`: it was accepted before.
    """

    file: str
    accepted: bool
    id: str = ""
    code: str = ""
    sentence: str = ""
    opened: list[Opened] = []
    again: bool = False
    sent: bool = True
    report: dict[str, Any] = {}


class Desk:
    """The desk over a store. `now_us` is the clock, µs since 1970; `policies` may be added to before anything is taken."""

    def __init__(
        self,
        store: Store,
        suppliers: Suppliers,
        register: Register,
        documents: Documents,
        sources: Sources,
        out: Outgoing,
        now_us: Clock,
    ) -> None:
        self._store = store
        self._cabinet = Cabinet(suppliers, register, store.accepted(), store.opened())
        self._raised = {one.finding.id: one for one in store.findings()}
        self._documents = documents
        self._sources = sources
        self._out = out
        self._now_us = now_us
        self.policies: Sequence[Policy] = DEFAULT_POLICIES

    def take(self, data: bytes, by: str) -> Answer:
        """Judge a file that somebody brought. Raises StateError where it cannot be kept; what it opens may wait (Answer.sent)."""
        file, now_us = sha256(data).hexdigest(), self._now_us()
        report = self._verified(data, now_us)
        try:
            credential = accepted(report, report.digest, file, self._cabinet.suppliers, now_us)
            again = report.digest in self._cabinet.accepted
            changed = self._cabinet.add(credential)
        except CredentialError as error:
            self._store.refuse(data, Refusal(file, error.code, str(error), by, now_us))
            return Answer(file, False, code=error.code, sentence=str(error), report=report.to_json())
        if not again:
            self._store.keep(data, credential, changed)
        sent = self.send()
        return Answer(file, True, credential.id, opened=changed, again=again, sent=sent, report=report.to_json())

    def send(self) -> bool:
        """Send what waits: documents, then findings. False where the broker does not take it: then it waits on."""
        try:
            for opened in self._waiting():
                self._out.documents([(opened.ref, document.encode()) for document in opened.documents])
                self._store.keep_opened(self._cabinet.sent(opened.ref))
            self._tell()
            for raised in [one for one in self._raised.values() if one.entries]:
                self._out.entries(raised.entries)
                self._keep_finding(replace(raised, entries=[]))
        except NotSentError:
            return False
        return True

    def _waiting(self) -> list[Opened]:
        """What waits to be sent, but for what was kept and whose credential was not, when the process died in between."""
        known = self._cabinet.accepted
        return [one for one in self._cabinet.opened.values() if one.documents and one.evidence[0] in known]

    def review(self, grace_us: int) -> list[Accepted]:
        """Look at every accepted credential again, and send what follows; those that stand otherwise than before.

        One that cannot be verified still stands until `grace_us` after it last could (µs): a server may be down for a day.
        """
        now_us = self._now_us()
        statuses = Statuses(self._documents, self._sources, now_us)
        changed = []
        for credential in list(self._cabinet.accepted.values()):
            if credential.standing == "revoked":
                continue  # revocation is final (Bitstring Status List 1.0, section 2.1)
            now = self._stands(credential, statuses, now_us, grace_us)
            if now.standing != credential.standing:
                changed.append(now)
            if now.standing != credential.standing or now.since_us - credential.since_us > grace_us // 4:
                self._cabinet.stand(now)
                self._store.keep_standing(now)
        self.send()
        return changed

    def _stands(self, credential: Accepted, statuses: Statuses, now_us: int, grace_us: int) -> Accepted:
        report = self._verified(self._store.file_of(credential), now_us, statuses)
        wrong = next((check for check in report.checks if check.result == "failed"), None)
        if wrong is None:
            return replace(credential, standing="good", reason="", since_us=now_us)
        standing = STANDINGS.get(wrong.code, "unverifiable")
        if standing == "unverifiable" and now_us - credential.since_us <= grace_us:
            return credential
        return replace(credential, standing=standing, reason=f"{wrong.name}: {wrong.sentence}")

    def _verified(self, data: bytes, now_us: int, statuses: Statuses | None = None) -> Report:
        """The report with the status."""
        step = "form"
        try:
            given, step = presented(data), "issuer"
            document = self._documents(given.issuer_hint)
        except CredentialError as error:
            sentence = f"{str(error)[:1].upper()}{str(error)[1:].removesuffix('.')}."
            return Report([failed(step, sentence, error.code)])
        report = verify_presented(given, document, now_us, self.policies)
        if report.credential is None:
            return report
        checks = [check for check in report.checks if check.name != "status"]
        status = (statuses or Statuses(self._documents, self._sources, now_us)).check(report.credential)
        return Report([*checks, status], report.credential, report.digest)

    def _tell(self) -> None:
        """Findings as they are to be told, kept before they are sent."""
        for raised in transitions(self._cabinet, self._raised, self._now_us()):
            self._keep_finding(raised)

    def _keep_finding(self, raised: Raised) -> None:
        self._raised[raised.finding.id] = raised
        self._store.keep_finding(raised)
