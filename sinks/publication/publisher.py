"""From the issuer's records to files: what each record means for the memory, and the memory as files.

The effect of a record is the same whenever it is taken, and however often: links and bits are sets that only grow, and a
credential's file is a function of its record. So the two topics need no order between them.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import structlog

from lodestream.credentials.access import lock, locked_url, lot_key
from lodestream.credentials.did import web_url
from lodestream.credentials.encoding import digest_multibase
from lodestream.credentials.jsontext import write
from lodestream.credentials.linkset import (
    CREDENTIAL_TYPE,
    FILE,
    anchor,
    anchor_path,
    placed,
    resolver_description,
    to_bytes,
)
from lodestream.credentials.permutation import ENTRIES
from lodestream.credentials.record import CredentialRecord, StatusRecord
from lodestream.credentials.status import status_list
from lodestream.credentials.untp import DTE
from runtime.errors import RefusedError
from sinks.publication.folder import Folder, path_of
from sinks.publication.memory import LINKSET, LIST, Memory

RESOLVER = "/.well-known/resolver"
DIGEST = "digest.json"
"""The name, below a private credential's id, of what anybody may know of it."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Publishing:
    """Who publishes, and with what.

    `secure` signs a status list of a time (µs since 1970), `did_document` gives the bytes of did.json as they are now; both raise
    nothing but FatalError. `secret` is what the lots' keys are derived from (32 bytes).
    """

    did: str
    name: str
    base_url: str
    secure: Callable[[dict[str, Any], int], bytes]
    did_document: Callable[[], bytes]
    secret: bytes = field(repr=False)


class Publisher:
    """Takes records into the memory, and writes what follows from it. Raises RefusedError for a base URL that is no folder's."""

    def __init__(self, publishing: Publishing, memory: Memory, folder: Folder) -> None:
        if path_of(publishing.base_url.rstrip("/") + "/id") is None:
            raise RefusedError(f"below {publishing.base_url} no files can be published; set another issuer.base_url")
        self._own = publishing
        self._memory = memory
        self._folder = folder

    def take(self, values: Iterable[CredentialRecord | StatusRecord]) -> None:
        """Remember what these records mean; inside `memory.together()`. Raises StateError."""
        statuses: dict[str, list[StatusRecord | CredentialRecord]] = {}
        for value in values:
            if isinstance(value, CredentialRecord):
                self._credential(value)
            elif value.status == "revoked" or value.replaced_by:
                self._memory.supersede(value.credential_id)
            if value.status_list:
                statuses.setdefault(value.status_list, []).append(value)
        for url, stated in statuses.items():
            self._status(url, stated)

    def write(self, *, derived: bool) -> int:
        """Write what is to be written, and forget that it is; `derived`: linksets and lists too. How many files it changed.

        Raises StateError.
        """
        changed = self._folder.put(self._memory.files())
        if derived:
            changed += self._folder.put(self._linksets())
            changed += self._folder.put((_path(url), self._list(url)) for url in self._memory.stale(LIST))
        self._folder.sync()
        self._memory.written(derived=derived)
        return changed

    def _linksets(self) -> Iterator[tuple[str, bytes]]:
        for path in self._memory.stale(LINKSET):
            yield self._below_root(f"{path}/{FILE}"), to_bytes(self._memory.links(path))

    def write_own(self) -> bool:
        """Write did.json and the resolver's description, where they are not as they should be. Raises StateError.

        Whether the keys have changed: lists that another key signed are then to be signed anew.
        """
        self._put(RESOLVER, resolver_description(self._own.name, self._own.base_url))
        changed = self._own.did.startswith("did:web:") and self._put(_path(web_url(self._own.did)), self._own.did_document())
        self._folder.sync()
        if changed:
            with self._memory.together():
                self._memory.every_list()
        return changed

    def _put(self, path: str, data: bytes) -> bool:
        changed = self._folder.put([(path, data)]) > 0
        if changed:
            _log.info("published", path=path)
        return changed

    def _credential(self, record: CredentialRecord) -> None:
        path = path_of(record.id)
        if path is None:
            _log.error("a credential cannot be published: its id is no address of a file", alert=True, credential=record.id)
            return
        if record.kind == DTE and not record.about:
            # Versions that knew no policy issued events for the issuer's own use: none of them was ever meant for everybody.
            _log.warning(
                "an event is not published: it was issued before a policy could say who may read it", credential=record.id
            )
            return
        data = record.envelope.encode()
        if record.access == "private":
            self._memory.file(f"{path}/{DIGEST}", _digest(record))
            for lot in record.about:
                self._memory.file(_path(locked_url(record.id, lot)), lock(data, lot_key(self._own.secret, lot)))
        elif record.access == "public":
            self._memory.file(path, data)
        else:
            _log.error("a credential is not published: its access is not known", alert=True, credential=record.id)
            return
        for each in placed(record):
            self._memory.link(record.id, anchor_path(each.identifier), anchor(each.identifier, self._own.base_url), each)
        if record.replaces:
            self._memory.supersede(record.replaces)

    def _status(self, url: str, stated: list[StatusRecord | CredentialRecord]) -> None:
        if path_of(url) is None:
            _log.error("a status list cannot be published: its URL is no address of a file", alert=True, list=url)
            return
        revoked = [each for each in stated if isinstance(each, StatusRecord) and each.status == "revoked"]
        for each in revoked:
            if not 0 <= each.status_index < ENTRIES:
                _log.error(
                    "a revocation cannot be published: the list has no such place", alert=True, credential=each.credential_id
                )
        indexes = [each.status_index for each in revoked if 0 <= each.status_index < ENTRIES]
        self._memory.status(url, indexes, max(each.record_time_us for each in stated))

    def _list(self, url: str) -> bytes:
        known = self._memory.status_list(url)
        return self._own.secure(status_list(url, self._own.did, known.bits, known.newest_us), known.newest_us)

    def _below_root(self, path: str) -> str:
        return _path(self._own.base_url.rstrip("/") + path)


def _digest(record: CredentialRecord) -> bytes:
    """What anybody may know of a private credential: its digest, by which a copy that was opened is checked."""
    stated = {
        "id": record.id,
        "sha256": record.sha256,
        "digestMultibase": digest_multibase(record.sha256),
        "mediaType": CREDENTIAL_TYPE,
    }
    return write(stated) + b"\n"


def _path(url: str) -> str:
    path = path_of(url)
    if path is None:
        raise ValueError(f"{url} is no address of a file")
    return path
