"""Tier 5: where the credential's status is to be looked up, and what the list says where the set has it."""

from collections.abc import Iterator

from lodestream.conformance.documents import NOT_SECURED, Document, Folder, at, text
from lodestream.conformance.findings import Fault, NotApplicableError, NotCheckedError, Rule, quoted
from lodestream.conformance.kinds import CREDENTIALS, STATUS_LIST
from lodestream.conformance.proof import failures
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.status import Bitstring, StatusEntry, check_entry, entry_of

NO_STATUS = "it names no status list, so nobody can see whether it was revoked"
AGAINST = frozenset({"revocation", "suspension"})
"""Purposes whose set bit means that the credential does not count. Others (refresh, message) only tell something."""


def _entry(document: Document, _folder: Folder) -> Iterator[Fault]:
    try:
        entries = entry_of(document.credential)
    except CredentialError as error:
        yield Fault("/credentialStatus", f"{error.code}: {error}")
        return
    if not entries:
        raise NotCheckedError(NO_STATUS)


def _bit(document: Document, folder: Folder) -> Iterator[Fault]:
    try:
        entries = entry_of(document.credential)
    except CredentialError:
        entries = []
    if not entries:
        raise NotApplicableError  # STATUS-ENTRY says why
    for entry in entries:
        yield from _looked_up(entry, folder)


def _looked_up(entry: StatusEntry, folder: Folder) -> Iterator[Fault]:
    """A set bit counts whoever wrote the list; that it is not set counts only where the list's own proof holds."""
    found = folder.by_id.get(entry.list_url)
    if found is None:
        raise NotCheckedError(f"the set does not hold the status list {quoted(entry.list_url)}")
    try:
        is_set = check_entry(found.credential, entry)
    except CredentialError as error:
        yield Fault("/credentialStatus", f"{error.code}: {error} ({found.name})")
        return
    if is_set and entry.purpose in AGAINST:
        yield Fault("/credentialStatus", f"{entry.purpose}: entry {entry.index} of {found.name} is set")
        return
    if found.securing == NOT_SECURED:
        raise NotCheckedError(f"the status list {found.name} is not secured, so that it says nothing is no proof of anything")
    if failed := failures(found, folder):
        raise NotCheckedError(f"the proof of the status list {found.name} does not hold: {failed[0].sentence}")


def _list(document: Document, _folder: Folder) -> Iterator[Fault]:
    try:
        Bitstring.decode(text(at(document.credential.get("credentialSubject"), "encodedList")))
    except CredentialError as error:
        yield Fault("/credentialSubject/encodedList", f"{error.code}: {error}")


RULES = (
    Rule(
        "STATUS-ENTRY", 5, "failed", CREDENTIALS - {STATUS_LIST}, "Bitstring Status List 1.0 section 2.1; UNTP VC profile",
        "A credentialStatus is a well-formed BitstringStatusListEntry.",
        "Name type, statusPurpose, statusListIndex (0 or more) and statusListCredential.", _entry,
    ),
    Rule(
        "STATUS-BIT", 5, "failed", CREDENTIALS - {STATUS_LIST}, "Bitstring Status List 1.0 section 3.2",
        "The credential is neither revoked nor suspended.",
        "Do not rely on it; ask the issuer for the credential that took its place.", _bit,
    ),
    Rule(
        "STATUS-LIST", 5, "failed", frozenset({STATUS_LIST}), "Bitstring Status List 1.0 sections 2.2 and 3.1",
        "A status list unpacks to at least 131,072 entries.",
        "Pack at least 16,384 bytes with GZIP, base64url without padding, and a u in front.", _list,
    ),
)  # fmt: skip
