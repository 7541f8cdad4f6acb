"""The walk as a state machine: it says which URL it wants, is given bytes or told why there are none, and goes on.

It fetches nothing, has no clock and raises nothing, so that every course it can take is played through with a simulator of
sources (the habit of python-tuf). Only what is proven is followed; every list a stranger can make long is bounded.
"""

import re
from collections import deque
from collections.abc import Sequence
from hashlib import sha256

from lodestream.credentials import access, linkset
from lodestream.credentials.did import DidDocument, did_key_document, parse_document, web_url
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.policy import DEFAULT_POLICIES, PURPOSES_THAT_END, DataModel, Policy, ValidNow
from lodestream.credentials.proof import Presented, presented
from lodestream.credentials.report import Report, failed
from lodestream.credentials.status import StatusEntry, entry_of
from lodestream.credentials.verify import verify_presented
from lodestream.credentials.walk.balance import key_of
from lodestream.credentials.walk.digests import digest_fault
from lodestream.credentials.walk.facts import KINDS, Event, Seen, has_long_list, leads
from lodestream.credentials.walk.grades import MANY
from lodestream.credentials.walk.outcomes import Finding, Note, Outcome, Visited
from lodestream.credentials.walk.ports import Absent, Answer, Limits
from lodestream.credentials.walk.trail import Job, Trail
from lodestream.credentials.walk.trust import Trust
from lodestream.epcis.identifiers import canonical_id

GIVEN = "the given file"
MANY_KEYS = 100
MANY_ENDPOINTS = 16
LIST_POLICIES: tuple[Policy, ...] = (DataModel(), ValidNow())
RELATIONS = frozenset(KINDS.values())
_ANCHOR = re.compile(r"\bdia\b|identity ?anchor")
_RESOLVER = re.compile(r"\bidr\b|resolver")
"""How DID documents name these services, in several spellings (`untp:dia`, `untp:idr`, `IdentityResolver`)."""


class Walk:
    """One walk from a credential (bytes) or a URL (of a credential, a product or a facility). Ask `wants`, answer with `give`."""

    def __init__(
        self,
        start: bytes | str,
        trust: Trust,
        limits: Limits,
        now_us: int,
        policies: Sequence[Policy] = DEFAULT_POLICIES,
        keys: Sequence[bytes] = (),
        digest: str = "",
    ) -> None:
        """`digest` is the digestMultibase of the start in the clear, where it was stated."""
        self.limits, self.now_us, self.policies, self.keys = limits, now_us, policies, keys[:MANY_KEYS]
        self.start = canonical_id(start) if isinstance(start, str) else GIVEN
        self.stopped = ""
        self.findings: list[Finding] = []
        self.notes: list[Note] = []
        self.visited: list[Visited] = []
        self.proven: list[Seen] = []
        self.entries: list[tuple[Seen, StatusEntry]] = []
        self.lists: dict[str, Report | Absent] = {}
        self.withheld: dict[str, set[str]] = {}
        self.absent: dict[str, list[Absent]] = {}
        self.first: Seen | None = None
        self.trail = Trail(trust.resolvers, limits.depth, limits.links)
        self._answers: dict[str, Answer] = {}
        self._bytes = self._documents = 0
        self._queue: deque[Job] = deque()
        self._queued: set[tuple[str, str, str]] = set()
        self._dids: dict[str, DidDocument | CredentialError] = {}
        self._waiting: dict[str, list[tuple[Job, Presented]]] = {}
        self._contents: set[bytes] = set()
        if isinstance(start, str):
            self._push(*(job._replace(digest=digest) for job in self.trail.identify(start, 0, first=True)))
        else:
            self._answers[GIVEN] = start
            self._push(Job("document", (GIVEN,), 0, GIVEN, digest=digest, first=True))

    def wants(self) -> str | None:
        """The next URL that is needed; None where the walk is at its end."""
        while self._queue:
            job = self._queue[0]
            if job.urls[0] not in self._answers:
                return job.urls[0]
            self._queue.popleft()
            self._take(job, self._answers[job.urls[0]])
        return None

    def give(self, url: str, answer: Answer) -> None:
        """What `wants` asked for."""
        self._answers[url] = answer
        if isinstance(answer, bytes):
            self._bytes += len(answer)
        if len(self._answers) > self.limits.fetches:
            self.stop(f"{self.limits.fetches} fetches")
        elif self._bytes > self.limits.total_bytes:
            self.stop(f"{self.limits.total_bytes} bytes")

    def stop(self, limit: str) -> None:
        """End the walk here; what was seen so far is judged."""
        if not self.stopped:
            self.stopped = f"The walk was stopped at its limit of {limit}; what lies beyond was not looked at."
            self.find("missing upstream", "LIMIT", self.start, self.stopped)
        self._queue.clear()

    def find(self, outcome: Outcome, rule: str, about: str, sentence: str) -> None:
        """Note a finding."""
        self.findings.append(Finding(outcome, rule, about, sentence))

    # --- what comes in --------------------------------------------------------------------------------------------------------

    def _push(self, *jobs: Job) -> None:
        for job in jobs:
            if not self.stopped and (job.kind, job.urls[0], job.digest) not in self._queued:
                self._queued.add((job.kind, job.urls[0], job.digest))
                self._queue.append(job)

    def _take(self, job: Job, answer: Answer) -> None:
        if job.kind == "did":
            self._take_did(job, answer)
        elif isinstance(answer, Absent):
            self._take_absent(job, answer)
        elif job.kind == "status":
            self._open(job, answer)
        else:
            self._take_document(job, answer)

    def _take_absent(self, job: Job, answer: Absent) -> None:
        if job.kind == "status":
            self.lists[job.about] = answer
        elif answer.reason == "withheld":
            self.withheld.setdefault(job.about, set()).add(job.relation)
        elif len(job.urls) > 1:
            self._queue.appendleft(job._replace(urls=job.urls[1:]))
        elif job.kind == "resolve":
            self.absent.setdefault(job.about, []).append(answer)
        elif job.relation in ("dpp", "dte"):
            self.find("missing upstream", "DOCUMENT", job.urls[0], f"A linked credential cannot be had: {answer}.")
        else:
            self.notes.append(Note(job.urls[0], f"A linked credential cannot be had: {answer}."))

    def _take_document(self, job: Job, data: bytes) -> None:
        served = data
        if access.is_locked(data):
            opened = self._unlocked(data)
            if opened is None:
                self.withheld.setdefault(job.about, set()).add(job.relation)
                return
            data = opened
        fault = digest_fault(data, job.digest)  # of a locked copy it is the credential's own, or that of the copy
        if fault and digest_fault(served, job.digest):
            self.find("failed", "DIGEST", job.urls[0], f"What stands there is not what was linked: {fault}.")
            return
        links = _linkset(data) if job.kind == "resolve" else None
        if links is not None:
            self._take_linkset(job, links)
        elif job.kind == "resolve" and not _may_be_credential(data):
            self._take_absent(job, Absent("missing", "neither a linkset nor a credential stands there"))
        else:
            self._open(job, data)

    def _unlocked(self, data: bytes) -> bytes | None:
        for key in self.keys:
            try:
                return access.unlock(data, key)
            except CredentialError:
                continue
        return None

    def _take_linkset(self, job: Job, found: linkset.Linkset) -> None:
        """Its links to credentials. Of a facility, what happened there is not followed: only what says something about it."""
        if job.first:
            self._push(*self.trail.want(key_of({"id": job.about}), 0, first=True))
        links = [
            (relation, link)
            for context in found.contexts
            for relation in sorted(RELATIONS & context.links.keys())
            for link in context.links[relation]
            if not link.old and (self.trail.wants(job.about) or relation not in ("dte", "dpp"))
        ]
        if len(links) > self.limits.links:
            self.find("missing upstream", "LINKS", job.about, f"It has {len(links)} links; {self.limits.links} were followed.")
        for relation, link in links[: self.limits.links]:
            if link.encryption_method and not self.keys:
                self.withheld.setdefault(job.about, set()).add(relation)
            else:
                self._push(Job("document", (link.href,), job.depth, job.about, relation))

    # --- proofs ---------------------------------------------------------------------------------------------------------------

    def _open(self, job: Job, data: bytes) -> None:
        """A credential: its proof needs the DID document of whoever it says signed it."""
        digest = sha256(data).digest()
        if job.kind != "status":
            if digest in self._contents:
                return  # the same bytes at another address are the same credential
            self._contents.add(digest)
        if self._documents >= self.limits.documents:
            self.stop(f"{self.limits.documents} credentials")
            return
        self._documents += 1
        try:
            given = presented(data)
        except CredentialError as error:
            self._refuse(job, Report([failed("form", f"{error}.", error.code)]))
            return
        did = given.issuer_hint
        if did not in self._dids:
            self._find_did(did)
        if did in self._dids:
            self._prove(job, given, self._dids[did])
        else:
            self._waiting.setdefault(did, []).append((job, given))

    def _find_did(self, did: str) -> None:
        try:
            if did.startswith("did:key:"):
                self._dids[did] = did_key_document(did)
            else:
                self._push(Job("did", (web_url(did),), 0, did))
        except CredentialError as error:
            self._dids[did] = error

    def _take_did(self, job: Job, answer: Answer) -> None:
        did = job.about
        try:
            if isinstance(answer, Absent):
                raise CredentialError("DID_DOCUMENT", f"the DID document of {did} cannot be had: {answer}")
            document = parse_document(answer)
            if document.id != did:
                raise CredentialError("DID_DOCUMENT", f"the document at {job.urls[0]} is of {document.id}, not of {did}")
            self._dids[did] = document
            self._serve(document)
        except CredentialError as error:
            self._dids[did] = error
        for waiting, given in self._waiting.pop(did, []):
            self._prove(waiting, given, self._dids[did])

    def _serve(self, document: DidDocument) -> None:
        """What a party says of itself in its DID document: where identifiers are resolved, where its identity anchor is."""
        for service in document.services:
            kinds = " ".join(service.types).lower()
            for endpoint in service.endpoints[:MANY_ENDPOINTS]:
                if _ANCHOR.search(kinds):
                    self._push(Job("document", (endpoint,), 0, endpoint, "dia"))
                elif _RESOLVER.search(kinds):
                    self._push(*self.trail.meet(endpoint))

    def _prove(self, job: Job, given: Presented, document: DidDocument | CredentialError) -> None:
        if isinstance(document, CredentialError):
            self._refuse(job, Report([failed("DID document", f"{document}.", document.code)]))
            return
        report = verify_presented(given, document, self.now_us, LIST_POLICIES if job.kind == "status" else self.policies)
        if job.kind == "status":
            self.lists[job.about] = report
        elif report.credential is None:
            self._refuse(job, report)
        else:
            self._believe(job, report, Seen(job.urls[0], report.credential))

    def _refuse(self, job: Job, report: Report) -> None:
        """Nothing that it says is believed, its name neither."""
        if job.kind == "status":
            self.lists[job.about] = report
            return
        self.visited.append(Visited(job.urls[0], "", "", "", "", "failed", report.checks))
        self.find("failed", "PROOF", job.urls[0], f"Nothing in it was believed: {_reasons(report)}")

    def _believe(self, job: Job, report: Report, seen: Seen) -> None:
        codes = {check.code for check in report.checks if check.code}
        outcome: Outcome = "verified" if not codes else "expired" if codes == {"EXPIRED"} else "failed"
        if has_long_list(seen.credential):
            outcome = "failed"
            self.find("failed", "TOO_LARGE", seen.id, f"It has a list of more than {MANY} entries, which is not read.")
        name = seen.credential.get("name")
        shown = name if isinstance(name, str) else ""
        self.visited.append(Visited(seen.url, seen.id, seen.kind, shown, seen.issuer, outcome, report.checks))
        if codes:
            self.find(outcome, "CREDENTIAL", seen.id, _reasons(report))
        if job.first:
            self.first = seen
        if outcome == "failed":
            return
        self.proven.append(seen)
        self._ask_status(seen)
        self._follow(job, seen)

    def _ask_status(self, seen: Seen) -> None:
        try:
            entries = [entry for entry in entry_of(seen.credential) if entry.purpose in PURPOSES_THAT_END]
        except CredentialError as error:
            self.find("failed", error.code, seen.id, f"Its status cannot be read: {error}.")
            return
        for entry in entries:
            self.entries.append((seen, entry))
            self._push(Job("status", (entry.list_url,), 0, entry.list_url))

    # --- where it leads -------------------------------------------------------------------------------------------------------

    def _follow(self, job: Job, seen: Seen) -> None:
        found = leads(seen)
        for subject in seen.subjects:
            if seen.kind == "dte":
                self._push(*self.trail.hear(Event(seen, subject), job.depth, first=job.first))
            elif seen.kind == "dpp" and job.first:
                self._push(*self.trail.want(key_of(subject), job.depth, first=job.first))
        for identifier in [*found.facilities, seen.issuer][: self.limits.links]:
            self._push(*self.trail.identify(identifier, job.depth))
        for url, relation, digest in found.documents[: self.limits.links]:
            self._push(Job("document", (url,), job.depth, url, relation, digest))
        if len(found.documents) > self.limits.links:
            self.find(
                "missing upstream", "LINKS", seen.id, f"It has {len(found.documents)} links; {self.limits.links} were followed."
            )


def _reasons(report: Report) -> str:
    return " ".join(check.sentence for check in report.checks if check.code)


def _linkset(data: bytes) -> linkset.Linkset | None:
    if b'"linkset"' not in data[:100_000]:
        return None
    try:
        return linkset.parse(data)
    except CredentialError:
        return None


def _may_be_credential(data: bytes) -> bool:
    """Whether this can be a credential at all: what a web server says of an unknown page is no credential that fails."""
    start = data.lstrip()[:1]
    return (start == b"{" and b"@context" in data) or (start == b"e" and data.count(b".") == 2)
