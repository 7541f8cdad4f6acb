"""What a credential is checked against and is not in it: the issuer's DID document and the status lists.

A DID document is the one that the list of suppliers names, else it follows from the DID (did:key) or is fetched (did:web).
A status list counts only where its own proof holds and the credential's issuer has signed it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from connectors.web.dids import resolve
from lodestream.credentials.did import DidDocument, parse_document
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jose import issuer_of
from lodestream.credentials.policy import DataModel, ValidNow
from lodestream.credentials.report import Check, failed, not_checked, passed
from lodestream.credentials.status import REVOCATION, StatusEntry, check_entry, entry_of
from lodestream.credentials.verify import verify
from lodestream.credentials.walk.ports import Absent, Sources
from lodestream.supplied.suppliers import Suppliers

LARGEST_DOCUMENT = 1024 * 1024
REVOKED, SUSPENDED = "REVOKED", "SUSPENDED"
NAME = "status"


class Documents:
    """DID documents of suppliers and assessors. Files are named relative to the folder of `suppliers.toml`."""

    def __init__(self, suppliers: Suppliers, folder: Path, sources: Sources) -> None:
        self._suppliers = suppliers
        self._folder = folder
        self._sources = sources

    def __call__(self, did: str) -> DidDocument:
        """The document of a DID. Raises CredentialError: DID, DID_DOCUMENT, and ISSUER for whom the list does not know."""
        if did not in self._suppliers.issuers():
            raise CredentialError("ISSUER", f"{did[:200] or 'nobody'} is not in the list of accepted suppliers and assessors")
        pinned = self._suppliers.did_document(did)
        if not pinned:
            return resolve(did, self._sources)
        try:
            with (self._folder / pinned).open("rb") as file:
                document = parse_document(file.read(LARGEST_DOCUMENT))
        except OSError as error:
            raise CredentialError("DID_DOCUMENT", f"{pinned}, the DID document of {did}: {error.strerror}") from error
        if document.id != did:
            raise CredentialError("DID_DOCUMENT", f"{pinned} is the DID document of {document.id[:200]}, not of {did}")
        return document


class Statuses:
    """The status of credentials by their lists, each list fetched once: made anew for every round of looking."""

    def __init__(self, documents: Callable[[str], DidDocument], sources: Sources, now_us: int) -> None:
        self._documents = documents
        self._sources = sources
        self._now_us = now_us
        self._lists: dict[tuple[str, str], dict[str, Any] | CredentialError] = {}

    def check(self, credential: dict[str, Any]) -> Check:
        """Passed, not checked (it names no list), or failed: REVOKED, SUSPENDED, or the W3C name of what was wrong."""
        try:
            entries = entry_of(credential)
            if not entries:
                return not_checked(NAME, "It names no status list, so its issuer cannot revoke it.")
            issuer = issuer_of(credential) or ""
            for entry in entries:
                if self._is_set(issuer, entry) and entry.purpose in (REVOCATION, "suspension"):
                    code = REVOKED if entry.purpose == REVOCATION else SUSPENDED
                    return failed(
                        NAME, f"Entry {entry.index} of {entry.list_url} is set: the issuer has {code.lower()} it.", code
                    )
        except CredentialError as error:
            return failed(NAME, f"{str(error)[:1].upper()}{str(error)[1:]}.", error.code)
        return passed(NAME, f"Not revoked, by {entries[0].list_url}.")

    def _is_set(self, issuer: str, entry: StatusEntry) -> bool:
        key = issuer, entry.list_url
        if key not in self._lists:
            try:
                self._lists[key] = self._list(issuer, entry.list_url)
            except CredentialError as error:
                self._lists[key] = error
        found = self._lists[key]
        if isinstance(found, CredentialError):
            raise found
        return check_entry(found, entry)

    def _list(self, issuer: str, url: str) -> dict[str, Any]:
        """The list, whose proof holds. Raises CredentialError (STATUS_RETRIEVAL_ERROR, STATUS_VERIFICATION_ERROR)."""
        answer = self._sources.get(url)
        if isinstance(answer, Absent):
            raise CredentialError("STATUS_RETRIEVAL_ERROR", f"the status list {url[:200]} cannot be had: {answer}")
        report = verify(answer, self._documents(issuer), self._now_us, (DataModel(), ValidNow()))
        wrong = next((check for check in report.checks if check.result == "failed"), None)
        if wrong is not None or report.credential is None:
            said = wrong.sentence if wrong is not None else "its proof was not checked"
            raise CredentialError("STATUS_VERIFICATION_ERROR", f"the status list {url[:200]} does not hold: {said}")
        return report.credential
