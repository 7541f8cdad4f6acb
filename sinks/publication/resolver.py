"""What is answered to a request: a published file, or where an identifier leads (UNTP 0.7, Identity Resolver; ISO/IEC 18975).

Only files of the folder are read, component by component and without following a symbolic link, so that no path and no link leads
out of it.
"""

import os
import re
import stat
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from lodestream.credentials.access import is_locked
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.linkset import (
    CREDENTIAL_TYPE,
    FILE,
    LOCKED_TYPE,
    MEDIA_TYPE,
    Linkset,
    choose,
    is_malformed,
    levels,
    merge,
    parse,
    path_of_request,
    to_bytes,
)
from sinks.publication.folder import WELL_KNOWN, steps_of

LARGEST_FILE = 16 * 1024 * 1024
LONGEST_TARGET = 4_096
MANY_PARAMETERS = 20
WHOLE = ("linkset", "all")
"""Link types by which the whole linkset is asked for."""
_LINK_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9:/._#-]{0,199}")
_IDENTIFIER = re.compile(r"/(?:id/|[0-9]{2,4}(?:/|$)|[a-z]{2,6}/)")
_TYPES = {"did.json": "application/did+json", FILE: MEDIA_TYPE, "digest.json": "application/json"}


class Answer(NamedTuple):
    """A response: status, content type, body, and the address that a redirect (307) leads to."""

    status: int
    type: str = "text/plain"
    body: bytes = b""
    location: str = ""

    @property
    def etag(self) -> str:
        """The name of exactly these bytes."""
        return sha256(self.body).hexdigest()[:32]


class Site:
    """The published folder as a site. `base_url` is where it is known to the world; redirects within it are relative."""

    def __init__(self, folder: Path, base_url: str) -> None:
        parts = urlsplit(base_url)
        self._folder = folder
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._root = parts.path.rstrip("/")

    def answer(self, target: str, accept: str = "", language: str = "") -> Answer:
        """The answer to GET `target` (path and query as they were sent). `accept` and `language` are the headers' values.

        400 for what is malformed, 404 for what there is not, 307 to the link that was asked for or the default one, 200 for files
        and linksets. Raises nothing, whatever is asked.
        """
        path, _, query = target.partition("?")
        if len(target) > LONGEST_TARGET:
            return Answer(414, body=b"the address is too long\n")
        path = path.removesuffix("/")
        steps = steps_of(path)
        if steps is None:
            return Answer(404, body=b"not found\n")
        data = self._read(steps)
        if data is not None:
            return Answer(200, _type(steps, data), data)
        below = path.removeprefix(self._root)
        if not path.startswith(self._root) or not _IDENTIFIER.match(below):
            return Answer(404, body=b"not found\n")
        return self._resolve(below, query, accept, language)

    def _resolve(self, path: str, query: str, accept: str, language: str) -> Answer:
        try:
            asked = parse_qs(query, keep_blank_values=True, max_num_fields=MANY_PARAMETERS)
        except ValueError:
            return Answer(400, body=b"the query is malformed\n")
        types = asked.get("linkType", [])
        if len(types) > 1 or not all(map(_LINK_TYPE.fullmatch, types)):
            return Answer(400, body=b"linkType is malformed\n")
        found = [document for level in levels(path_of_request(path)) if (document := self._linkset(level)) is not None]
        if not found:
            known = is_malformed(path)
            return Answer(400, body=b"this is no GS1 Digital Link\n") if known else Answer(404, body=b"not found\n")
        wanted = types[0] if types else "linkset" if MEDIA_TYPE in accept else ""
        spoken = (asked.get("language") or [language])[0][:2].lower()
        link = None if wanted in WHOLE else choose(found, wanted, spoken)
        if link is None:
            return Answer(200, MEDIA_TYPE, to_bytes(merge(*found)))
        return Answer(307, location=self._near(link.href))

    def _near(self, href: str) -> str:
        """An address of ours from here, so that a copy of the site leads into itself; what begins with // would be elsewhere."""
        rest = href.removeprefix(self._origin)
        return rest if rest.startswith("/") and not rest.startswith("//") else href

    def _linkset(self, path: str) -> Linkset | None:
        steps = steps_of(f"{self._root}{path}/{FILE}")
        data = self._read(steps) if steps else None
        try:
            return parse(data) if data is not None else None
        except CredentialError:
            return None  # somebody damaged the file; the worker's next start can write it anew

    def _read(self, steps: tuple[str, ...]) -> bytes | None:
        """A regular file of the folder; None where there is none."""
        handles: list[int] = []
        try:
            handles.append(os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY))
            for step in steps[:-1]:
                handles.append(os.open(step, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=handles[-1]))
            handles.append(os.open(steps[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=handles[-1]))
            about = os.fstat(handles[-1])
            if not stat.S_ISREG(about.st_mode) or about.st_size > LARGEST_FILE:
                return None
            with os.fdopen(handles.pop(), "rb") as file:
                return file.read(LARGEST_FILE)
        except OSError:
            return None
        finally:
            for handle in handles:
                os.close(handle)


def _type(steps: tuple[str, ...], data: bytes) -> str:
    if steps[0] == WELL_KNOWN or steps[-1] in _TYPES:
        return _TYPES.get(steps[-1], "application/json")
    return LOCKED_TYPE if is_locked(data) else CREDENTIAL_TYPE
